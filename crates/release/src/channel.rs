//! Channels: small files that name the newest version.

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::limits::Limit;
use sealcheck_verify::printable;

use crate::limits::CHANNEL_BYTES;
use crate::nearest::nearest;
use crate::version::{number, suggested};
use crate::{InvalidVersion, Version};

/// A channel: `stable`, `latest-1.36`. What it answers changes, and nobody has signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    kind: ChannelKind,
    series: Series,
}

/// What a channel promises about its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    /// It is a release.
    Stable,
    /// It is the newest, which can be an alpha, beta or release candidate.
    Latest,
}

/// The versions among which the newest is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Series {
    All,
    Major(u32),
    Minor(u32, u32),
}

/// What a user asks for: a version, or whatever a channel names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// This version.
    Version(Version),
    /// The version that the channel names.
    Channel(Channel),
}

/// Why a text names neither a version nor a channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWanted {
    /// It begins as a version does.
    #[error(transparent)]
    Version(#[from] InvalidVersion),
    /// It is no channel.
    #[error("not a channel: expected stable, stable-1.36, latest or latest-1.36, found {found:?}{}", suggested(.nearest.as_ref()))]
    Channel {
        /// The text, printable.
        found: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
}

/// Why the answer of a channel names no version that it may name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAnswer {
    /// It is more than a version.
    #[error("{channel}: expected one version, found more than {} bytes ({})", .limit.max, .limit.name)]
    TooLarge {
        /// The channel that was asked.
        channel: Channel,
        /// The limit.
        limit: Limit,
    },
    /// It is no version in the form in which the project writes them.
    #[error("{channel}: expected a version with its v, such as v1.36.0, found {found:?}")]
    NoVersion {
        /// The channel that was asked.
        channel: Channel,
        /// The answer, printable.
        found: String,
    },
    /// The version is not one that the channel can name.
    #[error("{channel}: expected {expected}, found {found}")]
    Foreign {
        /// The channel that was asked.
        channel: Channel,
        /// What it can name.
        expected: &'static str,
        /// What it named.
        found: Version,
    },
}

impl Channel {
    /// What it promises.
    #[must_use]
    pub fn kind(&self) -> ChannelKind {
        self.kind
    }

    /// The name of the file that answers, for example `stable-1.36.txt`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{self}.txt")
    }

    /// Reads what the channel's file holds: one version, and at most one line break behind it.
    ///
    /// # Errors
    /// [`InvalidAnswer`] when it is anything else, as a login page is, or a version that this channel cannot name.
    pub fn answer(&self, content: &[u8]) -> Result<Version, InvalidAnswer> {
        let channel = *self;
        if content.len() > CHANNEL_BYTES.max {
            return Err(InvalidAnswer::TooLarge {
                channel,
                limit: CHANNEL_BYTES,
            });
        }
        let none = || InvalidAnswer::NoVersion {
            channel,
            found: printable(&String::from_utf8_lossy(content)),
        };
        let text = str::from_utf8(content).map_err(|_| none())?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let found: Version = text.parse().map_err(|_| none())?;
        if found.to_string() != text {
            return Err(none());
        }
        let foreign = |expected| InvalidAnswer::Foreign {
            channel,
            expected,
            found,
        };
        let is_of_series = match self.series {
            Series::All => true,
            Series::Major(major) => major == found.major(),
            Series::Minor(major, minor) => (major, minor) == (found.major(), found.minor()),
        };
        match self.kind {
            _ if !is_of_series => Err(foreign("a version of its series")),
            ChannelKind::Stable if !found.is_release() => Err(foreign("a release")),
            ChannelKind::Stable | ChannelKind::Latest => Ok(found),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, series) = match text.split_once('-') {
            None => (text, Series::All),
            Some((kind, series)) => {
                let series = match series.split_once('.') {
                    None => Series::Major(number(series)?),
                    Some((major, minor)) => Series::Minor(number(major)?, number(minor)?),
                };
                (kind, series)
            }
        };
        let kind = match kind {
            STABLE => ChannelKind::Stable,
            LATEST => ChannelKind::Latest,
            _ => return None,
        };
        Some(Self { kind, series })
    }
}

impl FromStr for Channel {
    type Err = InvalidWanted;

    fn from_str(text: &str) -> Result<Self, InvalidWanted> {
        Self::read(text).ok_or_else(|| {
            let lower = text.trim().trim_start_matches('/').to_ascii_lowercase();
            let lower = lower.strip_suffix(".txt").unwrap_or(&lower);
            let (kind, series) = match lower.split_once('-') {
                Some((kind, series)) => (kind, format!("-{}", series.trim_start_matches('v'))),
                None => (lower, String::new()),
            };
            let meant = nearest(kind, [STABLE, LATEST].into_iter())
                .into_iter()
                .next();
            let meant = meant.and_then(|kind| Self::read(&format!("{kind}{series}")));
            InvalidWanted::Channel {
                found: printable(text),
                nearest: meant.map(|channel| channel.to_string()),
            }
        })
    }
}

impl FromStr for Wanted {
    type Err = InvalidWanted;

    fn from_str(text: &str) -> Result<Self, InvalidWanted> {
        // No channel has a digit among its first characters, and no version begins with another letter.
        let is_version = text
            .trim_start()
            .trim_start_matches(['v', 'V'])
            .starts_with(|c: char| c.is_ascii_digit());
        match is_version {
            true => Ok(Self::Version(text.parse()?)),
            false => text.parse().map(Self::Channel),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ChannelKind::Stable => STABLE,
            ChannelKind::Latest => LATEST,
        })?;
        match self.series {
            Series::All => Ok(()),
            Series::Major(major) => write!(f, "-{major}"),
            Series::Minor(major, minor) => write!(f, "-{major}.{minor}"),
        }
    }
}

const STABLE: &str = "stable";
const LATEST: &str = "latest";

#[cfg(test)]
mod tests {
    use super::{Channel, InvalidAnswer, InvalidWanted, Wanted};
    use crate::limits::CHANNEL_BYTES;

    fn channel(text: &str) -> Channel {
        text.parse().unwrap()
    }

    #[test]
    fn a_channel_is_a_file() {
        for name in [
            "stable",
            "stable-1",
            "stable-1.36",
            "latest",
            "latest-1",
            "latest-1.36",
        ] {
            assert_eq!(channel(name).file_name(), format!("{name}.txt"));
        }
    }

    #[test]
    fn versions_and_channels_are_told_apart() {
        assert_eq!(
            "1.36.0".parse(),
            Ok(Wanted::Version("v1.36.0".parse().unwrap()))
        );
        assert_eq!("latest".parse(), Ok(Wanted::Channel(channel("latest"))));
        for (text, nearest) in [
            ("stabel", Some("stable")),
            ("Stable", Some("stable")),
            ("stable.txt", Some("stable")),
            ("stable-v1.36", Some("stable-1.36")),
            ("lates-1.36", Some("latest-1.36")),
            ("stable-1.36.0", None),
            ("stable-01", None),
            ("stable-", None),
            ("newest", None),
            ("", None),
        ] {
            match text.parse::<Wanted>() {
                Err(InvalidWanted::Channel { nearest: found, .. }) => {
                    assert_eq!(found.as_deref(), nearest, "{text:?}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        for text in ["v1.36", "1", "V1.36.0"] {
            assert!(
                matches!(text.parse::<Wanted>(), Err(InvalidWanted::Version(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn an_answer_is_one_version_of_the_channel() {
        for (name, answer) in [
            ("stable", "v1.36.0"),
            ("stable", "v1.36.0\n"),
            ("stable-1", "v1.36.0\r\n"),
            ("stable-1.36", "v1.36.12"),
            ("latest", "v1.37.0-alpha.1"),
            ("latest-1.36", "v1.36.0-rc.0"),
            ("latest-1.36", "v1.36.0"),
        ] {
            let version = channel(name).answer(answer.as_bytes()).unwrap();
            assert_eq!(version.to_string(), answer.trim_end());
        }
    }

    #[test]
    fn other_answers_are_refused() {
        for answer in [
            "",
            "\n",
            "1.36.0",
            "v1.36.0\n\n",
            "v1.36.0 ",
            "v1.36",
            "<html>",
            "v1.36.0\nv1.36.1",
            "v1.36.0+x",
        ] {
            let error = channel("latest").answer(answer.as_bytes()).unwrap_err();
            assert!(
                matches!(error, InvalidAnswer::NoVersion { .. }),
                "{answer:?}: {error}"
            );
        }
        let error = channel("latest").answer(b"v1.36.\xff").unwrap_err();
        assert!(matches!(error, InvalidAnswer::NoVersion { .. }), "{error}");
        for (name, answer) in [
            ("stable", "v1.36.0-rc.1"),
            ("stable-1.36", "v1.35.0"),
            ("latest-2", "v1.36.0"),
        ] {
            let error = channel(name).answer(answer.as_bytes()).unwrap_err();
            assert!(matches!(error, InvalidAnswer::Foreign { .. }), "{error}");
        }
        let long = vec![b'1'; CHANNEL_BYTES.max + 1];
        let error = channel("stable").answer(&long).unwrap_err();
        assert!(matches!(error, InvalidAnswer::TooLarge { .. }), "{error}");
    }
}
