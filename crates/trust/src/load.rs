//! Loading: from cache while it is fresh, else by refresh, with the last good set to fall back on.

use std::collections::BTreeMap;
use std::time::Duration;

use sealcheck_verify::Time;

use crate::cache::{Cache, CachedSet, Lock, Locked};
use crate::error::{TrustError, Warning};
use crate::fetch::{Fetch, Folder};
use crate::instance::{Instance, SNAPSHOT_TAKEN};
use crate::source::{Mirror, Repository, Source, read_trusted_root, sha256_hex};
use crate::tuf::{self, Failure, Files, Refused, TRUSTED_ROOT, Verified};

/// A trust root that may be used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The `trusted_root.json`, byte for byte.
    pub bytes: Vec<u8>,
    /// Where it came from: `embedded:NAME`, `file:PATH`, `tuf:URL` or `tuf:file:PATH`.
    pub source: String,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// When it was known to be current: the last successful refresh, or the release
    /// of an embedded snapshot. `None` for a file.
    pub fetched_at: Option<Time>,
    /// Time since [`fetched_at`](Self::fetched_at); zero when that lies in the future.
    pub age: Option<Duration>,
    /// When the TUF metadata expires; `None` when there is none.
    pub expires: Option<Time>,
    /// The files of the TUF repository by which it was verified, under the names under which the repository publishes them,
    /// with every root that is known: in a folder they are a repository that proves it again. Empty when there is none.
    pub repository: BTreeMap<String, Vec<u8>>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// What [`open`] can say without the network.
#[derive(Debug)]
pub enum Opened {
    /// The trust root, no network needed.
    Ready(Loaded),
    /// The mirror must be asked: hand [`Refresh::run`] a way to reach it.
    RefreshDue(Box<Refresh>),
}

/// A refresh that is due. While it lives, other processes wait for it or use what is cached.
#[derive(Debug)]
pub struct Refresh {
    session: Session,
    url: String,
    instance: Option<Instance>,
    lock: Option<Lock>,
}

/// Loads the trust root, or says that a refresh is due. Blocks on files only, for at most half a
/// minute when another process is refreshing and nothing usable is cached.
///
/// # Errors
/// See [`TrustError`]; a repository in a folder is read here and now, so all of them can occur.
pub fn open(source: &Source, now: Time) -> Result<Opened, TrustError> {
    let repository = match source {
        Source::Tuf(repository) => repository,
        Source::Embedded(instance) => return Ok(Opened::Ready(embedded(*instance, now))),
        Source::File(path) => {
            let bytes = read_trusted_root(path)?;
            let source = format!("file:{}", path.display());
            return Ok(Opened::Ready(Loaded::new(bytes, source, None, now)));
        }
    };
    let mut session = Session::begin(repository, now)?;
    let url = match &repository.mirror {
        Mirror::Url(url) => url.clone(),
        Mirror::Folder(folder) => {
            let lock = session.lock(true);
            let refresh = session.refresh(Folder::new(folder), lock.as_ref());
            let outcome = tuf::ready(refresh).map_err(|f| session.error(f))?;
            return outcome.map(Opened::Ready);
        }
    };
    if session.is_fresh(repository.max_age) {
        return session.last_good().map(Opened::Ready);
    }
    let lock = session.lock(session.good.is_none());
    // Another process has refreshed while we waited, or is about to.
    if session.is_fresh(repository.max_age) || (session.is_busy && session.good.is_some()) {
        return session.last_good().map(Opened::Ready);
    }
    Ok(Opened::RefreshDue(Box::new(Refresh {
        session,
        url,
        instance: repository.initial.instance(),
        lock,
    })))
}

/// Loads the trust root without any means to reach a network: from the cache within its own expiry, or
/// when nothing was ever cached the embedded snapshot of the instance, with a
/// [`Warning::EmbeddedLastResort`]. A folder is read as [`open`] reads it.
///
/// # Errors
/// See [`TrustError`]; [`TrustError::Expired`] when what is cached has expired, and
/// [`TrustError::Unavailable`] when nothing is cached and nothing is embedded.
pub fn open_offline(source: &Source, now: Time) -> Result<Loaded, TrustError> {
    let Source::Tuf(
        repository @ Repository {
            mirror: Mirror::Url(_),
            ..
        },
    ) = source
    else {
        return match open(source, now)? {
            Opened::Ready(loaded) => Ok(loaded),
            // Only a URL can be due for refresh.
            Opened::RefreshDue(refresh) => refresh.session.last_good(),
        };
    };
    let session = Session::begin(repository, now)?;
    match (session.last_good(), repository.initial.instance()) {
        (Err(error), Some(instance)) if session.may_resort() => {
            Ok(session.last_resort(instance, error))
        }
        (outcome, _) => outcome,
    }
}

impl Refresh {
    /// The base URL of the repository, without trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was verified before and is within its own expiry, if anything: what to go on with when
    /// [`run`](Self::run) refuses what the mirror offers.
    #[must_use]
    pub fn last_good(&self) -> Option<Loaded> {
        self.session.last_good().ok()
    }

    /// Asks the mirror, verifies, and remembers the new set.
    ///
    /// A mirror that cannot be reached, or that answers with something else than metadata, is a
    /// [`Warning::NotRefreshed`] while the last good set is within its own expiry, and a
    /// [`Warning::EmbeddedLastResort`] when nothing was ever cached and the initial root is an embedded
    /// one. A mirror that answers with metadata that must not be trusted is an error; the last good set
    /// is kept.
    ///
    /// # Errors
    /// See [`TrustError`].
    pub async fn run(&mut self, fetch: impl Fetch + 'static) -> Result<Loaded, TrustError> {
        let outcome = self.session.refresh(fetch, self.lock.as_ref()).await;
        match (outcome, self.instance) {
            (Err(error @ TrustError::Unavailable { .. }), Some(instance))
                if self.session.may_resort() =>
            {
                Ok(self.session.last_resort(instance, error))
            }
            (outcome, _) => outcome,
        }
    }
}

/// One load of one repository.
#[derive(Debug)]
struct Session {
    now: Time,
    /// Name of the mirror in messages.
    place: String,
    /// Whether the mirror is a folder on this machine.
    is_local: bool,
    root: Vec<u8>,
    cache: Option<Cache>,
    cached: Option<CachedSet>,
    good: Option<Verified>,
    /// Why there is no good set.
    failure: Option<Failure>,
    /// Another process holds the refresh lock.
    is_busy: bool,
    warnings: Vec<Warning>,
}

impl Session {
    fn begin(repository: &Repository, now: Time) -> Result<Self, TrustError> {
        let root = repository.initial.read()?;
        let mut session = Self {
            now,
            place: repository.mirror.to_string(),
            is_local: matches!(repository.mirror, Mirror::Folder(_)),
            root,
            cache: repository.cache_folder().map(Cache::new),
            cached: None,
            good: None,
            failure: None,
            is_busy: false,
            warnings: Vec::new(),
        };
        session.read_cache();
        // A good set has been reached from the root, which is thereby known to be one.
        if session.good.is_none() {
            tuf::check_root(&session.root).map_err(|failure| TrustError::Invalid {
                what: "initial TUF root".into(),
                place: repository.initial.place(),
                cause: failure.to_string(),
            })?;
        }
        Ok(session)
    }

    /// Reads the cache and verifies it from the initial root on.
    fn read_cache(&mut self) {
        let Some(cache) = &self.cache else {
            return;
        };
        let path = cache.file();
        match cache.read() {
            Ok(cached) => self.judge(cached),
            Err(cause) => {
                self.judge(None);
                self.failure = Some(Failure::Invalid(cause.clone()));
                self.warnings.push(Warning::CacheIgnored { path, cause });
            }
        }
    }

    /// Takes a set as the cached one and finds out whether it is good now.
    fn judge(&mut self, cached: Option<CachedSet>) {
        self.warnings
            .retain(|w| !matches!(w, Warning::CacheIgnored { .. }));
        (self.good, self.failure) = match &cached {
            None => (None, None),
            Some(set) => match tuf::verify(&self.root, &set.files, self.now) {
                Ok(good) => (Some(good), None),
                Err(failure) => (None, Some(failure)),
            },
        };
        if let (Some(cache), Some(failure)) = (&self.cache, &self.failure)
            && !matches!(failure, Failure::Expired { .. })
        {
            self.warnings.push(Warning::CacheIgnored {
                path: cache.file(),
                cause: failure.to_string(),
            });
        }
        self.cached = cached;
    }

    /// Whether the good set needs no refresh. A set from the future is not fresh: the clock moved.
    fn is_fresh(&self, max_age: Duration) -> bool {
        self.good.is_some()
            && self
                .cached
                .as_ref()
                .is_some_and(|set| since(set.fetched_at, self.now).is_some_and(|age| age < max_age))
    }

    /// Takes the refresh lock and reads the cache again under it. Without the lock nothing is
    /// written, so a cache that cannot be locked costs no more than a warning.
    fn lock(&mut self, wait: bool) -> Option<Lock> {
        let cache = self.cache.as_ref()?;
        match if wait { cache.lock() } else { cache.try_lock() } {
            Ok(Locked::Held(lock)) => {
                self.read_cache();
                Some(lock)
            }
            Ok(Locked::Busy) => {
                self.is_busy = true;
                self.read_cache();
                if self.good.is_none() {
                    self.warn_unwritable("another process holds the lock");
                }
                None
            }
            Err(e) => {
                self.warn_unwritable(&e.to_string());
                None
            }
        }
    }

    async fn refresh(
        &mut self,
        fetch: impl Fetch + 'static,
        lock: Option<&Lock>,
    ) -> Result<Loaded, TrustError> {
        let empty = Files::new();
        let cached = self.cached.as_ref().map_or(&empty, |set| &set.files);
        match tuf::refresh(&self.root, cached, fetch, self.now).await {
            Ok(good) => {
                let set = CachedSet {
                    fetched_at: self.now,
                    files: good.files.clone(),
                };
                self.write(lock, &set);
                self.cached = Some(set);
                self.good = Some(good);
                self.last_good()
            }
            Err(Refused { failure, roots }) => {
                self.advance(lock, roots);
                self.refused(failure)
            }
        }
    }

    /// Keeps newer roots from a refresh that failed later on: a rotation may have taken a stolen
    /// key out of use, so the last good set has to hold under the newest root that is known.
    fn advance(&mut self, lock: Option<&Lock>, roots: Files) {
        let Some(mut set) = self.cached.clone() else {
            return;
        };
        set.files.extend(roots);
        if Some(&set) != self.cached.as_ref() {
            self.write(lock, &set);
            self.judge(Some(set));
        }
    }

    /// What a refresh that failed leaves the caller with.
    fn refused(&mut self, failure: Failure) -> Result<Loaded, TrustError> {
        if !matches!(failure, Failure::Unavailable(_)) {
            return Err(self.error(failure));
        }
        let error = self.error(failure);
        if self.good.is_some() {
            self.warnings.push(Warning::NotRefreshed(error));
            return self.last_good();
        }
        match self.last_good() {
            Err(TrustError::Expired {
                place,
                role,
                expires,
                now,
                ..
            }) => Err(TrustError::Expired {
                place,
                role,
                expires,
                now,
                refresh: Some(error.to_string()),
            }),
            _ => Err(error),
        }
    }

    /// The good set, or why there is none.
    fn last_good(&self) -> Result<Loaded, TrustError> {
        if let (Some(good), Some(set)) = (&self.good, &self.cached) {
            let source = format!("tuf:{}", self.place);
            let mut loaded =
                Loaded::new(good.target.clone(), source, Some(set.fetched_at), self.now);
            loaded.expires = Some(good.expires);
            loaded.repository.clone_from(&good.published);
            loaded.warnings.clone_from(&self.warnings);
            return Ok(loaded);
        }
        let place = self.cache.as_ref().map_or_else(
            || self.place.clone(),
            |cache| cache.file().display().to_string(),
        );
        Err(match &self.failure {
            Some(Failure::Expired { role, expires }) => TrustError::Expired {
                place,
                role: role.clone(),
                expires: *expires,
                now: self.now,
                refresh: None,
            },
            Some(failure) => TrustError::Unavailable {
                what: TRUSTED_ROOT.into(),
                place,
                cause: format!("what is cached is not usable: {failure}"),
            },
            None => TrustError::Unavailable {
                what: TRUSTED_ROOT.into(),
                place,
                cause: "nothing is cached".into(),
            },
        })
    }

    /// Whether the embedded snapshot may stand in: only where there is no set at all. One that has expired
    /// says more than the snapshot, which may be older: that what was once known is out of date.
    fn may_resort(&self) -> bool {
        self.cached.is_none()
    }

    /// The embedded snapshot of the instance, because of `cause`.
    fn last_resort(&self, instance: Instance, cause: TrustError) -> Loaded {
        let mut loaded = embedded(instance, self.now);
        loaded.warnings.clone_from(&self.warnings);
        loaded.warnings.push(Warning::EmbeddedLastResort {
            age: loaded.age.unwrap_or_default(),
            cause,
        });
        loaded
    }

    fn write(&mut self, lock: Option<&Lock>, set: &CachedSet) {
        if let (Some(cache), Some(lock)) = (&self.cache, lock)
            && let Err(e) = cache.write(lock, set)
        {
            self.warn_unwritable(&e.to_string());
        }
    }

    fn warn_unwritable(&mut self, cause: &str) {
        if let Some(cache) = &self.cache {
            self.warnings.push(Warning::CacheUnwritable {
                path: cache.file(),
                cause: cause.to_owned(),
            });
        }
    }

    /// A failure at the mirror, in the caller's words.
    fn error(&self, failure: Failure) -> TrustError {
        let place = self.place.clone();
        let what = TRUSTED_ROOT.to_owned();
        match failure {
            Failure::Unavailable(cause) if self.is_local => {
                TrustError::Unreadable { what, place, cause }
            }
            Failure::Unavailable(cause) => TrustError::Unavailable { what, place, cause },
            Failure::Expired { role, expires } => TrustError::Expired {
                place,
                role,
                expires,
                now: self.now,
                refresh: None,
            },
            Failure::Rollback {
                role,
                trusted,
                offered,
            } => TrustError::Rollback {
                place,
                role,
                trusted,
                offered,
            },
            Failure::NoTarget => TrustError::NotFound {
                what: format!("target {what}"),
                place,
            },
            Failure::Invalid(cause) => TrustError::Untrusted { place, cause },
        }
    }
}

impl Loaded {
    fn new(bytes: Vec<u8>, source: String, fetched_at: Option<Time>, now: Time) -> Self {
        Self {
            sha256: sha256_hex(&bytes),
            bytes,
            source,
            fetched_at,
            age: fetched_at.map(|at| since(at, now).unwrap_or_default()),
            expires: None,
            repository: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }
}

/// The time from `past` to `now`, in whole seconds; `None` when `past` is yet to come.
fn since(past: Time, now: Time) -> Option<Duration> {
    let seconds = now.unix_seconds().saturating_sub(past.unix_seconds());
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// The embedded snapshot of an instance.
fn embedded(instance: Instance, now: Time) -> Loaded {
    Loaded::new(
        instance.trusted_root().to_vec(),
        format!("embedded:{}", instance.name()),
        Time::from_unix_seconds(SNAPSHOT_TAKEN),
        now,
    )
}
