//! Lists of everything that is attached.

use sealcheck_engine::{AttachmentKind, ImageSource, Inventory, Platforms};
use sealcheck_registry::double::{At, Fault, RegistryDouble};
use sealcheck_testkit::image::{Referrer, Repository};
use sealcheck_verify::{Content, Outcome, Reason};

use super::scene::*;
use crate::support::{SLSA, by_identity};

/// An index with something of everything attached to it and to its first image.
fn rich() -> Scene {
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let mut scene = Scene::of(repository, index);
    let digest = scene.image.digest.clone();
    let signed = scene.sign_as("signer@example.com", &digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let attestation = scene.attest(SLSA, &digest);
    scene
        .repository
        .attach_attestations(&scene.image, &[attestation]);
    let bundle = scene.bundle_as("other@example.com", &images[0].digest);
    scene.repository.attach_bundle(&images[0], &bundle);
    let sbom = Referrer {
        layers: vec![("application/spdx+json".into(), b"{}".to_vec())],
        ..Referrer::default()
    };
    scene.repository.attach(
        &images[0],
        &sbom.with_artifact_type("application/spdx+json"),
    );
    scene
}

fn take(scene: &Scene, double: &RegistryDouble, platforms: &Platforms) -> Inventory {
    let image = ImageSource::Registry(double.reference("app:v1"));
    scene.online().inventory(&image, platforms, &[]).unwrap()
}

fn kinds(inventory: &Inventory, manifest: usize) -> Vec<AttachmentKind> {
    inventory.manifests[manifest]
        .attachments
        .iter()
        .map(|attachment| attachment.kind)
        .collect()
}

#[test]
fn everything_is_listed_by_platform_with_its_bytes_and_can_be_verified() {
    let scene = rich();
    let double = scene.serve();
    let inventory = take(&scene, &double, &Platforms::All);
    assert!(inventory.failures.is_empty());
    assert_eq!(
        inventory.reference.as_ref().unwrap().digest(),
        Some(&digest(&scene.image))
    );
    let platforms: Vec<Option<String>> = inventory
        .manifests
        .iter()
        .map(|manifest| manifest.platform.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(
        platforms,
        [None, Some("linux/amd64".into()), Some("linux/arm64".into())]
    );
    use AttachmentKind::{Attestation, Bundle, Sbom, Signature};
    assert_eq!(kinds(&inventory, 0), [Signature, Attestation]);
    let mut child = kinds(&inventory, 1);
    child.sort_by_key(|kind| kind.as_str());
    assert_eq!(child, [Bundle, Sbom]);
    assert_eq!(kinds(&inventory, 2), []);

    let engine = scene.online();
    let any = by_identity().content(Content::SignatureOrAttestation);
    for attachment in &inventory.manifests[0].attachments {
        let content = attachment.content.clone().unwrap().unwrap();
        let stored = &scene.repository.objects[&attachment.descriptor.digest.to_string()];
        assert_eq!(content, stored.bytes);
        let verdicts = engine.verify_attachment(attachment, &any);
        assert_eq!(verdicts.len(), 1);
        assert_eq!(verdicts[0].outcome(), Outcome::Verified, "{}", verdicts[0]);
        assert!(
            inventory.places[attachment.place]
                .place
                .contains(":sha256-")
        );
    }
    for attachment in &inventory.manifests[1].attachments {
        let verdicts = engine.verify_attachment(attachment, &any);
        match attachment.kind {
            Sbom => assert!(verdicts.is_empty() && attachment.content.is_none()),
            _ => assert_eq!(
                verdicts[0].failure().map(|failure| failure.reason),
                Some(Reason::IdentityMismatch)
            ),
        }
    }
}

#[test]
fn a_place_that_fails_is_said_and_the_rest_is_listed() {
    let scene = rich();
    let double = scene.serve();
    double.fault(At::AttestationTag, Fault::Forbidden);
    let inventory = take(&scene, &double, &Platforms::AsGiven);
    assert_eq!(inventory.manifests.len(), 1);
    assert_eq!(kinds(&inventory, 0), [AttachmentKind::Signature]);
    assert_eq!(inventory.failures.len(), 1);
    assert_eq!(inventory.failures[0].reason, Reason::RegistryForbidden);
}

#[test]
fn an_image_that_is_not_there_has_no_inventory() {
    let scene = rich();
    let double = scene.serve();
    let image = ImageSource::Registry(double.reference("app:v2"));
    let failure = scene
        .online()
        .inventory(&image, &Platforms::AsGiven, &[])
        .unwrap_err();
    assert_eq!(failure.reason, Reason::ImageNotFound);
}

#[test]
fn a_layout_has_the_same_inventory() {
    let scene = rich();
    let image = ImageSource::Layout {
        path: scene.layout(),
        image: Some("v1".to_owned()),
    };
    let inventory = scene
        .offline()
        .inventory(&image, &Platforms::All, &[])
        .unwrap();
    assert_eq!(kinds(&inventory, 0).len(), 2);
    assert_eq!(kinds(&inventory, 1).len(), 2);
}

/// A sparse index: the second image is not where the index is.
#[test]
fn an_image_that_is_listed_and_not_there_is_a_failure() {
    let mut scene = rich();
    let double = scene.serve();
    let before = take(&scene, &double, &Platforms::All);
    assert!(before.manifests.iter().all(|it| it.missing.is_none()));
    let gone = before.manifests[2].descriptor.digest.to_string();
    scene.repository.objects.remove(&gone);
    let image = ImageSource::Layout {
        path: scene.layout(),
        image: Some("v1".to_owned()),
    };
    let double = scene.serve();
    let layout = scene.offline().inventory(&image, &Platforms::All, &[]);
    for inventory in [take(&scene, &double, &Platforms::All), layout.unwrap()] {
        let missing = inventory.manifests[2].missing.clone().unwrap();
        assert_eq!(missing.reason, Reason::ImageNotFound);
        assert_eq!(inventory.failures, [missing]);
        // What is attached to the others is listed.
        assert_eq!(kinds(&inventory, 0).len(), 2);
        assert!(inventory.manifests[1].missing.is_none());
    }
    // Nobody asked for it.
    assert!(
        take(&scene, &double, &Platforms::AsGiven)
            .failures
            .is_empty()
    );
}
