//! What a kit holds besides the files of the release: the trusted root, and an index.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Component, Path};

use sealcheck_engine::{ArtifactSource, Engine, Silent, Trust, create_folders, unwritable};
use sealcheck_record::{KitIndex, KitTrust};
use sealcheck_verify::{Digest, DigestAlgorithm, printable};

use crate::output;
use crate::problem::{Problem, Result};
use crate::session::shown;

/// Adds to the index of this run what earlier ones collected of the same version and is there as they left it, and what they
/// could not prove.
pub(super) fn with_earlier(index: &mut KitIndex, kit: &Path, engine: &Engine) {
    if let Some(earlier) = earlier(index, kit) {
        add(earlier, index, kit, engine);
    }
    index.files.sort_by(|one, other| one.path.cmp(&other.path));
    index.images.sort_by(|one, other| one.name.cmp(&other.name));
    index
        .not_collected
        .sort_by(|one, other| one.name.cmp(&other.name));
}

fn add(earlier: KitIndex, index: &mut KitIndex, kit: &Path, engine: &Engine) {
    let below = |path: &str| {
        let parts = Path::new(path).components();
        let is_below = parts
            .clone()
            .all(|part| matches!(part, Component::Normal(_)));
        is_below.then(|| kit.join(path))
    };
    let sha256 = |path: &str| {
        let path = below(&format!("{}/{path}", index.version))?;
        // Whoever opens a pipe waits for somebody to write into it.
        let is_file = fs::symlink_metadata(&path).is_ok_and(|it| it.is_file());
        let file = is_file.then_some(ArtifactSource::File(path))?;
        let digests = engine.digests(&file, &[DigestAlgorithm::Sha256], &Silent);
        digests.ok()?.first().map(Digest::hex)
    };
    let layouts = |path: &str| {
        let mut text = String::new();
        let names = File::open(below(path)?.join("index.json")).ok()?;
        names.take(INDEX_BYTES).read_to_string(&mut text).ok()?;
        Some(text)
    };
    let names = index.files.iter().map(|file| &file.path);
    let names = names.chain(index.images.iter().map(|image| &image.name));
    let names = names.chain(index.not_collected.iter().map(|gap| &gap.name));
    let told: BTreeSet<String> = names.cloned().collect();
    let (mut files, mut images, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
    for file in earlier.files {
        if !told.contains(&file.path) && sha256(&file.path).as_deref() == Some(&*file.sha256) {
            files.push(file);
        }
    }
    for image in earlier.images {
        let is_there = layouts(&image.layout).is_some_and(|it| it.contains(&image.digest));
        if !told.contains(&image.name) && is_there {
            images.push(image);
        }
    }
    for gap in earlier.not_collected {
        if !told.contains(&gap.name) {
            gaps.push(gap);
        }
    }
    index.files.extend(files);
    index.images.extend(images);
    index.not_collected.extend(gaps);
}

/// The index that is there, of the same project and version. What cannot be read is replaced.
fn earlier(index: &KitIndex, kit: &Path) -> Option<KitIndex> {
    let path = kit.join(file_name(&index.version));
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(INDEX_BYTES).read_to_end(&mut bytes).ok()?;
    let earlier: KitIndex = serde_json::from_slice(&bytes).ok()?;
    let is_same = earlier.schema == index.schema
        && earlier.project == index.project
        && earlier.version == index.version;
    is_same.then_some(earlier)
}

/// The name of the index of a version.
pub(super) fn file_name(version: &str) -> String {
    format!("{version}{INDEX}")
}

/// Whether a folder is a kit.
pub(super) fn is_kit(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().ends_with(INDEX))
}

/// Writes the trusted root, and the TUF repository that proves it. They are to be compared and taken along: what is read from
/// a kit is no authority.
pub(super) fn keep_trust(trust: &Trust, kit: &Path) -> Result<Option<KitTrust>> {
    let Some(json) = &trust.json else {
        return Ok(None);
    };
    write(kit, TRUSTED_ROOT, json)?;
    for (name, content) in &trust.repository {
        write(kit, &format!("{TUF}/{name}"), content)?;
    }
    Ok(Some(KitTrust {
        path: TRUSTED_ROOT.to_owned(),
        sha256: Digest::sha256(json).hex(),
        source: trust.source.clone(),
        tuf: (!trust.repository.is_empty()).then(|| TUF.to_owned()),
        tuf_expires: trust.expires.map(|expires| expires.to_string()),
    }))
}

/// What somebody should know who takes the kit along.
pub(super) fn advice(kept: Option<&KitTrust>, kit: &Path) -> String {
    match kept {
        None => {
            "The kit has no trusted root: it was put together from single files. Take them along."
                .to_owned()
        }
        Some(KitTrust {
            tuf: Some(tuf),
            tuf_expires: Some(expires),
            ..
        }) => format!(
            "The kit has the trusted root, and until {expires} the TUF metadata proves it to whoever knows a root of that: --tuf-mirror {}.",
            shown(&kit.join(tuf))
        ),
        Some(kept) => format!(
            "The kit has the trusted root, and no TUF metadata that proves it, because it came from {}: take it along by a way that you trust.",
            printable(&kept.source)
        ),
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
/// What the name of an index ends with.
const INDEX: &str = ".kit.json";
/// The largest index that is read: that of a release with tens of thousands of files.
const INDEX_BYTES: u64 = 16 << 20;
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
