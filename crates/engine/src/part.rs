//! A file that is written before it is proved, and gets its name only then.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use sealcheck_verify::{Failure, Reason, Result};

use crate::input::shown_path;

/// A file that one run writes, and no other: it is locked until this is dropped. What an earlier attempt left at its path is
/// gone on with, if nobody else can write it; anything else there is removed and made anew.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    file: File,
    resumed: bool,
}

impl Part {
    /// Opens or makes the file at `path`. A link is never followed.
    ///
    /// # Errors
    /// `result-unwritable`: the folder cannot be written, a folder is in its place, or another run writes it.
    pub fn open(path: &Path) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            if let Some(file) = attempt(path).map_err(|error| unwritable(path, error))? {
                let metadata = file.metadata().map_err(|error| unwritable(path, error))?;
                return Ok(Self {
                    path: path.to_owned(),
                    file,
                    resumed: metadata.len() > 0,
                });
            }
        }
        Err(unwritable(path, io::Error::other(TAKEN)))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an earlier attempt had left something in it.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Drops what is in it.
    ///
    /// # Errors
    /// `result-unwritable`.
    pub fn empty(&self) -> Result<()> {
        let mut file = &self.file;
        file.set_len(0)
            .and_then(|()| file.rewind())
            .map_err(|error| unwritable(&self.path, error))
    }

    /// Gives the file that was written, and no other, its name. `mode` is how others may use it (Unix).
    ///
    /// # Errors
    /// `result-unwritable`: also when another file is at its path by now.
    pub fn rename(self, target: &Path, mode: u32) -> Result<()> {
        let rename = || {
            self.require_at(&self.path)?;
            set_mode(&self.file, mode)?;
            fs::rename(&self.path, target)?;
            self.require_at(target)
        };
        rename().map_err(|error| unwritable(target, error))
    }

    /// Removes it.
    ///
    /// # Errors
    /// `result-unwritable`.
    pub fn remove(self) -> Result<()> {
        match self.require_at(&self.path) {
            // Whoever put another file there keeps it.
            Err(_) => Ok(()),
            Ok(()) => fs::remove_file(&self.path).map_err(|error| unwritable(&self.path, error)),
        }
    }

    fn require_at(&self, path: &Path) -> io::Result<()> {
        match is_at(&self.file, path)? {
            true => Ok(()),
            false => Err(io::Error::other(TAKEN)),
        }
    }
}

/// Opens a file that nobody else can write, without following a link.
///
/// # Errors
/// When it cannot be opened. `None`: it is no file, or others can write it.
pub fn open_own(path: &Path) -> io::Result<Option<File>> {
    let there = fs::symlink_metadata(path)?;
    if !there.is_file() || !is_own(&there, path)? {
        return Ok(None);
    }
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    // Between the two looks it may have become another one.
    let is_own = is_at(&file, path)? && is_own(&file.metadata()?, path)?;
    Ok(is_own.then_some(file))
}

/// Gives a file its mode (Unix).
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// Gives a file its mode (Unix).
///
/// # Errors
/// When the system refuses.
#[cfg(not(unix))]
pub fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// Makes the folders of `below`, one in the other, in `root`. No link among them is followed: whoever can write in `root`
/// could lead it anywhere.
///
/// # Errors
/// When one cannot be made, or something else is in its place.
pub fn create_folders(root: &Path, below: &Path) -> io::Result<()> {
    fs::create_dir_all(root)?;
    let mut folder = root.to_owned();
    for part in below.components() {
        folder.push(part);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::symlink_metadata(&folder)?.is_dir() {
                    let shown = shown_path(&folder);
                    let why = format!("{shown} is a link, or no folder");
                    return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
                }
            }
            made => made?,
        }
    }
    Ok(())
}

/// `None`: what was there is removed, or was replaced meanwhile.
fn attempt(path: &Path) -> io::Result<Option<File>> {
    let mut new = OpenOptions::new();
    new.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    let file = match new.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let own = match open_own(path) {
                // The run that wrote it has given it its name.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
                own => own?,
            };
            match own {
                Some(file) => file,
                None => return fs::remove_file(path).map(|()| None),
            }
        }
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(io::Error::other("another run is writing it"));
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // The run that had locked it may have given it its name, with which it must not be written.
    Ok(is_at(&file, path)?.then_some(file))
}

/// Whether this very file is at `path`, and not a link to it.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (own.dev(), own.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Without numbers of files: what is open and locked can be neither renamed nor removed there.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path).is_ok_and(|there| there.is_file()))
}

/// Whether nobody else can write it: it belongs to whom new files belong to, under this name only.
#[cfg(unix)]
fn is_own(there: &Metadata, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    if there.nlink() != 1 || there.mode() & WRITABLE_BY_OTHERS != 0 {
        return Ok(false);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let new = tempfile::tempfile_in(folder)?.metadata()?;
    Ok(there.uid() == new.uid())
}

#[cfg(not(unix))]
fn is_own(_: &Metadata, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// The failure `result-unwritable` of what could not be written to a place.
#[must_use]
pub fn unwritable(to: &Path, error: io::Error) -> Failure {
    Failure::new(Reason::ResultUnwritable)
        .at(shown_path(to))
        .detail(error)
}

const TAKEN: &str = "something else takes its place again and again";
/// How often it is made anew, while others remove or rename it.
const ATTEMPTS: usize = 5;
