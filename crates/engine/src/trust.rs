//! The trusted root, ready for use.

use std::sync::Arc;
use std::time::Duration;

use sealcheck_trust::{Http, Loaded, Opened, Source, TrustError, Warning, open, open_offline};
use sealcheck_verify::{Failure, Result, Time, TrustedRoot};

use crate::config::TrustSource;
use crate::link::Link;

/// The trusted root of an engine, with where it came from and how old it is.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The trusted root, prepared once and shared.
    pub root: Arc<TrustedRoot>,
    /// Its JSON as it was loaded; `None` for one that the caller made.
    pub json: Option<Vec<u8>>,
    /// Where it came from: `embedded:NAME`, `file:PATH`, `tuf:URL`, or the caller's words.
    pub source: String,
    /// Time since it was known to be current; `None` for a file or one that the caller made.
    pub age: Option<Duration>,
    /// When its TUF metadata expires; `None` when there is none.
    pub expires: Option<Time>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

impl Trust {
    pub(crate) fn load(source: &TrustSource, link: &Link, now: Time) -> Result<Self> {
        let source = match source {
            TrustSource::Load(source) => source,
            TrustSource::Given { root, source } => {
                return Ok(Self {
                    root: Arc::clone(root),
                    json: None,
                    source: source.clone(),
                    age: None,
                    expires: None,
                    warnings: Vec::new(),
                });
            }
        };
        let loaded = fetch(source, link, now)?;
        let root = TrustedRoot::from_json(&loaded.bytes).map_err(|failure| {
            let place = loaded.source.clone();
            failure.of_file(&place)
        })?;
        Ok(Self {
            root: Arc::new(root),
            json: Some(loaded.bytes),
            source: loaded.source,
            age: loaded.age,
            expires: loaded.expires,
            warnings: loaded.warnings,
        })
    }
}

fn fetch(source: &Source, link: &Link, now: Time) -> Result<Loaded> {
    if link.is_offline() {
        return open_offline(source, now).map_err(|error| failure(&error));
    }
    match open(source, now).map_err(|error| failure(&error))? {
        Opened::Ready(loaded) => Ok(loaded),
        Opened::RefreshDue(mut refresh) => {
            let online = link.online()?;
            let http = Http::new(online.client().clone(), refresh.url());
            online
                .wait(refresh.run(http))
                .map_err(|error| failure(&error))
        }
    }
}

/// A trust error in the words of the product.
fn failure(error: &TrustError) -> Failure {
    Failure::new(error.reason()).detail(error)
}
