//! The trusted root, ready for use.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sealcheck_trust::{Http, Loaded, Opened, Source, TrustError, Warning, open, open_offline};
use sealcheck_verify::{Failure, Reason, Result, Time, TrustedRoot, Verdict};

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
    /// The TUF repository that proves it, as [`Loaded::repository`]; empty when there is none.
    pub repository: BTreeMap<String, Vec<u8>>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// Why the current one could not be had, when the embedded one stands in for it although the network was allowed.
    outdated: Option<String>,
}

impl Trust {
    pub(crate) fn load(source: &TrustSource, link: &Link, now: Time) -> Result<Self> {
        let loaded = match source {
            TrustSource::Load(source) => fetch(source, link, now)?,
            TrustSource::AtHand(source) => at_hand(source, link, now)?,
            TrustSource::Given { root, source } => {
                return Ok(Self {
                    root: Arc::clone(root),
                    json: None,
                    source: source.clone(),
                    age: None,
                    expires: None,
                    repository: BTreeMap::new(),
                    warnings: Vec::new(),
                    outdated: None,
                });
            }
        };
        let outdated = match link.is_offline() {
            true => None,
            false => loaded.warnings.iter().find_map(|warning| match warning {
                Warning::EmbeddedLastResort { .. } => Some(warning.to_string()),
                _ => None,
            }),
        };
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
            repository: loaded.repository,
            warnings: loaded.warnings,
            outdated,
        })
    }

    /// What an embedded root does not know may have been added since: where the current root was asked for and could not
    /// be fetched, that is a question left open and no answer. Nothing becomes `verified` by it.
    pub(crate) fn settle(&self, verdict: Verdict) -> Verdict {
        let Some(outdated) = &self.outdated else {
            return verdict;
        };
        UNKNOWN.iter().fold(verdict, |verdict, reason| {
            let found = verdict
                .failures()
                .iter()
                .find(|failure| failure.reason == *reason);
            let Some(found) = found else { return verdict };
            let mut open = Failure::new(Reason::TrustRootUnavailable)
                .detail(format_args!("{}, and {outdated}", found.reason.summary()));
            open.field.clone_from(&found.field);
            open.found.clone_from(&found.found);
            verdict.with_failure_for(*reason, open)
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

/// What can be had without the network. That it is not current is no matter.
fn at_hand(source: &Source, link: &Link, now: Time) -> Result<Loaded> {
    let embedded = match source {
        Source::Tuf(repository) => repository.initial.instance().map(Source::Embedded),
        Source::Embedded(_) | Source::File(_) => None,
    };
    match (open_offline(source, now), embedded) {
        (Ok(mut loaded), _) => {
            loaded
                .warnings
                .retain(|warning| !matches!(warning, Warning::EmbeddedLastResort { .. }));
            Ok(loaded)
        }
        (Err(_), Some(embedded)) => open_offline(&embedded, now).map_err(|error| failure(&error)),
        (Err(_), None) => fetch(source, link, now),
    }
}

/// The reasons that say that the trusted root does not have whoever signed.
const UNKNOWN: [Reason; 3] = [
    Reason::LogUnknown,
    Reason::CertificateUntrusted,
    Reason::SctUntrusted,
];

/// A trust error in the words of the product.
fn failure(error: &TrustError) -> Failure {
    Failure::new(error.reason()).detail(error)
}
