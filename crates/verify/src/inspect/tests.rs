use sealcheck_testkit::{BundleVersion, Content, Instance, Plan, TokenOptions};

use super::{Facts, Kind, inspect};
use crate::Reason;

fn kind(bytes: impl AsRef<[u8]>) -> Kind {
    inspect(bytes.as_ref()).unwrap().kind()
}

#[test]
fn every_kind_is_recognised_by_its_content() {
    let sigstore = Instance::new();
    let signed = sigstore.sign_blob(b"hello");
    let attested = sigstore.attest_blob(b"hello");
    for version in [BundleVersion::V01, BundleVersion::V02, BundleVersion::V03] {
        let bundle = signed.bundle_as(version).to_string();
        assert_eq!(kind(&bundle), Kind::SigstoreBundle);
    }
    assert_eq!(kind(attested.bundle_bytes()), Kind::SigstoreBundle);
    assert_eq!(kind(signed.legacy_bundle().to_string()), Kind::CosignBundle);
    assert_eq!(kind(attested.signed.envelope_bytes()), Kind::DsseEnvelope);
    assert_eq!(kind(signed.sig_file()), Kind::Signature);
    assert_eq!(kind(signed.cert_file()), Kind::Certificate);
    assert_eq!(kind(signed.signed.verifier_pem()), Kind::Certificate);
    assert_eq!(kind(sigstore.ct.key.public_pem()), Kind::PublicKey);
    assert_eq!(kind(sigstore.ct.key.spki()), Kind::PublicKey);
    assert_eq!(kind(sigstore.trusted_root_bytes()), Kind::TrustedRoot);
    let token = sigstore.tsa.timestamp(b"x", &TokenOptions::default());
    assert_eq!(kind(&token), Kind::Timestamp);
    let checkpoint = signed
        .bundle()
        .pointer("/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope")
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(kind(&checkpoint), Kind::Checkpoint);
    let lines = format!("{}\n{}\n", attested.bundle(), attested.bundle());
    assert_eq!(kind(lines), Kind::JsonLines);
    let statement = r#"{"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":[{"name":"a","digest":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}]}"#;
    assert_eq!(kind(statement), Kind::Statement);
    let payload = r#"{"critical":{"type":"t","image":{"docker-manifest-digest":"sha256:1"},"identity":{}},"optional":null}"#;
    assert_eq!(kind(payload), Kind::SimpleSigning);
}

#[test]
fn a_bundle_shows_signer_claims_log_and_subject() {
    let sigstore = Instance::new();
    let plan = Plan::default().with_timestamp(TokenOptions::default());
    let signed = sigstore.sign(Content::message(b"hello"), &plan);
    let inspection = inspect(&signed.bundle_bytes()).unwrap();
    let facts = inspection.facts();
    let certificate = facts.get("certificate").unwrap();
    for name in ["identity", "issuer", "notBefore", "key"] {
        assert!(certificate.get(name).is_some(), "{name}");
    }
    assert_eq!(certificate.get("scts"), Some(&Facts::Number(1)));
    let Some(Facts::List(entries)) = facts.get("logEntries") else {
        panic!("no log entries");
    };
    assert_eq!(entries.len(), 1);
    let proof = entries[0].get("inclusionProof").unwrap();
    assert_eq!(
        proof.get("checkpoint").unwrap().get("origin"),
        Some(&Facts::text(sigstore.rekor.origin()))
    );
    let Some(Facts::List(tokens)) = facts.get("timestamps") else {
        panic!("no timestamps");
    };
    assert!(tokens[0].get("time").is_some());
    let document = serde_json::to_value(&inspection).unwrap();
    assert_eq!(document["verified"], false);

    let attested = inspect(&sigstore.attest_blob(b"hello").bundle_bytes()).unwrap();
    let statement = attested.facts().get("statement").unwrap();
    assert_eq!(
        statement.get("predicateType"),
        Some(&Facts::text("https://slsa.dev/provenance/v1"))
    );
}

#[test]
fn what_is_nothing_known_is_refused_without_showing_secrets() {
    for bytes in [
        &b""[..],
        b"  \n",
        b"{",
        b"{}",
        b"hello",
        b"\x30\x82\xff\xff",
        b"\xff\xfe",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\"}",
    ] {
        assert!(
            inspect(bytes).is_err(),
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
    let secret = b"-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n";
    let failure = inspect(secret).unwrap_err();
    assert_eq!(failure.reason, Reason::MaterialMalformed);
    assert!(!failure.to_string().contains("U0VDUkVU"));
    let deep = format!("{{\"a\":{}", "[".repeat(70));
    assert_eq!(
        inspect(deep.as_bytes()).unwrap_err().reason,
        Reason::LimitExceeded
    );
}

#[test]
fn a_trusted_root_shows_its_logs_and_the_certificates_of_its_authorities() {
    let sigstore = Instance::new();
    let inspection = inspect(&sigstore.trusted_root_bytes()).unwrap();
    for (list, count) in [
        ("transparencyLogs", 2),
        ("certificateLogs", 1),
        ("certificateAuthorities", 1),
        ("timestampAuthorities", 1),
    ] {
        let Some(Facts::List(members)) = inspection.facts().get(list) else {
            panic!("no {list}");
        };
        assert_eq!(members.len(), count, "{list}");
    }
}
