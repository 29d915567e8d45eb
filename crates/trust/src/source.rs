//! What a caller can ask for: an embedded root, a file, or a TUF repository.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use sealcheck_net::{Url, redact_text};

use crate::error::TrustError;
use crate::fetch::{Limited, read_limited};
use crate::instance::Instance;
use crate::tuf::{MAX_ROOT_BYTES, TRUSTED_ROOT};

/// Where the trust root comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The snapshot that was embedded at build time.
    Embedded(Instance),
    /// A `trusted_root.json` file.
    File(PathBuf),
    /// The target `trusted_root.json` of a TUF repository.
    Tuf(Repository),
}

/// A TUF repository, the root it is trusted by, and where its verified state is remembered.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Where the files are.
    pub mirror: Mirror,
    /// The root from which every other is reached.
    pub initial: InitialRoot,
    /// Folder under which each repository has its own folder (`…/sealcheck/tuf`); `None`: nothing
    /// is remembered, and rollback between runs cannot be noticed.
    pub cache_dir: Option<PathBuf>,
    /// How long a verified state is used before the mirror is asked again.
    pub max_age: Duration,
}

impl Repository {
    /// A repository that is asked again after [`DEFAULT_MAX_AGE`], without cache.
    #[must_use]
    pub const fn new(mirror: Mirror, initial: InitialRoot) -> Self {
        Self {
            mirror,
            initial,
            cache_dir: None,
            max_age: DEFAULT_MAX_AGE,
        }
    }

    /// The repository of a public instance, trusted by its embedded root.
    #[must_use]
    pub fn of(instance: Instance) -> Self {
        Self::new(
            Mirror::Url(instance.tuf_url().to_owned()),
            InitialRoot::Embedded(instance),
        )
    }

    /// The cache folder of this repository: the instance's name, or the host and a hash of the address.
    pub(crate) fn cache_folder(&self) -> Option<PathBuf> {
        let address = self.mirror.to_string();
        let known = Instance::ALL.into_iter().find(|i| i.tuf_url() == address);
        let name = known.map_or_else(|| folder_name(&address), |i| i.name().to_owned());
        Some(self.cache_dir.as_ref()?.join(name))
    }
}

/// Where a TUF repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    /// An HTTP(S) base URL without trailing slash; metadata lies directly below it, targets in `targets/`.
    Url(String),
    /// A local folder.
    Folder(PathBuf),
}

impl Mirror {
    /// Reads a mirror as users write it: `https://…`, `http://` to this machine, `file://…`, or a path.
    ///
    /// # Errors
    /// [`TrustError::Invalid`] for another scheme, for plain HTTP to another machine, for a URL with
    /// credentials, query or fragment, and for a `file://` URL that names a host.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let invalid = |cause: &str| TrustError::Invalid {
            what: "TUF mirror".into(),
            // Not the text itself: it may hold a password.
            place: redact_text(text),
            cause: cause.into(),
        };
        if text.is_empty() {
            return Err(invalid("the address is empty"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(invalid("credentials do not belong in the URL"));
        }
        match scheme.to_ascii_lowercase().as_str() {
            "file" if authority.is_empty() || authority == "localhost" => {
                let path = rest.strip_prefix(authority).unwrap_or(rest);
                if path.contains('%') {
                    return Err(invalid("write the path without percent-encoding"));
                }
                return Ok(Self::Folder(PathBuf::from(path)));
            }
            "file" => return Err(invalid("a file URL names no host: file:///path")),
            "https" => {}
            "http" if is_loopback(authority) => {}
            "http" => {
                return Err(invalid(
                    "plain http is accepted for this machine only; use https",
                ));
            }
            _ => return Err(invalid("expected https://, file:// or a path")),
        }
        if authority.is_empty() {
            return Err(invalid("the URL names no host"));
        }
        if rest.contains(['?', '#']) {
            return Err(invalid("a base URL has neither query nor fragment"));
        }
        // A port that is no number is most likely a password that was not encoded.
        if let Err(error) = Url::parse(text) {
            return Err(invalid(&format!("it is no URL: {error}")));
        }
        Ok(Self::Url(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::Folder(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// The TUF `root.json` that trust starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InitialRoot {
    /// The one embedded for an instance.
    Embedded(Instance),
    /// One that the user got by a trusted way.
    File {
        /// Path of the `root.json`.
        path: PathBuf,
        /// SHA-256 that the file must have.
        sha256: Option<[u8; 32]>,
    },
}

impl InitialRoot {
    /// The bytes, after the checksum held.
    pub(crate) fn read(&self) -> Result<Vec<u8>, TrustError> {
        match self {
            Self::Embedded(instance) => Ok(instance.tuf_root().to_vec()),
            Self::File { path, sha256 } => {
                let bytes = read_file("initial TUF root", path, MAX_ROOT_BYTES)?;
                match sha256 {
                    Some(expected) if digest(&SHA256, &bytes).as_ref() != expected => {
                        Err(TrustError::Invalid {
                            what: "initial TUF root".into(),
                            place: path.display().to_string(),
                            cause: format!(
                                "its sha256 is {}, expected {}",
                                sha256_hex(&bytes),
                                HEXLOWER.encode(expected)
                            ),
                        })
                    }
                    _ => Ok(bytes),
                }
            }
        }
    }

    /// The name under which errors speak of it.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Embedded(instance) => format!("embedded:{}", instance.name()),
            Self::File { path, .. } => path.display().to_string(),
        }
    }

    /// The instance whose embedded trusted root may stand in.
    #[must_use]
    pub const fn instance(&self) -> Option<Instance> {
        match self {
            Self::Embedded(instance) => Some(*instance),
            Self::File { .. } => None,
        }
    }
}

/// Reads a file of trust material, with errors that say what it was to be.
pub(crate) fn read_file(what: &str, path: &Path, limit: u64) -> Result<Vec<u8>, TrustError> {
    let place = path.display().to_string();
    let what = what.to_owned();
    match read_limited(path, limit) {
        Ok(Limited::Bytes(bytes)) => Ok(bytes),
        Ok(Limited::TooLarge) => Err(TrustError::Invalid {
            what,
            place,
            cause: format!("longer than the {limit} bytes that are allowed"),
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Err(TrustError::NotFound { what, place })
        }
        // That the folder may have one is not denied.
        Err(e) if e.kind() == std::io::ErrorKind::IsADirectory => Err(TrustError::NotFound {
            what: "file".to_owned(),
            place: format!("{place}, which is a folder: {what} must be named itself"),
        }),
        Err(e) => Err(TrustError::Unreadable {
            what,
            place,
            cause: e.to_string(),
        }),
    }
}

/// Reads a trusted-root file.
pub(crate) fn read_trusted_root(path: &Path) -> Result<Vec<u8>, TrustError> {
    read_file(TRUSTED_ROOT, path, crate::tuf::MAX_TRUSTED_ROOT_BYTES)
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}

/// A folder name that people recognise and that no two addresses share.
fn folder_name(address: &str) -> String {
    let host: String = address
        .split_once("://")
        .map_or("folder", |(_, rest)| rest)
        .chars()
        .take_while(|c| *c != '/')
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let hash: String = sha256_hex(address.as_bytes()).chars().take(16).collect();
    format!("{host}-{hash}")
}

/// Whether `host[:port]` is this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The public instances sign a new timestamp every few days; a day keeps well inside.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_read_as_users_write_them() {
        let url = |s: &str| Mirror::Url(s.into());
        let folder = |s: &str| Mirror::Folder(s.into());
        for (text, expected) in [
            ("https://tuf.example", url("https://tuf.example")),
            ("https://tuf.example/a/", url("https://tuf.example/a")),
            (
                "http://127.0.0.1:8080/tuf",
                url("http://127.0.0.1:8080/tuf"),
            ),
            ("http://[::1]:1", url("http://[::1]:1")),
            ("http://localhost:1", url("http://localhost:1")),
            ("file:///srv/tuf", folder("/srv/tuf")),
            ("file://localhost/srv/tuf", folder("/srv/tuf")),
            ("./tuf", folder("./tuf")),
        ] {
            assert_eq!(Mirror::parse(text).unwrap(), expected, "{text}");
        }
        for bad in [
            "",
            "http://tuf.example",
            "http://127.0.0.1.example",
            "http://localhost@tuf.example",
            "ftp://tuf.example",
            "https://",
            "https:///x",
            "https://u:secret@tuf.example",
            "http://u:secret@127.0.0.1:8080/",
            "htps://u:secret@tuf.example/?secret",
            "https://tuf.example/?secret",
            "https://u:secret/secret@tuf.example/",
            "https://tuf.example/?x",
            "https://tuf.example/#x",
            "file://host/srv",
            "file:///srv/a%20b",
        ] {
            let error = Mirror::parse(bad).unwrap_err();
            assert_eq!(error.reason().code(), "trust-root-invalid", "{bad}");
            let told = error.to_string();
            assert!(!told.contains("secret"), "{told}");
            let is_told = told.contains("credentials") || told.contains("port");
            assert_eq!(is_told, bad.contains('@'), "{told}");
        }
    }

    #[test]
    fn each_address_has_its_own_cache_folder() {
        let folder = |mirror: &str| {
            let mut repository = Repository::of(Instance::PublicGood);
            repository.mirror = Mirror::parse(mirror).unwrap();
            repository.cache_dir = Some("c".into());
            repository.cache_folder().unwrap()
        };
        assert_eq!(
            folder(Instance::Staging.tuf_url()),
            PathBuf::from("c/staging")
        );
        let other = folder("https://tuf.example/a");
        assert!(other.to_string_lossy().starts_with("c/tuf.example-"));
        assert_ne!(other, folder("https://tuf.example/b"));
        assert!(Repository::of(Instance::GitHub).cache_folder().is_none());
    }

    #[test]
    fn the_checksum_of_the_initial_root_is_enforced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.json");
        std::fs::write(&path, b"root").unwrap();
        let right: [u8; 32] = digest(&SHA256, b"root").as_ref().try_into().unwrap();
        let root = |sha256| InitialRoot::File {
            path: path.clone(),
            sha256,
        };
        assert_eq!(root(Some(right)).read().unwrap(), b"root");
        assert_eq!(root(None).read().unwrap(), b"root");
        let error = root(Some([0; 32])).read().unwrap_err();
        assert_eq!(error.reason().code(), "trust-root-invalid");
    }
}
