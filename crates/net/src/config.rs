//! How a client behaves: times, counts, certificates, proxies.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use crate::Proxies;

/// Settings of a [`crate::Client`]. `Config::default()` is what the product uses unless the user says otherwise.
#[derive(Clone, Debug)]
pub struct Config {
    /// Longest time a call may take, all retries, waits and the body included. [`crate::Request::deadline`] overrides it.
    pub total_deadline: Duration,
    /// Longest time for one connection: name, TCP and TLS.
    pub connect_timeout: Duration,
    /// Longest time a streamed body may take as a whole; streamed bodies are large, so this is not `total_deadline`.
    pub stream_deadline: Duration,
    /// Longest time for the next 16 KiB of a streamed body, or its end.
    pub stall_timeout: Duration,
    /// Requests under way at one time to one host (scheme, name and port).
    pub max_in_flight_per_host: usize,
    /// PEM files with CA certificates to trust besides the system's (or `SSL_CERT_FILE`'s and `SSL_CERT_DIR`'s).
    pub extra_ca_files: Vec<PathBuf>,
    /// Sent as `User-Agent`.
    pub user_agent: String,
    /// When and how often to ask again.
    pub retry: RetryPolicy,
    /// Which proxy to use for which host.
    pub proxies: Proxies,
    /// What is different for single hosts.
    pub hosts: Vec<HostConfig>,
}

/// What is different for one host. It holds for this host alone: on a redirect to another one, that one's settings do, so
/// that a client certificate is never shown elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostConfig {
    /// The host as it stands in URLs, with its port unless that is the scheme's own: `registry.example:5000`, `[::1]:5000`.
    pub host: String,
    /// PEM files with CA certificates to trust for this host, besides those trusted anyway.
    pub ca_files: Vec<PathBuf>,
    /// The certificate to show this host if it asks for one.
    pub client_certificate: Option<ClientCertificate>,
    /// Requests under way at one time, instead of [`Config::max_in_flight_per_host`].
    pub max_in_flight: Option<usize>,
    /// Shortest time between the beginnings of two requests; attempts and redirects count.
    pub pace: Option<Duration>,
}

/// A client certificate in PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, followed by its chain.
    pub certificate: PathBuf,
    /// Its private key (PKCS#8, SEC 1 or PKCS#1), without a password.
    pub key: PathBuf,
}

impl HostConfig {
    /// Whether this is about the host of `url`.
    pub(crate) fn fits(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        match url.port() {
            None => self.host.eq_ignore_ascii_case(host),
            Some(port) => self.host.eq_ignore_ascii_case(&format!("{host}:{port}")),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            total_deadline: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            stream_deadline: Duration::from_secs(3600),
            stall_timeout: Duration::from_secs(30),
            max_in_flight_per_host: 8,
            extra_ca_files: Vec::new(),
            user_agent: concat!("sealcheck/", env!("CARGO_PKG_VERSION")).to_owned(),
            retry: RetryPolicy::default(),
            proxies: Proxies::from_environment(),
            hosts: Vec::new(),
        }
    }
}

/// Retries: the wait before attempt *n + 1* is random between zero and `base * 2^(n - 1)`, at most `cap` ("full jitter"),
/// unless the server said when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all; 1 means never to ask again. Zero is taken as 1.
    pub attempts: u32,
    /// Upper bound of the first wait.
    pub base: Duration,
    /// Upper bound of every wait that the server did not ask for.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_belongs_to_the_host_unless_it_is_the_schemes_own() {
        for (host, url, fits) in [
            ("a.example", "https://a.example/x", true),
            ("a.example", "https://A.example:443/x", true),
            ("a.example", "http://a.example/x", true),
            ("a.example", "https://a.example:5000/x", false),
            ("a.example:5000", "https://a.example:5000/x", true),
            ("a.example:5000", "https://b.example:5000/x", false),
            ("[::1]:5000", "http://[::1]:5000/x", true),
        ] {
            let config = HostConfig {
                host: host.to_owned(),
                ..HostConfig::default()
            };
            assert_eq!(config.fits(&Url::parse(url).unwrap()), fits, "{host} {url}");
        }
    }
}
