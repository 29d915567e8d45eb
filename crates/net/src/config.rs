//! How a client behaves: times, counts, certificates, proxies.

use std::path::PathBuf;
use std::time::Duration;

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
    /// Longest silence between two pieces of a streamed body.
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
