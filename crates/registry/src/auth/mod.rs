//! Who we are to a registry: challenges, tokens, and which of them go where.

mod challenge;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sealcheck_net::{Client, Redacted, Request, Url};
use sealcheck_verify::printable;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::configuration::{Endpoint, Host, Source};
use crate::credentials::Found;
use crate::flight::Flights;
use crate::{Credential, Keychain, RegistryError};

pub(crate) use challenge::{Challenge, challenges};
#[cfg(any(feature = "acr", feature = "ecr"))]
pub(crate) use token::form;
use token::{Token, TokenKey};

/// What is known of registries' demands, and the tokens that were had.
#[derive(Debug, Default)]
pub(crate) struct Authority {
    hosts: Mutex<HashMap<String, Arc<HostState>>>,
    tokens: Flights<TokenKey, Result<Token, RegistryError>>,
    credentials: Flights<Endpoint, Known>,
}

/// What was found for an endpoint, and when.
#[derive(Clone)]
struct Known {
    found: Result<Option<Found>, RegistryError>,
    at: Instant,
}

/// What one host wants.
#[derive(Debug, Default)]
struct HostState {
    demand: Mutex<Demand>,
    /// Held by who asks a host for the first time, so that a hundred questions at one time are not refused a hundred times.
    first: Arc<AsyncMutex<()>>,
    /// What it wanted in a token for a path, where that is not what the specification says.
    scopes: Mutex<HashMap<String, String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Demand {
    #[default]
    Unknown,
    /// It answered without, or could not be asked: nobody waits for anybody.
    Nothing,
    Basic,
    Bearer {
        realm: Url,
        service: Option<String>,
    },
}

/// What is sent with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Authorization {
    Nothing,
    Basic {
        username: String,
        password: Redacted,
        source: String,
    },
    /// A token that a token service gave.
    Token {
        key: TokenKey,
        value: Redacted,
    },
    /// A token that the user gave.
    Given {
        token: Redacted,
        source: String,
    },
}

impl Authorization {
    /// Adds the header.
    pub(crate) fn add<'a>(&self, request: Request<'a>) -> Request<'a> {
        match self {
            Self::Nothing => request,
            Self::Basic {
                username, password, ..
            } => request.basic(username, password),
            Self::Token { value, .. } | Self::Given { token: value, .. } => request.bearer(value),
        }
    }

    /// What was tried, for messages.
    fn words(&self) -> String {
        match self {
            Self::Nothing => "asked without credentials".to_owned(),
            Self::Basic { source, .. } | Self::Given { source, .. } => {
                format!("the credentials from {source} were refused")
            }
            Self::Token { .. } => "the token from its own token service was refused".to_owned(),
        }
    }
}

/// The right to be the first to ask a host; ends when dropped.
pub(crate) type First = OwnedMutexGuard<()>;

/// What is needed to satisfy a demand.
pub(crate) struct Means<'a> {
    pub(crate) http: &'a Client,
    pub(crate) keychain: &'a Keychain,
    /// The settings of the endpoint's host.
    pub(crate) host: Option<&'a Host>,
    /// The beginning of the endpoint's URLs.
    pub(crate) base: &'a Url,
}

impl Authority {
    /// What to send with the next request to an endpoint, and for the very first one the right to be it.
    pub(crate) async fn prepare(
        &self,
        endpoint: &Endpoint,
        means: &Means<'_>,
    ) -> Result<(Authorization, Option<First>), RegistryError> {
        let host = self.host(endpoint);
        let mut first = None;
        if host.demand() == Demand::Unknown {
            let turn = Arc::clone(&host.first).lock_owned().await;
            if host.demand() == Demand::Unknown {
                first = Some(turn);
            }
        }
        let authorization = match host.demand() {
            Demand::Unknown | Demand::Nothing => Authorization::Nothing,
            Demand::Basic => match self.credential(endpoint, means).await? {
                Some(found) => present(&found).unwrap_or(Authorization::Nothing),
                None => Authorization::Nothing,
            },
            Demand::Bearer { realm, service } => {
                let scope = host.scope(&endpoint.path);
                self.bearer(endpoint, means, realm, service, scope).await?
            }
        };
        Ok((authorization, first))
    }

    /// Says that a host gave an answer, or none, without a demand.
    pub(crate) fn undemanding(&self, endpoint: &Endpoint) {
        let host = self.host(endpoint);
        let mut demand = host.demand.lock().unwrap_or_else(PoisonError::into_inner);
        if *demand == Demand::Unknown {
            *demand = Demand::Nothing;
        }
    }

    /// What to send instead of `refused`, which was answered with these challenges.
    pub(crate) async fn satisfy(
        &self,
        endpoint: &Endpoint,
        means: &Means<'_>,
        challenges: &[Challenge],
        refused: &Authorization,
        url: &str,
    ) -> Result<Authorization, RegistryError> {
        let unauthorized = |detail: String| RegistryError::Unauthorized {
            url: url.to_owned(),
            detail,
        };
        if matches!(refused, Authorization::Given { .. }) {
            self.forget_credential(endpoint, means);
            return Err(unauthorized(refused.words()));
        }
        if matches!(refused, Authorization::Basic { .. }) {
            self.forget_credential(endpoint, means);
        }
        let found = self.credential(endpoint, means).await?;
        if let Some(given) = found.as_ref().and_then(own_token) {
            return Ok(given);
        }
        if let Some((realm, challenge)) = challenges.iter().find_map(bearer_realm) {
            let realm = allowed_realm(realm, means).map_err(unauthorized)?;
            let service = challenge.parameter("service").map(str::to_owned);
            let host = self.host(endpoint);
            if let Some(scope) = challenge.parameter("scope") {
                host.scope_is(&endpoint.path, scope);
            }
            let scope = host.scope(&endpoint.path);
            host.demand_is(Demand::Bearer {
                realm: realm.clone(),
                service: service.clone(),
            });
            if let Authorization::Token { key, value } = refused {
                let is_refused = |token: &Result<Token, RegistryError>| {
                    token.as_ref().is_ok_and(|token| token.value == *value)
                };
                self.tokens.forget_if(key, is_refused);
            }
            return self.bearer(endpoint, means, realm, service, scope).await;
        }
        if challenges
            .iter()
            .any(|challenge| challenge.scheme == "basic")
        {
            self.host(endpoint).demand_is(Demand::Basic);
            return match found.as_ref().map(|found| (found, present(found))) {
                None => Err(unauthorized(format!(
                    "no credentials were found for {}",
                    endpoint.registry
                ))),
                Some((found, None)) => Err(unauthorized(format!(
                    "it wants a name and a password, and {} has an identity token",
                    found.source
                ))),
                Some((_, Some(again))) if again == *refused => Err(unauthorized(refused.words())),
                Some((_, Some(authorization))) => Ok(authorization),
            };
        }
        let schemes: Vec<&str> = challenges
            .iter()
            .map(|challenge| challenge.scheme.as_str())
            .collect();
        Err(unauthorized(match schemes.is_empty() {
            true => "it does not say what it wants".to_owned(),
            false => format!(
                "it wants {}, which is not supported",
                printable(&schemes.join(", "))
            ),
        }))
    }

    /// A second refusal.
    pub(crate) fn refused(authorization: &Authorization, url: &str, said: &str) -> RegistryError {
        let words = authorization.words();
        RegistryError::Unauthorized {
            url: url.to_owned(),
            detail: match said.is_empty() {
                true => words,
                false => format!("{words}: {said}"),
            },
        }
    }

    async fn bearer(
        &self,
        endpoint: &Endpoint,
        means: &Means<'_>,
        realm: Url,
        service: Option<String>,
        scope: String,
    ) -> Result<Authorization, RegistryError> {
        let key = TokenKey {
            registry: endpoint.registry.clone(),
            realm,
            service,
            scope,
        };
        let is_over =
            |token: &Result<Token, RegistryError>| token.as_ref().is_ok_and(Token::is_over);
        self.tokens.forget_if(&key, is_over);
        if let Some(token) = self.tokens.peek(&key) {
            let value = token?.value;
            return Ok(Authorization::Token { key, value });
        }
        let found = self.credential(endpoint, means).await?;
        if let Some(given) = found.as_ref().and_then(own_token) {
            return Ok(given);
        }
        let token = self.tokens.join(key.clone(), Result::is_ok, || {
            token::fetch(means.http, &key, found.as_ref())
        });
        let token = token.await;
        if matches!(token, Err(RegistryError::Unauthorized { .. })) {
            self.forget_credential(endpoint, means);
        }
        Ok(Authorization::Token {
            key,
            value: token?.value,
        })
    }

    /// The credential for an endpoint. Files and helpers are asked again after a while, or when it was refused: credentials
    /// are renewed while a process runs.
    async fn credential(
        &self,
        endpoint: &Endpoint,
        means: &Means<'_>,
    ) -> Result<Option<Found>, RegistryError> {
        self.credentials
            .forget_if(endpoint, |known| known.at.elapsed() > KEPT);
        let known = self.credentials.join(
            endpoint.clone(),
            |known| known.found.is_ok(),
            || async {
                Known {
                    found: find(endpoint, means).await,
                    at: Instant::now(),
                }
            },
        );
        known.await.found
    }

    fn forget_credential(&self, endpoint: &Endpoint, means: &Means<'_>) {
        self.credentials.forget_if(endpoint, |_| true);
        means.keychain.forget(&endpoint.registry);
    }

    fn host(&self, endpoint: &Endpoint) -> Arc<HostState> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(endpoint.host.clone()).or_default())
    }
}

impl HostState {
    fn demand(&self) -> Demand {
        self.demand
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn demand_is(&self, demand: Demand) {
        *self.demand.lock().unwrap_or_else(PoisonError::into_inner) = demand;
    }

    /// The scope of a token for a path.
    fn scope(&self, path: &str) -> String {
        let scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        scopes
            .get(path)
            .cloned()
            .unwrap_or_else(|| default_scope(path))
    }

    fn scope_is(&self, path: &str, scope: &str) {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        match scope == default_scope(path) {
            true => scopes.remove(path),
            false => scopes.insert(path.to_owned(), scope.to_owned()),
        };
    }
}

/// The credential for an endpoint: the host's own, or the keychain's.
async fn find(endpoint: &Endpoint, means: &Means<'_>) -> Result<Option<Found>, RegistryError> {
    match means.host.and_then(|host| host.credentials.as_ref()) {
        None => {
            means
                .keychain
                .find(means.http, &endpoint.registry, &endpoint.path)
                .await
        }
        Some(Source::Anonymous) => Ok(None),
        Some(Source::Helper(helper)) => means.keychain.ask_helper(helper, &endpoint.registry).await,
        Some(Source::Given(credential)) => Ok(Some(Found {
            credential: credential.clone(),
            source: "the settings of registries".to_owned(),
        })),
    }
}

/// What a registry that wants Basic, or takes its own tokens, is sent; `None` for an identity token.
fn present(found: &Found) -> Option<Authorization> {
    match &found.credential {
        Credential::Basic { username, password } => Some(Authorization::Basic {
            username: username.clone(),
            password: password.clone(),
            source: found.source.clone(),
        }),
        Credential::RegistryToken(_) => own_token(found),
        Credential::IdentityToken(_) => None,
    }
}

/// The token that the registry itself takes, if that is what was found.
fn own_token(found: &Found) -> Option<Authorization> {
    match &found.credential {
        Credential::RegistryToken(token) => Some(Authorization::Given {
            token: token.clone(),
            source: found.source.clone(),
        }),
        _ => None,
    }
}

fn bearer_realm(challenge: &Challenge) -> Option<(&str, &Challenge)> {
    (challenge.scheme == "bearer")
        .then(|| challenge.parameter("realm"))
        .flatten()
        .map(|realm| (realm, challenge))
}

/// The token service that a registry names, if credentials may go there: over TLS unless the registry itself is spoken to
/// without, and then only on the same host; and where the configuration names hosts, only to those.
fn allowed_realm(realm: &str, means: &Means<'_>) -> Result<Url, String> {
    let shown = printable(realm);
    let url = Url::parse(realm).map_err(|_| format!("its token service {shown:?} is not a URL"))?;
    let is_same_host = url.host_str() == means.base.host_str();
    let is_safe = match url.scheme() {
        "https" => true,
        "http" => means.base.scheme() == "http" && is_same_host,
        _ => false,
    };
    if !is_safe {
        return Err(format!(
            "its token service {shown} is not on https, so it is not shown credentials"
        ));
    }
    let listed = means.host.and_then(|host| host.token_hosts.as_ref());
    let is_listed = |hosts: &Vec<String>| {
        let host = url.host_str().unwrap_or_default();
        let with_port = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        hosts
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(&with_port))
    };
    match is_same_host || listed.is_none_or(is_listed) {
        true => Ok(url),
        false => Err(format!(
            "its token service {shown} is not among the token-hosts of its settings"
        )),
    }
}

fn default_scope(path: &str) -> String {
    format!("repository:{path}:pull")
}

/// How long a credential is used before its source is asked again.
const KEPT: Duration = Duration::from_secs(300);
