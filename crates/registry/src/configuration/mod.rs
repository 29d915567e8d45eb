//! What is special about single registries.

mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sealcheck_net::{ClientCertificate, HostConfig};
use sealcheck_verify::Failure;

use crate::reference::DOCKER_HUB;
use crate::{Credential, Repository};

/// Mirrors and settings of registries, from one YAML file. The default has none.
///
/// ```yaml
/// repositories:
///   - prefix: registry.k8s.io            # a registry, or a part of one
///     mirrors:                           # asked first, in this order
///       - mirror.example:5000/kubernetes
///   - prefix: quay.io/acme
///     rewrite: registry.example/acme     # asked instead of the registry in the name
/// registries:
///   mirror.example:5000:
///     ca-files: [ca.pem]                 # relative to this file
///     client-certificate: { certificate: client.pem, key: client.key }
///     credentials: { username: robot, password-file: password }
///     max-in-flight: 4
///     requests-per-second: 20
///     token-hosts: [auth.example]        # where credentials may be shown besides the registry itself
///   registry.example:
///     http: true
///     credentials: { helper: pass }      # or token-file, identity-token-file, anonymous: true
/// ```
///
/// Names stay what they are: a signature for `registry.k8s.io/pause` is one for that name, wherever its bytes came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registries {
    rules: Vec<Rule>,
    hosts: BTreeMap<String, Host>,
}

/// Where repositories below a prefix lie.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    prefix: (String, String),
    mirrors: Vec<(String, String)>,
    rewrite: Option<(String, String)>,
}

/// Settings of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Host {
    /// Whether it is spoken to without TLS; by default only loopback addresses are.
    pub(crate) http: Option<bool>,
    pub(crate) credentials: Option<Source>,
    /// Where its credentials may be shown; `None` is wherever it says.
    pub(crate) token_hosts: Option<Vec<String>>,
    ca_files: Vec<PathBuf>,
    client_certificate: Option<ClientCertificate>,
    max_in_flight: Option<usize>,
    pace: Option<Duration>,
}

/// Where the credentials of one host come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Given(Credential),
    Helper(String),
    Anonymous,
}

/// A place where a repository's content lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    /// The host to which requests go.
    pub(crate) host: String,
    /// The name under which its credentials are kept.
    pub(crate) registry: String,
    /// The repository's path there.
    pub(crate) path: String,
}

impl Registries {
    /// Reads a file.
    ///
    /// # Errors
    /// `configuration-invalid` with the path of the field, `file-not-found`, `limit-exceeded`.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        file::read(path)
    }

    /// `base` with what the registries need of the network: certificates, concurrency, pace.
    #[must_use]
    pub fn network(&self, mut base: sealcheck_net::Config) -> sealcheck_net::Config {
        for (name, host) in &self.hosts {
            let mine = HostConfig {
                host: name.clone(),
                ca_files: host.ca_files.clone(),
                client_certificate: host.client_certificate.clone(),
                max_in_flight: host.max_in_flight,
                pace: host.pace,
            };
            let without_any = HostConfig {
                host: name.clone(),
                ..HostConfig::default()
            };
            if mine != without_any {
                base.hosts.push(mine);
            }
        }
        base
    }

    /// Where a repository's content lies, in the order in which the places are asked. There is at least one.
    pub(crate) fn endpoints(&self, repository: &Repository) -> Vec<Endpoint> {
        let rule = self
            .rules
            .iter()
            .filter_map(|rule| Some((rule, rule.rest(repository)?)))
            .max_by_key(|(rule, _)| rule.specificity());
        let Some((rule, rest)) = rule else {
            return vec![Endpoint::new(repository.registry(), repository.path())];
        };
        let mut endpoints: Vec<Endpoint> = rule
            .mirrors
            .iter()
            .map(|mirror| Endpoint::below(mirror, rest))
            .collect();
        endpoints.push(match &rule.rewrite {
            Some(rewrite) => Endpoint::below(rewrite, rest),
            None => Endpoint::new(repository.registry(), repository.path()),
        });
        endpoints
    }

    /// The settings of a host.
    pub(crate) fn host(&self, host: &str) -> Option<&Host> {
        self.hosts.get(host)
    }
}

impl Rule {
    /// The part of the repository's path after the prefix, if the rule is about it.
    fn rest<'a>(&self, repository: &'a Repository) -> Option<&'a str> {
        let (registry, path) = &self.prefix;
        if registry != repository.registry() {
            return None;
        }
        let rest = repository.path().strip_prefix(path.as_str())?;
        match path.is_empty() || rest.is_empty() {
            true => Some(rest),
            false => rest.strip_prefix('/'),
        }
    }

    fn specificity(&self) -> usize {
        self.prefix.1.len()
    }
}

impl Endpoint {
    fn new(registry: &str, path: &str) -> Self {
        Self {
            host: api_host(registry).to_owned(),
            registry: registry.to_owned(),
            path: path.to_owned(),
        }
    }

    fn below((registry, path): &(String, String), rest: &str) -> Self {
        let joined = match (path.is_empty(), rest.is_empty()) {
            (true, _) => rest.to_owned(),
            (_, true) => path.clone(),
            _ => format!("{path}/{rest}"),
        };
        Self::new(registry, &joined)
    }
}

/// As repositories are called.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

/// The host that answers for a registry: Docker Hub's name is not its address.
fn api_host(registry: &str) -> &str {
    match registry {
        DOCKER_HUB => DOCKER_HUB_HOST,
        registry => registry,
    }
}

const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

#[cfg(test)]
mod tests;
