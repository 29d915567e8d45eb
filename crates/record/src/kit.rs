//! What an air-gap kit has of one version (`sealcheck/kit/v1`).

use serde::{Deserialize, Serialize};

/// The name of the JSON schema that [`KitIndex`] serialises to.
pub const KIT_SCHEMA: &str = "sealcheck/kit/v1";

/// The index of one version in a kit, `VERSION.kit.json`. It proves nothing: everything in the kit is proved by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KitIndex {
    /// `sealcheck/kit/v1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = KIT_SCHEMA)))]
    pub schema: String,
    /// The project, by the name in its profile.
    pub project: String,
    /// The version, with its `v`.
    pub version: String,
    /// The files that were proved when they were collected.
    pub files: Vec<KitFile>,
    /// The images that were proved when they were collected.
    pub images: Vec<KitImage>,
    /// What was to be collected and could not be proved, and why.
    #[serde(default)]
    pub not_collected: Vec<KitGap>,
    /// The trusted root; `None` where it was put together from single files.
    pub trusted_root: Option<KitTrust>,
}

/// A file in a kit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KitFile {
    /// Its path below the folder of the version.
    pub path: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// An image in a kit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KitImage {
    /// The reference by which it was asked for.
    pub name: String,
    /// The image layout, below the kit.
    pub layout: String,
    /// The digest of its manifest or index, as `sha256:` and hexadecimal.
    pub digest: String,
}

/// Something that a kit does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KitGap {
    /// The path of a file, or the reference of an image.
    pub name: String,
    /// How proving it ended: `rejected`, `unavailable`, `unsigned`.
    pub outcome: String,
    /// The code of the reason.
    pub reason: String,
    /// The same as a sentence.
    pub message: String,
}

/// The trusted root by which a kit was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KitTrust {
    /// The file, below the kit.
    pub path: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Where it came from.
    pub source: String,
    /// The folder below the kit with the TUF repository that proves it to whoever knows a root of that; `None` where it did
    /// not come from one.
    pub tuf: Option<String>,
    /// When the metadata in that folder expires (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuf_expires: Option<String>,
}
