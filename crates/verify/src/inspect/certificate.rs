//! What a certificate says.

use data_encoding::HEXLOWER;

use super::{Facts, Inspection, Kind, key_facts, size};
use crate::certificate::{Certificate, Name};
use crate::{Result, sct};

/// The DER of the subject's and of the issuer's name; `None` when this is no certificate.
///
/// For putting chains in order; nothing is verified.
pub fn certificate_names(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let certificate = Certificate::parse(der).ok()?;
    Some((certificate.subject, certificate.issuer))
}

pub(super) fn inspect(der: &[u8]) -> Result<Inspection> {
    Ok(Inspection::new(Kind::Certificate, facts(der)?))
}

pub(super) fn facts(der: &[u8]) -> Result<Facts> {
    let certificate = Certificate::parse(der)?;
    let claims = certificate.claims()?;
    let mut out = Facts::Fields(Vec::new());
    if let Some(san) = &claims.san {
        out.push("identity", Facts::text(san));
        out.push("identityKind", Facts::text(san.kind()));
    }
    if let Some(issuer) = &claims.issuer {
        out.push("issuer", Facts::text(issuer));
    }
    let others: Vec<_> = claims
        .claims
        .iter()
        .map(|(claim, value)| (claim.to_string().into(), Facts::text(value)))
        .collect();
    if !others.is_empty() {
        out.push("claims", Facts::Fields(others));
    }
    let subject = Name(certificate.subject).to_string();
    if !subject.is_empty() {
        out.push("subjectName", Facts::text(subject));
    }
    out.push("issuerName", Facts::text(Name(certificate.issuer)));
    out.push("notBefore", Facts::text(certificate.not_before));
    out.push("notAfter", Facts::text(certificate.not_after));
    out.push("isAuthority", Facts::Flag(certificate.is_ca()?));
    out.push(
        "key",
        match certificate.public_key() {
            Ok(key) => key_facts(&key),
            Err(failure) => Facts::text(failure),
        },
    );
    out.push("scts", Facts::Number(size(sct::count(&certificate))));
    out.push("serial", Facts::text(HEXLOWER.encode(certificate.serial)));
    out.push(
        "sha256",
        Facts::text(HEXLOWER.encode(&certificate.fingerprint())),
    );
    Ok(out)
}
