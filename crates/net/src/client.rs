//! The client: made once, shared by all.

use std::fmt;
use std::sync::Arc;

use reqwest::{Method, Proxy, Url};

use crate::gate::Gate;
use crate::proxy::Routes;
use crate::request::Request;
use crate::tls::Tls;
use crate::{Bytes, Config, HostConfig, NetError};

/// An HTTP client. Cloning it is cheap, and clones share connections and concurrency limits.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    http: Stack,
    /// Those of hosts whose TLS settings differ.
    special: Vec<(HostConfig, Stack)>,
    pub(crate) gate: Gate,
    pub(crate) routes: Arc<Routes>,
    pub(crate) config: Config,
}

/// An HTTP stack with one set of TLS settings.
pub(crate) struct Stack {
    pub(crate) http: reqwest::Client,
    pub(crate) no_roots: bool,
}

impl Inner {
    /// The stack for a URL.
    pub(crate) fn stack(&self, url: &Url) -> &Stack {
        self.special
            .iter()
            .find_map(|(host, stack)| host.fits(url).then_some(stack))
            .unwrap_or(&self.http)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client with these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`NetError::Config`] when a file with certificates or a key cannot be read or is none, or a proxy address is not one.
    pub fn new(config: Config) -> Result<Self, NetError> {
        let routes = Arc::new(config.proxies.routes()?);
        let http = Stack::new(&config, None, &routes)?;
        let mut special = Vec::new();
        for host in &config.hosts {
            if !host.ca_files.is_empty() || host.client_certificate.is_some() {
                special.push((host.clone(), Stack::new(&config, Some(host), &routes)?));
            }
        }
        let gate = Gate::new(config.max_in_flight_per_host, config.hosts.clone());
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                special,
                gate,
                routes,
                config,
            }),
        })
    }

    /// A GET.
    pub fn get(&self, url: impl AsRef<str>) -> Request<'_> {
        Request::new(self, Method::GET, url.as_ref(), None)
    }

    /// A HEAD; the response has no body.
    pub fn head(&self, url: impl AsRef<str>) -> Request<'_> {
        Request::new(self, Method::HEAD, url.as_ref(), None)
    }

    /// A POST of `body`. It is retried like a GET: every POST of this product is a question (a search, a token), never
    /// an order.
    pub fn post(
        &self,
        url: impl AsRef<str>,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Request<'_> {
        Request::new(self, Method::POST, url.as_ref(), Some(body.into()))
            .header("content-type", content_type)
    }

    /// A PUT without a body. The one question that is asked in this way is that for a session with the metadata service of
    /// a machine, so that it is retried like a GET.
    pub fn put(&self, url: impl AsRef<str>) -> Request<'_> {
        Request::new(self, Method::PUT, url.as_ref(), None).header("content-length", "0")
    }

    /// A POST of a JSON text, asking for JSON; see [`Client::post`].
    pub fn post_json(&self, url: impl AsRef<str>, json: impl Into<Bytes>) -> Request<'_> {
        self.post(url, "application/json", json)
            .header("accept", "application/json")
    }
}

impl Stack {
    fn new(
        config: &Config,
        host: Option<&HostConfig>,
        routes: &Arc<Routes>,
    ) -> Result<Self, NetError> {
        let own = host.map_or_else(Default::default, |host| host.ca_files.clone());
        let cas = [config.extra_ca_files.clone(), own].concat();
        let client_certificate = host.and_then(|host| host.client_certificate.as_ref());
        let tls = Tls::load(&cas, client_certificate)?;
        let table = Arc::clone(routes);
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.config)
            .proxy(Proxy::custom(move |url| table.proxy_for(url).cloned()))
            // Ours: it knows the methods, the headers and the limits.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // Ours as well; said even though the features are off, because another crate may turn them on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(config.connect_timeout)
            .user_agent(config.user_agent.as_str())
            .pool_max_idle_per_host(config.max_in_flight_per_host.max(1))
            .build()
            .map_err(|error| NetError::Config {
                what: "the HTTP library".to_owned(),
                detail: crate::classify::words(&error.without_url()),
            })?;
        Ok(Self {
            http,
            no_roots: tls.no_roots,
        })
    }
}
