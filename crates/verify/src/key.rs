//! Public keys and signature checks. The only module that talks to a cryptographic library about signatures.

use std::fmt;

use aws_lc_rs::digest::Digest as BackendDigest;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use der::asn1::ObjectIdentifier;
use der::{Decode, Tag};

use crate::asn1::Der;
use crate::digest::{Digest, DigestAlgorithm, sha256};
use crate::ed25519ph::Prehashed;
use crate::pem;
use crate::{Failure, Reason, Result};

/// The kind of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// ECDSA on NIST P-521.
    EcdsaP521,
    /// RSA with a modulus of this many bits (2048 to 4096).
    Rsa(u16),
    /// Ed25519.
    Ed25519,
}

/// How a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureScheme {
    /// ECDSA over this digest, encoded as in RFC 3279.
    Ecdsa(DigestAlgorithm),
    /// RSASSA-PKCS1-v1_5 over this digest (RFC 8017, section 8.2).
    RsaPkcs1(DigestAlgorithm),
    /// RSASSA-PSS over this digest, with MGF1 and a salt of the digest's length (RFC 8017, section 8.1).
    RsaPss(DigestAlgorithm),
    /// Ed25519 over the message itself (RFC 8032, section 5.1).
    Ed25519,
    /// Ed25519ph over the message's SHA-512 digest, empty context (RFC 8032, section 5.1).
    Ed25519ph,
}

/// A public key, parsed once and usable by many threads.
#[derive(Clone)]
pub struct PublicKey {
    spki: Box<[u8]>,
    kind: KeyKind,
    scheme: SignatureScheme,
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// Reads a public key from PEM text or from DER SubjectPublicKeyInfo (RFC 5280, section 4.1).
    ///
    /// # Errors
    /// [`Reason::KeyMalformed`] when it is neither, [`Reason::AlgorithmUnsupported`] for other algorithms and sizes.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        crate::limits::CERTIFICATE_BYTES
            .check(bytes.len(), "")
            .map_err(|failure| Failure {
                reason: Reason::KeyMalformed,
                field: None,
                ..failure
            })?;
        match pem::looks_like_pem(bytes) {
            false => Self::from_spki(bytes),
            true => {
                let blocks = pem::decode(bytes).map_err(|problem| malformed().detail(problem))?;
                match blocks.as_slice() {
                    [(label, der)] if label == "PUBLIC KEY" => Self::from_spki(der),
                    [(label, der)] if label == "RSA PUBLIC KEY" => Self::from_pkcs1(der),
                    [(label, _)] => Err(malformed().expected("a PUBLIC KEY block").found(label)),
                    blocks => Err(malformed().expected("one PEM block").found(blocks.len())),
                }
            }
        }
    }

    /// Reads a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// As [`PublicKey::parse`].
    pub fn from_spki(spki: &[u8]) -> Result<Self> {
        let kind = kind_of(spki)?;
        Self::with_scheme(spki, kind, kind.default_scheme())
    }

    /// The same key, checked with another scheme by default (a trusted root's `keyDetails`).
    pub(crate) fn from_spki_with_scheme(spki: &[u8], scheme: SignatureScheme) -> Result<Self> {
        Self::with_scheme(spki, kind_of(spki)?, scheme)
    }

    /// Reads a DER RSAPublicKey (RFC 8017, appendix A.1.1).
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self> {
        Self::from_spki(&spki_of_pkcs1(der).ok_or_else(malformed)?)
    }

    fn with_scheme(spki: &[u8], kind: KeyKind, scheme: SignatureScheme) -> Result<Self> {
        let algorithm = kind
            .backend(scheme)
            .ok_or_else(|| unsupported(kind, scheme))?;
        let parsed = ParsedPublicKey::new(algorithm, spki)
            .map_err(|_| malformed().detail("the key is not a valid key of its algorithm"))?;
        Ok(Self {
            spki: spki.into(),
            kind,
            scheme,
            parsed,
        })
    }

    /// The kind.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The scheme that signatures with this key are made with unless something says otherwise.
    pub fn default_scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// The DER SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the key's fingerprint, and the log id of RFC 6962 logs.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&[&self.spki])
    }

    /// Whether `signature` is a signature of this scheme over `message`.
    pub(crate) fn verify(&self, scheme: SignatureScheme, message: &[u8], signature: &[u8]) -> bool {
        match scheme {
            SignatureScheme::Ed25519ph => Digest::of(DigestAlgorithm::Sha512, message)
                .is_some_and(|digest| self.verify_digest(scheme, &digest, signature)),
            scheme if scheme == self.scheme => self.parsed.verify_sig(message, signature).is_ok(),
            scheme => self
                .parse_for(scheme)
                .is_some_and(|key| key.verify_sig(message, signature).is_ok()),
        }
    }

    /// Whether `signature` is a signature of this scheme over the message with this digest.
    /// False for another digest than the scheme's, and for pure Ed25519, which has none.
    pub(crate) fn verify_digest(
        &self,
        scheme: SignatureScheme,
        digest: &Digest,
        signature: &[u8],
    ) -> bool {
        if scheme.digest() != Some(digest.algorithm()) {
            return false;
        }
        if scheme == SignatureScheme::Ed25519ph {
            return self.verify_ed25519ph(digest, signature);
        }
        let Some(digest) = digest.algorithm().backend().and_then(|algorithm| {
            BackendDigest::import_less_safe(digest.as_bytes(), algorithm).ok()
        }) else {
            return false;
        };
        match scheme == self.scheme {
            true => self.parsed.verify_digest_sig(&digest, signature).is_ok(),
            false => self
                .parse_for(scheme)
                .is_some_and(|key| key.verify_digest_sig(&digest, signature).is_ok()),
        }
    }

    fn parse_for(&self, scheme: SignatureScheme) -> Option<ParsedPublicKey> {
        ParsedPublicKey::new(self.kind.backend(scheme)?, &self.spki).ok()
    }

    fn ed25519(&self) -> Option<ed25519_dalek::VerifyingKey> {
        ed25519_key(parts_of(&self.spki).ok()?.2)
    }

    fn verify_ed25519ph(&self, digest: &Digest, signature: &[u8]) -> bool {
        let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else {
            return false;
        };
        let Ok(digest) = <&[u8; 64]>::try_from(digest.as_bytes()) else {
            return false;
        };
        self.ed25519().is_some_and(|key| {
            key.verify_prehashed_strict(Prehashed(*digest), None, &signature)
                .is_ok()
        })
    }

    /// Begins a check of a pure Ed25519 signature over a message that comes in pieces.
    /// `None` when the key or the signature is not of that kind.
    pub(crate) fn ed25519_stream(&self, signature: &[u8]) -> Option<Ed25519Stream> {
        let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
        self.ed25519()?
            .verify_stream(&signature)
            .ok()
            .map(Ed25519Stream)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PublicKey({}, sha256:{})",
            self.kind,
            data_encoding::HEXLOWER.encode(&self.fingerprint())
        )
    }
}

impl KeyKind {
    fn default_scheme(self) -> SignatureScheme {
        match self {
            Self::EcdsaP256 => SignatureScheme::Ecdsa(DigestAlgorithm::Sha256),
            Self::EcdsaP384 => SignatureScheme::Ecdsa(DigestAlgorithm::Sha384),
            Self::EcdsaP521 => SignatureScheme::Ecdsa(DigestAlgorithm::Sha512),
            Self::Rsa(_) => SignatureScheme::RsaPkcs1(DigestAlgorithm::Sha256),
            Self::Ed25519 => SignatureScheme::Ed25519,
        }
    }

    fn backend(self, scheme: SignatureScheme) -> Option<&'static dyn VerificationAlgorithm> {
        use DigestAlgorithm::{Sha256, Sha384, Sha512};
        use SignatureScheme::{Ecdsa, Ed25519, Ed25519ph, RsaPkcs1, RsaPss};
        Some(match (self, scheme) {
            (Self::EcdsaP256, Ecdsa(Sha256)) => &signature::ECDSA_P256_SHA256_ASN1,
            (Self::EcdsaP256, Ecdsa(Sha384)) => &signature::ECDSA_P256_SHA384_ASN1,
            (Self::EcdsaP256, Ecdsa(Sha512)) => &signature::ECDSA_P256_SHA512_ASN1,
            (Self::EcdsaP384, Ecdsa(Sha256)) => &signature::ECDSA_P384_SHA256_ASN1,
            (Self::EcdsaP384, Ecdsa(Sha384)) => &signature::ECDSA_P384_SHA384_ASN1,
            (Self::EcdsaP384, Ecdsa(Sha512)) => &signature::ECDSA_P384_SHA512_ASN1,
            (Self::EcdsaP521, Ecdsa(Sha256)) => &signature::ECDSA_P521_SHA256_ASN1,
            (Self::EcdsaP521, Ecdsa(Sha384)) => &signature::ECDSA_P521_SHA384_ASN1,
            (Self::EcdsaP521, Ecdsa(Sha512)) => &signature::ECDSA_P521_SHA512_ASN1,
            (Self::Rsa(_), RsaPkcs1(Sha256)) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (Self::Rsa(_), RsaPkcs1(Sha384)) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (Self::Rsa(_), RsaPkcs1(Sha512)) => &signature::RSA_PKCS1_2048_8192_SHA512,
            (Self::Rsa(_), RsaPss(Sha256)) => &signature::RSA_PSS_2048_8192_SHA256,
            (Self::Rsa(_), RsaPss(Sha384)) => &signature::RSA_PSS_2048_8192_SHA384,
            (Self::Rsa(_), RsaPss(Sha512)) => &signature::RSA_PSS_2048_8192_SHA512,
            // Ed25519ph is checked by another library; parsing the key is the same.
            (Self::Ed25519, Ed25519 | Ed25519ph) => &signature::ED25519,
            _ => return None,
        })
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcdsaP256 => f.write_str("ecdsa-p256"),
            Self::EcdsaP384 => f.write_str("ecdsa-p384"),
            Self::EcdsaP521 => f.write_str("ecdsa-p521"),
            Self::Rsa(bits) => write!(f, "rsa-{bits}"),
            Self::Ed25519 => f.write_str("ed25519"),
        }
    }
}

impl SignatureScheme {
    /// The digest that is signed; `None` when the message itself is.
    pub fn digest(self) -> Option<DigestAlgorithm> {
        match self {
            Self::Ecdsa(digest) | Self::RsaPkcs1(digest) | Self::RsaPss(digest) => Some(digest),
            Self::Ed25519ph => Some(DigestAlgorithm::Sha512),
            Self::Ed25519 => None,
        }
    }
}

impl fmt::Display for SignatureScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ecdsa(digest) => write!(f, "ecdsa-{digest}"),
            Self::RsaPkcs1(digest) => write!(f, "rsa-pkcs1-{digest}"),
            Self::RsaPss(digest) => write!(f, "rsa-pss-{digest}"),
            Self::Ed25519 => f.write_str("ed25519"),
            Self::Ed25519ph => f.write_str("ed25519ph"),
        }
    }
}

/// A pure Ed25519 check in progress.
pub(crate) struct Ed25519Stream(ed25519_dalek::StreamVerifier);

impl Ed25519Stream {
    pub(crate) fn update(&mut self, chunk: &[u8]) {
        self.0.update(chunk);
    }

    pub(crate) fn finish(self) -> bool {
        self.0.finalize_and_verify().is_ok()
    }
}

/// The kind of the key in a SubjectPublicKeyInfo, refusing what is too weak or too large.
fn kind_of(spki: &[u8]) -> Result<KeyKind> {
    let (algorithm, parameters, key) = parts_of(spki).map_err(|error| malformed().detail(error))?;
    let curve = parameters.and_then(|der| ObjectIdentifier::from_der(der).ok());
    match (algorithm, curve) {
        // The hybrid forms of a point (X9.62), which RFC 5480, section 2.2, forbids: one key would have two encodings.
        (ID_EC_PUBLIC_KEY, Some(_)) if matches!(key.first(), Some(6 | 7)) => {
            Err(malformed().detail("the point is in hybrid form"))
        }
        (ID_EC_PUBLIC_KEY, Some(SECP256R1)) => Ok(KeyKind::EcdsaP256),
        (ID_EC_PUBLIC_KEY, Some(SECP384R1)) => Ok(KeyKind::EcdsaP384),
        (ID_EC_PUBLIC_KEY, Some(SECP521R1)) => Ok(KeyKind::EcdsaP521),
        // With a point of small order, one signature holds over every message (RFC 8032 leaves it to the verifier).
        (ID_ED25519, None) if ed25519_key(key).is_some_and(|key| key.is_weak()) => {
            Err(malformed().detail("the point has a small order"))
        }
        (ID_ED25519, None) => Ok(KeyKind::Ed25519),
        (RSA_ENCRYPTION, _) => {
            let bits = modulus_bits(key).map_err(|error| malformed().detail(error))?;
            match u16::try_from(bits) {
                Ok(bits @ 2048..=4096) => Ok(KeyKind::Rsa(bits)),
                _ => Err(Failure::new(Reason::AlgorithmUnsupported)
                    .expected("an RSA key of 2048 to 4096 bits")
                    .found(format!("{bits} bits"))),
            }
        }
        _ => Err(Failure::new(Reason::AlgorithmUnsupported)
            .expected("an ECDSA key on P-256, P-384 or P-521, an RSA or an Ed25519 key")
            .found(algorithm)),
    }
}

fn ed25519_key(point: &[u8]) -> Option<ed25519_dalek::VerifyingKey> {
    ed25519_dalek::VerifyingKey::from_bytes(point.try_into().ok()?).ok()
}

/// Algorithm, parameters and key bits.
type KeyInfo<'a> = (ObjectIdentifier, Option<&'a [u8]>, &'a [u8]);

/// Takes a SubjectPublicKeyInfo apart.
fn parts_of(spki: &[u8]) -> crate::asn1::Result<KeyInfo<'_>> {
    let mut info = Der::only_sequence(spki)?;
    let mut algorithm = info.sequence()?;
    let oid = algorithm.oid()?;
    let parameters = match algorithm.is_finished() {
        true => None,
        false => Some(algorithm.element()?.whole),
    };
    algorithm.finish()?;
    let key = info.bits()?;
    info.finish()?;
    Ok((oid, parameters, key))
}

fn modulus_bits(rsa_public_key: &[u8]) -> crate::asn1::Result<usize> {
    let mut key = Der::only_sequence(rsa_public_key)?;
    let modulus = key.expect(Tag::Integer)?.value;
    let modulus = match modulus {
        [0, rest @ ..] => rest,
        modulus => modulus,
    };
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
    Ok((modulus.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(0)))
}

/// Wraps an RSAPublicKey into a SubjectPublicKeyInfo.
fn spki_of_pkcs1(key: &[u8]) -> Option<Vec<u8>> {
    use der::Encode;
    use der::asn1::{AnyRef, BitStringRef};
    let mut algorithm = RSA_ENCRYPTION.to_der().ok()?;
    algorithm.extend(AnyRef::NULL.to_der().ok()?);
    let mut content = AnyRef::new(Tag::Sequence, &algorithm).ok()?.to_der().ok()?;
    content.extend(BitStringRef::from_bytes(key).ok()?.to_der().ok()?);
    AnyRef::new(Tag::Sequence, &content).ok()?.to_der().ok()
}

fn malformed() -> Failure {
    Failure::new(Reason::KeyMalformed)
}

fn unsupported(kind: KeyKind, scheme: SignatureScheme) -> Failure {
    Failure::new(Reason::AlgorithmUnsupported)
        .expected(format!("a scheme of an {kind} key"))
        .found(scheme)
}

const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

#[cfg(test)]
mod tests;
