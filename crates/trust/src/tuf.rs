//! The TUF client workflow (TUF specification, section 5), driven through `sigstore-tuf`.
//!
//! This module is the only one that knows `sigstore-tuf`. It turns an initial root, what was
//! cached and a repository into one set of files that was verified together.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use sealcheck_verify::Time;
use serde::de::IgnoredAny;
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{
    Error, Metadata, MetadataStore, Repository, Targets, TrustedMetadataSet, Updater, UpdaterConfig,
};

use crate::fetch::{Fetch, is_contained};

/// The files of a repository under the names that they have in the cache: `timestamp.json`,
/// `snapshot.json`, `targets.json`, `ROLE.json`, `root_history/N.root.json`, `targets/NAME`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A set of metadata and target that was verified together.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    /// The files that the verification used, and every root: a program with an older initial root
    /// may share the cache.
    pub(crate) files: Files,
    /// The same files under the names under which a repository has them: `3.snapshot.json`, `targets/HASH.trusted_root.json`.
    pub(crate) published: Files,
    /// The bytes of `trusted_root.json`.
    pub(crate) target: Vec<u8>,
    /// When the first of the roles expires.
    pub(crate) expires: Time,
}

/// Why a set is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Unavailable(String),
    #[error("{role} metadata has expired")]
    Expired { role: String, expires: Time },
    #[error("{role} goes back from version {trusted} to {offered}")]
    Rollback {
        role: String,
        trusted: u64,
        offered: u64,
    },
    #[error("no role lists the target {TRUSTED_ROOT}")]
    NoTarget,
    #[error("{0}")]
    Invalid(String),
}

/// A refresh that failed.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) failure: Failure,
    /// Root metadata that was verified before the failure; a rotation counts at once, because it
    /// may be what takes a stolen key out of use.
    pub(crate) roots: Files,
}

/// Checks that an initial root is signed by its own keys.
pub(crate) fn check_root(root: &[u8]) -> Result<(), Failure> {
    TrustedMetadataSet::from_root(root)
        .map(drop)
        .map_err(Failure::from)
}

/// Verifies a set of files from the initial root on, without any other source.
pub(crate) fn verify(root: &[u8], files: &Files, now: Time) -> Result<Verified, Failure> {
    let used = Arc::new(Mutex::new(BTreeMap::new()));
    let repository = Local {
        files: files.clone(),
        used: Arc::clone(&used),
    };
    let mut updater = Updater::new(repository, root)?.with_config(limits());
    let target = ready(resolve(&mut updater, now))??;

    let used = used.lock().unwrap_or_else(PoisonError::into_inner);
    let files: Files = files
        .iter()
        .filter(|(name, _)| used.contains_key(*name) || root_version(name).is_some())
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect();
    let published = files
        .iter()
        .filter_map(|(name, bytes)| {
            let root = name.strip_prefix(ROOT_HISTORY).map(str::to_owned);
            Some((root.or_else(|| used.get(name).cloned())?, bytes.clone()))
        })
        // They become names of files.
        .filter(|(name, _)| is_contained(name))
        .collect();
    let (role, expires) = first_expiry(updater.trusted(), &files)?;
    // The specification wants the expiry to be later than now; sigstore-tuf lets the last second pass.
    if expires <= now {
        return Err(Failure::Expired { role, expires });
    }
    Ok(Verified {
        files,
        published,
        target,
        expires,
    })
}

/// Refreshes from a repository; versions in `cached` are the floor below which nothing is accepted.
pub(crate) async fn refresh(
    root: &[u8],
    cached: &Files,
    fetch: impl Fetch + 'static,
    now: Time,
) -> Result<Verified, Refused> {
    let invalid = |failure| Refused {
        failure,
        roots: Files::new(),
    };
    let staging = Arc::new(Staging(Mutex::new(cached.clone())));
    let mut updater = Updater::new(Remote(fetch), root)
        .map_err(|e| invalid(e.into()))?
        .with_config(limits())
        .with_store(Arc::clone(&staging));
    let outcome = resolve(&mut updater, now).await;
    let newest = updater.trusted().root().version;
    drop(updater);

    let mut files = staging.take();
    // What a damaged cache holds beyond the verified chain must not spoil the new set.
    files.retain(|name, _| root_version(name).is_none_or(|version| version <= newest));
    // Verified once more from the start, so that what is kept is a set that stands on its own.
    outcome
        .and_then(|_target| verify(root, &files, now))
        .map_err(|failure| {
            files.retain(|name, _| root_version(name).is_some());
            Refused {
                failure,
                roots: files,
            }
        })
}

/// Runs a future whose every source of bytes answers at once.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(Failure::Unavailable(
            "a local source kept us waiting".into(),
        )),
    }
}

async fn resolve(updater: &mut Updater, now: Time) -> Result<Vec<u8>, Failure> {
    let now = Timestamp::from_second(now.unix_seconds())
        .map_err(|e| Failure::Invalid(format!("the verification time: {e}")))?;
    updater.refresh(now).await?;
    let target = updater.get_target(TRUSTED_ROOT, now).await?;
    Ok(target)
}

/// The role of the set that expires first, and when.
fn first_expiry(trusted: &TrustedMetadataSet, files: &Files) -> Result<(String, Time), Failure> {
    let mut all = vec![("root".to_owned(), trusted.root().expires)];
    all.extend(
        trusted
            .timestamp()
            .map(|t| ("timestamp".to_owned(), t.expires)),
    );
    all.extend(
        trusted
            .snapshot()
            .map(|s| ("snapshot".to_owned(), s.expires)),
    );
    for (name, bytes) in files {
        let role = name.strip_suffix(".json").filter(|role| {
            !role.contains('/') && !["root", "timestamp", "snapshot"].contains(role)
        });
        if let Some(role) = role {
            let targets = Metadata::<Targets>::from_slice(bytes)?;
            all.push((role.to_owned(), targets.signed().expires));
        }
    }
    all.into_iter()
        .min_by_key(|(_, expires)| *expires)
        .and_then(|(role, expires)| Some((role, time(expires)?)))
        .ok_or_else(|| Failure::Invalid("an expiry is out of range".into()))
}

fn time(timestamp: Timestamp) -> Option<Time> {
    Time::from_unix_seconds(timestamp.as_second())
}

fn limits() -> UpdaterConfig {
    let mut limits = UpdaterConfig::default();
    limits.target_max_length = MAX_TRUSTED_ROOT_BYTES;
    limits
}

/// A repository that is nothing but a verified set on disk.
struct Local {
    files: Files,
    /// What was asked for, each with the name by which it was: that of a published file.
    used: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Local {
    fn take(&self, name: String, published: String, limit: u64) -> FetchFuture<'_> {
        let found = self.files.get(&name).cloned();
        if found.is_some() {
            self.used
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(name.clone(), published);
        }
        Box::pin(std::future::ready(match found {
            Some(bytes) if is_longer(&bytes, limit) => Err(Error::Malformed(format!(
                "{name} is longer than {limit} bytes"
            ))),
            other => Ok(other),
        }))
    }
}

impl Repository for Local {
    fn fetch_metadata<'a>(&'a self, name: &'a str, limit: u64) -> FetchFuture<'a> {
        let plain = match name.split_once('.') {
            Some((_, "root.json")) => format!("{ROOT_HISTORY}{name}"),
            Some((_version, plain)) if !self.files.contains_key(name) => plain.to_owned(),
            _ => name.to_owned(),
        };
        self.take(plain, name.to_owned(), limit)
    }

    fn fetch_target<'a>(&'a self, path: &'a str, limit: u64) -> FetchFuture<'a> {
        self.take(
            format!("{TARGETS}{TRUSTED_ROOT}"),
            format!("{TARGETS}{path}"),
            limit,
        )
    }
}

/// A repository behind the fetch seam.
struct Remote<F>(F);

impl<F: Fetch> Remote<F> {
    async fn get(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        if !is_contained(path) {
            return Err(Error::Malformed(format!(
                "{path:?} leads out of the repository"
            )));
        }
        match self.0.get(path, limit).await {
            Ok(Some(bytes)) if is_longer(&bytes, limit) => Err(Error::transport(format!(
                "{path} is longer than {limit} bytes"
            ))),
            Ok(answer) => Ok(answer),
            Err(e) => Err(Error::transport(e.to_string())),
        }
    }

    /// A file that is to be a JSON object with these members. Anything else is no answer of a TUF
    /// repository but one of something before it: nobody signed it, and so nothing is known.
    async fn object(
        &self,
        path: &str,
        limit: u64,
        members: &[&str],
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(bytes) = self.get(path, limit).await? else {
            return Ok(None);
        };
        match stranger(&bytes, members) {
            None => Ok(Some(bytes)),
            Some(what) => Err(Error::transport(format!("{path}: the answer is {what}"))),
        }
    }
}

/// What the bytes are when they are not a JSON object with these members.
fn stranger(bytes: &[u8], members: &[&str]) -> Option<&'static str> {
    if bytes.trim_ascii().is_empty() {
        return Some("empty");
    }
    match serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(bytes) {
        Ok(object) if members.iter().all(|member| object.contains_key(*member)) => None,
        Ok(_) => Some("JSON without the parts of TUF metadata"),
        Err(_) if bytes.trim_ascii_start().starts_with(b"<") => Some("a web page"),
        Err(_) => Some("no whole JSON object"),
    }
}

impl<F: Fetch> Repository for Remote<F> {
    fn fetch_metadata<'a>(&'a self, name: &'a str, limit: u64) -> FetchFuture<'a> {
        Box::pin(self.object(name, limit, &["signed", "signatures"]))
    }

    fn fetch_target<'a>(&'a self, path: &'a str, limit: u64) -> FetchFuture<'a> {
        Box::pin(async move { self.object(&format!("{TARGETS}{path}"), limit, &[]).await })
    }
}

/// Collects what the updater verified, on top of what was cached.
struct Staging(Mutex<Files>);

impl Staging {
    fn take(&self) -> Files {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl MetadataStore for Staging {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(files.get(name).cloned())
    }

    fn store(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        // The updater stores the snapshot under its plain name as well.
        if !name.ends_with(".snapshot.json") {
            let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            files.insert(name.to_owned(), bytes.to_vec());
        }
        Ok(())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Expired { role, expires } => match time(expires) {
                Some(expires) => Self::Expired { role, expires },
                None => Self::Invalid(format!("the expiry of {role} is out of range")),
            },
            Error::Rollback { role, trusted, new } => Self::Rollback {
                role,
                trusted,
                offered: new,
            },
            Error::BadRootVersion { trusted, new } if new <= trusted => Self::Rollback {
                role: "root".into(),
                trusted,
                offered: new,
            },
            Error::TargetNotFound(_) => Self::NoTarget,
            Error::Transport { message, .. } => Self::Unavailable(message),
            other => Self::Invalid(with_causes(&other)),
        }
    }
}

/// The version of a root in the cache, by its name.
fn root_version(name: &str) -> Option<u64> {
    name.strip_prefix(ROOT_HISTORY)?
        .strip_suffix(".root.json")?
        .parse()
        .ok()
}

fn with_causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |e| e.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn is_longer(bytes: &[u8], limit: u64) -> bool {
    u64::try_from(bytes.len()).is_ok_and(|len| len > limit)
}

/// The target that this crate is about.
pub(crate) const TRUSTED_ROOT: &str = "trusted_root.json";

/// Longest trusted root that is read, from a file or as a target; the published ones have 7 to 32 KB.
pub const MAX_TRUSTED_ROOT_BYTES: u64 = 8 << 20;

/// Longest initial root that is read; the limit of the TUF client for root metadata.
pub(crate) const MAX_ROOT_BYTES: u64 = 512_000;

const ROOT_HISTORY: &str = "root_history/";
const TARGETS: &str = "targets/";
