//! Paths below a release.

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::printable;

use crate::limits::PATH_BYTES;

/// A path below a release, such as `bin/linux/amd64/kubectl`. It leads nowhere else: not in an address, and not in a folder
/// of any system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleasePath(Box<str>);

/// Why a text is no path below a release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path below a release: expected {expected}, found {found:?}")]
pub struct InvalidPath {
    /// What would have been right.
    pub expected: &'static str,
    /// The text, printable.
    pub found: String,
}

impl ReleasePath {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Its parts, the last first.
    pub(crate) fn parts_from_end(&self) -> impl Iterator<Item = &str> {
        self.0.rsplit('/')
    }

    /// The path of a file whose name is this one's with something behind it.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        Self(format!("{}{suffix}", self.0).into())
    }

    /// As it stands in an address: what is neither unreserved nor a slash is percent-encoded (RFC 3986 section 2).
    pub(crate) fn encoded(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        for byte in self.0.bytes() {
            match byte {
                b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
                byte => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    }

    /// The path that stands in an address. What is encoded is decoded once.
    pub(crate) fn decoded(text: &str) -> Result<Self, InvalidPath> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((byte, behind)) = rest.split_first() {
            rest = behind;
            if *byte != b'%' {
                bytes.push(*byte);
                continue;
            }
            let decoded = rest.split_at_checked(2).and_then(|(digits, behind)| {
                let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
                let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
                Some((u8::from_str_radix(digits, 16).ok()?, behind))
            });
            let (byte, behind) =
                decoded.ok_or_else(|| invalid("two hex digits after each percent sign", text))?;
            bytes.push(byte);
            rest = behind;
        }
        let decoded = String::from_utf8(bytes).map_err(|_| invalid("UTF-8", text))?;
        decoded.parse()
    }

    /// Whether a text is such a path.
    pub(crate) fn is_plain(text: &str) -> bool {
        problem(text).is_none()
    }
}

/// What is wrong with a path; `None` when nothing is.
fn problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("a path");
    }
    if text.len() > PATH_BYTES.max {
        return Some("at most 1024 bytes (path-bytes)");
    }
    if text.starts_with('/') {
        return Some("a path that does not begin with a slash");
    }
    // Backslash and colon separate on Windows; what is not printable is meant for somebody's eyes.
    if text.contains(['\\', ':']) || text.chars().any(char::is_control) || has_hidden(text) {
        return Some("no backslash, colon, control or invisible character");
    }
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("no empty part, `.` or `..`");
    }
    None
}

/// Whether a character of it cannot be seen. Cutting is not hiding: texts are shorter than what is cut.
fn has_hidden(text: &str) -> bool {
    text.chars().any(|c| {
        let mut buffer = [0; 4];
        let text: &str = c.encode_utf8(&mut buffer);
        printable(text) != text
    })
}

fn invalid(expected: &'static str, found: &str) -> InvalidPath {
    InvalidPath {
        expected,
        found: printable(found),
    }
}

impl FromStr for ReleasePath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        match problem(text) {
            None => Ok(Self(text.into())),
            Some(expected) => Err(invalid(expected, text)),
        }
    }
}

impl fmt::Display for ReleasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for ReleasePath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ReleasePath;
    use crate::limits::PATH_BYTES;

    #[test]
    fn traps_are_refused() {
        for text in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a/..",
            "./a",
            "a/.",
            "a//b",
            "a/",
            "a\\b",
            "C:a",
            "a\0b",
            "a\nb",
            "a\u{202e}b",
            "a\u{200b}",
        ] {
            let error = text.parse::<ReleasePath>().unwrap_err();
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        assert!("a".repeat(PATH_BYTES.max).parse::<ReleasePath>().is_ok());
        let long = "a"
            .repeat(PATH_BYTES.max + 1)
            .parse::<ReleasePath>()
            .unwrap_err();
        assert!(
            long.to_string()
                .contains(&format!("{} bytes ({})", PATH_BYTES.max, PATH_BYTES.name)),
            "{long}"
        );
        for text in [
            "a",
            "bin/linux/amd64/kubectl",
            "...",
            "a..b",
            ".hidden",
            "ä b",
        ] {
            assert_eq!(text.parse::<ReleasePath>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn an_address_holds_a_path_once_encoded() {
        let path: ReleasePath = "a b/c?d#e%2f+ä".parse().unwrap();
        assert_eq!(path.encoded(), "a%20b/c%3Fd%23e%252f%2B%C3%A4");
        assert_eq!(ReleasePath::decoded(&path.encoded()), Ok(path));
        for text in [
            "%",
            "%2",
            "%zz",
            "%+1",
            "a%2f..%2fb",
            "%2e%2e/x",
            "%5c",
            "%00",
            "%ff",
        ] {
            assert!(ReleasePath::decoded(text).is_err(), "{text}");
        }
    }
}
