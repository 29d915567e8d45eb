//! One repository's verified set on disk: one file, replaced by one rename.
//!
//! A set is kept in a single file so that no reader, in whatever process, can see metadata of one
//! refresh beside a target of another. Nothing read here is trusted before it is verified again.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use sealcheck_verify::Time;
use serde::{Deserialize, Serialize};

use crate::fetch::{Limited, read_limited};
use crate::tuf::Files;

/// The cache folder of one repository.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    dir: PathBuf,
}

/// A set of files and when the mirror last confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CachedSet {
    pub(crate) fetched_at: Time,
    pub(crate) files: Files,
}

/// The right to refresh this repository; given back when dropped, or when the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// What came of asking for the lock.
#[derive(Debug)]
pub(crate) enum Locked {
    Held(Lock),
    /// Another process is refreshing.
    Busy,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child that is being started holds a copy of the descriptor until
        // it runs its own program. When this fails, the close that follows is what is left to do.
        drop(self.file.unlock());
    }
}

/// The file format.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Document {
    schema: String,
    /// Unix seconds.
    fetched_at: i64,
    /// TUF files are JSON, hence UTF-8: as strings their bytes survive unchanged.
    files: BTreeMap<String, String>,
}

impl Cache {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The file that holds the set.
    pub(crate) fn file(&self) -> PathBuf {
        self.dir.join("set.json")
    }

    /// The set, `None` when there is none yet, or why what is there cannot be read.
    pub(crate) fn read(&self) -> Result<Option<CachedSet>, String> {
        if is_special(&self.file()) {
            return Err(SPECIAL.to_owned());
        }
        let bytes = match read_limited(&self.file(), MAX_SET_BYTES) {
            Ok(Limited::Bytes(bytes)) => bytes,
            Ok(Limited::TooLarge) => return Err(format!("longer than {MAX_SET_BYTES} bytes")),
            // `NotADirectory`: a file stands where the cache folder should be.
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(e) => return Err(e.to_string()),
        };
        let document: Document = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
        if document.schema != SCHEMA {
            return Err(format!("schema {:?}, expected {SCHEMA:?}", document.schema));
        }
        Ok(Some(CachedSet {
            fetched_at: Time::from_unix_seconds(document.fetched_at)
                .ok_or("fetchedAt is out of range")?,
            files: document
                .files
                .into_iter()
                .map(|(name, text)| (name, text.into_bytes()))
                .collect(),
        }))
    }

    /// Asks for the refresh lock without waiting.
    pub(crate) fn try_lock(&self) -> io::Result<Locked> {
        fs::create_dir_all(&self.dir)?;
        let lock = self.dir.join("lock");
        if is_special(&lock) {
            return Err(io::Error::other(SPECIAL));
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock)?;
        match file.try_lock() {
            Ok(()) => Ok(Locked::Held(Lock { file })),
            Err(TryLockError::WouldBlock) => Ok(Locked::Busy),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    /// Asks for the refresh lock and waits for another refresh to end, within reason.
    pub(crate) fn lock(&self) -> io::Result<Locked> {
        for _ in 0..LOCK_ATTEMPTS {
            if let held @ Locked::Held(_) = self.try_lock()? {
                return Ok(held);
            }
            thread::sleep(LOCK_PAUSE);
        }
        self.try_lock()
    }

    /// Makes `set` the current one. Only who holds the lock may write, so that a slow refresh
    /// cannot put an older set over a newer one.
    pub(crate) fn write(&self, _lock: &Lock, set: &CachedSet) -> io::Result<()> {
        let mut files = BTreeMap::new();
        for (name, bytes) in &set.files {
            let text = String::from_utf8(bytes.clone())
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {e}")))?;
            files.insert(name.clone(), text);
        }
        let json = serde_json::to_vec(&Document {
            schema: SCHEMA.to_owned(),
            fetched_at: set.fetched_at.unix_seconds(),
            files,
        })?;

        remove_abandoned(&self.dir)?;
        let mut temporary = temporary_in(&self.dir)?;
        temporary.write_all(&json)?;
        temporary.as_file().sync_all()?;
        temporary.persist(self.file()).map_err(|e| e.error)?;
        sync_folder(&self.dir)
    }
}

/// Whether opening it could wait for somebody: a pipe, a socket or a device.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Removes what a killed process left behind; the lock says that nobody is still writing it.
fn remove_abandoned(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A new file beside the final one. What it will hold is public, so the user's umask decides who
/// may read it, and users may share a cache.
fn temporary_in(dir: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(dir)
}

/// Makes a rename durable; only Unix lets a folder be synchronised.
fn sync_folder(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

const SPECIAL: &str = "is a pipe, a socket or a device, not a file";

const SCHEMA: &str = "sealcheck/tuf-cache/v1";
const TEMPORARY: &str = ".set-";

/// Longest cache file that is read. The public-good set has 40 KB; the client's limits for the
/// metadata of one repository add up to less.
const MAX_SET_BYTES: u64 = 64 << 20;

/// Together 30 seconds: longer than a healthy refresh, short enough not to look hung.
const LOCK_ATTEMPTS: u32 = 600;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    fn set(fetched_at: i64) -> CachedSet {
        CachedSet {
            fetched_at: Time::from_unix_seconds(fetched_at).unwrap(),
            files: Files::from([(
                "timestamp.json".to_owned(),
                b"{\"a\": \"\xc3\xa4\"}\n".to_vec(),
            )]),
        }
    }

    fn held(cache: &Cache) -> Lock {
        match cache.try_lock().unwrap() {
            Locked::Held(lock) => lock,
            Locked::Busy => panic!("the lock is busy"),
        }
    }

    #[test]
    fn what_is_written_is_read_byte_for_byte_and_nothing_is_left_over() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().join("a/b"));
        assert_eq!(cache.read().unwrap(), None);
        let lock = held(&cache);
        fs::write(cache.dir.join(".set-abandoned"), b"half").unwrap();
        cache.write(&lock, &set(1)).unwrap();
        cache.write(&lock, &set(2)).unwrap();
        assert_eq!(cache.read().unwrap(), Some(set(2)));
        let mut names: Vec<_> = fs::read_dir(&cache.dir)
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["lock", "set.json"]);
    }

    #[test]
    fn only_one_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().to_owned());
        let lock = held(&cache);
        assert!(matches!(cache.try_lock().unwrap(), Locked::Busy));
        drop(lock);
        drop(held(&cache));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().to_owned());
        for file in [cache.file(), cache.dir.join("lock")] {
            let made = std::process::Command::new("mkfifo").arg(file).status();
            assert!(made.unwrap().success());
        }
        assert_eq!(cache.read().unwrap_err(), SPECIAL);
        assert_eq!(cache.try_lock().unwrap_err().to_string(), SPECIAL);
    }

    #[test]
    fn damage_is_an_error_and_not_an_empty_cache() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().to_owned());
        for damage in [
            &b"{\"schema\":\"sealcheck/tuf-cache/v1\",\"fetched"[..],
            b"",
            b"{\"schema\":\"other\",\"fetchedAt\":1,\"files\":{}}",
            b"{\"schema\":\"sealcheck/tuf-cache/v1\",\"fetchedAt\":1,\"files\":{},\"more\":1}",
        ] {
            fs::write(cache.file(), damage).unwrap();
            cache.read().unwrap_err();
        }
    }
}
