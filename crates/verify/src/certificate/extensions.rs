//! The standard extensions (RFC 5280, section 4.2).

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::{Certificate, malformed};
use crate::asn1::{self, Der, Element, distinguished};
use crate::{Result, limits};

/// One extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension<'a> {
    /// The identifier.
    pub(crate) id: ObjectIdentifier,
    /// Whether whoever does not know it must refuse the certificate.
    pub(crate) critical: bool,
    /// The content octets of `extnValue`.
    pub(crate) value: &'a [u8],
    /// The extension as it stands in the certificate.
    pub(crate) whole: &'a [u8],
}

/// The basicConstraints extension (section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    /// Whether the subject may issue certificates.
    pub(crate) is_ca: bool,
    /// How many authorities may stand between this one and a signer's certificate.
    pub(crate) path_length: Option<u64>,
}

/// The keyUsage extension (section 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUsage {
    first_octet: u8,
}

/// The extKeyUsage extension (section 4.2.1.12).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExtendedKeyUsage<'a> {
    /// Whether the extension is critical (RFC 3161 requires it of timestamp authorities).
    pub(crate) critical: bool,
    purposes: &'a [u8],
}

impl Certificate<'_> {
    /// Refuses standard extensions that are not of their types, whoever will ask for them.
    ///
    /// A certificate that cannot be read to its end is damaged, and what is left of it must not be believed.
    ///
    /// # Errors
    /// [`Reason::CertificateMalformed`](crate::Reason::CertificateMalformed) with the extension.
    pub(super) fn refuse_other_types(&self) -> Result<()> {
        for extension in self.extensions() {
            let Some((_, tag, name)) = TYPES.iter().find(|(id, ..)| *id == extension.id) else {
                continue;
            };
            let malformed = || malformed(&format!("extensions.{name}"));
            distinguished::check(extension.value).map_err(|error| malformed().detail(error))?;
            Der::only(extension.value, *tag).map_err(|error| malformed().detail(error))?;
        }
        self.basic_constraints()?;
        self.key_usage()?;
        self.extended_key_usage()?;
        Ok(())
    }

    /// The basicConstraints extension.
    pub(crate) fn basic_constraints(&self) -> Result<Option<BasicConstraints>> {
        let Some(extension) = self.extension(BASIC_CONSTRAINTS) else {
            return Ok(None);
        };
        let read = || -> asn1::Result<BasicConstraints> {
            let mut fields = Der::only_sequence(extension.value)?;
            let is_ca = fields.default_false()?;
            let path_length = match fields.is_finished() {
                true => None,
                false => Some(fields.unsigned()?),
            };
            fields.finish()?;
            Ok(BasicConstraints { is_ca, path_length })
        };
        read()
            .map(Some)
            .map_err(|error| malformed("extensions.basicConstraints").detail(error))
    }

    /// Whether basicConstraints make the subject a certificate authority.
    pub(crate) fn is_ca(&self) -> Result<bool> {
        Ok(self
            .basic_constraints()?
            .is_some_and(|constraints| constraints.is_ca))
    }

    /// The keyUsage extension.
    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>> {
        let Some(extension) = self.extension(KEY_USAGE) else {
            return Ok(None);
        };
        let value = Der::only(extension.value, Tag::BitString)
            .map_err(|error| malformed("extensions.keyUsage").detail(error))?
            .value;
        match value {
            // At least one bit must be set, there are nine, and the last one that is written is set (X.690, 11.2.2).
            [unused @ 0..=7, bits @ ..]
                if matches!(bits.len(), 1 | 2)
                    && bits
                        .last()
                        .is_some_and(|last| last.trailing_zeros() == u32::from(*unused)) =>
            {
                Ok(Some(KeyUsage {
                    first_octet: bits.first().copied().unwrap_or_default(),
                }))
            }
            _ => Err(malformed("extensions.keyUsage")
                .expected("a BIT STRING of one to nine bits")
                .found(format!("{} octets", value.len()))),
        }
    }

    /// The extKeyUsage extension.
    pub(crate) fn extended_key_usage(&self) -> Result<Option<ExtendedKeyUsage<'_>>> {
        let Some(extension) = self.extension(EXTENDED_KEY_USAGE) else {
            return Ok(None);
        };
        let read = || -> asn1::Result<&[u8]> {
            let purposes = Der::only(extension.value, Tag::Sequence)?;
            let mut list = purposes.inside()?;
            // SIZE (1..MAX)
            list.oid()?;
            while !list.is_finished() {
                list.oid()?;
            }
            Ok(purposes.value)
        };
        read()
            .map(|purposes| {
                Some(ExtendedKeyUsage {
                    critical: extension.critical,
                    purposes,
                })
            })
            .map_err(|error| malformed("extensions.extKeyUsage").detail(error))
    }

    /// The key identifier of the subjectKeyIdentifier extension (section 4.2.1.2).
    pub(crate) fn subject_key_id(&self) -> Result<Option<&[u8]>> {
        self.extension(SUBJECT_KEY_IDENTIFIER)
            .map(|extension| Der::only(extension.value, Tag::OctetString))
            .transpose()
            .map(|element| element.map(|element| element.value))
            .map_err(|error| malformed("extensions.subjectKeyIdentifier").detail(error))
    }
}

impl KeyUsage {
    /// digitalSignature, bit 0.
    pub(crate) fn digital_signature(self) -> bool {
        self.first_octet & 0x80 != 0
    }

    /// nonRepudiation, bit 1 (also called contentCommitment).
    pub(crate) fn non_repudiation(self) -> bool {
        self.first_octet & 0x40 != 0
    }

    /// keyCertSign, bit 5.
    pub(crate) fn key_cert_sign(self) -> bool {
        self.first_octet & 0x04 != 0
    }
}

impl<'a> ExtendedKeyUsage<'a> {
    /// The purposes, in the order of the certificate.
    pub(crate) fn purposes(&self) -> impl Iterator<Item = ObjectIdentifier> + use<'a> {
        // The list was read to its end before, so nothing is lost here.
        let mut list = Der::new(self.purposes).ok();
        std::iter::from_fn(move || list.as_mut()?.oid().ok())
    }

    /// Whether this very purpose is listed.
    pub(crate) fn contains(&self, purpose: ObjectIdentifier) -> bool {
        self.purposes().any(|listed| listed == purpose)
    }
}

/// The extensions in the explicitly tagged field of a TBSCertificate.
pub(super) fn read<'a>(field: &Element<'a>) -> asn1::Result<Result<Vec<Extension<'a>>>> {
    let mut explicit = field.inside()?;
    let mut list = explicit.sequence()?;
    explicit.finish()?;
    let mut extensions = Vec::with_capacity(TYPICAL_EXTENSIONS);
    while !list.is_finished() {
        let element = list.expect(Tag::Sequence)?;
        let mut fields = element.inside()?;
        let id = fields.oid()?;
        let critical = fields.default_false()?;
        let value = fields.octets()?;
        fields.finish()?;
        extensions.push(Extension {
            id,
            critical,
            value,
            whole: element.whole,
        });
        // Inside the loop: the duplicate check is quadratic, and memory is bounded too.
        if let Err(failure) = limits::CERTIFICATE_EXTENSIONS.check(extensions.len(), "extensions") {
            return Ok(Err(failure));
        }
    }
    Ok(Ok(extensions))
}

/// A certificate for a GitHub workflow has 27.
const TYPICAL_EXTENSIONS: usize = 32;

/// id-kp-codeSigning (section 4.2.1.12).
pub(crate) const ID_KP_CODE_SIGNING: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
/// id-kp-timeStamping (section 4.2.1.12).
pub(crate) const ID_KP_TIME_STAMPING: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// anyExtendedKeyUsage (section 4.2.1.12).
pub(crate) const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.5.29.37.0");
/// nameConstraints (section 4.2.1.10).
pub(crate) const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
/// subjectAltName (section 4.2.1.6).
pub(crate) const SUBJECT_ALTERNATIVE_NAME: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.5.29.17");
/// The embedded SCT list (RFC 6962, section 3.3).
pub(crate) const SIGNED_CERTIFICATE_TIMESTAMPS: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");
pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
pub(crate) const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
pub(crate) const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");

/// The standard extensions with their types (section 4.2; RFC 6962, section 3.3).
const TYPES: &[(ObjectIdentifier, Tag, &str)] = &[
    (
        SUBJECT_KEY_IDENTIFIER,
        Tag::OctetString,
        "subjectKeyIdentifier",
    ),
    (KEY_USAGE, Tag::BitString, "keyUsage"),
    (SUBJECT_ALTERNATIVE_NAME, Tag::Sequence, "subjectAltName"),
    (
        ObjectIdentifier::new_unwrap("2.5.29.18"),
        Tag::Sequence,
        "issuerAltName",
    ),
    (BASIC_CONSTRAINTS, Tag::Sequence, "basicConstraints"),
    (NAME_CONSTRAINTS, Tag::Sequence, "nameConstraints"),
    (
        ObjectIdentifier::new_unwrap("2.5.29.31"),
        Tag::Sequence,
        "cRLDistributionPoints",
    ),
    (
        ObjectIdentifier::new_unwrap("2.5.29.32"),
        Tag::Sequence,
        "certificatePolicies",
    ),
    (
        ObjectIdentifier::new_unwrap("2.5.29.33"),
        Tag::Sequence,
        "policyMappings",
    ),
    (
        ObjectIdentifier::new_unwrap("2.5.29.35"),
        Tag::Sequence,
        "authorityKeyIdentifier",
    ),
    (
        ObjectIdentifier::new_unwrap("2.5.29.36"),
        Tag::Sequence,
        "policyConstraints",
    ),
    (EXTENDED_KEY_USAGE, Tag::Sequence, "extKeyUsage"),
    (
        ObjectIdentifier::new_unwrap("2.5.29.46"),
        Tag::Sequence,
        "freshestCRL",
    ),
    (
        ObjectIdentifier::new_unwrap("2.5.29.54"),
        Tag::Integer,
        "inhibitAnyPolicy",
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1"),
        Tag::Sequence,
        "authorityInfoAccess",
    ),
    (
        ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.11"),
        Tag::Sequence,
        "subjectInfoAccess",
    ),
    (
        SIGNED_CERTIFICATE_TIMESTAMPS,
        Tag::OctetString,
        "signedCertificateTimestamps",
    ),
];
