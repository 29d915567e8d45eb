//! Edits of text: numbers, base64, lines, characters.

use data_encoding::BASE64;

use super::rng::Rng;
use super::{bytes, document};

/// Changes a JSON string and says how.
pub(super) fn edit(rng: &mut Rng, text: &mut String) -> String {
    if text.parse::<i64>().is_ok() {
        return number(rng, text);
    }
    match decode(text) {
        Some(decoded) => base64(rng, text, decoded),
        None => plain(rng, text),
    }
}

/// Changes the digits of a whole number and says how.
pub(super) fn number(rng: &mut Rng, digits: &mut String) -> String {
    let value: i64 = digits.parse().unwrap_or(0);
    let changed = match rng.below(12) {
        0 => value.wrapping_add(1).to_string(),
        1 => value.wrapping_sub(1).to_string(),
        2 => value.wrapping_add(600).to_string(),
        3 => value.wrapping_sub(600).to_string(),
        4 => value.wrapping_add(31_536_000).to_string(),
        5 => value.wrapping_neg().to_string(),
        6 => "0".into(),
        7 => i64::MAX.to_string(),
        8 => u64::MAX.to_string(),
        9 => format!("{value}.0"),
        10 => format!("{value}e0"),
        _ => format!("0{value}"),
    };
    let said = format!("number {digits} became {changed}");
    *digits = changed;
    said
}

/// The bytes of a string that is probably base64: long enough, and no number.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() < 8 {
        return None;
    }
    BASE64.decode(text.as_bytes()).ok()
}

fn base64(rng: &mut Rng, text: &mut String, mut decoded: Vec<u8>) -> String {
    if decoded.first() == Some(&b'{')
        && rng.below(4) > 0
        && let Some((inner, said)) = document(rng, &decoded, None)
    {
        *text = BASE64.encode(&inner);
        return format!("inside base64: {said}");
    }
    match rng.below(20) {
        0 => {
            *text = text.trim_end_matches('=').to_owned();
            "base64 padding removed".into()
        }
        1 => {
            text.push('=');
            "base64 padding added".into()
        }
        2 => {
            *text = text.replace('+', "-").replace('/', "_");
            "base64 in the URL alphabet".into()
        }
        3 => {
            let at = rng.below(text.len());
            text.insert(at, *rng.pick(&['\n', ' ', '\r', '\t']).expect("not empty"));
            format!("white space in base64 at {at}")
        }
        4 => {
            let at = rng.below(text.len());
            text.insert(at, '*');
            format!("base64 with a foreign character at {at}")
        }
        5 => loose_bits(text),
        _ => {
            let said = bytes::edit(rng, &mut decoded);
            *text = BASE64.encode(&decoded);
            format!("inside base64: {said}")
        }
    }
}

/// Sets a bit of the last character that carries no data, when there is one.
fn loose_bits(text: &mut String) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let data = text.trim_end_matches('=').len();
    let padded = text.len() > data;
    let last = text.as_bytes().get(data.wrapping_sub(1));
    let place = last.and_then(|last| ALPHABET.iter().position(|c| c == last));
    if let (true, Some(place)) = (padded, place) {
        let replacement = char::from(ALPHABET[place ^ 1]);
        text.replace_range(data - 1..data, &replacement.to_string());
        "base64 with loose bits in the last character".into()
    } else {
        text.push_str("AA==");
        "base64 with a second, padded part".into()
    }
}

fn plain(rng: &mut Rng, text: &mut String) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.len() > 1 && rng.below(2) == 0 {
        let line = rng.below(lines.len());
        let other = rng.below(lines.len());
        let said = match rng.below(3) {
            0 => {
                lines.remove(line);
                format!("line {line} removed")
            }
            1 => {
                lines.insert(other, lines[line]);
                format!("line {line} repeated at {other}")
            }
            _ => {
                lines.swap(line, other);
                format!("lines {line} and {other} swapped")
            }
        };
        *text = lines.concat();
        return said;
    }
    match rng.below(6) {
        0 => {
            text.push('\n');
            "newline appended".into()
        }
        1 => {
            text.insert(0, ' ');
            "space put before".into()
        }
        2 => {
            text.push('\u{0}');
            "NUL appended".into()
        }
        3 => {
            *text = text.to_uppercase();
            "in upper case".into()
        }
        4 => {
            *text = text.replace('\n', "\r\n");
            "line ends of another system".into()
        }
        _ => character(rng, text),
    }
}

fn character(rng: &mut Rng, text: &mut String) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = rng.below(characters.len());
    match characters.get_mut(at) {
        Some(character) => *character = if *character == 'x' { 'y' } else { 'x' },
        None => characters.push('x'),
    }
    *text = characters.into_iter().collect();
    format!("character {at} replaced")
}
