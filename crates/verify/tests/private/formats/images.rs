//! What is attached to container images: attestations in layers, signed annotations and names.

use sealcheck_testkit::{Content as Signable, EntryKind, Plan, Signed, TokenOptions, sign};
use sealcheck_verify::{
    Content, Digest, Format, Material, Pattern, Reason, Requirements, SignatureAnnotations,
};
use serde_json::{Value, json};

use crate::stage::{ARTIFACT, Stage, accepted, default_signer, reason};

const TYPE: &str = "https://example.com/predicate/v1";

fn attested(stage: &Stage, plan: &Plan) -> Signed {
    let statement = sign::statement(
        sign::StatementVersion::V01,
        &[("app", ARTIFACT)],
        TYPE,
        json!({}),
    );
    stage.sigstore.sign(Signable::statement(&statement), plan)
}

/// The material of a layer, with these annotations changed.
fn layer(
    signed: &Signed,
    change: impl FnOnce(&mut Value),
) -> Result<Material, sealcheck_verify::Failure> {
    let mut annotations = Value::Object(signed.layer_annotations());
    change(&mut annotations);
    let text = |name: &str| annotations[format!("dev.sigstore.cosign/{name}")].as_str();
    let annotations = SignatureAnnotations {
        signature: annotations["dev.cosignproject.cosign/signature"]
            .as_str()
            .unwrap(),
        certificate: text("certificate"),
        chain: text("chain"),
        bundle: text("bundle"),
        timestamp: text("rfc3161timestamp"),
    };
    match signed.signed.content {
        Signable::Dsse(_) => Material::attestation_layer(&signed.layer_content(), annotations),
        Signable::Message(_) => Material::simple_signing(&signed.layer_content(), annotations),
    }
}

fn payload(optional: Value) -> Value {
    let mut payload = sign::simple_signing_payload(
        "registry.test/app",
        &Digest::sha256(ARTIFACT).to_string(),
        &[],
    );
    payload["optional"] = optional;
    payload
}

fn signed_payload(stage: &Stage, text: &str) -> Signed {
    stage
        .sigstore
        .sign(Signable::message(text.as_bytes()), &Plan::default())
}

/// Why a payload with these `optional` values does not meet the requirements; `None` when it does.
fn why_payload(optional: Value, requirements: Requirements) -> Option<Reason> {
    let stage = Stage::new().requiring(requirements);
    let signed = signed_payload(&stage, &payload(optional).to_string());
    reason(&layer(&signed, |_| {}).map(|material| stage.verify(&material)))
}

/// The same for a statement about these subjects.
fn why_statement(subjects: Value, requirements: Requirements) -> Option<Reason> {
    let stage = Stage::new().requiring(requirements);
    let digest = Digest::sha256(ARTIFACT).to_string();
    let mut statement = sign::cosign_statement(&digest, &[]);
    statement["subject"] = subjects;
    let signed = stage
        .sigstore
        .sign(Signable::statement(&statement), &Plan::default());
    stage.why(&signed.bundle())
}

fn subject(name: &str, annotations: Value) -> Value {
    json!({
        "name": name,
        "digest": {"sha256": Digest::sha256(ARTIFACT).hex()},
        "annotations": annotations,
    })
}

#[test]
fn an_attestation_in_a_layer_is_accepted_by_its_annotations() {
    for kind in [
        EntryKind::DsseV001,
        EntryKind::IntotoV001,
        EntryKind::IntotoV002,
    ] {
        let stage =
            Stage::new().requiring(default_signer().content(Content::Attestation(TYPE.into())));
        let signed = attested(&stage, &Plan::default().with_entries(&[kind]));
        let material = layer(&signed, |_| {}).unwrap();
        assert_eq!(material.format(), Format::AttestationLayer);
        let evidence = stage.accept_material(&material);
        assert_eq!(
            evidence.checks.material.facts().unwrap().format,
            "attestation-layer"
        );
        let parts: Vec<&str> = evidence
            .material
            .as_ref()
            .unwrap()
            .parts
            .iter()
            .map(|part| part.role)
            .collect();
        assert_eq!(parts, ["envelope", "certificate", "chain", "rekor-bundle"]);
    }
}

#[test]
fn the_chain_beside_a_certificate_leads_to_the_root() {
    let stage = Stage::new().requiring(default_signer().content(Content::AnyAttestation));
    let mut root = stage.sigstore.trusted_root_json();
    let chain = &mut root["certificateAuthorities"][0]["certChain"]["certificates"];
    let issuing = chain.as_array_mut().unwrap().remove(0);
    assert!(!issuing.is_null() && !chain[0].is_null());
    let stage = stage.trusting(&root);
    let signed = attested(&stage, &Plan::default());
    stage.accept_material(&layer(&signed, |_| {}).unwrap());
    let without = layer(&signed, |annotations| {
        annotations["dev.sigstore.cosign/chain"] = Value::Null;
    });
    assert_eq!(
        reason(&without.map(|material| stage.verify(&material))),
        Some(Reason::CertificateUntrusted)
    );
}

#[test]
fn a_layer_without_its_entry_has_no_time() {
    let stage = Stage::new().requiring(default_signer().content(Content::AnyAttestation));
    let signed = attested(&stage, &Plan::default());
    let material = layer(&signed, |annotations| {
        annotations["dev.sigstore.cosign/bundle"] = Value::Null;
    })
    .unwrap();
    assert_eq!(
        reason(&Ok(stage.verify(&material))),
        Some(Reason::NoTrustedTime)
    );
    let Signable::Dsse(envelope) = &signed.signed.content else {
        panic!("an envelope");
    };
    assert_eq!(
        material.payload_digest(),
        Some(Digest::sha256(&envelope.payload))
    );
}

#[test]
fn a_timestamp_in_a_layer_is_over_the_whole_envelope() {
    let requirements = default_signer()
        .content(Content::AnyAttestation)
        .timestamps(sealcheck_verify::Threshold::ONE);
    let stage = Stage::new().requiring(requirements);
    let mut signed = attested(&stage, &Plan::default());
    let tsa = &stage.sigstore.tsa;
    signed.timestamps = vec![tsa.timestamp(&signed.layer_content(), &TokenOptions::default())];
    let evidence = stage.accept_material(&layer(&signed, |_| {}).unwrap());
    assert_eq!(evidence.checks.time.facts().unwrap().timestamps.len(), 1);

    signed.timestamps = vec![tsa.timestamp(b"something else", &TokenOptions::default())];
    let material = layer(&signed, |_| {}).unwrap();
    assert_eq!(
        reason(&Ok(stage.verify(&material))),
        Some(Reason::TimestampMismatch)
    );
}

#[test]
fn a_tampered_envelope_is_rejected() {
    let stage = Stage::new().requiring(default_signer().content(Content::AnyAttestation));
    let mut signed = attested(&stage, &Plan::default());
    let Signable::Dsse(envelope) = &mut signed.signed.content else {
        panic!("an envelope");
    };
    envelope.payload.push(b' ');
    let material = layer(&signed, |_| {}).unwrap();
    let verdict = stage.verify(&material);
    assert_eq!(reason(&Ok(verdict)), Some(Reason::SignatureInvalid));
}

#[test]
fn demanded_annotations_must_have_been_signed() {
    let wanted = || {
        default_signer()
            .annotation("env", "prod")
            .annotation("a", "b")
    };
    assert_eq!(
        why_payload(json!({"env": "prod", "a": "b", "more": 1}), wanted()),
        None
    );
    for optional in [
        Value::Null,
        json!({}),
        json!({"env": "prod"}),
        json!({"env": "prod", "a": "c"}),
        json!({"env": "prod", "A": "b"}),
        json!({"env": "prod", "a": ["b"]}),
        json!({"env": "prod", "a": {"a": "b"}}),
        json!({"env": "prod", "a ": "b"}),
    ] {
        assert_eq!(
            why_payload(optional.clone(), wanted()),
            Some(Reason::AnnotationMismatch),
            "{optional}"
        );
    }
    // Text is not a number, though it is written with the same characters.
    let one = || default_signer().annotation("n", "1");
    assert_eq!(why_payload(json!({"n": "1"}), one()), None);
    assert_eq!(
        why_payload(json!({"n": 1}), one()),
        Some(Reason::AnnotationMismatch)
    );
}

#[test]
fn annotations_of_a_statement_are_those_of_the_subject_that_is_the_artifact() {
    let wanted = || default_signer().annotation("env", "prod");
    assert_eq!(
        why_statement(json!([subject("", json!({"env": "prod"}))]), wanted()),
        None
    );
    let other = json!({
        "digest": {"sha256": Digest::sha256(b"another").hex()},
        "annotations": {"env": "prod"},
    });
    assert_eq!(
        why_statement(
            json!([other, subject("", json!({"env": "test"}))]),
            wanted()
        ),
        Some(Reason::AnnotationMismatch)
    );
    assert_eq!(
        why_statement(json!([other, subject("", Value::Null)]), wanted()),
        Some(Reason::AnnotationMismatch)
    );
    // Where several subjects are the artifact, one that has them will do.
    let both = json!([
        subject("", json!({"env": "test"})),
        subject("", json!({"env": "prod"}))
    ]);
    assert_eq!(why_statement(both, wanted()), None);
}

#[test]
fn annotations_are_in_the_evidence_and_ambiguous_ones_refused() {
    let stage = Stage::new();
    let signed = signed_payload(
        &stage,
        &payload(json!({"b": "2", "a": "1", "n": 3})).to_string(),
    );
    let evidence = accepted(&stage.verify(&layer(&signed, |_| {}).unwrap()));
    let annotations = &evidence.checks.subject.facts().unwrap().annotations;
    let pairs: Vec<(&str, &str)> = annotations
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(pairs, [("a", "1"), ("b", "2")]);

    for optional in [
        r#"{"env":"test","env":"prod"}"#,
        r#"{"env":1,"env":"prod"}"#,
        r#"{"env":"prod","\u0065nv":1}"#,
        r#"["env"]"#,
        r#""env""#,
    ] {
        let text = payload(json!("OPTIONAL"))
            .to_string()
            .replace(r#""OPTIONAL""#, optional);
        let signed = signed_payload(&stage, &text);
        assert_eq!(
            reason(&layer(&signed, |_| {}).map(|material| stage.verify(&material))),
            Some(Reason::MaterialMalformed),
            "{optional}"
        );
    }
}

#[test]
fn a_name_is_compared_only_when_it_is_required() {
    let named = |name: &str| default_signer().subject_name(Pattern::exact(name).unwrap());
    assert_eq!(why_payload(Value::Null, named("registry.test/app")), None);
    assert_eq!(
        why_payload(Value::Null, named("registry.test/application")),
        Some(Reason::SubjectNameMismatch)
    );
    let glob = default_signer().subject_name(Pattern::glob("registry.test/*").unwrap());
    assert_eq!(why_payload(Value::Null, glob), None);
    // cosign's bundles have no name, so they cannot meet the demand.
    let nameless = json!([subject("", Value::Null)]);
    assert_eq!(why_statement(nameless.clone(), default_signer()), None);
    assert_eq!(
        why_statement(nameless, named("registry.test/app")),
        Some(Reason::SubjectNameMismatch)
    );
}

#[test]
fn a_plain_signature_meets_no_demand_for_annotations_or_a_name() {
    let stage = Stage::new();
    let bundle = stage.sign(&Plan::default()).bundle();
    assert_eq!(stage.why(&bundle), None);
    let stage = stage.requiring(default_signer().annotation("a", "b"));
    let bundle = stage.sign(&Plan::default()).bundle();
    assert_eq!(stage.why(&bundle), Some(Reason::AnnotationMismatch));
    let stage = stage.requiring(default_signer().subject_name(Pattern::regex(".*").unwrap()));
    let bundle = stage.sign(&Plan::default()).bundle();
    assert_eq!(
        stage.why(&bundle),
        None,
        "the pattern accepts no name as well"
    );
    let stage = stage.requiring(default_signer().subject_name(Pattern::exact("app").unwrap()));
    let bundle = stage.sign(&Plan::default()).bundle();
    assert_eq!(stage.why(&bundle), Some(Reason::SubjectNameMismatch));
}
