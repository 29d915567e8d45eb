//! Edits of binary data: bits, lengths inside DER, ends.

use super::rng::Rng;

/// Changes `bytes` in place and says how.
pub(super) fn edit(rng: &mut Rng, bytes: &mut Vec<u8>) -> String {
    if bytes.is_empty() {
        bytes.push(0);
        return "an octet where there was none".into();
    }
    let lengths = der_lengths(bytes);
    match rng.below(if lengths.is_empty() { 5 } else { 8 }) {
        0 | 1 => {
            let at = rng.below(bytes.len());
            let bit = rng.below(8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of octet {at} flipped")
        }
        2 => {
            let keep = rng.below(bytes.len());
            bytes.truncate(keep);
            format!("cut to {keep} octets")
        }
        3 => {
            bytes.push(u8::try_from(rng.below(256)).expect("an octet"));
            "one octet appended".into()
        }
        4 => {
            let at = rng.below(bytes.len());
            bytes[at] = *rng.pick(&[0, 0xff, 0x80, 0x7f]).expect("not empty");
            format!("octet {at} set to an extreme")
        }
        _ => edit_der(rng, bytes, &lengths),
    }
}

/// Edits the length or identifier of one DER element. `lengths` are offsets of length octets.
fn edit_der(rng: &mut Rng, bytes: &mut Vec<u8>, lengths: &[usize]) -> String {
    let at = *rng.pick(lengths).expect("not empty");
    match rng.below(6) {
        0 => {
            bytes[at] = bytes[at].wrapping_add(1);
            format!("DER length at {at} one up")
        }
        1 => {
            bytes[at] = bytes[at].wrapping_sub(1);
            format!("DER length at {at} one down")
        }
        2 => {
            // The long form where the short one would do: BER, not DER.
            bytes.insert(at, 0x81);
            format!("DER length at {at} in a longer form")
        }
        3 => {
            bytes[at] = 0x80;
            format!("DER length at {at} indefinite")
        }
        4 => {
            bytes[at] = 0xff;
            format!("DER length at {at} reserved")
        }
        _ => {
            let tag = *rng
                .pick(&[
                    0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x17, 0x18, 0x30, 0x31, 0xa0,
                ])
                .expect("not empty");
            bytes[at - 1] = tag;
            format!("DER tag at {} changed", at - 1)
        }
    }
}

/// The offsets of the first length octets of all elements, when `bytes` are one DER element.
fn der_lengths(bytes: &[u8]) -> Vec<usize> {
    let mut out = Vec::new();
    if bytes.first() == Some(&0x30) && walk(bytes, 0, bytes.len(), &mut out).is_some() {
        out
    } else {
        Vec::new()
    }
}

fn walk(bytes: &[u8], mut at: usize, end: usize, out: &mut Vec<usize>) -> Option<()> {
    while at < end {
        let tag = *bytes.get(at)?;
        let first = *bytes.get(at + 1)?;
        let (header, length) = if first < 0x80 {
            (2, usize::from(first))
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let octets = bytes.get(at + 2..at + 2 + count)?;
            let length = octets.iter().fold(0, |sum, b| sum << 8 | usize::from(*b));
            (2 + count, length)
        };
        let content = at + header;
        if content + length > end {
            return None;
        }
        out.push(at + 1);
        if tag & 0x20 != 0 {
            walk(bytes, content, content + length, out)?;
        }
        at = content + length;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1;

    #[test]
    fn finds_all_lengths() {
        let der = asn1::sequence(&[
            asn1::number(1),
            asn1::sequence(&[asn1::null()]),
            asn1::octet_string(&[0; 200]),
        ]);
        assert_eq!(der_lengths(&der), [1, 4, 7, 9, 11]);
        assert!(der_lengths(b"no DER").is_empty());
    }
}
