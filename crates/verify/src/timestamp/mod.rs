//! RFC 3161 timestamps: proof by an authority of the trusted root that a signature existed at a time.
//!
//! A [`Token`] is read, an [`Authority`] is prepared from the trusted root, and [`check`] brings the two and the stamped
//! bytes together: Cryptographic Message Syntax (RFC 5652) with the attributes of RFC 3161 and RFC 5816.

mod algorithm;
mod attributes;
mod authority;
mod info;
mod signer;
mod token;

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use der::asn1::ObjectIdentifier;

pub(crate) use authority::Authority;
pub(crate) use token::Token;

use self::signer::Signer;
use self::token::SignerIdentifier;
use crate::asn1::distinguished;
use crate::certificate::Name;
use crate::{Digest, DigestAlgorithm, Failure, Reason, Result, Time};

/// What a verified timestamp says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TimestampFacts {
    /// The time at which the signature existed (`genTime`).
    pub time: Time,
    /// The authority, as the trusted root names it.
    pub authority: String,
    /// SHA-256 of the authority's root certificate, which with the name tells authorities apart.
    pub root_certificate: Digest,
    /// SHA-256 of the certificate that signed the token.
    pub signer_certificate: Digest,
    /// Whether the token brought that certificate along.
    pub embedded_certificate: bool,
    /// The object identifier of the policy under which the token was made.
    pub policy: String,
    /// The token's serial number in hex, with a minus sign when it is negative.
    pub serial: String,
    /// How the signature was hashed for the stamp, for example `sha256`.
    pub imprint_algorithm: &'static str,
    /// How the token is signed, for example `ecdsa-sha256`.
    pub signature_scheme: String,
    /// How far the time may be off, in milliseconds, as the authority states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_ms: Option<u64>,
}

/// What became of a token that is not wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenCheck {
    /// An authority of the trusted root made it over the given bytes.
    Verified(Box<TimestampFacts>),
    /// Its signer is no authority of the trusted root: the token counts for nothing, and nothing in it was verified.
    UnknownAuthority {
        /// The issuer of the signer's certificate, or the identifier of its key, as the token names it.
        issuer: String,
        /// The serial number of the signer's certificate in hex, unless the token names a key identifier.
        serial: Option<String>,
        /// The time that the token claims.
        time: Time,
    },
}

/// Checks a token over `message` (in Sigstore: the signature's bytes) against the authorities of the trusted root.
///
/// # Errors
/// [`Reason::TimestampInvalid`] when the token names an authority of the trusted root but does not verify, or its time
/// lies outside the authority's window or a certificate of its chain; [`Reason::TimestampMismatch`] when it verifies
/// but was made over other bytes.
pub(crate) fn check(
    token: &Token<'_>,
    authorities: &[Authority],
    message: &[u8],
) -> Result<TokenCheck> {
    let named: Vec<(&Authority, Cow<'_, Signer>)> = authorities
        .iter()
        .filter_map(|authority| Some((authority, authority.signer(token)?)))
        .collect();
    if named.is_empty() {
        return Ok(token.unknown());
    }
    let mut first_failure = None;
    for (authority, signer) in &named {
        if !authority.window().contains(token.time()) {
            continue;
        }
        match verify(token, authority, signer, message) {
            Ok(facts) => return Ok(TokenCheck::Verified(Box::new(facts))),
            Err(failure) => first_failure = first_failure.or(Some(failure)),
        }
    }
    Err(first_failure.unwrap_or_else(|| {
        let windows: Vec<String> = named
            .iter()
            .map(|(authority, _)| authority.window().to_string())
            .collect();
        invalid("tstInfo.genTime")
            .detail("the trusted root does not believe this authority at that time")
            .expected(windows.join(" or "))
            .found(token.time())
    }))
}

/// Every check on a token of this authority, apart from the authority's window.
fn verify(
    token: &Token<'_>,
    authority: &Authority,
    signer: &Signer,
    message: &[u8],
) -> Result<TimestampFacts> {
    let info = &token.signer;
    let embedded_certificate = signer.is_embedded(&token.certificates, info.sid)?;
    signer.require_fitness()?;

    let digest = info
        .digest_algorithm
        .digest("signerInfos[0].digestAlgorithm")?;
    let scheme = info.signature_algorithm.scheme(digest)?;
    verify_attributes(token, digest, signer)?;
    // What is signed is the DER of the set, in its order (RFC 5652, section 5.4).
    let signed = info.signed_bytes();
    distinguished::check(&signed).map_err(|violation| {
        invalid("signerInfos[0].signedAttrs")
            .detail(format!("the signed attributes are not DER: {violation}"))
    })?;
    signer.verify(scheme, &signed, info.signature)?;
    authority.verify_chain(signer, token)?;

    let imprint_algorithm = verify_info(token, message)?;
    Ok(TimestampFacts {
        time: token.time(),
        authority: authority.name().to_owned(),
        root_certificate: authority.root_digest(),
        signer_certificate: signer.digest,
        embedded_certificate,
        policy: token.info.policy.to_string(),
        serial: hex(token.info.serial),
        imprint_algorithm: imprint_algorithm.as_str(),
        signature_scheme: scheme.to_string(),
        accuracy_ms: token.info.accuracy_ms,
    })
}

/// The signed attributes that tie the signature to the content and to the signer's certificate (RFC 5652, section 5.3;
/// RFC 3161, section 2.4.2; RFC 5816, section 2.2.1).
fn verify_attributes(token: &Token<'_>, digest: DigestAlgorithm, signer: &Signer) -> Result<()> {
    let attributes = &token.signer.attributes;
    if attributes.content_type != Some(ID_CT_TST_INFO) {
        let failure = invalid("signerInfos[0].signedAttrs.contentType").expected(ID_CT_TST_INFO);
        return Err(match attributes.content_type {
            Some(found) => failure.found(found),
            None => failure.found("no such attribute"),
        });
    }
    let Some(message_digest) = attributes.message_digest else {
        return Err(invalid("signerInfos[0].signedAttrs.messageDigest")
            .expected("the digest of the content")
            .found("no such attribute"));
    };
    let content = Digest::of(digest, token.content);
    if content.is_none_or(|content| content.as_bytes() != message_digest) {
        return Err(invalid("signerInfos[0].signedAttrs.messageDigest")
            .expected(content.map_or_else(|| digest.to_string(), |digest| digest.hex()))
            .found(HEXLOWER.encode_display(message_digest)));
    }
    let v1 = attributes.signing_certificate.as_ref();
    let v2 = attributes.signing_certificate_v2.as_ref();
    if v1.is_none() && v2.is_none() {
        return Err(invalid("signerInfos[0].signedAttrs.signingCertificateV2")
            .expected("the signer's certificate")
            .found("no such attribute"));
    }
    v1.map_or(Ok(()), |id| signer.require_named_in(id, false))?;
    v2.map_or(Ok(()), |id| signer.require_named_in(id, true))
}

/// What the authority vouches for: these bytes, without conditions that we do not know.
fn verify_info(token: &Token<'_>, message: &[u8]) -> Result<DigestAlgorithm> {
    let info = &token.info;
    if let Some(extension) = info.critical_extension {
        return Err(invalid("tstInfo.extensions")
            .expected("no critical extension")
            .found(extension));
    }
    let algorithm = info
        .imprint_algorithm
        .digest("tstInfo.messageImprint.hashAlgorithm")?;
    let Some(imprint) = Digest::new(algorithm, info.imprint) else {
        return Err(invalid("tstInfo.messageImprint.hashedMessage")
            .expected(format!("a digest of {algorithm}"))
            .found(format!("{} octets", info.imprint.len())));
    };
    match Digest::of(algorithm, message) {
        Some(digest) if digest == imprint => Ok(algorithm),
        other => Err(Failure::new(Reason::TimestampMismatch)
            .at("tstInfo.messageImprint.hashedMessage")
            .expected(other.map_or_else(|| algorithm.to_string(), |digest| digest.to_string()))
            .found(imprint)),
    }
}

/// What a token says, nothing of it verified.
pub(crate) struct TokenClaims {
    /// The time that the token names.
    pub(crate) time: Time,
    /// The issuer of the signer's certificate, or the identifier of its key.
    pub(crate) signer: String,
    /// The object identifier of the policy.
    pub(crate) policy: String,
    /// The token's serial number in hex.
    pub(crate) serial: String,
    /// How the stamped bytes were hashed, and to what.
    pub(crate) imprint: String,
    /// How many certificates the token brings along.
    pub(crate) certificates: usize,
}

impl Token<'_> {
    /// What the token says of itself.
    pub(crate) fn claims(&self) -> TokenClaims {
        let info = &self.info;
        let algorithm = info.imprint_algorithm.digest("").map_or_else(
            |_| info.imprint_algorithm.oid.to_string(),
            |algorithm| algorithm.to_string(),
        );
        TokenClaims {
            time: self.time(),
            signer: match self.unknown() {
                TokenCheck::UnknownAuthority { issuer, .. } => issuer,
                TokenCheck::Verified(facts) => facts.authority,
            },
            policy: info.policy.to_string(),
            serial: hex(info.serial),
            imprint: format!("{algorithm}:{}", HEXLOWER.encode(info.imprint)),
            certificates: self.certificates.len(),
        }
    }

    /// The token of an authority that is not in the trusted root.
    fn unknown(&self) -> TokenCheck {
        let (issuer, serial) = match self.signer.sid {
            SignerIdentifier::IssuerAndSerial { issuer, serial } => {
                (Name(issuer).to_string(), Some(hex(serial)))
            }
            SignerIdentifier::KeyIdentifier(identifier) => {
                let shown = identifier.get(..SHOWN_OCTETS).unwrap_or(identifier);
                (format!("key {}", HEXLOWER.encode(shown)), None)
            }
        };
        TokenCheck::UnknownAuthority {
            issuer,
            serial,
            time: self.time(),
        }
    }
}

/// The value of an INTEGER in hex, from its content octets.
fn hex(integer: &[u8]) -> String {
    let shown = integer.get(..SHOWN_OCTETS).unwrap_or(integer);
    match shown {
        [0, rest @ ..] if !rest.is_empty() => HEXLOWER.encode(rest),
        [0x80..=0xff, ..] => {
            // Two's complement: invert, then add one from the end.
            let mut magnitude: Vec<u8> = shown.iter().map(|octet| !octet).collect();
            for octet in magnitude.iter_mut().rev() {
                let carry = *octet == 0xff;
                *octet = octet.wrapping_add(1);
                if !carry {
                    break;
                }
            }
            format!("-{}", HEXLOWER.encode(&magnitude))
        }
        octets => HEXLOWER.encode(octets),
    }
}

fn invalid(field: &str) -> Failure {
    Failure::new(Reason::TimestampInvalid).at(field)
}

/// id-ct-TSTInfo (RFC 3161, section 2.4.2).
const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// Hostile numbers are cut here; RFC 5280 and RFC 3161 allow 20 octets.
const SHOWN_OCTETS: usize = 64;

#[cfg(test)]
mod tests;
