//! What a proof says.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::{Facts, Inspection, Kind, certificate, key_facts, size};
use crate::log::LogEntry;
use crate::log::checkpoint::Checkpoint;
use crate::material::{Material, SignedMaterial, VerifierMaterial};
use crate::statement::Statement;
use crate::timestamp::Token;
use crate::{Result, printable};

pub(super) fn bundle(kind: Kind, bytes: &[u8]) -> Result<Inspection> {
    Ok(Inspection::new(kind, facts(&Material::from_bundle(bytes)?)?))
}

pub(super) fn envelope(bytes: &[u8]) -> Result<Inspection> {
    let material = Material::detached_envelope(bytes, None)?;
    Ok(Inspection::new(Kind::DsseEnvelope, facts(&material)?))
}

pub(super) fn statement(bytes: &[u8]) -> Result<Inspection> {
    let statement = Statement::parse(bytes)?;
    Ok(Inspection::new(Kind::Statement, statement_facts(&statement)))
}

/// The payload that cosign signs for an image.
pub(super) fn simple_signing(value: &Value) -> Inspection {
    let text = |path: &str| {
        let found = value.pointer(path).and_then(Value::as_str);
        Facts::text(found.unwrap_or("nothing"))
    };
    Inspection::new(
        Kind::SimpleSigning,
        Facts::fields([
            ("type", text("/critical/type")),
            ("image", text("/critical/image/docker-manifest-digest")),
            ("reference", text("/critical/identity/docker-reference")),
        ]),
    )
}

fn facts(material: &Material) -> Result<Facts> {
    let mut out = Facts::fields([("format", Facts::text(material.format().as_str()))]);
    match &material.content {
        SignedMaterial::Message { digest, .. } => {
            out.push("content", Facts::text("a signature over the artifact"));
            if let Some(digest) = digest {
                out.push("artifactDigest", Facts::text(digest));
            }
        }
        SignedMaterial::Envelope {
            envelope,
            statement,
        } => {
            out.push("content", Facts::text("an attestation"));
            out.push("payloadType", Facts::text(&envelope.payload_type));
            out.push("payloadBytes", Facts::Number(size(envelope.payload.0.len())));
            match statement {
                Ok(statement) => out.push("statement", statement_facts(statement)),
                Err(failure) => out.push("statement", Facts::text(failure)),
            }
        }
        SignedMaterial::SimpleSigning {
            image, reference, ..
        } => {
            out.push("content", Facts::text("a signature over an image"));
            out.push("image", Facts::text(image));
            out.push("reference", Facts::text(reference));
        }
    }
    out.push("signatureBytes", Facts::Number(size(material.signature().len())));
    match &material.verifier {
        VerifierMaterial::Certificate {
            leaf,
            intermediates,
            ..
        } => {
            out.push("certificate", certificate::facts(leaf)?);
            if !intermediates.is_empty() {
                out.push("furtherCertificates", Facts::Number(size(intermediates.len())));
            }
        }
        VerifierMaterial::PublicKey(key) => out.push("key", key_facts(key)),
        VerifierMaterial::Hint => out.push("key", Facts::text("not in this file: the verifier must have it")),
    }
    let entries: Vec<Facts> = material.entries.iter().map(log_entry).collect();
    out.push("logEntries", Facts::List(entries));
    let tokens = material
        .timestamps
        .iter()
        .map(|der| match Token::parse(der) {
            Ok(token) => timestamp(&token),
            Err(failure) => Facts::text(failure),
        });
    out.push("timestamps", Facts::List(tokens.collect()));
    Ok(out)
}

fn statement_facts(statement: &Statement) -> Facts {
    let subjects = statement.subjects().iter().take(SUBJECTS_SHOWN).map(|subject| {
        let mut out = Facts::fields([("name", Facts::text(subject.name()))]);
        for (algorithm, value) in subject.digests() {
            out.push(printable(algorithm), Facts::text(value));
        }
        out
    });
    let mut out = Facts::fields([
        ("predicateType", Facts::text(statement.predicate_type())),
        ("subjectCount", Facts::Number(size(statement.subjects().len()))),
        ("subjects", Facts::List(subjects.collect())),
    ]);
    if statement.subjects().len() > SUBJECTS_SHOWN {
        let rest = statement.subjects().len().saturating_sub(SUBJECTS_SHOWN);
        out.push("subjectsNotShown", Facts::Number(size(rest)));
    }
    out
}

fn log_entry(entry: &LogEntry) -> Facts {
    let mut out = Facts::fields([
        ("kind", Facts::text(entry.kind.name())),
        ("version", Facts::text(entry.kind.version())),
        ("logIndex", Facts::Number(entry.log_index)),
        ("logId", Facts::text(HEXLOWER.encode(&entry.log_id))),
    ]);
    if let Some(time) = entry.time() {
        out.push("integratedTime", Facts::text(time));
    }
    out.push("promise", Facts::Flag(entry.promise.is_some()));
    match &entry.proof {
        None => out.push("inclusionProof", Facts::Flag(false)),
        Some(proof) => {
            let mut facts = Facts::fields([
                ("logIndex", Facts::Number(proof.log_index)),
                ("treeSize", Facts::Number(proof.tree_size)),
                ("rootHash", Facts::text(HEXLOWER.encode(&proof.root_hash))),
            ]);
            facts.push(
                "checkpoint",
                match Checkpoint::parse(&proof.checkpoint) {
                    Ok(parsed) => checkpoint(&parsed),
                    Err(failure) => Facts::text(failure),
                },
            );
            out.push("inclusionProof", facts);
        }
    }
    out
}

pub(super) fn checkpoint(checkpoint: &Checkpoint<'_>) -> Facts {
    let signers = checkpoint.signers().map(Facts::text).collect();
    Facts::fields([
        ("origin", Facts::text(checkpoint.origin)),
        ("treeSize", Facts::Number(checkpoint.size)),
        ("rootHash", Facts::text(HEXLOWER.encode(&checkpoint.root_hash))),
        ("signedBy", Facts::List(signers)),
    ])
}

pub(super) fn timestamp(token: &Token<'_>) -> Facts {
    let claims = token.claims();
    Facts::fields([
        ("time", Facts::text(claims.time)),
        ("signer", Facts::text(claims.signer)),
        ("over", Facts::text(claims.imprint)),
        ("policy", Facts::text(claims.policy)),
        ("serial", Facts::text(claims.serial)),
        ("certificates", Facts::Number(size(claims.certificates))),
    ])
}

/// More subjects would hide what comes after them; the count is always there.
const SUBJECTS_SHOWN: usize = 200;
