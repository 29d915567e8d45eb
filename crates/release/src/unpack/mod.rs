//! Unpacking a tarball that was proved: all of it or nothing, and nothing outside of its folder.
//!
//! That an archive is authentic does not make it harmless: whoever builds releases can be mistaken or worse, and what is
//! written here may be run as root. So what could be written elsewhere, act for somebody else, or be read in two ways is
//! refused. Times and owners are not restored; modes lose what lets others write.

mod entries;
mod error;
mod folder;
mod source;
mod tree;
mod work;

use std::io::{self, Read};
use std::path::Path;

use sealcheck_verify::{ArtifactHasher, Digest, DigestAlgorithm, Needs};

pub use error::{Refusal, UnpackError};

use self::entries::{Entries, Entry, EntryKind};
use self::folder::Folder;
use self::source::Source;
use self::tree::{File, Tree};
use crate::limits::{UNPACK_BYTES, UNPACK_ENTRIES, UNPACK_EXPANSION};

/// How large an archive may be. The defaults are several times what the largest of Kubernetes' have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Entries, and folders that are only implied by them ([`UNPACK_ENTRIES`]).
    pub entries: usize,
    /// Bytes without compression, headers included ([`UNPACK_BYTES`]).
    pub bytes: u64,
    /// How many times its compressed size an archive may have, after its first 16 MiB ([`UNPACK_EXPANSION`]).
    pub expansion: u64,
}

/// Something that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unpacked {
    /// Its path in the folder, with slashes; not made printable.
    pub path: String,
    /// What it is.
    pub kind: UnpackedKind,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnpackedKind {
    /// A folder.
    Folder {
        /// Its permissions, as on Unix.
        mode: u32,
    },
    /// A file, or another name of one.
    File {
        /// Its permissions, as on Unix.
        mode: u32,
        /// Its size in bytes.
        size: u64,
        /// The SHA-256 digest of what was written.
        digest: Digest,
    },
    /// A symbolic link to a file or folder in the same folder.
    Link {
        /// Where it leads, from where it is.
        target: String,
    },
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            entries: UNPACK_ENTRIES.max,
            bytes: UNPACK_BYTES,
            expansion: u64::try_from(UNPACK_EXPANSION.max).unwrap_or(u64::MAX),
        }
    }
}

/// Unpacks a tar archive, as it is or compressed by gzip, into a new folder at `target`.
///
/// The folder is written beside its place under another name, and renamed when all is there and on the disk. An empty folder
/// at `target` is replaced and keeps its permissions. Returns what was written, ordered by path, so that it can be compared
/// with what an SBOM says. The archive is read to its end.
///
/// # Errors
/// [`UnpackError`]; then nothing remains.
pub fn unpack(
    archive: impl Read,
    target: &Path,
    limits: UnpackLimits,
) -> Result<Vec<Unpacked>, UnpackError> {
    let folder = Folder::begin(target)?;
    let mut entries = Entries::new(Source::new(archive, limits)?, limits);
    let mut tree = Tree::default();
    let mut written = Vec::new();
    // Made last, so that nothing is ever written through a link.
    let mut links: Vec<(Entry, String)> = Vec::new();
    while let Some(entry) = entries.next()? {
        for path in tree.add(&entry, limits)? {
            made(&entry, folder.folder(&path))?;
        }
        match &entry.kind {
            EntryKind::Folder => {}
            EntryKind::File => {
                let file = write(&mut entries, &entry, &folder)?;
                tree.written(&entry.path, file);
            }
            EntryKind::HardLink(to) => {
                let file = tree.hard_target(&entry, to)?;
                made(&entry, folder.hard_link(&entry.path, to))?;
                written.push(of_file(&entry.path, file));
            }
            EntryKind::SymbolicLink(to) => {
                let to = to.clone();
                links.push((entry, to));
            }
        }
    }
    for (entry, to) in links {
        tree.check_symbolic(&entry, &to)?;
        let link = folder.symbolic_link(&entry.path, &to);
        made(
            &entry,
            link.ok_or_else(|| entry.refused(Refusal::LinkUnsupported))?,
        )?;
        written.push(Unpacked {
            path: entry.path,
            kind: UnpackedKind::Link { target: to },
        });
    }
    let mut root = FOLDER_MODE;
    for (path, mode) in tree.folders() {
        let mode = mode.map_or(FOLDER_MODE, |mode| kept(mode) | 0o700);
        if path.is_empty() {
            root = mode;
            continue;
        }
        folder.set_mode(path, mode)?;
        written.push(Unpacked {
            path: path.to_owned(),
            kind: UnpackedKind::Folder { mode },
        });
    }
    written.extend(tree.files().map(|(path, file)| of_file(path, file)));
    written.sort_by(|one, other| one.path.cmp(&other.path));
    folder.publish(root)?;
    Ok(written)
}

fn write<R: Read>(
    entries: &mut Entries<R>,
    entry: &Entry,
    folder: &Folder,
) -> Result<File, UnpackError> {
    let mut file = made(entry, folder.file(&entry.path))?;
    let mut hasher = ArtifactHasher::new(&Needs::sha256());
    entries.content(|piece| {
        hasher.update(piece);
        file.write(piece)
    })?;
    let mode = kept(entry.mode) | 0o600;
    file.finish(mode)?;
    let digest = hasher.finish().digest(DigestAlgorithm::Sha256);
    Ok(File {
        mode,
        size: entry.size,
        digest: digest.ok_or_else(|| UnpackError::malformed("it cannot be hashed"))?,
    })
}

/// What was made for an entry. Where its name is taken, the file system takes two names for one, since ours differ.
fn made<T>(entry: &Entry, result: io::Result<T>) -> Result<T, UnpackError> {
    result.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => entry.refused(Refusal::SameToSystem),
        _ => UnpackError::unwritable(&entry.path, &error),
    })
}

fn of_file(path: &str, file: File) -> Unpacked {
    Unpacked {
        path: path.to_owned(),
        kind: UnpackedKind::File {
            mode: file.mode,
            size: file.size,
            digest: file.digest,
        },
    }
}

/// The permissions without those that let others write.
fn kept(mode: u32) -> u32 {
    mode & 0o755
}

/// The mode of a folder that the archive does not speak of.
const FOLDER_MODE: u32 = 0o755;

#[cfg(test)]
mod tests;
