//! The folder in which a run works, and those that killed runs left behind.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// A new folder beside the target. It is removed with this value; when the program is killed before, the next one that
/// unpacks beside it removes it.
pub(super) struct Work {
    pub(super) folder: TempDir,
    /// Says to others that somebody is at work in it, until the process ends, however it ends. `None` where folders cannot
    /// be locked; there nothing is ever taken for abandoned.
    _lock: Option<File>,
}

/// What came of asking for the lock of a folder.
enum Asked {
    Held(File),
    /// Another run has it, or has removed the folder.
    Taken,
    Unsupported,
}

impl Work {
    /// Makes a folder in `parent`, which nobody else may look into (mode 0700), after abandoned ones were removed.
    pub(super) fn begin(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        for _ in 0..ATTEMPTS {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
            let lock = match ask(folder.path()) {
                Asked::Held(lock) => Some(lock),
                Asked::Unsupported => None,
                // Before it was locked, another run took it for abandoned.
                Asked::Taken => continue,
            };
            return Ok(Self {
                folder,
                _lock: lock,
            });
        }
        Err(io::Error::other("other runs remove its folder"))
    }
}

/// Removes the folders of runs that no longer live. What cannot be removed only takes room.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // Not a link to one.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_ours
            && is_folder
            && let Asked::Held(_lock) = ask(&entry.path())
        {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

fn ask(folder: &Path) -> Asked {
    let file = match File::open(folder) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Asked::Taken,
        // On some systems folders cannot be opened.
        Err(_) => return Asked::Unsupported,
    };
    match file.try_lock() {
        // Whoever had the lock before may have removed it.
        Ok(()) if fs::symlink_metadata(folder).is_ok() => Asked::Held(file),
        Ok(()) | Err(TryLockError::WouldBlock) => Asked::Taken,
        Err(TryLockError::Error(_)) => Asked::Unsupported,
    }
}

const PREFIX: &str = ".sealcheck-unpack-";
/// To lose a new folder once takes another run that begins in the same instant.
const ATTEMPTS: usize = 8;

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        let make = |name: &str| {
            fs::create_dir_all(path(name).join("kubernetes/client")).unwrap();
            fs::write(path(name).join("kubernetes/client/kubectl"), "half").unwrap();
        };
        make(".sealcheck-unpack-dead");
        make("mine");
        make(".sealcheck-other");
        std::os::unix::fs::symlink(path("mine"), path(".sealcheck-unpack-link")).unwrap();
        fs::write(path(".sealcheck-unpack-file"), "x").unwrap();
        let living = Work::begin(parent.path()).unwrap();
        assert!(!path(".sealcheck-unpack-dead").exists());
        // While one is at work, another leaves its folder alone.
        let second = Work::begin(parent.path()).unwrap();
        for folder in [&living.folder, &second.folder] {
            assert!(folder.path().is_dir());
        }
        for name in ["mine", ".sealcheck-unpack-link", ".sealcheck-other"] {
            assert!(
                path(name).join("kubernetes/client/kubectl").is_file(),
                "{name}"
            );
        }
        assert!(path(".sealcheck-unpack-file").is_file());
        // As if killed: the folder stays, and the lock is given back.
        let left = {
            let Work { folder, _lock } = living;
            folder.keep()
        };
        assert!(left.is_dir());
        drop(Work::begin(parent.path()).unwrap());
        assert!(!left.exists());
        assert!(second.folder.path().is_dir());
    }
}
