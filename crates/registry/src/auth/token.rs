//! Tokens of token services (distribution "Token Authentication Specification" and its OAuth 2 variant).

use std::time::{Duration, Instant};

use data_encoding::HEXUPPER;
use sealcheck_net::{Client, NetError, Redacted, Response, Url, redact_url};
use serde::Deserialize;

use crate::credentials::Found;
use crate::error::from_network;
use crate::limits::TOKEN_BYTES;
use crate::{Credential, RegistryError};

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenKey {
    pub(crate) registry: String,
    pub(crate) realm: Url,
    pub(crate) service: Option<String>,
    pub(crate) scope: String,
}

/// A token and its end.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: Redacted,
    until: Instant,
}

impl Token {
    /// Whether it is of no use for a request that begins now.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Asks the token service, with the credentials if there are some.
pub(crate) async fn fetch(
    http: &Client,
    key: &TokenKey,
    found: Option<&Found>,
) -> Result<Token, RegistryError> {
    let asked = Instant::now();
    let (url, response) = match found.map(|found| &found.credential) {
        Some(Credential::IdentityToken(token)) => {
            let url = key.realm.clone();
            let form = form(&[
                ("grant_type", "refresh_token"),
                ("service", key.service.as_deref().unwrap_or_default()),
                ("client_id", CLIENT),
                ("scope", &key.scope),
                ("refresh_token", token.expose()),
            ]);
            let request = http
                .post(&url, "application/x-www-form-urlencoded", form)
                .secret_in_body(token);
            (url, request)
        }
        Some(Credential::Basic { username, password }) => {
            let url = question(key, Some(username));
            let request = http.get(&url).basic(username, password);
            (url, request)
        }
        None | Some(Credential::RegistryToken(_)) => {
            let url = question(key, None);
            let request = http.get(&url);
            (url, request)
        }
    };
    let limit = u64::try_from(TOKEN_BYTES.max).unwrap_or(u64::MAX);
    let response = response.limit(limit).send().await;
    let shown = redact_url(&url);
    let answer = read(&shown, response).map_err(|error| explain(error, found))?;
    // A token without a lifetime is good for a minute (Token Authentication Specification).
    let lifetime = Duration::from_secs(answer.expires_in.unwrap_or(60).clamp(1, A_DAY));
    let value = [answer.token, answer.access_token]
        .into_iter()
        .flatten()
        .find(|token| !token.is_empty());
    match value {
        Some(value) => Ok(Token {
            value: value.into(),
            // It must still be good when the request with it arrives.
            until: asked + lifetime - (lifetime / 10).min(MARGIN),
        }),
        None => Err(RegistryError::Malformed {
            url: shown,
            field: "token".to_owned(),
            expected: "a token or an access_token".to_owned(),
            found: "none".to_owned(),
        }),
    }
}

fn read(url: &str, response: Result<Response, NetError>) -> Result<Answer, RegistryError> {
    let response = response.map_err(|error| from_network(error, url, TOKEN_BYTES))?;
    // The parser's own words could show a part of the token.
    serde_json::from_slice(response.body()).map_err(|error| RegistryError::Malformed {
        url: url.to_owned(),
        field: "body".to_owned(),
        expected: "a JSON object with a token".to_owned(),
        found: format!(
            "something else (line {}, column {})",
            error.line(),
            error.column()
        ),
    })
}

/// Says whose credentials were refused.
fn explain(error: RegistryError, found: Option<&Found>) -> RegistryError {
    match error {
        RegistryError::Unauthorized { url, detail } => RegistryError::Unauthorized {
            url,
            detail: match found {
                Some(found) => format!(
                    "the token service refused the credentials from {}{}",
                    found.source,
                    after_colon(&detail)
                ),
                None => format!(
                    "the token service wants credentials{}",
                    after_colon(&detail)
                ),
            },
        },
        error => error,
    }
}

fn after_colon(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!(": {text}"),
    }
}

/// The URL of a GET.
fn question(key: &TokenKey, account: Option<&str>) -> Url {
    let mut url = key.realm.clone();
    {
        let mut pairs = url.query_pairs_mut();
        if let Some(service) = &key.service {
            pairs.append_pair("service", service);
        }
        // A list of scopes is separated by spaces, and each is a parameter of its own.
        for scope in key.scope.split(' ').filter(|scope| !scope.is_empty()) {
            pairs.append_pair("scope", scope);
        }
        if let Some(account) = account {
            pairs.append_pair("account", account);
        }
    }
    url
}

/// `application/x-www-form-urlencoded`.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    encoded.join("&")
}

/// Percent-encoding of all but the unreserved characters (RFC 3986, section 2.3).
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{}", HEXUPPER.encode(&[byte])),
        })
        .collect()
}

/// `client_id` of the OAuth 2 variant: the name of the program.
const CLIENT: &str = "sealcheck";

/// No token is used longer than this.
const A_DAY: u64 = 86_400;

/// How long before its end a token is renewed, if it lives long enough.
const MARGIN: Duration = Duration::from_secs(10);
