//! Why an SPDX document cannot be used.

use std::fmt;

use sealcheck_verify::limits::Limit;
use sealcheck_verify::printable;

use super::{ChecksumAlgorithm, ElementId};

/// What is wrong with an SPDX document, and where. All of its text can be printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpdxError {
    /// Something is not what SPDX requires.
    #[error("{place}: expected {expected}, found {found}")]
    Malformed {
        /// Where.
        place: Place,
        /// What would have been right.
        expected: String,
        /// What was there.
        found: String,
    },
    /// The document is of another version of SPDX.
    #[error("{place}: expected SPDX-2.2 or SPDX-2.3, found {found}")]
    VersionUnsupported {
        /// Where the version stands.
        place: Place,
        /// The version.
        found: String,
    },
    /// Two elements have the same identifier, so that no relationship says for certain which is meant.
    #[error("{place}: {} is already the identifier of what stands at {first}", printable(.id.as_str()))]
    IdentifierTwice {
        /// Where the second element stands.
        place: Place,
        /// The identifier.
        id: ElementId,
        /// Where the first stands.
        first: Place,
    },
    /// Two checksums of the same file differ, so that one of them is wrong.
    #[error(
        "{place}: {name} has another {algorithm} than before: expected {expected}, found {found}"
    )]
    ChecksumsDiffer {
        /// Where the second checksum stands.
        place: Place,
        /// The file's name, or the package's.
        name: String,
        /// The algorithm.
        algorithm: ChecksumAlgorithm,
        /// The first checksum, in hex.
        expected: String,
        /// The second, in hex.
        found: String,
    },
    /// Something is larger than any real one.
    #[error("{place}: more than {} ({})", .limit.max, .limit.name)]
    LimitExceeded {
        /// Where.
        place: Place,
        /// The limit.
        limit: Limit,
    },
}

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The document as a whole.
    Document,
    /// A line; the first is 1.
    Line(usize),
    /// A field of a document in JSON, for example `files[3].checksums[0].checksumValue`.
    Field(Box<str>),
}

impl SpdxError {
    /// Where it was seen.
    #[must_use]
    pub fn place(&self) -> &Place {
        match self {
            Self::Malformed { place, .. }
            | Self::VersionUnsupported { place, .. }
            | Self::IdentifierTwice { place, .. }
            | Self::ChecksumsDiffer { place, .. }
            | Self::LimitExceeded { place, .. } => place,
        }
    }
}

impl Place {
    /// Something here is not what it should be.
    pub(super) fn malformed(&self, expected: impl fmt::Display, found: &str) -> SpdxError {
        SpdxError::Malformed {
            place: self.clone(),
            expected: expected.to_string(),
            found: match found {
                "" => "nothing".to_owned(),
                found => printable(found),
            },
        }
    }

    pub(super) fn check(&self, limit: Limit, found: usize) -> Result<(), SpdxError> {
        match found <= limit.max {
            true => Ok(()),
            false => Err(self.over(limit)),
        }
    }

    pub(super) fn over(&self, limit: Limit) -> SpdxError {
        SpdxError::LimitExceeded {
            place: self.clone(),
            limit,
        }
    }

    /// A value that is kept: there, on one line, and not longer than any real one.
    pub(super) fn value(&self, what: &str, text: &str) -> Result<Box<str>, SpdxError> {
        self.check(super::limits::SPDX_VALUE_BYTES, text.len())?;
        match text.is_empty() || text.chars().any(char::is_control) {
            true => Err(self.malformed(what, text)),
            false => Ok(text.into()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => f.write_str("the document"),
            Self::Line(number) => write!(f, "line {number}"),
            Self::Field(path) => f.write_str(path),
        }
    }
}
