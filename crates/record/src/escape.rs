//! JSON that is safe where people read it.

use sealcheck_verify::is_unprintable;

/// The same JSON with every character escaped that controls a terminal, changes the direction of text or cannot be seen:
/// they stand in what others signed or attached, and JSON has them as they are. Only strings can hold them.
#[must_use]
pub fn escaped(json: String) -> String {
    let is_unsafe = |character: char| character >= '\u{7f}' && is_unprintable(character);
    if !json.contains(is_unsafe) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        match is_unsafe(character) {
            // All of them have one UTF-16 unit.
            true => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_controls_a_terminal_is_escaped_and_means_the_same() {
        let text = "a\u{9b}2J\u{7f}\u{202e}b\u{200b}\u{2066}\u{feff} é 漢 🦀\n\u{1b}";
        let json = serde_json::to_string(text).unwrap();
        let safe = escaped(json.clone());
        assert_eq!(
            safe,
            "\"a\\u009b2J\\u007f\\u202eb\\u200b\\u2066\\ufeff é 漢 🦀\\n\\u001b\""
        );
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        // What is structure stays.
        let plain = "{\n  \"a\": 1\n}\n".to_owned();
        assert_eq!(escaped(plain.clone()), plain);
    }
}
