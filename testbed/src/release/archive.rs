//! Archives of a few files, the same at every build.

use std::io::Write;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

/// A file of an archive.
pub(super) struct Member<'a> {
    pub(super) path: String,
    pub(super) bytes: &'a [u8],
    pub(super) is_program: bool,
}

/// A tar archive in which every folder stands before what is in it.
pub(super) fn tar(members: &[Member<'_>]) -> Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    let mut folders: Vec<String> = Vec::new();
    for member in members {
        for (at, _) in member.path.match_indices('/') {
            let folder = member.path.get(..=at).unwrap_or_default();
            if !folders.iter().any(|known| known == folder) {
                folders.push(folder.to_owned());
                let mut header = header(EntryType::Directory, 0o755, 0);
                archive.append_data(&mut header, folder, &[][..])?;
            }
        }
        let mode = if member.is_program { 0o755 } else { 0o644 };
        let size = u64::try_from(member.bytes.len())?;
        let mut header = header(EntryType::Regular, mode, size);
        archive.append_data(&mut header, &member.path, member.bytes)?;
    }
    Ok(archive.into_inner()?)
}

/// The same, compressed.
pub(super) fn tar_gz(members: &[Member<'_>]) -> Result<Vec<u8>> {
    // Without the time, which would be another at every build.
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::default());
    encoder.write_all(&tar(members)?)?;
    Ok(encoder.finish()?)
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(MODIFIED);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// 1 January 2026.
const MODIFIED: u64 = 1_767_225_600;
