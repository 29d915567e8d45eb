//! Writing an image layout into a folder (image-spec 1.1, "Image Layout").
//!
//! A file gets its name when it is complete, checked and on the disk, and `index.json`, by which everything is found, is
//! written last: whoever reads at any time, also after a crash, finds what was published before, whole. What is there with
//! the right content is kept, so that a copy that was interrupted goes on where it stopped. Several writers may work in one
//! folder, in one process or in many.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sealcheck_verify::{Digest, printable};
use tempfile::NamedTempFile;

use super::blob::Check;
use super::folder::Folder;
use super::index::{Entries, INDEX_JSON};
use super::publish::{self, Published, Role};
use super::search;
use super::storage::{Storage, blob_path};
use super::{LayoutError, OCI_LAYOUT, check_version};
use crate::limits::INDEX_BYTES;
use crate::{Attached, Descriptor, Manifest, OCI_INDEX};

/// A folder that becomes an image layout, or is one and gets more.
#[derive(Clone, Debug)]
pub struct LayoutWriter {
    root: PathBuf,
}

/// A blob on its way into a layout. Without [`BlobWriter::finish`] nothing remains of it.
#[derive(Debug)]
pub struct BlobWriter {
    file: NamedTempFile,
    check: Check,
    path: PathBuf,
    place: String,
}

impl LayoutWriter {
    /// Opens the folder at `path` for writing, and makes it if it is not there. Folders in it that lead to nothing but other
    /// layouts stay: in a tree that is made like the names of images, `a` and `a/b` both have one.
    ///
    /// # Errors
    /// [`LayoutError::Occupied`] when something else than a layout is in it, and when it cannot be written.
    pub fn open(path: &Path) -> Result<Self, LayoutError> {
        let writer = Self {
            root: path.to_owned(),
        };
        let unwritable = |error| LayoutError::unwritable(writer.place(""), &error);
        fs::create_dir_all(path).map_err(unwritable)?;
        let storage = writer.storage();
        if storage.open(OCI_LAYOUT)?.is_none() {
            let is_occupied = writer.has_others_files().map_err(unwritable)?;
            // Another writer may have begun meanwhile, with that file.
            if is_occupied && storage.open(OCI_LAYOUT)?.is_none() {
                return Err(LayoutError::Occupied {
                    place: writer.place(""),
                });
            }
            writer.mark()?;
        }
        check_version(&storage)?;
        writer.folder("blobs")?;
        Ok(writer)
    }

    /// Whether the content of a descriptor is there, all of it and unchanged.
    ///
    /// # Errors
    /// [`LayoutError`], when it cannot be read or something else than a file is there.
    pub fn has(&self, descriptor: &Descriptor) -> Result<bool, LayoutError> {
        let path = blob_path(&descriptor.digest);
        let Some(mut file) = self.storage().open(&path)? else {
            return Ok(false);
        };
        let place = self.place(&path);
        let mut check = Check::new(descriptor, &place)?;
        if file.size != descriptor.size {
            return Ok(false);
        }
        let mut piece = vec![0; 64 << 10];
        loop {
            let read = file
                .reader
                .read(&mut piece)
                .map_err(|error| LayoutError::unreadable(&place, &error))?;
            match piece.get(..read) {
                Some([]) | None => return Ok(check.finish(&place).is_ok()),
                Some(piece) => {
                    if check.update(piece, &place).is_err() {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Whether something of a descriptor's size is there under its name, which only complete content gets.
    pub(crate) fn has_size(&self, descriptor: &Descriptor) -> Result<bool, LayoutError> {
        let file = self.storage().open(&blob_path(&descriptor.digest))?;
        Ok(file.is_some_and(|file| file.size == descriptor.size))
    }

    /// Begins to write the content of a descriptor. Several may be written at one time.
    ///
    /// # Errors
    /// [`LayoutError`], when it cannot be written.
    pub fn blob(&self, descriptor: &Descriptor) -> Result<BlobWriter, LayoutError> {
        let path = blob_path(&descriptor.digest);
        let place = self.place(&path);
        let check = Check::new(descriptor, &place)?;
        self.folder(&format!("blobs/{}", descriptor.digest.algorithm()))?;
        let path = self.root.join(path);
        let folder = path.parent().unwrap_or(&self.root);
        let file = temporary(folder).map_err(|error| LayoutError::unwritable(&place, &error))?;
        Ok(BlobWriter {
            file,
            check,
            path,
            place,
        })
    }

    /// Writes a manifest, unless it is there.
    ///
    /// # Errors
    /// [`LayoutError`], when it cannot be written.
    pub fn manifest(&self, manifest: &Manifest) -> Result<(), LayoutError> {
        self.small(&manifest.descriptor(), manifest.bytes())
    }

    /// Writes content that is in memory, unless it is there.
    ///
    /// # Errors
    /// [`LayoutError`], when it is not that of the descriptor or cannot be written.
    pub fn small(&self, descriptor: &Descriptor, content: &[u8]) -> Result<(), LayoutError> {
        if self.has(descriptor)? {
            return Ok(());
        }
        let mut blob = self.blob(descriptor)?;
        blob.write(content)?;
        blob.finish()
    }

    /// Writes the index that lists, under the referrers tag, what is attached to `subject` and does not say so itself
    /// (distribution-spec 1.1, "Referrers Tag Schema"). Gives what is to be published for it. What an earlier one lists stays
    /// in it.
    ///
    /// # Errors
    /// [`LayoutError`], when it cannot be written, or the earlier one cannot be read.
    pub fn list(
        &self,
        subject: &Digest,
        attached: &[Descriptor],
    ) -> Result<Published, LayoutError> {
        let storage = self.storage();
        let entries = match storage.read(INDEX_JSON, INDEX_BYTES)? {
            Some(bytes) => self.entries(&bytes)?,
            None => Entries::default(),
        };
        let mut before = None;
        if let Some(entry) = entries.attached(subject, Attached::Referrers).first() {
            before = search::read_manifest(&storage, &entry.digest, Some(&entry.media_type))?;
        }
        let before = before.as_ref().filter(|before| before.index().is_some());
        let attached: Vec<Published> = attached
            .iter()
            .map(|descriptor| Published {
                descriptor: descriptor.clone(),
                role: Role::Referrer,
            })
            .collect();
        let tag = Attached::Referrers.tag(subject);
        let index = publish::merge(before.map(|before| before.bytes().as_ref()), &attached)
            .map_err(|error| {
                LayoutError::malformed(self.place(&tag), printable(&error.to_string()))
            })?;
        let index = Manifest::read(index.into(), Some(OCI_INDEX), None).map_err(|failure| {
            LayoutError::Manifest {
                place: self.place(&tag),
                failure,
            }
        })?;
        self.manifest(&index)?;
        Ok(Published {
            descriptor: index.descriptor(),
            role: Role::Attached(Attached::Referrers, *subject),
        })
    }

    fn entries(&self, index: &[u8]) -> Result<Entries, LayoutError> {
        Entries::read(index).map_err(|failure| LayoutError::Manifest {
            place: self.place(INDEX_JSON),
            failure,
        })
    }

    /// Makes what was written part of the layout: adds it to `index.json`, in one step, beside what is there. An image
    /// replaces the one that had its name.
    ///
    /// # Errors
    /// [`LayoutError`], when a manifest was not written before, when the `index.json` that is there cannot be read (it then
    /// stays as it is), or when the new one cannot be written or would be
    /// over a limit.
    pub fn publish(&self, published: &[Published]) -> Result<(), LayoutError> {
        for new in published {
            if !self.has(&new.descriptor)? {
                return Err(LayoutError::malformed(
                    self.place(&blob_path(&new.descriptor.digest)),
                    "it is to be published and was not written",
                ));
            }
        }
        let unwritable = |error| LayoutError::unwritable(self.place(INDEX_JSON), &error);
        for algorithm in super::storage::ALGORITHMS {
            sync_folder(&self.root.join(format!("blobs/{algorithm}"))).map_err(unwritable)?;
        }
        // The names must survive a crash before index.json mentions them.
        sync_folder(&self.root.join("blobs")).map_err(unwritable)?;
        // Held until the end: two writers that add to one index.json would each lose what the other added.
        let _lock = self.lock()?;
        let before = self.storage().read(INDEX_JSON, INDEX_BYTES)?;
        if let Some(bytes) = &before {
            self.entries(bytes)?;
        }
        let after = publish::merge(before.as_deref(), published).map_err(|error| {
            LayoutError::malformed(self.place(INDEX_JSON), printable(&error.to_string()))
        })?;
        // What could not be read again is not written.
        if after.len() > INDEX_BYTES.max {
            return Err(LayoutError::LimitExceeded {
                place: self.place(INDEX_JSON),
                limit: INDEX_BYTES,
            });
        }
        self.entries(&after)?;
        let mut file = temporary(&self.root).map_err(unwritable)?;
        file.write_all(&after).map_err(unwritable)?;
        file.as_file().sync_all().map_err(unwritable)?;
        file.persist(self.root.join(INDEX_JSON))
            .map_err(|error| unwritable(error.error))?;
        sync_folder(&self.root).map_err(unwritable)?;
        self.sweep();
        Ok(())
    }

    /// Removes what writers left that were killed. What cannot be removed only takes room.
    fn sweep(&self) {
        let blobs = super::storage::ALGORITHMS.map(|algorithm| format!("blobs/{algorithm}"));
        let folders = std::iter::once("").chain(blobs.iter().map(String::as_str));
        let entries = folders.filter_map(|folder| fs::read_dir(self.root.join(folder)).ok());
        for entry in entries.flatten().filter_map(Result::ok) {
            let is_temporary = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
            let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
            if is_temporary && age().is_some_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Whether anything is in the folder but layouts and what is left of a writer that was interrupted, or is at work.
    fn has_others_files(&self) -> io::Result<bool> {
        holds_others(&self.root, LAYOUT_DEPTH)
    }

    /// Writes the file `oci-layout`. The first writer's stays, since it is what writers lock.
    fn mark(&self) -> Result<(), LayoutError> {
        let unwritable = |error| LayoutError::unwritable(self.place(OCI_LAYOUT), &error);
        let mut file = temporary(&self.root).map_err(unwritable)?;
        file.write_all(MARKER).map_err(unwritable)?;
        file.as_file().sync_all().map_err(unwritable)?;
        match file.persist_noclobber(self.root.join(OCI_LAYOUT)) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                Err(unwritable(error.error))
            }
            _ => Ok(()),
        }
    }

    fn lock(&self) -> Result<fs::File, LayoutError> {
        let locked = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.root.join(OCI_LAYOUT))
            .and_then(|file| match file.lock() {
                // There are file systems without locks; a rename is still one step.
                Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(error),
                _ => Ok(file),
            });
        locked.map_err(|error| LayoutError::unwritable(self.place(OCI_LAYOUT), &error))
    }

    /// Makes a folder in the layout, or sees that a folder is there and no link.
    fn folder(&self, path: &str) -> Result<(), LayoutError> {
        let full = self.root.join(path);
        let made = match fs::create_dir(&full) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::symlink_metadata(&full),
        };
        match made {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(LayoutError::malformed(
                self.place(path),
                "it is no folder; links in a layout are not followed",
            )),
            Err(error) => Err(LayoutError::unwritable(self.place(path), &error)),
        }
    }

    fn storage(&self) -> Storage {
        Storage::Folder(Folder::new(&self.root))
    }

    pub(crate) fn place(&self, path: &str) -> String {
        self.storage().place(path)
    }
}

impl BlobWriter {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`LayoutError`], when it is more than the descriptor says, or cannot be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), LayoutError> {
        self.check.update(piece, &self.place)?;
        self.file
            .write_all(piece)
            .map_err(|error| LayoutError::unwritable(&self.place, &error))
    }

    /// Gives the blob its name, when size and digest are those of the descriptor and it is on the disk.
    ///
    /// # Errors
    /// [`LayoutError`]; nothing is left then.
    pub fn finish(self) -> Result<(), LayoutError> {
        self.check.finish(&self.place)?;
        let unwritable = |error: &io::Error| LayoutError::unwritable(&self.place, error);
        self.file
            .as_file()
            .sync_all()
            .map_err(|error| unwritable(&error))?;
        match self.file.persist(&self.path) {
            Ok(_) => Ok(()),
            Err(error) => Err(unwritable(&error.error)),
        }
    }
}

fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // An image is as readable as any other new file, not only by its owner.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.prefix(TEMPORARY).tempfile_in(folder)
}

/// Whether a folder that is no layout has anything in it, at any depth, that is none and leads to none.
fn holds_others(folder: &Path, depth: usize) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            continue;
        }
        // Links may lead anywhere.
        if depth == 0 || !entry.file_type()?.is_dir() {
            return Ok(true);
        }
        let is_file = |name: &str| {
            let found = fs::symlink_metadata(path.join(name));
            found.is_ok_and(|found| found.is_file())
        };
        let is_layout = || is_file(OCI_LAYOUT) || is_file(INDEX_JSON);
        // Another writer may have made it one meanwhile.
        if !is_layout() && holds_others(&path, depth - 1)? && !is_layout() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    match fs::File::open(folder) {
        Ok(folder) => folder.sync_all(),
        // There is none, or folders cannot be opened (Windows), and the system sees to it.
        Err(_) => Ok(()),
    }
}

const TEMPORARY: &str = ".sealcheck-";

/// A name of 255 characters, the longest, has no more parts.
const LAYOUT_DEPTH: usize = 128;

/// No writer that is at work leaves a file alone for so long: downloads that stand still end sooner.
const ABANDONED: Duration = Duration::from_secs(3600);
const MARKER: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
