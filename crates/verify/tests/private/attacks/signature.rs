//! Step 6: signatures over something else.

use sealcheck_testkit::encoding::base64;
use sealcheck_testkit::{Content as Signable, Hash, Key, KeyKind, Plan, Scheme, Signed};
use sealcheck_verify::{Artifact, Digest, DigestAlgorithm, Material, Reason, Requirements};
use serde_json::json;

use crate::stage::{ARTIFACT, Stage, any_content, public_key};

#[test]
fn of_another_artifact() {
    let stage = Stage::new();
    let material = Material::from_bundle(&stage.sign(&Plan::default()).bundle_bytes()).unwrap();
    let empty = Artifact::from_bytes(b"");
    let longer = [ARTIFACT, b"\n"].concat();
    for artifact in [
        empty,
        Artifact::from_bytes(&longer),
        Artifact::from_bytes(&ARTIFACT[1..]),
        Artifact::from_digest(Digest::sha256(b"x")),
    ] {
        let verdict = stage.verify_artifact(&material, &artifact);
        assert_eq!(verdict.failure().unwrap().reason, Reason::ArtifactMismatch);
        assert!(!verdict.evidence().checks.signature.passed());
    }
}

/// The digest in the bundle is the artifact's, and the signature another artifact's by the same key.
#[test]
fn of_another_artifact_under_the_right_digest() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let mut wrong = signed.clone();
    wrong.signed.signature = signed.signed.key.sign(b"another artifact");
    stage.log_again(&mut wrong);
    assert_eq!(stage.why(&wrong.bundle()), Some(Reason::SignatureInvalid));
    // Without a digest in the bundle nothing changes.
    let mut bundle = wrong.bundle();
    bundle["messageSignature"]
        .as_object_mut()
        .unwrap()
        .remove("messageDigest");
    assert_eq!(stage.why(&bundle), Some(Reason::SignatureInvalid));
    bundle = signed.bundle();
    bundle["messageSignature"]
        .as_object_mut()
        .unwrap()
        .remove("messageDigest");
    assert_eq!(stage.why(&bundle), None);
}

/// The signature verifies over SHA-384 of the artifact; the bundle and the log say SHA-256.
#[test]
fn that_is_valid_over_the_wrong_hash() {
    let key = Key::shared(KeyKind::P521);
    let stage = Stage::new().requiring(Requirements::key(public_key(&key)));
    for (made, said) in [
        (Hash::Sha384, Hash::Sha256),
        (Hash::Sha256, Hash::Sha512),
        (Hash::Sha512, Hash::Sha384),
    ] {
        let mut signed = stage.sign(&Plan::key(key.clone()).with_scheme(Scheme::Ecdsa(said)));
        signed.signed.signature = key.sign_with(Scheme::Ecdsa(made), ARTIFACT);
        stage.log_again(&mut signed);
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(Reason::SignatureInvalid),
            "{made:?} {said:?}"
        );
    }
    // Over the digest as if it were the message.
    let mut signed = stage.sign(&Plan::key(key.clone()));
    signed.signed.signature = key.sign(&Hash::Sha512.digest(ARTIFACT));
    stage.log_again(&mut signed);
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::SignatureInvalid));
    // By another digest than the one that the caller asks for.
    let asked = Requirements::key(public_key(&key)).digest_algorithm(DigestAlgorithm::Sha256);
    let signed = stage.sign(&Plan::key(key));
    let entry = signed.entries[0].bundle_json().to_string();
    let material = Material::detached(&signed.signed.signature, None)
        .unwrap()
        .with_log_entry(entry.as_bytes())
        .unwrap();
    let stage = stage.requiring(asked);
    assert_eq!(
        stage.verify(&material).failure().unwrap().reason,
        Reason::SignatureInvalid
    );
}

#[test]
fn a_digest_in_the_bundle_that_is_no_digest() {
    let stage = Stage::new();
    let mut bundle = stage.sign(&Plan::default()).bundle();
    for (algorithm, digest, expected) in [
        ("SHA2_256", base64(&[0; 31]), Reason::MaterialMalformed),
        (
            "SHA2_512",
            base64(&Hash::Sha256.digest(ARTIFACT)),
            Reason::MaterialMalformed,
        ),
        ("SHA2_256", base64(&[0; 32]), Reason::ArtifactMismatch),
        ("SHA1", base64(&[0; 20]), Reason::AlgorithmUnsupported),
        (
            "",
            base64(&Hash::Sha256.digest(ARTIFACT)),
            Reason::AlgorithmUnsupported,
        ),
        (
            "sha256",
            base64(&Hash::Sha256.digest(ARTIFACT)),
            Reason::AlgorithmUnsupported,
        ),
    ] {
        bundle["messageSignature"]["messageDigest"] =
            json!({"algorithm": algorithm, "digest": digest});
        assert_eq!(stage.why(&bundle), Some(expected), "{algorithm}");
    }
}

/// Type and payload are signed together: neither can be exchanged, and lengths cannot be moved.
#[test]
fn an_envelope_with_another_type_or_payload() {
    let stage = Stage::new().requiring(any_content());
    let signed = stage.sigstore.attest_blob(ARTIFACT);
    let Signable::Dsse(envelope) = signed.signed.content.clone() else {
        panic!("an envelope")
    };
    let mut payload = envelope.payload.clone();
    payload.push(b' ');
    let change = |field: &str, value: &str| {
        let mut bundle = signed.bundle();
        bundle["dsseEnvelope"][field] = value.into();
        let mut altered: Signed = signed.clone();
        altered.signed.content = Signable::Dsse(sealcheck_testkit::sign::Dsse {
            payload: payload.clone(),
            ..envelope.clone()
        });
        stage.log_again(&mut altered);
        if field == "payload" {
            bundle["verificationMaterial"] = altered.bundle()["verificationMaterial"].clone();
        }
        stage.why(&bundle)
    };
    assert_eq!(
        change("payload", &base64(&payload)),
        Some(Reason::SignatureInvalid)
    );
    assert_eq!(
        change("payloadType", "application/vnd.in-toto+json "),
        Some(Reason::SignatureInvalid)
    );
}

/// A signature over the bare payload is none over the envelope, and the other way round.
#[test]
fn over_the_payload_instead_of_the_envelope() {
    let stage = Stage::new().requiring(any_content());
    let mut signed = stage.sigstore.attest_blob(ARTIFACT);
    let Signable::Dsse(envelope) = signed.signed.content.clone() else {
        panic!("an envelope")
    };
    signed.signed.signature = signed.signed.key.sign(&envelope.payload);
    stage.log_again(&mut signed);
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::SignatureInvalid));
}

#[test]
fn none_or_several_in_an_envelope() {
    let stage = Stage::new().requiring(any_content());
    let good = stage.sigstore.attest_blob(ARTIFACT).bundle();
    let one = good["dsseEnvelope"]["signatures"][0].clone();
    for (signatures, expected) in [
        (vec![], Reason::MaterialMalformed),
        (vec![one.clone(), one.clone()], Reason::MaterialMalformed),
        (
            vec![json!({"sig": base64(b"other")}), one.clone()],
            Reason::MaterialMalformed,
        ),
        (vec![json!({"sig": ""})], Reason::MaterialIncomplete),
    ] {
        let mut bundle = good.clone();
        bundle["dsseEnvelope"]["signatures"] = signatures.into();
        assert_eq!(stage.why(&bundle), Some(expected));
    }
    // A message and an envelope at once, or neither.
    let message = stage.sign(&Plan::default()).bundle();
    let mut both = good.clone();
    both["messageSignature"] = message["messageSignature"].clone();
    assert_eq!(stage.why(&both), Some(Reason::MaterialIncomplete));
    both.as_object_mut().unwrap().remove("messageSignature");
    both.as_object_mut().unwrap().remove("dsseEnvelope");
    assert_eq!(stage.why(&both), Some(Reason::MaterialIncomplete));
}

/// Zero, order and other degenerate values that broken verifiers accept.
#[test]
fn degenerate_values() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let zero = sealcheck_testkit::asn1::sequence(&[
        sealcheck_testkit::asn1::number(0),
        sealcheck_testkit::asn1::number(0),
    ]);
    let long_form = [&[0x30, 0x81][..], &signed.signed.signature[1..]].concat();
    let trailing = [&signed.signed.signature[..], &[0]].concat();
    for signature in [
        zero,
        vec![0; 64],
        vec![0x30, 0],
        long_form,
        trailing,
        vec![0],
    ] {
        let mut altered = signed.clone();
        altered.signed.signature = signature;
        stage.log_again(&mut altered);
        assert_eq!(stage.why(&altered.bundle()), Some(Reason::SignatureInvalid));
    }
}
