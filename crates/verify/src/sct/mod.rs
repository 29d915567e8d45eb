//! Was this certificate published in a certificate-transparency log (RFC 6962)?

mod facts;
mod parse;
mod signed_input;

pub use facts::SctFacts;

use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::certificate::{Certificate, SIGNED_CERTIFICATE_TIMESTAMPS};
use crate::trusted_root::Log;
use crate::{DigestAlgorithm, Failure, KeyKind, Reason, Result, SignatureScheme, Time, limits};
use parse::Sct;
use signed_input::SignedInput;

/// Verifies the embedded and the `detached` signed certificate timestamps of `leaf`.
///
/// `issuer_spki` is the key that was proven to have signed `leaf`. Timestamps of unknown logs do not count; those
/// of known logs must verify. At least `threshold` distinct logs must have signed.
///
/// # Errors
/// [`Reason::SctMissing`], [`Reason::SctUntrusted`], [`Reason::SctInvalid`], [`Reason::LimitExceeded`].
pub(crate) fn verify(
    leaf: &Certificate<'_>,
    issuer_spki: &[u8],
    detached: &[&[u8]],
    logs: &[Log],
    threshold: usize,
) -> Result<Vec<SctFacts>> {
    let mut facts: Vec<SctFacts> = Vec::new();
    let mut distinct: Vec<&[u8; 32]> = Vec::new();
    let mut unknown: Option<String> = None;
    let mut total = 0;
    let mut check = |sct: &Sct<'_>, embedded: bool, input: &mut SignedInput| -> Result<()> {
        let Some(log) = logs
            .iter()
            .find(|log| log.id == *sct.log_id && log.window.contains(sct.time))
        else {
            unknown = Some(format!(
                "log {} at {}",
                HEXLOWER.encode(sct.log_id),
                sct.time
            ));
            return Ok(());
        };
        let scheme = scheme(sct, log)?;
        if !log.key.verify(scheme, input.of(sct), sct.signature) {
            return Err(invalid()
                .detail("the log's key did not sign this certificate at this time")
                .found(format!("an SCT of {}, {}", log.base_url, sct.time)));
        }
        // A log that signs twice is still one witness.
        if !distinct.contains(&&log.id) {
            distinct.push(&log.id);
            facts.push(SctFacts {
                log_id: HEXLOWER.encode(&log.id),
                log: log.base_url.as_str().into(),
                time: sct.time,
                embedded,
                signature_scheme: scheme,
            });
        }
        Ok(())
    };

    let mut skipped_version = None;
    if let Some(extension) = leaf.extension(SIGNED_CERTIFICATE_TIMESTAMPS) {
        let mut input = SignedInput::of_precertificate(leaf, issuer_spki)?;
        for serialized in parse::list(extension.value)? {
            let serialized = serialized?;
            total += 1;
            limits::SCTS.check(total, "extensions.signedCertificateTimestamps")?;
            match parse::sct(serialized)? {
                Ok(sct) => check(&sct, true, &mut input)?,
                Err(version) => skipped_version = Some(version),
            }
        }
    }
    if !detached.is_empty() {
        let mut input = SignedInput::of_certificate(leaf)?;
        for bytes in detached {
            total += 1;
            limits::SCTS.check(total, "signedCertificateTimestamps")?;
            let serialized = parse::detached(bytes)?;
            match parse::sct(&serialized)? {
                Ok(sct) => check(&sct, false, &mut input)?,
                Err(version) => skipped_version = Some(version),
            }
        }
    }

    if facts.len() >= threshold {
        return Ok(facts);
    }
    let unknown = unknown.or_else(|| {
        skipped_version.map(|version| format!("an SCT of version {}", u16::from(version) + 1))
    });
    let required = format!("SCTs of {threshold} trusted logs");
    Err(match (total, unknown) {
        (0, _) => Failure::new(Reason::SctMissing),
        (_, Some(unknown)) => Failure::new(Reason::SctUntrusted)
            .expected(required)
            .found(unknown),
        (_, None) => Failure::new(Reason::SctMissing)
            .expected(required)
            .found(format!("SCTs of {}", facts.len())),
    })
}

/// The number of embedded SCTs, without a look at what they say.
pub(crate) fn count(leaf: &Certificate<'_>) -> usize {
    leaf.extension(SIGNED_CERTIFICATE_TIMESTAMPS)
        .and_then(|extension| parse::list(extension.value).ok())
        .map_or(0, |list| list.filter(Result::is_ok).count())
}

/// The scheme of an SCT's signature, which must be one of the log's key.
fn scheme(sct: &Sct<'_>, log: &Log) -> Result<SignatureScheme> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    // RFC 5246, section 7.4.1.4.1
    let digest = match sct.hash_algorithm {
        4 => Some(Sha256),
        5 => Some(Sha384),
        6 => Some(Sha512),
        _ => None,
    };
    let scheme = match (sct.signature_algorithm, log.key.kind(), digest) {
        (3, KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521, Some(digest)) => {
            Some(SignatureScheme::Ecdsa(digest))
        }
        (1, KeyKind::Rsa(_), Some(digest)) => Some(SignatureScheme::RsaPkcs1(digest)),
        _ => None,
    };
    // RFC 6962, section 2.1.4, allows SHA-256 alone; some logs with larger keys use the digest of their key.
    scheme
        .filter(|scheme| digest == Some(Sha256) || *scheme == log.key.default_scheme())
        .ok_or_else(|| {
            invalid()
                .detail("the algorithm does not fit the log's key")
                .expected(log.key.default_scheme())
                .found(format!(
                    "hash {} with signature {}",
                    sct.hash_algorithm, sct.signature_algorithm
                ))
        })
}

/// The moment `milliseconds` after 1970.
fn time(milliseconds: u64) -> Option<Time> {
    let since = Duration::from_millis(milliseconds);
    Time::from_unix(
        i64::try_from(since.as_secs()).ok()?,
        i32::try_from(since.subsec_nanos()).ok()?,
    )
}

fn invalid() -> Failure {
    Failure::new(Reason::SctInvalid)
}

#[cfg(test)]
mod tests;
