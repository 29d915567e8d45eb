//! What whoever may attach things to an image cannot do with many, large or empty ones.

use sealcheck_registry::double::{At, Fault};
use sealcheck_registry::{Descriptor, OCI_MANIFEST};
use sealcheck_testkit::image::Referrer;
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Digest, Outcome, Reason};
use serde_json::json;

use super::scene::*;
use crate::support::by_identity;

const SIGNER: &str = "signer@example.com";

/// An image with a good bundle.
fn good() -> Scene {
    let mut scene = Scene::new();
    let bundle = scene.bundle_as(SIGNER, &scene.image.digest);
    scene.repository.attach_bundle(&scene.image, &bundle);
    scene
}

/// JSON lines that are no proofs, each another.
fn lines(of: usize, count: usize) -> Vec<u8> {
    let lines: Vec<String> = (0..count)
        .map(|line| format!("{{\"{of}\":{line}}}"))
        .collect();
    lines.join("\n").into_bytes()
}

fn with_lines(content: &[u8], times: usize) -> Referrer {
    let add = |referrer: Referrer, _| {
        referrer.with_titled_layer("application/json", "a.intoto.jsonl", content)
    };
    (0..times).fold(Referrer::default(), add)
}

#[test]
fn what_is_only_declared_takes_nothing_from_a_good_proof() {
    let mut scene = good();
    let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let config = scene.repository.push_blob("application/json", b"{}");
    for number in 0..16_u32 {
        let layers: Vec<_> = (0..30_u32)
            .map(|layer| {
                let nothing = Digest::sha256(&(number * 100 + layer).to_be_bytes());
                let size = (32_u32 << 20) >> layer.saturating_sub(5);
                json!({"mediaType": bundle, "digest": nothing.to_string(), "size": size})
            })
            .collect();
        scene.repository.push_manifest(&json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": bundle,
            "config": config.json(),
            "layers": layers,
            "subject": scene.image.json(),
        }));
    }
    let double = scene.serve();
    // And a manifest that uses up everything, if a list is believed.
    let subject = Descriptor::new("", digest(&scene.image), 0);
    let huge = Descriptor::new(OCI_MANIFEST, Digest::sha256(b"nothing"), 192 << 20);
    double.list("app", &subject, &huge);
    assert_verified(&scene.verify(&double, by_identity()));
}

#[test]
fn a_manifest_of_another_size_than_its_entry_says_is_no_answer() {
    let mut scene = Scene::new();
    let bundle = scene.bundle_as(SIGNER, &scene.image.digest);
    let bundle = scene.repository.attach_bundle(&scene.image, &bundle);
    for size in [0, bundle.size - 1, bundle.size + 1] {
        let mut listed = bundle.json();
        listed["size"] = json!(size);
        scene
            .repository
            .push_fallback_of(&scene.image, vec![listed]);
        let double = scene.serve();
        double.fault(At::Referrers, Fault::PageNotFound);
        let verdict = scene.verify(&double, by_identity());
        assert_failed(
            &verdict,
            Outcome::Unavailable,
            Reason::RegistryAnswerInvalid,
        );
    }
}

#[test]
fn the_same_layer_a_hundred_times_is_judged_once() {
    let mut scene = Scene::new();
    let referrer = with_lines(&lines(0, 5), 100);
    scene.repository.attach(&scene.image, &referrer);
    let verdict = scene.judge();
    assert_ne!(verdict.outcome(), Outcome::Verified);
    assert_eq!(verdict.proofs().len(), 5);
}

#[test]
fn no_more_proofs_are_judged_than_the_bound_and_the_places_with_few_come_first() {
    let mut scene = Scene::new();
    for of in 0..3 {
        let referrer = with_lines(&lines(of, 900), 1);
        scene.repository.attach(&scene.image, &referrer);
    }
    let verdict = scene.judge();
    assert_failed(&verdict, Outcome::Unavailable, Reason::AnswerTooLarge);
    assert!(verdict.to_string().contains("2000"), "{verdict}");
    assert_eq!(verdict.proofs().len(), 1800);
    let failed = verdict.places().iter();
    let failed = failed.filter(|place| place.found == Found::Failed);
    assert_eq!(failed.count(), 1);

    let bundle = scene.bundle_as(SIGNER, &scene.image.digest);
    scene.repository.attach_bundle(&scene.image, &bundle);
    assert_verified(&scene.judge());
}

#[test]
fn what_will_not_be_judged_is_not_asked_for() {
    let mut scene = Scene::new();
    for manifest in 0..3_u32 {
        let mut referrer = Referrer::default();
        for layer in 0..900_u32 {
            let content = format!("{manifest} {layer}");
            let name = format!("{layer}.sig");
            referrer =
                referrer.with_titled_layer("application/octet-stream", &name, content.as_bytes());
        }
        scene.repository.attach(&scene.image, &referrer);
    }
    let double = scene.serve();
    let verdict = scene.verify(&double, by_identity());
    assert_failed(&verdict, Outcome::Unavailable, Reason::AnswerTooLarge);
    let lines = double.lines();
    let blobs = lines.iter().filter(|line| line.contains("/blobs/")).count();
    assert_eq!(blobs, 1800);
}
