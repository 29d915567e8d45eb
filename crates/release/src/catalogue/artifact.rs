//! What a path below a release is.

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::{DigestAlgorithm, printable};
use serde::Deserialize;

use crate::profile::{ProofName, Slot};
use crate::{Profile, ReleasePath};

/// Something that a release holds for its own sake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// Where it is below the release.
    pub path: ReleasePath,
    /// What it is.
    pub kind: Kind,
    /// Its name, without platform and ending where the profile has a form for it: `kubectl`, `server`.
    pub name: String,
    /// What it runs on; `None` when that is said nowhere.
    pub platform: Option<Platform>,
}

/// What an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A program.
    Binary,
    /// A compressed archive.
    Tarball,
    /// An archive of a container image.
    ImageArchive,
    /// The tag of an image archive.
    ImageTag,
    /// A list of what the release holds.
    Sbom,
    /// A list of checksums.
    ChecksumList,
    /// How the release was built.
    Provenance,
    /// A text for people.
    Document,
    /// No form of the profile fits.
    Other,
}

impl Kind {
    /// The word, as in profiles and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Tarball => "tarball",
            Self::ImageArchive => "image-archive",
            Self::ImageTag => "image-tag",
            Self::Sbom => "sbom",
            Self::ChecksumList => "checksum-list",
            Self::Provenance => "provenance",
            Self::Document => "document",
            Self::Other => "other",
        }
    }
}

/// An operating system and an architecture, by Go's names: `linux/amd64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: String,
    arch: String,
}

/// The text names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a platform: expected one such as linux/amd64, found {found:?}")]
pub struct InvalidPlatform {
    /// The text, printable.
    pub found: String,
}

/// What a file beside an artifact is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideRole {
    /// A bundle that proves it.
    Bundle,
    /// A signature over it.
    Signature,
    /// The certificate of a signature over it.
    Certificate,
    /// A checksum of it, which proves nothing.
    Checksum(DigestAlgorithm),
}

/// A file that is published for the sake of another one: `kubectl.sig` of `kubectl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideFile {
    /// The other one.
    pub of: ReleasePath,
    /// What it is to it.
    pub role: SideRole,
}

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// Something for its own sake.
    Artifact(Artifact),
    /// Something for the sake of another file.
    Side(SideFile),
}

impl Profile {
    /// What can be said of a path without a list of what the release holds.
    #[must_use]
    pub fn describe(&self, path: &ReleasePath) -> Published {
        match self.side_file(path) {
            Some(side) => Published::Side(side),
            None => Published::Artifact(self.artifact(path)),
        }
    }

    /// The file for whose sake this one is published; `None` when it is there for its own.
    ///
    /// Of two suffixes the longer one counts.
    #[must_use]
    pub fn side_file(&self, path: &ReleasePath) -> Option<SideFile> {
        // A file that is named like a suffix alone is nobody's side file.
        let (suffix, role) = self
            .side_suffix(path.file_name())
            .filter(|(suffix, _)| *suffix != path.file_name())?;
        let of = path.as_str().strip_suffix(suffix)?.parse().ok()?;
        Some(SideFile { of, role })
    }

    /// What the path is, as something for its own sake.
    #[must_use]
    pub fn artifact(&self, path: &ReleasePath) -> Artifact {
        if self.sboms.iter().any(|sbom| sbom.path == *path) {
            return Artifact::unnamed(path, Kind::Sbom);
        }
        for form in &self.files.forms {
            let Some(read) = form.path.read(path.as_str()) else {
                continue;
            };
            let platform = read.get(Slot::Os).zip(read.get(Slot::Arch));
            return Artifact {
                path: path.clone(),
                kind: form.kind,
                name: read
                    .get(Slot::Name)
                    .unwrap_or_else(|| path.file_name())
                    .to_owned(),
                platform: platform.map(|(os, arch)| Platform {
                    os: os.to_owned(),
                    arch: arch.to_owned(),
                }),
            };
        }
        Artifact::unnamed(path, Kind::Other)
    }

    /// The longest suffix of a side file that a text ends with.
    pub(crate) fn side_suffix(&self, text: &str) -> Option<(&str, SideRole)> {
        self.side_suffixes()
            .filter(|(suffix, _)| text.ends_with(suffix))
            .max_by_key(|(suffix, _)| suffix.len())
    }

    /// Every suffix of a side file and what the file is.
    fn side_suffixes(&self) -> impl Iterator<Item = (&str, SideRole)> {
        let proofs = self.files.proofs.iter().flat_map(|proof| match proof {
            ProofName::Bundle(bundle) => [Some((&**bundle, SideRole::Bundle)), None],
            ProofName::Detached {
                signature,
                certificate,
            } => [
                Some((&**signature, SideRole::Signature)),
                Some((&**certificate, SideRole::Certificate)),
            ],
        });
        let checksums = self
            .files
            .checksums
            .iter()
            .map(|checksum| (&*checksum.suffix, SideRole::Checksum(checksum.algorithm)));
        proofs.flatten().chain(checksums)
    }
}

impl Artifact {
    fn unnamed(path: &ReleasePath, kind: Kind) -> Self {
        Self {
            path: path.clone(),
            kind,
            name: path.file_name().to_owned(),
            platform: None,
        }
    }
}

impl Platform {
    /// The operating system.
    #[must_use]
    pub fn os(&self) -> &str {
        &self.os
    }

    /// The architecture.
    #[must_use]
    pub fn arch(&self) -> &str {
        &self.arch
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        let is_name = |part: &str| {
            !part.is_empty()
                && part.len() <= PLATFORM_BYTES
                && part
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        match text.split_once('/') {
            Some((os, arch)) if is_name(os) && is_name(arch) => Ok(Self {
                os: os.to_owned(),
                arch: arch.to_owned(),
            }),
            _ => Err(InvalidPlatform {
                found: printable(text),
            }),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)
    }
}

/// Longer than any name of a system.
const PLATFORM_BYTES: usize = 32;
