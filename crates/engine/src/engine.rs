//! The engine: what is prepared once and shared by all verifications.

use std::sync::OnceLock;

use sealcheck_registry::{Registry, Settings};
use sealcheck_verify::{Digest, DigestAlgorithm, Needs, Result, Time, limits::Limit};

use crate::artifact::ArtifactSource;
use crate::config::{Clock, Config, DEFAULT_REKOR_URL, Network};
use crate::input::{Input, check_address};
use crate::link::Link;
use crate::progress::Progress;
use crate::trust::Trust;

/// Verifies artifacts. Made once; verifications may run on many threads.
#[derive(Debug)]
pub struct Engine {
    pub(crate) trust: Trust,
    pub(crate) link: Link,
    pub(crate) rekor_url: String,
    settings: Settings,
    registry: OnceLock<Registry>,
    pub(crate) clock: Clock,
}

impl Engine {
    /// Loads the trusted root, from the network only when nothing fresh is at hand and the network is allowed.
    ///
    /// # Errors
    /// The reasons of trust (`trust-root-…`), `argument-invalid` for network settings that cannot be used.
    pub fn new(config: Config) -> Result<Self> {
        if config.rekor_url != DEFAULT_REKOR_URL {
            check_address(&config.rekor_url)?;
        }
        let link = Link::new(match config.network {
            Network::Lazy(net) => Network::Lazy(config.registry.registries.network(net)),
            Network::Offline => Network::Offline,
        });
        let trust = Trust::load(&config.trust, &link, config.clock.now())?;
        Ok(Self {
            trust,
            link,
            rekor_url: config.rekor_url,
            settings: config.registry,
            registry: OnceLock::new(),
            clock: config.clock,
        })
    }

    /// The client of registries, constructed by the first call; its connections, tokens and credentials serve all runs.
    ///
    /// # Errors
    /// `offline`, `argument-invalid`, `network-failed`.
    pub(crate) fn registry(&self) -> Result<&Registry> {
        let online = self.link.online()?;
        Ok(self
            .registry
            .get_or_init(|| Registry::new(online.client().clone(), self.settings.clone())))
    }

    /// The trusted root, where it came from, and what the user should know about it.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Reads a named input (a key, for example), at most `limit` bytes of it.
    ///
    /// # Errors
    /// `file-not-found`, `proof-unreadable`, `limit-exceeded`, `offline`.
    pub fn read(&self, input: &Input, limit: Limit) -> Result<Vec<u8>> {
        input.read(&self.link, limit)
    }

    /// The digests of an artifact, which is read once and in constant memory: SHA-256 and these.
    ///
    /// # Errors
    /// `file-not-found`, `artifact-unreadable`, `offline`.
    pub fn digests(
        &self,
        artifact: &ArtifactSource,
        algorithms: &[DigestAlgorithm],
        progress: &dyn Progress,
    ) -> Result<Vec<Digest>> {
        let needs = algorithms
            .iter()
            .copied()
            .fold(Needs::sha256(), Needs::with);
        let artifact = artifact.read(&needs, &self.link, progress)?;
        Ok(artifact.digests().to_vec())
    }

    /// Whether nothing may be fetched.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.link.is_offline()
    }

    /// What time it is for this engine.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}
