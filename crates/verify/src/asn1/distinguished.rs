//! Whether an encoding is DER throughout (ITU-T X.690, sections 8, 10 and 11): for each value there is one encoding.
//!
//! Our views read what they need and pass over the rest, which another verifier may read. What can be encoded in more
//! than one way, or cannot be decoded at all, must not depend on who looks.

use std::fmt;

/// Where an encoding is not DER, and which rule it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The offset of the element.
    at: usize,
    rule: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}", self.rule, self.at)
    }
}

/// Refuses `der` that is not exactly one element, in DER down to the last element inside.
///
/// The content of an OCTET STRING is left aside, and so is the alphabet of the old string types: certificates with an
/// ampersand in a PrintableString are common, and everybody reads them alike.
pub(crate) fn check(der: &[u8]) -> Result<(), Violation> {
    match element(der, 0, 0)? {
        end if end == der.len() => Ok(()),
        end => Err(Violation {
            at: end,
            rule: "something stands behind the end",
        }),
    }
}

/// Checks the element at `at` and returns where it ends. `bytes` end where the element around it ends.
fn element(bytes: &[u8], at: usize, depth: usize) -> Result<usize, Violation> {
    let violation = |rule| Violation { at, rule };
    let (identifier, content, end) = header(bytes, at).map_err(violation)?;
    let inside = bytes.get(..end).unwrap_or_default();
    if identifier & CONSTRUCTED == 0 {
        let value = inside.get(content..).unwrap_or_default();
        return primitive(identifier, value)
            .map(|()| end)
            .map_err(violation);
    }
    // Strings in pieces are BER (section 10.2), and so is whatever else would be made of elements.
    if identifier & CLASS == 0 && !matches!(identifier, SEQUENCE | SET) {
        return Err(violation("a value that has no parts is in parts"));
    }
    if depth >= DEPTH {
        return Err(violation("elements are nested too deeply"));
    }
    let (mut next, mut previous) = (content, None);
    while next < end {
        let behind = element(inside, next, depth.saturating_add(1))?;
        let whole = inside.get(next..behind);
        // Section 11.6. No set in a certificate or a token has a use for one element twice. `None` stands before all.
        if identifier == SET && previous >= whole {
            return Err(violation("a set is not in order"));
        }
        (next, previous) = (behind, whole);
    }
    Ok(end)
}

/// The identifier octet, and where content begins and ends; the length must be in its shortest form (section 10.1).
fn header(bytes: &[u8], at: usize) -> Result<(u8, usize, usize), &'static str> {
    let rest = bytes.get(at..).unwrap_or_default();
    let [identifier, first, rest @ ..] = rest else {
        return Err("it is cut off");
    };
    if identifier & LONG_TAG == LONG_TAG {
        return Err("a tag is above 30, which no standard for certificates uses");
    }
    let (length_octets, length) = match first {
        0..=0x7f => (0, usize::from(*first)),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let octets = rest.get(..count).ok_or("it is cut off")?;
            let length = octets.iter().try_fold(0_usize, |length, octet| {
                length.checked_mul(0x100)?.checked_add(usize::from(*octet))
            });
            match length {
                Some(length) if length > 0x7f && octets.first() != Some(&0) => (count, length),
                _ => return Err("a length is not in its shortest form"),
            }
        }
        _ => return Err("a length is indefinite or beyond 4 GiB"),
    };
    let end = length_octets
        .checked_add(2)
        .and_then(|header| at.checked_add(header))
        .and_then(|content| Some((content, content.checked_add(length)?)));
    match end {
        Some((content, end)) if end <= bytes.len() => Ok((*identifier, content, end)),
        _ => Err("it is cut off"),
    }
}

/// Checks the content octets of an element that has no parts.
fn primitive(identifier: u8, content: &[u8]) -> Result<(), &'static str> {
    let (sound, rule) = match identifier {
        BOOLEAN => (
            matches!(content, [0 | 0xff]),
            "a BOOLEAN is neither all ones nor all zeros",
        ),
        INTEGER | ENUMERATED => (is_integer(content), "a number is not as short as it can be"),
        BIT_STRING => (
            is_bit_string(content),
            "the unused bits of a BIT STRING are not zero",
        ),
        NULL => (content.is_empty(), "a NULL has content"),
        OBJECT_IDENTIFIER => (
            is_object_identifier(content),
            "an OBJECT IDENTIFIER is not made of whole, unpadded arcs",
        ),
        UTF8_STRING => (
            std::str::from_utf8(content).is_ok(),
            "a UTF8String is not UTF-8",
        ),
        NUMERIC_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING => {
            (content.is_ascii(), "an ASCII string is not ASCII")
        }
        BMP_STRING => (
            content.len().is_multiple_of(2),
            "a BMPString has half a character",
        ),
        OCTET_STRING | TELETEX_STRING | VIDEOTEX_STRING | UTC_TIME | GENERALIZED_TIME => (true, ""),
        // One of another class: its type is known to whoever gave it its number.
        other if other & CLASS != 0 => (true, ""),
        _ => (false, "the tag is of no type that certificates are made of"),
    };
    match sound {
        true => Ok(()),
        false => Err(rule),
    }
}

/// Section 8.3: there is an octet, and the first nine bits are not all the same.
pub(crate) fn is_integer(content: &[u8]) -> bool {
    match content {
        [] => false,
        [0, second, ..] => *second >= 0x80,
        [0xff, second, ..] => *second < 0x80,
        _ => true,
    }
}

/// Sections 8.6 and 11.2: at most seven bits of the last octet are unused, and those are zero.
fn is_bit_string(content: &[u8]) -> bool {
    match content {
        [0] => true,
        [unused @ 0..=7, .., last] => last.trailing_zeros() >= u32::from(*unused),
        _ => false,
    }
}

/// Section 8.19: every arc ends, and none begins with padding.
fn is_object_identifier(content: &[u8]) -> bool {
    let mut begins = true;
    for octet in content {
        if begins && *octet == 0x80 {
            return false;
        }
        begins = octet & 0x80 == 0;
    }
    begins && !content.is_empty()
}

/// The bits of an identifier octet: class, whether there are parts, and the number that announces more octets.
const CLASS: u8 = 0xc0;
const CONSTRUCTED: u8 = 0x20;
const LONG_TAG: u8 = 0x1f;

const BOOLEAN: u8 = 1;
const INTEGER: u8 = 2;
const BIT_STRING: u8 = 3;
const OCTET_STRING: u8 = 4;
const NULL: u8 = 5;
const OBJECT_IDENTIFIER: u8 = 6;
const ENUMERATED: u8 = 10;
const UTF8_STRING: u8 = 12;
const NUMERIC_STRING: u8 = 18;
const PRINTABLE_STRING: u8 = 19;
const TELETEX_STRING: u8 = 20;
const VIDEOTEX_STRING: u8 = 21;
const IA5_STRING: u8 = 22;
const UTC_TIME: u8 = 23;
const GENERALIZED_TIME: u8 = 24;
const VISIBLE_STRING: u8 = 26;
const BMP_STRING: u8 = 30;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// Elements in elements: a certificate has at most eight, and a limit keeps the stack small.
const DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::{DEPTH, check};
    use sealcheck_testkit::asn1;

    fn refused(cases: &[&[u8]]) {
        for der in cases {
            assert!(check(der).is_err(), "{der:02x?} was accepted");
            // However deep it stands.
            let inside = asn1::sequence(&[asn1::context(3, &[der, &asn1::null()[..]].concat())]);
            assert!(check(&inside).is_err(), "{inside:02x?} was accepted");
        }
    }

    fn accepted(cases: &[&[u8]]) {
        for der in cases {
            assert_eq!(check(der), Ok(()), "{der:02x?} was refused");
            assert_eq!(check(&asn1::sequence(&[asn1::context(3, der)])), Ok(()));
        }
    }

    #[test]
    fn a_length_has_one_form() {
        accepted(&[&[4, 1, 7], &asn1::octet_string(&[7; 200])]);
        accepted(&[&asn1::octet_string(&[7; 0x1_0000])]);
        refused(&[&[4, 0x81, 1, 7], &[4, 0x82, 0, 1, 7], &[4, 0x80, 7, 0, 0]]);
        refused(&[&[4, 0xff, 7], &[4, 0x85, 0, 0, 0, 0, 1, 7], &[4, 0x81]]);
        refused(&[&[4, 2, 7], &[4]]);
        assert!(check(&[]).is_err());
        let long = |header: &[u8], length: usize| [header, &vec![7; length]].concat();
        accepted(&[&long(&[4, 0x7f], 0x7f), &long(&[4, 0x81, 0x80], 0x80)]);
        refused(&[&long(&[4, 0x81, 0x7f], 0x7f)]);
        refused(&[&long(&[4, 0x82, 0, 0x80], 0x80)]);
    }

    #[test]
    fn nothing_trails() {
        assert!(check(&[5, 0, 0]).is_err());
        assert!(check(&[5, 0, 5, 0]).is_err());
        assert!(check(&[0x30, 3, 5, 0, 0]).is_err());
    }

    #[test]
    fn strings_and_numbers_are_in_one_piece_and_lists_are_not() {
        refused(&[&[0x24, 3, 4, 1, 7], &[0x2c, 3, 0x0c, 1, 0x61]]);
        refused(&[&[0x22, 3, 2, 1, 7], &[0x10, 0], &[0x11, 0], &[0, 0]]);
        refused(&[&[0x1f, 0x20, 0], &[0xbf, 0x20, 0]]);
        // RELATIVE-OID, REAL, UniversalString and what is not assigned.
        refused(&[&[13, 1, 1], &[9, 0], &[28, 0], &[14, 0], &[15, 0]]);
    }

    #[test]
    fn a_boolean_is_all_ones_or_all_zeros() {
        accepted(&[&[1, 1, 0], &[1, 1, 0xff]]);
        refused(&[&[1, 1, 1], &[1, 0], &[1, 2, 0xff, 0xff]]);
    }

    #[test]
    fn an_integer_is_as_short_as_it_can_be() {
        accepted(&[&[2, 1, 0], &[2, 2, 0, 0x80], &[2, 1, 0x80], &[10, 1, 4]]);
        accepted(&[&[2, 2, 0xff, 0x7f]]);
        refused(&[&[2, 0], &[2, 2, 0, 0x7f], &[2, 2, 0xff, 0x80], &[10, 0]]);
    }

    #[test]
    fn the_unused_bits_of_a_bit_string_are_zero() {
        accepted(&[&[3, 1, 0], &[3, 2, 7, 0x80], &[3, 2, 0, 1]]);
        refused(&[&[3, 0], &[3, 1, 1], &[3, 2, 7, 0xc0], &[3, 2, 8, 0]]);
    }

    #[test]
    fn an_object_identifier_has_whole_arcs_without_padding() {
        accepted(&[&[6, 4, 0x2a, 0x86, 0x48, 1], &[6, 1, 0x2a]]);
        // 1.2.16384: only the first octet of an arc can be padding.
        accepted(&[&[6, 4, 0x2a, 0x81, 0x80, 0]]);
        refused(&[&[6, 0], &[6, 2, 0x2a, 0x80], &[6, 3, 0x2a, 0x80, 1]]);
        refused(&[&[6, 3, 0x2a, 0x86, 0xc8]]);
    }

    #[test]
    fn text_is_of_its_type() {
        accepted(&[&[12, 2, 0xc3, 0xa9], &[19, 1, 0x26], &[0x1e, 2, 0, 0x61]]);
        refused(&[
            &[12, 1, 0xff],
            &[22, 2, 0xc3, 0xa9],
            &[19, 1, 0x80],
            &[0x1e, 1, 0],
        ]);
        refused(&[&[5, 1, 0]]);
    }

    #[test]
    fn a_set_is_in_order_and_has_nothing_twice() {
        accepted(&[&[0x31, 6, 2, 1, 1, 2, 1, 2], &[0x31, 0]]);
        accepted(&[&[0x30, 6, 2, 1, 2, 2, 1, 1]]);
        refused(&[&[0x31, 6, 2, 1, 2, 2, 1, 1], &[0x31, 6, 2, 1, 1, 2, 1, 1]]);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| (0..depth).fold(asn1::null(), |der, _| asn1::sequence(&[der]));
        assert_eq!(check(&nested(DEPTH)), Ok(()));
        assert!(check(&nested(DEPTH + 1)).is_err());
    }
}
