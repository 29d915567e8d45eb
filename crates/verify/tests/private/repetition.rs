//! An auditor repeats a verification from its evidence, the artifact's digest and the trusted root.

use sealcheck_testkit::{
    Content as Signable, Key, KeyKind, LeafRequest, Plan, SctMode, TokenOptions,
};
use sealcheck_verify::{
    Artifact, Digest, Material, Reason, Requirements, SignatureAnnotations, Threshold, Verdict,
};
use serde_json::Value;

use crate::stage::{ARTIFACT, Stage, any_content, default_signer, public_key};

/// The material that the evidence holds, made from its JSON alone.
fn rebuilt(evidence: &Value) -> Material {
    let facts = &evidence["material"];
    let parts: Vec<(&str, Vec<u8>)> = facts["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            (
                part["role"].as_str().unwrap(),
                sealcheck_testkit::encoding::base64_decode(part["content"].as_str().unwrap()),
            )
        })
        .collect();
    let parts: Vec<(&str, &[u8])> = parts
        .iter()
        .map(|(role, content)| (*role, &**content))
        .collect();
    Material::from_parts(facts["format"].as_str().unwrap(), &parts).unwrap()
}

/// The same outcome, failures and checks, by the artifact's digest in the evidence.
fn repeat(stage: &Stage, material: &Material, artifact: &Artifact<'_>) {
    let first = stage.verify_artifact(material, artifact);
    let evidence: Value =
        serde_json::from_str(&serde_json::to_string(first.evidence()).unwrap()).unwrap();
    assert_eq!(evidence["schema"], "sealcheck/evidence/v1");
    assert_eq!(evidence["trustedRoot"]["sha256"], stage.root.digest().hex());
    let digest: Digest = format!(
        "sha256:{}",
        evidence["artifact"]["digests"]["sha256"].as_str().unwrap()
    )
    .parse()
    .unwrap();
    let second = stage.verify_artifact(&rebuilt(&evidence), &Artifact::from_digest(digest));
    let facts = |verdict: &Verdict| {
        let mut value = serde_json::to_value(verdict.evidence()).unwrap();
        value["artifact"] = Value::Null;
        value
    };
    assert_eq!(facts(&first), facts(&second));
}

fn materials(stage: &Stage) -> Vec<Material> {
    let signed = stage.sign(&Plan::default().with_timestamp(TokenOptions::default()));
    let entry = signed.entries[0].bundle_json().to_string();
    let certificate = signed.cert_file();
    let attested = stage.sigstore.attest_blob(ARTIFACT);
    let attested_entry = attested.entries[0].bundle_json().to_string();
    let attested_certificate = attested.cert_file();
    let image = {
        let payload = sealcheck_testkit::sign::simple_signing_payload(
            "a",
            &Digest::sha256(ARTIFACT).to_string(),
            &[],
        );
        let plan = Plan::default().with_timestamp(TokenOptions::default());
        stage
            .sigstore
            .sign(Signable::message(payload.to_string().as_bytes()), &plan)
    };
    let layer = image.layer_annotations();
    let text = |name: &str| layer[name].as_str().unwrap();
    let sct = stage.sign(&Plan::keyless(LeafRequest {
        sct: SctMode::Detached,
        ..LeafRequest::default()
    }));
    let bundle =
        |signed: &sealcheck_testkit::Signed| Material::from_bundle(&signed.bundle_bytes()).unwrap();
    vec![
        bundle(&signed),
        bundle(&attested),
        bundle(&stage.sign(&Plan::rekor_v2())),
        bundle(&sct).with_sct(&sct.signed.leaf.as_ref().unwrap().scts[0].encode()),
        Material::from_bundle(signed.bundle_with_chain().to_string().as_bytes()).unwrap(),
        Material::from_bundle(signed.legacy_bundle().to_string().as_bytes()).unwrap(),
        Material::detached(signed.sig_file().as_bytes(), Some(certificate.as_bytes())).unwrap(),
        Material::detached(signed.sig_file().as_bytes(), Some(certificate.as_bytes()))
            .unwrap()
            .with_log_entry(entry.as_bytes())
            .unwrap()
            .with_timestamp(&signed.timestamps[0])
            .unwrap(),
        Material::detached_envelope(
            &attested.signed.envelope_bytes(),
            Some(attested_certificate.as_bytes()),
        )
        .unwrap()
        .with_log_entry(attested_entry.as_bytes())
        .unwrap(),
        Material::simple_signing(
            &image.layer_content(),
            SignatureAnnotations {
                signature: text("dev.cosignproject.cosign/signature"),
                certificate: Some(text("dev.sigstore.cosign/certificate")),
                chain: Some(text("dev.sigstore.cosign/chain")),
                bundle: Some(text("dev.sigstore.cosign/bundle")),
                timestamp: Some(text("dev.sigstore.cosign/rfc3161timestamp")),
            },
        )
        .unwrap(),
        attestation_layer(stage, &attested),
    ]
}

/// With a timestamp, which is over the whole envelope.
fn attestation_layer(stage: &Stage, attested: &sealcheck_testkit::Signed) -> Material {
    let mut attested = attested.clone();
    let envelope = attested.layer_content();
    let token = stage
        .sigstore
        .tsa
        .timestamp(&envelope, &TokenOptions::default());
    attested.timestamps = vec![token];
    let layer = attested.layer_annotations();
    let text = |name: &str| layer[name].as_str();
    let annotations = SignatureAnnotations {
        signature: "",
        certificate: text("dev.sigstore.cosign/certificate"),
        chain: text("dev.sigstore.cosign/chain"),
        bundle: text("dev.sigstore.cosign/bundle"),
        timestamp: text("dev.sigstore.cosign/rfc3161timestamp"),
    };
    Material::attestation_layer(&envelope, annotations).unwrap()
}

#[test]
fn of_every_format_verified_and_rejected() {
    let stage = Stage::new().requiring(any_content());
    let materials = materials(&stage);
    for material in &materials {
        repeat(&stage, material, &Artifact::from_bytes(ARTIFACT));
        repeat(&stage, material, &Artifact::from_bytes(b"another"));
    }
    let verified = materials
        .iter()
        .filter(|material| stage.verify(material).failure().is_none())
        .count();
    // All but the signature and certificate without any time.
    assert_eq!(verified, materials.len() - 1);
    for requirements in [
        default_signer(),
        default_signer()
            .log_entries(Threshold::Waived)
            .scts(Threshold::Waived),
        any_content()
            .require_inclusion_proof()
            .timestamps(Threshold::ONE),
        any_content().accept_now_as_signing_time(),
    ] {
        let stage = Stage {
            requirements,
            ..Stage::new()
        };
        for material in &materials {
            repeat(&stage, material, &Artifact::from_bytes(ARTIFACT));
        }
    }
}

#[test]
fn with_a_key() {
    let key = Key::generate(KeyKind::P256);
    let stage = Stage::new().requiring(Requirements::key(public_key(&key)));
    let signed = stage.sign(&Plan::key(key));
    let entry = signed.entries[0].bundle_json().to_string();
    for material in [
        Material::from_bundle(&signed.bundle_bytes()).unwrap(),
        Material::from_bundle(signed.legacy_bundle().to_string().as_bytes()).unwrap(),
        Material::detached(&signed.signed.signature, None)
            .unwrap()
            .with_log_entry(entry.as_bytes())
            .unwrap(),
    ] {
        assert!(stage.verify(&material).failure().is_none());
        repeat(&stage, &material, &Artifact::from_bytes(ARTIFACT));
    }
}

#[test]
fn from_parts_that_are_missing_or_of_another_format() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let (bundle, legacy) = (signed.bundle_bytes(), signed.legacy_bundle().to_string());
    let why = |format: &str, parts: &[(&str, &[u8])]| {
        Material::from_parts(format, parts).unwrap_err().reason
    };
    for format in [
        "sigstore-bundle-v0.3",
        "detached-signature",
        "detached-envelope",
        "simple-signing",
        "",
        "x",
    ] {
        assert_eq!(why(format, &[]), Reason::MaterialIncomplete, "{format}");
    }
    assert_eq!(
        why("sigstore-bundle-v0.1", &[("bundle", &bundle)]),
        Reason::MaterialMalformed
    );
    assert_eq!(
        why("cosign-bundle", &[("bundle", &bundle)]),
        Reason::MaterialMalformed
    );
    assert_eq!(
        why("sigstore-bundle-v0.3", &[("bundle", legacy.as_bytes())]),
        Reason::MaterialMalformed
    );
    assert_eq!(
        why(
            "simple-signing",
            &[("payload", b"{}"), ("signature", b"\xff")]
        ),
        Reason::MaterialMalformed
    );
}
