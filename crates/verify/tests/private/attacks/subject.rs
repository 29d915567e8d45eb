//! Step 7: attestations about something else, or of another kind.

use sealcheck_testkit::encoding::hex;
use sealcheck_testkit::sign::Dsse;
use sealcheck_testkit::{Content as Signable, EntryKind, Hash, Plan};
use sealcheck_verify::{Content, Digest, Material, Reason, SignatureAnnotations};
use serde_json::{Value, json};

use crate::stage::{ARTIFACT, Stage, any_content, default_signer};

fn attested(stage: &Stage, statement: &Value) -> Value {
    stage
        .sigstore
        .sign(Signable::statement(statement), &Plan::default())
        .bundle()
}

fn statement(subject: Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": "https://example.com/type",
        "predicate": {},
    })
}

fn sha256() -> String {
    hex(&Hash::Sha256.digest(ARTIFACT))
}

#[test]
fn subjects_that_are_not_the_artifact() {
    let stage = Stage::new().requiring(any_content());
    let (right, wrong) = (sha256(), "00".repeat(32));
    let sha512 = "00".repeat(64);
    for (subject, expected) in [
        (json!([{"name": "a", "digest": {"sha256": right}}]), None),
        (
            json!([{"name": "a", "digest": {"sha256": wrong}}]),
            Some(Reason::SubjectMismatch),
        ),
        (
            json!([{"name": "a", "digest": {"sha256": wrong}}, {"name": "b", "digest": {"sha256": right}}]),
            None,
        ),
        // Digests that contradict each other.
        (
            json!([{"name": "a", "digest": {"sha256": right, "sha512": sha512}}]),
            Some(Reason::SubjectMismatch),
        ),
        (
            json!([{"name": "a", "digest": {"sha256": right, "sha512": "no hex"}}]),
            Some(Reason::StatementMalformed),
        ),
        (
            json!([{"name": "a", "digest": {"sha256": right, "sha384": ""}}]),
            Some(Reason::StatementMalformed),
        ),
        // Right values under other names, or cut.
        (
            json!([{"name": right, "digest": {"sha3-256": right}}]),
            Some(Reason::SubjectMismatch),
        ),
        (
            json!([{"name": "a", "digest": {"SHA256": right}}]),
            Some(Reason::SubjectMismatch),
        ),
        (
            json!([{"name": "a", "digest": {"sha256": format!("sha256:{right}")}}]),
            Some(Reason::StatementMalformed),
        ),
        (
            json!([{"name": "a", "digest": {"sha256": right[..32]}}]),
            Some(Reason::StatementMalformed),
        ),
        (
            json!([{"name": "a", "digest": {"sha256": ""}}]),
            Some(Reason::StatementMalformed),
        ),
        (
            json!([{"name": "a", "digest": {}}]),
            Some(Reason::SubjectMismatch),
        ),
        (json!([{"name": "a"}]), Some(Reason::StatementMalformed)),
        (
            json!([{"name": "a", "digest": null}]),
            Some(Reason::StatementMalformed),
        ),
        (
            json!([{"name": "a", "digest": {"sha256": null}}]),
            Some(Reason::StatementMalformed),
        ),
        (
            json!([{"name": "a", "digest": [right]}]),
            Some(Reason::StatementMalformed),
        ),
        (json!([]), Some(Reason::StatementMalformed)),
        (json!(null), Some(Reason::StatementMalformed)),
        (json!([null]), Some(Reason::StatementMalformed)),
        (
            json!({"name": "a", "digest": {"sha256": right}}),
            Some(Reason::StatementMalformed),
        ),
    ] {
        assert_eq!(
            stage.why(&attested(&stage, &statement(subject.clone()))),
            expected,
            "{subject}"
        );
    }
}

#[test]
fn the_value_is_compared_in_either_case() {
    let stage = Stage::new().requiring(any_content());
    let upper = json!([{"name": "a", "digest": {"sha256": sha256().to_uppercase()}}]);
    assert_eq!(stage.why(&attested(&stage, &statement(upper))), None);
}

#[test]
fn statements_that_are_none() {
    let stage = Stage::new().requiring(any_content());
    let good = statement(json!([{"name": "a", "digest": {"sha256": sha256()}}]));
    for (field, value) in [
        ("_type", json!("https://in-toto.io/Statement/v2")),
        ("_type", json!("")),
        ("_type", json!(null)),
        ("predicateType", json!("")),
        ("predicateType", json!(null)),
        ("predicateType", json!(1)),
    ] {
        let mut broken = good.clone();
        broken[field] = value;
        assert_eq!(
            stage.why(&attested(&stage, &broken)),
            Some(Reason::StatementMalformed),
            "{broken}"
        );
    }
    let text = good.to_string();
    let sign = |payload: Vec<u8>| {
        let envelope = Dsse {
            payload_type: "application/vnd.in-toto+json".into(),
            payload,
        };
        stage.why(
            &stage
                .sigstore
                .sign(Signable::Dsse(envelope), &Plan::default())
                .bundle(),
        )
    };
    assert_eq!(sign(text.clone().into_bytes()), None);
    for payload in [
        String::new(),
        "null".into(),
        "[]".into(),
        text[..text.len() - 1].to_owned(),
        text.clone() + "{}",
        // No digest at all, also of a subject beside the right one.
        text.replace(r#""sha256":"#, r#""sha512":"00","sha256":"#),
        text.replacen(
            r#""subject":["#,
            r#""subject":[{"name":"x","digest":{"sha256":"=="}},"#,
            1,
        ),
        "\u{feff}".to_owned() + &text,
        // One reader takes the first, another the last.
        text.replacen('{', r#"{"subject":[{"digest":{"sha1":"00"}}],"#, 1),
        text.replacen('{', r#"{"predicateType":"https://example.com/other","#, 1),
        text.replace(r#""sha256":"#, r#""sha1":"00","sha1":"00","sha256":"#),
    ] {
        assert_eq!(
            sign(payload.clone().into_bytes()),
            Some(Reason::StatementMalformed),
            "{payload}"
        );
    }
    assert_eq!(
        sign([text.as_bytes(), b"\xff"].concat()),
        Some(Reason::StatementMalformed)
    );
}

#[test]
fn an_envelope_around_something_else_than_a_statement() {
    let payload = statement(json!([{"name": "a", "digest": {"sha256": sha256()}}]))
        .to_string()
        .into_bytes();
    for content in [
        Content::Signature,
        Content::AnyAttestation,
        Content::SignatureOrAttestation,
    ] {
        let stage = Stage::new().requiring(default_signer().content(content));
        for payload_type in [
            "text/plain",
            "",
            "application/vnd.in-toto+JSON",
            "application/json",
        ] {
            let envelope = Dsse {
                payload_type: payload_type.into(),
                payload: payload.clone(),
            };
            let signed = stage
                .sigstore
                .sign(Signable::Dsse(envelope), &Plan::default());
            assert_eq!(
                stage.why(&signed.bundle()),
                Some(Reason::StatementMalformed),
                "{payload_type}"
            );
        }
    }
}

#[test]
fn another_predicate_type() {
    let mut stage = Stage::new();
    let bundle = attested(
        &stage,
        &statement(json!([{"name": "a", "digest": {"sha256": sha256()}}])),
    );
    for (required, expected) in [
        ("https://example.com/type", None),
        (
            "https://example.com/type/",
            Some(Reason::PredicateTypeMismatch),
        ),
        (
            "https://example.com/typ",
            Some(Reason::PredicateTypeMismatch),
        ),
        (
            "https://EXAMPLE.com/type",
            Some(Reason::PredicateTypeMismatch),
        ),
        ("", Some(Reason::PredicateTypeMismatch)),
    ] {
        stage.requirements = default_signer().content(Content::Attestation(required.into()));
        assert_eq!(stage.why(&bundle), expected, "{required}");
        let verdict = stage.judge(&bundle).unwrap();
        assert_eq!(verdict.statement().is_some(), expected.is_none());
    }
}

#[test]
fn an_attestation_is_no_signature_unless_it_is_cosigns_own() {
    let stage = Stage::new();
    let digest = Digest::sha256(ARTIFACT).to_string();
    assert_eq!(
        stage.why(&stage.sigstore.attest_blob(ARTIFACT).bundle()),
        Some(Reason::NotASignature)
    );
    assert_eq!(
        stage.why(&stage.sigstore.sign_image_bundle(&digest, &[]).bundle()),
        None
    );
    let other = Digest::sha256(b"other").to_string();
    assert_eq!(
        stage.why(&stage.sigstore.sign_image_bundle(&other, &[]).bundle()),
        Some(Reason::SubjectMismatch)
    );
}

fn image(stage: &Stage, payload: &Value) -> Option<Reason> {
    let content = Signable::message(payload.to_string().as_bytes());
    let signed = stage.sigstore.sign(
        content,
        &Plan::default().with_entries(&[EntryKind::HashedRekordV001]),
    );
    let leaf = signed.signed.leaf.as_ref().unwrap();
    let annotations = SignatureAnnotations {
        signature: &signed.sig_file(),
        certificate: Some(&leaf.pem()),
        chain: Some(&leaf.chain_pem()),
        bundle: Some(&signed.rekor_bundle().unwrap().to_string()),
        timestamp: None,
    };
    let judged = Material::simple_signing(payload.to_string().as_bytes(), annotations)
        .map(|material| stage.verify(&material));
    crate::stage::reason(&judged)
}

#[test]
fn simple_signing_of_another_image_or_of_another_type() {
    let stage = Stage::new();
    let payload = |digest: &str, kind: &str| json!({"critical": {"identity": {"docker-reference": "a"}, "image": {"docker-manifest-digest": digest}, "type": kind}, "optional": null});
    const KIND: &str = "cosign container image signature";
    let right = Digest::sha256(ARTIFACT).to_string();
    for (digest, kind, expected) in [
        (right.as_str(), KIND, None),
        (
            &Digest::sha256(b"other").to_string(),
            KIND,
            Some(Reason::ArtifactMismatch),
        ),
        (
            &right,
            "atomic container signature",
            Some(Reason::MaterialMalformed),
        ),
        (&right, "", Some(Reason::MaterialMalformed)),
        (&right[7..], KIND, Some(Reason::MaterialMalformed)),
        ("", KIND, Some(Reason::MaterialMalformed)),
        // No manifest is named so, and nothing here can compute it.
        (
            &format!("sha1:{}", "00".repeat(20)),
            KIND,
            Some(Reason::MaterialMalformed),
        ),
        (
            &format!("gitCommit:{}", "00".repeat(20)),
            KIND,
            Some(Reason::MaterialMalformed),
        ),
    ] {
        assert_eq!(
            image(&stage, &payload(digest, kind)),
            expected,
            "{digest} {kind}"
        );
    }
    let attestation = stage.requiring(default_signer().content(Content::AnyAttestation));
    assert_eq!(
        image(&attestation, &payload(&right, KIND)),
        Some(Reason::NotAnAttestation)
    );
}

/// The payload is what was signed: any byte more or less is another one.
#[test]
fn simple_signing_with_an_altered_payload() {
    let stage = Stage::new();
    let signed = stage.sigstore.sign_image(
        "registry.test/app",
        &Digest::sha256(ARTIFACT).to_string(),
        &[],
    );
    let leaf = signed.signed.leaf.as_ref().unwrap();
    let layer = signed.layer_content();
    let pem = leaf.pem();
    let (signature, bundle) = (
        signed.sig_file(),
        signed.rekor_bundle().unwrap().to_string(),
    );
    let annotations = SignatureAnnotations {
        signature: &signature,
        certificate: Some(&pem),
        bundle: Some(&bundle),
        ..SignatureAnnotations::default()
    };
    let why = |payload: &[u8]| {
        crate::stage::reason(
            &Material::simple_signing(payload, annotations).map(|material| stage.verify(&material)),
        )
    };
    assert_eq!(why(&layer), None);
    assert_eq!(
        why(&[&layer[..], b"\n"].concat()),
        Some(Reason::SignatureInvalid)
    );
    assert_eq!(
        why(&[b" ", &layer[..]].concat()),
        Some(Reason::SignatureInvalid)
    );
    for (spelling, expected) in [
        ("", Reason::MaterialMalformed),
        ("!", Reason::MaterialMalformed),
    ] {
        let annotations = SignatureAnnotations {
            signature: spelling,
            ..annotations
        };
        assert_eq!(
            Material::simple_signing(&layer, annotations)
                .unwrap_err()
                .reason,
            expected
        );
    }
    for (bundle, expected) in [
        ("", Reason::LogEntryMalformed),
        ("{}", Reason::LogEntryMalformed),
        ("null", Reason::LogEntryMalformed),
    ] {
        let annotations = SignatureAnnotations {
            bundle: Some(bundle),
            ..annotations
        };
        assert_eq!(
            Material::simple_signing(&layer, annotations)
                .unwrap_err()
                .reason,
            expected
        );
    }
    let annotations = SignatureAnnotations {
        timestamp: Some("{}"),
        ..annotations
    };
    assert_eq!(
        Material::simple_signing(&layer, annotations)
            .unwrap_err()
            .reason,
        Reason::TimestampMalformed
    );
}
