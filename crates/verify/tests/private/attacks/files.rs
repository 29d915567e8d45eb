//! Files that are something else than they are taken for.

use sealcheck_testkit::encoding::{base64, pem};
use sealcheck_testkit::{Key, KeyKind, Plan};
use sealcheck_verify::{Material, Reason};

use crate::stage::{Stage, reason};

#[test]
fn signature_and_certificate_swapped() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let leaf = signed.signed.leaf.clone().unwrap();
    let signature = signed.sig_file();
    for certificate in [leaf.pem().into_bytes(), signed.cert_file().into_bytes()] {
        let failure = Material::detached(&certificate, Some(signature.as_bytes())).unwrap_err();
        assert_eq!(
            (failure.reason, failure.field.as_deref()),
            (Reason::MaterialMalformed, Some("signature"))
        );
        assert!(
            failure.found.as_deref().unwrap().contains("certificate"),
            "{failure}"
        );
    }
    // Raw DER says nothing of itself; the certificate then cannot be read.
    let swapped = Material::detached(&leaf.der, Some(&signed.signed.signature))
        .map(|material| stage.verify(&material));
    assert_eq!(reason(&swapped), Some(Reason::CertificateMalformed));
}

#[test]
fn other_files_as_a_signature() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let key = Key::generate(KeyKind::P256);
    for text in [
        String::new(),
        " \n".into(),
        signed.bundle().to_string(),
        signed.legacy_bundle().to_string(),
        format!("\n{}", signed.bundle()),
        key.public_pem(),
        pem("PRIVATE KEY", b"secret"),
        // What servers answer instead of the file. The second one is base64 by chance.
        "404: Not Found\n".into(),
        "Not Found\n".into(),
        PAGE.into(),
        base64(PAGE.as_bytes()),
    ] {
        let failure =
            Material::detached(text.as_bytes(), Some(signed.cert_file().as_bytes())).unwrap_err();
        assert_eq!(failure.reason, Reason::MaterialMalformed, "{text}");
        assert!(!failure.to_string().contains("secret"));
    }
    let hex = Material::detached(
        sealcheck_testkit::encoding::hex(&signed.signed.signature).as_bytes(),
        Some(signed.cert_file().as_bytes()),
    );
    assert!(reason(&hex.map(|material| stage.verify(&material))).is_some());
}

/// What is text is no signature, and whatever is as short or as long as a real one is judged by its key.
#[test]
fn signatures_of_every_kind_are_not_taken_for_text() {
    let stage = Stage::new();
    for kind in [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::P521,
        KeyKind::Ed25519,
    ] {
        let key = Key::generate(kind);
        for _ in 0..20 {
            let signature = stage.sign(&Plan::key(key.clone())).signed.signature;
            Material::detached(&signature, None).unwrap();
            Material::detached(base64(&signature).as_bytes(), None).unwrap();
        }
    }
    Material::detached(&[b'A'; 512].map(|octet| octet ^ 0x80), None).unwrap();
    // Control characters are in no text for people, nor are octets that are not UTF-8, however few.
    Material::detached(&[1; 64], None).unwrap();
    Material::detached(&[0xff; 39], None).unwrap();
    // In base64, as text, so short a signature is more likely a word.
    for (octets, accepted) in [(39, false), (40, true)] {
        let file = base64(&vec![0xff; octets]);
        let read = Material::detached(file.as_bytes(), None);
        assert_eq!(read.is_ok(), accepted, "{octets}");
    }
}

#[test]
fn what_a_file_holds_instead_of_a_signature_is_said() {
    for (text, found) in [
        ("", "an empty file"),
        ("-----BEGIN X-----\n", "PEM text, such as a certificate"),
        (" {}", "a JSON document, such as a bundle"),
        (
            "404: Not Found\n",
            "text that is no signature, such as a server's message",
        ),
    ] {
        let failure = Material::detached(text.as_bytes(), None).unwrap_err();
        assert_eq!(failure.found.as_deref(), Some(found));
    }
}

#[test]
fn a_cosign_bundle_without_a_signature() {
    let signed = Stage::new().sign(&Plan::default());
    let mut bundle = signed.legacy_bundle();
    bundle["base64Signature"] = "".into();
    let failure = Material::from_bundle(bundle.to_string().as_bytes()).unwrap_err();
    assert_eq!(
        (failure.reason, failure.field.as_deref()),
        (Reason::MaterialIncomplete, Some("base64Signature"))
    );
}

#[test]
fn other_files_as_a_certificate() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let leaf = signed.signed.leaf.clone().unwrap();
    let key = Key::generate(KeyKind::P256);
    let signature = signed.sig_file();
    for (text, expected) in [
        (String::new(), Reason::MaterialMalformed),
        (key.public_pem(), Reason::MaterialMalformed),
        (
            base64(key.public_pem().as_bytes()),
            Reason::MaterialMalformed,
        ),
        (pem("PRIVATE KEY", b"secret"), Reason::MaterialMalformed),
        (
            leaf.pem() + &pem("PRIVATE KEY", b"secret"),
            Reason::MaterialMalformed,
        ),
        (leaf.pem() + &key.public_pem(), Reason::MaterialMalformed),
        (key.public_pem() + &leaf.pem(), Reason::MaterialMalformed),
        (
            leaf.pem().replace("-----END CERTIFICATE-----", ""),
            Reason::MaterialMalformed,
        ),
        (
            pem("CERTIFICATE", b"no certificate"),
            Reason::CertificateMalformed,
        ),
        ("hello".into(), Reason::MaterialMalformed),
        ("Not Found".into(), Reason::MaterialMalformed),
        (PAGE.into(), Reason::MaterialMalformed),
        (
            "<?xml version=\"1.0\"?><Error/>\n".into(),
            Reason::MaterialMalformed,
        ),
        (signed.bundle().to_string(), Reason::MaterialMalformed),
        // The leaf comes first.
        (leaf.chain_pem() + &leaf.pem(), Reason::SignatureInvalid),
    ] {
        let judged = Material::detached(signature.as_bytes(), Some(text.as_bytes()))
            .map(|material| stage.verify(&material));
        assert_eq!(reason(&judged), Some(expected), "{text}");
    }
    // No text, so it can only be meant as DER.
    let judged = Material::detached(signature.as_bytes(), Some(&[0xff; 64]))
        .map(|material| stage.verify(&material));
    assert_eq!(reason(&judged), Some(Reason::CertificateMalformed));
}

#[test]
fn other_files_as_a_bundle_or_an_envelope() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let texts = [
        String::new(),
        " ".into(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        "\"mediaType\"".into(),
        "\"base64Signature\"".into(),
        signed.sig_file(),
        signed.cert_file(),
        signed.signed.verifier_pem(),
        stage.sigstore.trusted_root_json().to_string(),
        signed.entries[0].bundle_json().to_string(),
        "{".repeat(1_000_000),
        "[".repeat(1_000_000),
        format!("{{\"mediaType\":{}", "[".repeat(100_000)),
    ];
    for text in &texts {
        let shown: String = text.chars().take(40).collect();
        let failure = Material::from_bundle(text.as_bytes()).expect_err(&shown);
        assert!(
            matches!(
                failure.reason,
                Reason::MaterialMalformed | Reason::MediaTypeUnsupported
            ),
            "{shown}: {failure}"
        );
        let failure = Material::detached_envelope(text.as_bytes(), None).expect_err(&shown);
        assert!(
            matches!(failure.reason, Reason::MaterialMalformed),
            "{shown}: {failure}"
        );
        let material = Material::detached(
            signed.sig_file().as_bytes(),
            Some(signed.cert_file().as_bytes()),
        )
        .unwrap();
        if *text != texts[11] {
            let failure = material.with_log_entry(text.as_bytes()).expect_err(&shown);
            assert_eq!(failure.reason, Reason::LogEntryMalformed, "{shown}");
        }
    }
    for bytes in [
        &b"\xff\xfe{\0}\0"[..],
        b"\x1f\x8b\x08",
        b"\x7fELF",
        b"{\"mediaType\":\"\xff\"}",
    ] {
        assert_eq!(
            Material::from_bundle(bytes).unwrap_err().reason,
            Reason::MaterialMalformed
        );
    }
}

/// A bundle of one artifact beside another is another artifact, not another signer.
#[test]
fn the_bundle_of_another_artifact() {
    let stage = Stage::new();
    for bundle in [
        stage.sigstore.sign_blob(b"other").bundle(),
        stage.sigstore.sign_blob(b"other").legacy_bundle(),
    ] {
        let verdict = stage.judge(&bundle).unwrap();
        assert_eq!(
            verdict.failure().unwrap().reason,
            Reason::ArtifactMismatch,
            "{verdict}"
        );
    }
}

/// A page for people, as a server or a proxy answers in the place of a file.
const PAGE: &str = "<!DOCTYPE html>\n<html><body>Not Found</body></html>\n";
