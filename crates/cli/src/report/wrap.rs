//! Lines of at most 80 columns.

/// Breaks text at spaces: the first line begins at column `first`, the others are indented by `indent`. A word that is
/// longer than a line is left whole, so that it can be copied.
pub(crate) fn paragraph(text: &str, first: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut column = first;
    for (index, word) in text.split(' ').enumerate() {
        let width = word.chars().count();
        match index {
            0 => {}
            _ if column + 1 + width > COLUMNS => {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            }
            _ => {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(word);
        column += width;
    }
    out
}

/// The width that every terminal has.
const COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use super::paragraph;

    #[test]
    fn words_are_never_broken() {
        let long = "x".repeat(100);
        let text = format!("{} {long} end", "word ".repeat(20).trim_end());
        let wrapped = paragraph(&text, 10, 4);
        assert!(wrapped.lines().all(|line| line.len() <= 80 || line.trim() == long));
        assert!(wrapped.lines().skip(1).all(|line| line.starts_with("    ")));
        assert_eq!(wrapped.split_whitespace().collect::<Vec<_>>().join(" "), text);
        assert_eq!(paragraph("", 0, 2), "");
    }
}
