//! The text forms Sigstore material travels in: base64, hexadecimal, PEM, canonical JSON.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;

/// Standard base64 with padding (RFC 4648 section 4).
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The bytes of standard base64 with padding.
///
/// # Panics
///
/// When `text` is not base64.
#[must_use]
pub fn base64_decode(text: &str) -> Vec<u8> {
    BASE64.decode(text.as_bytes()).expect("base64")
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// One PEM block (RFC 7468) with a trailing newline.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    let encoded = base64(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        out.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// Canonical JSON (RFC 8785), as Rekor stores and signs it.
///
/// # Panics
///
/// When `value` holds a number that RFC 8785 cannot express.
#[must_use]
pub fn canonical_json(value: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("canonical JSON")
}
