//! Every form in which proofs are attached, in registries and in layouts.

use sealcheck_registry::double::{At, Fault};
use sealcheck_testkit::image::{BUNDLE_V03, Referrer};
use sealcheck_testkit::{Content as Signable, Plan};
use sealcheck_verify::{Outcome, Reason};
use serde_json::json;

use super::scene::*;
use crate::support::{by, by_identity};

const NAME: &str = "signer@example.com";

type Attach = fn(&mut Scene, &str);

/// Attaches a proof of the manifest with this digest, which is the image's unless a test says otherwise.
const FORMS: &[(&str, Attach)] = &[
    ("a bundle", |scene, digest| {
        let bundle = scene.bundle_as(NAME, digest);
        scene.repository.attach_bundle(&scene.image, &bundle);
    }),
    ("a bundle with the wrong artifact type", |scene, digest| {
        let bundle = Referrer::bundle(&scene.bundle_as(NAME, digest));
        let wrong = bundle.with_artifact_type("application/vnd.example");
        scene.repository.attach(&scene.image, &wrong);
    }),
    ("a bundle without an artifact type", |scene, digest| {
        let bundle = Referrer::bundle(&scene.bundle_as(NAME, digest));
        scene
            .repository
            .attach(&scene.image, &bundle.with_artifact_type(""));
    }),
    ("a bundle whose layer has another type", |scene, digest| {
        let mut bundle = Referrer::bundle(&scene.bundle_as(NAME, digest));
        bundle.layers[0].0 = "application/octet-stream".to_owned();
        scene.repository.attach(&scene.image, &bundle);
    }),
    (
        "a bundle in the list under the referrers tag",
        |scene, digest| {
            let bundle = scene.bundle_as(NAME, digest);
            scene.repository.attach_bundle(&scene.image, &bundle);
            scene.repository.push_fallback(&scene.image);
        },
    ),
    ("a bundle in a list with empty types", |scene, digest| {
        let bundle = scene.bundle_as(NAME, digest);
        let bundle = scene.repository.attach_bundle(&scene.image, &bundle);
        let mut listed = bundle.json();
        listed["artifactType"] = json!("");
        scene
            .repository
            .push_fallback_of(&scene.image, vec![listed]);
    }),
    ("a signature under its tag", |scene, digest| {
        let signed = scene.sign_as(NAME, digest);
        scene.repository.attach_signatures(&scene.image, &[signed]);
    }),
    (
        "cosign's statement under the attestation tag",
        |scene, digest| {
            let signed = scene.bundle_as(NAME, digest);
            scene
                .repository
                .attach_attestations(&scene.image, &[signed]);
        },
    ),
    (
        "cosign's statement under the signature tag",
        |scene, digest| {
            let signed = scene.bundle_as(NAME, digest);
            scene.repository.attach_signatures(&scene.image, &[signed]);
        },
    ),
    ("signatures of the experimental kind", |scene, digest| {
        let signed = scene.sign_as(NAME, digest);
        scene
            .repository
            .attach(&scene.image, &Referrer::signatures(&[signed]));
    }),
    ("a titled bundle", |scene, digest| {
        let bundle = scene.bundle_as(NAME, digest).bundle_bytes();
        let titled = Referrer::default().with_titled_layer(
            "application/octet-stream",
            "app.sigstore.json",
            &bundle,
        );
        scene.repository.attach(&scene.image, &titled);
    }),
    // Cosign refuses it: docs/differences-from-cosign.md.
    ("a bundle of the manifest as a file", |scene, digest| {
        let manifest = scene.repository.objects.get(digest);
        let manifest = manifest.map_or(b"another".to_vec(), |object| object.bytes.clone());
        let signed = scene.sigstore.sign_blob(&manifest);
        scene.repository.attach_bundle(&scene.image, &signed);
    }),
    (
        "a titled bundle of the manifest as a file",
        |scene, digest| {
            let manifest = scene.repository.objects.get(digest);
            let manifest = manifest.map_or(b"another".to_vec(), |object| object.bytes.clone());
            let signed = scene.sigstore.sign_blob(&manifest);
            let titled = Referrer::default().with_titled_layer(
                "application/octet-stream",
                "manifest.json.sigstore.json",
                &signed.bundle_bytes(),
            );
            scene.repository.attach(&scene.image, &titled);
        },
    ),
    ("cosign's titled bundle of the manifest", |scene, digest| {
        let manifest = scene.repository.objects.get(digest);
        let manifest = manifest.map_or(b"another".to_vec(), |object| object.bytes.clone());
        let signed = scene.sigstore.sign_blob(&manifest);
        let titled = Referrer::default().with_titled_layer(
            "application/json",
            "manifest.json.keyless.json",
            signed.legacy_bundle().to_string().as_bytes(),
        );
        scene.repository.attach(&scene.image, &titled);
    }),
];

fn attached(attach: Attach) -> Scene {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    attach(&mut scene, &digest);
    scene
}

#[test]
fn each_form_is_proved_from_a_registry() {
    for (form, attach) in FORMS {
        let scene = attached(*attach);
        let double = scene.serve();
        let verdict = scene.verify(&double, by_identity());
        assert_eq!(
            verdict.outcome(),
            Outcome::Verified,
            "{form}: {verdict}\n{:#?}",
            verdict.places()
        );
        assert_eq!(verdict.digest(), Some(&digest(&scene.image)), "{form}");
        let pinned = format!("{}/app:v1@{}", double.host(), scene.image.digest);
        assert_eq!(verdict.reference().unwrap().to_string(), pinned, "{form}");
        assert_eq!(verdict.accepted().count(), 1, "{form}");
        assert_eq!(verdict.refused().count(), 0, "{form}");
    }
}

#[test]
fn each_form_is_proved_from_a_registry_without_the_referrers_api() {
    for (form, attach) in FORMS {
        let mut scene = attached(*attach);
        let tag = scene.image.tag_with_suffix("");
        if !scene.repository.tags.contains_key(&tag) {
            scene.repository.push_fallback(&scene.image);
        }
        let double = scene.serve();
        double.fault(At::Referrers, Fault::PageNotFound);
        let verdict = scene.verify(&double, by_identity());
        assert_eq!(
            verdict.outcome(),
            Outcome::Verified,
            "{form}: {verdict}\n{:#?}",
            verdict.places()
        );
    }
}

#[test]
fn each_form_is_proved_from_a_layout_and_from_what_cosign_saves_without_any_network() {
    for (form, attach) in FORMS {
        let scene = attached(*attach);
        for path in [scene.layout(), scene.saved()] {
            let verdict = scene.verify_layout(&path, by_identity());
            assert_eq!(
                verdict.outcome(),
                Outcome::Verified,
                "{form} in {}: {verdict}\n{:#?}",
                path.display(),
                verdict.places()
            );
            assert_eq!(verdict.digest(), Some(&digest(&scene.image)), "{form}");
            assert!(verdict.reference().is_none(), "{form}");
        }
    }
}

#[test]
fn in_no_form_counts_a_proof_of_another_image() {
    let other = format!("sha256:{}", "00".repeat(32));
    for (form, attach) in FORMS {
        let mut scene = Scene::new();
        attach(&mut scene, &other);
        let verdict = scene.judge();
        let reason = verdict.verdict().failure().map(|failure| failure.reason);
        assert_eq!(verdict.outcome(), Outcome::Rejected, "{form}: {verdict}");
        assert!(
            matches!(
                reason,
                Some(Reason::ArtifactMismatch | Reason::SubjectMismatch | Reason::SignatureInvalid)
            ),
            "{form}: {verdict}"
        );
    }
}

#[test]
fn in_no_form_counts_a_proof_by_somebody_else() {
    for (form, attach) in FORMS {
        let scene = attached(*attach);
        let verdict = scene.verify(&scene.serve(), by("somebody@example.com"));
        let reason = verdict.verdict().failure().map(|failure| failure.reason);
        assert_eq!(verdict.outcome(), Outcome::Rejected, "{form}: {verdict}");
        assert_eq!(reason, Some(Reason::IdentityMismatch), "{form}: {verdict}");
        let refused = verdict.refused().next().unwrap();
        assert_eq!(
            refused.verdict.evidence().signer.as_deref(),
            Some(NAME),
            "the report says who it was"
        );
    }
}

#[test]
fn in_no_form_counts_a_proof_with_a_flipped_bit() {
    for (form, attach) in FORMS {
        let scene = attached(*attach);
        // Every layer of what is attached, altered, with all the digests that lead to it made right again.
        let mut altered = 0;
        for (name, object) in &scene.repository.objects {
            let is_proof = !object.is_manifest
                && (object.media_type.contains("sig")
                    || object.media_type.contains("dsse")
                    || object.media_type.contains("bundle")
                    || object.media_type == "application/octet-stream"
                    || object.media_type == "application/json");
            if !is_proof || object.bytes == b"{}" {
                continue;
            }
            for position in (0..object.bytes.len()).step_by(object.bytes.len() / 7 + 1) {
                let mut repository = scene.repository.clone();
                let mut bytes = object.bytes.clone();
                bytes[position] ^= 1;
                replace(&mut repository, name, &bytes);
                let double = sealcheck_registry::double::RegistryDouble::start();
                double.hold("app", &repository);
                let verdict = scene.verify(&double, by_identity());
                altered += 1;
                // The signature that log and certificate were made for is the only one that counts; what a bit of an
                // unsigned hint says does not matter.
                if verdict.outcome() == Outcome::Verified {
                    let text = String::from_utf8_lossy(&bytes);
                    panic!("{form}, byte {position}: {text}");
                }
            }
        }
        assert!(altered > 0, "{form}");
    }
}

#[test]
fn a_repository_for_signatures_is_looked_at_instead_of_the_own() {
    let scene = attached(FORMS[0].1);
    let mut unsigned = Scene::new();
    unsigned.sigstore = scene.sigstore;
    let double = unsigned.serve();
    double.hold("signatures", &scene.repository);
    let engine = unsigned.online();
    let mut request = request(&double, by_identity());
    assert_failed(
        &engine.verify_image(&request),
        Outcome::Unsigned,
        Reason::NoProofFound,
    );
    request.repositories = vec![double.reference("signatures").repository().clone()];
    let verdict = engine.verify_image(&request);
    assert_verified(&verdict);
    assert!(
        verdict
            .places()
            .iter()
            .all(|place| place.place.contains("/signatures")),
        "{:#?}",
        verdict.places()
    );
    // Its own may be named as well.
    request
        .repositories
        .push(double.reference("app").repository().clone());
    let verdict = engine.verify_image(&request);
    assert_verified(&verdict);
    assert_eq!(verdict.places().len(), 9, "{:#?}", verdict.places());
}

#[test]
fn an_index_is_proved_as_it_is_given() {
    let mut repository = sealcheck_testkit::image::Repository::new();
    let (index, _) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let mut scene = Scene::of(repository, index);
    let digest = scene.image.digest.clone();
    FORMS[0].1(&mut scene, &digest);
    assert_verified(&scene.judge());
}

#[test]
fn a_bundle_with_a_rekor_v2_entry_is_proved() {
    let mut scene = Scene::new();
    let statement = sealcheck_testkit::sign::cosign_statement(&scene.image.digest, &[]);
    let signed = scene
        .sigstore
        .sign(Signable::statement(&statement), &Plan::rekor_v2());
    scene.repository.attach_bundle(&scene.image, &signed);
    assert_verified(&scene.judge());
    assert_eq!(Referrer::bundle(&signed).artifact_type, BUNDLE_V03);
}
