//! Where the files of a release are.

use std::fs;
use std::path::{Path, PathBuf};

use sealcheck_engine::{ArtifactSource, Input, ProofPart, ProofPlace, proof_places, with_suffix};
use sealcheck_verify::{DigestAlgorithm, Failure, Reason, Result, printable};

use super::{IMAGES, other};
use crate::catalogue::ProofAddress;
use crate::{Channel, Profile, ReleasePath, Version};

/// Where the files of a release are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At the addresses of the profile.
    Published,
    /// In a folder.
    Folder {
        /// The folder of the release itself, or one with folders of versions; images are in layouts below `images`.
        root: PathBuf,
        /// The folder of the release itself.
        files: PathBuf,
    },
}

/// Where one file of a release is.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: Input,
    pub(super) proofs: Vec<ProofPlace>,
    pub(super) checksums: Vec<(DigestAlgorithm, Input)>,
}

impl Origin {
    /// A folder as a user names it.
    #[must_use]
    pub fn folder(root: PathBuf) -> Self {
        Self::Folder {
            files: root.clone(),
            root,
        }
    }

    /// The folders in which files and images of releases lie: a new file in one of them would be taken for one of theirs.
    #[must_use]
    pub fn occupied(&self) -> Vec<PathBuf> {
        let Self::Folder { root, .. } = self else {
            return Vec::new();
        };
        let versions = other::versions(root).into_iter();
        let folders = versions.flat_map(|version| {
            let name = version.to_string();
            [root.join(&name), root.join("release").join(name)]
        });
        folders.chain([root.join(IMAGES)]).collect()
    }

    /// The origin of one version's files.
    pub(super) fn of(self, version: Version) -> Self {
        match self {
            Self::Published => Self::Published,
            Self::Folder { root, files } => {
                let version = version.to_string();
                let candidates = [root.join(&version), root.join("release").join(&version)];
                let own = candidates.into_iter().find(|folder| folder.is_dir());
                Self::Folder {
                    root,
                    files: own.unwrap_or(files),
                }
            }
        }
    }

    /// Where a channel's version stands.
    pub(super) fn channel(&self, profile: &Profile, channel: Channel) -> Result<Input> {
        match self {
            Self::Folder { root, .. } => {
                let name = channel.file_name();
                let candidates = [root.join(&name), root.join("release").join(&name)];
                let [first, second] = candidates;
                Ok(Input::File(if second.is_file() { second } else { first }))
            }
            Self::Published => match profile.channel_address(channel) {
                Some(address) => Ok(Input::Url(address)),
                None => Err(Failure::new(Reason::VersionUnknown)
                    .found(channel.to_string())
                    .detail(format!("the project {} has no channels", profile.name))),
            },
        }
    }

    /// The places of a file, in the order in which they are asked. Never empty.
    pub(super) fn places(
        &self,
        profile: &Profile,
        version: Version,
        path: &ReleasePath,
    ) -> Vec<Found> {
        match self {
            Self::Folder { files, .. } => {
                let file = below(files, path);
                let checksums = profile.files.checksums.iter();
                vec![Found {
                    proofs: proof_places(&ArtifactSource::File(file.clone())).unwrap_or_default(),
                    checksums: checksums
                        .map(|sum| (sum.algorithm, Input::File(with_suffix(&file, &sum.suffix))))
                        .collect(),
                    file: Input::File(file),
                }]
            }
            Self::Published => {
                let places = profile.addresses(version, path).into_iter();
                let places = places.map(|place| {
                    let mut proofs: Vec<ProofPlace> = Vec::new();
                    let parts = place.proofs.into_iter().flat_map(|proof| match proof {
                        ProofAddress::Bundle(bundle) => vec![(ProofPart::Bundle, bundle)],
                        ProofAddress::Detached {
                            signature,
                            certificate,
                        } => vec![
                            (ProofPart::Signature, signature),
                            (ProofPart::Certificate, certificate),
                        ],
                    });
                    for (part, address) in parts {
                        let input = Input::Url(address);
                        if proofs.iter().all(|known| known.input != input) {
                            proofs.push(ProofPlace { part, input });
                        }
                    }
                    let checksums = place.checksums.into_iter();
                    Found {
                        file: Input::Url(place.artifact),
                        proofs,
                        checksums: checksums
                            .map(|(algorithm, address)| (algorithm, Input::Url(address)))
                            .collect(),
                    }
                });
                places.collect()
            }
        }
    }
}

impl Origin {
    /// In a folder that somebody made there are files, and no pipes or devices, which may never end.
    ///
    /// # Errors
    /// `artifact-unreadable`. That nothing is there is said by whoever reads it.
    pub(super) fn require_file(&self, path: Option<&Path>) -> Result<()> {
        let Some(path) = path.filter(|_| matches!(self, Self::Folder { .. })) else {
            return Ok(());
        };
        match fs::metadata(path) {
            Ok(there) if !there.is_file() && !there.is_dir() => {
                Err(Failure::new(Reason::ArtifactUnreadable)
                    .at(printable(&path.display().to_string()))
                    .expected("a file")
                    .found("a pipe, a socket or a device"))
            }
            _ => Ok(()),
        }
    }
}

impl Found {
    /// The file as an artifact.
    pub(super) fn artifact(&self) -> ArtifactSource {
        match &self.file {
            Input::Url(url) => ArtifactSource::Url(url.clone()),
            Input::File(path) => ArtifactSource::File(path.clone()),
            Input::Literal { name, .. } => ArtifactSource::File(name.into()),
        }
    }
}

/// The file of a folder that has this path.
fn below(folder: &Path, path: &ReleasePath) -> PathBuf {
    path.as_str()
        .split('/')
        .fold(folder.to_owned(), |folder, part| folder.join(part))
}
