//! The forms that cosign wrote before bundles.

use sealcheck_testkit::{Key, KeyKind, Plan, Signed, TokenOptions};
use sealcheck_verify::evidence::{LogProof, TimeSource};
use sealcheck_verify::{
    Artifact, Content, Digest, Material, Outcome, Reason, Requirements, SignatureAnnotations,
};
use serde_json::json;

use crate::stage::{ARTIFACT, Stage, accepted, any_content, default_signer, public_key, reason};

/// The signature in each spelling, with the certificate in each spelling.
fn spellings(signed: &Signed) -> Vec<Material> {
    let leaf = signed.signed.leaf.as_ref().unwrap();
    let pem = leaf.pem();
    let base64_of_der = sealcheck_testkit::encoding::base64(&leaf.der);
    let signatures = [
        signed.sig_file(),
        signed.sig_file() + "\n",
        "  ".to_owned() + &signed.sig_file(),
    ]
    .map(String::into_bytes);
    let signatures: Vec<Vec<u8>> = signatures
        .into_iter()
        .chain([signed.signed.signature.clone()])
        .collect();
    let with_chain = pem.clone() + &leaf.chain_pem();
    let certificates: [&[u8]; 5] = [
        pem.as_bytes(),
        signed.cert_file().leak().as_bytes(),
        &leaf.der,
        base64_of_der.as_bytes(),
        with_chain.as_bytes(),
    ];
    let detached = |signature: &Vec<u8>, certificate| {
        Material::detached(signature, Some(certificate)).unwrap()
    };
    signatures
        .iter()
        .flat_map(|signature| certificates.map(|certificate| detached(signature, certificate)))
        .collect()
}

#[test]
fn detached_files_in_every_spelling_with_a_log_entry_that_was_found() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let entry = signed.entries[0].bundle_json().to_string();
    for material in spellings(&signed) {
        assert!(!material.has_time() && !material.has_log_entry());
        let alone = stage.verify(&material);
        assert_eq!(alone.failure().unwrap().reason, Reason::NoTrustedTime);
        assert_eq!(alone.outcome(), Outcome::Unavailable);
        let checks = &alone.evidence().checks;
        assert!(
            checks.certificate.passed() && checks.signature.passed() && checks.identity.passed()
        );
        let found = material.with_log_entry(entry.as_bytes()).unwrap();
        assert!(found.has_time() && found.has_log_entry());
        let evidence = stage.accept_material(&found);
        assert_eq!(evidence.time_source, Some(TimeSource::LogEntry));
        assert_eq!(
            evidence.checks.material.facts().unwrap().format,
            "detached-signature"
        );
        let entry = &evidence.checks.log.facts().unwrap().entries[0];
        assert_eq!(entry.proof, LogProof::PromiseAndInclusion);
    }
}

#[test]
fn detached_signature_with_a_key() {
    let key = Key::generate(KeyKind::P256);
    let stage = Stage::new().requiring(Requirements::key(public_key(&key)));
    let signed = stage.sign(&Plan::key(key));
    let material = Material::detached(signed.sig_file().as_bytes(), None).unwrap();
    let alone = stage.verify(&material);
    assert_eq!(
        alone.failure().unwrap().reason,
        Reason::LogEntriesInsufficient
    );
    let entry = signed.entries[0].bundle_json().to_string();
    let material = material.with_log_entry(entry.as_bytes()).unwrap();
    assert_eq!(
        stage
            .accept_material(&material)
            .checks
            .key
            .facts()
            .unwrap()
            .source,
        "caller"
    );
}

#[test]
fn detached_envelope_with_certificate_or_key() {
    let stage = Stage::new().requiring(default_signer().content(Content::AnyAttestation));
    let signed = stage.sigstore.attest_blob(ARTIFACT);
    let (envelope, entry) = (
        signed.signed.envelope_bytes(),
        signed.entries[0].bundle_json().to_string(),
    );
    let material =
        Material::detached_envelope(&envelope, Some(signed.cert_file().as_bytes())).unwrap();
    assert!(material.is_attestation());
    assert_eq!(
        stage.verify(&material).failure().unwrap().reason,
        Reason::NoTrustedTime
    );
    let material = material.with_log_entry(entry.as_bytes()).unwrap();
    let evidence = stage.accept_material(&material);
    assert_eq!(
        evidence.checks.material.facts().unwrap().format,
        "detached-envelope"
    );

    let key = Key::generate(KeyKind::P384);
    let requirements = Requirements::key(public_key(&key)).content(Content::AnyAttestation);
    let stage = stage.requiring(requirements);
    let attestation = signed.signed.content.clone();
    let signed = stage.sigstore.sign(attestation, &Plan::key(key));
    let entry = signed.entries[0].bundle_json().to_string();
    let material = Material::detached_envelope(&signed.signed.envelope_bytes(), None).unwrap();
    stage.accept_material(&material.with_log_entry(entry.as_bytes()).unwrap());
}

#[test]
fn legacy_bundle_of_a_blob_by_identity_and_by_key() {
    let stage = Stage::new();
    let bundle = stage.sign(&Plan::default()).legacy_bundle();
    let evidence = stage.accept(&bundle);
    assert_eq!(
        evidence.checks.material.facts().unwrap().format,
        "cosign-bundle"
    );
    assert_eq!(
        evidence.checks.log.facts().unwrap().entries[0].proof,
        LogProof::Promise
    );

    let key = Key::generate(KeyKind::P256);
    let stage = stage.requiring(Requirements::key(public_key(&key)));
    let mut bundle = stage.sign(&Plan::key(key.clone())).legacy_bundle();
    assert_eq!(
        stage.accept(&bundle).checks.key.facts().unwrap().source,
        "caller"
    );
    // cosign repeats the key in `cert`, as PEM or as base64 of it. It is the caller's key that counts.
    for spelling in [
        key.public_pem(),
        sealcheck_testkit::encoding::base64(key.public_pem().as_bytes()),
        String::new(),
    ] {
        bundle["cert"] = spelling.into();
        assert_eq!(
            stage.accept(&bundle).checks.key.facts().unwrap().source,
            "caller"
        );
    }
}

#[test]
fn legacy_bundle_of_an_attestation_has_the_envelope_for_a_signature() {
    let stage = Stage::new().requiring(default_signer().content(Content::AnyAttestation));
    let signed = stage.sigstore.attest_blob(ARTIFACT);
    let mut bundle = signed.legacy_bundle();
    let evidence = stage.accept(&bundle);
    assert_eq!(
        evidence.checks.material.facts().unwrap().format,
        "cosign-bundle"
    );
    // An attestation is still no signature.
    let stage = stage.requiring(default_signer());
    assert_eq!(stage.why(&bundle), Some(Reason::NotASignature));
    // Other text than an envelope is neither.
    bundle["base64Signature"] = sealcheck_testkit::encoding::base64(b"{\"payload\": \"\"}").into();
    assert_eq!(stage.why(&bundle), Some(Reason::MaterialMalformed));
}

#[test]
fn simple_signing_with_annotations() {
    let stage = Stage::new();
    let image = Digest::sha256(ARTIFACT).to_string();
    let payload = sealcheck_testkit::sign::simple_signing_payload(
        "registry.test/app:1",
        &image,
        &[("a", "b")],
    );
    let plan = Plan::default().with_timestamp(TokenOptions::default());
    let signed = stage.sigstore.sign(
        sealcheck_testkit::Content::message(payload.to_string().as_bytes()),
        &plan,
    );
    let layer = signed.layer_annotations();
    let text = |name: &str| layer[name].as_str().unwrap();
    let annotations = SignatureAnnotations {
        signature: text("dev.cosignproject.cosign/signature"),
        certificate: Some(text("dev.sigstore.cosign/certificate")),
        chain: Some(text("dev.sigstore.cosign/chain")),
        bundle: Some(text("dev.sigstore.cosign/bundle")),
        timestamp: Some(text("dev.sigstore.cosign/rfc3161timestamp")),
    };
    let material = Material::simple_signing(&signed.layer_content(), annotations).unwrap();
    let evidence = stage.accept_material(&material);
    assert_eq!(
        evidence.checks.material.facts().unwrap().format,
        "simple-signing"
    );
    assert_eq!(
        evidence.checks.signature.facts().unwrap().over,
        "simple-signing-payload"
    );
    assert_eq!(
        &*evidence.checks.subject.facts().unwrap().name,
        "registry.test/app:1"
    );
    assert_eq!(evidence.checks.time.facts().unwrap().accepted.len(), 2);

    let bare = SignatureAnnotations {
        chain: None,
        timestamp: None,
        ..annotations
    };
    let material = Material::simple_signing(&signed.layer_content(), bare).unwrap();
    assert_eq!(
        accepted(&stage.verify(&material)).time_source,
        Some(TimeSource::LogEntry)
    );
    let offline = SignatureAnnotations {
        bundle: None,
        ..annotations
    };
    let material = Material::simple_signing(&signed.layer_content(), offline).unwrap();
    let stage = stage.requiring(default_signer().log_entries(sealcheck_verify::Threshold::Waived));
    assert_eq!(
        accepted(&stage.verify(&material)).time_source,
        Some(TimeSource::Timestamp)
    );
}

#[test]
fn simple_signing_with_a_key() {
    let key = Key::generate(KeyKind::P256);
    let stage = Stage::new().requiring(Requirements::key(public_key(&key)));
    let image = Digest::sha256(ARTIFACT).to_string();
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": ""},
            "image": {"docker-manifest-digest": image},
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    let content = sealcheck_testkit::Content::message(payload.to_string().as_bytes());
    let signed = stage.sigstore.sign(content, &Plan::key(key));
    let annotations = SignatureAnnotations {
        signature: &signed.sig_file(),
        bundle: Some(&signed.rekor_bundle().unwrap().to_string()),
        ..SignatureAnnotations::default()
    };
    let material = Material::simple_signing(payload.to_string().as_bytes(), annotations).unwrap();
    stage.accept_material(&material);
}

#[test]
fn what_was_found_is_kept_in_a_bundle() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let certificate = signed.cert_file();
    let material =
        Material::detached(signed.sig_file().as_bytes(), Some(certificate.as_bytes())).unwrap();
    let material = material
        .with_log_entry(signed.entries[0].bundle_json().to_string().as_bytes())
        .unwrap();
    let material = material
        .with_timestamp(
            &stage
                .sigstore
                .tsa
                .timestamp(&signed.signed.signature, &TokenOptions::default()),
        )
        .unwrap();
    let bundle = material.to_bundle(&Artifact::from_bytes(ARTIFACT)).unwrap();
    let evidence = stage.accept(&serde_json::from_str(&bundle).unwrap());
    assert_eq!(evidence.checks.time.facts().unwrap().accepted.len(), 2);
}

#[test]
fn a_timestamp_beside_an_envelope_is_over_its_signature() {
    let stage = Stage::new().requiring(any_content());
    let signed = stage.sigstore.attest_blob(ARTIFACT);
    let certificate = signed.cert_file();
    let token = |message: &[u8]| {
        stage
            .sigstore
            .tsa
            .timestamp(message, &TokenOptions::default())
    };
    let with = |token: Vec<u8>| {
        let envelope = signed.signed.envelope_bytes();
        Material::detached_envelope(&envelope, Some(certificate.as_bytes()))
            .and_then(|material| {
                material.with_log_entry(signed.entries[0].bundle_json().to_string().as_bytes())
            })
            .and_then(|material| material.with_timestamp(&token))
            .map(|material| stage.verify(&material))
    };
    assert_eq!(reason(&with(token(&signed.signed.signature))), None);
    assert_eq!(
        reason(&with(token(&signed.signed.envelope_bytes()))),
        Some(Reason::TimestampMismatch)
    );
}
