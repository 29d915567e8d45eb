//! Trust that is mixed: parts of two instances, merged roots, keys in other roles.

use sealcheck_testkit::trusted_root::merge;
use sealcheck_testkit::{
    DEFAULT_TIME, EntryKind, Instance, InstanceOptions, LeafRequest, Plan, Signed, Signer,
    TokenOptions,
};
use sealcheck_verify::{Outcome, Reason, TrustedRoot};
use serde_json::{Value, json};

use crate::stage::{Stage, default_signer};

fn other() -> Instance {
    Instance::with(InstanceOptions {
        domain: "other.test".into(),
        ..InstanceOptions::default()
    })
}

/// A certificate of the trusted instance with the log, the authority or the CT log of another one.
#[test]
fn services_of_another_instance() {
    let stage = Stage::new();
    let other = other();
    let signed = stage.sign(&Plan::default());
    let foreign_log = Signed {
        entries: vec![other.record(EntryKind::HashedRekordV001, &signed.signed, DEFAULT_TIME)],
        ..signed.clone()
    };
    assert_eq!(stage.why(&foreign_log.bundle()), Some(Reason::LogUnknown));
    let v2 = stage.sign(&Plan::rekor_v2());
    let foreign_log = Signed {
        entries: vec![other.record(EntryKind::HashedRekordV002, &v2.signed, DEFAULT_TIME)],
        ..v2.clone()
    };
    assert_eq!(stage.why(&foreign_log.bundle()), Some(Reason::LogUnknown));
    let foreign_time = Signed {
        timestamps: vec![
            other
                .tsa
                .timestamp(&v2.signed.signature, &TokenOptions::default()),
        ],
        ..v2
    };
    assert_eq!(
        stage.why(&foreign_time.bundle()),
        Some(Reason::NoTrustedTime)
    );
    let leaf = stage
        .sigstore
        .authority
        .issue(&other.ct, &LeafRequest::default());
    let plan = Plan {
        signer: Signer::Leaf(Box::new(leaf)),
        ..Plan::default()
    };
    assert_eq!(
        stage.why(&stage.sign(&plan).bundle()),
        Some(Reason::SctUntrusted)
    );
    // Everything of the other instance.
    assert_eq!(
        stage.why(&other.sign_blob(crate::stage::ARTIFACT).bundle()),
        Some(Reason::LogUnknown)
    );
}

/// Two instances of the same names: only the keys tell them apart.
#[test]
fn an_instance_that_looks_the_same() {
    let stage = Stage::new();
    let twin = Instance::new();
    assert_eq!(
        stage.why(&twin.sign_blob(crate::stage::ARTIFACT).bundle()),
        Some(Reason::LogUnknown)
    );
    for list in ["tlogs", "ctlogs", "certificateAuthorities"] {
        let mut root = twin.trusted_root_json();
        root[list] = stage.sigstore.trusted_root_json()[list].clone();
        let expected = match list {
            "tlogs" => Reason::LogUnknown,
            "ctlogs" => Reason::SctUntrusted,
            _ => Reason::CertificateUntrusted,
        };
        let mixed = Stage::of(Instance::new()).trusting(&root);
        assert_eq!(
            mixed.why(&twin.sign_blob(crate::stage::ARTIFACT).bundle()),
            Some(expected),
            "{list}"
        );
    }
    // A timestamp of the twin names an authority that is trusted, and does not verify: an error, not a stranger.
    let mut signed = stage.sign(&Plan::default());
    signed.timestamps = vec![
        twin.tsa
            .timestamp(&signed.signed.signature, &TokenOptions::default()),
    ];
    assert_eq!(
        stage.why(&signed.bundle()),
        None,
        "serial numbers tell the signers apart"
    );
}

/// In a merged root each part is trusted for its own role, and both instances verify.
#[test]
fn merged_roots() {
    let (stage, other) = (Stage::new(), other());
    let root = merge(
        &stage.sigstore.trusted_root_json(),
        &other.trusted_root_json(),
    );
    let stage = stage.trusting(&root);
    stage.accept(&stage.sign(&Plan::default()).bundle());
    stage.accept(&other.sign_blob(crate::stage::ARTIFACT).bundle());
    // Trusting both means trusting either's services for either's certificates: no part is tied to another.
    let signed = stage.sign(&Plan::default());
    let foreign_log = Signed {
        entries: vec![other.record(EntryKind::HashedRekordV001, &signed.signed, DEFAULT_TIME)],
        ..signed
    };
    stage.accept(&foreign_log.bundle());
}

#[test]
fn keys_in_other_roles() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let mut root = stage.sigstore.trusted_root_json();
    // The logs' keys as CT logs and the other way round.
    let (logs, ct_logs) = (root["tlogs"].clone(), root["ctlogs"].clone());
    root["tlogs"] = ct_logs.clone();
    root["ctlogs"] = logs.clone();
    let swapped = Stage::new().trusting(&root);
    assert_eq!(swapped.why(&signed.bundle()), Some(Reason::LogUnknown));
    root["tlogs"] = logs;
    let swapped = Stage::new().trusting(&root);
    assert_eq!(swapped.why(&signed.bundle()), Some(Reason::SctUntrusted));
    // The authority that stamps as the one that issues, and the other way round.
    let mut root = stage.sigstore.trusted_root_json();
    root["certificateAuthorities"] = root["timestampAuthorities"].clone();
    match TrustedRoot::from_json(root.to_string().as_bytes()) {
        Ok(_) => assert_eq!(
            Stage::new().trusting(&root).why(&signed.bundle()),
            Some(Reason::CertificateUntrusted)
        ),
        Err(failure) => assert_eq!(failure.reason, Reason::TrustRootInvalid),
    }
    // The id of a log under another key.
    let mut root = stage.sigstore.trusted_root_json();
    root["tlogs"][0]["publicKey"] = root["tlogs"][1]["publicKey"].clone();
    assert_eq!(
        Stage::new().trusting(&root).why(&signed.bundle()),
        Some(Reason::LogPromiseInvalid)
    );
}

#[test]
fn a_root_without_a_service() {
    let bundle = |stage: &Stage| stage.sign(&Plan::rekor_v2()).bundle();
    let stage = Stage::new().with_root(|root| root.with_rekor = false);
    assert_eq!(stage.why(&bundle(&stage)), Some(Reason::LogUnknown));
    let stage = Stage::new().with_root(|root| root.with_authority = false);
    assert_eq!(
        stage.why(&bundle(&stage)),
        Some(Reason::CertificateUntrusted)
    );
    let stage = Stage::new().with_root(|root| root.with_tsa = false);
    assert_eq!(stage.why(&bundle(&stage)), Some(Reason::NoTrustedTime));
    let stage = Stage::new().with_root(|root| root.with_ct = false);
    assert_eq!(stage.why(&bundle(&stage)), Some(Reason::SctUntrusted));
    let stage = Stage::new().trusting(
        &json!({"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}),
    );
    assert_eq!(stage.why(&bundle(&stage)), Some(Reason::LogUnknown));
}

/// What cannot be used is an error: believing less than was configured can go unnoticed.
#[test]
fn roots_that_are_broken() {
    let good = Instance::new().trusted_root_json();
    let refuse = |root: &Value| {
        let failure =
            TrustedRoot::from_json(root.to_string().as_bytes()).expect_err(&root.to_string());
        assert_eq!(failure.reason, Reason::TrustRootInvalid, "{failure}");
        assert_eq!(failure.outcome(), Outcome::Usage);
    };
    let changes: Vec<(&str, Value)> = vec![
        (
            "/mediaType",
            json!("application/vnd.dev.sigstore.trustedroot+json;version=9"),
        ),
        ("/mediaType", json!(null)),
        ("/tlogs", json!({})),
        ("/tlogs/0/publicKey/rawBytes", json!("AAAA")),
        ("/tlogs/0/publicKey/rawBytes", json!("")),
        ("/tlogs/0/publicKey/validFor", json!(null)),
        ("/tlogs/0/publicKey/validFor", json!({})),
        ("/tlogs/0/publicKey/validFor/start", json!("yesterday")),
        (
            "/tlogs/0/publicKey/validFor",
            json!({"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}),
        ),
        ("/tlogs/0/logId/keyId", json!("AAAA")),
        (
            "/tlogs/0/logId/keyId",
            good["tlogs"][1]["logId"]["keyId"].clone(),
        ),
        ("/tlogs/0/checkpointKeyId", json!({"keyId": "AAAA"})),
        ("/ctlogs/0/publicKey/rawBytes", json!("AAAA")),
        (
            "/certificateAuthorities/0/certChain/certificates",
            json!([]),
        ),
        (
            "/certificateAuthorities/0/certChain/certificates/0/rawBytes",
            json!("AAAA"),
        ),
        ("/certificateAuthorities/0/validFor", json!(null)),
        ("/timestampAuthorities/0/certChain/certificates", json!([])),
        (
            "/timestampAuthorities/0/certChain/certificates/1/rawBytes",
            json!("AAAA"),
        ),
        ("/timestampAuthorities/0/validFor", json!({})),
    ];
    for (pointer, value) in changes {
        let mut root = good.clone();
        let (above, name) = pointer.rsplit_once('/').unwrap();
        match root.pointer_mut(above).unwrap() {
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
            object => object[name] = value,
        }
        refuse(&root);
    }
    let mut unknown = good.clone();
    unknown["tlogs"][0]["more"] = json!(1);
    refuse(&unknown);
    for text in ["", "{}", "null", "[]", "hello", "{\"mediaType\":"] {
        assert_eq!(
            TrustedRoot::from_json(text.as_bytes()).unwrap_err().reason,
            Reason::TrustRootInvalid
        );
    }
    let twice = good.to_string().replacen('{', "{\"tlogs\":[],", 1);
    assert_eq!(
        TrustedRoot::from_json(twice.as_bytes()).unwrap_err().reason,
        Reason::TrustRootInvalid
    );
}

/// A log whose algorithm is unknown is left out and named; its entries are then of an unknown log.
#[test]
fn a_log_with_an_unknown_algorithm_is_left_out() {
    let stage = Stage::new();
    let bundle = stage.sign(&Plan::default()).bundle();
    for (pointer, value) in [
        ("/tlogs/0/publicKey/keyDetails", "PKIX_ML_DSA_65"),
        ("/tlogs/0/hashAlgorithm", "SHA3_256"),
    ] {
        let mut root = stage.sigstore.trusted_root_json();
        *root.pointer_mut(pointer).unwrap() = value.into();
        let stage = Stage::new().trusting(&root).requiring(default_signer());
        assert_eq!(stage.root.skipped().count(), 1);
        assert_eq!(stage.why(&bundle), Some(Reason::LogUnknown));
    }
}

#[test]
fn an_authority_is_named_by_its_address_or_its_subject() {
    let stage = Stage::new();
    let bundle = stage.sign(&Plan::rekor_v2()).bundle();
    for (uri, subject, expected) in [
        (Some("https://ca.test"), Some("sub"), "https://ca.test"),
        (Some(""), Some("sub"), "sub"),
        (None, Some("sub"), "sub"),
        (None, None, ""),
    ] {
        let mut root = stage.sigstore.trusted_root_json();
        for list in ["certificateAuthorities", "timestampAuthorities"] {
            root[list][0]["uri"] = json!(uri);
            root[list][0]["subject"] = match subject {
                Some(name) => json!({"commonName": name}),
                None => Value::Null,
            };
        }
        let evidence = Stage::new().trusting(&root).accept(&bundle);
        let certificate = evidence.checks.certificate.facts().unwrap();
        let time = evidence.checks.time.facts().unwrap();
        assert_eq!(&*certificate.authority, expected);
        assert_eq!(time.timestamps[0].authority, expected);
        let digest = sealcheck_verify::Digest::sha256(root.to_string().as_bytes());
        assert_eq!(&*evidence.trusted_root.unwrap().sha256, digest.hex());
    }
}

#[test]
fn a_failure_says_where_in_the_root_it_is_and_why() {
    let good = Instance::new().trusted_root_json();
    for (pointer, value, field, has_detail) in [
        (
            "/certificateAuthorities/0/certChain/certificates",
            json!([]),
            "certificateAuthorities[0].certChain.certificates",
            false,
        ),
        (
            "/timestampAuthorities/0/certChain/certificates",
            json!([]),
            "timestampAuthorities[0].certChain.certificates",
            true,
        ),
        (
            "/timestampAuthorities/0/certChain/certificates/1/rawBytes",
            json!("AAAA"),
            "timestampAuthorities[0].certChain.certificates[1]",
            true,
        ),
        (
            "/tlogs/0/publicKey/validFor",
            json!({}),
            "tlogs[0].publicKey.validFor.start",
            false,
        ),
    ] {
        let mut root = good.clone();
        *root.pointer_mut(pointer).unwrap() = value;
        let failure = TrustedRoot::from_json(root.to_string().as_bytes()).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some(field));
        assert_eq!(failure.detail.is_some(), has_detail, "{failure}");
    }
    // The reason that another format would have, in words.
    let mut root = good.clone();
    root["tlogs"] = vec![good["tlogs"][0].clone(); 200].into();
    let failure = TrustedRoot::from_json(root.to_string().as_bytes()).unwrap_err();
    let detail = failure.detail.as_deref();
    assert_eq!(detail, Some(Reason::LimitExceeded.summary()));
}

#[test]
fn an_operator_without_a_name_is_none() {
    let stage = Stage::new();
    let bundle = stage.sign(&Plan::default()).bundle();
    for (operator, expected) in [("", None), ("op.test", Some("op.test"))] {
        let mut root = stage.sigstore.trusted_root_json();
        root["tlogs"][0]["operator"] = operator.into();
        let evidence = Stage::new().trusting(&root).accept(&bundle);
        let entry = &evidence.checks.log.facts().unwrap().entries[0];
        assert_eq!(entry.operator.as_deref(), expected);
    }
}
