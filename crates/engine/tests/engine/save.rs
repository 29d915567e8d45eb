//! Keeping a proof as a bundle.

use std::fs;

use sealcheck_engine::{BlobRequest, Silent};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_testkit::BundleVersion;
use sealcheck_verify::{Outcome, Reason};
use serde_json::json;

use crate::support::*;

fn saving(world: &World, name: &str) -> BlobRequest {
    let mut request = world.app();
    request.save_bundle = Some(world.path(name));
    request
}

#[test]
fn what_the_log_gave_is_kept_and_verifies_offline() {
    let world = World::with_artifact();
    let signed = world.sign();
    world.write("app.sig", signed.sig_file());
    world.write("app.cert", signed.cert_file());
    let double = Double::start();
    double
        .expect(Ask::post("/api/v1/index/retrieve"))
        .answer(Answer::json(json!([signed.entries[0].uuid()]).to_string()));
    double
        .expect(Ask::post("/api/v1/log/entries/retrieve"))
        .answer(Answer::json(
            json!([signed.entries[0].api_json()]).to_string(),
        ));
    let verdict = world
        .online(&double.url(""))
        .verify_blob(&saving(&world, "kept"), &Silent);
    assert_verified(&verdict);
    let mut request = world.app();
    request.material = bundle(&world.path("kept"));
    assert_verified(&world.engine().verify_blob(&request, &Silent));
    // Nothing else is left in the folder.
    let mut names: Vec<_> = fs::read_dir(world.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["app", "app.cert", "app.sig", "kept"]);
}

#[test]
fn an_older_file_is_replaced_and_an_attestation_is_kept_as_well() {
    let world = World::with_artifact();
    let attestation = world
        .sigstore
        .attest_blob(ARTIFACT)
        .bundle_as(BundleVersion::V02);
    world.write("app.sigstore", attestation.to_string());
    let older = world.sigstore.sign_blob(b"another").bundle_bytes();
    world.write("kept", String::from_utf8(older).unwrap());
    let mut request = saving(&world, "kept");
    request.requirements = attested().into();
    assert_verified(&world.engine().verify_blob(&request, &Silent));
    request.material = bundle(&world.path("kept"));
    request.save_bundle = None;
    assert_verified(&world.engine().verify_blob(&request, &Silent));
}

#[test]
fn nothing_is_kept_of_what_is_not_verified() {
    let world = World::with_artifact();
    world.write(
        "app.sigstore",
        world.sigstore.sign_blob(b"another").bundle_bytes(),
    );
    let verdict = world.engine().verify_blob(&saving(&world, "kept"), &Silent);
    assert_failed(&verdict, Outcome::Rejected, Reason::ArtifactMismatch);
    assert!(!world.path("kept").exists());
}

#[test]
fn a_proof_that_a_bundle_cannot_hold_is_said_to_be_so() {
    let world = World::with_artifact();
    world.write("app.bundle", world.sign().legacy_bundle().to_string());
    let verdict = world.engine().verify_blob(&saving(&world, "kept"), &Silent);
    assert_failed(&verdict, Outcome::Usage, Reason::ArgumentInvalid);
    assert!(verdict.to_string().contains("inclusion proof"), "{verdict}");
    assert!(verdict.evidence().checks.signature.passed());
    assert!(!world.path("kept").exists());
}

#[test]
fn a_place_that_cannot_hold_a_file_is_refused_before_any_work() {
    let world = World::with_artifact();
    world.write("app.sigstore", world.sign().bundle_bytes());
    fs::create_dir(world.path("folder")).unwrap();
    for name in ["folder", "missing/kept"] {
        let verdict = world.engine().verify_blob(&saving(&world, name), &Silent);
        assert_failed(&verdict, Outcome::Usage, Reason::ArgumentInvalid);
        assert!(verdict.evidence().artifact.digests.is_empty());
    }
    assert_eq!(fs::read_dir(world.path("folder")).unwrap().count(), 0);
}

/// The artifact, the trusted root and whatever else is no bundle stay as they are.
#[test]
fn what_is_no_bundle_is_never_replaced() {
    let world = World::with_artifact();
    let attestation = world.sigstore.attest_blob(ARTIFACT);
    world.write("app.sigstore", attestation.bundle().to_string());
    let mut request = saving(&world, "app");
    request.requirements = attested().into();
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_eq!(verdict.outcome(), Outcome::Usage, "{verdict}");
    assert_eq!(fs::read(world.path("app")).unwrap(), ARTIFACT);
}
