//! A DER writer (X.690), just enough for certificates and timestamp tokens.
//!
//! The kit writes its own DER so that it can also produce what no library lets one produce, and so
//! that it shares no code with the parsers under test.

use jiff::Timestamp;

/// One DER element with the identifier octet `tag`.
#[must_use]
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(u8::try_from(length).expect("below 128"));
    } else {
        let bytes = length.to_be_bytes();
        let significant = &bytes[bytes.iter().position(|b| *b != 0).expect("not zero")..];
        out.push(0x80 | u8::try_from(significant.len()).expect("at most eight"));
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(content);
    out
}

/// SEQUENCE of the given elements.
#[must_use]
pub fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &elements.concat())
}

/// SET OF the given elements, sorted as DER demands (X.690 section 11.6).
#[must_use]
pub fn set_of(elements: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x31, &sorted(elements).concat())
}

/// `[number] EXPLICIT` around one element, or `[number] IMPLICIT` in place of a constructed tag.
#[must_use]
pub fn context(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, content)
}

/// `[number] IMPLICIT` in place of a primitive tag.
#[must_use]
pub fn context_primitive(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x80 | number, content)
}

/// The elements in the order of a DER SET OF.
#[must_use]
pub fn sorted(elements: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut ordered = elements.to_vec();
    ordered.sort();
    ordered
}

/// OBJECT IDENTIFIER from its dotted form.
///
/// # Panics
///
/// When `dotted` is not at least two decimal arcs.
#[must_use]
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted
        .split('.')
        .map(|arc| arc.parse().expect("decimal arc"))
        .collect();
    let mut content = Vec::new();
    push_base128(&mut content, arcs[0] * 40 + arcs[1]);
    for arc in &arcs[2..] {
        push_base128(&mut content, *arc);
    }
    tlv(0x06, &content)
}

/// INTEGER from an unsigned big-endian number.
#[must_use]
pub fn integer(unsigned: &[u8]) -> Vec<u8> {
    let start = unsigned
        .iter()
        .position(|b| *b != 0)
        .unwrap_or(unsigned.len().saturating_sub(1));
    let mut content = unsigned[start..].to_vec();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    tlv(0x02, &content)
}

/// INTEGER from a number.
#[must_use]
pub fn number(value: u64) -> Vec<u8> {
    integer(&value.to_be_bytes())
}

/// BOOLEAN TRUE.
#[must_use]
pub fn boolean_true() -> Vec<u8> {
    tlv(0x01, &[0xff])
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

/// OCTET STRING.
#[must_use]
pub fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(0x04, content)
}

/// BIT STRING of whole octets.
#[must_use]
pub fn bit_string(content: &[u8]) -> Vec<u8> {
    named_bits(0, content)
}

/// BIT STRING whose last octet has `unused` bits without meaning.
#[must_use]
pub fn named_bits(unused: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[unused], content].concat())
}

/// UTF8String.
#[must_use]
pub fn utf8_string(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

/// Time as RFC 5280 section 4.1.2.5 demands: UTCTime until 2049, GeneralizedTime after.
#[must_use]
pub fn time(at: Timestamp) -> Vec<u8> {
    let year: u16 = at.strftime("%Y").to_string().parse().expect("a year");
    if (1950..2050).contains(&year) {
        tlv(0x17, at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        generalized_time(at)
    }
}

/// GeneralizedTime in seconds, UTC.
#[must_use]
pub fn generalized_time(at: Timestamp) -> Vec<u8> {
    tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

/// The element's content, without identifier and length octets.
///
/// # Panics
///
/// When `element` is no complete DER element.
#[must_use]
pub fn content(element: &[u8]) -> &[u8] {
    let first = usize::from(element[1]);
    if first < 0x80 {
        &element[2..]
    } else {
        &element[2 + (first & 0x7f)..]
    }
}

/// Copies of a DER element, each with a NULL at the end of another constructed element in it. An OCTET STRING that holds
/// an element is looked into as well.
#[must_use]
pub fn with_trailing_nulls(element: &[u8]) -> Vec<Vec<u8>> {
    let inside = content(element);
    let tag = element[0];
    let children = match tag {
        0x04 => elements(inside).filter(|found| found.len() == 1 && found[0][0] & 0x20 != 0),
        tag if tag & 0x20 != 0 => elements(inside),
        _ => None,
    };
    let mut out = Vec::new();
    let Some(children) = children else {
        return out;
    };
    if tag != 0x04 {
        out.push(tlv(tag, &[inside, &null()].concat()));
    }
    for (index, child) in children.iter().enumerate() {
        for changed in with_trailing_nulls(child) {
            let mut all = children.clone();
            all[index] = &changed;
            out.push(tlv(tag, &all.concat()));
        }
    }
    out
}

/// The elements that `content` consists of; `None` when it does not.
fn elements(mut content: &[u8]) -> Option<Vec<&[u8]>> {
    let mut out = Vec::new();
    while !content.is_empty() {
        let first = usize::from(*content.get(1)?);
        let (header, length) = match first {
            0..0x80 => (2, first),
            0x81..=0x84 => {
                let octets = content.get(2..2 + (first & 0x7f))?;
                let length = octets
                    .iter()
                    .fold(0, |sum, octet| sum << 8 | usize::from(*octet));
                (2 + octets.len(), length)
            }
            _ => return None,
        };
        let (element, rest) = content.split_at_checked(header.checked_add(length)?)?;
        out.push(element);
        content = rest;
    }
    Some(out)
}

fn push_base128(out: &mut Vec<u8>, value: u64) {
    let mut groups = vec![u8::try_from(value & 0x7f).expect("seven bits")];
    let mut rest = value >> 7;
    while rest > 0 {
        groups.push(0x80 | u8::try_from(rest & 0x7f).expect("seven bits"));
        rest >>= 7;
    }
    groups.reverse();
    out.extend_from_slice(&groups);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal() {
        assert_eq!(tlv(0x04, &[0; 127])[..2], [0x04, 127]);
        assert_eq!(tlv(0x04, &[0; 128])[..3], [0x04, 0x81, 128]);
        assert_eq!(tlv(0x04, &[0; 256])[..4], [0x04, 0x82, 1, 0]);
        assert_eq!(content(&tlv(0x04, &[7; 300])), [7; 300]);
    }

    #[test]
    fn integers_are_minimal_and_unsigned() {
        assert_eq!(number(0), [0x02, 1, 0]);
        assert_eq!(number(127), [0x02, 1, 127]);
        assert_eq!(number(128), [0x02, 2, 0, 128]);
    }

    #[test]
    fn nulls_trail_in_every_constructed_element() {
        let inner = sequence(&[number(1)]);
        let element = sequence(&[octet_string(&inner), octet_string(b"0"), number(2)]);
        let changed = octet_string(&sequence(&[number(1), null()]));
        assert_eq!(
            with_trailing_nulls(&element),
            [
                sequence(&[octet_string(&inner), octet_string(b"0"), number(2), null()]),
                sequence(&[changed, octet_string(b"0"), number(2)]),
            ]
        );
    }

    #[test]
    fn object_identifier_of_fulcio() {
        assert_eq!(
            oid("1.3.6.1.4.1.57264.1.1"),
            [6, 10, 0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, 1]
        );
    }
}
