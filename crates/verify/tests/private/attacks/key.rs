//! Step 2: the key is the certificate's or the caller's, and never one that the material brings along.

use sealcheck_testkit::encoding::{base64, pem};
use sealcheck_testkit::{Key, KeyKind, Plan};
use sealcheck_verify::{Content, Material, Outcome, PublicKey, Reason, Requirements};

use crate::stage::{Stage, default_signer, public_key};

/// GHSA-fx35-mq7g-6g98: the attacker signs with a key of their own and puts it into `cert`.
#[test]
fn a_bare_public_key_in_the_cert_field_of_a_legacy_bundle() {
    let attacker = Key::generate(KeyKind::P256);
    let mut stage = Stage::new();
    let mut bundle = stage.sign(&Plan::key(attacker.clone())).legacy_bundle();
    for spelling in [
        attacker.public_pem(),
        base64(attacker.public_pem().as_bytes()),
    ] {
        bundle["cert"] = spelling.into();
        stage.requirements = default_signer();
        assert_eq!(stage.why(&bundle), Some(Reason::CertificateRequired));
        stage.requirements = Requirements::key(public_key(&Key::generate(KeyKind::P256)));
        assert_eq!(stage.why(&bundle), Some(Reason::SignatureInvalid));
    }
    bundle["cert"] = base64(attacker.spki()).into();
    stage.requirements = default_signer();
    assert_eq!(stage.why(&bundle), Some(Reason::CertificateMalformed));
    // Both at once, so that one reader takes the certificate and another the key.
    let signed = stage.sign(&Plan::default());
    for blocks in [
        attacker.public_pem() + &signed.signed.verifier_pem(),
        signed.signed.verifier_pem() + &attacker.public_pem(),
        attacker.public_pem() + &attacker.public_pem(),
    ] {
        bundle["cert"] = base64(blocks.as_bytes()).into();
        assert_eq!(stage.why(&bundle), Some(Reason::MaterialMalformed));
    }
}

#[test]
fn a_key_is_required_and_the_material_has_a_certificate() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let certified = Requirements::key(public_key(&signed.signed.key));
    let stage = stage.requiring(certified);
    for bundle in [signed.bundle(), signed.legacy_bundle()] {
        let verdict = stage.judge(&bundle).unwrap();
        assert_eq!(verdict.failure().unwrap().reason, Reason::KeyNotUsed);
        assert_eq!(verdict.failures().len(), 1, "{:?}", verdict.failures());
    }
}

#[test]
fn an_identity_is_required_and_the_material_has_only_a_hint_at_a_key() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::key(Key::generate(KeyKind::P256)));
    for bundle in [signed.bundle(), signed.legacy_bundle()] {
        let verdict = stage.judge(&bundle).unwrap();
        assert_eq!(
            verdict.failure().unwrap().reason,
            Reason::CertificateRequired
        );
        assert!(!verdict.evidence().checks.signature.passed());
    }
    let detached = Material::detached(signed.sig_file().as_bytes(), None).unwrap();
    assert_eq!(
        stage.verify(&detached).failure().unwrap().reason,
        Reason::CertificateRequired
    );
}

#[test]
fn another_key_than_the_one_that_signed() {
    for kind in [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::Ed25519,
        KeyKind::Rsa2048,
    ] {
        let stage = Stage::new().requiring(Requirements::key(public_key(&Key::shared(kind))));
        let signed = stage.sign(&Plan::key(Key::generate(KeyKind::P256)));
        let verdict = stage.judge(&signed.bundle()).unwrap();
        assert_eq!(
            verdict.failure().unwrap().reason,
            Reason::SignatureInvalid,
            "{kind:?}"
        );
        let reasons: Vec<Reason> = verdict
            .failures()
            .iter()
            .map(|failure| failure.reason)
            .collect();
        assert!(reasons.contains(&Reason::LogEntryMismatch), "{reasons:?}");
    }
}

#[test]
fn a_private_key_or_a_certificate_instead_of_the_public_key() {
    let key = Key::generate(KeyKind::P256);
    let stage = Stage::new();
    let certificate = stage.sign(&Plan::default()).signed.verifier_pem();
    let twice = key.public_pem() + &key.public_pem();
    for text in [
        pem("PRIVATE KEY", b"secret"),
        pem("EC PRIVATE KEY", b"secret"),
        pem("ENCRYPTED SIGSTORE PRIVATE KEY", b"secret"),
        certificate,
        twice,
        pem("PUBLIC KEY", b"no key"),
        String::new(),
        "hello".into(),
        key.public_pem().replace("-----END PUBLIC KEY-----", ""),
        key.public_pem() + &pem("PRIVATE KEY", b"secret"),
    ] {
        let failure = PublicKey::parse(text.as_bytes()).unwrap_err();
        assert_eq!(failure.reason, Reason::KeyMalformed, "{text}");
        assert_eq!(failure.outcome(), Outcome::Usage);
        assert!(!failure.to_string().contains("secret"));
    }
    let mut trailing = key.spki().to_vec();
    trailing.push(0);
    assert_eq!(
        PublicKey::parse(&trailing).unwrap_err().reason,
        Reason::KeyMalformed
    );
}

#[test]
fn keys_that_are_too_weak_or_of_other_kinds() {
    use sealcheck_testkit::asn1;
    let info = |algorithm: &[Vec<u8>], key: &[u8]| {
        asn1::sequence(&[asn1::sequence(algorithm), asn1::bit_string(key)])
    };
    let rsa = |bits: usize| {
        let mut modulus = vec![0xff; bits / 8];
        modulus[0] = 0x80;
        let key = asn1::sequence(&[asn1::integer(&modulus), asn1::number(65537)]);
        info(&[asn1::oid("1.2.840.113549.1.1.1"), asn1::null()], &key)
    };
    for spki in [
        rsa(1024),
        rsa(8192),
        info(
            &[asn1::oid("1.2.840.10045.2.1"), asn1::oid("1.3.132.0.10")],
            &[4; 65],
        ),
        info(&[asn1::oid("1.3.101.113")], &[0; 57]),
        info(&[asn1::oid("1.2.840.10040.4.1")], &[0; 57]),
    ] {
        let failure = PublicKey::parse(&spki).unwrap_err();
        assert_eq!(failure.reason, Reason::AlgorithmUnsupported, "{failure}");
    }
}

/// A DSSE envelope by a key of the attacker, with the hint of the right one.
#[test]
fn a_hint_is_not_believed() {
    let (right, attacker) = (Key::generate(KeyKind::P256), Key::generate(KeyKind::P256));
    let requirements =
        Requirements::key(public_key(&right)).content(Content::SignatureOrAttestation);
    let stage = Stage::new().requiring(requirements);
    for content in [
        stage
            .sigstore
            .attest_blob(crate::stage::ARTIFACT)
            .signed
            .content,
        sealcheck_testkit::Content::message(crate::stage::ARTIFACT),
    ] {
        let mut bundle = stage
            .sigstore
            .sign(content, &Plan::key(attacker.clone()))
            .bundle();
        bundle["verificationMaterial"]["publicKey"]["hint"] = base64(&right.fingerprint()).into();
        assert_eq!(stage.why(&bundle), Some(Reason::SignatureInvalid));
    }
}
