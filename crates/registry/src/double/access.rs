//! Who is let in.

use std::collections::HashSet;

use data_encoding::BASE64;
use sealcheck_net::Url;
use sealcheck_net::double::{Answer, Asked};
use serde_json::json;

use super::state::said;

/// Whom the registry lets in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    #[default]
    Open,
    /// Who has this name and password (Basic).
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// Who has a token for the repository (Bearer) from the token service at `/token`.
    Token {
        /// The name and password for a token; without, anybody is given one.
        user: Option<(String, String)>,
        /// The identity token for a token (OAuth 2).
        identity_token: Option<String>,
        /// A token that is good without the token service.
        registry_token: Option<String>,
        /// The lifetime of a token, in seconds.
        expires_in: u64,
    },
    /// Who satisfies this `WWW-Authenticate` header, which nobody can.
    Challenge(String),
}

impl Access {
    /// A token service that gives everybody a token.
    #[must_use]
    pub fn anonymous_tokens() -> Self {
        Self::Token {
            user: None,
            identity_token: None,
            registry_token: None,
            expires_in: 300,
        }
    }

    /// A token service that gives this user a token.
    #[must_use]
    pub fn tokens_for(username: &str, password: &str) -> Self {
        Self::Token {
            user: Some((username.to_owned(), password.to_owned())),
            identity_token: None,
            registry_token: None,
            expires_in: 300,
        }
    }
}

#[derive(Debug)]
pub(super) struct Gate {
    base: String,
    access: Access,
    /// Good tokens and what they are for.
    tokens: HashSet<(String, String)>,
    given: usize,
}

impl Gate {
    pub(super) const PATH: &str = "/token";

    pub(super) fn new(base: String) -> Self {
        Self {
            base,
            access: Access::Open,
            tokens: HashSet::new(),
            given: 0,
        }
    }

    pub(super) fn set(&mut self, access: Access) {
        self.access = access;
    }

    pub(super) fn expire(&mut self) {
        self.tokens.clear();
    }

    /// The refusal of a request that may not come in.
    pub(super) fn refuse(&self, asked: &Asked, repository: &str) -> Option<Answer> {
        let shown = asked.header("authorization").unwrap_or_default();
        let scope = format!("repository:{repository}:pull");
        let (is_good, challenge) = match &self.access {
            Access::Open => (true, String::new()),
            Access::Basic { username, password } => (
                shown == basic(username, password),
                "Basic realm=\"double\"".to_owned(),
            ),
            Access::Token { registry_token, .. } => {
                let token = shown.strip_prefix("Bearer ").unwrap_or_default();
                let is_given = registry_token.as_deref() == Some(token);
                (
                    is_given || self.tokens.contains(&(token.to_owned(), scope.clone())),
                    format!(
                        "Bearer realm=\"{}{}\",service=\"double\",scope=\"{scope}\"",
                        self.base,
                        Self::PATH
                    ),
                )
            }
            Access::Challenge(challenge) => (false, challenge.clone()),
        };
        (!is_good).then(|| {
            said(401, "UNAUTHORIZED", "authentication required")
                .header("www-authenticate", &challenge)
        })
    }

    /// The token service; `None` when there is none.
    pub(super) fn token(&mut self, asked: &Asked, url: &Url) -> Option<Answer> {
        // A registry that is open to everyone can still be made to want a token.
        let (user, identity_token, expires_in) = match self.access.clone() {
            Access::Open => (None, None, 300),
            Access::Token {
                user,
                identity_token,
                expires_in,
                ..
            } => (user, identity_token, expires_in),
            Access::Basic { .. } | Access::Challenge(_) => return None,
        };
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let form = Url::parse(&format!("http://form/?{body}")).ok()?;
        let (asks, is_good) = match asked.method.as_str() {
            "GET" => {
                let shown = asked.header("authorization");
                let wanted = user.map(|(username, password)| basic(&username, &password));
                (url, shown == wanted.as_deref())
            }
            "POST" => {
                let shown = parameter(&form, "refresh_token");
                let is_refresh = parameter(&form, "grant_type").as_deref() == Some("refresh_token");
                let is_known = shown.is_some() && shown == identity_token;
                (&form, is_refresh && is_known)
            }
            _ => return None,
        };
        if parameter(asks, "service").as_deref() != Some("double") {
            return Some(said(400, "UNSUPPORTED", "another service"));
        }
        if !is_good {
            return Some(said(401, "UNAUTHORIZED", "incorrect username or password"));
        }
        self.given = self.given.saturating_add(1);
        let token = format!("token-{}", self.given);
        for (_, scope) in asks.query_pairs().filter(|(name, _)| name == "scope") {
            self.tokens.insert((token.clone(), scope.into_owned()));
        }
        let answer = json!({"token": token, "access_token": token, "expires_in": expires_in});
        Some(Answer::json(answer.to_string()))
    }
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn basic(username: &str, password: &str) -> String {
    let pair = format!("{username}:{password}");
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}
