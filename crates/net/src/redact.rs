//! What must not be printed, and how URLs are printed.

use std::fmt;

use reqwest::Url;

/// A secret (token, password, key) that `Debug` and `Display` cannot print.
///
/// The only way to the value is [`Redacted::expose`], which is easy to search for.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Redacted(String);

impl Redacted {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself. Do not print it, log it or put it into an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Redacted {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A URL as it may be shown: without userinfo and fragment, and with the values of all query parameters hidden except
/// those known to be harmless. Presigned URLs carry their authority in the query, under names nobody can list.
#[must_use]
pub fn redact_url(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        // Fails only for URLs that cannot carry credentials.
        let _ = shown.set_username("redacted");
        let _ = shown.set_password(None);
    }
    if let Some(query) = url.query() {
        let parameters: Vec<String> = query
            .split('&')
            .map(|parameter| match parameter.split_once('=') {
                Some((name, _)) if SHOWN_PARAMETERS.contains(&name) => parameter.to_owned(),
                Some((name, _)) => format!("{name}=[redacted]"),
                // A name alone may be a token.
                None => "[redacted]".to_owned(),
            })
            .collect();
        shown.set_query(Some(&parameters.join("&")));
    }
    shown.to_string()
}

/// The same for text that may not even be a URL: without one to take apart, only what precedes a secret is shown.
#[must_use]
pub fn redact_text(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) if url.has_host() => redact_url(&url),
        _ => {
            let end = text.find(['?', '#']).unwrap_or(text.len());
            let shown = text.get(..end).unwrap_or_default();
            let shown = shown.rsplit_once('@').map_or(shown, |(_, host)| host);
            shown.chars().take(200).collect()
        }
    }
}

/// Query parameters of the protocols we speak (OCI distribution and its token service, Rekor, paging): no secrets.
pub(crate) const SHOWN_PARAMETERS: &[&str] = &[
    "artifactType",
    "client_id",
    "digest",
    "firstSize",
    "lastSize",
    "last",
    "logIndex",
    "n",
    "ns",
    "scope",
    "service",
    "tag",
    "treeID",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Redacted::new("hunter2");
        assert_eq!(
            format!("{secret} {secret:?} {:?}", Some(&secret)),
            "[redacted] [redacted] Some([redacted])"
        );
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn urls_are_shown_without_userinfo_and_unknown_query_values() {
        let url =
            Url::parse("https://user:hunter2@h.example/p?X-Sig=hunter2&n=10&token=hunter2#hunter2")
                .unwrap();
        let shown = redact_url(&url);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("user:"), "{shown}");
        assert!(
            shown.contains("h.example/p?X-Sig=[redacted]&n=10&token=[redacted]"),
            "{shown}"
        );
    }

    #[test]
    fn a_query_that_is_nothing_but_a_token_is_not_shown() {
        let url = Url::parse("https://h.example/p?hunter2&n=1&hunter2").unwrap();
        assert_eq!(
            redact_url(&url),
            "https://h.example/p?[redacted]&n=1&[redacted]"
        );
    }

    #[test]
    fn text_that_is_no_url_is_shown_without_what_may_be_secret() {
        assert_eq!(redact_text("user:hunter2@host/x?token=hunter2"), "host/x");
        assert_eq!(redact_text("host/x"), "host/x");
    }
}
