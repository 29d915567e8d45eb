//! What registries say when they have not what was asked for (distribution-spec 1.1, "Error Codes").

use std::fmt;

use sealcheck_verify::printable;
use serde::Deserialize;

use crate::manifest::essence;
use crate::{Absence, RegistryError};

/// What a body that is a registry's says: its first error, or the first that is a refusal where one is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<Wire>,
}

#[derive(Deserialize)]
struct Wire {
    code: String,
    #[serde(default)]
    message: Option<String>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        match self.message.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.message),
        }
    }
}

/// The registry's words, if the body is a registry's.
pub(super) fn told(body: &[u8]) -> Option<Told> {
    let Errors { mut errors } = serde_json::from_slice(body).ok()?;
    // Whoever is told two things and refused in one of them was refused.
    let refusal = errors
        .iter()
        .position(|error| is_refusal(&error.code))
        .unwrap_or(0);
    if refusal >= errors.len() {
        return None;
    }
    let error = errors.swap_remove(refusal);
    Some(Told {
        code: printable(&error.code),
        message: printable(&error.message.unwrap_or_default()),
    })
}

/// Whether an answer is a page for people: of a proxy, of a login, of whatever stands before a registry. Registries answer
/// in JSON or in plain text.
pub(super) fn is_page(content_type: Option<&str>, body: &[u8]) -> bool {
    let begins = |with: &str| {
        body.trim_ascii_start()
            .get(..with.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(with.as_bytes()))
    };
    content_type.is_some_and(|declared| essence(declared) == "text/html")
        || begins("<!doctype html")
        || begins("<html")
}

/// The error for a page for people.
pub(super) fn page(url: &str, status: u16) -> RegistryError {
    RegistryError::NotARegistry {
        url: url.to_owned(),
        status,
        detail: "it is a web page".to_owned(),
    }
}

/// What a 404 means. It is an absence only when a registry said so: by its error list, or by its header. Everything between
/// us and a registry, and everything that is none, answers 404 as well.
pub(super) fn absence(
    url: &str,
    body: &[u8],
    says_registry: bool,
) -> Result<Absence, RegistryError> {
    let told = told(body);
    check_refusal(url, told.as_ref())?;
    if told.is_none() {
        check_words(url, body)?;
    }
    match told {
        Some(told) => Ok(Absence {
            asked: vec![url.to_owned()],
            code: told.code,
        }),
        None if says_registry => Ok(Absence {
            asked: vec![url.to_owned()],
            code: String::new(),
        }),
        None => Err(RegistryError::NotARegistry {
            url: url.to_owned(),
            status: 404,
            detail: "it has neither a registry's error list nor its header".to_owned(),
        }),
    }
}

/// Refuses an answer that means *you may not*, whatever its status.
pub(super) fn check_refusal(url: &str, told: Option<&Told>) -> Result<(), RegistryError> {
    match told {
        Some(told) if is_refusal(&told.code) => Err(RegistryError::Forbidden {
            url: url.to_owned(),
            detail: told.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Refuses an answer without a registry's error list that means *you may not* in plain words. A list says it by its codes.
pub(super) fn check_words(url: &str, body: &[u8]) -> Result<(), RegistryError> {
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    match body.len() <= WORDS_BYTES && REFUSING.iter().any(|word| lower.contains(word)) {
        true => Err(RegistryError::Forbidden {
            url: url.to_owned(),
            detail: printable(text.trim()),
        }),
        false => Ok(()),
    }
}

/// Whether a body is what programs answer that look addresses up and do not know this one, or not for this method: nothing,
/// or the words for the status, as Go's `http.NotFound` has them or as HTTP itself.
pub(super) fn is_plain(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body.trim_ascii()) else {
        return false;
    };
    let words = text.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    PLAIN.iter().any(|plain| words.eq_ignore_ascii_case(plain))
}

/// Whether the header [`API_VERSION`] is a registry's.
pub(super) fn says_registry(version: Option<&str>) -> bool {
    version.is_some_and(|version| version.starts_with("registry/2"))
}

fn is_refusal(code: &str) -> bool {
    REFUSALS
        .iter()
        .any(|refusal| code.eq_ignore_ascii_case(refusal))
}

/// The header by which registries show themselves, also beside an answer that says nothing.
pub(super) const API_VERSION: &str = "docker-distribution-api-version";

const PLAIN: &[&str] = &[
    "",
    "page not found",
    "not found",
    "bad request",
    "method not allowed",
    "not acceptable",
    "not implemented",
];

/// Parts of words that mean *you may not*.
const REFUSING: &[&str] = &["authoriz", "authentic", "denied", "forbidden", "permission"];

/// A body that is longer is no sentence.
const WORDS_BYTES: usize = 4096;

/// Codes that mean *you may not*, in whatever case and with whatever status they come: those of the specification, and
/// those of registries and token services beside it.
const REFUSALS: &[&str] = &[
    "UNAUTHORIZED",
    "DENIED",
    "FORBIDDEN",
    "INSUFFICIENT_SCOPE",
    "TOOMANYREQUESTS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_404_is_an_absence_only_when_a_registry_says_so() {
        let unknown = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}"#;
        assert_eq!(
            absence("u", unknown, false).unwrap().code,
            "MANIFEST_UNKNOWN"
        );
        assert_eq!(absence("u", b"", true).unwrap().code, "");
        for other in [
            &b""[..],
            b"404 page not found",
            b"<html>not here</html>",
            b"{}",
            br#"{"errors":[]}"#,
            br#"{"errors":["x"]}"#,
            br#"{"error":"not found"}"#,
            br#"<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>"#,
        ] {
            let error = absence("u", other, false).unwrap_err();
            assert!(
                matches!(error, RegistryError::NotARegistry { .. }),
                "{error}"
            );
        }
    }

    #[test]
    fn a_404_that_refuses_is_no_absence_wherever_and_however_it_says_so() {
        for refusal in [
            r#"{"errors":[{"code":"DENIED","message":"no"}]}"#,
            r#"{"errors":[{"code":"denied"}]}"#,
            r#"{"errors":[{"code":"FORBIDDEN"}]}"#,
            r#"{"errors":[{"code":"insufficient_scope","message":"authorization failed"}]}"#,
            r#"{"errors":[{"code":"NAME_UNKNOWN"},{"code":"DENIED"}]}"#,
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN"},{"code":"X"},{"code":"Unauthorized"}]}"#,
        ] {
            let error = absence("u", refusal.as_bytes(), true).unwrap_err();
            assert!(matches!(error, RegistryError::Forbidden { .. }), "{error}");
        }
        // The refusal is what is told.
        let two = br#"{"errors":[{"code":"NAME_UNKNOWN"},{"code":"DENIED","message":"no"}]}"#;
        assert_eq!(told(two).unwrap().to_string(), "DENIED: no");
    }

    #[test]
    fn a_404_that_refuses_in_words_is_no_absence() {
        for words in [
            "proxy: access denied by policy",
            r#"{"message":"You are not authorized"}"#,
            "unauthorized: authentication required",
            "Forbidden",
        ] {
            let error = absence("u", words.as_bytes(), true).unwrap_err();
            assert!(matches!(error, RegistryError::Forbidden { .. }), "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        // A list refuses by its codes, and what is long is no sentence.
        let listed =
            br#"{"errors":[{"code":"NAME_UNKNOWN","message":"unknown, or access denied"}]}"#;
        assert_eq!(absence("u", listed, false).unwrap().code, "NAME_UNKNOWN");
        let long = format!("{}denied", " ".repeat(4096));
        assert!(absence("u", long.as_bytes(), true).is_ok());
    }

    #[test]
    fn the_words_of_a_server_without_the_address_are_known() {
        for plain in [
            "",
            "\n",
            "404 page not found\n",
            "Not Found",
            "405 Method Not Allowed",
            "501",
        ] {
            assert!(is_plain(plain.as_bytes()), "{plain}");
        }
        for other in [
            "blocked",
            "404 page not found here",
            "{}",
            r#"{"detail":"Not Found"}"#,
            "\u{fffd}",
        ] {
            assert!(!is_plain(other.as_bytes()), "{other}");
        }
        assert!(!is_plain(&[0xff]));
    }

    #[test]
    fn a_page_is_known_by_its_type_or_its_beginning() {
        assert!(is_page(Some("Text/HTML; charset=utf-8"), b""));
        assert!(is_page(None, b"\n <!DOCTYPE html><title>x"));
        assert!(is_page(Some("text/plain"), b"<HTML>"));
        for body in [
            &b"404 page not found"[..],
            b"{}",
            b"<?xml version=\"1.0\"?>",
            b"",
        ] {
            assert!(!is_page(Some("application/json"), body));
        }
    }

    #[test]
    fn words_are_made_fit_for_a_terminal() {
        let body = br#"{"errors":[{"code":"DENIED","message":"\u001b[2Jno"}]}"#;
        assert_eq!(told(body).unwrap().to_string(), "DENIED: \\u{1b}[2Jno");
    }
}
