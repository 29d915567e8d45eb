//! The secrets of the addresses that the user gave, and how text is printed without them.

use std::borrow::Cow;

use crate::redact::SHOWN_PARAMETERS;

/// What must not be printed, because it stood in an address: credentials, and values of the query and the fragment.
///
/// [`crate::redact_url`] is for addresses that are known to be some. This is for text that quotes the user or an error: a
/// wrong flag, a mistyped scheme or an error of the system can repeat any part of what the user wrote. It is not for
/// evidence or for a document as a whole, which it could alter.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Secret>);

#[derive(Clone)]
struct Secret {
    /// What stands before it and is printed.
    lead: String,
    text: String,
    /// What is printed instead.
    shown: &'static str,
    /// Whether the beginning of it is a secret as well: long texts are cut.
    is_cut: bool,
}

impl Secrets {
    /// Remembers the secrets of a word that is an address, or a flag with one; also `USER:PASSWORD@HOST` without a scheme.
    pub fn learn(&mut self, word: &str) {
        for userinfo in parts(word).filter_map(bare_userinfo) {
            self.add_userinfo(userinfo);
        }
        for address in addresses(word) {
            let behind = self.learn_userinfo(address, |_| true);
            let (shown, fragment) = behind.split_once('#').unwrap_or((behind, ""));
            self.add("#", fragment, "[redacted]", true);
            let Some((_, query)) = shown.split_once('?') else {
                continue;
            };
            for (index, parameter) in query.split('&').enumerate() {
                let separator = if index == 0 { "?" } else { "&" };
                match parameter.split_once('=') {
                    Some((name, _)) if SHOWN_PARAMETERS.contains(&name) => {}
                    Some((name, value)) => {
                        self.add(&format!("{separator}{name}="), value, "[redacted]", true);
                    }
                    None => self.add(separator, parameter, "[redacted]", true),
                }
            }
        }
    }

    /// Remembers only the credentials in a word, which is the name or the pattern of a signer: those have queries that
    /// are none, and must be printed as they are.
    pub fn learn_credentials(&mut self, word: &str) {
        for address in addresses(word) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'+,;=:/".contains(c);
            self.learn_userinfo(address, |userinfo| userinfo.chars().all(plain));
        }
    }

    /// Whether there is nothing to hide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without the secrets.
    #[must_use]
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.iter().fold(Cow::Borrowed(text), |text, secret| {
            match text.contains(&secret.lead) {
                true => secret.hide(&text).map_or(text, Cow::Owned),
                false => text,
            }
        })
    }

    /// The address behind its credentials.
    fn learn_userinfo<'a>(&mut self, address: &'a str, accept: impl Fn(&str) -> bool) -> &'a str {
        let Some(userinfo) = userinfo(address).filter(|info| accept(info)) else {
            return address;
        };
        self.add_userinfo(userinfo);
        address.get(userinfo.len()..).unwrap_or_default()
    }

    fn add_userinfo(&mut self, userinfo: &str) {
        let whole = format!("{userinfo}@");
        match userinfo.split_once(':') {
            // Errors quote addresses without their scheme, or up to the `@` only.
            Some((user, password)) => {
                self.add("", &whole, "redacted@", false);
                // What stands behind the first `@` of an image is taken for its digest.
                if let Some((_, rest)) = whole.split_once('@').filter(|(_, it)| it.len() > 1) {
                    self.add("", rest, "redacted@", false);
                }
                self.add(&format!("{user}:"), password, "[redacted]", true);
            }
            None => self.add("/", &whole, "redacted@", false),
        }
    }

    fn add(&mut self, lead: &str, text: &str, shown: &'static str, is_cut: bool) {
        // As it is, and as it stands in JSON.
        let escaped = text.replace('\\', r"\\").replace('"', "\\\"");
        for text in [text, &escaped] {
            let known = self
                .0
                .iter()
                .any(|known| known.lead == lead && known.text == text);
            if !text.is_empty() && !known {
                self.0.push(Secret {
                    lead: lead.to_owned(),
                    text: text.to_owned(),
                    shown,
                    is_cut,
                });
            }
        }
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} redacted)", self.0.len())
    }
}

impl Secret {
    /// The text without this secret; `None` when it is not there.
    fn hide(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = self.around(rest) {
            out.push_str(before);
            out.push_str(self.shown);
            rest = behind;
        }
        out.push_str(rest);
        (out != text).then_some(out)
    }

    /// What stands before and behind it.
    fn around<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        text.match_indices(&self.lead).find_map(|(at, lead)| {
            let (before, after) = text.split_at_checked(at + lead.len())?;
            let there = self.length_in(after);
            let behind = after.get(there..).filter(|_| there > 0)?;
            Some((before, behind))
        })
    }

    /// How many bytes of it `text` begins with; 0 when that is too little to be it.
    fn length_in(&self, text: &str) -> usize {
        let common: usize = self
            .text
            .chars()
            .zip(text.chars())
            .take_while(|(own, other)| own == other)
            .map(|(own, _)| own.len_utf8())
            .sum();
        match common == self.text.len() || (self.is_cut && common >= RECOGNISED) {
            true => common,
            false => 0,
        }
    }
}

/// What stands behind the scheme when the word is an address, or what stands behind its first `=` is one.
fn addresses(word: &str) -> impl Iterator<Item = &str> {
    parts(word).filter_map(behind_scheme)
}

/// The word, and what stands behind its first `=`.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let value = word.split_once('=').map(|(_, value)| value);
    std::iter::once(word.trim_start_matches('-')).chain(value)
}

/// The credentials of an address.
fn userinfo(address: &str) -> Option<&str> {
    let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    // A password that was not encoded may have a slash or a question mark in it.
    let is_cut = !authority.contains('@')
        && !authority.starts_with('[')
        && !port.bytes().all(|byte| byte.is_ascii_digit());
    let part = if is_cut { address } else { authority };
    part.rsplit_once('@').map(|(userinfo, _)| userinfo)
}

/// `USER:PASSWORD` in an address without a scheme. What has a digest behind its last `@` is an image with a tag.
fn bare_userinfo(text: &str) -> Option<&str> {
    let is_digest = |text: &str| DIGESTS.iter().any(|digest| text.starts_with(digest));
    let address = match text.rsplit_once('@') {
        Some((name, behind)) if is_digest(behind) => name,
        _ => text,
    };
    let is_user = |user: &str| !user.contains(|c: char| c == '=' || c.is_whitespace());
    userinfo(address)
        .filter(|info| info.split_once(':').is_some_and(|(user, _)| is_user(user)))
        .filter(|_| behind_scheme(text).is_none())
}

/// What stands behind `SCHEME://` (RFC 3986 section 3.1). After the schemes of the web one slash is enough: systems drop the
/// second from paths.
fn behind_scheme(text: &str) -> Option<&str> {
    let (scheme, behind) = text.split_once(":/")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    let is_web = ["http", "https"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    (is_scheme && (is_web || behind.starts_with('/'))).then(|| behind.trim_start_matches('/'))
}

/// How digests begin.
const DIGESTS: [&str; 3] = ["sha256:", "sha384:", "sha512:"];

/// The beginning of a secret that is as long as this is no coincidence.
const RECOGNISED: usize = 8;

#[cfg(test)]
mod tests {
    use super::Secrets;

    fn hidden(word: &str, text: &str) -> String {
        let mut secrets = Secrets::default();
        secrets.learn(word);
        assert_eq!(format!("{secrets:?}").matches("s3cret").count(), 0);
        secrets.hide(text).into_owned()
    }

    #[test]
    fn no_part_of_an_address_brings_its_secret_with_it() {
        let long = "s3cret".repeat(100);
        let word = format!("htps://user:s3cret@h.test/x?n=1&X-Sig=s3cret&t={long}#s3cret");
        for (text, expected) in [
            (
                word.as_str(),
                "htps://redacted@h.test/x?n=1&X-Sig=[redacted]&t=[redacted]#[redacted]",
            ),
            (
                "no file `/tmp/htps:/user:s3cret@h.test/.tmp1`",
                "no file `/tmp/htps:/redacted@h.test/.tmp1`",
            ),
            (
                "h.test/x?n=1&X-Sig=s3cret is",
                "h.test/x?n=1&X-Sig=[redacted] is",
            ),
            (&format!("&t={}…", &long[..200]), "&t=[redacted]…"),
            (
                "user and n=1 stay, X-Sig too",
                "user and n=1 stay, X-Sig too",
            ),
        ] {
            assert_eq!(hidden(&word, text), expected);
        }
        for word in [
            "--key=https://user:s3cret@h.test",
            "https://s3cret@h.test",
            "https://user:s3cret/s3cret@h.test",
            "https://user:p@s3cret@h.test/",
            "https://h.test/?s3cret",
            "https://h.test/#s3cret",
            "ftp://user:s3cret\"s3cret@h.test",
        ] {
            assert!(!hidden(word, word).contains("s3cret"), "{word}");
            let quoted = format!("{word:?}");
            assert!(!hidden(word, &quoted).contains("s3cret"), "{word}");
        }
    }

    #[test]
    fn credentials_need_no_scheme() {
        for (word, text, expected) in [
            (
                "https://bob:s3cret@h.test:9",
                "such as bob:s3cret@h.test:9",
                "such as redacted@h.test:9",
            ),
            (
                "bob:s3cret@h.test",
                "bob:s3cret@h.test/x",
                "redacted@h.test/x",
            ),
            (
                "--from=bob:s3cret@h.test",
                "--from=bob:s3cret@h.test is",
                "--from=redacted@h.test is",
            ),
            (
                "bob:s3cret@h.test/x:v1@sha256:abc",
                "`bob:s3cret` and h.test/x:v1@sha256:abc",
                "`bob:[redacted]` and h.test/x:v1@sha256:abc",
            ),
            (
                "bob:s3cret/s3cret@h.test",
                "(bob:s3cret/s3cret@h.test, bob:s3cret/s…)",
                "(redacted@h.test, bob:[redacted]…)",
            ),
            (
                "bob:p@s3cret@h.test",
                "bob:p@s3cret@h.test, found s3cret@h.test",
                "redacted@h.test, found redacted@h.test",
            ),
            ("bob:s3cret@h.test", "bob:s3 is", "bob:s3 is"),
        ] {
            assert_eq!(hidden(word, text), expected, "{word}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for word in [
            "h.test:5000/x:v1@sha256:abc",
            "h.test:5000/x@v1",
            "sha256:abc",
            "bob@h.test",
            "./folder:a@b",
            "see this: a@b",
            "https://h.test:8080/a@b",
            "https://[::1]:80/a@b",
            "https://github.com/org/repo/.github/workflows/x.yml@refs/tags/v1",
            "img:v1@sha256:abc",
            "https://h.test/?digest=sha256:abc",
            "user:/a",
            "x:/user@h.test/?a=b",
            "1x://user@h.test",
            "a b://user@h.test",
            "plain",
        ] {
            assert_eq!(hidden(word, word), word);
        }
        let mut secrets = Secrets::default();
        secrets.learn_credentials(r"regex:https://(?:a|b)@h\.test/x(y)?z=1");
        assert!(secrets.is_empty());
        secrets.learn_credentials("https://user:s3cret@h.test");
        assert_eq!(
            secrets.hide("https://user:s3cret@h.test"),
            "https://redacted@h.test"
        );
    }
}
