//! Digests: algorithms, values, and hashing a stream.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// A digest algorithm, named as in-toto names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestAlgorithm {
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA-1, only to find a subject that the caller names by it; nothing is hashed with it.
    Sha1,
    /// A git commit id (SHA-1 or SHA-256 of the commit object), only to find a subject that the caller names by it.
    GitCommit,
}

impl DigestAlgorithm {
    /// Whether a signature may be made over a digest of this kind.
    pub fn signs(self) -> bool {
        matches!(self, Self::Sha256 | Self::Sha384 | Self::Sha512)
    }

    /// The name in in-toto digest sets and in `ALG:HEX`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sha1 => "sha1",
            Self::GitCommit => "gitCommit",
        }
    }

    fn accepts(self, length: usize) -> bool {
        match self {
            Self::Sha256 => length == 32,
            Self::Sha384 => length == 48,
            Self::Sha512 => length == 64,
            Self::Sha1 => length == 20,
            Self::GitCommit => length == 20 || length == 32,
        }
    }

    /// How many hex digits a value has, in words.
    fn digits(self) -> &'static str {
        match self {
            Self::Sha256 => "64",
            Self::Sha384 => "96",
            Self::Sha512 => "128",
            Self::Sha1 => "40",
            Self::GitCommit => "40 or 64",
        }
    }

    pub(crate) fn backend(self) -> Option<&'static digest::Algorithm> {
        match self {
            Self::Sha256 => Some(&digest::SHA256),
            Self::Sha384 => Some(&digest::SHA384),
            Self::Sha512 => Some(&digest::SHA512),
            Self::Sha1 | Self::GitCommit => None,
        }
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DigestAlgorithm {
    type Err = InvalidDigest;

    fn from_str(name: &str) -> Result<Self, InvalidDigest> {
        [
            Self::Sha256,
            Self::Sha384,
            Self::Sha512,
            Self::Sha1,
            Self::GitCommit,
        ]
        .into_iter()
        .find(|algorithm| algorithm.as_str() == name)
        .ok_or(InvalidDigest::Form)
    }
}

/// A digest with its algorithm. Written `sha256:HEX`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    length: u8,
    bytes: [u8; 64],
}

/// The text is not `ALG:HEX` with a known algorithm and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidDigest {
    /// It names no algorithm that is known.
    Form,
    /// What follows the algorithm is not hex.
    NotHex {
        /// The algorithm.
        algorithm: DigestAlgorithm,
    },
    /// There are more or fewer digits than the algorithm has.
    Length {
        /// The algorithm.
        algorithm: DigestAlgorithm,
        /// The hex digits that were found.
        digits: usize,
    },
}

impl fmt::Display for InvalidDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("not a digest such as sha256: and 64 hex digits (sha384, sha512, sha1 and gitCommit exist too)"),
            Self::NotHex { algorithm } => {
                write!(f, "{algorithm} takes {} hex digits, not other characters", algorithm.digits())
            }
            Self::Length { algorithm, digits } => {
                write!(f, "{algorithm} takes {} hex digits, not {digits}", algorithm.digits())
            }
        }
    }
}

impl std::error::Error for InvalidDigest {}

impl Digest {
    /// A digest from its bytes; `None` when the length is not the algorithm's.
    pub fn new(algorithm: DigestAlgorithm, value: &[u8]) -> Option<Self> {
        if !algorithm.accepts(value.len()) {
            return None;
        }
        let mut bytes = [0; 64];
        bytes.get_mut(..value.len())?.copy_from_slice(value);
        Some(Self {
            algorithm,
            length: u8::try_from(value.len()).ok()?,
            bytes,
        })
    }

    /// The SHA-256 digest of `data`.
    pub fn sha256(data: &[u8]) -> Self {
        let mut bytes = [0; 64];
        let (head, _) = bytes.split_at_mut(32);
        head.copy_from_slice(&sha256(&[data]));
        Self {
            algorithm: DigestAlgorithm::Sha256,
            length: 32,
            bytes,
        }
    }

    /// Hashes `data`; `None` for the algorithms that only name things.
    pub fn of(algorithm: DigestAlgorithm, data: &[u8]) -> Option<Self> {
        Self::new(
            algorithm,
            digest::digest(algorithm.backend()?, data).as_ref(),
        )
    }

    /// A digest from its algorithm and hex digits of either case.
    ///
    /// # Errors
    /// When the digits are no hex, or not as many as the algorithm has.
    pub fn from_hex(algorithm: DigestAlgorithm, hex: &str) -> Result<Self, InvalidDigest> {
        let length = InvalidDigest::Length {
            algorithm,
            digits: hex.len(),
        };
        if !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidDigest::NotHex { algorithm });
        }
        // An odd number of digits is no hex.
        let bytes = HEXLOWER_PERMISSIVE
            .decode(hex.as_bytes())
            .map_err(|_| length)?;
        Self::new(algorithm, &bytes).ok_or(length)
    }

    /// The algorithm.
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The value.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }

    /// The value in lower-case hex.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(self.as_bytes())
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let (algorithm, hex) = text.split_once(':').ok_or(InvalidDigest::Form)?;
        Self::from_hex(algorithm.parse()?, hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}",
            self.algorithm,
            HEXLOWER.encode_display(self.as_bytes())
        )
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(sha256|sha384|sha512|sha1|gitCommit):[0-9a-f]{40,128}$"
        })
    }
}

/// SHA-256 over the concatenation of `parts`.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::{Digest, DigestAlgorithm};

    #[test]
    fn text_form_round_trips() {
        let digest = Digest::sha256(b"");
        let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(
            text.to_uppercase().replace("SHA256", "sha256").parse(),
            Ok(digest)
        );
    }

    #[test]
    fn wrong_lengths_and_names_are_refused() {
        for (text, told) in [
            ("sha256:00", "sha256 takes 64 hex digits, not 2"),
            ("sha256:abc", "sha256 takes 64 hex digits, not 3"),
            ("sha256:", "sha256 takes 64 hex digits, not 0"),
            (
                "sha256:zz",
                "sha256 takes 64 hex digits, not other characters",
            ),
            ("gitCommit:00", "gitCommit takes 40 or 64 hex digits, not 2"),
            ("sha999:00", "not a digest such as"),
            ("sha256", "not a digest such as"),
            ("", "not a digest such as"),
            ("SHA256:00", "not a digest such as"),
        ] {
            let error = text.parse::<Digest>().unwrap_err().to_string();
            assert!(error.starts_with(told), "{text}: {error}");
        }
        assert!(Digest::new(DigestAlgorithm::Sha512, &[0; 32]).is_none());
    }
}
