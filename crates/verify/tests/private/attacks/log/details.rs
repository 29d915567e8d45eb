//! Details of a body that other checks would not notice: digests that nobody computes, labels of PEM, names of key types.

use sealcheck_testkit::encoding::{base64, pem};
use sealcheck_testkit::{EntryKind, Key, KeyKind, Plan, Signed, TokenOptions};
use sealcheck_verify::{Artifact, Material, Reason, Requirements, SignatureAnnotations};
use serde_json::{Value, json};

use crate::stage::{ARTIFACT, Stage, any_content, public_key};

/// The algorithm only names things: no digest is computed with it.
const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";

fn sha1() -> Value {
    json!({"algorithm": "sha1", "value": SHA1})
}

/// What was signed under `plan`, with one value of its first entry's body replaced.
fn with_value(stage: &Stage, mut signed: Signed, pointer: &str, value: Value) -> Signed {
    let kind = signed.entries[0].kind;
    let mut body = kind.body(&signed.signed);
    *body["spec"].pointer_mut(pointer).unwrap() = value;
    stage.relog(&mut signed, kind, &body);
    signed
}

#[test]
fn a_digest_that_only_names_the_artifact_proves_nothing() {
    let stage = Stage::new();
    let signed = with_value(&stage, stage.sign(&Plan::default()), "/data/hash", sha1());
    let signature = signed.sig_file();
    let certificate = signed.cert_file();
    let material = Material::detached(signature.as_bytes(), Some(certificate.as_bytes())).unwrap();
    let entry = signed.entries[0].bundle_json().to_string();
    let material = material.with_log_entry(entry.as_bytes()).unwrap();
    // Even when the caller names the artifact in the same way.
    let named = Artifact::from_digest(format!("sha1:{SHA1}").parse().unwrap());
    for artifact in [named, Artifact::from_bytes(ARTIFACT)] {
        let verdict = stage.verify_artifact(&material, &artifact);
        let failure = verdict.failure().unwrap();
        assert_eq!(failure.reason, Reason::MessageRequired, "{failure}");
        assert!(
            failure.field.as_deref().unwrap().ends_with("data.hash"),
            "{failure}"
        );
        assert!(verdict.evidence().checks.log.facts().is_none());
    }
}

#[test]
fn a_digest_that_is_not_computed_proves_no_payload() {
    let stage = Stage::new().requiring(any_content());
    for kind in [
        EntryKind::DsseV001,
        EntryKind::IntotoV001,
        EntryKind::IntotoV002,
    ] {
        let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
        let plan = Plan::default().with_entries(&[kind]);
        let signed = stage.sigstore.sign(attestation, &plan);
        let pointer = match kind {
            EntryKind::DsseV001 => "/payloadHash",
            _ => "/content/payloadHash",
        };
        let signed = with_value(&stage, signed, pointer, sha1());
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(Reason::LogEntryUnsupported),
            "{kind:?}"
        );
    }
    let digest = sealcheck_verify::Digest::sha256(ARTIFACT).to_string();
    let image = stage.sigstore.sign_image("a", &digest, &[]);
    let image = with_value(&stage, image, "/data/hash", sha1());
    let annotations = SignatureAnnotations {
        signature: &image.sig_file(),
        certificate: Some(&image.signed.verifier_pem()),
        bundle: Some(&image.rekor_bundle().unwrap().to_string()),
        ..SignatureAnnotations::default()
    };
    let material = Material::simple_signing(&image.layer_content(), annotations).unwrap();
    let verdict = stage.verify(&material);
    assert_eq!(
        verdict.failure().unwrap().reason,
        Reason::LogEntryUnsupported
    );
}

#[test]
fn the_label_says_what_the_block_holds() {
    let key = Key::generate(KeyKind::P256);
    let certified = Stage::new();
    let keyed = Stage::new().requiring(Requirements::key(public_key(&key)));
    let pointer = "/signature/publicKey/content";
    for (stage, plan, label) in [
        (&certified, Plan::default(), "CERTIFICATE"),
        (&keyed, Plan::key(key.clone()), "PUBLIC KEY"),
    ] {
        for (said, expected) in [
            (label, None),
            ("TRUSTED CERTIFICATE", Some(Reason::LogEntryMismatch)),
        ] {
            let signed = stage.sign(&plan);
            let der = match &signed.signed.leaf {
                Some(leaf) => leaf.der.clone(),
                None => key.spki().to_vec(),
            };
            let block = base64(pem(said, &der).as_bytes());
            let signed = with_value(stage, signed, pointer, block.into());
            assert_eq!(stage.why(&signed.bundle()), expected, "{label} {said}");
        }
    }
}

#[test]
fn the_name_of_an_rsa_key_has_its_size_and_a_digest() {
    let key = Key::shared(KeyKind::Rsa2048);
    let stage = Stage::new().requiring(Requirements::key(public_key(&key)));
    let plan = Plan::key(key)
        .with_entries(&[EntryKind::HashedRekordV002])
        .with_timestamp(TokenOptions::default());
    let pointer = "/hashedRekordV002/signature/verifier/keyDetails";
    for (details, expected) in [
        ("PKIX_RSA_PKCS1V15_2048_SHA256", None),
        ("PKIX_RSA_PKCS1V15_2048_SHA512", None),
        ("PKIX_RSA_PSS_2048_SHA384", None),
        (
            "PKIX_RSA_PKCS1V15_3072_SHA256",
            Some(Reason::LogEntryMismatch),
        ),
        (
            "PKIX_RSA_PKCS1V15_2048_SHA1",
            Some(Reason::LogEntryMismatch),
        ),
        ("PKIX_RSA_PKCS1V15_2048", Some(Reason::LogEntryMismatch)),
        ("PKIX_ECDSA_P256_SHA_256", Some(Reason::LogEntryMismatch)),
    ] {
        let signed = with_value(&stage, stage.sign(&plan), pointer, details.into());
        assert_eq!(stage.why(&signed.bundle()), expected, "{details}");
    }
}

#[test]
fn a_failure_says_where_the_entry_stands_in_its_format() {
    let stage = Stage::new();
    let digest = sealcheck_verify::Digest::sha256(ARTIFACT).to_string();
    let other = stage.sign(&Plan::default());
    let other_bundle = other.rekor_bundle().unwrap();
    let other_entry = other.entries[0].bundle_json();
    let ours = stage.sign(&Plan::default());
    let (signature, certificate) = (ours.sig_file(), ours.cert_file());
    let mut bundle = ours.bundle();
    bundle["verificationMaterial"]["tlogEntries"][0] = other_entry.clone();
    let mut legacy = ours.legacy_bundle();
    legacy["rekorBundle"] = other_bundle.clone();
    let image = stage.sigstore.sign_image("a", &digest, &[]);
    let annotations = SignatureAnnotations {
        signature: &image.sig_file(),
        certificate: Some(&image.signed.verifier_pem()),
        bundle: Some(&other_bundle.to_string()),
        ..SignatureAnnotations::default()
    };
    let detached = Material::detached(signature.as_bytes(), Some(certificate.as_bytes()))
        .unwrap()
        .with_log_entry(other_entry.to_string().as_bytes());
    for (material, place) in [
        (
            Material::from_bundle(bundle.to_string().as_bytes()),
            "verificationMaterial.tlogEntries[0].",
        ),
        (
            Material::from_bundle(legacy.to_string().as_bytes()),
            "rekorBundle.",
        ),
        (
            Material::simple_signing(&image.layer_content(), annotations),
            "bundle.",
        ),
        (detached, "tlogEntries[0]."),
    ] {
        let verdict = stage.verify(&material.unwrap());
        let failure = verdict.failure().unwrap();
        assert_eq!(failure.reason, Reason::LogEntryMismatch);
        let field = failure.field.as_deref().unwrap();
        assert!(field.starts_with(place), "{field}");
    }
}
