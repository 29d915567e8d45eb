//! Text for terminals: names of files can be hostile.

use sealcheck_verify::printable;

/// The text with control and direction-changing characters escaped, at whatever length.
pub(crate) fn escaped(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let parts = characters.chunks(PART);
    parts
        .map(|part| printable(&part.iter().collect::<String>()))
        .collect()
}

/// Shorter than what is cut.
const PART: usize = 256;

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn long_text_is_escaped_and_not_cut() {
        let text = "é\u{1b}".repeat(1000);
        let shown = escaped(&text);
        assert!(!shown.contains('\u{1b}') && !shown.contains('…'));
        assert_eq!(shown.matches('é').count(), 1000);
    }
}
