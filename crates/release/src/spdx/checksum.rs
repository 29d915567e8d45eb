//! Checksums (SPDX 2.3, sections 7.10 and 8.4).

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::{Digest, DigestAlgorithm};

use super::{Place, SpdxError};

macro_rules! algorithms {
    ($($name:ident $text:literal $bytes:expr, $doc:literal;)+) => {
        /// An algorithm of SPDX 2.3, which has all of 2.2.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ChecksumAlgorithm {
            $(#[doc = $doc] $name,)+
        }

        impl ChecksumAlgorithm {
            const ALL: &[Self] = &[$(Self::$name),+];

            /// The name in documents, for example `SHA256`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// The bytes of a checksum; `None` when the algorithm has several lengths.
            fn bytes(self) -> Option<usize> {
                match self { $(Self::$name => $bytes),+ }
            }
        }
    };
}

algorithms! {
    Sha1 "SHA1" Some(20), "SHA-1, which proves nothing: two files can have the same.";
    Sha224 "SHA224" Some(28), "SHA-224.";
    Sha256 "SHA256" Some(32), "SHA-256.";
    Sha384 "SHA384" Some(48), "SHA-384.";
    Sha512 "SHA512" Some(64), "SHA-512.";
    Sha3_256 "SHA3-256" Some(32), "SHA3-256.";
    Sha3_384 "SHA3-384" Some(48), "SHA3-384.";
    Sha3_512 "SHA3-512" Some(64), "SHA3-512.";
    Blake2b256 "BLAKE2b-256" Some(32), "BLAKE2b of 256 bits.";
    Blake2b384 "BLAKE2b-384" Some(48), "BLAKE2b of 384 bits.";
    Blake2b512 "BLAKE2b-512" Some(64), "BLAKE2b of 512 bits.";
    Blake3 "BLAKE3" None, "BLAKE3.";
    Md2 "MD2" Some(16), "MD2, which is broken.";
    Md4 "MD4" Some(16), "MD4, which is broken.";
    Md5 "MD5" Some(16), "MD5, which is broken.";
    Md6 "MD6" None, "MD6.";
    Adler32 "ADLER32" Some(4), "Adler-32, which is for accidents only.";
}

/// What a document says that the digest of a file or a package is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checksum {
    algorithm: ChecksumAlgorithm,
    hex: Box<str>,
}

/// The checksums of one file or package: one an algorithm, ordered by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checksums(Vec<Checksum>);

impl ChecksumAlgorithm {
    /// The same algorithm as the verifier knows it; only for those that it computes, which can prove something.
    #[must_use]
    pub fn digest(self) -> Option<DigestAlgorithm> {
        match self {
            Self::Sha256 => Some(DigestAlgorithm::Sha256),
            Self::Sha384 => Some(DigestAlgorithm::Sha384),
            Self::Sha512 => Some(DigestAlgorithm::Sha512),
            _ => None,
        }
    }
}

impl fmt::Display for ChecksumAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ChecksumAlgorithm {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let named = |algorithm: &&Self| algorithm.as_str() == name;
        Self::ALL.iter().find(named).copied().ok_or(())
    }
}

impl Checksum {
    /// Reads an algorithm and a value in hex.
    pub(super) fn read(place: &Place, algorithm: &str, hex: &str) -> Result<Self, SpdxError> {
        let Ok(algorithm) = algorithm.parse::<ChecksumAlgorithm>() else {
            return Err(place.malformed("a checksum's algorithm such as SHA256", algorithm));
        };
        let (right, expected) = match algorithm.bytes() {
            Some(bytes) => (
                hex.len() == 2 * bytes,
                format!("{} hex digits of {algorithm}", 2 * bytes),
            ),
            None => (
                LENGTHS.contains(&hex.len()) && hex.len().is_multiple_of(2),
                format!("the hex digits of {algorithm}"),
            ),
        };
        if !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(place.malformed(expected, hex));
        }
        if !right {
            return Err(place.malformed(expected, &format!("{} digits", hex.len())));
        }
        Ok(Self {
            algorithm,
            hex: hex.to_ascii_lowercase().into(),
        })
    }

    /// Reads `SHA256: HEX`, as a tag's value has it.
    pub(super) fn read_pair(place: &Place, text: &str) -> Result<Self, SpdxError> {
        match text.split_once(':') {
            Some((algorithm, hex)) => Self::read(place, algorithm.trim(), hex.trim()),
            None => Err(place.malformed("an algorithm, a colon and hex digits", text)),
        }
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// The value in lower-case hex.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// The checksum as a digest that can prove something: SHA-256, SHA-384 or SHA-512.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        Digest::from_hex(self.algorithm.digest()?, &self.hex).ok()
    }
}

impl Checksums {
    /// Adds one. The same once more changes nothing; another value by the same algorithm is refused.
    pub(super) fn add(
        &mut self,
        place: &Place,
        name: &str,
        checksum: Checksum,
    ) -> Result<(), SpdxError> {
        let same = |known: &Checksum| known.algorithm.cmp(&checksum.algorithm);
        match self.0.binary_search_by(same) {
            Err(index) => {
                self.0.insert(index, checksum);
                Ok(())
            }
            Ok(index) => match self.0.get(index) {
                Some(known) if *known != checksum => Err(SpdxError::ChecksumsDiffer {
                    place: place.clone(),
                    name: sealcheck_verify::printable(name),
                    algorithm: checksum.algorithm,
                    expected: known.hex.to_string(),
                    found: checksum.hex.into(),
                }),
                _ => Ok(()),
            },
        }
    }

    /// Adds all of `other`, which are of the same file.
    pub(super) fn merge(
        &mut self,
        place: &Place,
        name: &str,
        other: &Self,
    ) -> Result<(), SpdxError> {
        for checksum in &other.0 {
            self.add(place, name, checksum.clone())?;
        }
        Ok(())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Checksum> {
        self.0.iter()
    }

    /// Those that can prove something, the longest last.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        self.0.iter().filter_map(Checksum::digest)
    }
}

/// Hex digits of algorithms with several lengths: SPDX gives none, but nobody uses less than 128 or more than 512 bits.
const LENGTHS: std::ops::RangeInclusive<usize> = 32..=128;
