//! X.509 certificates (RFC 5280) as a view of their DER: what a signer's certificate says, nothing decided.

mod algorithm;
mod claims;
mod extensions;
mod name;
mod subject_alternative_name;

pub use claims::{Claim, ClaimValues, Claims, ExtensionId, UnknownClaim};
pub use subject_alternative_name::SubjectAlternativeName;

pub(crate) use algorithm::signature_scheme;
pub(crate) use extensions::{
    ANY_EXTENDED_KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, Extension, ID_KP_CODE_SIGNING,
    ID_KP_TIME_STAMPING, KEY_USAGE, NAME_CONSTRAINTS, SIGNED_CERTIFICATE_TIMESTAMPS,
    SUBJECT_ALTERNATIVE_NAME,
};
pub(crate) use name::Name;

use std::fmt;

use der::Tag;
use der::asn1::ObjectIdentifier;

use crate::asn1::{self, Der, context, distinguished};
use crate::digest::sha256;
use crate::{Failure, PublicKey, Reason, Result, SignatureScheme, Time, Window};

/// A version 3 certificate that borrows from its encoding.
///
/// Only the shape is checked here. Nothing is believed until [`chain`](crate::chain) has verified it.
#[derive(Clone, Debug)]
pub(crate) struct Certificate<'a> {
    /// The whole encoding.
    pub(crate) der: &'a [u8],
    /// The TBSCertificate that is signed, with its tag and length.
    pub(crate) tbs: &'a [u8],
    /// The content octets of the serial number.
    pub(crate) serial: &'a [u8],
    /// The issuer's Name, with its tag and length.
    pub(crate) issuer: &'a [u8],
    /// The subject's Name, with its tag and length.
    pub(crate) subject: &'a [u8],
    /// The first second of the validity.
    pub(crate) not_before: Time,
    /// The last second of the validity.
    pub(crate) not_after: Time,
    /// The SubjectPublicKeyInfo, with its tag and length.
    pub(crate) spki: &'a [u8],
    /// The signature's AlgorithmIdentifier, with its tag and length.
    pub(crate) signature_algorithm: &'a [u8],
    /// The issuer's signature over [`Certificate::tbs`].
    pub(crate) signature: &'a [u8],
    /// The content octets of the TBSCertificate that stand before the extensions.
    before_extensions: &'a [u8],
    extensions: Vec<Extension<'a>>,
}

impl<'a> Certificate<'a> {
    /// Reads one certificate (RFC 5280, section 4.1).
    ///
    /// # Errors
    /// [`Reason::CertificateMalformed`] for anything but one certificate of version 3, in DER down to its last octet, in
    /// which no extension stands twice, standard extensions are of their types, and both signature algorithms are the
    /// same; [`Reason::LimitExceeded`] for too many extensions.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self> {
        distinguished::check(der).map_err(malformed_der)?;
        let certificate = Self::read(der).map_err(malformed_der)??;
        certificate.refuse_duplicates()?;
        certificate.refuse_other_types()?;
        Ok(certificate)
    }

    /// Whether `der` has the structure of a certificate, be it one that we would not use.
    pub(crate) fn is_well_formed(der: &'a [u8]) -> bool {
        distinguished::check(der).is_ok() && Self::read(der).is_ok()
    }

    fn read(der: &'a [u8]) -> asn1::Result<Result<Self>> {
        let mut outer = Der::only_sequence(der)?;
        let tbs = outer.expect(Tag::Sequence)?;
        let signature_algorithm = outer.expect(Tag::Sequence)?;
        algorithm_identifier(signature_algorithm.inside()?)?;
        let signature_algorithm = signature_algorithm.whole;
        let signature = outer.bits()?;
        outer.finish()?;

        let mut fields = tbs.inside()?;
        let version = match fields.optional(context(0, true))? {
            None => 0,
            Some(explicit) => {
                let mut explicit = explicit.inside()?;
                let version = explicit.unsigned()?;
                explicit.finish()?;
                version
            }
        };
        let serial = fields.expect(Tag::Integer)?.value;
        if version > VERSION_3 || serial.len() > SERIAL_OCTETS {
            return Err(Tag::Integer.value_error().into());
        }
        let inner_algorithm = fields.expect(Tag::Sequence)?;
        algorithm_identifier(inner_algorithm.inside()?)?;
        let issuer = fields.expect(Tag::Sequence)?.whole;
        Name(issuer).check()?;
        let mut validity = fields.sequence()?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.finish()?;
        let subject = fields.expect(Tag::Sequence)?.whole;
        Name(subject).check()?;
        let spki = fields.expect(Tag::Sequence)?;
        subject_public_key_info(spki.inside()?)?;
        let field = fields.optional(context(3, true))?;
        // The unique identifiers [1] and [2] must not be used (section 4.1.2.8): they end up here as trailing data.
        fields.finish()?;

        // From here on it is a certificate, but perhaps none that can be used.
        if version != VERSION_3 {
            return Ok(Err(malformed("version")
                .expected("version 3")
                .found(format!("version {}", version.saturating_add(1)))));
        }
        if inner_algorithm.whole != signature_algorithm {
            return Ok(Err(malformed("signatureAlgorithm").detail(
                "the algorithm beside the signature is not the algorithm that was signed",
            )));
        }
        if not_before > not_after {
            return Ok(Err(malformed("validity")
                .detail("the certificate ends before it begins")
                .found(format!("{not_before} to {not_after}"))));
        }
        let before_extensions = tbs
            .value
            .len()
            .checked_sub(field.map_or(0, |field| field.whole.len()))
            .and_then(|length| tbs.value.get(..length))
            .unwrap_or_default();
        let extensions = match field {
            None => Vec::new(),
            Some(field) => match extensions::read(&field)? {
                Ok(extensions) => extensions,
                Err(failure) => return Ok(Err(failure)),
            },
        };
        Ok(Ok(Self {
            der,
            tbs: tbs.whole,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            spki: spki.whole,
            signature_algorithm,
            signature,
            before_extensions,
            extensions,
        }))
    }

    fn refuse_duplicates(&self) -> Result<()> {
        let mut rest = self.extensions.as_slice();
        while let Some((first, others)) = rest.split_first() {
            if others.iter().any(|other| other.id == first.id) {
                return Err(malformed("extensions")
                    .detail("an extension stands twice")
                    .found(first.id));
            }
            rest = others;
        }
        Ok(())
    }

    /// SHA-256 of the encoding.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        sha256(&[self.der])
    }

    /// The subject's public key.
    ///
    /// # Errors
    /// [`Reason::CertificateMalformed`] when it cannot be read, [`Reason::AlgorithmUnsupported`] for other kinds.
    pub(crate) fn public_key(&self) -> Result<PublicKey> {
        PublicKey::from_spki(self.spki).map_err(|mut failure| {
            // A broken key in a certificate is the material's fault, not the caller's.
            if failure.reason == Reason::KeyMalformed {
                failure.reason = Reason::CertificateMalformed;
            }
            failure.within("subjectPublicKeyInfo")
        })
    }

    /// When the certificate is valid; both ends are inside (section 4.1.2.5).
    pub(crate) fn validity(&self) -> Window {
        Window {
            start: self.not_before,
            end: Some(self.not_after),
        }
    }

    /// The scheme of the issuer's signature; `None` when it is not supported.
    pub(crate) fn signature_scheme(&self) -> Option<SignatureScheme> {
        signature_scheme(self.signature_algorithm)
    }

    /// Whether this certificate's signature was made with `key`.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signature_scheme()
            .is_some_and(|scheme| key.verify(scheme, self.tbs, self.signature))
    }

    /// Every extension, in the order of the certificate.
    pub(crate) fn extensions(&self) -> &[Extension<'a>] {
        &self.extensions
    }

    /// The extension with this identifier.
    pub(crate) fn extension(&self, id: ObjectIdentifier) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|extension| extension.id == id)
    }

    /// What the TBSCertificate contains before its extensions.
    pub(crate) fn before_extensions(&self) -> &'a [u8] {
        self.before_extensions
    }
}

/// A failure of the certificate at `field`.
fn malformed(field: &str) -> Failure {
    Failure::new(Reason::CertificateMalformed).at(field)
}

fn malformed_der(error: impl fmt::Display) -> Failure {
    Failure::new(Reason::CertificateMalformed)
        .detail(format!("it is not the DER of a certificate: {error}"))
}

/// AlgorithmIdentifier (section 4.1.1.2): an identifier and at most one parameter.
fn algorithm_identifier(mut fields: Der<'_>) -> asn1::Result<()> {
    fields.oid()?;
    if !fields.is_finished() {
        fields.element()?;
    }
    fields.finish()
}

/// SubjectPublicKeyInfo (section 4.1): how to read the key, and the key.
fn subject_public_key_info(mut fields: Der<'_>) -> asn1::Result<()> {
    algorithm_identifier(fields.sequence()?)?;
    fields.bits()?;
    fields.finish()
}

/// Version 3 is encoded as 2 (section 4.1.2.1).
const VERSION_3: u64 = 2;
/// Section 4.1.2.2 allows 20. Some authorities count the octet that keeps the number positive apart.
const SERIAL_OCTETS: usize = 21;

#[cfg(test)]
pub(crate) mod tests;
