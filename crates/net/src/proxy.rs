//! Which proxy a request goes through.

use std::net::IpAddr;

use reqwest::Url;

use crate::{NetError, Redacted};

/// Proxy settings as the user wrote them; [`crate::Client::new`] checks them.
///
/// Loopback addresses and `localhost` never go through a proxy, as with curl's usual settings and Go programs.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// Proxy for `http` URLs. May carry `user:password@`, hence redacted.
    pub http: Option<Redacted>,
    /// Proxy for `https` URLs (asked to tunnel with CONNECT).
    pub https: Option<Redacted>,
    /// Comma-separated hosts that are asked directly: a domain (with its subdomains), an IP address, a CIDR block,
    /// or `*`; each but the last may end in `:port`.
    pub no_proxy: String,
}

impl Proxies {
    /// No proxy at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each also in lower case.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let either = |name: &str| get(name).or_else(|| get(&name.to_ascii_lowercase()));
        // In a CGI program, HTTP_PROXY is a request header and not a setting ("httpoxy", CVE-2016-5385).
        let http = if get("REQUEST_METHOD").is_some() {
            get("http_proxy")
        } else {
            either("HTTP_PROXY")
        };
        Self {
            http: http.or_else(|| either("ALL_PROXY")).map(Redacted::from),
            https: either("HTTPS_PROXY")
                .or_else(|| either("ALL_PROXY"))
                .map(Redacted::from),
            no_proxy: either("NO_PROXY").unwrap_or_default(),
        }
    }

    /// Checks the settings.
    pub(crate) fn routes(&self) -> Result<Routes, NetError> {
        Ok(Routes {
            http: self
                .http
                .as_ref()
                .map(|proxy| address("the proxy for http", proxy))
                .transpose()?,
            https: self
                .https
                .as_ref()
                .map(|proxy| address("the proxy for https", proxy))
                .transpose()?,
            direct: self
                .no_proxy
                .split(',')
                .filter_map(Exception::parse)
                .collect(),
        })
    }
}

/// Checked proxy settings. The addresses may carry passwords: no `Debug`.
pub(crate) struct Routes {
    http: Option<Url>,
    https: Option<Url>,
    direct: Vec<Exception>,
}

impl Routes {
    /// The proxy for a URL, if it goes through one.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref(),
            _ => self.https.as_ref(),
        }?;
        let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
        let address = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .ok();
        let loopback = match address {
            Some(address) => address.is_loopback(),
            None => host == "localhost" || host.ends_with(".localhost"),
        };
        let port = url.port_or_known_default();
        let direct = loopback
            || self
                .direct
                .iter()
                .any(|exception| exception.matches(&host, address, port));
        (!direct).then_some(proxy)
    }
}

/// One element of `NO_PROXY`.
#[derive(Debug, PartialEq, Eq)]
struct Exception {
    host: ExceptionHost,
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum ExceptionHost {
    Any,
    Domain(String),
    Network(IpAddr, u32),
}

impl Exception {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if text.is_empty() {
            return None;
        }
        if text == "*" {
            return Some(Self {
                host: ExceptionHost::Any,
                port: None,
            });
        }
        if let Some(host) = network(&text) {
            return Some(Self { host, port: None });
        }
        let (name, port) = match text
            .rsplit_once(':')
            .map(|(name, port)| (name, port.parse()))
        {
            Some((name, Ok(port))) => (name, Some(port)),
            _ => (text.as_str(), None),
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let host = network(bare).unwrap_or_else(|| {
            ExceptionHost::Domain(
                name.trim_start_matches('*')
                    .trim_start_matches('.')
                    .trim_end_matches('.')
                    .to_owned(),
            )
        });
        Some(Self { host, port })
    }

    fn matches(&self, host: &str, address: Option<IpAddr>, port: Option<u16>) -> bool {
        if self.port.is_some() && self.port != port {
            return false;
        }
        match &self.host {
            ExceptionHost::Any => true,
            ExceptionHost::Domain(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            ExceptionHost::Network(network, bits) => {
                address.is_some_and(|address| same_network(*network, address, *bits))
            }
        }
    }
}

fn network(text: &str) -> Option<ExceptionHost> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(width);
    (bits <= width).then_some(ExceptionHost::Network(address, bits))
}

fn same_network(network: IpAddr, address: IpAddr, bits: u32) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let differ = network.to_bits() ^ address.to_bits();
            differ.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let differ = network.to_bits() ^ address.to_bits();
            differ.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

fn address(what: &str, proxy: &Redacted) -> Result<Url, NetError> {
    let invalid = |detail: &str| NetError::Config {
        what: what.to_owned(),
        detail: detail.to_owned(),
    };
    let text = proxy.expose().trim();
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url = Url::parse(&full)
        .map_err(|_| invalid("its address is not a URL such as http://proxy.example:3128"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        other => Err(invalid(&format!(
            "proxies of the kind {other:?} are not supported, only http and https"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_exceptions(no_proxy: &str) -> Routes {
        Proxies {
            http: Some(Redacted::new("plain.example:3128")),
            https: Some(Redacted::new("http://u:hunter2@secure.example:3128")),
            no_proxy: no_proxy.to_owned(),
        }
        .routes()
        .unwrap()
    }

    fn via(routes: &Routes, url: &str) -> Option<String> {
        routes
            .proxy_for(&Url::parse(url).unwrap())
            .and_then(|proxy| proxy.host_str())
            .map(str::to_owned)
    }

    #[test]
    fn the_scheme_chooses_the_proxy_and_loopback_needs_none() {
        let routes = with_exceptions("");
        assert_eq!(
            via(&routes, "http://a.example/").as_deref(),
            Some("plain.example")
        );
        assert_eq!(
            via(&routes, "https://a.example/").as_deref(),
            Some("secure.example")
        );
        for url in [
            "http://127.0.0.1:5000/",
            "https://[::1]/",
            "http://localhost/",
            "http://x.localhost/",
        ] {
            assert_eq!(via(&routes, url), None, "{url}");
        }
    }

    #[test]
    fn exceptions_are_domains_addresses_networks_and_ports() {
        let routes = with_exceptions(
            "corp.example, .dot.example,10.0.0.0/8,192.0.2.7, fd00::/8,only.example:8443,*.star.example",
        );
        let direct = [
            "https://corp.example/",
            "https://a.corp.example/",
            "https://A.CORP.EXAMPLE./",
            "https://x.dot.example/",
            "https://10.255.0.1/",
            "https://192.0.2.7/",
            "https://[fd12::1]/",
            "https://only.example:8443/",
            "https://x.star.example/",
        ];
        let proxied = [
            "https://notcorp.example/",
            "https://11.0.0.1/",
            "https://192.0.2.8/",
            "https://[fe80::1]/",
            "https://only.example/",
        ];
        for url in direct {
            assert_eq!(via(&routes, url), None, "{url}");
        }
        for url in proxied {
            assert!(via(&routes, url).is_some(), "{url}");
        }
        assert_eq!(via(&with_exceptions("*"), "https://a.example/"), None);
        assert_eq!(
            via(&with_exceptions("0.0.0.0/0"), "https://192.0.2.1/"),
            None
        );
    }

    #[test]
    fn variables_are_read_in_both_cases_and_httpoxy_is_closed() {
        let read = |set: &'static [(&str, &str)]| {
            Proxies::from_variables(move |name| {
                set.iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| (*v).to_owned())
            })
        };
        let proxies = read(&[
            ("https_proxy", "http://low"),
            ("HTTP_PROXY", "http://up"),
            ("no_proxy", "x"),
        ]);
        assert_eq!(proxies.https.unwrap().expose(), "http://low");
        assert_eq!(proxies.http.unwrap().expose(), "http://up");
        assert_eq!(proxies.no_proxy, "x");
        assert_eq!(
            read(&[("ALL_PROXY", "http://all"), ("HTTPS_PROXY", "")])
                .https
                .unwrap()
                .expose(),
            "http://all"
        );
        assert!(
            read(&[("HTTP_PROXY", "http://evil"), ("REQUEST_METHOD", "GET")])
                .http
                .is_none()
        );
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_without_its_password() {
        for bad in [
            "socks5://u:hunter2@h:1080",
            "http://u:hunter2@[",
            "https://",
        ] {
            let error = Proxies {
                https: Some(Redacted::new(bad)),
                ..Proxies::none()
            }
            .routes()
            .err()
            .unwrap();
            assert_eq!(error.kind(), "config");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
