//! Reading a token: TimeStampResp, ContentInfo, SignedData and SignerInfo (RFC 3161, section 2.4.2; RFC 5652, sections 3 and 5).
//!
//! Only structure is judged here; whether the token is worth anything is for [`check`](super::check).

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::algorithm::AlgorithmIdentifier;
use super::attributes::SignedAttributes;
use super::info::TstInfo;
use crate::asn1::{self, Der, Element, context, distinguished};
use crate::certificate::Name;
use crate::{Failure, Reason, Result, limits};

/// An RFC 3161 timestamp token that was read but not verified.
pub(crate) struct Token<'a> {
    /// The octets of eContent, which the message-digest attribute covers.
    pub(super) content: &'a [u8],
    /// The TSTInfo in them.
    pub(super) info: TstInfo<'a>,
    /// The certificates in SignedData, in their order.
    pub(super) certificates: Vec<&'a [u8]>,
    /// The one signer.
    pub(super) signer: SignerInfo<'a>,
}

/// SignerInfo (RFC 5652, section 5.3).
pub(super) struct SignerInfo<'a> {
    /// Whose signature it is.
    pub(super) sid: SignerIdentifier<'a>,
    /// The digest over the content and over the signed attributes.
    pub(super) digest_algorithm: AlgorithmIdentifier<'a>,
    /// What is signed, read.
    pub(super) attributes: SignedAttributes<'a>,
    /// What is signed, as received, with the implicit tag `[0]`.
    pub(super) attribute_bytes: &'a [u8],
    /// How it is signed.
    pub(super) signature_algorithm: AlgorithmIdentifier<'a>,
    /// The signature.
    pub(super) signature: &'a [u8],
}

/// SignerIdentifier (RFC 5652, section 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignerIdentifier<'a> {
    /// The certificate with this issuer and serial number.
    IssuerAndSerial {
        /// DER of the issuer's Name.
        issuer: &'a [u8],
        /// The content octets of the INTEGER.
        serial: &'a [u8],
    },
    /// The certificate with this subject key identifier.
    KeyIdentifier(&'a [u8]),
}

impl<'a> Token<'a> {
    /// Reads a TimeStampResp that was granted, or a bare TimeStampToken.
    ///
    /// # Errors
    /// [`Reason::TimestampMalformed`] when it is neither, or not DER throughout, [`Reason::LimitExceeded`] when it is too large.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self> {
        limits::TIMESTAMP_BYTES.check(der.len(), "token")?;
        let mut outer = Der::only_sequence(der).map_err(malformed)?;
        let token = match outer.peek() {
            Some(Tag::Sequence) => {
                granted(outer.sequence().map_err(malformed)?)?;
                if outer.is_finished() {
                    return Err(Failure::new(Reason::TimestampMalformed)
                        .detail("the response has no token"));
                }
                let content_info = outer.sequence().map_err(malformed)?;
                outer.finish().map_err(malformed)?;
                Self::content_info(content_info)
            }
            _ => Self::content_info(outer),
        }?;
        // What was passed over as well.
        distinguished::check(der).map_err(malformed)?;
        distinguished::check(token.content).map_err(malformed_at("tstInfo"))?;
        Ok(token)
    }

    /// The time that the token names.
    pub(crate) fn time(&self) -> crate::Time {
        self.info.time
    }

    /// ContentInfo and, inside, SignedData.
    fn content_info(mut content_info: Der<'a>) -> Result<Self> {
        let content_type = content_info.oid().map_err(malformed)?;
        require("contentType", content_type, ID_SIGNED_DATA)?;
        let explicit = content_info
            .expect(context(0, true))
            .map_err(malformed_at("content"))?;
        content_info.finish().map_err(malformed)?;
        let mut signed_data =
            Der::only_sequence(explicit.value).map_err(malformed_at("content"))?;

        // Content other than id-data makes it 3; 4 and 5 say that there are attribute certificates or foreign
        // certificate formats (RFC 5652, section 5.1), which no timestamp authority has a use for.
        let version = signed_data.unsigned().map_err(malformed_at("version"))?;
        require("version", version, 3)?;
        let digest_algorithms = signed_data
            .set()
            .map_err(malformed_at("digestAlgorithms"))?;
        let content = encapsulated(&mut signed_data)?;
        let certificates = certificates(&mut signed_data)?;
        signed_data
            .optional(context(1, true))
            .map_err(malformed_at("crls"))?;
        let mut signers = signed_data.set().map_err(malformed_at("signerInfos"))?;
        signed_data.finish().map_err(malformed)?;

        let signer = signers
            .sequence()
            .map_err(malformed_at("signerInfos"))
            .and_then(|info| SignerInfo::parse(info).map_err(|e| e.within("signerInfos[0]")))?;
        if !signers.is_finished() {
            // RFC 3161, section 2.4.2: no signature other than the authority's.
            return Err(Failure::new(Reason::TimestampMalformed)
                .at("signerInfos")
                .expected("one signer")
                .found("several"));
        }
        listed(digest_algorithms, signer.digest_algorithm.oid)?;
        Ok(Self {
            content,
            info: TstInfo::parse(content).map_err(|failure| failure.within("tstInfo"))?,
            certificates,
            signer,
        })
    }
}

impl<'a> SignerInfo<'a> {
    fn parse(mut info: Der<'a>) -> Result<Self> {
        let version = info.unsigned().map_err(malformed_at("version"))?;
        let (sid, expected) = SignerIdentifier::parse(&mut info).map_err(malformed_at("sid"))?;
        require("version", version, expected)?;
        let digest_algorithm =
            AlgorithmIdentifier::parse(&mut info).map_err(malformed_at("digestAlgorithm"))?;
        let attributes = info
            .expect(context(0, true))
            .map_err(malformed_at("signedAttrs"))?;
        let signature_algorithm =
            AlgorithmIdentifier::parse(&mut info).map_err(malformed_at("signatureAlgorithm"))?;
        let signature = info.octets().map_err(malformed_at("signature"))?;
        if let Some(attributes) = info
            .optional(context(1, true))
            .map_err(malformed_at("unsignedAttrs"))?
        {
            unsigned(attributes).map_err(malformed_at("unsignedAttrs"))?;
        }
        info.finish().map_err(malformed)?;
        Ok(Self {
            sid,
            digest_algorithm,
            attributes: SignedAttributes::parse(&attributes)
                .map_err(|failure| failure.within("signedAttrs"))?,
            attribute_bytes: attributes.whole,
            signature_algorithm,
            signature,
        })
    }

    /// The bytes that are signed: the attributes as received with the tag of a SET OF instead of the implicit `[0]`
    /// (RFC 5652, section 5.4).
    pub(super) fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = self.attribute_bytes.to_vec();
        if let Some(tag) = bytes.first_mut() {
            *tag = SET_OF;
        }
        bytes
    }
}

impl<'a> SignerIdentifier<'a> {
    /// The identifier and the SignerInfo version that goes with its form.
    fn parse(info: &mut Der<'a>) -> asn1::Result<(Self, u64)> {
        if let Some(key_identifier) = info.optional(context(0, false))? {
            return Ok((Self::KeyIdentifier(key_identifier.value), 3));
        }
        let mut issuer_and_serial = info.sequence()?;
        let issuer = issuer_and_serial.expect(Tag::Sequence)?.whole;
        // What cannot be read names nobody, not even an authority that is unknown.
        Name(issuer).check()?;
        let serial = issuer_and_serial.expect(Tag::Integer)?.value;
        issuer_and_serial.finish()?;
        Ok((Self::IssuerAndSerial { issuer, serial }, 1))
    }
}

/// Refuses a PKIStatusInfo that is not `granted` or `grantedWithMods` (RFC 3161, section 2.4.2).
fn granted(mut status_info: Der<'_>) -> Result<()> {
    let status = status_info.unsigned().map_err(malformed_at("status"))?;
    if status > GRANTED_WITH_MODS {
        return Err(Failure::new(Reason::TimestampMalformed)
            .at("status")
            .expected("granted (0) or grantedWithMods (1)")
            .found(status));
    }
    // statusString; a failInfo beside a granted token would contradict it.
    status_info
        .optional(Tag::Sequence)
        .map_err(malformed_at("status"))?;
    status_info.finish().map_err(malformed_at("status"))
}

/// The octets of eContent in EncapsulatedContentInfo, which must be a TSTInfo.
fn encapsulated<'a>(signed_data: &mut Der<'a>) -> Result<&'a [u8]> {
    let at = "encapContentInfo";
    let mut encapsulated = signed_data.sequence().map_err(malformed_at(at))?;
    let content_type = encapsulated.oid().map_err(malformed_at(at))?;
    require(
        "encapContentInfo.eContentType",
        content_type,
        super::ID_CT_TST_INFO,
    )?;
    let explicit = encapsulated
        .expect(context(0, true))
        .map_err(malformed_at("encapContentInfo.eContent"))?;
    encapsulated.finish().map_err(malformed_at(at))?;
    Der::only(explicit.value, Tag::OctetString)
        .map(|octets| octets.value)
        .map_err(malformed_at("encapContentInfo.eContent"))
}

/// The X.509 certificates of CertificateSet, which may be absent or empty.
fn certificates<'a>(signed_data: &mut Der<'a>) -> Result<Vec<&'a [u8]>> {
    let at = "certificates";
    let Some(set) = signed_data
        .optional(context(0, true))
        .map_err(malformed_at(at))?
    else {
        return Ok(Vec::new());
    };
    let mut set = set.inside().map_err(malformed_at(at))?;
    let mut certificates = Vec::new();
    while !set.is_finished() {
        limits::CHAIN_CERTIFICATES.check(certificates.len() + 1, at)?;
        certificates.push(set.expect(Tag::Sequence).map_err(malformed_at(at))?.whole);
    }
    Ok(certificates)
}

/// Reads unsigned attributes for their form: they are anybody's, so nothing in them counts.
fn unsigned(attributes: Element<'_>) -> asn1::Result<()> {
    let mut attributes = attributes.inside()?;
    while !attributes.is_finished() {
        let mut attribute = attributes.sequence()?;
        attribute.oid()?;
        attribute.set()?;
        attribute.finish()?;
    }
    Ok(())
}

/// Refuses a signer's digest algorithm that SignedData does not announce.
fn listed(mut algorithms: Der<'_>, wanted: ObjectIdentifier) -> Result<()> {
    let mut found = false;
    while !algorithms.is_finished() {
        let algorithm = AlgorithmIdentifier::parse(&mut algorithms)
            .map_err(malformed_at("digestAlgorithms"))?;
        found |= algorithm.oid == wanted;
    }
    match found {
        true => Ok(()),
        false => Err(Failure::new(Reason::TimestampMalformed)
            .at("digestAlgorithms")
            .expected(format!("the signer's digest algorithm {wanted}"))),
    }
}

/// Refuses another value than the standard's.
pub(super) fn require<T: PartialEq + std::fmt::Display>(
    field: &str,
    found: T,
    expected: T,
) -> Result<()> {
    match found == expected {
        true => Ok(()),
        false => Err(Failure::new(Reason::TimestampMalformed)
            .at(field)
            .expected(expected)
            .found(found)),
    }
}

/// The DER is not what it should be.
pub(super) fn malformed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Reason::TimestampMalformed).detail(error)
}

/// The same, with the place.
pub(super) fn malformed_at<E: std::fmt::Display>(field: &'static str) -> impl Fn(E) -> Failure {
    move |error| malformed(error).at(field)
}

const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// The greatest PKIStatus that comes with a token.
const GRANTED_WITH_MODS: u64 = 1;
/// The identifier octet of a SET OF.
const SET_OF: u8 = 0x31;
