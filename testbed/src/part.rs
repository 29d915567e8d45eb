//! What a testbed is made of.

use std::fmt;
use std::str::FromStr;

use crate::peers::{self, Peer};

/// A part of the testbed that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The certificate authority, with its CT log.
    Fulcio,
    /// Rekor v1.
    Rekor,
    /// Rekor v2.
    RekorV2,
    /// The timestamp authority.
    Timestamps,
    /// The registry of `crane registry serve`: it has no referrers API.
    CraneRegistry,
    /// The distribution registry: it has no referrers API.
    DistributionRegistry,
    /// The registry of go-containerregistry with its referrers API.
    ReferrersRegistry,
}

impl Part {
    /// Everything.
    pub const ALL: &[Self] = &[
        Self::Fulcio,
        Self::Rekor,
        Self::RekorV2,
        Self::Timestamps,
        Self::CraneRegistry,
        Self::DistributionRegistry,
        Self::ReferrersRegistry,
    ];
    /// What makes a whole Sigstore.
    pub const SIGSTORE: &[Self] = &[Self::Fulcio, Self::Rekor, Self::RekorV2, Self::Timestamps];
    /// The registries.
    pub const REGISTRIES: &[Self] = &[
        Self::CraneRegistry,
        Self::DistributionRegistry,
        Self::ReferrersRegistry,
    ];

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fulcio => "fulcio",
            Self::Rekor => "rekor",
            Self::RekorV2 => "rekor-v2",
            Self::Timestamps => "timestamps",
            Self::CraneRegistry => "crane-registry",
            Self::DistributionRegistry => "distribution-registry",
            Self::ReferrersRegistry => "referrers-registry",
        }
    }

    /// The programs that run it.
    pub(crate) fn peers(self) -> &'static [Peer] {
        const TRILLIAN: [Peer; 3] = [
            peers::TRILLIAN_SERVER,
            peers::TRILLIAN_SIGNER,
            peers::CREATE_TREE,
        ];
        const FULCIO: [Peer; 5] = [
            TRILLIAN[0],
            TRILLIAN[1],
            TRILLIAN[2],
            peers::CT_LOG,
            peers::FULCIO,
        ];
        const REKOR: [Peer; 4] = [TRILLIAN[0], TRILLIAN[1], TRILLIAN[2], peers::REKOR];
        match self {
            Self::Fulcio => &FULCIO,
            Self::Rekor => &REKOR,
            Self::RekorV2 => &[peers::REKOR_V2],
            Self::Timestamps => &[peers::TIMESTAMPS],
            // Crane also fills the other registries.
            Self::CraneRegistry => &[peers::CRANE],
            Self::DistributionRegistry => &[peers::CRANE, peers::DISTRIBUTION],
            Self::ReferrersRegistry => &[peers::CRANE, peers::REFERRERS_REGISTRY],
        }
    }

    /// Whether it keeps its state in Trillian, over a database.
    pub(crate) fn needs_database(self) -> bool {
        matches!(self, Self::Fulcio | Self::Rekor)
    }

    pub(crate) fn is_registry(self) -> bool {
        Self::REGISTRIES.contains(&self)
    }
}

/// A name that no part has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPart(String);

impl fmt::Display for UnknownPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Part::ALL.iter().map(|part| part.name()).collect();
        write!(f, "no part {:?}: there are {}", self.0, names.join(", "))
    }
}

impl std::error::Error for UnknownPart {}

impl FromStr for Part {
    type Err = UnknownPart;

    fn from_str(name: &str) -> Result<Self, UnknownPart> {
        let named = Self::ALL.iter().find(|part| part.name() == name);
        named.copied().ok_or_else(|| UnknownPart(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_names() {
        for part in Part::ALL {
            assert_eq!(part.name().parse(), Ok(*part));
        }
        let error = "etcd".parse::<Part>().unwrap_err().to_string();
        assert!(
            error.contains("etcd") && error.contains("rekor-v2"),
            "{error}"
        );
    }

    #[test]
    fn all_is_sigstore_and_the_registries() {
        assert_eq!([Part::SIGSTORE, Part::REGISTRIES].concat(), Part::ALL);
    }
}
