//! Was this certificate issued by an authority of the trusted root that was in force at every accepted time?
//!
//! Path validation (RFC 5280, section 6) is rustls-webpki's, anchored at an authority's root. The links inside an
//! authority's own chain never change, so they are verified once and its issuing certificate then stands for the
//! chain: a signer's certificate costs one signature check.

mod authority;
mod path;

pub(crate) use authority::CertificateAuthority;

use std::borrow::Cow;

use pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::certificate::{Certificate, ID_KP_CODE_SIGNING, Name};
use crate::{Failure, Reason, Result, Time, Window, limits};

/// Proof that an authority of the trusted root issued a certificate.
#[derive(Debug)]
pub(crate) struct Issued<'r> {
    authority: &'r CertificateAuthority,
    issuer_spki: Cow<'r, [u8]>,
}

impl<'r> Issued<'r> {
    /// The authority.
    pub(crate) fn authority(&self) -> &'r CertificateAuthority {
        self.authority
    }

    /// The SubjectPublicKeyInfo of the key that signed the certificate.
    pub(crate) fn issuer_spki(&self) -> &[u8] {
        &self.issuer_spki
    }
}

/// Verifies that `leaf` is a code-signing certificate of one of the `authorities`, valid at every one of `times`.
///
/// `intermediates` come with the material: they may help to find a path and are never trusted by themselves.
///
/// # Errors
/// The most telling one of [`Reason::CertificateNotValidAtTime`], [`Reason::CertificateUsage`],
/// [`Reason::TrustRootInvalid`] and [`Reason::CertificateUntrusted`]; [`Reason::CertificateMalformed`];
/// [`Reason::NoTrustedTime`] without any time; [`Reason::LimitExceeded`] for too many intermediates.
pub(crate) fn verify<'r>(
    leaf: &Certificate<'_>,
    intermediates: &[Vec<u8>],
    authorities: &'r [CertificateAuthority],
    times: &[Time],
) -> Result<Issued<'r>> {
    // Nothing would be checked at all.
    if times.is_empty() {
        return Err(Failure::new(Reason::NoTrustedTime));
    }
    limits::CHAIN_CERTIFICATES.check(intermediates.len(), "intermediates")?;
    refuse_outside(leaf.validity(), times, || {
        "the signer's certificate".to_owned()
    })?;
    refuse_other_usage(leaf)?;

    let der = CertificateDer::from(leaf.der);
    let entity = EndEntityCert::try_from(&der).map_err(path::unreadable)?;
    let mut best: Option<Failure> = None;
    for authority in authorities {
        match path::find(leaf, &entity, intermediates, authority, times) {
            Ok(issuer_spki) => {
                return Ok(Issued {
                    authority,
                    issuer_spki,
                });
            }
            Err(failure) => {
                if best.as_ref().is_none_or(|best| rank(&failure) < rank(best)) {
                    best = Some(failure);
                }
            }
        }
    }
    Err(best.unwrap_or_else(|| {
        Failure::new(Reason::CertificateUntrusted)
            .expected("a certificate authority in the trusted root")
            .found("none")
    }))
}

/// Refuses a signer's certificate that is not for signing code.
fn refuse_other_usage(leaf: &Certificate<'_>) -> Result<()> {
    let unfit = |field: &str| Failure::new(Reason::CertificateUsage).at(field);
    if leaf.is_ca()? {
        return Err(unfit("extensions.basicConstraints")
            .expected("a signer's certificate")
            .found("an authority's certificate"));
    }
    // Fulcio always says it, and what is not said to be for signatures is not for signatures.
    let usage = leaf.key_usage()?;
    if !usage.is_some_and(|usage| usage.digital_signature()) {
        let failure = unfit("extensions.keyUsage").expected("digitalSignature");
        return Err(match usage {
            Some(_) => failure.found("other usages"),
            None => failure.found("no such extension"),
        });
    }
    // anyExtendedKeyUsage is not enough: Fulcio never issues it, and RFC 5280 lets applications insist.
    let usage = leaf.extended_key_usage()?;
    if usage.is_some_and(|usage| usage.contains(ID_KP_CODE_SIGNING)) {
        return Ok(());
    }
    let found = usage.map_or_else(
        || "no such extension".to_owned(),
        |usage| {
            let purposes: Vec<String> = usage.purposes().map(|id| id.to_string()).collect();
            purposes.join(", ")
        },
    );
    Err(unfit("extensions.extKeyUsage")
        .expected(format!("id-kp-codeSigning ({ID_KP_CODE_SIGNING})"))
        .found(found))
}

/// Refuses a validity that does not hold one of the times.
fn refuse_outside(validity: Window, times: &[Time], subject: impl Fn() -> String) -> Result<()> {
    match times.iter().find(|time| !validity.contains(**time)) {
        None => Ok(()),
        Some(time) => Err(Failure::new(Reason::CertificateNotValidAtTime)
            .at("validity")
            .detail(format!("{} was not in force", subject()))
            .expected(format!("a time from {validity}"))
            .found(time)),
    }
}

/// How little a failure says; the lowest one is reported.
fn rank(failure: &Failure) -> u8 {
    match failure.reason {
        Reason::CertificateNotValidAtTime => 0,
        Reason::CertificateUsage | Reason::CertificateMalformed => 1,
        Reason::TrustRootInvalid => 2,
        // Only failures of an authority that the certificate names say where they were seen.
        _ if failure.field.is_some() => 3,
        _ => 4,
    }
}

/// The failure of a certificate that names another issuer.
fn untrusted(leaf: &Certificate<'_>) -> Failure {
    Failure::new(Reason::CertificateUntrusted)
        .expected("an issuer in the trusted root")
        .found(Name(leaf.issuer))
}

#[cfg(test)]
mod tests;
