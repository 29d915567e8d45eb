//! What registries say when they have not what was asked for (distribution-spec 1.1, "Error Codes").

use std::fmt;

use sealcheck_verify::printable;
use serde::Deserialize;

use crate::{Absence, RegistryError};

/// The first error in a body that is a registry's.
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
    let errors: Errors = serde_json::from_slice(body).ok()?;
    let first = errors.errors.into_iter().next()?;
    Some(Told {
        code: printable(&first.code),
        message: printable(&first.message.unwrap_or_default()),
    })
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
        Some(told) if REFUSALS.contains(&told.code.as_str()) => Err(RegistryError::Forbidden {
            url: url.to_owned(),
            detail: told.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Codes that mean *you may not*, whatever status they come with.
const REFUSALS: &[&str] = &["UNAUTHORIZED", "DENIED", "TOOMANYREQUESTS"];

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
    fn a_404_that_says_denied_is_no_absence() {
        let denied = br#"{"errors":[{"code":"DENIED","message":"no"}]}"#;
        let error = absence("u", denied, true).unwrap_err();
        assert!(matches!(error, RegistryError::Forbidden { .. }), "{error}");
    }

    #[test]
    fn words_are_made_fit_for_a_terminal() {
        let body = br#"{"errors":[{"code":"DENIED","message":"\u001b[2Jno"}]}"#;
        assert_eq!(told(body).unwrap().to_string(), "DENIED: \\u{1b}[2Jno");
    }
}
