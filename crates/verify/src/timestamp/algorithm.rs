//! The algorithms of a token: which ones are accepted, and that they agree with each other.

use der::Tag;
use der::asn1::ObjectIdentifier;

use crate::asn1::{self, Der};
use crate::certificate::signature_scheme;
use crate::{DigestAlgorithm, Failure, Reason, Result, SignatureScheme};

/// AlgorithmIdentifier (RFC 5280, section 4.1.1.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct AlgorithmIdentifier<'a> {
    /// The algorithm.
    pub(super) oid: ObjectIdentifier,
    /// The DER of its parameters.
    parameters: Option<&'a [u8]>,
    /// The algorithm with its parameters, as it stands in the token.
    whole: &'a [u8],
}

impl<'a> AlgorithmIdentifier<'a> {
    /// Reads the next element.
    pub(super) fn parse(der: &mut Der<'a>) -> asn1::Result<Self> {
        let sequence = der.expect(Tag::Sequence)?;
        let mut algorithm = sequence.inside()?;
        let oid = algorithm.oid()?;
        let parameters = match algorithm.is_finished() {
            true => None,
            false => Some(algorithm.element()?.whole),
        };
        algorithm.finish()?;
        Ok(Self {
            oid,
            parameters,
            whole: sequence.whole,
        })
    }

    /// A digest algorithm that is safe to sign; its parameters are absent or NULL (RFC 5754, section 2).
    pub(super) fn digest(&self, field: &str) -> Result<DigestAlgorithm> {
        let algorithm = match self.oid {
            ID_SHA256 => DigestAlgorithm::Sha256,
            ID_SHA384 => DigestAlgorithm::Sha384,
            ID_SHA512 => DigestAlgorithm::Sha512,
            oid => {
                return Err(Failure::new(Reason::TimestampInvalid)
                    .at(field)
                    .expected("SHA-256, SHA-384 or SHA-512")
                    .found(oid));
            }
        };
        match self.parameters {
            None | Some(NULL) => Ok(algorithm),
            Some(_) => Err(Failure::new(Reason::TimestampInvalid)
                .at(field)
                .detail("the digest algorithm has parameters other than NULL")),
        }
    }

    /// The scheme that this signature algorithm stands for, which must agree with the signer's digest algorithm.
    pub(super) fn scheme(&self, digest: DigestAlgorithm) -> Result<SignatureScheme> {
        let scheme = match (self.oid, self.parameters) {
            // RFC 3370, section 3.2: the digest is the one of the SignerInfo.
            (RSA_ENCRYPTION, None | Some(NULL)) => Some(SignatureScheme::RsaPkcs1(digest)),
            _ => signature_scheme(self.whole),
        };
        let Some(scheme) = scheme else {
            return Err(invalid()
                .expected(
                    "ECDSA, RSA or Ed25519 with SHA-256, SHA-384 or SHA-512 and its parameters",
                )
                .found(self.oid));
        };
        // RFC 8419, section 3: with signed attributes, Ed25519 goes with SHA-512.
        match scheme.digest().unwrap_or(DigestAlgorithm::Sha512) == digest {
            true => Ok(scheme),
            false => Err(invalid()
                .expected(format!("an algorithm for the digest algorithm {digest}"))
                .found(scheme)),
        }
    }
}

fn invalid() -> Failure {
    Failure::new(Reason::TimestampInvalid).at("signerInfos[0].signatureAlgorithm")
}

/// DER of NULL.
const NULL: &[u8] = &[5, 0];

const ID_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const ID_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const ID_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
