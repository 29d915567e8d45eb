//! What an attestation says, in short: the facts that people ask for first, by kind of predicate.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Failure, Time};

/// The summary of a predicate.
///
/// Everything in it is what the signer says, and is worth as much as the signer's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PredicateFacts {
    /// How the artifact was built (SLSA provenance v0.2 or v1).
    SlsaProvenance(ProvenanceFacts),
    /// That somebody verified the artifact (SLSA verification summary v1).
    SlsaVerificationSummary(VerificationSummaryFacts),
    /// What is in the artifact (SPDX 2.2 or 2.3).
    Spdx(SpdxFacts),
    /// What is in the artifact (CycloneDX).
    #[serde(rename = "cyclonedx")]
    CycloneDx(CycloneDxFacts),
    /// Which vulnerabilities affect the artifact (OpenVEX).
    #[serde(rename = "openvex")]
    OpenVex(OpenVexFacts),
    /// What a scanner found (cosign's vulnerability predicate, or in-toto's).
    VulnerabilityScan(VulnerabilityScanFacts),
    /// A step of a supply chain (in-toto link).
    Link(LinkFacts),
    /// A predicate of a type that is not summarised.
    Other,
    /// The predicate is not what its type requires, so it is not summarised.
    Unreadable {
        /// Where and why.
        failure: Failure,
    },
}

/// SLSA provenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProvenanceFacts {
    /// `v0.2` or `v1`.
    pub version: &'static str,
    /// The builder's id.
    pub builder: Box<str>,
    /// The type of build, which gives the parameters their meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_type: Option<Box<str>>,
    /// What started the build: the repository with the build instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceFacts>,
    /// The build instructions in that repository: a workflow, a build file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Box<str>>,
    /// The run of the build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invocation: Option<Box<str>>,
    /// How many materials (v0.2) or resolved dependencies (v1) it lists.
    pub materials: usize,
    /// When the build began, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Box<str>>,
    /// When the build ended, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Box<str>>,
}

/// A source repository at a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SourceFacts {
    /// The repository, for example `git+https://github.com/org/repo`.
    pub uri: Box<str>,
    /// The ref, for example `refs/tags/v1.2.3`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<Box<str>>,
    /// The commit, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<Box<str>>,
}

/// SLSA verification summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerificationSummaryFacts {
    /// Who verified.
    pub verifier: Box<str>,
    /// What was verified.
    pub resource_uri: Box<str>,
    /// By which policy.
    pub policy: Box<str>,
    /// `PASSED` or `FAILED`.
    pub result: &'static str,
    /// The levels and properties that were found, for example `SLSA_BUILD_LEVEL_3`.
    pub levels: Vec<Box<str>>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_verified: Option<Time>,
    /// How many attestations were looked at.
    pub input_attestations: usize,
    /// The version of SLSA that the levels are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slsa_version: Option<Box<str>>,
}

/// SPDX document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SpdxFacts {
    /// `json` or `tag-value`.
    pub form: SpdxForm,
    /// For example `SPDX-2.3`.
    pub version: Box<str>,
    /// The document's name.
    pub name: Box<str>,
    /// The document's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Box<str>>,
    /// When it was created, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Box<str>>,
    /// How many packages it lists.
    pub packages: usize,
    /// How many files it lists.
    pub files: usize,
    /// How many relationships it lists.
    pub relationships: usize,
}

/// How an SPDX document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SpdxForm {
    /// As JSON.
    Json,
    /// As text of tags and values, which stands in the predicate as one string.
    TagValue,
}

/// CycloneDX document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CycloneDxFacts {
    /// The version of the specification, for example `1.6`.
    pub version: Box<str>,
    /// The document's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Box<str>>,
    /// When it was created, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Box<str>>,
    /// What it describes: name and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub describes: Option<Box<str>>,
    /// How many components it lists, those inside others included.
    pub components: usize,
    /// How many services it lists.
    pub services: usize,
    /// How many nodes its dependency graph has.
    pub dependencies: usize,
    /// How many vulnerabilities it lists.
    pub vulnerabilities: usize,
}

/// OpenVEX document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OpenVexFacts {
    /// The document's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Box<str>>,
    /// Who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Box<str>>,
    /// When, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Box<str>>,
    /// How many statements it makes.
    pub statements: usize,
    /// How many of each status.
    pub by_status: BTreeMap<&'static str, usize>,
}

/// Result of a vulnerability scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VulnerabilityScanFacts {
    /// The scanner.
    pub scanner: Box<str>,
    /// The scanner's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Box<str>>,
    /// When the scan ended, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Box<str>>,
    /// How many vulnerabilities were found; absent when the scanner's form of results is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<usize>,
    /// How many of each severity, in lower case, as far as the form says.
    pub by_severity: BTreeMap<Box<str>, usize>,
}

/// in-toto link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkFacts {
    /// The step's name.
    pub name: Box<str>,
    /// The command and its arguments.
    pub command: Vec<Box<str>>,
    /// How many materials the step began with.
    pub materials: usize,
}
