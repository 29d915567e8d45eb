//! AlgorithmIdentifiers of signatures (RFC 5758, RFC 4055, RFC 8410).

use der::Tag;
use pki_types::alg_id;

use crate::asn1::Der;
use crate::{DigestAlgorithm, SignatureScheme};

/// The scheme of an AlgorithmIdentifier (with its tag and length); `None` when it is not supported.
///
/// Parameters are compared as encoded: PSS parameters that differ from the digest's own are another algorithm.
pub(crate) fn signature_scheme(algorithm: &[u8]) -> Option<SignatureScheme> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureScheme::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
    let content = Der::only(algorithm, Tag::Sequence).ok()?.value;
    let known = [
        (alg_id::ECDSA_SHA384, Ecdsa(Sha384)),
        (alg_id::ECDSA_SHA256, Ecdsa(Sha256)),
        (alg_id::ECDSA_SHA512, Ecdsa(Sha512)),
        (alg_id::RSA_PKCS1_SHA256, RsaPkcs1(Sha256)),
        (alg_id::RSA_PKCS1_SHA384, RsaPkcs1(Sha384)),
        (alg_id::RSA_PKCS1_SHA512, RsaPkcs1(Sha512)),
        (alg_id::RSA_PSS_SHA256, RsaPss(Sha256)),
        (alg_id::RSA_PSS_SHA384, RsaPss(Sha384)),
        (alg_id::RSA_PSS_SHA512, RsaPss(Sha512)),
        (alg_id::ED25519, Ed25519),
    ];
    known
        .into_iter()
        .find(|(id, _)| id.as_ref() == content)
        .map(|(_, scheme)| scheme)
}
