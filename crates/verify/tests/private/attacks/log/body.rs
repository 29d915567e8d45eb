//! Entries about something else: another signature, key, artifact or kind.

use sealcheck_testkit::encoding::base64;
use sealcheck_testkit::{
    Content as Signable, DEFAULT_TIME, EntryKind, Key, KeyKind, LeafRequest, Plan, Signed, Signer,
    TokenOptions,
};
use sealcheck_verify::{Content, Reason, Requirements};
use serde_json::{Value, json};

use super::entry;
use crate::stage::{ARTIFACT, Stage, any_content, public_key};

/// The entry is genuine and complete, but somebody else's: other signature, other artifact, other certificate.
#[test]
fn an_entry_of_another_signature() {
    let stage = Stage::new().requiring(any_content());
    let leaf = stage.sigstore.issue(&Default::default());
    let by_leaf = Plan {
        signer: Signer::Leaf(Box::new(leaf)),
        ..Plan::default()
    };
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    let kinds = [
        (
            Signable::message(ARTIFACT),
            vec![
                EntryKind::HashedRekordV001,
                EntryKind::RekordV001,
                EntryKind::HashedRekordV002,
            ],
        ),
        (
            attestation,
            vec![
                EntryKind::DsseV001,
                EntryKind::DsseV002,
                EntryKind::IntotoV001,
                EntryKind::IntotoV002,
                EntryKind::HashedRekordV002,
            ],
        ),
    ];
    for (content, kinds) in kinds {
        let another = match &content {
            Signable::Message(_) => Signable::message(b"another artifact"),
            Signable::Dsse(_) => {
                stage
                    .sigstore
                    .attest_blob(b"another artifact")
                    .signed
                    .content
            }
        };
        for kind in kinds {
            let plan = by_leaf
                .clone()
                .with_entries(&[kind])
                .with_timestamp(TokenOptions::default());
            let sign = |content: &Signable, plan: &Plan| stage.sigstore.sign(content.clone(), plan);
            let ours = sign(&content, &plan);
            stage.accept(&ours.bundle());
            // Same signer and artifact; ECDSA signatures differ each time.
            let again = sign(&content, &plan);
            let other_artifact = sign(&another, &plan);
            let other_certificate = sign(
                &content,
                &Plan {
                    signer: Plan::default().signer,
                    ..plan.clone()
                },
            );
            for theirs in [again, other_artifact, other_certificate] {
                let mixed = Signed {
                    entries: theirs.entries,
                    ..ours.clone()
                };
                let reason = stage.why(&mixed.bundle());
                assert!(
                    matches!(
                        reason,
                        Some(Reason::LogEntryMismatch | Reason::ArtifactMismatch)
                    ),
                    "{kind:?}: {reason:?}"
                );
            }
        }
    }
}

/// What [`an_entry_of_another_signature`] cannot tell apart: each compared field alone.
#[test]
fn an_entry_that_differs_in_one_field() {
    let stage = Stage::new().requiring(any_content());
    let other = stage.sign(&Plan::default());
    let other_pem: Value = base64(other.signed.verifier_pem().as_bytes()).into();
    let other_der: Value = base64(&other.signed.leaf.as_ref().unwrap().der).into();
    let signature: Value = base64(&other.signed.signature).into();
    let twice: Value = base64(base64(&other.signed.signature).as_bytes()).into();
    let hash: Value = "00".repeat(32).into();
    let v2_hash: Value = base64(&[0; 32]).into();
    let message = Signable::message(ARTIFACT);
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    let mismatch = Reason::LogEntryMismatch;
    let cases: Vec<(&Signable, EntryKind, &str, &Value, Reason)> = vec![
        (
            &message,
            EntryKind::HashedRekordV001,
            "/data/hash/value",
            &hash,
            Reason::ArtifactMismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV001,
            "/signature/content",
            &signature,
            mismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV001,
            "/signature/publicKey/content",
            &other_pem,
            mismatch,
        ),
        (
            &message,
            EntryKind::RekordV001,
            "/data/hash/value",
            &hash,
            Reason::ArtifactMismatch,
        ),
        (
            &message,
            EntryKind::RekordV001,
            "/signature/content",
            &signature,
            mismatch,
        ),
        (
            &message,
            EntryKind::RekordV001,
            "/signature/publicKey/content",
            &other_pem,
            mismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/data/digest",
            &v2_hash,
            Reason::ArtifactMismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/signature/content",
            &signature,
            mismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/signature/verifier/x509Certificate/rawBytes",
            &other_der,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/data/digest",
            &v2_hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV001,
            "/payloadHash/value",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV001,
            "/signatures/0/signature",
            &signature,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV001,
            "/signatures/0/verifier",
            &other_pem,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV002,
            "/dsseV002/payloadHash/digest",
            &v2_hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV002,
            "/dsseV002/signatures/0/content",
            &signature,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV002,
            "/dsseV002/signatures/0/verifier/x509Certificate/rawBytes",
            &other_der,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV001,
            "/content/hash/value",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV001,
            "/content/payloadHash/value",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV001,
            "/publicKey",
            &other_pem,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/payloadHash/value",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/envelope/payloadType",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/envelope/signatures/0/sig",
            &twice,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/envelope/signatures/0/publicKey",
            &other_pem,
            mismatch,
        ),
    ];
    for (content, kind, pointer, value, expected) in cases {
        let plan = Plan::default()
            .with_entries(&[kind])
            .with_timestamp(TokenOptions::default());
        let mut signed = stage.sigstore.sign(content.clone(), &plan);
        let mut body = kind.body(&signed.signed);
        *body["spec"].pointer_mut(pointer).unwrap() = value.clone();
        stage.relog(&mut signed, kind, &body);
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(expected),
            "{kind:?} {pointer}"
        );
    }
}

/// Lists where one element is expected: none, two, the right one first or last.
#[test]
fn an_entry_with_other_than_one_signature() {
    let stage = Stage::new().requiring(any_content());
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    for (kind, list) in [
        (EntryKind::DsseV001, "/signatures"),
        (EntryKind::DsseV002, "/dsseV002/signatures"),
        (EntryKind::IntotoV002, "/content/envelope/signatures"),
    ] {
        for count in [0, 2] {
            let plan = Plan::default()
                .with_entries(&[kind])
                .with_timestamp(TokenOptions::default());
            let mut signed = stage.sigstore.sign(attestation.clone(), &plan);
            let mut body = kind.body(&signed.signed);
            let list = body["spec"].pointer_mut(list).unwrap();
            *list = vec![list[0].clone(); count].into();
            stage.relog(&mut signed, kind, &body);
            assert_eq!(
                stage.why(&signed.bundle()),
                Some(Reason::LogEntryMismatch),
                "{kind:?} {count}"
            );
        }
    }
}

#[test]
fn an_entry_for_the_other_kind_of_content_or_of_an_unknown_kind() {
    let stage = Stage::new().requiring(any_content());
    let attested = stage.sigstore.attest_blob(ARTIFACT);
    let message = stage.sign(&Plan::default());
    for kind in [
        EntryKind::DsseV001,
        EntryKind::DsseV002,
        EntryKind::IntotoV001,
        EntryKind::IntotoV002,
    ] {
        let mixed = Signed {
            entries: vec![stage.sigstore.record(kind, &attested.signed, DEFAULT_TIME)],
            ..message.clone()
        };
        assert_eq!(
            stage.why(&mixed.bundle()),
            Some(Reason::LogEntryUnsupported),
            "{kind:?}"
        );
    }
    for kind in [EntryKind::HashedRekordV001, EntryKind::RekordV001] {
        let mixed = Signed {
            entries: vec![stage.sigstore.record(kind, &attested.signed, DEFAULT_TIME)],
            ..attested.clone()
        };
        assert_eq!(
            stage.why(&mixed.bundle()),
            Some(Reason::LogEntryUnsupported),
            "{kind:?}"
        );
    }
    let mut bundle = message.bundle();
    for (kind, version) in [
        ("hashedrekord", "0.0.3"),
        ("tuf", "0.0.1"),
        ("", ""),
        ("HashedRekord", "0.0.1"),
    ] {
        entry(&mut bundle)["kindVersion"] = json!({"kind": kind, "version": version});
        assert_eq!(stage.why(&bundle), Some(Reason::LogEntryUnsupported));
    }
    // The wrapper says one kind, the signed body another.
    for (kind, version) in [("rekord", "0.0.1"), ("hashedrekord", "0.0.2")] {
        entry(&mut bundle)["kindVersion"] = json!({"kind": kind, "version": version});
        let reason = stage.why(&bundle);
        assert!(
            matches!(
                reason,
                Some(Reason::LogEntryMismatch | Reason::LogEntryMalformed)
            ),
            "{reason:?}"
        );
    }
}

/// The entry names another key than the caller's.
#[test]
fn an_entry_of_another_key() {
    let key = Key::generate(KeyKind::P256);
    let by_key = Requirements::key(public_key(&key));
    let stage = Stage::new().requiring(by_key.content(Content::SignatureOrAttestation));
    let other = Key::generate(KeyKind::P256);
    let pem: Value = base64(other.public_pem().as_bytes()).into();
    let der: Value = base64(other.spki()).into();
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    let message = Signable::message(ARTIFACT);
    for (content, kind, pointer, value) in [
        (
            &message,
            EntryKind::HashedRekordV001,
            "/signature/publicKey/content",
            &pem,
        ),
        (
            &message,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/signature/verifier/publicKey/rawBytes",
            &der,
        ),
        (
            &attestation,
            EntryKind::DsseV001,
            "/signatures/0/verifier",
            &pem,
        ),
        (
            &attestation,
            EntryKind::DsseV002,
            "/dsseV002/signatures/0/verifier/publicKey/rawBytes",
            &der,
        ),
        (&attestation, EntryKind::IntotoV001, "/publicKey", &pem),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/envelope/signatures/0/publicKey",
            &pem,
        ),
    ] {
        let plan = Plan::key(key.clone()).with_entries(&[kind]);
        let mut signed = stage.sigstore.sign(content.clone(), &plan);
        stage.accept(&signed.bundle());
        let mut body = kind.body(&signed.signed);
        *body["spec"].pointer_mut(pointer).unwrap() = value.clone();
        stage.relog(&mut signed, kind, &body);
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(Reason::LogEntryMismatch),
            "{kind:?}"
        );
    }
    // An entry of a certificate does not do for a key, nor the other way round.
    let certified = stage
        .sigstore
        .issue(&LeafRequest::default().with_key(key.clone()));
    let by_leaf = stage.sign(&Plan {
        signer: Signer::Leaf(Box::new(certified)),
        ..Plan::default()
    });
    for kind in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
        let mut signed = stage.sign(&Plan::key(key.clone()).with_entries(&[kind]));
        let mut body = kind.body(&signed.signed);
        let theirs = kind.body(&by_leaf.signed);
        match kind.is_v2() {
            true => {
                body["spec"]["hashedRekordV002"]["signature"]["verifier"] =
                    theirs["spec"]["hashedRekordV002"]["signature"]["verifier"].clone()
            }
            false => {
                body["spec"]["signature"]["publicKey"] =
                    theirs["spec"]["signature"]["publicKey"].clone()
            }
        }
        stage.relog(&mut signed, kind, &body);
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(Reason::LogEntryMismatch),
            "{kind:?}"
        );
    }
}

/// Another verifier compares the text.
#[test]
fn a_digest_in_another_spelling() {
    let stage = Stage::new().requiring(any_content());
    for (kind, pointer) in [
        (EntryKind::DsseV001, "/payloadHash/value"),
        (EntryKind::DsseV001, "/envelopeHash/value"),
        (EntryKind::IntotoV001, "/content/payloadHash/value"),
        (EntryKind::IntotoV001, "/content/hash/value"),
        (EntryKind::IntotoV002, "/content/payloadHash/value"),
        (EntryKind::IntotoV002, "/content/hash/value"),
    ] {
        let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
        let plan = Plan::default().with_entries(&[kind]);
        let mut signed = stage.sigstore.sign(attestation, &plan);
        assert_eq!(stage.why(&signed.bundle()), None);
        let mut body = kind.body(&signed.signed);
        let digest = body["spec"].pointer_mut(pointer).unwrap();
        *digest = digest.as_str().unwrap().to_uppercase().into();
        stage.relog(&mut signed, kind, &body);
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(Reason::LogEntryMalformed),
            "{kind:?} {pointer}"
        );
    }
}

/// The log compares the signature with the digest that it logs, so it can never have seen these two together.
#[test]
fn a_digest_by_another_algorithm_than_the_signatures() {
    let stage = Stage::new();
    for kind in [EntryKind::HashedRekordV001, EntryKind::RekordV001] {
        let plan = Plan::default().with_entries(&[kind]);
        let mut signed = stage.sigstore.sign(Signable::message(ARTIFACT), &plan);
        let mut body = kind.body(&signed.signed);
        let sha512 = sealcheck_testkit::Hash::Sha512.digest(ARTIFACT);
        body["spec"]["data"]["hash"] = json!({
            "algorithm": "sha512",
            "value": sealcheck_testkit::encoding::hex(&sha512),
        });
        stage.relog(&mut signed, kind, &body);
        let why = stage.why(&signed.bundle());
        assert_eq!(why, Some(Reason::LogEntryMismatch), "{kind:?}");
    }
}

/// `intoto` 0.0.2 has the signature in base64 within base64, and the inner one in one spelling.
#[test]
fn a_signature_in_another_spelling() {
    let stage = Stage::new().requiring(any_content());
    let kind = EntryKind::IntotoV002;
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    let plan = Plan::default().with_entries(&[kind]);
    let mut signed = stage.sigstore.sign(attestation, &plan);
    let standard = base64(&signed.signed.signature);
    for other in [
        format!("{}\n", standard),
        format!("{}=", standard),
        standard.trim_end_matches('=').to_owned() + "*",
        standard
            .replace('+', "-")
            .replace('/', "_")
            .trim_end_matches('=')
            .to_owned(),
    ] {
        if other == standard {
            continue;
        }
        let mut body = kind.body(&signed.signed);
        let envelope = &mut body["spec"]["content"]["envelope"];
        envelope["signatures"][0]["sig"] = base64(other.as_bytes()).into();
        stage.relog(&mut signed, kind, &body);
        let why = stage.why(&signed.bundle());
        assert_eq!(why, Some(Reason::LogEntryMalformed), "{other}");
    }
}
