//! What a kit holds besides the files of the release: the trusted root, and an index.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use sealcheck_engine::{Trust, create_folders, unwritable};
use sealcheck_verify::{Digest, Time, printable};
use serde::Serialize;

use crate::output;
use crate::problem::{Problem, Result};
use crate::session::shown;

/// What a kit has of one version (`VERSION.kit.json`). It proves nothing: everything in the kit is proved by itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index<'a> {
    pub(super) schema: &'static str,
    pub(super) project: &'a str,
    pub(super) version: String,
    pub(super) files: Vec<Kept>,
    pub(super) images: Vec<KeptImage>,
    /// `None` where it was put together from single files.
    pub(super) trusted_root: Option<KeptTrust<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    /// Below the folder of the version.
    pub(super) path: String,
    pub(super) sha256: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptImage {
    pub(super) name: String,
    /// The layout, below the kit.
    pub(super) layout: String,
    pub(super) digest: Digest,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptTrust<'a> {
    /// Below the kit, as `tuf`.
    path: &'static str,
    sha256: String,
    /// Where it came from.
    source: &'a str,
    /// The folder with the TUF repository that proves it to whoever knows a root of that; `None` where it did not come from
    /// one.
    tuf: Option<&'static str>,
    /// When its metadata expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    tuf_expires: Option<Time>,
}

impl<'a> KeptTrust<'a> {
    /// Writes the trusted root, and the TUF repository that proves it. They are to be compared and taken along: what is read
    /// from a kit is no authority.
    pub(super) fn keep(trust: &'a Trust, kit: &Path) -> Result<Option<Self>> {
        let Some(json) = &trust.json else {
            return Ok(None);
        };
        write(kit, TRUSTED_ROOT, json)?;
        for (name, content) in &trust.repository {
            write(kit, &format!("{TUF}/{name}"), content)?;
        }
        Ok(Some(Self {
            path: TRUSTED_ROOT,
            sha256: Digest::sha256(json).hex(),
            source: &trust.source,
            tuf: (!trust.repository.is_empty()).then_some(TUF),
            tuf_expires: trust.expires,
        }))
    }

    /// What somebody should know who takes the kit along.
    pub(super) fn advice(kept: Option<&Self>, kit: &Path) -> String {
        match kept {
            None => "The kit has no trusted root: it was put together from single files. Take them along.".to_owned(),
            Some(Self {
                tuf: Some(tuf),
                tuf_expires: Some(expires),
                ..
            }) => format!(
                "The kit has the trusted root, and until {expires} the TUF metadata proves it to whoever knows a root of that: --tuf-mirror {}.",
                shown(&kit.join(tuf))
            ),
            Some(kept) => format!(
                "The kit has the trusted root, and no TUF metadata that proves it, because it came from {}: take it along by a way that you trust.",
                printable(kept.source)
            ),
        }
    }
}

/// Begins to write into a kit: makes its folder, and removes what a run that was killed left half-written in it. The kit is
/// this run's until the lock is dropped; where another is at work, this one ends.
pub(super) fn begin(kit: &Path) -> Result<Option<File>> {
    fs::create_dir_all(kit).map_err(|error| Problem::unwritable(&shown(kit), &error))?;
    // Some systems do not let folders be opened or locked; there nothing is removed.
    let Ok(lock) = File::open(kit) else {
        return Ok(None);
    };
    match lock.try_lock() {
        Ok(()) => {
            sweep(kit, true);
            Ok(Some(lock))
        }
        Err(TryLockError::WouldBlock) => {
            let error = io::Error::other("another run is collecting into it");
            Err(unwritable(kit, error).into())
        }
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Removes temporary files. What cannot be removed only takes room.
fn sweep(folder: &Path, is_kit: bool) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        match entry.file_type() {
            // Layouts remove their own.
            Ok(kind) if kind.is_dir() && !(is_kit && name == IMAGES) => sweep(&entry.path(), false),
            Ok(kind) if kind.is_file() && name.to_string_lossy().starts_with(output::TEMPORARY) => {
                drop(fs::remove_file(entry.path()));
            }
            _ => {}
        }
    }
}

/// Writes a file of a kit.
pub(super) fn write(kit: &Path, name: &str, content: &[u8]) -> Result<()> {
    let path = kit.join(name);
    // A link among the folders could lead anywhere.
    let folders = Path::new(name).parent().unwrap_or(Path::new(""));
    create_folders(kit, folders)
        .and_then(|()| output::write_file(&path, &mut &*content))
        .map_err(|error| Problem::unwritable(&shown(&path), &error))
}

/// The folder with the layouts.
pub(super) const IMAGES: &str = "images";
/// The trusted root.
const TRUSTED_ROOT: &str = "trusted_root.json";
/// The folder with the TUF repository.
const TUF: &str = "tuf";

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_kit_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (kit, outside) = (folder.path().join("kit"), folder.path().join("outside"));
        fs::create_dir_all(&kit).unwrap();
        fs::create_dir_all(&outside).unwrap();
        write(&kit, "tuf/1.root.json", b"{}").unwrap();
        fs::remove_dir_all(kit.join(TUF)).unwrap();
        std::os::unix::fs::symlink(&outside, kit.join(TUF)).unwrap();
        assert!(write(&kit, "tuf/1.root.json", b"{}").is_err());
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }

    #[test]
    fn two_runs_do_not_write_one_kit() {
        let folder = tempfile::tempdir().unwrap();
        let kit = folder.path().join("kit");
        let first = begin(&kit).unwrap();
        assert!(first.is_some());
        let refused = begin(&kit).err().unwrap();
        assert_eq!(refused.exit_code(), 3);
        drop(first);
        assert!(begin(&kit).unwrap().is_some());
    }
}
