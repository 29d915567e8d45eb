//! What a kit holds besides the files of the release: the trusted root, and an index.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};

use sealcheck_engine::{
    ArtifactSource, Engine, Silent, Trust, create_folders, ordered, unwritable,
};
use sealcheck_record::{KitFile, KitImage, KitIndex, KitTrust};
use sealcheck_release::spdx::{Listing, LocalFile, Standing};
use sealcheck_verify::{Digest, DigestAlgorithm, printable};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::output;
use crate::problem::{Problem, Result};
use crate::session::shown;
use crate::suggestion::quoted;

/// Writes what a kit has besides its files and images: the trusted root, and the index, with what earlier runs collected.
/// Gives what the user should know.
pub(super) fn keep(
    index: &mut KitIndex,
    kit: &Path,
    listed: &Listed<'_>,
    jobs: NonZeroUsize,
) -> Result<Vec<String>> {
    index.trusted_root = keep_trust(listed.engine.trust(), kit)?;
    if let Some(earlier) = read(kit, &index.version).filter(|earlier| is_same(earlier, index)) {
        add(earlier, index, kit, listed, jobs);
    }
    index.files.sort_by(|one, other| one.path.cmp(&other.path));
    index.images.sort_by(|one, other| one.name.cmp(&other.name));
    index
        .not_collected
        .sort_by(|one, other| one.name.cmp(&other.name));
    let json = output::json(index)?;
    write(kit, &file_name(&index.version), json.as_bytes())?;
    Ok(collected_otherwise(index, kit))
}

/// What the proved SBOM says of what earlier runs collected: an index of theirs is nobody's word.
pub(super) struct Listed<'k> {
    pub(super) engine: &'k Engine,
    pub(super) files: &'k Listing,
    /// The names of its images.
    pub(super) images: BTreeSet<String>,
}

impl Listed<'_> {
    /// The digest of a file of the kit, when it is what the SBOM lists under this path.
    fn file(&self, kit: &Path, index: &KitIndex, path: &str) -> Option<KitFile> {
        let file = plain(kit, &format!("{}/{path}", index.version))?;
        let file = ArtifactSource::File(file);
        let digests = self.engine.digests(&file, self.files.algorithms(), &Silent);
        let digests = digests.ok()?;
        let local = LocalFile {
            path,
            digests: &digests,
        };
        let check = self.files.check([local]);
        let is_listed = matches!(
            check.files.first(),
            Some((_, Standing::Proved { entry, .. })) if entry.path() == path
        );
        let mut sha256 = digests.iter();
        let sha256 = sha256.find(|it| it.algorithm() == DigestAlgorithm::Sha256)?;
        is_listed.then(|| KitFile {
            path: path.to_owned(),
            sha256: sha256.hex(),
        })
    }
}

/// Adds what is there as the SBOM lists it, and what could not be proved.
fn add(
    earlier: KitIndex,
    index: &mut KitIndex,
    kit: &Path,
    listed: &Listed<'_>,
    jobs: NonZeroUsize,
) {
    let names = index.files.iter().map(|file| &file.path);
    let names = names.chain(index.images.iter().map(|image| &image.name));
    let names = names.chain(index.not_collected.iter().map(|gap| &gap.name));
    let told: BTreeSet<String> = names.cloned().collect();
    let is_new = |name: &str| !told.contains(name);
    let files = earlier.files.into_iter().filter(|file| is_new(&file.path));
    let work = |file: KitFile| {
        let there = listed.file(kit, index, &file.path);
        there.filter(|there| *there == file)
    };
    let mut found = Vec::new();
    ordered(files, jobs, work, |_, file| {
        found.extend(file);
        ControlFlow::Continue(())
    });
    index.files.extend(found);
    let images = earlier.images.into_iter().filter(|image| {
        is_new(&image.name) && listed.images.contains(&image.name) && has_image(kit, image)
    });
    index.images.extend(images);
    let gaps = earlier.not_collected.into_iter();
    let gaps = gaps.filter(|gap| is_new(&gap.name));
    index.not_collected.extend(gaps);
}

/// Whether a layout of the kit lists the image, and has its manifest.
fn has_image(kit: &Path, image: &KitImage) -> bool {
    let names = plain(kit, &format!("{}/index.json", image.layout));
    let Some(Value::Object(names)) = names.and_then(|path| json(&path)) else {
        return false;
    };
    let entries = names.get("manifests").and_then(Value::as_array);
    let mut entries = entries.into_iter().flatten();
    let is_it = |entry: &Value| entry.get("digest").and_then(Value::as_str) == Some(&image.digest);
    let blob = image.digest.replacen(':', "/", 1);
    let blob = plain(kit, &format!("{}/blobs/{blob}", image.layout));
    entries.any(is_it)
        && blob
            .and_then(|blob| content(&blob))
            .is_some_and(|content| Digest::sha256(&content).to_string() == image.digest)
}

/// The index of a version. One that cannot be read is as none: it proves nothing.
fn read(kit: &Path, version: &str) -> Option<KitIndex> {
    json(&plain(kit, &file_name(version))?)
}

fn is_same(one: &KitIndex, other: &KitIndex) -> bool {
    (&one.schema, &one.project, &one.version) == (&other.schema, &other.project, &other.version)
}

fn json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&content(path)?).ok()
}

fn content(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(INDEX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The file of the kit with this path below it, where it is one: an index leads nowhere else, and whoever opens a pipe waits
/// for somebody to write into it.
fn plain(kit: &Path, path: &str) -> Option<PathBuf> {
    let mut parts = Path::new(path).components();
    let is_below = parts.all(|part| matches!(part, Component::Normal(_)));
    let path = is_below.then(|| kit.join(path))?;
    let is_file = fs::symlink_metadata(&path).is_ok_and(|it| it.is_file());
    is_file.then_some(path)
}

/// The other versions of a kit that were collected by another trusted root: a kit has that of the last run.
fn collected_otherwise(index: &KitIndex, kit: &Path) -> Vec<String> {
    let sha256 = |index: &KitIndex| index.trusted_root.as_ref().map(|root| root.sha256.clone());
    let entries = fs::read_dir(kit).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let versions = names.filter_map(|name| name.strip_suffix(INDEX).map(str::to_owned));
    let mut others: Vec<String> = versions
        .filter(|version| *version != index.version)
        .filter(|version| read(kit, version).is_some_and(|it| sha256(&it) != sha256(index)))
        .map(|version| printable(&version))
        .collect();
    others.sort();
    match others.is_empty() {
        true => Vec::new(),
        false => vec![format!(
            "{} of this kit had another trusted root when it was collected, which this one replaces. Collect it again, so that its index has this one.",
            others.join(", ")
        )],
    }
}

/// The name of the index of a version.
pub(super) fn file_name(version: &str) -> String {
    format!("{version}{INDEX}")
}

/// Refuses a whole kit where files of the release are meant.
pub(super) fn refuse_whole(folder: &Path, version: &str) -> Result<()> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    if !names.any(|name| name.to_string_lossy().ends_with(INDEX)) {
        return Ok(());
    }
    let kit = quoted(&shown(folder));
    let own = folder.join(version);
    let own = match own.is_dir() {
        true => quoted(&shown(&own)),
        // A channel, or one that it does not have.
        false => "the folder of the version in it".to_owned(),
    };
    Err(Problem::argument(format!(
        "{kit} is a kit: it also holds images, trust and indexes, which are no files of the release"
    ))
    .with_hint(format!(
        "Prove all of it with `sealcheck release verify-all {version} --from {kit} --offline`, or name {own}."
    )))
}

/// Writes the trusted root, and the TUF repository that proves it, in the place of those of earlier runs. They are to be
/// compared and taken along: what is read from a kit is no authority. What this run has not stays: it is not of this run only.
fn keep_trust(trust: &Trust, kit: &Path) -> Result<Option<KitTrust>> {
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
pub(super) fn begin(kit: &Path, version: &str) -> Result<Option<File>> {
    fs::create_dir_all(kit).map_err(|error| unwritable(kit, error))?;
    // Some systems do not let folders be opened or locked; there nothing is removed.
    let Ok(lock) = File::open(kit) else {
        return Ok(None);
    };
    match lock.try_lock() {
        Ok(()) => {
            sweep(kit, false);
            for folder in [version, TUF] {
                sweep(&kit.join(folder), true);
            }
            Ok(Some(lock))
        }
        Err(TryLockError::WouldBlock) => {
            let error = io::Error::other("another run is collecting into it");
            Err(unwritable(kit, error).into())
        }
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Removes temporary files of this program. What cannot be removed only takes room.
fn sweep(folder: &Path, deep: bool) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && deep => sweep(&entry.path(), deep),
            Ok(kind) if kind.is_file() && is_temporary(&entry.file_name()) => {
                drop(fs::remove_file(entry.path()));
            }
            _ => {}
        }
    }
}

/// Whether a name is one that this program gives to files that are being written.
fn is_temporary(name: &OsStr) -> bool {
    let name = name
        .to_str()
        .and_then(|it| it.strip_prefix(output::TEMPORARY));
    name.is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|it| it.is_ascii_alphanumeric()))
}

/// Writes a file of a kit.
pub(super) fn write(kit: &Path, name: &str, content: &[u8]) -> Result<()> {
    let path = kit.join(name);
    // A link among the folders could lead anywhere.
    let folders = Path::new(name).parent().unwrap_or(Path::new(""));
    create_folders(kit, folders)
        .and_then(|()| output::write_file(&path, &mut &*content))
        .map_err(|error| unwritable(&path, error).into())
}

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
        let first = begin(&kit, "v1.36.0").unwrap();
        assert!(first.is_some());
        let refused = begin(&kit, "v1.36.0").err().unwrap();
        assert_eq!(refused.exit_code(), 3);
        drop(first);
        assert!(begin(&kit, "v1.36.0").unwrap().is_some());
    }
}
