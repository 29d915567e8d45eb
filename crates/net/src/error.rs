//! What can go wrong between asking and having an answer.

use std::time::Duration;

use crate::RedirectRefusal;

/// Why a request has no usable answer.
///
/// URLs in it are already redacted (see [`crate::redact_url`]). Everything but [`NetError::InvalidRequest`] and
/// [`NetError::Config`], which are the caller's mistakes, means *could not ask*, never *there is none*: a caller that
/// understands a 404 says so with [`crate::Request::accept`] and gets it as a response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetError {
    /// The request cannot be made: the URL or a header is not valid.
    InvalidRequest {
        /// What was to be asked.
        url: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The client cannot be set up: a CA file, a proxy address or the TLS library.
    Config {
        /// The setting, file or variable.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The host name could not be resolved.
    Dns {
        /// What was asked.
        url: String,
        /// The name.
        host: String,
        /// The resolver's words.
        detail: String,
    },
    /// No connection.
    Connect {
        /// What was asked.
        url: String,
        /// The system's words.
        detail: String,
    },
    /// TLS failed: most often a certificate that is not trusted.
    Tls {
        /// What was asked.
        url: String,
        /// The TLS library's words.
        detail: String,
        /// Whether this system has no CA certificate at all, so that no server can be trusted.
        no_roots: bool,
        /// Whether the server answered with something that is no TLS at all.
        is_plain: bool,
    },
    /// It took too long.
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
    /// It was not asked, because its host let several questions wait too long a short while ago.
    GivenUp {
        /// What was to be asked.
        url: String,
        /// Questions that it let wait.
        timeouts: u32,
        /// The last of those.
        last: Box<NetError>,
    },
    /// The connection broke before the answer was complete.
    Interrupted {
        /// What was asked.
        url: String,
        /// Bytes of the body that had arrived.
        received: u64,
        /// The HTTP library's words.
        detail: String,
    },
    /// The server answered with a status that the caller does not accept.
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
    TooLarge {
        /// What was asked.
        url: String,
        /// The limit, in bytes.
        limit: u64,
        /// The size that the server declared, if that alone was too much.
        declared: Option<u64>,
    },
    /// The body is compressed in a way that is not understood, or broken.
    Encoding {
        /// What was asked.
        url: String,
        /// What is wrong.
        detail: String,
    },
    /// A redirect that is not followed.
    Redirect {
        /// What was asked.
        url: String,
        /// Where it led, or what the `Location` header said.
        to: String,
        /// Why not.
        reason: RedirectRefusal,
    },
    /// The proxy could not be reached or refused.
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
            Self::GivenUp { .. } => "given-up",
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
        match self {
            Self::InvalidRequest { detail, .. } => detail.clone(),
            Self::Config { what, detail } => {
                format!("cannot set up the HTTP client: {what}: {detail}")
            }
            Self::Dns { host, detail, .. } => {
                format!("the name {host:?} could not be resolved: {detail}")
            }
            Self::Connect { detail, .. } => format!("no connection: {detail}"),
            Self::Tls { detail, .. } => format!("TLS failed: {detail}"),
            Self::Timeout {
                phase, after, last, ..
            } => match last {
                None => format!("{phase} took longer than {after:?}"),
                Some(last) => {
                    format!("{phase} took longer than {after:?} (before that: {last})")
                }
            },
            Self::GivenUp { timeouts, last, .. } => format!(
                "not asked, since this host let {timeouts} questions wait too long (the last: {last})"
            ),
            Self::Interrupted {
                received, detail, ..
            } => format!("the connection broke after {received} bytes of the body: {detail}"),
            Self::Status {
                status,
                attempts,
                retry_after,
                excerpt,
                ..
            } => {
                let (tries, wait) = (tries(*attempts), wait(*retry_after));
                match excerpt.as_str() {
                    "" => format!("answered with status {status}{tries}{wait}"),
                    _ => format!("answered with status {status}{tries}{wait}: {excerpt}"),
                }
            }
            Self::TooLarge {
                limit, declared, ..
            } => match declared {
                None => format!("the body is larger than the limit of {limit} bytes"),
                Some(size) => format!(
                    "the body is larger than the limit of {limit} bytes (the server declared {size})"
                ),
            },
            Self::Encoding { detail, .. } => format!("the body cannot be decompressed: {detail}"),
            Self::Redirect { to, reason, .. } => {
                format!("the redirect to {to} is not followed: {reason}")
            }
            Self::Proxy { proxy, detail, .. } => format!("the proxy {proxy} failed: {detail}"),
        }
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
            | Self::GivenUp { url, .. }
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
            Self::Timeout { .. } | Self::GivenUp { .. } => "Try again, or allow more time.",
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

impl std::fmt::Display for NetError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(url) = self.url() {
            match self {
                Self::InvalidRequest { .. } => write!(f, "cannot ask {url}: "),
                Self::Dns { .. } | Self::Connect { .. } | Self::Tls { .. } => {
                    write!(f, "cannot reach {url}: ")
                }
                Self::Status { .. } => write!(f, "{url} "),
                _ => write!(f, "{url}: "),
            }?;
        }
        f.write_str(&self.cause())
    }
}

impl std::error::Error for NetError {}

/// How often it was asked, when that was more than once.
fn tries(attempts: u32) -> String {
    match attempts {
        0 | 1 => String::new(),
        attempts => format!(" ({attempts} attempts)"),
    }
}

/// When the server wants to be asked again.
fn wait(retry_after: Option<Duration>) -> String {
    retry_after
        .filter(|wait| !wait.is_zero())
        .map(|wait| format!(", asked to come back in {} s", wait.as_secs()))
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
        let once = NetError::Status {
            url: url(),
            status: 503,
            attempts: 1,
            retry_after: None,
            excerpt: String::new(),
        };
        assert_eq!(once.cause(), "answered with status 503");
        let limited = NetError::Status {
            url: url(),
            status: 429,
            attempts: 2,
            retry_after: Some(std::time::Duration::from_secs(3600)),
            excerpt: "slow down".into(),
        };
        assert_eq!(
            limited.cause(),
            "answered with status 429 (2 attempts), asked to come back in 3600 s: slow down"
        );
        let now = NetError::Status {
            url: url(),
            status: 429,
            attempts: 1,
            retry_after: Some(std::time::Duration::ZERO),
            excerpt: String::new(),
        };
        assert_eq!(now.cause(), "answered with status 429");
        let timeout = NetError::Timeout {
            url: url(),
            phase: Phase::Total,
            after: std::time::Duration::from_secs(1),
            last: None,
        };
        // Texts of others may begin as ours do.
        let chained = NetError::Interrupted {
            url: url(),
            received: 0,
            detail: "cannot reach https://host.test/a: https://host.test/a: end".into(),
        };
        assert_eq!(
            chained.cause(),
            "the connection broke after 0 bytes of the body: cannot reach https://host.test/a: https://host.test/a: end"
        );
        let echo = NetError::InvalidRequest {
            url: url(),
            detail: "https://host.test/a: twice".into(),
        };
        assert_eq!(echo.cause(), "https://host.test/a: twice");
        assert_eq!(
            echo.to_string(),
            "cannot ask https://host.test/a: https://host.test/a: twice"
        );
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
