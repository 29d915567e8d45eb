//! How a host is spoken to: with TLS or without.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sealcheck_net::{NetError, Url};

use super::Shared;
use crate::RegistryError;
use crate::configuration::Endpoint;

impl Shared {
    /// The beginning of the URLs of an endpoint's host.
    pub(super) async fn base(&self, endpoint: &Endpoint) -> Result<Url, RegistryError> {
        let host = &endpoint.host;
        let configured = self
            .settings
            .registries
            .host(host)
            .and_then(|host| host.http);
        match configured.or_else(|| is_loopback(host).then_some(true)) {
            Some(true) => parse("http", host),
            Some(false) => parse("https", host),
            None if !self.settings.allow_http => parse("https", host),
            None => {
                self.bases
                    .join(host.clone(), Result::is_ok, || self.find_out(host))
                    .await
            }
        }
    }

    /// Asks with TLS, and without only where nobody listens or what answers is no TLS. A certificate that is not trusted, a
    /// connection that breaks and silence may be somebody who wants us, and our credentials, to come without.
    async fn find_out(&self, host: &str) -> Result<Url, RegistryError> {
        let mut ping = parse("https", host)?;
        ping.set_path("/v2/");
        match self.http.get(&ping).send().await {
            Err(NetError::Connect { .. } | NetError::Tls { is_plain: true, .. }) => {
                parse("http", host)
            }
            // Any answer is one over TLS. What failed otherwise fails again, and says then what was asked.
            _ => parse("https", host),
        }
    }
}

fn parse(scheme: &str, host: &str) -> Result<Url, RegistryError> {
    let text = format!("{scheme}://{host}/");
    Url::parse(&text).map_err(|error| {
        RegistryError::Network(NetError::InvalidRequest {
            url: text,
            detail: error.to_string(),
        })
    })
}

/// Whether a host is this machine: what goes there does not pass a network.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || match name.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => Ipv4Addr::is_loopback(&address),
            Ok(IpAddr::V6(address)) => Ipv6Addr::is_loopback(&address),
            Err(_) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in [
            "localhost",
            "localhost:5000",
            "registry.localhost:5000",
            "127.0.0.1",
            "127.1.2.3:80",
            "[::1]",
            "[::1]:5000",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example",
            "notlocalhost",
            "127.0.0.1.example",
            "128.0.0.1:5000",
            "[::2]:5000",
            "10.0.0.1",
            "registry.local",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
