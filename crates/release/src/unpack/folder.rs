//! The folder that an archive becomes: written beside its place, and there in one step. What differs by system is here.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sealcheck_verify::printable;

use super::UnpackError;
use super::work::Work;

/// A folder on its way. Without [`Folder::publish`] nothing remains of it.
pub(super) struct Folder {
    work: Work,
    target: PathBuf,
    parent: PathBuf,
    /// The permissions of the empty folder whose place it takes.
    permissions: Option<Permissions>,
}

/// A file on its way.
pub(super) struct NewFile {
    file: fs::File,
    place: String,
}

impl Folder {
    /// Begins a folder that will be at `target`, where there must be nothing or an empty folder.
    pub(super) fn begin(target: &Path) -> Result<Self, UnpackError> {
        let shown = printable(&target.display().to_string());
        let occupied = |found| UnpackError::Occupied {
            target: shown.clone(),
            found,
        };
        let unwritable = |error: io::Error| UnpackError::unwritable(&shown, &error);
        if target.file_name().is_none() {
            return Err(occupied("a path without a name"));
        }
        let permissions = match fs::symlink_metadata(target) {
            Ok(there) if there.is_symlink() => return Err(occupied("a link")),
            Ok(there) if !there.is_dir() => return Err(occupied("something that is no folder")),
            Ok(there) => match fs::read_dir(target).map_err(unwritable)?.next() {
                Some(_) => return Err(occupied("a folder that is not empty")),
                None => Some(there.permissions()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unwritable(error)),
        };
        let parent = match target.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(occupied("a path without a parent")),
        };
        // In the same folder, so that a rename is enough.
        let work = Work::begin(parent).map_err(unwritable)?;
        Ok(Self {
            work,
            target: target.to_owned(),
            parent: parent.to_owned(),
            permissions,
        })
    }

    /// Makes a folder in it, whose parent is there.
    pub(super) fn folder(&self, path: &str) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(self.inside(path))
    }

    /// Makes a file in it. An existing one, also a link, is an error: nothing is ever written through what is there.
    pub(super) fn file(&self, path: &str) -> io::Result<NewFile> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(NewFile {
            file: options.open(self.inside(path))?,
            place: path.to_owned(),
        })
    }

    /// Gives a file of it another name in it.
    pub(super) fn hard_link(&self, path: &str, to: &str) -> io::Result<()> {
        fs::hard_link(self.inside(to), self.inside(path))
    }

    /// Makes a symbolic link in it; `None` where the system has none that everybody may make.
    pub(super) fn symbolic_link(&self, path: &str, to: &str) -> Option<io::Result<()>> {
        #[cfg(unix)]
        {
            Some(std::os::unix::fs::symlink(to, self.inside(path)))
        }
        #[cfg(not(unix))]
        {
            let _ = (path, to);
            None
        }
    }

    /// Gives a folder of it its final mode.
    pub(super) fn set_mode(&self, path: &str, mode: u32) -> Result<(), UnpackError> {
        set_permissions(&self.inside(path), mode)
            .map_err(|error| UnpackError::unwritable(path, &error))
    }

    /// Puts the folder into its place.
    pub(super) fn publish(self, mode: u32) -> Result<(), UnpackError> {
        let shown = self.target.display().to_string();
        let unwritable = |error: io::Error| UnpackError::unwritable(&shown, &error);
        match self.permissions.clone() {
            Some(permissions) => fs::set_permissions(self.work.folder.path(), permissions),
            None => set_permissions(self.work.folder.path(), mode),
        }
        .map_err(unwritable)?;
        // Elsewhere a rename does not take the place of an empty folder.
        #[cfg(not(unix))]
        if self.permissions.is_some() {
            fs::remove_dir(&self.target).map_err(unwritable)?;
        }
        // On Unix this fails when something has come into the folder meanwhile.
        fs::rename(self.work.folder.path(), &self.target).map_err(unwritable)?;
        // It has another name now.
        let _ = self.work.folder.keep();
        synchronise(&self.parent).map_err(unwritable)
    }

    fn inside(&self, path: &str) -> PathBuf {
        let mut full = self.work.folder.path().to_owned();
        full.extend(path.split('/').filter(|part| !part.is_empty()));
        full
    }
}

impl NewFile {
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), UnpackError> {
        let written = self.file.write_all(piece);
        written.map_err(|error| UnpackError::unwritable(&self.place, &error))
    }

    /// Ends the file: it has its mode and is on the disk.
    pub(super) fn finish(self, mode: u32) -> Result<(), UnpackError> {
        let set = match permissions(mode) {
            Some(permissions) => self.file.set_permissions(permissions),
            None => Ok(()),
        };
        let ended = set.and_then(|()| self.file.sync_all());
        ended.map_err(|error| UnpackError::unwritable(&self.place, &error))
    }
}

fn set_permissions(path: &Path, mode: u32) -> io::Result<()> {
    match permissions(mode) {
        Some(permissions) => fs::set_permissions(path, permissions),
        None => Ok(()),
    }
}

/// A mode for files; `None` where files have none.
fn permissions(mode: u32) -> Option<Permissions> {
    #[cfg(unix)]
    {
        Some(std::os::unix::fs::PermissionsExt::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = mode;
        None
    }
}

/// Makes a rename durable; only Unix lets a folder be synchronised.
fn synchronise(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => fs::File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}
