//! A private Sigstore, a folder to lay files in, and an engine that trusts the one and looks in the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sealcheck_engine::{
    ArtifactSource, BlobRequest, Clock, Config, Engine, Input, MaterialSource, Named, NetConfig,
    Network, Proxies, RetryPolicy, Silent, TrustSource,
};
use sealcheck_testkit::{DEFAULT_TIME, Instance, Key, Plan, Signed};
use sealcheck_verify::evidence::{Found, Place};
use sealcheck_verify::{
    Content, Identities, Identity, Outcome, Pattern, PublicKey, Reason, Requirements, Time,
    TrustedRoot, Verdict,
};
use tempfile::TempDir;

/// The artifact of most tests.
pub(crate) const ARTIFACT: &[u8] = b"the artifact";

pub(crate) struct World {
    pub(crate) sigstore: Instance,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            sigstore: Instance::new(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A world with the artifact in a file named `app`.
    pub(crate) fn with_artifact() -> Self {
        let world = Self::new();
        world.write("app", ARTIFACT);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn config(&self, network: Network) -> Config {
        let root = TrustedRoot::from_json(&self.sigstore.trusted_root_bytes()).unwrap();
        Config {
            trust: TrustSource::Given {
                root: Arc::new(root),
                source: "test".to_owned(),
            },
            network,
            clock: clock(),
            ..Config::offline()
        }
    }

    /// An engine that cannot reach anything.
    pub(crate) fn engine(&self) -> Engine {
        Engine::new(self.config(Network::Offline)).unwrap()
    }

    /// An engine with a network, whose log is at `rekor_url`.
    pub(crate) fn online(&self, rekor_url: &str) -> Engine {
        let mut config = self.config(Network::Lazy(net()));
        config.rekor_url = rekor_url.to_owned();
        Engine::new(config).unwrap()
    }

    /// A request for `app` with what lies beside it.
    pub(crate) fn app(&self) -> BlobRequest {
        BlobRequest::new(ArtifactSource::File(self.path("app")), by_identity())
    }

    /// Verifies `app` offline with what lies beside it.
    pub(crate) fn verify(&self) -> Verdict {
        self.engine().verify_blob(&self.app(), &Silent)
    }

    pub(crate) fn sign(&self) -> Signed {
        self.sigstore.sign_blob(ARTIFACT)
    }

    /// The artifact signed with a key alone.
    pub(crate) fn sign_with_key(&self, key: &Key) -> Signed {
        self.sigstore.sign(
            sealcheck_testkit::Content::message(ARTIFACT),
            &Plan::key(key.clone()),
        )
    }
}

pub(crate) fn by_identity() -> Requirements {
    by("signer@example.com")
}

/// By somebody at the testkit's usual issuer.
pub(crate) fn by(identity: &str) -> Requirements {
    Requirements::identity(Identities::one(Identity::new(
        Pattern::exact(identity).unwrap(),
        Pattern::exact("https://accounts.example.com").unwrap(),
    )))
}

pub(crate) fn by_key(key: &Key) -> Requirements {
    Requirements::key(PublicKey::parse(key.public_pem().as_bytes()).unwrap())
}

pub(crate) fn attested() -> Requirements {
    by_identity().content(Content::Attestation(SLSA.into()))
}

pub(crate) const SLSA: &str = "https://slsa.dev/provenance/v1";

pub(crate) fn clock() -> Clock {
    Clock::Fixed(Time::from_unix_seconds(DEFAULT_TIME.as_second() + 3600).unwrap())
}

pub(crate) fn net() -> NetConfig {
    NetConfig {
        total_deadline: Duration::from_secs(20),
        retry: RetryPolicy {
            attempts: 2,
            base: Duration::from_millis(1),
            cap: Duration::from_millis(1),
        },
        proxies: Proxies::none(),
        ..NetConfig::default()
    }
}

pub(crate) fn bundle(path: &Path) -> MaterialSource {
    MaterialSource::Named(Box::new(Named {
        bundle: Some(Input::File(path.to_owned())),
        ..Named::default()
    }))
}

pub(crate) fn detached(signature: Input, certificate: Option<Input>) -> MaterialSource {
    MaterialSource::Named(Box::new(Named {
        signature: Some(signature),
        certificate,
        ..Named::default()
    }))
}

#[track_caller]
pub(crate) fn assert_verified(verdict: &Verdict) {
    assert_eq!(
        verdict.outcome(),
        Outcome::Verified,
        "{verdict}\n{:#?}",
        verdict.evidence().places
    );
}

#[track_caller]
pub(crate) fn assert_failed(verdict: &Verdict, outcome: Outcome, reason: Reason) {
    let found = verdict.failure().map(|failure| failure.reason);
    assert_eq!(
        (verdict.outcome(), found),
        (outcome, Some(reason)),
        "{verdict}\n{:#?}",
        verdict.evidence().places
    );
}

/// The place whose name ends like this.
#[track_caller]
pub(crate) fn place<'v>(verdict: &'v Verdict, end: &str) -> &'v Place {
    verdict
        .evidence()
        .places
        .iter()
        .find(|place| place.place.ends_with(end))
        .unwrap_or_else(|| panic!("no place {end}: {:#?}", verdict.evidence().places))
}

#[track_caller]
pub(crate) fn assert_place(verdict: &Verdict, end: &str, found: Found, words: &str) {
    let place = place(verdict, end);
    assert_eq!(place.found, found, "{place:?}");
    let detail = place.detail.as_deref().unwrap_or_default();
    assert!(detail.contains(words), "{place:?}");
}
