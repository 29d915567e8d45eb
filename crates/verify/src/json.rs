//! JSON as Sigstore writes it: protobuf JSON with base64 bytes and 64-bit integers as strings.
//!
//! Strict where a lenient reader could be fooled: duplicate fields, trailing bytes and (in bundles and trusted roots)
//! unknown fields are errors, and every error names its field.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::limits::JSON_DEPTH;
use crate::{Failure, Reason, Result};

/// Reads all of `bytes` as a `T`; failures carry `reason` and the path of the field.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], reason: Reason) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| explain::<T>(bytes, reason, &error))
}

/// Reads again what could not be read, this time keeping the path: that costs an allocation for each field, which
/// good material need not pay.
fn explain<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    reason: Reason,
    error: &serde_json::Error,
) -> Failure {
    let mut input = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut input) {
        // Trailing bytes: the value itself is sound.
        Ok(_) => Failure::new(reason).detail(error),
        Err(error) => {
            let failure = Failure::new(reason).detail(in_terms_of_json(&error.inner().to_string()));
            // A part that is not known, because the text breaks off there, is written as a question mark.
            match error.path().to_string().trim_end_matches(['?', '.']) {
                "" => failure,
                path => failure.at(path),
            }
        }
    }
}

/// The reader's words without the names of our types, which say nothing to anybody else.
fn in_terms_of_json(message: &str) -> String {
    match message.split_once("expected struct ") {
        None => message.to_owned(),
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            format!("{before}expected a JSON object{rest}")
        }
    }
}

/// Refuses JSON that is nested more deeply than [`JSON_DEPTH`].
pub(crate) fn check_depth(bytes: &[u8], field: &str) -> Result<()> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => {
                depth += 1;
                JSON_DEPTH.check(depth, field)?;
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
    }
    Ok(())
}

/// Decodes base64 in the forms that protobuf JSON allows: either alphabet, with or without padding.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    // The usual form, without first looking at every character for the others.
    if let Ok(bytes) = BASE64.decode(text.as_bytes()) {
        return Some(bytes);
    }
    let padded = text.ends_with('=');
    let url_safe = text.contains(['-', '_']);
    let encoding = match (url_safe, padded) {
        (false, true) => BASE64,
        (false, false) => BASE64_NOPAD,
        (true, true) => BASE64URL,
        (true, false) => BASE64URL_NOPAD,
    };
    encoding.decode(text.as_bytes()).ok()
}

/// Bytes that are written in base64.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Base64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64 text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Base64, E> {
                base64(text)
                    .map(Base64)
                    .ok_or_else(|| E::custom("the text is not base64"))
            }
        }
        input.deserialize_str(Bytes)
    }
}

/// A SHA-256 value that is written in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hash(pub(crate) [u8; 32]);

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Hash;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 bytes in base64")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Hash, E> {
                let wrong = || E::custom("the text is not base64 of 32 bytes");
                if text.len() == 44 {
                    // The usual form, decoded in place.
                    let mut buffer = [0; 33];
                    if BASE64.decode_mut(text.as_bytes(), &mut buffer) == Ok(32) {
                        let [head @ .., _] = buffer;
                        return Ok(Hash(head));
                    }
                }
                base64(text)
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(Hash)
                    .ok_or_else(wrong)
            }
        }
        input.deserialize_str(Text)
    }
}

/// A 64-bit integer that is not negative, written as a string or as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Natural(pub(crate) u64);

impl<'de> Deserialize<'de> for Natural {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Natural;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer from 0 to 2^63-1")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> std::result::Result<Natural, E> {
                match i64::try_from(value) {
                    Ok(_) => Ok(Natural(value)),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Unsigned(value), &self)),
                }
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> std::result::Result<Natural, E> {
                u64::try_from(value)
                    .map(Natural)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Natural, E> {
                let plain = text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
                match (plain, text.parse()) {
                    (true, Ok(value)) => self.visit_u64(value),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }
        input.deserialize_any(Number)
    }
}

#[cfg(test)]
mod tests {
    use super::{Base64, Hash, Natural, base64, check_depth, parse};
    use crate::Reason;

    #[test]
    fn base64_in_all_forms_of_protobuf_json() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(base64(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        for text in ["+/9=", "+/8==", "+ /8", "+/8=\n", "+_8=", "="] {
            assert_eq!(base64(text), None, "{text}");
        }
        assert_eq!(base64("-_-_"), base64("+/+/"));
        assert_eq!(base64(""), Some(Vec::new()));
    }

    #[test]
    fn what_was_expected_is_said_without_the_names_of_our_types() {
        #[derive(Debug, serde::Deserialize)]
        struct Wire2 {
            _number: u8,
        }
        let detail = |text: &str| {
            let read = parse::<Wire2>(text.as_bytes(), Reason::MaterialMalformed);
            read.unwrap_err().detail.unwrap()
        };
        assert_eq!(
            &*detail("1"),
            "invalid type: integer `1`, expected a JSON object at line 1 column 1"
        );
        assert_eq!(
            &*detail("{\"_number\": \"\"}"),
            "invalid type: string \"\", expected u8 at line 1 column 14"
        );
    }

    #[test]
    fn where_the_text_breaks_off_is_no_field() {
        let field = |text: &str| {
            let read = parse::<Vec<Vec<u32>>>(text.as_bytes(), Reason::MaterialMalformed);
            read.unwrap_err().field
        };
        assert_eq!(field("[[1], [2, \"").as_deref(), Some("[1][1]"));
        for text in ["[", "", "x", "[[1]] 1"] {
            assert!(
                field(text).is_none_or(|field| !field.contains('?')),
                "{text}"
            );
        }
        type Map = std::collections::BTreeMap<String, u32>;
        let cut = parse::<Map>(b"{\"payload", Reason::MaterialMalformed);
        assert_eq!(cut.unwrap_err().field, None);
    }

    #[test]
    fn hashes_have_32_bytes() {
        let read =
            |text: &str| parse::<Hash>(format!("\"{text}\"").as_bytes(), Reason::MaterialMalformed);
        assert_eq!(
            read("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            Ok(Hash([0; 32]))
        );
        assert_eq!(
            read("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            Ok(Hash([0; 32]))
        );
        assert!(read("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").is_err());
        assert!(read("AAAA").is_err());
    }

    #[test]
    fn naturals_are_not_negative() {
        let read =
            |text: &str| parse::<Natural>(text.as_bytes(), Reason::MaterialMalformed).map(|n| n.0);
        assert_eq!(read("7"), Ok(7));
        assert_eq!(read("\"7\""), Ok(7));
        assert_eq!(read("9223372036854775807"), Ok(i64::MAX.unsigned_abs()));
        for text in [
            "-1",
            "\"-1\"",
            "\"+1\"",
            "9223372036854775808",
            "1.0",
            "\"\"",
            "null",
            "\" 7\"",
            "\"00000000000000000007\"",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn trailing_bytes_are_refused() {
        assert!(parse::<Base64>(b"\"\" x", Reason::MaterialMalformed).is_err());
    }

    #[test]
    fn depth_is_limited_and_strings_do_not_count() {
        assert!(check_depth("[".repeat(64).as_bytes(), "payload").is_ok());
        assert_eq!(
            check_depth("[".repeat(65).as_bytes(), "payload")
                .unwrap_err()
                .reason,
            Reason::LimitExceeded
        );
        assert!(check_depth(format!("\"\\\"{}\"", "[".repeat(99)).as_bytes(), "payload").is_ok());
    }
}
