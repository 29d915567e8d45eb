//! Material that the caller names.

use std::fs;

use sealcheck_engine::{Input, MaterialSource, Named, Silent};
use sealcheck_testkit::{LeafRequest, Plan, SctMode, TokenOptions};
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Outcome, Reason, Verdict};

use crate::support::*;

fn verify(world: &World, material: MaterialSource) -> Verdict {
    let mut request = world.app();
    request.material = material;
    world.engine().verify_blob(&request, &Silent)
}

#[test]
fn a_bundle_that_is_named_is_the_only_one_looked_at() {
    let world = World::with_artifact();
    let good = world.write("good", world.sign().bundle_bytes());
    world.write("app.sigstore.json", "broken");
    let verdict = verify(&world, bundle(&good));
    assert_verified(&verdict);
    assert_eq!(verdict.evidence().places.len(), 1);
    world.write("app.sigstore.json", world.sign().bundle_bytes());
    let bad = world.write("bad", "broken");
    let verdict = verify(&world, bundle(&bad));
    assert_failed(&verdict, Outcome::Rejected, Reason::MaterialMalformed);
    assert_place(&verdict, "/bad", Found::Present, "cannot be read");
}

#[test]
fn a_named_proof_that_is_not_there_is_a_mistake_of_the_caller() {
    let world = World::with_artifact();
    let verdict = verify(&world, bundle(&world.path("missing")));
    assert_failed(&verdict, Outcome::Usage, Reason::FileNotFound);
    assert_place(&verdict, "/missing", Found::Absent, "bundle");
    fs::create_dir(world.path("folder")).unwrap();
    let verdict = verify(&world, bundle(&world.path("folder")));
    assert_failed(&verdict, Outcome::Usage, Reason::FileNotFound);
    assert!(verdict.to_string().contains("found a folder"), "{verdict}");
}

#[cfg(unix)]
#[test]
fn a_named_proof_that_cannot_be_read_is_unavailable() {
    let world = World::with_artifact();
    std::os::unix::fs::symlink("loop", world.path("loop")).unwrap();
    let verdict = verify(&world, bundle(&world.path("loop")));
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
    assert_place(&verdict, "/loop", Found::Failed, "");
}

#[cfg(unix)]
#[test]
fn no_more_than_the_limit_is_read() {
    let world = World::with_artifact();
    // It never ends.
    let verdict = verify(&world, bundle("/dev/zero".as_ref()));
    assert_failed(&verdict, Outcome::Rejected, Reason::LimitExceeded);
    let endless = || Input::File("/dev/zero".into());
    let signature = Input::File(world.write("sig", world.sign().sig_file()));
    let verdict = verify(&world, detached(signature, Some(endless())));
    assert_failed(&verdict, Outcome::Rejected, Reason::LimitExceeded);
}

#[test]
fn a_signature_may_be_a_path_or_the_text_itself() {
    let world = World::with_artifact();
    let signed = world.sign();
    let path = world.write("sig", signed.sig_file());
    let certificate = Input::File(world.write("cert", signed.cert_file()));
    let text = signed.sig_file();
    for signature in [path.to_str().unwrap(), text.as_str()] {
        let signature = Input::parse_signature(signature);
        let verdict = verify(&world, detached(signature, Some(certificate.clone())));
        assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
        assert!(verdict.evidence().checks.signature.passed(), "{verdict}");
    }
    // What is neither is a path that does not exist.
    let verdict = verify(&world, detached(Input::parse_signature("app.sgi"), None));
    assert_failed(&verdict, Outcome::Usage, Reason::FileNotFound);
}

#[test]
fn a_timestamp_gives_a_detached_signature_its_time() {
    let world = World::with_artifact();
    let plan = Plan::default().with_timestamp(TokenOptions::default());
    let signed = world
        .sigstore
        .sign(sealcheck_testkit::Content::message(ARTIFACT), &plan);
    let material = |timestamp: Input| {
        MaterialSource::Named(Box::new(Named {
            signature: Some(Input::File(world.write("sig", signed.sig_file()))),
            certificate: Some(Input::File(world.write("cert", signed.cert_file()))),
            timestamp: Some(timestamp),
            ..Named::default()
        }))
    };
    let json = world.write("json", signed.timestamp_json().unwrap().to_string());
    let der = world.write("der", &signed.timestamps[0]);
    for timestamp in [json, der] {
        let mut request = world.app();
        request.material = material(Input::File(timestamp));
        request.requirements = by_identity()
            .log_entries(sealcheck_verify::Threshold::Waived)
            .timestamps(sealcheck_verify::Threshold::ONE)
            .into();
        assert_verified(&world.engine().verify_blob(&request, &Silent));
    }
}

#[test]
fn a_chain_and_an_sct_may_be_given_beside() {
    let world = World::with_artifact();
    let request = LeafRequest {
        sct: SctMode::Detached,
        ..LeafRequest::default()
    };
    let signed = world.sigstore.sign(
        sealcheck_testkit::Content::message(ARTIFACT),
        &Plan::keyless(request),
    );
    let leaf = signed.signed.leaf.clone().unwrap();
    let chain = Input::File(world.write("chain", leaf.chain_pem()));
    let sct = Input::File(world.write("sct", leaf.sct_json().unwrap().to_string()));
    for (name, certificate) in [
        ("base64", signed.cert_file().into_bytes()),
        ("pem", leaf.pem().into_bytes()),
        ("der", leaf.der.clone()),
    ] {
        let named = Named {
            signature: Some(Input::File(world.write("sig", signed.sig_file()))),
            certificate: Some(Input::File(world.write(name, certificate))),
            chain: Some(chain.clone()),
            sct: Some(sct.clone()),
            ..Named::default()
        };
        let without = Named {
            sct: None,
            ..named.clone()
        };
        let verdict = verify(&world, MaterialSource::Named(Box::new(named)));
        assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
        assert!(
            verdict.evidence().checks.certificate.passed(),
            "{name}: {verdict}"
        );
        assert_eq!(verdict.evidence().places.len(), 4 + 1, "and the log");
        let verdict = verify(&world, MaterialSource::Named(Box::new(without)));
        assert_failed(&verdict, Outcome::Rejected, Reason::SctMissing);
    }
}

#[test]
fn a_bundle_and_a_signature_exclude_each_other() {
    let world = World::with_artifact();
    let input = || Some(Input::File(world.path("app")));
    for named in [
        Named {
            bundle: input(),
            signature: input(),
            ..Named::default()
        },
        Named {
            bundle: input(),
            certificate: input(),
            ..Named::default()
        },
        Named {
            certificate: input(),
            ..Named::default()
        },
        Named::default(),
    ] {
        let verdict = verify(&world, MaterialSource::Named(Box::new(named)));
        assert_failed(&verdict, Outcome::Usage, Reason::ArgumentInvalid);
    }
}

#[test]
fn an_envelope_is_named_as_a_signature() {
    let world = World::with_artifact();
    let signed = world.sigstore.attest_blob(ARTIFACT);
    let envelope = world.write("envelope", signed.signed.envelope_bytes());
    let certificate = world.write("cert", signed.cert_file());
    let mut request = world.app();
    request.requirements = attested().into();
    request.material = detached(Input::File(envelope), Some(Input::File(certificate)));
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
    assert!(verdict.evidence().checks.subject.passed(), "{verdict}");
}
