//! What can go wrong between asking and having an answer.

use std::time::Duration;

use crate::RedirectRefusal;

/// Why a request has no usable answer.
///
/// URLs in it are already redacted (see [`crate::redact_url`]). Everything but [`NetError::InvalidRequest`] and
/// [`NetError::Config`], which are the caller's mistakes, means *could not ask*, never *there is none*: a caller that
/// understands a 404 says so with [`crate::Request::accept`] and gets it as a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// The request cannot be made: the URL or a header is not valid.
    #[error("cannot ask {url}: {detail}")]
    InvalidRequest {
        /// What was to be asked.
        url: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The client cannot be set up: a CA file, a proxy address or the TLS library.
    #[error("cannot set up the HTTP client: {what}: {detail}")]
    Config {
        /// The setting, file or variable.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The host name could not be resolved.
    #[error("cannot reach {url}: the name {host:?} could not be resolved: {detail}")]
    Dns {
        /// What was asked.
        url: String,
        /// The name.
        host: String,
        /// The resolver's words.
        detail: String,
    },
    /// No connection.
    #[error("cannot reach {url}: no connection: {detail}")]
    Connect {
        /// What was asked.
        url: String,
        /// The system's words.
        detail: String,
    },
    /// TLS failed: most often a certificate that is not trusted.
    #[error("cannot reach {url}: TLS failed: {detail}")]
    Tls {
        /// What was asked.
        url: String,
        /// The TLS library's words.
        detail: String,
        /// Whether this system has no CA certificate at all, so that no server can be trusted.
        no_roots: bool,
    },
    /// It took too long.
    #[error("{url}: {phase} took longer than {after:?}{}", last_words(.last))]
    Timeout {
        /// What was asked.
        url: String,
        /// What took too long.
        phase: Phase,
        /// The time allowed.
        after: Duration,
        /// What went wrong in the attempt before, if this was a retry.
        last: Option<Box<NetError>>,
    },
    /// The connection broke before the answer was complete.
    #[error("{url}: the connection broke after {received} bytes of the body: {detail}")]
    Interrupted {
        /// What was asked.
        url: String,
        /// Bytes of the body that had arrived.
        received: u64,
        /// The HTTP library's words.
        detail: String,
    },
    /// The server answered with a status that the caller does not accept.
    #[error("{url} answered with status {status} ({attempts} attempts){}", excerpt_words(.excerpt))]
    Status {
        /// What was asked (after redirects).
        url: String,
        /// The HTTP status.
        status: u16,
        /// Attempts made.
        attempts: u32,
        /// When the server wants to be asked again, counted from its answer.
        retry_after: Option<Duration>,
        /// The first characters of the body, without control characters; may be empty.
        excerpt: String,
    },
    /// The body is larger than the caller allows.
    #[error("{url}: the body is larger than the limit of {limit} bytes{}", declared_words(.declared))]
    TooLarge {
        /// What was asked.
        url: String,
        /// The limit, in bytes.
        limit: u64,
        /// The size that the server declared, if that alone was too much.
        declared: Option<u64>,
    },
    /// The body is compressed in a way that is not understood, or broken.
    #[error("{url}: the body cannot be decompressed: {detail}")]
    Encoding {
        /// What was asked.
        url: String,
        /// What is wrong.
        detail: String,
    },
    /// A redirect that is not followed.
    #[error("{url}: the redirect to {to} is not followed: {reason}")]
    Redirect {
        /// What was asked.
        url: String,
        /// Where it led, or what the `Location` header said.
        to: String,
        /// Why not.
        reason: RedirectRefusal,
    },
    /// The proxy could not be reached or refused.
    #[error("{url}: the proxy {proxy} failed: {detail}")]
    Proxy {
        /// What was asked.
        url: String,
        /// The proxy.
        proxy: String,
        /// What happened.
        detail: String,
    },
}

/// What took too long in a [`NetError::Timeout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Making the connection.
    Connect,
    /// The call as a whole.
    Total,
    /// The wait for the next piece of a streamed body.
    Stall,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Total => "the request",
            Self::Stall => "the wait for the next piece of the body",
        })
    }
}

impl NetError {
    /// A stable, kebab-case word for what failed.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidRequest { .. } => "invalid-request",
            Self::Config { .. } => "config",
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Timeout { .. } => "timeout",
            Self::Interrupted { .. } => "interrupted",
            Self::Status { .. } => "status",
            Self::TooLarge { .. } => "too-large",
            Self::Encoding { .. } => "encoding",
            Self::Redirect { .. } => "redirect",
            Self::Proxy { .. } => "proxy",
        }
    }

    /// What happened, without the address: for whoever says it beside the address, or once for many addresses.
    #[must_use]
    pub fn cause(&self) -> String {
        let text = self.to_string();
        let Some(url) = self.url() else {
            return text;
        };
        [
            format!("cannot reach {url}: "),
            format!("cannot ask {url}: "),
            format!("{url}: "),
            format!("{url} "),
        ]
        .iter()
        .find_map(|address| text.strip_prefix(address))
        .unwrap_or(&text)
        .to_owned()
    }

    /// What was asked; `None` when the client itself cannot be set up.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Config { .. } => None,
            Self::InvalidRequest { url, .. }
            | Self::Dns { url, .. }
            | Self::Connect { url, .. }
            | Self::Tls { url, .. }
            | Self::Timeout { url, .. }
            | Self::Interrupted { url, .. }
            | Self::Status { url, .. }
            | Self::TooLarge { url, .. }
            | Self::Encoding { url, .. }
            | Self::Redirect { url, .. }
            | Self::Proxy { url, .. } => Some(url),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InvalidRequest { .. } => {
                "Correct the address; credentials do not belong into a URL."
            }
            Self::Config { .. } => {
                "Correct the setting, file or environment variable that is named."
            }
            Self::Dns { .. } => {
                "Check the host name and the DNS of this machine, or set HTTPS_PROXY if a proxy resolves names here."
            }
            Self::Connect { .. } => {
                "Check that the server is up and that a firewall lets this machine through."
            }
            Self::Tls { no_roots: true, .. } => {
                "This system has no CA certificates: install them (package ca-certificates), set SSL_CERT_FILE, or give a CA file."
            }
            Self::Tls { .. } => {
                "If the server uses a private CA, give its certificate as a CA file or in SSL_CERT_FILE."
            }
            Self::Timeout { .. } => "Try again, or allow more time.",
            Self::Interrupted { .. } => {
                "Try again; if it happens again, look at the proxy or load balancer in between."
            }
            Self::Status {
                status: 401 | 403, ..
            } => "The server wants other credentials, or none may have this.",
            Self::Status { status: 429, .. } => {
                "The server limits the rate: try again later, or log in if that raises the limit."
            }
            Self::Status {
                status: 404 | 410, ..
            } => "Check the address: the server does not have this.",
            Self::Status { status: 500.., .. } => "The server has a problem: try again later.",
            Self::Status { .. } => "Check the address; the server did not accept the request.",
            Self::TooLarge { .. } => {
                "The answer is not what it should be, or it is not for this program."
            }
            Self::Encoding { .. } => {
                "Look at the server or the proxy in between: the body it sends is damaged."
            }
            Self::Redirect { .. } => "Give the final address yourself if you trust it.",
            Self::Proxy { .. } => {
                "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and the credentials in them."
            }
        }
    }

    /// Whether asking the same again may help without anyone changing anything.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Interrupted { .. } => true,
            Self::Timeout { phase, .. } => *phase == Phase::Connect,
            Self::Status { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            _ => false,
        }
    }
}

fn last_words(last: &Option<Box<NetError>>) -> String {
    last.as_ref()
        .map(|error| format!(" (before that: {error})"))
        .unwrap_or_default()
}

fn excerpt_words(excerpt: &str) -> String {
    if excerpt.is_empty() {
        String::new()
    } else {
        format!(": {excerpt}")
    }
}

fn declared_words(declared: &Option<u64>) -> String {
    declared
        .map(|size| format!(" (the server declared {size})"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{NetError, Phase};

    #[test]
    fn the_cause_is_said_without_the_address() {
        let url = || "https://host.test/a".to_owned();
        let detail = || "what happened".to_owned();
        let dns = NetError::Dns {
            url: url(),
            host: "host.test".into(),
            detail: detail(),
        };
        assert_eq!(
            dns.cause(),
            "the name \"host.test\" could not be resolved: what happened"
        );
        let status = NetError::Status {
            url: url(),
            status: 503,
            attempts: 3,
            retry_after: None,
            excerpt: String::new(),
        };
        assert_eq!(status.cause(), "answered with status 503 (3 attempts)");
        let timeout = NetError::Timeout {
            url: url(),
            phase: Phase::Total,
            after: std::time::Duration::from_secs(1),
            last: None,
        };
        for error in [
            NetError::InvalidRequest {
                url: url(),
                detail: detail(),
            },
            dns,
            NetError::Connect {
                url: url(),
                detail: detail(),
            },
            status,
            timeout,
            NetError::TooLarge {
                url: url(),
                limit: 1,
                declared: None,
            },
            NetError::Proxy {
                url: url(),
                proxy: "http://proxy.test".into(),
                detail: detail(),
            },
        ] {
            assert!(!error.cause().contains("https://host.test"), "{error}");
            assert!(error.to_string().ends_with(&error.cause()), "{error}");
        }
    }
}
