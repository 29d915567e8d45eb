//! Getting a file of a release: it has its name only when it is proved.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sealcheck_engine::{ArtifactSource, Progress};
use sealcheck_verify::{Digest, Failure, Outcome, Reason, Verdict, printable};

use super::{ProvedSbom, Release, ReleaseFile, with_suffix};
use crate::catalogue::Kind;
use crate::{Artifact, UnpackError, UnpackLimits, unpack};

impl Release<'_> {
    /// Downloads an artifact to `target` and proves it on the way. What is not proved has another name (`.NAME.part`), with
    /// which a later attempt goes on; what is rejected is removed. A file that is at `target` already is proved as it is,
    /// and replaced when it is not what the release has.
    ///
    /// The file can be executed by everybody when it is a program. With `keep_proof` its proof is kept beside it as a bundle
    /// (`NAME.sigstore.json`), with which it can be proved without network.
    pub fn fetch(
        &self,
        sbom: &ProvedSbom,
        artifact: &Artifact,
        target: &Path,
        keep_proof: bool,
        progress: &dyn Progress,
    ) -> Verdict {
        let name = target.display().to_string();
        let bundle = keep_proof.then(|| with_suffix(target, ".sigstore.json"));
        // Without its proof a file has to be proved again, by a look at the log.
        let is_whole = bundle.as_ref().is_none_or(|bundle| bundle.is_file());
        if target.is_file() && is_whole {
            let there = ReleaseFile {
                path: artifact.path.clone(),
                local: Some(target.to_owned()),
            };
            let verdict = self.prove(sbom, &there, false, progress);
            if verdict.outcome() == Outcome::Verified {
                return verdict;
            }
        }
        match self.download(sbom, artifact, (target, bundle.as_deref()), progress) {
            Ok(verdict) => verdict.with_artifact_name(&name),
            Err(failure) => self.failed(&name, failure),
        }
    }

    fn download(
        &self,
        sbom: &ProvedSbom,
        artifact: &Artifact,
        (target, bundle): (&Path, Option<&Path>),
        progress: &dyn Progress,
    ) -> sealcheck_verify::Result<Verdict> {
        let unwritable = |error: io::Error| unwritable(target, &error);
        let part = part(target).ok_or_else(|| unwritable(io::ErrorKind::InvalidFilename.into()))?;
        if fs::symlink_metadata(target).is_ok_and(|there| !there.is_file()) {
            return Err(unwritable(io::ErrorKind::AlreadyExists.into()));
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(unwritable)?;
        }
        // Whoever can write here could have put a link, through which another file would be written.
        if fs::symlink_metadata(&part).is_ok_and(|there| !there.is_file()) {
            return Err(unwritable(io::ErrorKind::AlreadyExists.into()));
        }
        let file = ReleaseFile {
            path: artifact.path.clone(),
            local: None,
        };
        let found = self.origin.places(self.profile, self.version, &file.path);
        let from = found.into_iter().next().map(|found| found.file);
        let from = from.ok_or_else(|| Failure::new(Reason::FileNotFound).at(file.path.as_str()))?;
        let source = ArtifactSource::Download {
            from,
            to: part.clone(),
        };
        let verdict = self.prove_from(sbom, &file, source, bundle, progress)?;
        if verdict.outcome() != Outcome::Verified
            && let Some(bundle) = bundle
        {
            // It may hold, and yet be of a file that the release does not list. That it cannot be removed harms nobody.
            fs::remove_file(bundle).ok();
        }
        match verdict.outcome() {
            Outcome::Verified => {
                let kept = File::open(&part)
                    .and_then(|kept| set_mode(&kept, artifact.kind))
                    .and_then(|()| fs::rename(&part, target));
                match kept {
                    Ok(()) => Ok(verdict),
                    Err(error) => Ok(verdict.with_failure(unwritable(error))),
                }
            }
            Outcome::Unavailable => Ok(verdict),
            Outcome::Rejected | Outcome::Unsigned | Outcome::Usage => {
                // Another attempt must not go on with it.
                match fs::remove_file(&part) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Ok(verdict.with_failure(unwritable(error)))
                    }
                    _ => Ok(verdict),
                }
            }
        }
    }
}

/// Unpacks a tarball that was proved into a folder beside it, which is named like it, and gives that folder. Its content is
/// hashed again while it is read: what is unpacked is what was proved.
///
/// # Errors
/// `archive-refused`, `result-unwritable`, and `artifact-mismatch` when the file is no longer the one that was proved.
pub fn extract(tarball: &Path, verdict: &Verdict) -> sealcheck_verify::Result<PathBuf> {
    let shown = printable(&tarball.display().to_string());
    let name = tarball.file_name().and_then(|name| name.to_str());
    let target = name
        .and_then(|name| {
            let endings = [".tar.gz", ".tgz", ".tar"];
            endings.iter().find_map(|ending| name.strip_suffix(ending))
        })
        .map(|stem| tarball.with_file_name(stem))
        .ok_or_else(|| {
            Failure::new(Reason::ArchiveRefused)
                .at(&*shown)
                .detail("it is no tarball by its name")
        })?;
    let proved = super::file::digests(verdict.evidence());
    let Some(proved) = proved.first().copied() else {
        return Err(Failure::new(Reason::ArtifactMismatch).at(&*shown));
    };
    let file = File::open(tarball).map_err(|error| {
        Failure::new(Reason::ArtifactUnreadable)
            .at(&*shown)
            .detail(error)
    })?;
    let mut altered = false;
    let reader = ProvedReader::new(file, proved, &mut altered);
    match unpack(reader, &target, UnpackLimits::default()) {
        Ok(_) => Ok(target),
        Err(_) if altered => Err(Failure::new(Reason::ArtifactMismatch)
            .at(shown)
            .detail("it is no longer the file that was proved")),
        Err(error @ (UnpackError::Unwritable { .. } | UnpackError::Occupied { .. })) => {
            Err(Failure::new(Reason::ResultUnwritable)
                .at(printable(&target.display().to_string()))
                .detail(error))
        }
        Err(error) => Err(Failure::new(Reason::ArchiveRefused).at(shown).detail(error)),
    }
}

/// Gives the bytes of a file, and at its end an error instead when they are not those that were proved.
struct ProvedReader<'a, R> {
    inner: R,
    hasher: Option<sealcheck_verify::ArtifactHasher>,
    proved: Digest,
    altered: &'a mut bool,
}

impl<'a, R: Read> ProvedReader<'a, R> {
    fn new(inner: R, proved: Digest, altered: &'a mut bool) -> Self {
        let needs = sealcheck_verify::Needs::sha256().with(proved.algorithm());
        Self {
            inner,
            hasher: Some(sealcheck_verify::ArtifactHasher::new(&needs)),
            proved,
            altered,
        }
    }
}

impl<R: Read> Read for ProvedReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count > 0 {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(buffer.get(..count).unwrap_or_default());
            }
            return Ok(count);
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        if let Some(hasher) = self.hasher.take() {
            let artifact = hasher.finish();
            *self.altered = artifact.digest(self.proved.algorithm()) != Some(self.proved);
        }
        match *self.altered {
            true => Err(io::Error::other("it is no longer the file that was proved")),
            false => Ok(0),
        }
    }
}

fn unwritable(target: &Path, error: &io::Error) -> Failure {
    Failure::new(Reason::ResultUnwritable)
        .at(printable(&target.display().to_string()))
        .detail(error)
}

/// Where a file is kept until it is proved.
fn part(target: &Path) -> Option<PathBuf> {
    let name = target.file_name()?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(".part");
    Some(target.with_file_name(part))
}

#[cfg(unix)]
fn set_mode(file: &File, kind: Kind) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match kind {
        Kind::Binary => 0o755,
        _ => 0o644,
    };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: Kind) -> io::Result<()> {
    Ok(())
}
