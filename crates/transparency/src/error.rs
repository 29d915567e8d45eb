//! Why the log gave no usable answer.

use sealcheck_net::NetError;
use sealcheck_verify::{Failure, Reason, printable};

/// Why the log gave no usable answer. That it has no such entry is not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The log could not be asked, or it answered with an error status.
    #[error("the transparency log could not be asked: {0}")]
    Unavailable(#[from] NetError),
    /// The log answered, but not what was asked, or not in the form that its interface has.
    #[error(
        "the transparency log's answer is not usable: {url}: {field}: expected {expected}, found {found}"
    )]
    AnswerInvalid {
        /// What was asked.
        url: String,
        /// The part of the answer, as a path.
        field: String,
        /// What would have been right.
        expected: String,
        /// What was there, made printable and cut.
        found: String,
    },
}

impl LogError {
    /// The stable reason code.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Unavailable(_) => Reason::LogUnavailable,
            Self::AnswerInvalid { .. } => Reason::LogAnswerInvalid,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unavailable(error) => error.hint(),
            Self::AnswerInvalid { .. } => self.reason().cure(),
        }
    }
}

impl From<&LogError> for Failure {
    fn from(error: &LogError) -> Self {
        let failure = Failure::new(error.reason());
        match error {
            LogError::Unavailable(error) => failure.detail(error),
            LogError::AnswerInvalid {
                url,
                field,
                expected,
                found,
            } => failure
                .at(field.as_str())
                .expected(expected)
                .found(found)
                .detail(url),
        }
    }
}

/// A part of an answer that is not as it should be; the client adds what was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) field: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Flaw {
    pub(crate) fn new(
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl AsRef<str>,
    ) -> Self {
        Self {
            field: field.into(),
            expected: expected.into(),
            found: printable(found.as_ref()),
        }
    }

    pub(crate) fn in_answer_of(self, url: &str) -> LogError {
        LogError::AnswerInvalid {
            url: url.to_owned(),
            field: self.field,
            expected: self.expected,
            found: self.found,
        }
    }
}
