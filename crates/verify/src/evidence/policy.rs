//! What an attestation had to say beyond its proof.

use serde::Serialize;

use crate::Failure;

/// One demand or policy that an attestation was held against.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PolicyFacts {
    /// What kind of demand it is.
    pub kind: PolicyKind,
    /// The policy's name (its path, as the caller gave it), or the value that was demanded.
    pub name: Box<str>,
    /// SHA-256 of the policy's text, in hex; absent for a demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Box<str>>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: PolicyOutcome,
}

/// The kinds of demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// The builder that SLSA provenance names.
    SlsaBuilder,
    /// The source that SLSA provenance names.
    SlsaSource,
    /// SLSA provenance agrees with the certificate of its signer. The name lists what both speak of.
    SlsaCertificate,
    /// An expression in CEL.
    Cel,
    /// A module in Rego.
    Rego,
}

impl PolicyKind {
    /// The kind's name as it stands in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SlsaBuilder => "slsa-builder",
            Self::SlsaSource => "slsa-source",
            Self::SlsaCertificate => "slsa-certificate",
            Self::Cel => "cel",
            Self::Rego => "rego",
        }
    }
}

/// How a demand or policy ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum PolicyOutcome {
    /// The attestation is what was demanded.
    Passed,
    /// It is not, or there is no answer.
    Failed {
        /// Why.
        failure: Failure,
    },
}

impl PolicyOutcome {
    /// Why it failed.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Passed => None,
            Self::Failed { failure } => Some(failure),
        }
    }
}

impl From<crate::Result<()>> for PolicyOutcome {
    fn from(result: crate::Result<()>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(failure) => Self::Failed { failure },
        }
    }
}
