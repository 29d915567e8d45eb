//! Step 5: certificates whose publication is not proved.

use sealcheck_testkit::ct::CtLog;
use sealcheck_testkit::trusted_root::Window;
use sealcheck_testkit::{Instance, KeyKind, LeafRequest, Plan, SctMode, Signed};
use sealcheck_verify::{Material, Reason, Threshold};

use crate::stage::{Stage, after, default_signer};

fn with(stage: &Stage, sct: SctMode) -> Signed {
    stage.sign(&Plan::keyless(LeafRequest {
        sct,
        ..LeafRequest::default()
    }))
}

#[test]
fn none_of_an_unknown_log_or_of_another_certificate() {
    let stage = Stage::new();
    for (sct, expected) in [
        (SctMode::None, Reason::SctMissing),
        (SctMode::Detached, Reason::SctMissing),
        (SctMode::UnknownLog, Reason::SctUntrusted),
        (SctMode::OtherCertificate, Reason::SctInvalid),
    ] {
        assert_eq!(
            stage.why(&with(&stage, sct.clone()).bundle()),
            Some(expected),
            "{sct:?}"
        );
    }
    let stage = stage.with_root(|root| root.with_ct = false);
    assert_eq!(
        stage.why(&with(&stage, SctMode::Embedded).bundle()),
        Some(Reason::SctUntrusted)
    );
}

#[test]
fn a_detached_one_of_another_certificate() {
    let stage = Stage::new();
    let ours = with(&stage, SctMode::Detached);
    let other = stage.sigstore.issue(&LeafRequest {
        sct: SctMode::Detached,
        ..LeafRequest::default()
    });
    let material = Material::from_bundle(&ours.bundle_bytes()).unwrap();
    let why = |sct: &[u8]| {
        stage
            .verify(&material.clone().with_sct(sct))
            .failure()
            .map(|failure| failure.reason)
    };
    assert_eq!(
        why(&ours.signed.leaf.as_ref().unwrap().scts[0].encode()),
        None
    );
    assert_eq!(why(&other.scts[0].encode()), Some(Reason::SctInvalid));
    assert_eq!(why(b""), Some(Reason::SctInvalid));
    assert_eq!(why(b"{}"), Some(Reason::SctInvalid));
    // Made for the precertificate, given as if for the certificate.
    let embedded = with(&stage, SctMode::Embedded).signed.leaf.unwrap();
    assert_eq!(why(&embedded.scts[0].encode()), Some(Reason::SctInvalid));
    // A good one beside a bad one.
    let both = material
        .with_sct(&ours.signed.leaf.as_ref().unwrap().scts[0].encode())
        .with_sct(&other.scts[0].encode());
    assert_eq!(
        stage.verify(&both).failure().unwrap().reason,
        Reason::SctInvalid
    );
}

#[test]
fn outside_the_window_of_the_log() {
    // SCTs are made when the certificate begins, five seconds before the signature.
    for (from, to, expected) in [
        (-5, -5, None),
        (-9, -6, Some(Reason::SctUntrusted)),
        (-4, 9, Some(Reason::SctUntrusted)),
    ] {
        let stage =
            Stage::new().with_root(|root| root.ct = Window::between(after(from), after(to)));
        assert_eq!(
            stage.why(&with(&stage, SctMode::Embedded).bundle()),
            expected,
            "{from} {to}"
        );
    }
}

#[test]
fn two_of_one_log_are_one_witness() {
    let two = Threshold::AtLeast(2.try_into().unwrap());
    let stage = Stage::new().requiring(default_signer().scts(two));
    for count in [1, 2, 5] {
        let verdict = stage
            .judge(&with(&stage, SctMode::EmbeddedTimes(count)).bundle())
            .unwrap();
        assert_eq!(verdict.failure().unwrap().reason, Reason::SctMissing);
    }
}

/// The transparency log's key is no CT log's key, though both stand in the trusted root.
#[test]
fn by_the_key_of_the_transparency_log() {
    let mut sigstore = Instance::new();
    sigstore.ct = CtLog {
        key: sigstore.rekor.key.clone(),
    };
    let real = CtLog::new(KeyKind::P256);
    let leaf = sigstore.issue(&LeafRequest::default());
    sigstore.ct = real;
    let stage = Stage::of(sigstore);
    let plan = Plan {
        signer: sealcheck_testkit::Signer::Leaf(Box::new(leaf)),
        ..Plan::default()
    };
    assert_eq!(
        stage.why(&stage.sign(&plan).bundle()),
        Some(Reason::SctUntrusted)
    );
}

/// Waived means that none is needed, not that a wrong one is fine.
#[test]
fn a_wrong_one_where_none_is_needed() {
    let stage = Stage::new().requiring(default_signer().scts(Threshold::Waived));
    assert_eq!(
        stage.why(&with(&stage, SctMode::OtherCertificate).bundle()),
        Some(Reason::SctInvalid)
    );
    assert_eq!(stage.why(&with(&stage, SctMode::UnknownLog).bundle()), None);
}
