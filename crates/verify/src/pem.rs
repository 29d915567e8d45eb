//! PEM text (RFC 7468): blocks of base64 between boundary lines.

use data_encoding::{BASE64, Encoding};

/// Label and content of each block in `text`, in order.
///
/// Text outside the blocks is skipped, as every reader of certificate files does; a broken block is an error.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<(String, Vec<u8>)>, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8 text")?;
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after
            .split_once(DASHES)
            .ok_or("a boundary line does not end")?;
        if label.len() > 64
            || !label
                .bytes()
                .all(|b| b == b' ' || b.is_ascii_graphic() && b != b'-')
        {
            return Err("a boundary line has no plain label");
        }
        let (body, after) = after.split_once(END).ok_or("a block has no end")?;
        rest = after
            .strip_prefix(label)
            .and_then(|after| after.strip_prefix(DASHES))
            .ok_or("a block ends with another label than it begins with")?;
        blocks.push((label.to_owned(), base64(body)?));
    }
    match blocks.is_empty() {
        true => Err("no PEM block"),
        false => Ok(blocks),
    }
}

/// Whether the bytes are meant as PEM.
pub(crate) fn looks_like_pem(bytes: &[u8]) -> bool {
    bytes
        .windows(BEGIN.len())
        .any(|window| window == BEGIN.as_bytes())
}

fn base64(body: &str) -> Result<Vec<u8>, &'static str> {
    // Filtered bytes have no known count, and the vector would grow in eight steps.
    let mut compact = Vec::with_capacity(body.len());
    compact.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let strict: &Encoding = &BASE64;
    match strict.decode(&compact) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) => Err("a block is empty"),
        Err(_) => Err("a block is not base64"),
    }
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn blocks_are_read_in_order_with_text_around_them() {
        let text = "subject=x\n-----BEGIN A-----\nAAEC\n-----END A-----\r\n\n-----BEGIN B C-----\nAw==\n-----END B C-----";
        assert_eq!(
            decode(text.as_bytes()).unwrap(),
            [("A".to_owned(), vec![0, 1, 2]), ("B C".to_owned(), vec![3])]
        );
    }

    #[test]
    fn labels_are_short_and_plain() {
        let decode = |label: &str| {
            decode(format!("-----BEGIN {label}-----\nAAEC\n-----END {label}-----").as_bytes())
        };
        for label in ["", " ", "a!~", &"A".repeat(64)] {
            assert_eq!(decode(label), Ok(vec![(label.to_owned(), vec![0, 1, 2])]));
        }
        for label in [
            "A-B",
            "A\tB",
            "A\nB",
            "Ä",
            "A\u{7f}",
            &"A".repeat(65),
            &"A".repeat(66),
        ] {
            assert!(decode(label).is_err(), "{label:?}");
        }
    }

    #[test]
    fn broken_blocks_are_errors() {
        for text in [
            "",
            "-----BEGIN A-----\nAAEC\n",
            "-----BEGIN A-----\nAAEC\n-----END B-----",
            "-----BEGIN A-----\nA!\n-----END A-----",
            "-----BEGIN A-----\n-----END A-----",
            "-----BEGIN A-----\nAA=C\n-----END A-----",
        ] {
            assert!(decode(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
