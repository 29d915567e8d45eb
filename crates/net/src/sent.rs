//! The secrets that a request carries, and what a server says without them.

use std::cmp::Reverse;

use data_encoding::{BASE64, HEXUPPER};
use reqwest::Url;
use reqwest::header::HeaderMap;

use crate::Redacted;
use crate::redact::SHOWN_PARAMETERS;

/// What was sent and is nobody else's business. Servers repeat it in their errors, and those are shown and kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent(Vec<Redacted>);

impl Sent {
    /// The values of sensitive headers, what is in them, and the secrets in the body.
    pub(crate) fn of(headers: &HeaderMap, in_body: &[Redacted]) -> Self {
        let mut sent = Self::default();
        for secret in in_body {
            sent.add(secret.expose());
        }
        for value in headers.values().filter(|value| value.is_sensitive()) {
            let Ok(value) = value.to_str() else {
                continue;
            };
            let (scheme, credential) = value.split_once(' ').unwrap_or(("", value));
            sent.add(credential);
            let pair = BASE64.decode(credential.as_bytes()).unwrap_or_default();
            if scheme == "Basic"
                && let Some((_, password)) = String::from_utf8_lossy(&pair).split_once(':')
            {
                sent.add(password);
            }
        }
        sent
    }

    /// The values in the query of an address that was asked, as they are in it and decoded.
    pub(crate) fn add_query(&mut self, url: &Url) {
        let parameters = url.query().unwrap_or_default().split('&');
        let parameters = parameters.filter(|parameter| !parameter.is_empty());
        for (parameter, (name, value)) in parameters.zip(url.query_pairs()) {
            match parameter.split_once('=') {
                Some((name, _)) if SHOWN_PARAMETERS.contains(&name) => {}
                Some((_, written)) => {
                    self.add(written);
                    self.add(&value);
                }
                // A name alone may be a token.
                None => {
                    self.add(parameter);
                    self.add(&name);
                }
            }
        }
    }

    fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        // As it is, as JSON has it (Go's writer escapes more), and as a URL or a form has it.
        let json = secret.replace('\\', r"\\").replace('"', "\\\"");
        let go = json
            .replace('&', r"\u0026")
            .replace('<', r"\u003c")
            .replace('>', r"\u003e");
        let mut encoded = String::new();
        for byte in secret.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    encoded.push(char::from(byte));
                }
                byte => {
                    encoded.push('%');
                    encoded.push_str(&HEXUPPER.encode(&[byte]));
                }
            }
        }
        for form in [secret.to_owned(), json, go, encoded] {
            let form = Redacted::new(form);
            if !self.0.contains(&form) {
                self.0.push(form);
            }
        }
        // One can be the beginning of another, of which the rest would stay.
        self.0.sort_by_key(|form| Reverse(form.expose().len()));
    }

    /// The text without them. At its end the beginning of one is hidden as well, since such texts are cut.
    pub(crate) fn hide(&self, text: String) -> String {
        let mut text = text;
        let secrets = || self.0.iter().map(Redacted::expose);
        for secret in secrets() {
            if text.contains(secret) {
                text = text.replace(secret, SHOWN);
            }
        }
        for secret in secrets() {
            let begun = (SHORTEST..secret.len())
                .rev()
                .filter_map(|length| secret.get(..length))
                .find_map(|begin| text.strip_suffix(begin));
            if let Some(before) = begun {
                text = format!("{before}{SHOWN}");
            }
        }
        text
    }

    /// The same for a body. One without secrets stays as it is, whatever it holds.
    pub(crate) fn hide_in(&self, body: Vec<u8>) -> Vec<u8> {
        if self.0.is_empty() {
            return body;
        }
        self.hide(String::from_utf8_lossy(&body).into_owned())
            .into_bytes()
    }
}

/// Shorter ones are found in every text; nothing would be left of it.
const SHORTEST: usize = 4;

const SHOWN: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use reqwest::header::{AUTHORIZATION, HeaderValue};

    use super::*;

    fn basic(user: &str, password: &str) -> Sent {
        let pair = BASE64.encode(format!("{user}:{password}").as_bytes());
        let mut value = HeaderValue::from_str(&format!("Basic {pair}")).unwrap();
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value);
        headers.insert("accept", HeaderValue::from_static("*/*"));
        Sent::of(&headers, &[Redacted::new("identity+token")])
    }

    #[test]
    fn what_was_sent_is_hidden_in_every_form() {
        let sent = basic("bob", "s3cr3t<\"pa&ss");
        for (text, expected) in [
            (
                "for Basic Ym9iOnMzY3IzdDwicGEmc3M=.",
                "for Basic [redacted].",
            ),
            (
                "s3cr3t<\"pa&ss twice s3cr3t<\"pa&ss",
                "[redacted] twice [redacted]",
            ),
            (r#"{"m":"s3cr3t<\"pa&ss"}"#, r#"{"m":"[redacted]"}"#),
            (
                r#"{"m":"s3cr3t\u003c\"pa\u0026ss"}"#,
                r#"{"m":"[redacted]"}"#,
            ),
            ("?p=s3cr3t%3C%22pa%26ss", "?p=[redacted]"),
            ("refresh_token=identity%2Btoken", "refresh_token=[redacted]"),
            ("cut in s3cr3t<", "cut in [redacted]"),
            ("cut in s3c", "cut in s3c"),
            ("bob and */* are no secrets", "bob and */* are no secrets"),
        ] {
            assert_eq!(sent.hide(text.to_owned()), expected);
        }
        assert!(!format!("{sent:?}").contains("s3cr3t"));
    }

    #[test]
    fn values_of_queries_are_hidden_whole() {
        let mut sent = Sent::default();
        let url = "https://h.test/?a=s3cr&b=s3cret%2Fs3cret&&s3cr-alone&tag=v1.36&c=abc";
        sent.add_query(&Url::parse(url).unwrap());
        for (text, expected) in [
            ("s3cr s3cret/s3cret", "[redacted] [redacted]"),
            ("b=s3cret%2Fs3cret", "b=[redacted]"),
            ("s3cr-alone v1.36 abc", "[redacted] v1.36 abc"),
        ] {
            assert_eq!(sent.hide(text.to_owned()), expected);
        }
    }

    #[test]
    fn nothing_is_hidden_where_nothing_was_sent() {
        let body = vec![0xff, b'a'];
        assert_eq!(Sent::default().hide_in(body.clone()), body);
        assert_eq!(basic("bob", "a").hide("a banana".to_owned()), "a banana");
    }
}
