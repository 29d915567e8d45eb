//! From the HTTP library's errors to ours.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::Url;

use crate::redact::redact_url;
use crate::{NetError, Phase};

/// What is known about the hop that failed.
pub(crate) struct Hop<'a> {
    pub(crate) url: &'a Url,
    pub(crate) proxy: Option<&'a Url>,
    pub(crate) connect_timeout: Duration,
    pub(crate) no_roots: bool,
}

impl Hop<'_> {
    /// The error of a request that got no response head.
    pub(crate) fn failed(&self, error: reqwest::Error) -> NetError {
        let error = error.without_url();
        let url = redact_url(self.url);
        let detail = words(&error);
        if let Some(tls) = tls_error(&error) {
            return NetError::Tls {
                url,
                detail,
                no_roots: self.no_roots,
                is_plain: matches!(tls, rustls::Error::InvalidMessage(_)),
            };
        }
        // Whatever fails before a connection stands fails between us and the proxy, when there is one.
        if let Some(proxy) = self.proxy
            && (error.is_connect() || error.is_dns())
        {
            return NetError::Proxy {
                url,
                proxy: redact_url(proxy),
                detail,
            };
        }
        if error.is_timeout() {
            return NetError::Timeout {
                url,
                phase: Phase::Connect,
                after: self.connect_timeout,
                last: None,
            };
        }
        if error.is_dns() {
            let host = self.url.host_str().unwrap_or_default().to_owned();
            let detail = innermost(&error).replace(RESOLVER, "");
            return NetError::Dns { url, host, detail };
        }
        if error.is_connect() {
            let detail = innermost(&error);
            return NetError::Connect { url, detail };
        }
        if error.is_builder() {
            return NetError::InvalidRequest { url, detail };
        }
        NetError::Interrupted {
            url,
            received: 0,
            detail,
        }
    }
}

/// The messages of an error and its sources, outermost first, each once.
pub(crate) fn words(error: &dyn Error) -> String {
    let mut said = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
        source = inner.source();
    }
    said.join(": ")
}

/// The message at the bottom of an error, where the ones above it only say what we were doing.
fn innermost(error: &dyn Error) -> String {
    let mut current = error;
    while let Some(inner) = current.source() {
        current = inner;
    }
    current.to_string()
}

/// The TLS error at the bottom, if there is one. `io::Error` hides what it wraps from `source`, hence the second look.
fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut current = Some(error);
    while let Some(inner) = current {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        let wrapped = inner
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(tls) = wrapped.and_then(|wrapped| tls_error(wrapped)) {
            return Some(tls);
        }
        current = inner.source();
    }
    None
}

/// What the standard library puts before the resolver's own words.
const RESOLVER: &str = "failed to lookup address information: ";
