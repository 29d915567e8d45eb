//! Signatures and attestations of images, as `cosign verify` and `cosign verify-attestation` print them.

use std::fmt::Write as _;

use data_encoding::BASE64;
use sealcheck_verify::evidence::{ImageFacts, ImageSignatureFacts};
use sealcheck_verify::{Claim, Claims, Evidence, Outcome, printable};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Said;
use crate::{escaped, one_line};

pub(super) fn said(evidence: &Evidence, image: &ImageFacts, text: bool) -> Said {
    let accepted: Vec<&ImageSignatureFacts> = image
        .signatures
        .iter()
        .filter(|signature| signature.outcome == Outcome::Verified)
        .collect();
    let mut stderr = header(evidence, &accepted);
    let stdout = match (evidence.required.content, text) {
        ("attestation", _) => accepted.iter().filter_map(|it| envelope(it)).collect(),
        (_, true) => {
            for signature in &accepted {
                stderr.push_str(&certificate_lines(signature));
            }
            accepted
                .iter()
                .map(|signature| format!("{}\n", payload_text(evidence, signature)))
                .collect()
        }
        (_, false) => {
            let all: Vec<Value> = accepted
                .iter()
                .map(|signature| with_facts(payload(evidence, signature), signature))
                .collect();
            format!("\n{}\n", escaped(Value::Array(all).to_string()))
        }
    };
    Said { stdout, stderr }
}

/// Which checks were made. cosign says it of all signatures together.
fn header(evidence: &Evidence, accepted: &[&ImageSignatureFacts]) -> String {
    let mut out = format!(
        "\nVerification for {} --\nThe following checks were performed on each of these signatures:\n",
        printable(&name(evidence))
    );
    let required = &evidence.required;
    if !required.annotations.is_empty() {
        out.push_str("  - The specified annotations were verified.\n");
    }
    out.push_str("  - The cosign claims were validated\n");
    let is_logged = |signature: &&ImageSignatureFacts| {
        let log = signature.checks.as_ref().and_then(|it| it.log.facts());
        log.is_some_and(|log| !log.entries.is_empty())
    };
    let was_looked_up = |signature: &&ImageSignatureFacts| part(signature, "log-entry").is_some();
    if accepted.iter().all(is_logged) {
        out.push_str(match accepted.iter().any(was_looked_up) {
            true => "  - The claims were present in the transparency log\n  - The signatures were integrated into the transparency log when the certificate was valid\n",
            false => "  - Existence of the claims in the transparency log was verified offline\n",
        });
    }
    out.push_str(match required.key {
        Some(_) => "  - The signatures were verified against the specified public key\n",
        None => {
            "  - The code-signing certificate was verified using trusted certificate authority certificates\n"
        }
    });
    out
}

/// The image as go-containerregistry writes it: Docker Hub under its other name, and no tag beside a digest.
fn name(evidence: &Evidence) -> String {
    let name = evidence.artifact.name.as_deref().unwrap_or_default();
    let name = match name.strip_prefix("docker.io/") {
        Some(rest) => format!("index.docker.io/{rest}"),
        None => name.to_owned(),
    };
    match name.split_once('@') {
        Some((tagged, digest)) => match tagged.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => format!("{repository}@{digest}"),
            _ => name,
        },
        None => name,
    }
}

/// What was signed, in the form of simple signing. cosign makes one for bundles, which have none.
fn payload(evidence: &Evidence, signature: &ImageSignatureFacts) -> Map<String, Value> {
    let signed = part(signature, "payload")
        .and_then(|payload| serde_json::from_slice::<Map<String, Value>>(payload).ok());
    if let Some(mut payload) = signed {
        payload.retain(|field, _| matches!(field.as_str(), "critical" | "optional"));
        payload.entry("optional").or_insert(Value::Null);
        return payload;
    }
    let kind = signature
        .predicate_type
        .as_deref()
        .unwrap_or(COSIGN_SIGNATURE);
    let mut payload = Map::new();
    payload.insert(
        "critical".to_owned(),
        json!({
            "identity": { "docker-reference": name(evidence) },
            "image": { "docker-manifest-digest": signature.subject.to_string() },
            "type": kind,
        }),
    );
    payload.insert("optional".to_owned(), json!(signature.annotations));
    payload
}

fn payload_text(evidence: &Evidence, signature: &ImageSignatureFacts) -> String {
    match part(signature, "payload") {
        Some(payload) => String::from_utf8_lossy(payload).into_owned(),
        None => escaped(Value::Object(payload(evidence, signature)).to_string()),
    }
}

/// The payload with what cosign adds to its `optional`: the certificate's facts, the log entry, the timestamp. cosign
/// leaves them out for bundles, which broke whoever reads `Subject` and `Issuer`.
fn with_facts(mut payload: Map<String, Value>, signature: &ImageSignatureFacts) -> Value {
    // That there was none stays, unless something is added.
    let (mut optional, was_null) = match payload.remove("optional") {
        Some(Value::Object(optional)) => (optional, false),
        _ => (Map::new(), true),
    };
    let mut add = |name: &str, value: Value| optional.insert(name.to_owned(), value);
    if certificate_claims(signature).is_some() {
        add("Subject", json!(signature.signer.as_deref().unwrap_or("")));
        if let Some(issuer) = &signature.issuer {
            add("Issuer", json!(issuer));
            add(ISSUER_OID, json!(issuer));
        }
    }
    for (claim, oid, name, _) in GITHUB {
        if let Some(value) = github_claim(signature, claim) {
            add(oid, json!(value));
            add(name, json!(value));
        }
    }
    if let Some(bundle) = part(signature, "rekor-bundle")
        && let Ok(bundle) = serde_json::from_slice::<Value>(bundle)
    {
        add("Bundle", bundle);
    }
    if part(signature, "bundle").is_none()
        && let Some(token) = part(signature, "timestamp")
    {
        let token = BASE64.encode(token);
        add(
            "RFC3161Timestamp",
            json!({ "SignedRFC3161Timestamp": token }),
        );
    }
    let optional = match was_null && optional.is_empty() {
        true => Value::Null,
        false => Value::Object(optional),
    };
    payload.insert("optional".to_owned(), optional);
    Value::Object(payload)
}

/// What `cosign verify -o text` says about a certificate.
fn certificate_lines(signature: &ImageSignatureFacts) -> String {
    let mut out = String::new();
    if certificate_claims(signature).is_none() {
        return out;
    }
    let signer = signature.signer.as_deref().unwrap_or_default();
    writeln!(out, "Certificate subject: {}", printable(signer)).ok();
    if let Some(issuer) = &signature.issuer {
        writeln!(out, "Certificate issuer URL: {}", printable(issuer)).ok();
    }
    for (claim, _, _, label) in GITHUB {
        if let Some(value) = github_claim(signature, claim) {
            writeln!(out, "{label}: {}", printable(value)).ok();
        }
    }
    out
}

/// The DSSE envelope in one line.
fn envelope(signature: &ImageSignatureFacts) -> Option<String> {
    #[derive(Deserialize)]
    struct Bundle<'a> {
        #[serde(borrow, rename = "dsseEnvelope")]
        envelope: &'a RawValue,
    }
    let line = match part(signature, "envelope") {
        Some(envelope) => one_line(std::str::from_utf8(envelope).ok()?),
        None => {
            let bundle: Bundle<'_> = serde_json::from_slice(part(signature, "bundle")?).ok()?;
            one_line(bundle.envelope.get())
        }
    };
    Some(escaped(line) + "\n")
}

fn part<'s>(signature: &'s ImageSignatureFacts, role: &str) -> Option<&'s [u8]> {
    let parts = &signature.material.as_ref()?.parts;
    parts
        .iter()
        .find(|part| part.role == role)
        .map(|part| &*part.content)
}

fn certificate_claims(signature: &ImageSignatureFacts) -> Option<&Claims> {
    let certificate = &signature.checks.as_ref()?.certificate;
    certificate.facts().map(|facts| &facts.claims)
}

fn github_claim(signature: &ImageSignatureFacts, claim: Claim) -> Option<&str> {
    certificate_claims(signature)?.claims.get(claim)
}

const COSIGN_SIGNATURE: &str = "cosign container image signature";
const ISSUER_OID: &str = "1.3.6.1.4.1.57264.1.1";
/// The extensions that cosign prints: under their OID, under a name, and in text.
const GITHUB: [(Claim, &str, &str, &str); 5] = [
    (
        Claim::GithubWorkflowTrigger,
        "1.3.6.1.4.1.57264.1.2",
        "githubWorkflowTrigger",
        "GitHub Workflow Trigger",
    ),
    (
        Claim::GithubWorkflowSha,
        "1.3.6.1.4.1.57264.1.3",
        "githubWorkflowSha",
        "GitHub Workflow SHA",
    ),
    (
        Claim::GithubWorkflowName,
        "1.3.6.1.4.1.57264.1.4",
        "githubWorkflowName",
        "GitHub Workflow Name",
    ),
    (
        Claim::GithubWorkflowRepository,
        "1.3.6.1.4.1.57264.1.5",
        "githubWorkflowRepository",
        "GitHub Workflow Repository",
    ),
    (
        Claim::GithubWorkflowRef,
        "1.3.6.1.4.1.57264.1.6",
        "githubWorkflowRef",
        "GitHub Workflow Ref",
    ),
];
