//! What a policy can look at.

use sealcheck_verify::{Result, Statement, Verdict};
use serde_json::{Map, Value, json};

use crate::json::tree;

/// The variables of a policy, by name.
///
/// | name | what it is |
/// | --- | --- |
/// | `predicateType` | the statement's predicate type |
/// | `predicate` | the predicate as it was signed; null when the statement has none |
/// | `subject` | the statement's subjects: a list of `name` and `digest` |
/// | `artifact` | the artifact that was verified: `name` (null when it has none) and `digest` |
/// | `signer` | the certificate's identity, or the key's fingerprint |
/// | `issuer` | the certificate's OIDC issuer; null for a key |
/// | `claims` | the certificate's further claims by name; empty for a key |
/// | `signedAt` | the earliest trusted signing time, in seconds since 1970; null when none was required |
/// | `verifiedAt` | when the verification was made, in seconds since 1970 |
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) variables: Map<String, Value>,
}

impl Input {
    /// The names of all variables.
    pub(crate) const NAMES: [&'static str; 9] = [
        "artifact",
        "claims",
        "issuer",
        "predicate",
        "predicateType",
        "signedAt",
        "signer",
        "subject",
        "verifiedAt",
    ];

    /// Of a verified attestation.
    ///
    /// # Errors
    /// `predicate-malformed` when the predicate has a key twice, `limit-exceeded` when it is too large to be judged.
    pub(crate) fn new(verdict: &Verdict, statement: &Statement) -> Result<Self> {
        let evidence = verdict.evidence();
        let predicate = statement.predicate().map_or(Ok(Value::Null), tree)?;
        let digests = |digests: &mut dyn Iterator<Item = (&str, &str)>| -> Value {
            digests
                .map(|(algorithm, hex)| (algorithm.to_owned(), Value::from(hex)))
                .collect::<Map<_, _>>()
                .into()
        };
        let subjects: Vec<Value> = statement
            .subjects()
            .iter()
            .map(|subject| json!({ "name": subject.name(), "digest": digests(&mut subject.digests()) }))
            .collect();
        let artifact = &evidence.artifact;
        let of_artifact = &mut artifact.digests.iter().map(|(name, hex)| (*name, &**hex));
        let claims: Map<String, Value> = evidence
            .checks
            .certificate
            .facts()
            .map(|certificate| {
                let claims = certificate.claims.claims.iter();
                claims
                    .map(|(claim, value)| (claim.to_string(), Value::from(value)))
                    .collect()
            })
            .unwrap_or_default();
        let values = [
            ("predicateType", json!(statement.predicate_type())),
            ("predicate", predicate),
            ("subject", subjects.into()),
            (
                "artifact",
                json!({ "name": artifact.name, "digest": digests(of_artifact) }),
            ),
            ("signer", json!(evidence.signer)),
            ("issuer", json!(evidence.issuer)),
            ("claims", claims.into()),
            (
                "signedAt",
                json!(evidence.signed_at.map(sealcheck_verify::Time::unix_seconds)),
            ),
            ("verifiedAt", json!(evidence.verified_at.unix_seconds())),
        ];
        Ok(Self {
            variables: values
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }
}
