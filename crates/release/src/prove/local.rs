//! Which artifact of a release a file is that somebody has.

use std::path::{Path, PathBuf};

use sealcheck_engine::{ArtifactSource, Progress};
use sealcheck_verify::{Failure, Reason, Verdict};

use super::other::{told, with_content};
use super::{ProvedSbom, Release, ReleaseFile};
use crate::catalogue::{FindError, Lookup};
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
        /// What it is, in words that follow its name.
        why: String,
    },
    /// It is nothing that the release has, or it is not clear what.
    Unknown(Box<Verdict>),
}

impl Release<'_> {
    /// Finds out which artifact a file is: by what the user says, by its path and name, and where several have its name, by
    /// its content. Then the platform of this machine is the one that is meant.
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
        match &error {
            FindError::Side { of, .. } => {
                return Local::Aside {
                    path: lookup.file.to_owned(),
                    why: format!("it belongs to {of} and is not proved itself"),
                };
            }
            FindError::Unknown { .. } => {
                if let Some(why) = self.by_design(lookup.file) {
                    return Local::Aside {
                        path: lookup.file.to_owned(),
                        why,
                    };
                }
            }
            FindError::Ambiguous { .. } => {}
            _ => return self.unknown(lookup.file, &error),
        }
        if lookup.exactly.is_some() {
            return self.unknown(lookup.file, &error);
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
        if let Some(entry) = with_content(&sbom.listing, &digests)
            && let Ok(path) = entry.path().parse::<ReleasePath>()
            && catalogue.get(&path).is_some()
        {
            return file(&path);
        }
        // It is none of them: the one for this machine is the one that it should be.
        let here = this_machine();
        let for_here = Lookup {
            platform: here.as_ref(),
            ..*lookup
        };
        match (&error, lookup.platform, catalogue.find(&for_here)) {
            (FindError::Ambiguous { .. }, None, Ok(artifact)) => file(&artifact.path),
            _ => {
                let name = lookup.file.display().to_string();
                let other = self.of_other_version(&digests);
                let failure = told(not_found(&error), other.as_ref());
                Local::Unknown(Box::new(self.failed(&name, failure)))
            }
        }
    }

    /// Why a file of this name is published without a signature.
    fn by_design(&self, file: &Path) -> Option<String> {
        let name: ReleasePath = file.file_name()?.to_str()?.parse().ok()?;
        let because = self.profile.unsigned_by_design(&name)?;
        Some(format!("not signed: {because}"))
    }

    fn unknown(&self, file: &Path, error: &FindError) -> Local {
        let name = file.display().to_string();
        Local::Unknown(Box::new(self.failed(&name, not_found(error))))
    }
}

fn not_found(error: &FindError) -> Failure {
    let reason = match error {
        FindError::Unknown { .. } => Reason::ReleaseMismatch,
        _ => Reason::ArtifactUnknown,
    };
    error.failure(reason)
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
