//! Step 5: certificates outside their time, of other authorities, for other purposes.

use sealcheck_testkit::trusted_root::Window;
use sealcheck_testkit::{EntryKind, Instance, LeafRequest, Plan, San, Signer, TokenOptions, asn1};
use sealcheck_verify::{Reason, Threshold};

use crate::stage::{Stage, after, default_signer, time};

fn valid(from: i64, to: i64) -> LeafRequest {
    LeafRequest {
        not_before: after(from),
        not_after: after(to),
        ..LeafRequest::default()
    }
}

/// By a promise and by a timestamp; both ends of the validity are inside.
#[test]
fn outside_the_validity_by_one_second() {
    let stage = Stage::new();
    for (from, to, expected) in [
        (0, 600, None),
        (-600, 0, None),
        (1, 600, Some(Reason::CertificateNotValidAtTime)),
        (-600, -1, Some(Reason::CertificateNotValidAtTime)),
    ] {
        let plan = Plan::keyless(valid(from, to));
        assert_eq!(
            stage.why(&stage.sign(&plan).bundle()),
            expected,
            "promise {from} {to}"
        );
        let plan = plan
            .with_entries(&[EntryKind::HashedRekordV002])
            .with_timestamp(TokenOptions::default());
        assert_eq!(
            stage.why(&stage.sign(&plan).bundle()),
            expected,
            "timestamp {from} {to}"
        );
    }
}

#[test]
fn one_time_inside_does_not_make_up_for_one_outside() {
    let stage = Stage::new();
    for (promise, token) in [
        (after(0), after(700)),
        (after(700), after(0)),
        (after(0), after(-60)),
    ] {
        let token = TokenOptions {
            time: token,
            ..TokenOptions::default()
        };
        let plan = Plan {
            time: promise,
            ..Plan::default()
        }
        .with_timestamp(token);
        assert_eq!(
            stage.why(&stage.sign(&plan).bundle()),
            Some(Reason::CertificateNotValidAtTime)
        );
    }
}

#[test]
fn now_is_no_signing_time_for_a_dead_certificate() {
    let requirements = default_signer().log_entries(Threshold::Waived);
    let mut stage = Stage::new().requiring(requirements.clone());
    let bundle = stage.sign(&Plan::default().with_entries(&[])).bundle();
    assert_eq!(stage.why(&bundle), Some(Reason::NoTrustedTime));
    stage.requirements = requirements.accept_now_as_signing_time();
    assert_eq!(stage.why(&bundle), Some(Reason::NoTrustedTime));
    for (now, expected) in [
        (595, None),
        (596, Some(Reason::NoTrustedTime)),
        (-5, None),
        (-6, Some(Reason::NoTrustedTime)),
    ] {
        stage.now = time(after(now));
        assert_eq!(stage.why(&bundle), expected, "{now}");
    }
}

#[test]
fn outside_the_window_of_the_authority() {
    for (from, to, expected) in [
        (0, 0, None),
        (-9, -1, Some(Reason::CertificateUntrusted)),
        (1, 9, Some(Reason::CertificateUntrusted)),
    ] {
        let stage =
            Stage::new().with_root(|root| root.authority = Window::between(after(from), after(to)));
        for plan in [Plan::default(), Plan::rekor_v2()] {
            assert_eq!(
                stage.why(&stage.sign(&plan).bundle()),
                expected,
                "{from} {to}"
            );
        }
    }
}

/// The same names and the same identity, by another authority.
#[test]
fn of_another_authority() {
    let stage = Stage::new();
    let impostor = Instance::new();
    let leaf = impostor.issue(&LeafRequest::default());
    let plan = Plan {
        signer: Signer::Leaf(Box::new(leaf)),
        ..Plan::default()
    };
    let signed = stage.sign(&plan);
    assert_eq!(
        stage.why(&signed.bundle()),
        Some(Reason::CertificateUntrusted)
    );
    // Its intermediate beside it changes nothing, nor does its root.
    assert_eq!(
        stage.why(&signed.bundle_with_chain()),
        Some(Reason::CertificateUntrusted)
    );
}

/// Whoever has a leaf must not issue certificates with it.
#[test]
fn issued_by_a_leaf() {
    let stage = Stage::new();
    let parent = stage.sigstore.issue(&LeafRequest {
        ca: true,
        ..LeafRequest::default()
    });
    let plan = Plan {
        signer: Signer::Leaf(Box::new(parent)),
        ..Plan::default()
    };
    // As a signer it is refused for being an authority's certificate.
    assert_eq!(
        stage.why(&stage.sign(&plan).bundle()),
        Some(Reason::CertificateUsage)
    );
}

#[test]
fn for_other_purposes() {
    const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
    const STAMPS: &str = "1.3.6.1.5.5.7.3.8";
    const ANY: &str = "2.5.29.37.0";
    let stage = Stage::new();
    for purposes in [vec![], vec![CLIENT], vec![STAMPS], vec![ANY]] {
        let extended_key_usages = purposes.iter().map(|oid| (*oid).to_owned()).collect();
        let plan = Plan::keyless(LeafRequest {
            extended_key_usages,
            ..LeafRequest::default()
        });
        assert_eq!(
            stage.why(&stage.sign(&plan).bundle()),
            Some(Reason::CertificateUsage),
            "{purposes:?}"
        );
    }
}

#[test]
fn with_an_unknown_critical_extension_or_one_twice() {
    let stage = Stage::new();
    let with = |oid: &str, critical, value: Vec<u8>| {
        let plan = Plan::keyless(LeafRequest {
            extensions: vec![(oid.into(), critical, value)],
            ..LeafRequest::default()
        });
        stage.why(&stage.sign(&plan).bundle())
    };
    assert_eq!(
        with("1.2.3.4", true, asn1::null()),
        Some(Reason::CertificateMalformed)
    );
    assert_eq!(with("1.2.3.4", false, asn1::null()), None);
    // A second issuer, or a second name: one reader takes the first, another the last.
    let issuer = asn1::utf8_string("https://accounts.example.com");
    assert_eq!(
        with("1.3.6.1.4.1.57264.1.8", false, issuer),
        Some(Reason::CertificateMalformed)
    );
    let name = asn1::sequence(&[asn1::context_primitive(1, b"signer@example.com")]);
    assert_eq!(
        with("2.5.29.17", true, name),
        Some(Reason::CertificateMalformed)
    );
}

#[test]
fn that_is_none() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let der = signed.signed.leaf.clone().unwrap().der;
    let trailing = [&der[..], &[0]].concat();
    for broken in [
        &b""[..],
        b"hello",
        &der[..der.len() - 1],
        &trailing,
        &signed.signed.signature,
    ] {
        let mut bundle = signed.bundle();
        bundle["verificationMaterial"]["certificate"]["rawBytes"] =
            sealcheck_testkit::encoding::base64(broken).into();
        assert_eq!(stage.why(&bundle), Some(Reason::CertificateMalformed));
    }
}

/// Each bit of a certificate is signed, or stands in the signature.
#[test]
fn with_one_bit_flipped() {
    let stage = Stage::new();
    let plan = Plan::keyless(LeafRequest::new(
        San::Email("signer@example.com".into()),
        "https://accounts.example.com",
    ));
    let mut signed = stage.sign(&plan);
    let der = signed.signed.leaf.clone().unwrap().der;
    for position in 0..der.len() {
        let mut flipped = der.clone();
        flipped[position] ^= 1 << (position % 8);
        signed.signed.leaf.as_mut().unwrap().der = flipped;
        // The log has the same flipped certificate, so that only the authority stands in the way.
        let body = EntryKind::HashedRekordV001.body(&signed.signed);
        stage.relog(&mut signed, EntryKind::HashedRekordV001, &body);
        assert!(stage.why(&signed.bundle()).is_some(), "position {position}");
    }
}

/// Who signed cannot be said, and the key is nobody the caller asked for.
#[test]
fn a_certificate_of_several_names_has_no_signer() {
    let stage = Stage::new();
    let mut request = LeafRequest::default();
    request.sans.push(San::Dns("another.test".into()));
    let bundle = stage.sign(&Plan::keyless(request)).bundle();
    let verdict = stage.judge(&bundle).unwrap();
    assert_eq!(
        verdict.failure().unwrap().reason,
        Reason::CertificateMalformed
    );
    assert_eq!(verdict.evidence().signer, None);
}
