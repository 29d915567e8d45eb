//! Which artifact of a release a file is that somebody has.

use std::path::{Path, PathBuf};

use sealcheck_engine::{ArtifactSource, Progress};
use sealcheck_verify::{Digest, Failure, Reason, Verdict};

use super::beside::tails;
use super::other::told;
use super::{Beside, ProvedSbom, Release, ReleaseFile};
use crate::catalogue::{FindError, Kind, Lookup};
use crate::spdx::{LocalFile, Origin, Standing};
use crate::{Catalogue, Platform, ReleasePath};

/// What a local file is to a release.
#[derive(Debug)]
pub enum Local {
    /// It may be this artifact.
    File(ReleaseFile),
    /// It is nothing for its own sake, or nothing that is signed.
    Aside {
        /// The file.
        path: PathBuf,
        /// What it is.
        beside: Beside,
    },
    /// It is nothing that the release has, or it is not clear what.
    Unknown(Box<Verdict>),
}

impl Release<'_> {
    /// The verdict about something that is no file, and was not looked at: `unavailable`.
    #[must_use]
    pub fn not_looked_at(&self, path: &Path, why: &str) -> Verdict {
        let failure = Failure::new(Reason::ArtifactUnreadable).detail(why);
        self.failed(&path.display().to_string(), failure)
    }

    /// Finds out which artifact a file is: by what the user says, by its path and name, and where several have its name, by
    /// which of them its content is. Where it is none of them, the one for this machine is meant. What has the content of
    /// an artifact of another name is none.
    pub fn local(
        &self,
        sbom: &ProvedSbom,
        catalogue: &Catalogue<'_>,
        lookup: &Lookup<'_>,
        progress: &dyn Progress,
    ) -> Local {
        let file = |path: &ReleasePath| {
            Local::File(ReleaseFile {
                path: path.clone(),
                local: Some(lookup.file.to_owned()),
            })
        };
        let error = match catalogue.find(lookup) {
            Ok(artifact) => return file(&artifact.path),
            Err(error) => error,
        };
        match (&error, lookup.exactly) {
            (FindError::Side { of, .. }, Some(_)) => {
                return Local::Aside {
                    path: lookup.file.to_owned(),
                    beside: Beside {
                        why: format!("it belongs to {of} and is not proved itself"),
                        is_usual: true,
                    },
                };
            }
            (
                FindError::Side { .. } | FindError::Unknown { .. } | FindError::Ambiguous { .. },
                None,
            ) => {}
            // Whoever says which artifact it is, and names none, has mistyped it.
            _ => return self.unknown(lookup.file, &error),
        }
        let digests = match self.engine.digests(
            &ArtifactSource::File(lookup.file.to_owned()),
            sbom.listing.algorithms(),
            progress,
        ) {
            Ok(digests) => digests,
            Err(failure) => {
                let name = lookup.file.display().to_string();
                return Local::Unknown(Box::new(self.failed(&name, failure)));
            }
        };
        if let Some(path) = self.archive(sbom, lookup.file, &digests) {
            return file(&path);
        }
        let candidates = match &error {
            FindError::Ambiguous { candidates, .. } => &**candidates,
            _ => &[],
        };
        let content = LocalFile {
            path: file_name(lookup.file),
            digests: &digests,
        };
        if let Some((
            _,
            Standing::Proved { entry, .. }
            | Standing::Renamed { entry }
            | Standing::Swapped { entry, .. },
        )) = sbom.listing.check([content]).files.first()
            && entry.origin() == Origin::File
        {
            // What it is must be what it is called, or else the one would be used as the other.
            let candidate = candidates.iter().find(|path| **path == *entry.path());
            return match candidate.and_then(|path| path.parse().ok()) {
                Some(path) => file(&path),
                None => self.mismatch(
                    lookup.file,
                    format!(
                        "it is {0} of this release, under another name: rename it, or say --as {0} if it is used as that",
                        entry.path()
                    ),
                ),
            };
        }
        if candidates.is_empty() {
            return match self.beside(sbom, lookup.file, lookup.file, &digests) {
                Some(Ok(beside)) => Local::Aside {
                    path: lookup.file.to_owned(),
                    beside,
                },
                Some(Err(why)) => self.mismatch(lookup.file, why),
                None => self.of_elsewhere(lookup.file, &error, &digests),
            };
        }
        // It is none of them: the one for this machine is the one that it should be.
        let here = this_machine();
        let for_here = Lookup {
            platform: here.as_ref(),
            ..*lookup
        };
        match (&error, lookup.platform, catalogue.find(&for_here)) {
            (FindError::Ambiguous { .. }, None, Ok(artifact)) => file(&artifact.path),
            _ => self.of_elsewhere(lookup.file, &error, &digests),
        }
    }

    /// The path of an archive of an image, which SBOMs list as a package, without its place in the release: where it lies
    /// says which it is, and its content must be that package's.
    fn archive(&self, sbom: &ProvedSbom, file: &Path, digests: &[Digest]) -> Option<ReleasePath> {
        let is_archive =
            |path: &ReleasePath| self.profile.artifact(path).kind == Kind::ImageArchive;
        let path = tails(file).into_iter().find(is_archive)?;
        let here = LocalFile {
            path: path.as_str(),
            digests,
        };
        match sbom.listing.check([here]).files.first() {
            Some((_, Standing::Proved { entry, .. })) if entry.origin() == Origin::Package => {
                Some(path)
            }
            _ => None,
        }
    }

    fn mismatch(&self, file: &Path, why: String) -> Local {
        let name = file.display().to_string();
        let failure = Failure::new(Reason::ReleaseMismatch).detail(why);
        Local::Unknown(Box::new(self.failed(&name, failure)))
    }

    /// What this version does not have at all: perhaps another one has.
    fn of_elsewhere(&self, file: &Path, error: &FindError, digests: &[Digest]) -> Local {
        let name = file.display().to_string();
        let other = self.of_other_version(digests);
        let failure = told(not_found(error), other.as_ref());
        Local::Unknown(Box::new(self.failed(&name, failure)))
    }

    fn unknown(&self, file: &Path, error: &FindError) -> Local {
        let name = file.display().to_string();
        let failure = error.failure(Reason::ArtifactUnknown);
        Local::Unknown(Box::new(self.failed(&name, failure)))
    }
}

fn not_found(error: &FindError) -> Failure {
    let reason = match error {
        FindError::Unknown { .. } => Reason::ReleaseMismatch,
        _ => Reason::ArtifactUnknown,
    };
    error.failure(reason)
}

/// The last part of a path; one that nothing is called where it is no text.
fn file_name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("content")
}

impl FindError {
    /// The failure of what cannot be found, for this reason.
    #[must_use]
    pub fn failure(&self, reason: Reason) -> Failure {
        let failure = Failure::new(reason);
        match self {
            Self::Unknown { name, nearest } if nearest.is_empty() => failure.found(name.as_str()),
            Self::Unknown { name, nearest } => failure
                .found(name.as_str())
                .detail(format!("the nearest are {}", nearest.join(", "))),
            error => failure.detail(error),
        }
    }
}

/// The platform that this program runs on, by Go's names.
#[must_use]
pub fn this_machine() -> Option<Platform> {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        arch => arch,
    };
    format!("{os}/{arch}").parse().ok()
}
