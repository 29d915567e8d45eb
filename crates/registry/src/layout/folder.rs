//! A layout in a folder.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use sealcheck_verify::{Digest, printable};

use super::LayoutError;
use super::limits::LAYOUT_ENTRIES;
use super::storage::{ALGORITHMS, File, named};

/// A folder of which only regular files are read. No link below it is followed: a layout that was unpacked from anywhere
/// may point anywhere.
pub(crate) struct Folder {
    root: PathBuf,
    place: String,
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            place: printable(&root.display().to_string()),
        }
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn open(&self, path: &str) -> Result<Option<File>, LayoutError> {
        let Some((full, _)) = self.walk(path, Metadata::is_file, "regular file")? else {
            return Ok(None);
        };
        let opened = fs::File::open(&full).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((metadata, file)) if metadata.is_file() => Ok(Some(File {
                size: metadata.len(),
                reader: Box::new(file),
            })),
            Ok(_) => Err(self.refused(path, "regular file")),
            Err(error) => Err(LayoutError::unreadable(self.shown(path), &error)),
        }
    }

    pub(crate) fn blobs(&self) -> Result<Vec<(Digest, u64)>, LayoutError> {
        let mut blobs = Vec::new();
        for algorithm in ALGORITHMS {
            let path = format!("blobs/{algorithm}");
            let Some((full, _)) = self.walk(&path, Metadata::is_dir, "folder")? else {
                continue;
            };
            let unreadable = |error| LayoutError::unreadable(self.shown(&path), &error);
            for entry in fs::read_dir(full).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let name = entry.file_name();
                let Some(digest) = name.to_str().and_then(|hex| named(algorithm, hex)) else {
                    continue;
                };
                // What is no regular file fails when it is opened.
                let size = entry.metadata().map_err(unreadable)?.len();
                blobs.push((digest, size));
                if blobs.len() > LAYOUT_ENTRIES.max {
                    return Ok(blobs);
                }
            }
        }
        Ok(blobs)
    }

    /// The path in the file system, every part of it looked at.
    fn walk(
        &self,
        path: &str,
        is_wanted: impl Fn(&Metadata) -> bool,
        wanted: &str,
    ) -> Result<Option<(PathBuf, Metadata)>, LayoutError> {
        let mut full = self.root.clone();
        let parts: Vec<&str> = path.split('/').collect();
        // Names come from hostile files.
        if parts.iter().any(|part| leads_elsewhere(part)) {
            return Err(LayoutError::malformed(
                &self.place,
                format!("a name leads out of it: {}", printable(path)),
            ));
        }
        let mut found = None;
        for (at, part) in parts.iter().enumerate() {
            full.push(part);
            let metadata = match fs::symlink_metadata(&full) {
                Ok(metadata) => metadata,
                Err(error) if is_not_there(&error) => return Ok(None),
                Err(error) => return Err(LayoutError::unreadable(self.shown(path), &error)),
            };
            let is_last = at + 1 == parts.len();
            if is_last && !is_wanted(&metadata) {
                return Err(self.refused(path, wanted));
            }
            if !is_last && !metadata.is_dir() {
                return Err(self.refused(&parts.get(..=at).unwrap_or_default().join("/"), "folder"));
            }
            found = Some(metadata);
        }
        Ok(found.map(|metadata| (full, metadata)))
    }

    fn refused(&self, path: &str, wanted: &str) -> LayoutError {
        LayoutError::malformed(
            self.shown(path),
            format!("it is no {wanted}; links, pipes and devices in a layout are not read"),
        )
    }

    fn shown(&self, path: &str) -> String {
        format!("{}/{path}", self.place)
    }
}

fn leads_elsewhere(part: &str) -> bool {
    matches!(part, "" | "." | "..") || part.contains(['\\', ':', '\0'])
}

pub(crate) fn is_not_there(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
