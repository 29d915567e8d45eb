//! How far the operands of an operator reach (the Rust reference, "Expression precedence").

use super::tokens::Token;

/// The first token of the left operand and the last one of the right, for the binary operator at `at`.
pub(super) fn of_binary(tokens: &[Token<'_>], at: usize) -> Option<(usize, usize)> {
    let operator = tokens.get(at)?;
    let own = strength(operator.text)?;
    let mut first = at;
    while let Some(before) = first.checked_sub(1) {
        let token = tokens.get(before)?;
        if token.depth < operator.depth {
            break;
        }
        if token.depth == operator.depth {
            let binds = match is_binary(tokens, before) {
                true => strength(token.text).is_some_and(|other| other >= own),
                false => !is_boundary(token.text) && !ends_block(tokens, before),
            };
            if !binds {
                break;
            }
        }
        first = before;
    }
    let last = last_of(tokens, at, own)?;
    (first < at && at < last).then_some((first, last))
}

/// The last token of the operand of the unary operator at `at`.
pub(super) fn of_unary(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    last_of(tokens, at, UNARY).filter(|last| *last > at)
}

/// The last token of what stands right of the operator at `at`, which binds as strongly as `own`.
fn last_of(tokens: &[Token<'_>], at: usize, own: u8) -> Option<usize> {
    let depth = tokens.get(at)?.depth;
    let mut last = at;
    for next in at + 1..tokens.len() {
        let token = tokens.get(next)?;
        if token.depth < depth {
            break;
        }
        if token.depth == depth {
            let binds = match is_binary(tokens, next) {
                true => strength(token.text).is_some_and(|other| other > own),
                false => !is_boundary(token.text) && token.text != "{",
            };
            if !binds {
                break;
            }
        }
        last = next;
    }
    Some(last)
}

/// Whether the token stands between two operands. Angle brackets of a generic argument do not.
fn is_binary(tokens: &[Token<'_>], at: usize) -> bool {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    if strength(text(at)).is_none() || is_turbofish(tokens, at) {
        return false;
    }
    let before = at.checked_sub(1).map_or("", text);
    before.ends_with(|last: char| last.is_alphanumeric() || "_\"')]}?".contains(last))
        && !matches!(before, "return" | "if" | "in" | "else" | "match" | "while")
}

/// Whether it is an angle bracket of `::<…>`.
fn is_turbofish(tokens: &[Token<'_>], at: usize) -> bool {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    match text(at) {
        "<" => text(at.wrapping_sub(1)) == "::",
        ">" => {
            let mut open = 1_usize;
            for before in (at.saturating_sub(30)..at).rev() {
                match text(before) {
                    ">" => open += 1,
                    "<" => open -= 1,
                    ";" | "{" => return false,
                    _ => {}
                }
                if open == 0 {
                    return text(before.wrapping_sub(1)) == "::";
                }
            }
            false
        }
        _ => false,
    }
}

/// Whether a block ends here and not an operand.
fn ends_block(tokens: &[Token<'_>], at: usize) -> bool {
    let next = tokens.get(at + 1).map_or("", |token| token.text);
    tokens.get(at).is_some_and(|token| token.text == "}")
        && (next.starts_with(|first: char| first.is_alphanumeric() || first == '_') || next == "*")
}

fn is_boundary(text: &str) -> bool {
    matches!(
        text,
        "," | ";"
            | "=>"
            | "="
            | ":"
            | "->"
            | "return"
            | "if"
            | "else"
            | "match"
            | "while"
            | "in"
            | "let"
            | "move"
            | "|"
            | "'"
    )
}

/// How strongly a binary operator binds.
fn strength(operator: &str) -> Option<u8> {
    Some(match operator {
        "+=" | "-=" | "*=" | "|=" | "&=" | "^=" | "<<=" | ">>=" => 1,
        ".." | "..=" => 2,
        "||" => 3,
        "&&" => 4,
        "==" | "!=" | "<" | ">" | "<=" | ">=" => 5,
        // `|` is left out: it also stands around the parameters of a closure.
        "^" => 7,
        "&" => 8,
        "<<" => 9,
        "+" | "-" => 10,
        "*" | "/" | "%" => 11,
        _ => return None,
    })
}

const UNARY: u8 = 12;

#[cfg(test)]
mod tests {
    use super::{of_binary, of_unary};
    use crate::mutants::tokens::tokens;

    fn operands(source: &str, operator: &str) -> String {
        let tokens = tokens(source);
        let at = tokens
            .iter()
            .position(|token| token.text == operator)
            .unwrap();
        let (first, last) = of_binary(&tokens, at).unwrap();
        source[tokens[first].start..tokens[last].end()].to_owned()
    }

    #[test]
    fn operands_end_where_something_binds_less() {
        assert_eq!(operands("if a.b(c) == *d && e {", "=="), "a.b(c) == *d");
        assert_eq!(operands("let a = b - 1 & c == 0;", "=="), "b - 1 & c == 0");
        assert_eq!(operands("let a = b - 1 & c == 0;", "&"), "b - 1 & c");
        assert_eq!(operands("f(|x| x.y != z, w)", "!="), "x.y != z");
        assert_eq!(operands("x => a || b,", "||"), "a || b");
        assert_eq!(
            operands("a.parse::<u8>() == Ok(b) && c", "=="),
            "a.parse::<u8>() == Ok(b)"
        );
        assert_eq!(
            operands("if x { y } a.b += c.d::<Vec<u8>>();", "+="),
            "a.b += c.d::<Vec<u8>>()"
        );
        assert_eq!(operands("return a && !b(c);", "&&"), "a && !b(c)");
    }

    #[test]
    fn a_negation_ends_before_any_operator() {
        let tokens = tokens("!a.b(c)? && d");
        assert_eq!(tokens[of_unary(&tokens, 0).unwrap()].text, "?");
    }
}
