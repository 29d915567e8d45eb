//! Several distinct signers.

use std::num::NonZeroUsize;

use sealcheck_engine::ImageVerdict;
use sealcheck_testkit::{Key, KeyKind, LeafRequest, Plan, San};
use sealcheck_verify::{Identities, Identity, Outcome, Pattern, Reason, Requirements};

use super::scene::*;
use crate::support::by_key;

fn anyone_of(names: &[&str]) -> Requirements {
    let identity = |name: &&str| {
        Identity::new(
            Pattern::exact(name).unwrap(),
            Pattern::exact(ISSUER).unwrap(),
        )
    };
    let mut identities = names.iter().map(identity);
    let first = Identities::one(identities.next().unwrap());
    Requirements::identity(identities.fold(first, Identities::or))
}

/// The verdict with so many signers of `a` and `b` required.
fn judge(scene: &Scene, signers: usize) -> ImageVerdict {
    let mut request = request(&scene.serve(), anyone_of(&["a@x", "b@x"]));
    request.signers = NonZeroUsize::new(signers).unwrap();
    let double = scene.serve();
    request.image = sealcheck_engine::ImageSource::Registry(double.reference("app:v1"));
    scene.online().verify_image(&request)
}

#[test]
fn two_signers_in_two_places_are_two() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let (a, b) = (
        scene.sign_as("a@x", &digest),
        scene.bundle_as("b@x", &digest),
    );
    scene.repository.attach_signatures(&scene.image, &[a]);
    assert_verified(&judge(&scene, 1));
    let verdict = judge(&scene, 2);
    assert_failed(&verdict, Outcome::Rejected, Reason::SignersInsufficient);
    let failure = verdict.verdict().failure().unwrap();
    assert_eq!(failure.expected.as_deref(), Some("2 distinct signers"));
    assert_eq!(failure.found.as_deref(), Some("1"));
    scene.repository.attach_bundle(&scene.image, &b);
    assert_verified(&judge(&scene, 2));
    assert_failed(
        &judge(&scene, 3),
        Outcome::Rejected,
        Reason::SignersInsufficient,
    );
}

#[test]
fn the_same_identity_counts_once_however_often_it_signs() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let signed = [(); 3].map(|()| scene.sign_as("a@x", &digest));
    scene.repository.attach_signatures(&scene.image, &signed);
    let bundle = scene.bundle_as("a@x", &digest);
    scene.repository.attach_bundle(&scene.image, &bundle);
    let verdict = judge(&scene, 2);
    assert_failed(&verdict, Outcome::Rejected, Reason::SignersInsufficient);
    assert_eq!(verdict.accepted().count(), 4);
}

#[test]
fn the_same_key_under_two_names_counts_once() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let key = Key::generate(KeyKind::P256);
    let signed = ["a@x", "b@x"].map(|name| {
        let leaf = LeafRequest::new(San::Email(name.to_owned()), ISSUER).with_key(key.clone());
        scene.signed_with(&Plan::keyless(leaf), &digest)
    });
    scene.repository.attach_signatures(&scene.image, &signed);
    assert_verified(&judge(&scene, 1));
    assert_failed(
        &judge(&scene, 2),
        Outcome::Rejected,
        Reason::SignersInsufficient,
    );
}

#[test]
fn a_foreign_signer_does_not_count() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let signed = ["a@x", "c@x"].map(|name| scene.sign_as(name, &digest));
    scene.repository.attach_signatures(&scene.image, &signed);
    assert_failed(
        &judge(&scene, 2),
        Outcome::Rejected,
        Reason::SignersInsufficient,
    );
}

#[test]
fn keys_and_identities_can_be_required_together() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let keys = [
        Key::generate(KeyKind::P256),
        Key::generate(KeyKind::Ed25519),
    ];
    let mut signed: Vec<_> = keys
        .iter()
        .map(|key| scene.signed_with(&Plan::key(key.clone()), &digest))
        .collect();
    signed.push(scene.sign_as("a@x", &digest));
    scene.repository.attach_signatures(&scene.image, &signed);
    let double = scene.serve();
    let mut request = request(&double, anyone_of(&["a@x"]));
    request.alternatives = keys.iter().map(|key| by_key(key).into()).collect();
    let engine = scene.online();
    for (signers, outcome) in [
        (1, Outcome::Verified),
        (3, Outcome::Verified),
        (4, Outcome::Rejected),
    ] {
        request.signers = NonZeroUsize::new(signers).unwrap();
        let verdict = engine.verify_image(&request);
        assert_eq!(verdict.outcome(), outcome, "{signers}: {verdict}");
    }
    // The same key given twice is still one.
    request.alternatives = vec![by_key(&keys[0]).into(), by_key(&keys[0]).into()];
    request.signers = NonZeroUsize::new(3).unwrap();
    assert_failed(
        &engine.verify_image(&request),
        Outcome::Rejected,
        Reason::SignersInsufficient,
    );
}

#[test]
fn what_is_missing_may_be_where_no_answer_came_from() {
    use sealcheck_registry::double::{At, Fault};

    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let signed = scene.sign_as("a@x", &digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let double = scene.serve();
    double.fault(At::Referrers, Fault::Forbidden);
    let mut request = request(&double, anyone_of(&["a@x", "b@x"]));
    let verdict = scene.online().verify_image(&request);
    assert_verified(&verdict);
    assert_eq!(
        found(&verdict, "/referrers/").0,
        sealcheck_verify::evidence::Found::Failed
    );
    request.signers = NonZeroUsize::new(2).unwrap();
    let verdict = scene.online().verify_image(&request);
    assert_failed(&verdict, Outcome::Unavailable, Reason::RegistryForbidden);
    let detail = verdict.verdict().failure().unwrap().detail.clone().unwrap();
    assert!(
        detail.starts_with("1 of 2 signers were found, and "),
        "{detail}"
    );
}
