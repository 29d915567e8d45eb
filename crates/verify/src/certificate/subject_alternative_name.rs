//! The subject alternative name: who signed (RFC 5280, section 4.2.1.6).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::extensions::SUBJECT_ALTERNATIVE_NAME;
use super::{Certificate, malformed};
use crate::Result;
use crate::asn1::{self, Der, Element, context};

/// The identity in a signer's certificate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "value", rename_all = "camelCase")]
pub enum SubjectAlternativeName {
    /// rfc822Name: a person or a service account.
    Email(Box<str>),
    /// uniformResourceIdentifier: a workflow, or a SPIFFE id.
    Uri(Box<str>),
    /// dNSName.
    Dns(Box<str>),
    /// iPAddress, in the notation of RFC 5952.
    Ip(Box<str>),
    /// otherName of Fulcio's type 1.3.6.1.4.1.57264.1.7: a user name.
    OtherName(Box<str>),
}

impl SubjectAlternativeName {
    /// The kind as it stands in documents: `email`, `uri`, `dns`, `ip` or `otherName`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Uri(_) => "uri",
            Self::Dns(_) => "dns",
            Self::Ip(_) => "ip",
            Self::OtherName(_) => "otherName",
        }
    }

    /// The name itself: never empty, without control characters.
    pub fn value(&self) -> &str {
        match self {
            Self::Email(value)
            | Self::Uri(value)
            | Self::Dns(value)
            | Self::Ip(value)
            | Self::OtherName(value) => value,
        }
    }
}

impl fmt::Display for SubjectAlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.value())
    }
}

impl Certificate<'_> {
    /// The one name in the subjectAltName extension; `None` without the extension.
    ///
    /// Fulcio issues exactly one. With several it would not be clear who signed, so that is refused.
    ///
    /// # Errors
    /// [`Reason::CertificateMalformed`](crate::Reason::CertificateMalformed).
    pub(crate) fn subject_alternative_name(&self) -> Result<Option<SubjectAlternativeName>> {
        let Some(extension) = self.extension(SUBJECT_ALTERNATIVE_NAME) else {
            return Ok(None);
        };
        let broken = |error: der::Error| malformed(FIELD).detail(error);
        let mut names = Der::only_sequence(extension.value).map_err(broken)?;
        let name = names.element().map_err(broken)?;
        if !names.is_finished() {
            return Err(malformed(FIELD)
                .detail("it is not clear which name is the signer's")
                .expected("one name")
                .found("several names"));
        }
        match read(&name).map_err(broken)? {
            Some(name) if is_plain(name.value()) => Ok(Some(name)),
            Some(name) => Err(malformed(FIELD)
                .expected("a name without control characters")
                .found(format_args!("{:?}", name.value()))),
            None => Err(malformed(FIELD)
                .expected(
                    "an e-mail address, a URI, a DNS name, an IP address or a Fulcio user name",
                )
                .found(format!("a general name with {}", name.tag))),
        }
    }
}

/// One GeneralName; `None` for the kinds that name no signer.
fn read(name: &Element<'_>) -> asn1::Result<Option<SubjectAlternativeName>> {
    use SubjectAlternativeName::{Dns, Email, Ip, OtherName, Uri};
    Ok(match name.tag {
        OTHER_NAME => {
            let mut fields = name.inside()?;
            let id = fields.oid()?;
            let mut explicit = fields.expect(context(0, true))?.inside()?;
            fields.finish()?;
            if id != FULCIO_USER_NAME {
                return Ok(None);
            }
            let value = explicit.expect(Tag::Utf8String)?;
            explicit.finish()?;
            Some(OtherName(value.text()?.into()))
        }
        RFC822_NAME => Some(Email(ia5(name)?.into())),
        DNS_NAME => Some(Dns(ia5(name)?.into())),
        URI => Some(Uri(ia5(name)?.into())),
        IP_ADDRESS => {
            let text = match (
                <[u8; 4]>::try_from(name.value),
                <[u8; 16]>::try_from(name.value),
            ) {
                (Ok(octets), _) => Ipv4Addr::from(octets).to_string(),
                (_, Ok(octets)) => Ipv6Addr::from(octets).to_string(),
                _ => return Err(Tag::OctetString.value_error().into()),
            };
            Some(Ip(text.into()))
        }
        _ => None,
    })
}

/// The text of an IA5String, which is ASCII.
fn ia5<'a>(name: &Element<'a>) -> asn1::Result<&'a str> {
    name.text()
        .ok()
        .filter(|text| text.is_ascii())
        .ok_or_else(|| Tag::Ia5String.value_error().into())
}

/// Whether the text can stand for an identity: not empty, and nothing in it that hides or ends it.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

const FIELD: &str = "extensions.subjectAltName";
/// The type of Fulcio's user names.
const FULCIO_USER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");
const OTHER_NAME: Tag = context(0, true);
const RFC822_NAME: Tag = context(1, false);
const DNS_NAME: Tag = context(2, false);
const URI: Tag = context(6, false);
const IP_ADDRESS: Tag = context(7, false);
