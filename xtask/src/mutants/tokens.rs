//! Rust source as tokens: as much of the lexical structure as the search for checks needs.

/// A word, a literal or an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'s> {
    /// How it is written.
    pub(super) text: &'s str,
    /// The offset of its first byte.
    pub(super) start: usize,
    /// How many brackets are open around it; a bracket itself stands outside.
    pub(super) depth: usize,
}

impl Token<'_> {
    /// The offset behind its last byte.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The tokens of `source`, comments left out.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = next(rest);
        let text = rest.get(..length).unwrap_or(rest);
        if matches!(text, ")" | "]" | "}") {
            depth = depth.saturating_sub(1);
        }
        if matches!(kind, Kind::Token) {
            tokens.push(Token {
                text,
                start: at,
                depth,
            });
        }
        if matches!(text, "(" | "[" | "{") {
            depth += 1;
        }
        at += length.max(1);
    }
    tokens
}

enum Kind {
    Token,
    /// White space and comments.
    Nothing,
}

/// What stands first in `rest`, and how many bytes it has.
fn next(rest: &str) -> (Kind, usize) {
    let first = rest.chars().next().unwrap_or_default();
    if first.is_whitespace() {
        return (Kind::Nothing, first.len_utf8());
    }
    if rest.starts_with("//") {
        return (Kind::Nothing, rest.find('\n').unwrap_or(rest.len()));
    }
    if let Some(length) = literal(rest) {
        return (Kind::Token, length);
    }
    if is_word(first) {
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        return (Kind::Token, length);
    }
    let operator = OPERATORS
        .into_iter()
        .find(|operator| rest.starts_with(operator));
    (Kind::Token, operator.map_or(first.len_utf8(), str::len))
}

/// The length of the string, character or lifetime at the beginning of `rest`.
fn literal(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('b').unwrap_or(rest);
    let prefix = rest.len() - body.len();
    if let Some(raw) = body.strip_prefix('r') {
        let fence = raw.len() - raw.trim_start_matches('#').len();
        let text = raw.get(fence..)?.strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(fence));
        return Some(prefix + 1 + fence + 1 + text.find(&close)? + close.len());
    }
    if let Some(text) = body.strip_prefix('"') {
        return Some(prefix + 1 + quoted(text, '"')?);
    }
    let text = body.strip_prefix('\'')?;
    let mut characters = text.chars();
    let (first, second) = (characters.next()?, characters.next()?);
    match first == '\\' || second == '\'' {
        true => Some(prefix + 1 + quoted(text, '\'')?),
        // A lifetime.
        false => Some(1 + text.find(|c| !is_word(c)).unwrap_or(text.len())),
    }
}

/// The length of a text up to and with the quote that ends it.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match (escaped, character) {
            (true, _) => escaped = false,
            (false, '\\') => escaped = true,
            (false, end) if end == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Operators of several characters, those first that begin like a shorter one.
const OPERATORS: [&str; 21] = [
    "..=", "<<=", ">>=", "...", "&&", "||", "=>", "->", "==", "!=", "<=", ">=", "::", "..", "+=",
    "-=", "*=", "|=", "&=", "^=", "<<",
];

#[cfg(test)]
mod tests {
    use super::tokens;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_literals_and_operators_are_told_apart() {
        assert_eq!(
            texts("if a&&b{x?;} // no\n"),
            ["if", "a", "&&", "b", "{", "x", "?", ";", "}"]
        );
        assert_eq!(
            texts(r##"f("a\"//b", '\'', 'x', b'"', r#"""#, &'a str)"##),
            [
                "f",
                "(",
                r#""a\"//b""#,
                ",",
                r"'\''",
                ",",
                "'x'",
                ",",
                "b'\"'",
                ",",
                r##"r#"""#"##,
                ",",
                "&",
                "'a",
                "str",
                ")"
            ]
        );
    }

    #[test]
    fn brackets_stand_outside_of_what_they_hold() {
        let depths: Vec<usize> = tokens("a(b[c])d").iter().map(|token| token.depth).collect();
        assert_eq!(depths, [0, 0, 1, 1, 2, 1, 0, 0]);
    }
}
