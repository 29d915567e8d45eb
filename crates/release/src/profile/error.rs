//! Why a profile cannot be used.

use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Reason};

/// What is wrong with a profile, or with the way to it. All texts are printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The file cannot be read.
    #[error("{path}: it cannot be read: {detail}")]
    Unreadable {
        /// The path.
        path: String,
        /// Whether there is no such file.
        is_missing: bool,
        /// The system's words.
        detail: String,
    },
    /// It is larger than any real one.
    #[error("the profile has more than {} bytes ({})", .limit.max, .limit.name)]
    TooLarge {
        /// The limit.
        limit: Limit,
    },
    /// Something in it is not what it must be.
    #[error("{}{}{detail}", line_words(*.line), field_words(.field))]
    Invalid {
        /// The line, counted from 1, where there is one.
        line: Option<u64>,
        /// The path of the field, for example `signers[0].since`; empty for the whole.
        field: String,
        /// What was expected and what was found.
        detail: String,
    },
    /// An address that was given in the place of the profile's.
    #[error("{detail}")]
    Address {
        /// What was expected and what was found.
        detail: String,
    },
}

impl ProfileError {
    /// The stable reason code.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Unreadable {
                is_missing: true, ..
            } => Reason::FileNotFound,
            Self::TooLarge { .. } => Reason::LimitExceeded,
            Self::Unreadable { .. } | Self::Invalid { .. } => Reason::ConfigurationInvalid,
            Self::Address { .. } => Reason::ArgumentInvalid,
        }
    }
}

impl From<&ProfileError> for Failure {
    fn from(error: &ProfileError) -> Self {
        let failure = Self::new(error.reason());
        match error {
            ProfileError::Invalid {
                line,
                field,
                detail,
            } => {
                let failure = match field.is_empty() {
                    true => failure,
                    false => failure.at(field.as_str()),
                };
                failure.detail(format_args!("{}{detail}", line_words(*line)))
            }
            error => failure.detail(error),
        }
    }
}

fn line_words(line: Option<u64>) -> String {
    line.map(|line| format!("line {line}: "))
        .unwrap_or_default()
}

fn field_words(field: &str) -> String {
    match field.is_empty() {
        true => String::new(),
        false => format!("{field}: "),
    }
}
