//! The documents about whole releases. Each begins with the same: of which release, how it ended, and the SBOM that everything
//! rests on.

use std::collections::BTreeMap;

use sealcheck_verify::{Evidence, Outcome};
use serde::Serialize;

/// The name of the JSON schema that [`ReleaseReport`] serialises to.
pub const RELEASE_REPORT_SCHEMA: &str = "sealcheck/release-report/v1";
/// The name of the JSON schema that [`ReleaseImages`] serialises to.
pub const RELEASE_IMAGES_SCHEMA: &str = "sealcheck/release-images/v1";
/// The name of the JSON schema that [`ReleaseFolder`] serialises to.
pub const RELEASE_FOLDER_SCHEMA: &str = "sealcheck/release-folder/v1";
/// The name of the JSON schema that [`ReleaseList`] serialises to.
pub const RELEASE_LIST_SCHEMA: &str = "sealcheck/release-list/v1";

/// What every document about a release says first.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AboutRelease {
    /// The project, by the name in its profile.
    pub project: String,
    /// The version, with its `v`.
    pub version: String,
    /// The worst outcome of all that was looked at.
    pub outcome: Outcome,
    /// The evidence about the SBOM, on which everything else rests.
    pub sbom: Evidence,
}

/// Everything that was published for a version (`sealcheck/release-report/v1`).
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReport {
    /// `sealcheck/release-report/v1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = RELEASE_REPORT_SCHEMA)))]
    pub schema: &'static str,
    /// Of which release, and how it ended.
    #[serde(flatten)]
    pub about: AboutRelease,
    /// What to do, in a sentence.
    pub summary: String,
    /// How many files and images ended with each outcome.
    pub counts: BTreeMap<&'static str, usize>,
    /// The evidence of each file that should have a signature, by path.
    pub files: Vec<Evidence>,
    /// The images, by repository.
    pub images: Vec<ImageReport>,
    /// Which paths are published without a signature, on purpose. Nothing is proved about them.
    pub unsigned_by_design: Vec<String>,
}

/// The images of a version (`sealcheck/release-images/v1`).
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseImages {
    /// `sealcheck/release-images/v1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = RELEASE_IMAGES_SCHEMA)))]
    pub schema: &'static str,
    /// Of which release, and how it ended.
    #[serde(flatten)]
    pub about: AboutRelease,
    /// The images, by repository.
    pub images: Vec<ImageReport>,
}

/// An image with what was proved of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImageReport {
    /// The reference by which it was asked for.
    pub name: String,
    /// How sure it is that the SBOM means this name.
    pub certainty: NameCertainty,
    /// The worst outcome of its signatures and of the attestations that are there.
    pub outcome: Outcome,
    /// The evidence about its signatures.
    pub evidence: Evidence,
    /// What is attested about it.
    pub attestations: Vec<AttestationReport>,
}

/// How sure the name of an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NameCertainty {
    /// The SBOM has it as a package URL or as a name.
    Exact,
    /// It follows from an identifier in one way only.
    Certain,
    /// The SBOM has it only in an identifier that could mean another name too.
    Guessed,
}

/// One kind of attestation about an image.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AttestationReport {
    /// `promotion record` or `verification summary`.
    pub what: &'static str,
    /// Whether there is any. One that is missing is no failure.
    pub present: bool,
    /// What a verification summary says of the build: that it passed does not say that the build was looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// The evidence about it.
    pub evidence: Evidence,
}

/// A folder, file by file, against the SBOM of a version (`sealcheck/release-folder/v1`).
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseFolder {
    /// `sealcheck/release-folder/v1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = RELEASE_FOLDER_SCHEMA)))]
    pub schema: &'static str,
    /// Of which release, and how it ended.
    #[serde(flatten)]
    pub about: AboutRelease,
    /// How many files are in each state; `missing` counts what the folder does not have.
    pub counts: BTreeMap<&'static str, usize>,
    /// Each file of the folder.
    pub files: Vec<FolderFile>,
    /// What the SBOM lists and the folder does not have, by the path below the release.
    pub missing: Vec<String>,
}

/// One file of a folder.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FolderFile {
    /// Its path below the folder.
    pub path: String,
    /// What it is to the release.
    pub state: FileState,
    /// The path below the release of what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// More about it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a file is to the SBOM of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// The SBOM lists it with this content.
    Proved,
    /// It is listed with this content, but lies in the place of another platform.
    Misplaced,
    /// The SBOM lists other content under this name.
    Altered,
    /// It has the content of another file of the release.
    Swapped,
    /// It is a file of the release under a name that the release does not have.
    Renamed,
    /// The SBOM lists it without a digest that proves anything.
    Unprovable,
    /// It belongs to the release, and the SBOM does not cover it: a signature, a checksum.
    NotCovered,
    /// The release has no such file.
    Extra,
    /// It could not be read.
    Unreadable,
    /// It is no file: a link, a device.
    LeftOut,
}

impl FileState {
    /// The word, as in the document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Misplaced => "misplaced",
            Self::Altered => "altered",
            Self::Swapped => "swapped",
            Self::Renamed => "renamed",
            Self::Unprovable => "unprovable",
            Self::NotCovered => "not-covered",
            Self::Extra => "extra",
            Self::Unreadable => "unreadable",
            Self::LeftOut => "left-out",
        }
    }
}

/// What a version holds, by its proved SBOM (`sealcheck/release-list/v1`).
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseList {
    /// `sealcheck/release-list/v1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = RELEASE_LIST_SCHEMA)))]
    pub schema: &'static str,
    /// Of which release, and how the SBOM ended.
    #[serde(flatten)]
    pub about: AboutRelease,
    /// What it holds, by path.
    pub artifacts: Vec<ListedArtifact>,
    /// The images that it names, by repository.
    pub images: Vec<ListedImage>,
}

/// Something that a release holds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListedArtifact {
    /// Its path below the release.
    pub path: String,
    /// `binary`, `tarball`, `image-archive`, `image-tag`, `sbom`, `checksum-list`, `provenance`, `document` or `other`.
    pub kind: &'static str,
    /// Its name without folders and platform.
    pub name: String,
    /// The platform that it is for, as `linux/amd64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// An image that a release names.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListedImage {
    /// The reference by which it is asked for.
    pub name: String,
    /// How sure it is that the SBOM means this name.
    pub certainty: NameCertainty,
}
