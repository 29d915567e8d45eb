//! Reading DER (ITU-T X.690) without copying: every element keeps the bytes it was read from.
//!
//! What is signed in a certificate or a timestamp token is the encoding itself, so nothing is ever encoded again.

pub(crate) mod distinguished;

use der::asn1::{AnyRef, GeneralizedTime, ObjectIdentifier, UtcTime};
use der::{Decode, Reader as _, SliceReader, Tag, TagNumber};

use crate::Time;

/// The input is not the DER that was expected.
pub(crate) type Result<T> = std::result::Result<T, der::Error>;

/// One tag-length-value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    /// The tag.
    pub(crate) tag: Tag,
    /// The content octets.
    pub(crate) value: &'a [u8],
    /// Tag, length and content octets as they stand in the input.
    pub(crate) whole: &'a [u8],
}

/// A sequence of elements that is read from front to back.
#[derive(Clone)]
pub(crate) struct Der<'a>(SliceReader<'a>);

impl<'a> Der<'a> {
    /// Reads the elements in `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self> {
        SliceReader::new(bytes).map(Self)
    }

    /// The content of the one SEQUENCE that `bytes` must be, without trailing data.
    pub(crate) fn only_sequence(bytes: &'a [u8]) -> Result<Self> {
        Self::only(bytes, Tag::Sequence).and_then(|element| element.inside())
    }

    /// The one element that `bytes` must be, without trailing data.
    pub(crate) fn only(bytes: &'a [u8], tag: Tag) -> Result<Element<'a>> {
        let mut outer = Self::new(bytes)?;
        let element = outer.expect(tag)?;
        outer.finish()?;
        Ok(element)
    }

    /// The next element, whatever it is.
    pub(crate) fn element(&mut self) -> Result<Element<'a>> {
        let whole = self.0.tlv_bytes()?;
        let any = AnyRef::from_der(whole)?;
        Ok(Element {
            tag: der::Tagged::tag(&any),
            value: any.value(),
            whole,
        })
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: Tag) -> Result<Element<'a>> {
        let element = self.element()?;
        element.tag.assert_eq(tag)?;
        Ok(element)
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>> {
        match self.peek() {
            Some(next) if next == tag => self.element().map(Some),
            _ => Ok(None),
        }
    }

    /// The tag of the next element; `None` at the end or when it is no tag.
    pub(crate) fn peek(&self) -> Option<Tag> {
        Tag::peek(&self.0).ok()
    }

    /// The content of the next element, which must be a SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Result<Der<'a>> {
        self.expect(Tag::Sequence)?.inside()
    }

    /// The content of the next element, which must be a SET.
    pub(crate) fn set(&mut self) -> Result<Der<'a>> {
        self.expect(Tag::Set)?.inside()
    }

    /// The next element as an OBJECT IDENTIFIER of at least three octets, the second arc below 40: all that name anything
    /// in a certificate are, and other readers know no others.
    pub(crate) fn oid(&mut self) -> Result<ObjectIdentifier> {
        let element = self.expect(Tag::ObjectIdentifier)?;
        match element.value {
            [0..=SECOND_ARC_39, _, _, ..] => ObjectIdentifier::from_der(element.whole),
            _ => Err(element.tag.value_error().into()),
        }
    }

    /// The next element as an unsigned INTEGER of at most 64 bits.
    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        u64::from_der(self.expect(Tag::Integer)?.whole)
    }

    /// The next element if it is a BOOLEAN whose default is FALSE, which DER never writes (section 11.5).
    pub(crate) fn default_false(&mut self) -> Result<bool> {
        match self.optional(Tag::Boolean)? {
            None => Ok(false),
            Some(element) if bool::from_der(element.whole)? => Ok(true),
            Some(element) => Err(der::ErrorKind::Noncanonical { tag: element.tag }.into()),
        }
    }

    /// The next element as an OCTET STRING.
    pub(crate) fn octets(&mut self) -> Result<&'a [u8]> {
        Ok(self.expect(Tag::OctetString)?.value)
    }

    /// The next element as a BIT STRING of whole octets.
    pub(crate) fn bits(&mut self) -> Result<&'a [u8]> {
        let element = self.expect(Tag::BitString)?;
        match element.value.split_first() {
            Some((0, bits)) => Ok(bits),
            _ => Err(Tag::BitString.value_error().into()),
        }
    }

    /// The next element as a UTCTime or a GeneralizedTime of whole seconds (RFC 5280, section 4.1.2.5).
    pub(crate) fn time(&mut self) -> Result<Time> {
        let element = self.element()?;
        let duration = match element.tag {
            Tag::UtcTime => UtcTime::from_der(element.whole)?.to_unix_duration(),
            Tag::GeneralizedTime => GeneralizedTime::from_der(element.whole)?.to_unix_duration(),
            tag => return Err(tag.unexpected_error(None).into()),
        };
        i64::try_from(duration.as_secs())
            .ok()
            .and_then(Time::from_unix_seconds)
            .ok_or_else(|| element.tag.value_error().into())
    }

    /// Whether everything was read.
    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Refuses trailing elements.
    pub(crate) fn finish(self) -> Result<()> {
        self.0.finish()
    }
}

impl<'a> Element<'a> {
    /// The elements in the content of a constructed element.
    pub(crate) fn inside(&self) -> Result<Der<'a>> {
        Der::new(self.value)
    }

    /// The content as UTF-8 text (UTF8String, IA5String and PrintableString are all subsets).
    pub(crate) fn text(&self) -> Result<&'a str> {
        std::str::from_utf8(self.value).map_err(|_| self.tag.value_error().into())
    }
}

/// The first octet of 2.39, which holds both arcs.
const SECOND_ARC_39: u8 = 2 * 40 + 39;

/// The context-specific tag `[number]`.
pub(crate) const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific {
        constructed,
        number: TagNumber(number),
    }
}
