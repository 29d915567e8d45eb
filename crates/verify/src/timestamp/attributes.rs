//! The signed attributes of a token (RFC 5652, section 11; RFC 5816; RFC 2634, section 5.4; RFC 5035).

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::algorithm::AlgorithmIdentifier;
use super::token::{malformed, malformed_at};
use crate::asn1::{self, Der, Element};
use crate::{Failure, Reason, Result, limits};

/// The signed attributes that a timestamp needs. The others (a signing time, an algorithm protection) say nothing
/// that would have to be checked: `genTime` is the time that counts.
pub(super) struct SignedAttributes<'a> {
    /// content-type.
    pub(super) content_type: Option<ObjectIdentifier>,
    /// message-digest.
    pub(super) message_digest: Option<&'a [u8]>,
    /// The signer's certificate in signing-certificate (hashed with SHA-1).
    pub(super) signing_certificate: Option<EssCertId<'a>>,
    /// The signer's certificate in signing-certificate-v2.
    pub(super) signing_certificate_v2: Option<EssCertId<'a>>,
}

/// ESSCertID or ESSCertIDv2: which certificate the signer means.
pub(super) struct EssCertId<'a> {
    /// How the certificate is hashed; `None` is the default of the attribute's version.
    pub(super) hash_algorithm: Option<AlgorithmIdentifier<'a>>,
    /// The hash over the certificate's DER.
    pub(super) hash: &'a [u8],
    /// The certificate's issuer and serial number.
    pub(super) issuer_serial: Option<IssuerSerial<'a>>,
}

/// IssuerSerial with the one directory name that a certificate's issuer is.
pub(super) struct IssuerSerial<'a> {
    /// DER of the issuer's Name.
    pub(super) issuer: &'a [u8],
    /// The content octets of the INTEGER.
    pub(super) serial: &'a [u8],
}

impl<'a> SignedAttributes<'a> {
    /// Reads the attributes, which must be unique and have one value each.
    pub(super) fn parse(attributes: &Element<'a>) -> Result<Self> {
        let mut found = Self {
            content_type: None,
            message_digest: None,
            signing_certificate: None,
            signing_certificate_v2: None,
        };
        let mut seen: Vec<ObjectIdentifier> = Vec::new();
        let mut rest = attributes.inside().map_err(malformed)?;
        while !rest.is_finished() {
            let (oid, value) = attribute(&mut rest).map_err(malformed)?;
            limits::TIMESTAMP_ATTRIBUTES.check(seen.len() + 1, "attribute")?;
            if seen.contains(&oid) {
                return Err(Failure::new(Reason::TimestampMalformed)
                    .expected("each attribute once")
                    .found(format!("{oid} twice")));
            }
            seen.push(oid);
            found.take(oid, value)?;
        }
        Ok(found)
    }

    fn take(&mut self, oid: ObjectIdentifier, value: Element<'a>) -> Result<()> {
        match oid {
            CONTENT_TYPE => {
                let mut value = Der::new(value.whole).map_err(malformed)?;
                self.content_type = Some(value.oid().map_err(malformed_at("contentType"))?);
            }
            MESSAGE_DIGEST => {
                let mut value = Der::new(value.whole).map_err(malformed)?;
                self.message_digest = Some(value.octets().map_err(malformed_at("messageDigest"))?);
            }
            SIGNING_CERTIFICATE => {
                let id = EssCertId::first(value.whole, false);
                self.signing_certificate = Some(id.map_err(malformed_at("signingCertificate"))?);
            }
            SIGNING_CERTIFICATE_V2 => {
                let id = EssCertId::first(value.whole, true);
                self.signing_certificate_v2 =
                    Some(id.map_err(malformed_at("signingCertificateV2"))?);
            }
            _ => {}
        }
        Ok(())
    }
}

impl<'a> EssCertId<'a> {
    /// The first certificate of SigningCertificate or SigningCertificateV2, which must be the signer's.
    fn first(signing_certificate: &'a [u8], v2: bool) -> asn1::Result<Self> {
        let mut outer = Der::only_sequence(signing_certificate)?;
        let mut certificates = outer.sequence()?;
        outer.optional(Tag::Sequence)?;
        outer.finish()?;
        let mut id = certificates.sequence()?;
        while !certificates.is_finished() {
            certificates.expect(Tag::Sequence)?;
        }
        let hash_algorithm = match v2 && id.peek() == Some(Tag::Sequence) {
            true => Some(AlgorithmIdentifier::parse(&mut id)?),
            false => None,
        };
        let hash = id.octets()?;
        let issuer_serial = match id.is_finished() {
            true => None,
            false => Some(IssuerSerial::parse(id.sequence()?)?),
        };
        id.finish()?;
        Ok(Self {
            hash_algorithm,
            hash,
            issuer_serial,
        })
    }
}

impl<'a> IssuerSerial<'a> {
    fn parse(mut issuer_serial: Der<'a>) -> asn1::Result<Self> {
        let mut names = issuer_serial.sequence()?;
        // RFC 5035, section 4: for other than attribute certificates, the issuer is one directoryName.
        let name = names.expect(asn1::context(4, true))?;
        names.finish()?;
        let issuer = Der::only(name.value, Tag::Sequence)?.whole;
        let serial = issuer_serial.expect(Tag::Integer)?.value;
        issuer_serial.finish()?;
        Ok(Self { issuer, serial })
    }
}

/// One Attribute: its type and its only value.
fn attribute<'a>(rest: &mut Der<'a>) -> asn1::Result<(ObjectIdentifier, Element<'a>)> {
    let mut attribute = rest.sequence()?;
    let oid = attribute.oid()?;
    let mut values = attribute.set()?;
    attribute.finish()?;
    let value = values.element()?;
    values.finish()?;
    Ok((oid, value))
}

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
