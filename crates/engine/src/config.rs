//! How an engine is set up: trust, network, log, clock.

use std::sync::Arc;
use std::time::SystemTime;

use sealcheck_trust::{Instance, Repository, Source};
use sealcheck_verify::{Time, TrustedRoot};

/// Settings of an [`Engine`](crate::Engine).
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the trusted root comes from.
    pub trust: TrustSource,
    /// Whether anything may be fetched.
    pub network: Network,
    /// The Rekor v1 log that is asked for entries which the material does not bring.
    pub rekor_url: String,
    /// How registries are spoken to: mirrors, certificates, credentials.
    pub registry: sealcheck_registry::Settings,
    /// What time it is.
    pub clock: Clock,
}

/// Where the trusted root comes from.
#[derive(Clone, Debug)]
pub enum TrustSource {
    /// An embedded snapshot, a file, or a TUF repository with its cache.
    Load(Source),
    /// The same, but whatever is at hand will do, because nothing that is required depends on it: the cache, or else the
    /// embedded snapshot. Only where there is neither, it is fetched.
    AtHand(Source),
    /// One that the caller has made.
    Given {
        /// The trusted root.
        root: Arc<TrustedRoot>,
        /// Where it came from, for the evidence.
        source: String,
    },
}

/// Whether the network may be used.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of them in a process"
)]
#[derive(Clone, Debug)]
pub enum Network {
    /// No client is ever constructed, so no socket can be opened.
    Offline,
    /// A client with these settings is constructed when something has to be fetched for the first time.
    Lazy(sealcheck_net::Config),
}

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Always this moment: for verification as of a moment, and for tests.
    Fixed(Time),
}

impl Config {
    /// Trust in the public-good instance as embedded, and no network.
    #[must_use]
    pub fn offline() -> Self {
        Self {
            trust: TrustSource::Load(Source::Embedded(Instance::PublicGood)),
            network: Network::Offline,
            rekor_url: DEFAULT_REKOR_URL.to_owned(),
            registry: sealcheck_registry::Settings::default(),
            clock: Clock::System,
        }
    }

    /// Trust in the public-good instance by TUF (without a cache unless `trust` is changed), and the network when it is
    /// needed.
    #[must_use]
    pub fn online() -> Self {
        Self {
            trust: TrustSource::Load(Source::Tuf(Repository::of(Instance::PublicGood))),
            network: Network::Lazy(sealcheck_net::Config::default()),
            ..Self::offline()
        }
    }
}

impl Clock {
    /// The time.
    #[must_use]
    pub fn now(self) -> Time {
        match self {
            Self::System => SystemTime::now().into(),
            Self::Fixed(time) => time,
        }
    }
}

/// The public-good instance's Rekor v1 log.
pub const DEFAULT_REKOR_URL: &str = "https://rekor.sigstore.dev";
