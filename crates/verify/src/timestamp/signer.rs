//! The certificate that signs tokens: who it is, and whether it may.

use std::sync::OnceLock;

use aws_lc_rs::digest;
use pki_types::CertificateDer;

use super::attributes::EssCertId;
use super::token::SignerIdentifier;
use crate::certificate::{Certificate, ID_KP_TIME_STAMPING};
use crate::{Digest, Failure, PublicKey, Reason, Result, SignatureScheme, Window};

/// A signer's certificate, read once.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    /// The certificate.
    pub(super) der: CertificateDer<'static>,
    /// SHA-256 of the certificate.
    pub(super) digest: Digest,
    /// When the certificate is valid.
    pub(super) validity: Window,
    issuer: Box<[u8]>,
    serial: Box<[u8]>,
    key_identifier: Option<Box<[u8]>>,
    spki: Box<[u8]>,
    /// Whether the certificate may sign tokens. Refused with the token, not with the trusted root: an authority with
    /// a wrong certificate must not spoil the others.
    fitness: Result<()>,
    /// The key, for the scheme of the first token.
    key: OnceLock<PublicKey>,
}

impl Signer {
    /// Takes what is needed from a certificate.
    pub(super) fn new(certificate: &Certificate<'_>) -> Self {
        Self {
            der: CertificateDer::from(certificate.der.to_vec()),
            digest: Digest::sha256(certificate.der),
            validity: certificate.validity(),
            issuer: certificate.issuer.into(),
            serial: certificate.serial.into(),
            key_identifier: key_identifier(certificate).map(Into::into),
            spki: certificate.spki.into(),
            fitness: fitness(certificate),
            key: OnceLock::new(),
        }
    }

    /// Whether a token names this certificate as its signer's.
    pub(super) fn is_named_by(&self, sid: SignerIdentifier<'_>) -> bool {
        match sid {
            SignerIdentifier::IssuerAndSerial { issuer, serial } => {
                *self.issuer == *issuer && *self.serial == *serial
            }
            SignerIdentifier::KeyIdentifier(identifier) => {
                self.key_identifier.as_deref() == Some(identifier)
            }
        }
    }

    /// Whether the certificate is among those that the token brought along.
    ///
    /// # Errors
    /// [`Reason::TimestampInvalid`] when the token brought another one under the same name.
    pub(super) fn is_embedded(
        &self,
        certificates: &[&[u8]],
        sid: SignerIdentifier<'_>,
    ) -> Result<bool> {
        let mut embedded = false;
        for der in certificates {
            if *der == self.der.as_ref() {
                embedded = true;
            } else if !Certificate::is_well_formed(der) {
                return Err(Failure::new(Reason::TimestampMalformed)
                    .at("certificates")
                    .detail("an embedded certificate is not the DER of a certificate"));
            } else if Certificate::parse(der).is_ok_and(|other| sid.names(&other)) {
                return Err(invalid("certificates")
                    .detail("the embedded signer's certificate is not the one of the trusted root")
                    .expected(self.digest)
                    .found(Digest::sha256(der)));
            }
        }
        Ok(embedded)
    }

    /// Refuses a certificate that must not sign tokens.
    pub(super) fn require_fitness(&self) -> Result<()> {
        self.fitness.clone()
    }

    /// Refuses a signing-certificate attribute that means another certificate (RFC 5816, section 2.2.1).
    pub(super) fn require_named_in(&self, id: &EssCertId<'_>, v2: bool) -> Result<()> {
        let field = match v2 {
            true => "signerInfos[0].signedAttrs.signingCertificateV2",
            false => "signerInfos[0].signedAttrs.signingCertificate",
        };
        let same_hash = match (v2, &id.hash_algorithm) {
            (false, _) => {
                // RFC 2634 knows no other hash. What it protects against is a second certificate for the same
                // key, which a collision of SHA-1 does not give, and FreeTSA writes no other attribute.
                digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref() == id.hash
            }
            (true, None) => self.digest.as_bytes() == id.hash,
            (true, Some(algorithm)) => Digest::of(algorithm.digest(field)?, &self.der)
                .is_some_and(|digest| digest.as_bytes() == id.hash),
        };
        let same_issuer_serial = id
            .issuer_serial
            .as_ref()
            .is_none_or(|id| *self.issuer == *id.issuer && *self.serial == *id.serial);
        match same_hash && same_issuer_serial {
            true => Ok(()),
            false => Err(invalid(field)
                .detail("the attribute names another certificate than the signer's")
                .expected(self.digest)),
        }
    }

    /// Refuses a signature that is not this signer's.
    pub(super) fn verify(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        let key = match self.key.get() {
            Some(key) => key,
            // Not remembered when the scheme does not fit: a bad token must not spoil the next one.
            None => {
                let key =
                    PublicKey::from_spki_with_scheme(&self.spki, scheme).map_err(|failure| {
                        let invalid = invalid("signerInfos[0].signatureAlgorithm");
                        invalid.detail(format!("the signer's key does not fit: {failure}"))
                    })?;
                self.key.get_or_init(|| key)
            }
        };
        match key.verify(scheme, message, signature) {
            true => Ok(()),
            false => Err(invalid("signerInfos[0].signature")
                .detail(format!("the signature does not verify with {scheme}"))),
        }
    }
}

impl SignerIdentifier<'_> {
    /// Whether this certificate is meant.
    pub(super) fn names(self, certificate: &Certificate<'_>) -> bool {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                certificate.issuer == issuer && certificate.serial == serial
            }
            Self::KeyIdentifier(identifier) => key_identifier(certificate) == Some(identifier),
        }
    }
}

/// A key identifier that cannot be read names nobody.
fn key_identifier<'a>(certificate: &'a Certificate<'_>) -> Option<&'a [u8]> {
    certificate.subject_key_id().ok().flatten()
}

/// RFC 3161, section 2.3: the certificate is for timestamps and for nothing else, and says so critically.
fn fitness(certificate: &Certificate<'_>) -> Result<()> {
    let unfit = |extension: &str| {
        invalid("certificates").detail(format!(
            "the signer's certificate is unfit by its {extension}"
        ))
    };
    let in_signer = |failure: Failure| {
        invalid("certificates").detail(format!(
            "the signer's certificate cannot be read: {failure}"
        ))
    };
    if certificate.is_ca().map_err(in_signer)? {
        return Err(unfit("basicConstraints").expected("no certificate authority"));
    }
    let purposes = certificate.extended_key_usage().map_err(in_signer)?;
    let only_purpose = purposes.filter(|usage| usage.critical).and_then(|usage| {
        let mut purposes = usage.purposes();
        purposes.next().filter(|_| purposes.next().is_none())
    });
    if only_purpose != Some(ID_KP_TIME_STAMPING) {
        return Err(unfit("extKeyUsage")
            .expected("a critical extended key usage with timeStamping and nothing else"));
    }
    let usage = certificate.key_usage().map_err(in_signer)?;
    if usage.is_some_and(|usage| !usage.digital_signature() && !usage.non_repudiation()) {
        return Err(unfit("keyUsage").expected("digitalSignature or nonRepudiation"));
    }
    Ok(())
}

fn invalid(field: &str) -> Failure {
    Failure::new(Reason::TimestampInvalid).at(field)
}
