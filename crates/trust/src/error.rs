//! Why there is no usable trust root, and what was noteworthy when there is one.

use std::path::PathBuf;
use std::time::Duration;

use sealcheck_verify::{Reason, Time};

/// Why no trust root could be loaded. Every variant has a [`reason`](Self::reason) and a
/// [`hint`](Self::hint).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file, the initial root or the TUF target does not exist at the named place.
    #[error("no {what} at {place}")]
    NotFound {
        /// What was looked for.
        what: String,
        /// The path or mirror.
        place: String,
    },
    /// The question could not be asked: network, or nothing cached while offline.
    #[error("cannot get {what} from {place}: {cause}")]
    Unavailable {
        /// What was wanted.
        what: String,
        /// The path or mirror.
        place: String,
        /// What went wrong.
        cause: String,
    },
    /// A file or folder on this machine could not be read.
    #[error("cannot read {what} at {place}: {cause}")]
    Unreadable {
        /// What was wanted.
        what: String,
        /// The path.
        place: String,
        /// What went wrong.
        cause: String,
    },
    /// Authentic TUF metadata is past its expiry (TUF specification, section 5).
    #[error(
        "the trust root from {place} has expired: its {role} metadata was valid until {expires}, now is {now}{}",
        refresh.as_ref().map(|r| format!("; refresh failed: {r}")).unwrap_or_default()
    )]
    Expired {
        /// The mirror, or the cache file that holds its metadata.
        place: String,
        /// The TUF role that expired first: `root`, `timestamp`, `snapshot`, `targets` or a delegated role.
        role: String,
        /// When it expired.
        expires: Time,
        /// The time that was compared.
        now: Time,
        /// Why newer metadata could not be had, when it was asked for.
        refresh: Option<String>,
    },
    /// The mirror offers older metadata than was already trusted (TUF specification, section 5).
    #[error(
        "{place} offers {role} version {offered}, but version {trusted} is already trusted: rollback refused"
    )]
    Rollback {
        /// The mirror.
        place: String,
        /// The TUF role that went backwards.
        role: String,
        /// The version that is already trusted.
        trusted: u64,
        /// The lower version that was offered.
        offered: u64,
    },
    /// What the mirror offers does not verify: signature, hash, length, structure (TUF specification, section 5).
    #[error("what {place} offers is not trusted: {cause}")]
    Untrusted {
        /// The mirror.
        place: String,
        /// What is wrong with it.
        cause: String,
    },
    /// What the user gave is not acceptable: syntax, checksum, address.
    #[error("{what} from {place} is not valid: {cause}")]
    Invalid {
        /// What was judged.
        what: String,
        /// The path or mirror.
        place: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl TrustError {
    /// The reason, with its stable code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::NotFound { .. } => Reason::TrustRootNotFound,
            Self::Unavailable { .. } => Reason::TrustRootUnavailable,
            Self::Unreadable { .. } => Reason::TrustRootUnreadable,
            Self::Expired { .. } => Reason::TrustRootExpired,
            Self::Rollback { .. } => Reason::TrustRootRollback,
            Self::Untrusted { .. } => Reason::TrustMetadataInvalid,
            Self::Invalid { .. } => Reason::TrustRootInvalid,
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => {
                "check the path or mirror address; a TUF repository must list trusted_root.json as a target"
            }
            Self::Unavailable { .. } => {
                "check the network or mirror; a trusted-root file or offline mode works without it"
            }
            Self::Unreadable { .. } => {
                "check the path and its permissions; the network has no part in it"
            }
            Self::Expired { .. } => {
                "refresh the trust root with network access, update the mirror, or name a trusted-root file; check this machine's clock"
            }
            Self::Rollback { .. } => {
                "the mirror is stale or tampered with: use another mirror, or wait; what was trusted before is kept"
            }
            Self::Untrusted { .. } => {
                "check that mirror and initial root belong together; what was trusted before is kept"
            }
            Self::Invalid { .. } => {
                "check the address, or that the file is what it should be and was not altered"
            }
        }
    }
}

/// Something the user should know about a trust root that was loaded nevertheless.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// The refresh failed; the last good trust root is used, within its own expiry.
    #[error("trust root not refreshed, the last good one is used: {0}")]
    NotRefreshed(TrustError),
    /// The cache could not be written or locked; nothing is remembered for the next run.
    #[error("cannot write the trust cache {}: {cause}", path.display())]
    CacheUnwritable {
        /// The file or folder.
        path: PathBuf,
        /// What went wrong.
        cause: String,
    },
    /// What the cache holds is damaged or does not belong to this initial root; it was ignored.
    #[error("the trust cache {} is ignored: {cause}", path.display())]
    CacheIgnored {
        /// The cache file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Nothing usable is cached and the mirror was not or could not be asked: the snapshot embedded at
    /// build time stands in.
    #[error("the embedded trust root, {} days old, is used as a last resort: {cause}", age.as_secs() / DAY)]
    EmbeddedLastResort {
        /// Time since the snapshot was published.
        age: Duration,
        /// Why there is no other.
        cause: TrustError,
    },
}

impl Warning {
    /// The reason, with its stable code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::NotRefreshed(error) | Self::EmbeddedLastResort { cause: error, .. } => {
                error.reason()
            }
            Self::CacheUnwritable { .. } => Reason::CacheUnwritable,
            Self::CacheIgnored { .. } => Reason::TrustRootInvalid,
        }
    }
}

/// Seconds.
const DAY: u64 = 24 * 60 * 60;
