//! What is special about a file of a release.

use serde::Serialize;

use crate::Time;

/// A file of a release: which of its artifacts it was held against, and what the release says about it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseFacts {
    /// The name of the project's profile, for example `kubernetes`.
    pub project: Box<str>,
    /// The version, for example `v1.36.0`.
    pub version: Box<str>,
    /// The path below the release, for example `bin/linux/amd64/kubectl`, or the name of an image.
    pub path: Box<str>,
    /// What the proved SBOM says.
    pub listed: Listed,
    /// The SBOM.
    pub sbom: SbomFacts,
    /// The checksum files of the release. Nobody signs them, so they are no proof.
    pub checksums: Vec<ChecksumFacts>,
    /// What the file is instead, when it is of another version whose proved SBOM is at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_version: Option<OtherVersion>,
}

/// A file of another version than the one that it was held against.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OtherVersion {
    /// That version.
    pub version: Box<str>,
    /// The path below that release.
    pub path: Box<str>,
    /// The SBOM of that release, which lists the content and was proved as well.
    pub sbom: SbomFacts,
}

/// Whether the proved SBOM lists the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Listed {
    /// Under this path, with all its digests; of an image, the same layers for each architecture.
    Same,
    /// Other content under this path.
    Other,
    /// Not at all. An SBOM does not list itself, and some list an image without its layers.
    Absent,
    /// Not compared: the file could not be read.
    NotCompared,
}

/// The SBOM that a release is known by.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SbomFacts {
    /// Where it was found.
    pub place: Box<str>,
    /// Its SHA-256, in lower-case hex.
    pub sha256: Box<str>,
    /// Who signed it.
    pub signer: Option<Box<str>>,
    /// When it was signed.
    pub signed_at: Option<Time>,
}

/// A checksum file beside an artifact.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChecksumFacts {
    /// Where it is or would be.
    pub place: Box<str>,
    /// What it says about the file.
    pub state: ChecksumState,
}

/// What a checksum file says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ChecksumState {
    /// The checksum is the file's.
    Agrees,
    /// It is another file's.
    Differs,
    /// There is no such checksum file.
    Absent,
    /// It could not be read, or holds no checksum.
    Unreadable,
}
