//! Who signs, for what and when.

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::{Identity, Time};
use serde::Deserialize;

use crate::{InvalidVersion, Version};

/// A signer of a project.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Signer {
    /// The name in the certificate and who vouches for it, both exact.
    pub identity: Identity,
    /// What it signs. Never empty.
    pub purposes: Vec<Purpose>,
    /// The first that it signed.
    pub since: Option<Bound>,
    /// The first that it no longer signed.
    pub before: Option<Bound>,
    /// Why it is not accepted although it is known, in words that follow its name.
    pub not_accepted: Option<String>,
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Files of a release.
    Files,
    /// Container images.
    Images,
    /// Records that an image was promoted.
    PromotionRecords,
    /// Summaries of what was verified of an image.
    VerificationSummaries,
}

/// Where a range of versions or days begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// At a release; its candidates count as the release.
    Version(Version),
    /// At the beginning of a day in UTC, in the time of signing.
    Day(Time),
}

/// Why a text is no bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBound {
    /// It is no version.
    #[error(transparent)]
    Version(#[from] InvalidVersion),
    /// It is a candidate, which counts as its release.
    #[error("expected a release, which stands for its candidates as well, found {0}")]
    Candidate(Version),
    /// It is no day.
    #[error("expected a day such as 2026-10-01, found {0:?}")]
    Day(String),
}

impl Signer {
    /// Whether it signs this.
    #[must_use]
    pub fn signs(&self, purpose: Purpose) -> bool {
        self.purposes.contains(&purpose)
    }

    /// Whether it has this name and is vouched for by this issuer.
    pub(crate) fn is(&self, subject: &str, issuer: &str) -> bool {
        let own = self.identity.issuer();
        self.identity.subject().matches(subject) && own.is_some_and(|own| own.matches(issuer))
    }

    /// Whether what it signed for this is accepted, as far as version and time are known.
    #[must_use]
    pub fn is_accepted(
        &self,
        purpose: Purpose,
        version: Option<Version>,
        signed_at: Option<Time>,
    ) -> bool {
        self.not_accepted.is_none() && self.signs(purpose) && self.covers(version, signed_at)
    }

    /// Whether it signed at this version and time. What is not known excludes nothing.
    #[must_use]
    pub fn covers(&self, version: Option<Version>, signed_at: Option<Time>) -> bool {
        let is_from = |bound: Bound| match bound {
            Bound::Version(bound) => version.map(|version| version.released() >= bound),
            Bound::Day(bound) => signed_at.map(|time| time >= bound),
        };
        let has_begun = self.since.and_then(is_from).unwrap_or(true);
        let has_ended = self.before.and_then(is_from).unwrap_or(false);
        has_begun && !has_ended
    }
}

impl Purpose {
    /// The name in profiles.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Images => "images",
            Self::PromotionRecords => "promotion-records",
            Self::VerificationSummaries => "verification-summaries",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Bound {
    type Err = InvalidBound;

    fn from_str(text: &str) -> Result<Self, InvalidBound> {
        if text.starts_with('v') {
            return released(text).map(Self::Version);
        }
        let is_day = text.len() == "2026-10-01".len();
        let day = is_day.then(|| format!("{text}T00:00:00Z").parse().ok());
        match day.flatten() {
            Some(day) => Ok(Self::Day(day)),
            None => Err(InvalidBound::Day(sealcheck_verify::printable(text))),
        }
    }
}

/// A version that is a release.
pub(crate) fn released(text: &str) -> Result<Version, InvalidBound> {
    let version: Version = text.parse()?;
    match version.is_release() {
        true => Ok(version),
        false => Err(InvalidBound::Candidate(version)),
    }
}
