//! Keeping a verified proof as a bundle.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use sealcheck_verify::limits::BUNDLE_BYTES;
use sealcheck_verify::{
    Artifact, Failure, Material, Outcome, Reason, Requirements, Result, Time, TrustedRoot, verify,
};

use crate::input::shown_path;

/// Refuses, before any work is done, what cannot become a file.
pub(crate) fn check_target(path: &Path) -> Result<()> {
    let folder = folder(path);
    if path.is_dir() || path.file_name().is_none() {
        return Err(failure(path).expected("a file").found("a folder"));
    }
    if !folder.is_dir() {
        return Err(failure(path).detail("the folder does not exist"));
    }
    // Only a bundle is replaced: not the artifact, the trusted root or the key, and no device, pipe or link.
    let Ok(there) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    let is_bundle = there.is_file()
        && usize::try_from(there.len()).is_ok_and(|length| length <= BUNDLE_BYTES.max)
        && fs::read(path).is_ok_and(|bytes| Material::from_bundle(&bytes).is_ok());
    match is_bundle {
        true => Ok(()),
        false => Err(failure(path)
            .expected("a new name, or a bundle to replace")
            .found("something else, which stays")),
    }
}

/// Writes the proof as a bundle of version 0.3, which replaces the file in one step.
///
/// # Errors
/// `argument-invalid`: the format cannot hold the proof, or the file may not be written. `result-unwritable`: writing it
/// failed.
pub(crate) fn save(
    path: &Path,
    material: &Material,
    artifact: &Artifact<'_>,
    root: &TrustedRoot,
    requirements: &Requirements,
    now: Time,
) -> Result<()> {
    let Some(bundle) = material.to_bundle(artifact) else {
        return Err(failure(path).detail(
            "a bundle cannot hold this proof: it needs an inclusion proof for each log entry",
        ));
    };
    // What is kept must be worth as much as what was verified.
    let verdict = verify(
        &Material::from_bundle(bundle.as_bytes())?,
        artifact,
        root,
        requirements,
        now,
    );
    if verdict.outcome() != Outcome::Verified {
        return Err(failure(path).detail(format!("the proof does not hold as a bundle: {verdict}")));
    }
    write(path, bundle.as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            failure(path).detail(error.kind())
        }
        kind => Failure::new(Reason::ResultUnwritable)
            .at(shown_path(path))
            .detail(kind),
    })
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder(path);
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // A proof is public: as readable as any other new file, not only by its owner.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(".sealcheck-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The name must survive a crash as well; where folders cannot be opened (Windows), the system sees to it.
    if let Ok(folder) = fs::File::open(folder) {
        folder.sync_all()?;
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn failure(path: &Path) -> Failure {
    Failure::new(Reason::ArgumentInvalid).at(format!("--save-bundle {}", shown_path(path)))
}
