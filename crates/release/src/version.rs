//! Versions as the Kubernetes project writes them, ordered as semantic versions (semver.org 2.0.0, section 11).

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::printable;

/// A released version. Written with `v`: `v1.36.0`, `v1.36.0-rc.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
    // Last, so that the derived order is that of semantic versions.
    stage: Stage,
}

/// How far a version is from its release, in the order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `-alpha.N`.
    Alpha(u32),
    /// `-beta.N`.
    Beta(u32),
    /// `-rc.N`.
    Candidate(u32),
    /// The release itself.
    Release,
}

/// Why a text names no released version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidVersion {
    /// It is not written as versions are.
    #[error("not a version: expected {VERSION_FORM}, found {found:?}{}", suggested(.nearest.as_ref()))]
    Form {
        /// The text, printable.
        found: String,
        /// What may have been meant.
        nearest: Option<Version>,
    },
    /// A version with something behind it: a build of continuous integration (`v1.36.0-alpha.1.57+0a1b2c3`) or somebody
    /// else's (`v1.36.0+k3s1`, `v1.36.0-gke.100`). The project publishes no such version.
    #[error("a build that was not released: expected {VERSION_FORM}, found {found:?}{}", suggested(.nearest.as_ref()))]
    Build {
        /// The text, printable.
        found: String,
        /// The version that it was built from, by its name.
        nearest: Option<Version>,
    },
}

impl Version {
    /// A release, without a stage.
    #[must_use]
    pub const fn release(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
            stage: Stage::Release,
        }
    }

    /// The major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The minor version.
    #[must_use]
    pub fn minor(&self) -> u32 {
        self.minor
    }

    /// The patch version.
    #[must_use]
    pub fn patch(&self) -> u32 {
        self.patch
    }

    /// How far it is from its release.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether it is a release, not an alpha, beta or release candidate of one.
    #[must_use]
    pub fn is_release(&self) -> bool {
        self.stage == Stage::Release
    }

    /// The release that this version is, or leads to.
    #[must_use]
    pub fn released(&self) -> Self {
        Self::release(self.major, self.minor, self.patch)
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (core, stage) = match text.split_once('-') {
            Some((core, stage)) => (core, Stage::read(stage)?),
            None => (text, Stage::Release),
        };
        let mut parts = core.split('.').map(number);
        let version = Self {
            major: parts.next()??,
            minor: parts.next()??,
            patch: parts.next()??,
            stage,
        };
        parts.next().is_none().then_some(version)
    }

    /// What may have been meant: small mistakes are forgiven, and what follows a version is left out.
    fn nearest(text: &str) -> Option<Self> {
        if text.len() > NEAREST_BYTES {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let text = text.split('+').next()?;
        let text = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let is_core = |c: char| c.is_ascii_digit() || c == '.';
        let stage = text.trim_start_matches(is_core);
        let core = text.strip_suffix(stage)?;
        let mut numbers = core.split('.').filter(|part| !part.is_empty());
        let stage = [ALPHA, BETA, CANDIDATE].into_iter().find_map(|name| {
            let (_, behind) = stage.split_once(name)?;
            let behind = behind.trim_start_matches(['.', '-']);
            let end = behind.trim_start_matches(|c: char| c.is_ascii_digit());
            let count = match behind.strip_suffix(end)? {
                // The first candidate of every release has this number.
                "" => 0,
                digits => digits.parse().ok()?,
            };
            Stage::new(name, count)
        });
        Some(Self {
            major: numbers.next()?.parse().ok()?,
            minor: numbers.next()?.parse().ok()?,
            patch: numbers.next().map_or(Ok(0), str::parse).ok()?,
            stage: stage.unwrap_or(Stage::Release),
        })
    }
}

impl Stage {
    fn read(text: &str) -> Option<Self> {
        let (name, count) = text.split_once('.')?;
        Self::new(name, number(count)?)
    }

    fn new(name: &str, count: u32) -> Option<Self> {
        match name {
            ALPHA => Some(Self::Alpha(count)),
            BETA => Some(Self::Beta(count)),
            CANDIDATE => Some(Self::Candidate(count)),
            _ => None,
        }
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        if let Some(version) = Self::read(text) {
            return Ok(version);
        }
        let found = printable(text);
        let nearest = Self::nearest(text);
        // What was meant stands there, and more follows.
        let is_build = nearest.is_some_and(|nearest| {
            let meant = nearest.to_string();
            let behind = text
                .strip_prefix(&*meant)
                .or_else(|| text.strip_prefix(meant.trim_start_matches('v')));
            text.contains('+')
                || behind.is_some_and(|behind| {
                    behind.starts_with('-') || (!nearest.is_release() && behind.starts_with('.'))
                })
        });
        Err(match is_build {
            true => InvalidVersion::Build { found, nearest },
            false => InvalidVersion::Form { found, nearest },
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.major, self.minor, self.patch)?;
        let (name, count) = match self.stage {
            Stage::Alpha(count) => (ALPHA, count),
            Stage::Beta(count) => (BETA, count),
            Stage::Candidate(count) => (CANDIDATE, count),
            Stage::Release => return Ok(()),
        };
        write!(f, "-{name}.{count}")
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A number without sign or leading zeros (semver.org 2.0.0, rule 2).
pub(crate) fn number(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = text.len() > 1 && text.starts_with('0');
    (is_number && !is_padded).then(|| text.parse().ok())?
}

/// What may have been meant, as the end of a sentence.
pub(crate) fn suggested(nearest: Option<&impl fmt::Display>) -> String {
    nearest
        .map(|nearest| format!(" (nearest: {nearest})"))
        .unwrap_or_default()
}

const ALPHA: &str = "alpha";
const BETA: &str = "beta";
const CANDIDATE: &str = "rc";
const VERSION_FORM: &str = "a version such as v1.36.0 or v1.36.0-rc.1";
/// Nothing longer was meant to be a version.
const NEAREST_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{InvalidVersion, Version};

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_written_with_a_v() {
        for (text, written) in [
            ("v1.36.0", "v1.36.0"),
            ("1.36.0", "v1.36.0"),
            ("v1.36.0-rc.1", "v1.36.0-rc.1"),
            ("1.0.0-alpha.0", "v1.0.0-alpha.0"),
            ("v1.36.12-beta.10", "v1.36.12-beta.10"),
            ("0.0.4294967295", "v0.0.4294967295"),
        ] {
            assert_eq!(version(text).to_string(), written);
        }
        let version = version("v1.2.3-rc.4");
        assert_eq!(version.released(), Version::release(1, 2, 3));
        assert!(!version.is_release() && version.released().is_release());
    }

    #[test]
    fn the_order_is_that_of_semantic_versions() {
        let ordered = [
            "v1.9.9",
            "v1.10.0-alpha.2",
            "v1.10.0-alpha.10",
            "v1.10.0-beta.0",
            "v1.10.0-rc.0",
            "v1.10.0-rc.1",
            "v1.10.0",
            "v1.10.1-rc.0",
            "v1.10.1",
            "v2.0.0-alpha.0",
        ];
        for (at, text) in ordered.iter().enumerate() {
            for (other_at, other) in ordered.iter().enumerate() {
                assert_eq!(
                    version(text).cmp(&version(other)),
                    at.cmp(&other_at),
                    "{text} {other}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_version_is_refused_with_what_may_have_been_meant() {
        for (text, meant) in [
            ("v1.36", Some("v1.36.0")),
            ("V1.36.0", Some("v1.36.0")),
            (" v1.36.0", Some("v1.36.0")),
            ("v1.36.0\n", Some("v1.36.0")),
            ("kubernetes-1.36.0", Some("v1.36.0")),
            ("v01.36.0", Some("v1.36.0")),
            ("v1.36.0.1", Some("v1.36.0")),
            ("v1.36.0-rc1", Some("v1.36.0-rc.1")),
            ("v1.36.0-rc", Some("v1.36.0-rc.0")),
            ("v1.36.0-RC.1", Some("v1.36.0-rc.1")),
            ("v1.36.0rc.1", Some("v1.36.0-rc.1")),
            ("v1.36.0-rc.01", Some("v1.36.0-rc.1")),
            ("v1.36.+0", Some("v1.36.0")),
            ("v1.36.4294967296", None),
            ("v1", None),
            ("", None),
            ("stable", None),
            ("v-1.2.3", Some("v1.2.3")),
        ] {
            let meant = meant.map(version);
            match text.parse::<Version>() {
                Err(InvalidVersion::Form { nearest, .. }) if text != "v1.36.+0" => {
                    assert_eq!(nearest, meant, "{text}")
                }
                Err(InvalidVersion::Build { nearest, .. }) if text == "v1.36.+0" => {
                    assert_eq!(nearest, meant, "{text}")
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn builds_that_nobody_released_are_named_as_such() {
        for (text, meant) in [
            ("v1.36.0-alpha.1.57+0a1b2c3d4e5f67", "v1.36.0-alpha.1"),
            ("v1.36.0-alpha.1.57", "v1.36.0-alpha.1"),
            ("v1.30.5+k3s1", "v1.30.5"),
            ("1.30.5-gke.1014001", "v1.30.5"),
            ("v1.30.5-eks-1a2b3c4", "v1.30.5"),
            ("v1.36.0+", "v1.36.0"),
        ] {
            match text.parse::<Version>() {
                Err(InvalidVersion::Build { nearest, .. }) => {
                    assert_eq!(nearest, Some(version(meant)), "{text}")
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        let error = "v1.30.5+k3s1".parse::<Version>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "a build that was not released: expected a version such as v1.36.0 or v1.36.0-rc.1, found \"v1.30.5+k3s1\" (nearest: v1.30.5)"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_the_same(text in "v?[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,2}(-(rc|alpha|beta|x)\\.?[0-9]{1,2})?(\\+x)?") {
            if let Ok(version) = text.parse::<Version>() {
                prop_assert_eq!(version.to_string(), format!("v{}", text.trim_start_matches('v')));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}") {
            let _ = text.parse::<Version>();
        }
    }
}
