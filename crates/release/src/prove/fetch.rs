//! Getting a file of a release: it has its name only when it is proved.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealcheck_engine::{
    ArtifactSource, Part, Progress, create_folders, open_own, set_mode, unwritable, with_suffix,
};
use sealcheck_verify::{Digest, Failure, Outcome, Reason, Result, Verdict, printable};

use super::{ProvedSbom, Release, ReleaseFile};
use crate::catalogue::Kind;
use crate::{Artifact, UnpackError, UnpackLimits, unpack};

/// Where an artifact is to be.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The folder that the user named; it may be a link.
    pub root: &'a Path,
    /// The file below it. No folder on the way may be a link: whoever can write in `root` could lead it anywhere.
    pub below: &'a Path,
}

impl Release<'_> {
    /// Downloads an artifact to `target` and proves it on the way. What is not proved has another name (`.NAME.part`), with
    /// which a later attempt goes on; what is rejected is removed. A file that is at `target` already is proved as it is,
    /// and replaced when it is not what the release has, or when others can write it.
    ///
    /// The file can be executed by everybody when it is a program. With `keep_proof` its proof is kept beside it as a bundle
    /// (`NAME.sigstore.json`), with which it can be proved without network.
    pub fn fetch(
        &self,
        sbom: &ProvedSbom,
        artifact: &Artifact,
        target: Target<'_>,
        keep_proof: bool,
        progress: &dyn Progress,
    ) -> Verdict {
        let path = target.root.join(target.below);
        let name = path.display().to_string();
        let bundle = keep_proof.then(|| with_suffix(&path, ".sigstore.json"));
        let fetched = self
            .prepare(target, &path)
            .and_then(|kept| {
                let known = kept.and_then(|kept| {
                    self.known(sbom, artifact, (&path, kept), bundle.as_deref(), progress)
                });
                match known {
                    Some(verdict) => Ok(verdict),
                    None => self.download(sbom, artifact, (&path, bundle.as_deref()), progress),
                }
            })
            .unwrap_or_else(|failure| self.failed(&name, failure));
        fetched.with_artifact_name(&name)
    }

    /// Makes the folders, and opens what is at the target already, if nobody else can write it.
    fn prepare(&self, target: Target<'_>, path: &Path) -> Result<Option<File>> {
        let unwritable = |error: io::Error| unwritable(path, error);
        let folders = target.below.parent().unwrap_or(Path::new(""));
        create_folders(target.root, folders).map_err(unwritable)?;
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unwritable(error)),
            Ok(there) if !there.is_file() => {
                let error = io::Error::other("something is there that is no file");
                Err(unwritable(error))
            }
            Ok(_) => match open_own(path) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
                own => own.map_err(unwritable),
            },
        }
    }

    /// Proves what is at the target. `None`: it has to be fetched.
    fn known(
        &self,
        sbom: &ProvedSbom,
        artifact: &Artifact,
        (path, kept): (&Path, File),
        bundle: Option<&Path>,
        progress: &dyn Progress,
    ) -> Option<Verdict> {
        let file = ReleaseFile {
            path: artifact.path.clone(),
            local: Some(path.to_owned()),
        };
        let verdict = match bundle {
            None => self.prove(sbom, &file, false, progress),
            // A kit must be proved by what is in it.
            Some(bundle) => {
                let alone = self.prove_by(sbom, &file, bundle, progress).ok()?;
                match alone.outcome() {
                    Outcome::Verified => alone,
                    _ => {
                        make_room(bundle);
                        let source = ArtifactSource::File(path.to_owned());
                        let kept = self.prove_from(sbom, &file, source, Some(bundle), progress);
                        kept.ok()?
                    }
                }
            }
        };
        if verdict.outcome() != Outcome::Verified {
            return None;
        }
        match set_mode(&kept, mode(artifact.kind)) {
            Ok(()) => Some(verdict),
            Err(error) => Some(verdict.with_failure(unwritable(path, error))),
        }
    }

    fn download(
        &self,
        sbom: &ProvedSbom,
        artifact: &Artifact,
        (target, bundle): (&Path, Option<&Path>),
        progress: &dyn Progress,
    ) -> Result<Verdict> {
        let part = part(target)
            .ok_or_else(|| unwritable(target, io::ErrorKind::InvalidFilename.into()))?;
        let file = ReleaseFile {
            path: artifact.path.clone(),
            local: None,
        };
        let found = self.origin.places(self.profile, self.version, &file.path);
        let from = found.into_iter().next().map(|found| found.file);
        let from = from.ok_or_else(|| Failure::new(Reason::FileNotFound).at(file.path.as_str()))?;
        if let Some(bundle) = bundle {
            make_room(bundle);
        }
        // Locked until it has its name: what is proved is what this run wrote.
        let part = Arc::new(Part::open(&part)?);
        let fetch = || {
            let source = ArtifactSource::Download {
                from: from.clone(),
                to: Arc::clone(&part),
            };
            self.prove_from(sbom, &file, source, bundle, progress)
        };
        let mut verdict = fetch()?;
        // That it is rejected may be the fault of what was left there, and not of the release.
        if verdict.outcome() == Outcome::Rejected && part.is_resumed() {
            part.empty()?;
            verdict = fetch()?;
        }
        if verdict.outcome() != Outcome::Verified
            && let Some(bundle) = bundle
        {
            // It may hold, and yet be of a file that the release does not list. That it cannot be removed harms nobody.
            fs::remove_file(bundle).ok();
        }
        let done = match (verdict.outcome(), Arc::into_inner(part)) {
            (Outcome::Unavailable, _) => Ok(()),
            (Outcome::Verified, Some(part)) => part.rename(target, mode(artifact.kind)),
            // Another attempt must not go on with it.
            (_, Some(part)) => part.remove(),
            (_, None) => Err(unwritable(target, io::Error::other("it is still in use"))),
        };
        match done {
            Ok(()) => Ok(verdict),
            Err(failure) => Ok(verdict.with_failure(failure)),
        }
    }
}

/// The folder beside a tarball, named like it, into which it is unpacked; `None` when it is no tarball by its name.
#[must_use]
pub fn unpacked(tarball: &Path) -> Option<PathBuf> {
    let name = tarball.file_name()?.to_str()?;
    let endings = [".tar.gz", ".tgz", ".tar"];
    let stem = endings
        .iter()
        .find_map(|ending| name.strip_suffix(ending))?;
    Some(tarball.with_file_name(stem))
}

/// Unpacks a tarball that was proved into [its folder](unpacked), and gives that. Its content is hashed again while it is read:
/// what is unpacked is what was proved.
///
/// # Errors
/// `archive-refused`, `result-unwritable`, and `artifact-mismatch` when the file is no longer the one that was proved.
pub fn extract(tarball: &Path, verdict: &Verdict) -> Result<PathBuf> {
    let shown = printable(&tarball.display().to_string());
    let target = unpacked(tarball).ok_or_else(|| {
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

/// Where a file is kept until it is proved.
fn part(target: &Path) -> Option<PathBuf> {
    let name = target.file_name()?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(".part");
    Some(target.with_file_name(part))
}

/// Removes what is where a proof is to be kept: it proves nothing. What cannot be removed is told when the proof is written.
fn make_room(bundle: &Path) {
    fs::remove_file(bundle).ok();
}

/// Programs can be executed by everybody.
fn mode(kind: Kind) -> u32 {
    match kind {
        Kind::Binary => 0o755,
        _ => 0o644,
    }
}
