//! The seam through which bytes of a TUF repository arrive.

use std::error::Error;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;

/// The future of [`Fetch::get`]: the bytes, or `None` when the repository says there is no such file.
pub type Fetching<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, FetchError>> + Send + 'a>>;

/// A place that serves the files of one TUF repository.
///
/// Offline code never holds one: only a caller who owns a network client can make the HTTP kind.
pub trait Fetch: Send + Sync {
    /// Gets `path`, relative to the repository's base (`timestamp.json`, `17.root.json`,
    /// `targets/HASH.trusted_root.json`), reading at most `limit` bytes.
    fn get<'a>(&'a self, path: &'a str, limit: u64) -> Fetching<'a>;
}

/// Why a file of the repository could not be had. "There is none" is not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The file is longer than the limit for its kind.
    #[error("{path} is longer than the {limit} bytes that are allowed for it")]
    TooLarge {
        /// Path inside the repository.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Everything else: connection, status, timeout, permission.
    #[error("{path}: {cause}")]
    Failed {
        /// Path inside the repository.
        path: String,
        /// What went wrong.
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl FetchError {
    /// A failure of any kind but size.
    pub fn failed(path: &str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed {
            path: path.to_owned(),
            cause: cause.into(),
        }
    }
}

/// A TUF repository in a local folder.
///
/// Read as published (`timestamp.json`, `17.root.json`, `targets/`), with the metadata one level
/// down in `metadata/`, or as a tuf-on-ci source tree, whose file names carry no version or hash.
/// Reading under a plain name is safe: version, length and hash are checked against the metadata.
#[derive(Debug, Clone)]
pub struct Folder {
    base: PathBuf,
}

impl Folder {
    /// The repository whose base is `base`.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into() }
    }

    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, FetchError> {
        // A missing folder is "could not ask", not "there is no newer root".
        if !self.base.is_dir() {
            return Err(FetchError::failed(path, "the folder does not exist"));
        }
        for candidate in candidates(path) {
            match read_limited(&self.base.join(candidate), limit) {
                Ok(Limited::Bytes(bytes)) => return Ok(Some(bytes)),
                Ok(Limited::TooLarge) => {
                    return Err(FetchError::TooLarge {
                        path: path.to_owned(),
                        limit,
                    });
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(FetchError::failed(path, e)),
            }
        }
        Ok(None)
    }
}

impl Fetch for Folder {
    fn get<'a>(&'a self, path: &'a str, limit: u64) -> Fetching<'a> {
        Box::pin(std::future::ready(self.read(path, limit)))
    }
}

/// A file that was read up to a limit.
pub(crate) enum Limited {
    /// The whole content.
    Bytes(Vec<u8>),
    /// More than the limit; nothing is kept.
    TooLarge,
}

/// Reads a regular file of at most `limit` bytes.
pub(crate) fn read_limited(path: &Path, limit: u64) -> io::Result<Limited> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "is a folder, not a file",
        ));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= limit) {
        Ok(Limited::Bytes(bytes))
    } else {
        Ok(Limited::TooLarge)
    }
}

/// Whether a path that comes out of metadata stays inside the repository, as path and as URL.
pub(crate) fn is_contained(path: &str) -> bool {
    path.split('/').all(|segment| {
        !segment.is_empty()
            && segment.bytes().any(|b| b != b'.')
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.~%".contains(&b))
            // URL parsers read an encoded dot as a dot.
            && !segment.to_ascii_lowercase().contains("%2e")
    })
}

/// The places in a folder where a file of the repository may be.
fn candidates(path: &str) -> Vec<String> {
    if let Some((folder, name)) = path.rsplit_once('/') {
        let plain = name.split_once('.').map(|(_hash, plain)| plain);
        return std::iter::once(path.to_owned())
            .chain(plain.map(|plain| format!("{folder}/{plain}")))
            .collect();
    }
    let mut found = vec![path.to_owned(), format!("metadata/{path}")];
    match path.split_once('.') {
        // Never the plain `root.json`: a missing successor is how the root chain ends.
        Some((version, "root.json")) if is_number(version) => {
            found.push(format!("metadata/root_history/{path}"));
        }
        Some((version, plain)) if is_number(version) => {
            found.push(plain.to_owned());
            found.push(format!("metadata/{plain}"));
        }
        _ => {}
    }
    found
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_from_metadata_cannot_leave_the_repository() {
        for good in [
            "timestamp.json",
            "17.root.json",
            "targets/ab.x.json",
            "1.a%2Fb.json",
        ] {
            assert!(is_contained(good), "{good}");
        }
        for bad in [
            "", "..", "../x", "a//b", "/x", "a/./b", "a?b", "a#b", "a\\b", "a b", "h://x",
            "%2E%2e/x",
        ] {
            assert!(!is_contained(bad), "{bad}");
        }
    }

    #[test]
    fn a_missing_root_successor_is_never_the_plain_root() {
        assert!(
            !candidates("17.root.json")
                .iter()
                .any(|c| c.ends_with("/root.json") || c == "root.json")
        );
        assert!(candidates("5.snapshot.json").contains(&"metadata/snapshot.json".to_owned()));
        assert!(
            candidates("targets/ab.trusted_root.json")
                .contains(&"targets/trusted_root.json".to_owned())
        );
    }

    #[test]
    fn a_missing_folder_is_an_error_and_a_missing_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            Folder::new(dir.path())
                .read("1.root.json", 10)
                .unwrap()
                .is_none()
        );
        let gone = Folder::new(dir.path().join("gone"));
        assert!(gone.read("1.root.json", 10).is_err());
    }

    #[test]
    fn the_limit_is_inclusive() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("timestamp.json"), b"12345").unwrap();
        let folder = Folder::new(dir.path());
        assert_eq!(folder.read("timestamp.json", 5).unwrap().unwrap(), b"12345");
        assert!(matches!(
            folder.read("timestamp.json", 4),
            Err(FetchError::TooLarge { limit: 4, .. })
        ));
    }
}
