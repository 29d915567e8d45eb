//! Key pairs of every kind Sigstore signs with.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
};
use ed25519_dalek::Digest;

use crate::asn1;
use crate::encoding::pem;

/// A hash function of the SHA-2 family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The kind of a key pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// ECDSA on NIST P-521.
    P521,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA with a 2,048-bit modulus.
    Rsa2048,
    /// RSA with a 3,072-bit modulus.
    Rsa3072,
    /// RSA with a 4,096-bit modulus.
    Rsa4096,
}

/// How a key pair signs a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// ECDSA over the given hash, signature in ASN.1 form.
    Ecdsa(Hash),
    /// Ed25519 over the whole message.
    Ed25519,
    /// Ed25519ph over the SHA-512 of the message, without context (RFC 8032 section 5.1).
    Ed25519ph,
    /// RSASSA-PKCS1-v1_5 over the given hash.
    RsaPkcs1(Hash),
    /// RSASSA-PSS over the given hash, salt as long as the hash.
    RsaPss(Hash),
}

/// A key pair. Clones share the private key.
#[derive(Clone)]
pub struct Key {
    kind: KeyKind,
    private: Arc<Private>,
    spki: Vec<u8>,
}

enum Private {
    Ecdsa {
        pkcs8: Vec<u8>,
    },
    Ed25519 {
        pair: Ed25519KeyPair,
        seed: [u8; 32],
    },
    Rsa(RsaKeyPair),
}

impl Hash {
    /// The digest of `data`.
    #[must_use]
    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, data).as_ref().to_vec()
    }

    /// The name in Sigstore's protobuf enumeration, such as `SHA2_256`.
    #[must_use]
    pub fn sigstore_name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA2_256",
            Self::Sha384 => "SHA2_384",
            Self::Sha512 => "SHA2_512",
        }
    }

    /// The name in Rekor v1 entries, such as `sha256`.
    #[must_use]
    pub fn rekor_name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The `AlgorithmIdentifier` without parameters (RFC 5754 section 2).
    #[must_use]
    pub fn algorithm_identifier(self) -> Vec<u8> {
        let arc = match self {
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        };
        asn1::sequence(&[asn1::oid(arc)])
    }
}

impl Scheme {
    /// The hash a bundle's message digest uses with this scheme. Pure Ed25519 has none of its own;
    /// clients put SHA-256 there.
    #[must_use]
    pub fn hash(self) -> Hash {
        match self {
            Self::Ecdsa(hash) | Self::RsaPkcs1(hash) | Self::RsaPss(hash) => hash,
            Self::Ed25519 => Hash::Sha256,
            Self::Ed25519ph => Hash::Sha512,
        }
    }
}

impl Key {
    /// A new key pair. RSA takes long enough that tests prefer [`Key::shared`].
    #[must_use]
    pub fn generate(kind: KeyKind) -> Self {
        match kind {
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => Self::generate_ecdsa(kind),
            KeyKind::Ed25519 => {
                let mut seed = [0; 32];
                aws_lc_rs::rand::fill(&mut seed).expect("random bytes");
                Self::ed25519_from_seed(seed)
            }
            KeyKind::Rsa2048 => Self::generate_rsa(kind, KeySize::Rsa2048),
            KeyKind::Rsa3072 => Self::generate_rsa(kind, KeySize::Rsa3072),
            KeyKind::Rsa4096 => Self::generate_rsa(kind, KeySize::Rsa4096),
        }
    }

    /// The key pair of this kind that all callers in the process share, generated at first use.
    #[must_use]
    pub fn shared(kind: KeyKind) -> Self {
        static SHARED: [OnceLock<Key>; 7] = [const { OnceLock::new() }; 7];
        let slot = match kind {
            KeyKind::P256 => 0,
            KeyKind::P384 => 1,
            KeyKind::P521 => 2,
            KeyKind::Ed25519 => 3,
            KeyKind::Rsa2048 => 4,
            KeyKind::Rsa3072 => 5,
            KeyKind::Rsa4096 => 6,
        };
        SHARED[slot].get_or_init(|| Self::generate(kind)).clone()
    }

    /// The Ed25519 key pair of a seed; the same seed gives the same key and signatures.
    #[must_use]
    pub fn ed25519_from_seed(seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed of 32 bytes");
        let spki = spki_der(pair.public_key());
        let private = Private::Ed25519 { pair, seed };
        Self::new(KeyKind::Ed25519, private, spki)
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The scheme Sigstore clients use by default with a key of this kind.
    #[must_use]
    pub fn default_scheme(&self) -> Scheme {
        match self.kind {
            KeyKind::P256 => Scheme::Ecdsa(Hash::Sha256),
            KeyKind::P384 => Scheme::Ecdsa(Hash::Sha384),
            KeyKind::P521 => Scheme::Ecdsa(Hash::Sha512),
            KeyKind::Ed25519 => Scheme::Ed25519,
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
                Scheme::RsaPkcs1(Hash::Sha256)
            }
        }
    }

    /// The signature over `message` in the default scheme.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_with(self.default_scheme(), message)
    }

    /// The signature over `message`.
    ///
    /// # Panics
    ///
    /// When the scheme does not fit the key: P-256 signs over SHA-256 only, P-384 over SHA-384
    /// only, P-521 over all three.
    #[must_use]
    pub fn sign_with(&self, scheme: Scheme, message: &[u8]) -> Vec<u8> {
        match (&*self.private, scheme) {
            (Private::Ecdsa { pkcs8 }, Scheme::Ecdsa(hash)) => {
                EcdsaKeyPair::from_pkcs8(ecdsa_algorithm(self.kind, hash), pkcs8)
                    .and_then(|pair| {
                        Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec())
                    })
                    .expect("ECDSA signature")
            }
            (Private::Ed25519 { pair, .. }, Scheme::Ed25519) => {
                pair.sign(message).as_ref().to_vec()
            }
            (Private::Ed25519 { seed, .. }, Scheme::Ed25519ph) => {
                let prehashed = ed25519_dalek::Sha512::new_with_prefix(message);
                ed25519_dalek::SigningKey::from_bytes(seed)
                    .sign_prehashed(prehashed, None)
                    .expect("Ed25519ph signature")
                    .to_bytes()
                    .to_vec()
            }
            (Private::Rsa(pair), Scheme::RsaPkcs1(_) | Scheme::RsaPss(_)) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(
                    rsa_encoding(scheme),
                    &SystemRandom::new(),
                    message,
                    &mut out,
                )
                .expect("RSA signature");
                out
            }
            (_, scheme) => panic!("a {:?} key cannot sign with {scheme:?}", self.kind),
        }
    }

    /// DER of the SubjectPublicKeyInfo (RFC 5280 section 4.1).
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// PEM of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_pem(&self) -> String {
        pem("PUBLIC KEY", &self.spki)
    }

    /// The content of the SubjectPublicKeyInfo's bit string: the bare public key.
    #[must_use]
    pub fn raw_public_key(&self) -> &[u8] {
        let inner = asn1::content(&self.spki);
        let algorithm = 2 + usize::from(inner[1]);
        &asn1::content(&inner[algorithm..])[1..]
    }

    /// SHA-256 over the SubjectPublicKeyInfo: the log id of RFC 6962 and of Rekor v1.
    #[must_use]
    pub fn fingerprint(&self) -> Vec<u8> {
        Hash::Sha256.digest(&self.spki)
    }

    /// The name in Sigstore's `PublicKeyDetails` for this key with `scheme`.
    #[must_use]
    pub fn details(&self, scheme: Scheme) -> String {
        let size = match self.kind {
            KeyKind::Rsa2048 => "2048",
            KeyKind::Rsa3072 => "3072",
            KeyKind::Rsa4096 => "4096",
            KeyKind::P256 => "P256",
            KeyKind::P384 => "P384",
            KeyKind::P521 => "P521",
            KeyKind::Ed25519 => "ED25519",
        };
        let bits = match scheme.hash() {
            Hash::Sha256 => "256",
            Hash::Sha384 => "384",
            Hash::Sha512 => "512",
        };
        match scheme {
            Scheme::Ecdsa(_) => format!("PKIX_ECDSA_{size}_SHA_{bits}"),
            Scheme::Ed25519 => "PKIX_ED25519".into(),
            Scheme::Ed25519ph => "PKIX_ED25519_PH".into(),
            Scheme::RsaPkcs1(_) => format!("PKIX_RSA_PKCS1V15_{size}_SHA{bits}"),
            Scheme::RsaPss(_) => format!("PKIX_RSA_PSS_{size}_SHA{bits}"),
        }
    }

    /// The signature `AlgorithmIdentifier` of the default scheme, for certificates and CMS.
    #[must_use]
    pub fn signature_algorithm(&self) -> Vec<u8> {
        match self.kind {
            KeyKind::P256 => asn1::sequence(&[asn1::oid("1.2.840.10045.4.3.2")]),
            KeyKind::P384 => asn1::sequence(&[asn1::oid("1.2.840.10045.4.3.3")]),
            KeyKind::P521 => asn1::sequence(&[asn1::oid("1.2.840.10045.4.3.4")]),
            KeyKind::Ed25519 => asn1::sequence(&[asn1::oid("1.3.101.112")]),
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
                asn1::sequence(&[asn1::oid("1.2.840.113549.1.1.11"), asn1::null()])
            }
        }
    }

    fn new(kind: KeyKind, private: Private, spki: Vec<u8>) -> Self {
        Self {
            kind,
            private: Arc::new(private),
            spki,
        }
    }

    fn generate_ecdsa(kind: KeyKind) -> Self {
        let hash = match kind {
            KeyKind::P384 => Hash::Sha384,
            KeyKind::P521 => Hash::Sha512,
            _ => Hash::Sha256,
        };
        let pair = EcdsaKeyPair::generate(ecdsa_algorithm(kind, hash)).expect("ECDSA key");
        let pkcs8 = pair.to_pkcs8v1().expect("PKCS #8").as_ref().to_vec();
        let spki = spki_der(pair.public_key());
        Self::new(kind, Private::Ecdsa { pkcs8 }, spki)
    }

    fn generate_rsa(kind: KeyKind, size: KeySize) -> Self {
        let pair = RsaKeyPair::generate(size).expect("RSA key");
        let spki = spki_der(pair.public_key());
        Self::new(kind, Private::Rsa(pair), spki)
    }
}

fn spki_der(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
    key.as_der()
        .expect("SubjectPublicKeyInfo")
        .as_ref()
        .to_vec()
}

fn ecdsa_algorithm(kind: KeyKind, hash: Hash) -> &'static EcdsaSigningAlgorithm {
    match (kind, hash) {
        (KeyKind::P256, Hash::Sha256) => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        (KeyKind::P384, Hash::Sha384) => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        (KeyKind::P521, Hash::Sha256) => &signature::ECDSA_P521_SHA256_ASN1_SIGNING,
        (KeyKind::P521, Hash::Sha384) => &signature::ECDSA_P521_SHA384_ASN1_SIGNING,
        (KeyKind::P521, Hash::Sha512) => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
        (kind, hash) => panic!("{kind:?} does not sign over {hash:?}"),
    }
}

fn rsa_encoding(scheme: Scheme) -> &'static dyn RsaEncoding {
    match scheme {
        Scheme::RsaPkcs1(Hash::Sha256) => &signature::RSA_PKCS1_SHA256,
        Scheme::RsaPkcs1(Hash::Sha384) => &signature::RSA_PKCS1_SHA384,
        Scheme::RsaPkcs1(Hash::Sha512) => &signature::RSA_PKCS1_SHA512,
        Scheme::RsaPss(Hash::Sha256) => &signature::RSA_PSS_SHA256,
        Scheme::RsaPss(Hash::Sha384) => &signature::RSA_PSS_SHA384,
        Scheme::RsaPss(Hash::Sha512) => &signature::RSA_PSS_SHA512,
        other => panic!("{other:?} is not RSA"),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};

    use super::*;

    const MESSAGE: &[u8] = b"message";

    fn verifies(key: &Key, scheme: Scheme, algorithm: &'static dyn VerificationAlgorithm) {
        let signature = key.sign_with(scheme, MESSAGE);
        // Both forms of the public key must be right.
        for public in [key.spki(), key.raw_public_key()] {
            let public = UnparsedPublicKey::new(algorithm, public);
            public.verify(MESSAGE, &signature).unwrap();
            public.verify(b"other", &signature).unwrap_err();
        }
    }

    #[test]
    fn every_scheme_verifies() {
        use signature as s;
        let key = Key::shared(KeyKind::P256);
        verifies(
            &key,
            Scheme::Ecdsa(Hash::Sha256),
            &s::ECDSA_P256_SHA256_ASN1,
        );
        let key = Key::shared(KeyKind::P384);
        verifies(
            &key,
            Scheme::Ecdsa(Hash::Sha384),
            &s::ECDSA_P384_SHA384_ASN1,
        );
        let key = Key::shared(KeyKind::P521);
        verifies(
            &key,
            Scheme::Ecdsa(Hash::Sha256),
            &s::ECDSA_P521_SHA256_ASN1,
        );
        verifies(
            &key,
            Scheme::Ecdsa(Hash::Sha384),
            &s::ECDSA_P521_SHA384_ASN1,
        );
        verifies(
            &key,
            Scheme::Ecdsa(Hash::Sha512),
            &s::ECDSA_P521_SHA512_ASN1,
        );
        verifies(&Key::shared(KeyKind::Ed25519), Scheme::Ed25519, &s::ED25519);
        for kind in [KeyKind::Rsa2048, KeyKind::Rsa3072, KeyKind::Rsa4096] {
            let key = Key::shared(kind);
            verifies(
                &key,
                Scheme::RsaPkcs1(Hash::Sha256),
                &s::RSA_PKCS1_2048_8192_SHA256,
            );
            verifies(
                &key,
                Scheme::RsaPkcs1(Hash::Sha384),
                &s::RSA_PKCS1_2048_8192_SHA384,
            );
            verifies(
                &key,
                Scheme::RsaPkcs1(Hash::Sha512),
                &s::RSA_PKCS1_2048_8192_SHA512,
            );
            verifies(
                &key,
                Scheme::RsaPss(Hash::Sha256),
                &s::RSA_PSS_2048_8192_SHA256,
            );
            verifies(
                &key,
                Scheme::RsaPss(Hash::Sha384),
                &s::RSA_PSS_2048_8192_SHA384,
            );
            verifies(
                &key,
                Scheme::RsaPss(Hash::Sha512),
                &s::RSA_PSS_2048_8192_SHA512,
            );
        }
    }

    /// The Ed25519ph example of RFC 8032 section 7.3.
    #[test]
    fn ed25519ph_of_the_standard() {
        let seed = data_encoding::HEXLOWER
            .decode(b"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")
            .unwrap();
        let key = Key::ed25519_from_seed(seed.try_into().unwrap());
        assert_eq!(
            crate::encoding::hex(&key.sign_with(Scheme::Ed25519ph, b"abc")),
            "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41\
             31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
        );
    }

    #[test]
    #[should_panic(expected = "cannot sign with")]
    fn schemes_belong_to_kinds() {
        let _ = Key::shared(KeyKind::P256).sign_with(Scheme::Ed25519, MESSAGE);
    }
}
