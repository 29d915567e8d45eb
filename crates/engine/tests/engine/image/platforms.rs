//! Indexes and the images that they list.

use sealcheck_engine::{ImageVerdict, Platforms, ProvedBy};
use sealcheck_registry::Platform;
use sealcheck_testkit::image::{Descriptor, ImageOptions, OCI_INDEX, Repository};
use sealcheck_verify::{Digest, Outcome, Reason};
use serde_json::{Value, json};

use super::scene::*;
use crate::support::by_identity;

const SIGNER: &str = "signer@example.com";

struct Multi {
    scene: Scene,
    images: Vec<Descriptor>,
}

impl Multi {
    fn new() -> Self {
        let mut repository = Repository::new();
        let (index, images) =
            repository.push_platforms(&["linux/amd64", "linux/arm64/v8", "linux/arm/v7"]);
        Self {
            scene: Scene::of(repository, index),
            images,
        }
    }

    fn sign(&mut self, manifest: &Descriptor) {
        let signed = self.scene.sign_as(SIGNER, &manifest.digest);
        self.scene.repository.attach_signatures(manifest, &[signed]);
    }

    fn judge(&self, platforms: Platforms) -> ImageVerdict {
        let double = self.scene.serve();
        let mut request = request(&double, by_identity());
        request.platforms = platforms;
        self.scene.online().verify_image(&request)
    }
}

fn one(os: &str, architecture: &str, variant: &str) -> Platforms {
    Platforms::One(Platform::new(os, architecture, variant))
}

fn proved(verdict: &ImageVerdict) -> Vec<(String, Option<ProvedBy>)> {
    verdict
        .targets()
        .iter()
        .map(|target| {
            let platform = target.platform.as_ref().unwrap().to_string();
            (platform, target.proved_by)
        })
        .collect()
}

#[test]
fn the_signature_of_an_index_proves_what_it_lists() {
    let mut multi = Multi::new();
    let index = multi.scene.image.clone();
    multi.sign(&index);
    let verdict = multi.judge(Platforms::All);
    assert_verified(&verdict);
    let by_index = Some(ProvedBy::Index);
    assert_eq!(
        proved(&verdict),
        [
            ("linux/amd64".to_owned(), by_index),
            ("linux/arm64/v8".to_owned(), by_index),
            ("linux/arm/v7".to_owned(), by_index)
        ]
    );
    let facts = verdict.verdict().evidence().image.as_ref().unwrap();
    assert_eq!(facts.platforms.len(), 3);
    assert_eq!(facts.platforms[2].platform.as_deref(), Some("linux/arm/v7"));
    assert_eq!(facts.platforms[2].digest, digest(&multi.images[2]));
    let verdict = multi.judge(one("linux", "arm64", ""));
    assert_verified(&verdict);
    assert_eq!(proved(&verdict), [("linux/arm64/v8".to_owned(), by_index)]);
    assert_eq!(verdict.digest(), Some(&digest(&multi.scene.image)));
}

#[test]
fn an_image_of_an_index_is_proved_by_its_own_signature() {
    let mut multi = Multi::new();
    let amd64 = multi.images[0].clone();
    multi.sign(&amd64);
    let verdict = multi.judge(one("linux", "amd64", ""));
    assert_verified(&verdict);
    assert_eq!(
        proved(&verdict),
        [("linux/amd64".to_owned(), Some(ProvedBy::Own))]
    );
    // The index itself is not proved by what it lists, and neither is what is beside it.
    assert_failed(
        &multi.judge(Platforms::AsGiven),
        Outcome::Unsigned,
        Reason::NoProofFound,
    );
    assert_failed(
        &multi.judge(one("linux", "arm64", "")),
        Outcome::Unsigned,
        Reason::NoProofFound,
    );
    let verdict = multi.judge(Platforms::All);
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    assert_eq!(
        proved(&verdict),
        [
            ("linux/amd64".to_owned(), Some(ProvedBy::Own)),
            ("linux/arm64/v8".to_owned(), None),
            ("linux/arm/v7".to_owned(), None)
        ]
    );
    let (arm64, arm) = (multi.images[1].clone(), multi.images[2].clone());
    multi.sign(&arm64);
    multi.sign(&arm);
    assert_verified(&multi.judge(Platforms::All));
}

#[test]
fn two_signers_may_be_one_of_the_index_and_one_of_the_image() {
    let mut multi = Multi::new();
    let (index, amd64) = (multi.scene.image.clone(), multi.images[0].clone());
    multi.sign(&index);
    let other = multi.scene.sign_as("other@example.com", &amd64.digest);
    multi.scene.repository.attach_signatures(&amd64, &[other]);
    let double = multi.scene.serve();
    let mut request = request(&double, by_identity());
    request.alternatives = vec![crate::support::by("other@example.com").into()];
    request.signers = 2.try_into().unwrap();
    request.platforms = one("linux", "amd64", "");
    let verdict = multi.scene.online().verify_image(&request);
    assert_verified(&verdict);
    assert_eq!(verdict.targets()[0].proved_by, Some(ProvedBy::Both));
    request.platforms = Platforms::All;
    assert_failed(
        &multi.scene.online().verify_image(&request),
        Outcome::Rejected,
        Reason::SignersInsufficient,
    );
}

#[test]
fn a_platform_that_is_not_there_is_a_wrong_question() {
    let multi = Multi::new();
    let verdict = multi.judge(one("windows", "amd64", ""));
    assert_failed(&verdict, Outcome::Usage, Reason::PlatformNotFound);
    let failure = verdict.verdict().failure().unwrap();
    assert_eq!(
        failure.found.as_deref(),
        Some("linux/amd64, linux/arm64/v8, linux/arm/v7")
    );
}

#[test]
fn an_image_alone_is_asked_for_its_platform() {
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default().on("linux/arm64"));
    let mut scene = Scene::of(repository, image);
    let signed = scene.sign_as(SIGNER, &scene.image.digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let multi = Multi {
        scene,
        images: Vec::new(),
    };
    assert_verified(&multi.judge(one("linux", "arm64", "")));
    assert_failed(
        &multi.judge(one("linux", "amd64", "")),
        Outcome::Usage,
        Reason::PlatformNotFound,
    );
    assert_verified(&multi.judge(Platforms::All));
}

#[test]
fn an_image_without_a_platform_says_so() {
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default().on("/"));
    let multi = Multi {
        scene: Scene::of(repository, image),
        images: Vec::new(),
    };
    let verdict = multi.judge(one("linux", "amd64", ""));
    assert_failed(&verdict, Outcome::Usage, Reason::PlatformNotFound);
    let failure = verdict.verdict().failure().unwrap();
    let found = failure.found.as_deref();
    assert_eq!(found, Some("an image that names no platform"));
}

#[test]
fn every_image_that_fits_must_be_proved_and_buildkits_attestations_need_not() {
    let mut repository = Repository::new();
    let options = |content: &str| ImageOptions::with_layer(content.as_bytes());
    let v6 = repository.push_image(&options("v6").on("linux/arm/v6"));
    let v7 = repository.push_image(&options("v7").on("linux/arm/v7"));
    let attestation = repository.push_image(&options("attestation").on("unknown/unknown"));
    let mut listed = attestation.json();
    listed["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": v6.digest,
    });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [v6.json(), v7.json(), listed],
    });
    let index = repository.push_manifest(&index);
    let mut multi = Multi {
        scene: Scene::of(repository, index),
        images: Vec::new(),
    };
    multi.sign(&v7);
    assert_verified(&multi.judge(one("linux", "arm", "v7")));
    let verdict = multi.judge(one("linux", "arm", ""));
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    assert_eq!(verdict.targets().len(), 2);
    multi.sign(&v6);
    assert_verified(&multi.judge(one("linux", "arm", "")));
    let verdict = multi.judge(Platforms::All);
    assert_verified(&verdict);
    assert_eq!(verdict.targets().len(), 2);
}

#[test]
fn an_unknown_platform_without_buildkits_word_is_an_image_like_others() {
    let mut repository = Repository::new();
    let amd64 = repository.push_image(&ImageOptions::default());
    let hidden = repository.push_image(&ImageOptions::with_layer(b"hidden").on("unknown/unknown"));
    let index = json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [amd64.json(), hidden.json()],
    });
    let index = repository.push_manifest(&index);
    let mut multi = Multi {
        scene: Scene::of(repository, index),
        images: Vec::new(),
    };
    multi.sign(&amd64);
    assert_failed(
        &multi.judge(Platforms::All),
        Outcome::Unsigned,
        Reason::NoProofFound,
    );
}

/// An index of these entries: two images, of which the second is signed.
fn beside(entries: impl FnOnce(&Descriptor, &Descriptor) -> Value) -> Multi {
    let mut repository = Repository::new();
    let other = repository.push_image(&ImageOptions::with_layer(b"other"));
    let good = repository.push_image(&ImageOptions::default());
    let index = json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": entries(&other, &good),
    });
    let index = repository.push_manifest(&index);
    let mut multi = Multi {
        scene: Scene::of(repository, index),
        images: vec![other, good.clone()],
    };
    multi.sign(&good);
    multi
}

/// go-containerregistry takes an entry without a platform for `linux/amd64`, containerd an empty system for its own.
#[test]
fn an_image_without_a_platform_may_be_run_on_any_and_must_be_proved() {
    for platform in [
        Value::Null,
        json!({"os": "", "architecture": ""}),
        json!({"os": "", "architecture": "amd64"}),
        json!({"os": "linux"}),
    ] {
        let mut multi = beside(|other, good| {
            let mut entry = other.plain_json();
            entry["platform"] = platform.clone();
            json!([entry, good.json()])
        });
        let verdict = multi.judge(one("linux", "amd64", ""));
        assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
        assert_eq!(verdict.targets().len(), 2, "{platform}");
        let other = multi.images[0].clone();
        multi.sign(&other);
        assert_verified(&multi.judge(one("linux", "amd64", "")));
    }
}

/// Others may read what cannot be read here, and run it.
#[test]
fn an_index_with_an_entry_that_cannot_be_read_is_no_choice_of_images() {
    let mut multi = beside(|other, good| {
        let mut entry = other.json();
        entry["platform"] = json!({"os": "unknown", "architecture": "unknown"});
        entry["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
        entry["Platform"] = json!({"os": "linux", "architecture": "amd64"});
        json!([entry, good.json()])
    });
    for platforms in [Platforms::All, one("linux", "amd64", "")] {
        let verdict = multi.judge(platforms);
        assert_failed(&verdict, Outcome::Unavailable, Reason::ManifestMalformed);
        let failure = verdict.verdict().failure().unwrap();
        assert_eq!(failure.field.as_deref(), Some("manifests[0]"));
    }
    // The digest of the index is that of its bytes, whatever they say.
    let index = multi.scene.image.clone();
    multi.sign(&index);
    assert_verified(&multi.judge(Platforms::AsGiven));
}

#[test]
fn what_is_pinned_was_proved() {
    let pinned = |verdict: &ImageVerdict| -> Vec<Digest> {
        let pinned = verdict.pinned().iter();
        pinned.map(|pinned| *pinned.digest().unwrap()).collect()
    };
    let mut multi = beside(|other, good| {
        let mut entry = other.plain_json();
        entry["platform"] = json!({"os": "linux", "architecture": "arm64"});
        json!([entry, good.json()])
    });
    let (index, other) = (multi.scene.image.clone(), multi.images[0].clone());
    let good = digest(&multi.images[1]);
    // Of an index that nobody signed no more than the image that was asked for.
    let verdict = multi.judge(one("linux", "amd64", ""));
    assert_verified(&verdict);
    assert_eq!(pinned(&verdict), [good]);
    assert_eq!(verdict.digest(), Some(&digest(&index)));
    // Of one whose images are all proved the index, which lists no others.
    multi.sign(&other);
    let verdict = multi.judge(Platforms::All);
    assert_verified(&verdict);
    assert_eq!(pinned(&verdict), [digest(&index)]);
    // What is marked as BuildKit's attestation was not looked at, and can be anything.
    let marked = beside(|other, good| {
        let mut entry = other.plain_json();
        entry["platform"] = json!({"os": "unknown", "architecture": "unknown"});
        entry["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
        json!([entry, good.json()])
    });
    let verdict = marked.judge(Platforms::All);
    assert_verified(&verdict);
    assert_eq!(pinned(&verdict), [digest(&marked.images[1])]);
    // Of one that is signed itself also when one platform was asked for.
    multi.sign(&index);
    for platforms in [one("linux", "amd64", ""), Platforms::AsGiven] {
        let verdict = multi.judge(platforms);
        assert_verified(&verdict);
        assert_eq!(pinned(&verdict), [digest(&index)]);
    }
    // Several that fit have no one digest.
    let mut multi = beside(|other, good| {
        let mut entry = other.plain_json();
        entry["platform"] = json!({"os": "linux", "architecture": "amd64", "variant": "v3"});
        json!([entry, good.json()])
    });
    let other = multi.images[0].clone();
    multi.sign(&other);
    let verdict = multi.judge(one("linux", "amd64", ""));
    assert_verified(&verdict);
    assert_eq!(pinned(&verdict), [digest(&other), digest(&multi.images[1])]);
}

#[test]
fn platforms_are_chosen_in_layouts_as_well() {
    let mut multi = Multi::new();
    let arm64 = multi.images[1].clone();
    multi.sign(&arm64);
    for path in [multi.scene.layout(), multi.scene.saved()] {
        let mut request = in_layout(&path, by_identity());
        request.platforms = one("linux", "arm64", "");
        let verdict = multi.scene.offline().verify_image(&request);
        // `cosign save` takes along what is attached to the index alone.
        match path.ends_with("layout") {
            true => assert_verified(&verdict),
            false => assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound),
        }
    }
}

#[test]
fn a_platform_that_was_not_copied_is_not_unsigned() {
    let mut multi = Multi::new();
    let arm64 = multi.images[1].clone();
    multi.sign(&arm64);
    // The index without the image for amd64, as a copy for one platform or a sparse mirror has it.
    let amd64 = multi.images[0].digest.clone();
    multi.scene.repository.objects.remove(&amd64);
    let judge_layout = |platforms| {
        let mut request = in_layout(&multi.scene.layout(), by_identity());
        request.platforms = platforms;
        multi.scene.offline().verify_image(&request)
    };
    let absent = |verdict: &ImageVerdict, why: &str| {
        assert_failed(verdict, Outcome::Usage, Reason::ImageNotFound);
        let failure = verdict.verdict().failure().unwrap();
        assert_eq!(failure.detail.as_deref(), Some(why));
        assert!(failure.field.as_deref().unwrap().contains(&amd64));
    };
    let why = "this layout was copied without this platform";
    absent(&judge_layout(one("linux", "amd64", "")), why);
    absent(&judge_layout(Platforms::All), why);
    assert_verified(&judge_layout(one("linux", "arm64", "")));
    let sparse = "its index is there, and the image itself is not";
    absent(&multi.judge(one("linux", "amd64", "")), sparse);
    absent(&multi.judge(Platforms::All), sparse);
    assert_verified(&multi.judge(one("linux", "arm64", "")));
    // What is there and has no proof stays unsigned.
    let verdict = multi.judge(one("linux", "arm", ""));
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
}

#[test]
fn a_signed_index_proves_an_image_that_was_not_copied() {
    let mut multi = Multi::new();
    let index = multi.scene.image.clone();
    multi.sign(&index);
    let amd64 = multi.images[0].digest.clone();
    multi.scene.repository.objects.remove(&amd64);
    assert_verified(&multi.judge(one("linux", "amd64", "")));
}
