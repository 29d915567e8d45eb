//! The path from a signer's certificate to one authority.

use std::borrow::Cow;
use std::cell::RefCell;
use std::time::Duration;

use pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use webpki::{
    EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage,
    RequiredEkuNotFoundContext, VerifiedPath, aws_lc_rs,
};

use super::{CertificateAuthority, refuse_outside, untrusted};
use crate::certificate::{Certificate, Name};
use crate::{Failure, Reason, Result, Time};

/// The key that signed `leaf`, when there is a path to `authority` that holds at all `times`.
pub(super) fn find<'r>(
    leaf: &Certificate<'_>,
    entity: &EndEntityCert<'_>,
    intermediates: &[Vec<u8>],
    authority: &'r CertificateAuthority,
    times: &[Time],
) -> Result<Cow<'r, [u8]>> {
    let issuing = authority
        .issuing()
        .filter(|issuing| leaf.issuer == &*issuing.subject);
    let named = authority
        .members()
        .iter()
        .any(|member| leaf.issuer == &*member.subject);
    if !named && intermediates.is_empty() {
        return Err(untrusted(leaf));
    }
    let window = authority.window();
    if let Some(time) = times.iter().find(|time| !window.contains(**time)) {
        let failure = untrusted(leaf);
        return Err(match named {
            false => failure,
            true => failure
                .at("issuer")
                .detail(format!(
                    "the trusted root believes in {} only {window}",
                    authority.name()
                ))
                .expected("a time in that window")
                .found(time),
        });
    }
    let issuing_is_anchor = authority.issuing_is_anchor()?;
    let at = unix_time(times)?;

    if let (Some(issuing), true) = (issuing, issuing_is_anchor) {
        authority.refuse_expired_members(times)?;
        let path = entity.verify_for_usage(
            ALGORITHMS,
            std::slice::from_ref(&authority.issuing_anchor),
            &[],
            at,
            CodeSigning,
            None,
            None,
        );
        // Otherwise another certificate of the same name may have signed it, and if not, its failure is as telling.
        if path.is_ok() {
            return Ok(Cow::Borrowed(issuing.key.spki()));
        }
    }
    from_root(leaf, entity, intermediates, authority, times, at)
}

/// Builds a path from the root, through the authority's certificates and those of the material.
fn from_root<'r>(
    leaf: &Certificate<'_>,
    entity: &EndEntityCert<'_>,
    intermediates: &[Vec<u8>],
    authority: &'r CertificateAuthority,
    times: &[Time],
    at: UnixTime,
) -> Result<Cow<'r, [u8]>> {
    let Some((root, own)) = authority.members().split_last() else {
        return Err(untrusted(leaf));
    };
    root.refuse_if_expired(times)?;
    let candidates: Vec<CertificateDer<'_>> = own
        .iter()
        .map(|member| CertificateDer::from(member.der.as_ref()))
        .chain(
            intermediates
                .iter()
                .map(|der| CertificateDer::from(der.as_slice())),
        )
        .collect();
    let refusal = RefCell::new(None);
    let accept = |path: &VerifiedPath<'_>| {
        accept(path, root.path_length, times).map_err(|failure| {
            refusal.replace(Some(failure));
            Error::UnknownIssuer
        })
    };
    entity
        .verify_for_usage(
            ALGORITHMS,
            std::slice::from_ref(&authority.root_anchor),
            &candidates,
            at,
            CodeSigning,
            None,
            Some(&accept),
        )
        .map(|path| Cow::Owned(path.issuer_spki().to_vec()))
        .map_err(|error| match refusal.take() {
            Some(failure) => failure,
            None => {
                expired(authority, times, &error).unwrap_or_else(|| refused(leaf, authority, error))
            }
        })
}

/// What path validation leaves to us: every time, the root's path length, and the right to sign certificates.
fn accept(path: &VerifiedPath<'_>, root_path_length: Option<u64>, times: &[Time]) -> Result<()> {
    let mut count: u64 = 0;
    for intermediate in path.intermediate_certificates() {
        count = count.saturating_add(1);
        let der = intermediate.der();
        let certificate = Certificate::parse(&der)?;
        let name = Name(certificate.subject);
        refuse_outside(certificate.validity(), times, || {
            format!("the authority's certificate {name}")
        })?;
        if certificate
            .key_usage()?
            .is_some_and(|usage| !usage.key_cert_sign())
        {
            return Err(Failure::new(Reason::CertificateUntrusted)
                .at("issuer")
                .detail("the issuer's certificate may not sign certificates")
                .expected("keyCertSign")
                .found(name));
        }
    }
    match root_path_length {
        Some(length) if count > length => Err(Failure::new(Reason::CertificateUntrusted)
            .at("issuer")
            .detail("the root's path length is exceeded")
            .expected(format!("at most {length} certificates between"))
            .found(count)),
        _ => Ok(()),
    }
}

/// Accepts authorities without extended key usages and those for signing code. The signer's certificate was
/// checked more strictly before.
struct CodeSigning;

impl ExtendedKeyUsageValidator for CodeSigning {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> std::result::Result<(), Error> {
        let mut none = true;
        for purpose in purposes {
            let purpose = purpose?;
            none = false;
            if purpose == KeyPurposeId::new(CODE_SIGNING) || purpose == KeyPurposeId::new(ANY) {
                return Ok(());
            }
        }
        match none {
            true => Ok(()),
            false => Err(Error::RequiredEkuNotFoundContext(
                RequiredEkuNotFoundContext {
                    required: KeyUsage::required_if_present(CODE_SIGNING),
                    present: Vec::new(),
                },
            )),
        }
    }
}

/// The failure of a certificate that path validation cannot even read.
pub(super) fn unreadable(error: Error) -> Failure {
    Failure::new(Reason::CertificateMalformed).detail(match error {
        Error::UnsupportedCriticalExtension => "a critical extension is not supported".to_owned(),
        error => format!("{error}"),
    })
}

/// The failure of a certificate that names this authority, or has intermediates of its own.
fn refused(leaf: &Certificate<'_>, authority: &CertificateAuthority, error: Error) -> Failure {
    let untrusted = |detail: &str| {
        untrusted(leaf)
            .at("issuer")
            .detail(format!("{detail} {}", authority.name()))
    };
    match error {
        Error::UnknownIssuer => untrusted("no path leads to"),
        Error::InvalidSignatureForPublicKey => {
            untrusted("the certificate is not signed with the key of")
        }
        Error::NameConstraintViolation => untrusted("the name is outside the constraints of"),
        Error::PathLenConstraintViolated => untrusted("the path is longer than allowed by"),
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            Failure::new(Reason::CertificateNotValidAtTime)
                .at("issuer")
                .detail(format!(
                    "a certificate of the path was not in force: {error}"
                ))
        }
        error => untrusted(&format!("path validation failed ({error}) for")),
    }
}

/// Which of the authority's own certificates made path validation fail with an expiry.
fn expired(authority: &CertificateAuthority, times: &[Time], error: &Error) -> Option<Failure> {
    match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            authority.refuse_expired_members(times).err()
        }
        _ => None,
    }
}

/// The first of the times, for path validation; the others are compared with the validities that it used.
fn unix_time(times: &[Time]) -> Result<UnixTime> {
    times
        .first()
        .and_then(|time| u64::try_from(time.unix_seconds()).ok())
        .map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
        .ok_or_else(|| {
            Failure::new(Reason::CertificateNotValidAtTime).detail("the time is before 1970")
        })
}

/// id-kp-codeSigning and anyExtendedKeyUsage as content octets (RFC 5280, section 4.2.1.12).
const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];
const ANY: &[u8] = &[0x55, 29, 37, 0];

/// The algorithms that certificates may be signed with, the commonest first.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    aws_lc_rs::ECDSA_P384_SHA384,
    aws_lc_rs::ECDSA_P256_SHA256,
    aws_lc_rs::ECDSA_P521_SHA512,
    aws_lc_rs::ECDSA_P384_SHA256,
    aws_lc_rs::ECDSA_P384_SHA512,
    aws_lc_rs::ECDSA_P256_SHA384,
    aws_lc_rs::ECDSA_P256_SHA512,
    aws_lc_rs::ECDSA_P521_SHA256,
    aws_lc_rs::ECDSA_P521_SHA384,
    aws_lc_rs::ED25519,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA256,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA384,
    aws_lc_rs::RSA_PKCS1_2048_8192_SHA512,
    aws_lc_rs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    aws_lc_rs::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    aws_lc_rs::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];
