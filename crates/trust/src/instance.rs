//! The three public Sigstore instances and what is embedded for each.

use sigstore_trust_root::{
    SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT,
};

/// A public Sigstore instance whose roots are embedded in this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instance {
    /// The Sigstore public-good instance, which signs Kubernetes releases.
    PublicGood,
    /// The staging twin of the public-good instance.
    Staging,
    /// GitHub's own instance: no CT log, time from its own timestamp authority.
    GitHub,
}

impl Instance {
    /// Every instance, in the order in which they are documented.
    pub const ALL: [Self; 3] = [Self::PublicGood, Self::Staging, Self::GitHub];

    /// The stable name, as it appears in evidence and in cache folders.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PublicGood => "public-good",
            Self::Staging => "staging",
            Self::GitHub => "github",
        }
    }

    /// Base URL of the instance's TUF repository.
    #[must_use]
    pub const fn tuf_url(self) -> &'static str {
        match self {
            Self::PublicGood => "https://tuf-repo-cdn.sigstore.dev",
            Self::Staging => "https://tuf-repo-cdn.sigstage.dev",
            Self::GitHub => "https://tuf-repo.github.com",
        }
    }

    /// The embedded snapshot of `trusted_root.json`.
    #[must_use]
    pub const fn trusted_root(self) -> &'static [u8] {
        match self {
            Self::PublicGood => SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(),
            Self::Staging => SIGSTORE_STAGING_TRUSTED_ROOT.as_bytes(),
            Self::GitHub => SIGSTORE_GITHUB_TRUSTED_ROOT.as_bytes(),
        }
    }

    /// The embedded TUF `root.json` from which the repository is trusted.
    #[must_use]
    pub const fn tuf_root(self) -> &'static [u8] {
        match self {
            Self::PublicGood => include_bytes!(concat!(env!("OUT_DIR"), "/public-good.root.json")),
            Self::Staging => include_bytes!(concat!(env!("OUT_DIR"), "/staging.root.json")),
            Self::GitHub => include_bytes!(concat!(env!("OUT_DIR"), "/github.root.json")),
        }
    }
}

/// When the embedded snapshots were published (release date of `sigstore-trust-root`
/// [`SNAPSHOT_CRATE_VERSION`]), in Unix seconds. Their age is counted from here.
pub const SNAPSHOT_TAKEN: i64 = 1_792_713_600;

/// The release of `sigstore-trust-root` to which [`SNAPSHOT_TAKEN`] belongs.
pub const SNAPSHOT_CRATE_VERSION: &str = "0.15.1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshot_date_belongs_to_the_crate_that_is_built_in() {
        assert_eq!(
            env!("SEALCHECK_TRUST_ROOT_CRATE"),
            SNAPSHOT_CRATE_VERSION,
            "sigstore-trust-root was updated: set SNAPSHOT_TAKEN to its release date"
        );
        let taken: jiff::Timestamp = "2026-10-23T00:00:00Z".parse().unwrap();
        assert_eq!(SNAPSHOT_TAKEN, taken.as_second());
    }

    #[test]
    fn every_instance_carries_a_trusted_root_and_a_self_signed_tuf_root() {
        for instance in Instance::ALL {
            let json: serde_json::Value = serde_json::from_slice(instance.trusted_root()).unwrap();
            assert!(
                !json["certificateAuthorities"]
                    .as_array()
                    .unwrap()
                    .is_empty()
            );
            sigstore_tuf::TrustedMetadataSet::from_root(instance.tuf_root()).unwrap();
        }
    }
}
