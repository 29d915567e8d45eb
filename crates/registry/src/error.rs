//! Why a registry gave no usable answer.

use std::time::Duration;

use sealcheck_net::NetError;
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Reason, printable};

use crate::InvalidReference;

/// Why there is no answer. URLs in it are redacted, secrets are never in it.
///
/// Every variant but the last two means *could not ask*. That something is not there is no error, see [`crate::Lookup`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The registry or its token service wants credentials, or other ones (401). Registries also answer this for
    /// repositories that do not exist.
    #[error("{url}: not authorized: {detail}")]
    Unauthorized {
        /// What was asked.
        url: String,
        /// What was tried, and what the registry says.
        detail: String,
    },
    /// The registry refuses (403). Registries also answer this for repositories that do not exist.
    #[error("{url}: forbidden{}", after_colon(.detail))]
    Forbidden {
        /// What was asked.
        url: String,
        /// What the registry says; may be empty.
        detail: String,
    },
    /// The registry limits the rate (429).
    #[error("{url}: too many requests{}", wait_words(.retry_after))]
    RateLimited {
        /// What was asked.
        url: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The registry has a problem (5xx).
    #[error("{url} answered with status {status}{}", after_colon(.detail))]
    Server {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
        /// What the registry says; may be empty.
        detail: String,
    },
    /// No answer: name, connection, TLS, time, a broken connection, a refused redirect, an unexpected status.
    #[error(transparent)]
    Network(NetError),
    /// The answer is not one that a registry gives: something else answers at this address, or in front of it.
    #[error("{url}: the answer (status {status}) is not a registry's: {detail}")]
    NotARegistry {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
        /// Why it is believed not to be a registry's.
        detail: String,
    },
    /// The answer is broken.
    #[error("{url}: {field}: expected {expected}, found {found}")]
    Malformed {
        /// What was asked.
        url: String,
        /// The header or the part of the body.
        field: String,
        /// What would have been right.
        expected: String,
        /// What was there, printable and cut.
        found: String,
    },
    /// The content is not that of the digest.
    #[error("{url}: the content is not that of the digest: expected {expected}, found {found}")]
    DigestMismatch {
        /// What was asked.
        url: String,
        /// The digest asked for, or the one that the registry gave for the content.
        expected: String,
        /// The digest of the content.
        found: String,
    },
    /// The content has another size than its descriptor says.
    #[error(
        "{url}: the content has another size than was declared: expected {expected} bytes, found {found}"
    )]
    SizeMismatch {
        /// What was asked.
        url: String,
        /// The size in the descriptor.
        expected: u64,
        /// The bytes that came, "more" included.
        found: String,
    },
    /// Something is larger than any real one.
    #[error("{url}: more than {} ({})", .limit.max, .limit.name)]
    LimitExceeded {
        /// What was asked.
        url: String,
        /// The limit.
        limit: Limit,
    },
    /// Credentials are configured but cannot be had: a helper fails, hangs or prints garbage, a file is broken.
    #[error("the credentials for {registry} could not be had: {source_name}: {detail}")]
    Credentials {
        /// The registry they are for.
        registry: String,
        /// The helper's name or the file's path.
        source_name: String,
        /// What is wrong, without any of its output that could be secret.
        detail: String,
    },
    /// The content is of a kind that cannot be used, or the request itself cannot be made.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// A name is not one.
    #[error(transparent)]
    Reference(#[from] InvalidReference),
}

impl RegistryError {
    /// The stable reason code.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Unauthorized { .. } => Reason::RegistryUnauthorized,
            Self::Forbidden { .. } => Reason::RegistryForbidden,
            Self::RateLimited { .. } => Reason::RegistryRateLimited,
            Self::Server { .. } => Reason::RegistryUnavailable,
            Self::Network(NetError::InvalidRequest { .. } | NetError::Config { .. }) => {
                Reason::ArgumentInvalid
            }
            Self::Network(_) => Reason::RegistryUnavailable,
            Self::NotARegistry { .. }
            | Self::Malformed { .. }
            | Self::DigestMismatch { .. }
            | Self::SizeMismatch { .. } => Reason::RegistryAnswerInvalid,
            Self::LimitExceeded { .. } => Reason::LimitExceeded,
            Self::Credentials { .. } => Reason::RegistryCredentialsUnavailable,
            Self::Refused(failure) => failure.reason,
            Self::Reference(_) => Reason::ReferenceMalformed,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Network(error) => error.hint(),
            _ => self.reason().cure(),
        }
    }
}

impl From<&RegistryError> for Failure {
    fn from(error: &RegistryError) -> Self {
        let failure = Self::new(error.reason());
        match error {
            RegistryError::Malformed {
                url,
                field,
                expected,
                found,
            } => failure
                .at(field.as_str())
                .expected(expected)
                .found(found)
                .detail(url),
            RegistryError::DigestMismatch {
                url,
                expected,
                found,
            } => failure
                .at("digest")
                .expected(expected)
                .found(found)
                .detail(url),
            RegistryError::SizeMismatch {
                url,
                expected,
                found,
            } => failure
                .at("size")
                .expected(expected)
                .found(found)
                .detail(url),
            RegistryError::LimitExceeded { url, limit } => failure
                .at(limit.name)
                .expected(limit)
                .found("more")
                .detail(url),
            RegistryError::Reference(error) => failure
                .at(error.part)
                .expected(error.expected)
                .found(&error.found)
                .detail(error),
            RegistryError::Refused(failure) => failure.clone(),
            error => failure.detail(error),
        }
    }
}

/// What a failed request means. `limit` is the one that the request was made with.
pub(crate) fn from_network(error: NetError, url: &str, limit: Limit) -> RegistryError {
    match error {
        NetError::Status {
            url,
            status: 401,
            excerpt,
            ..
        } => RegistryError::Unauthorized {
            url,
            detail: printable(&excerpt),
        },
        NetError::Status {
            url,
            status: 403,
            excerpt,
            ..
        } => RegistryError::Forbidden {
            url,
            detail: printable(&excerpt),
        },
        NetError::Status {
            url,
            status: 429,
            retry_after,
            ..
        } => RegistryError::RateLimited { url, retry_after },
        NetError::Status {
            url,
            status: status @ 500..,
            excerpt,
            ..
        } => RegistryError::Server {
            url,
            status,
            detail: printable(&excerpt),
        },
        NetError::TooLarge { .. } => RegistryError::LimitExceeded {
            url: url.to_owned(),
            limit,
        },
        NetError::Encoding { url, detail } => RegistryError::Malformed {
            url,
            field: "body".to_owned(),
            expected: "plain or gzip".to_owned(),
            found: printable(&detail),
        },
        error => RegistryError::Network(error),
    }
}

/// The failure of something that is over a limit.
pub(crate) fn over(limit: Limit, found: usize) -> Failure {
    Failure::new(Reason::LimitExceeded)
        .at(limit.name)
        .expected(limit)
        .found(found)
}

fn after_colon(detail: &str) -> String {
    match detail.is_empty() {
        true => String::new(),
        false => format!(": {detail}"),
    }
}

fn wait_words(wait: &Option<Duration>) -> String {
    wait.map(|wait| format!(", asked to come back in {} s", wait.as_secs()))
        .unwrap_or_default()
}
