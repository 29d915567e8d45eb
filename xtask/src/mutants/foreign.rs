//! The changes that cargo-mutants knows, as far as a switch can make them.

use anyhow::{Context, Result};
use serde_json::Value;

use super::edit::Shape;
use super::operands;
use super::sites::Site;
use super::tokens::{Token, tokens};

/// One change of cargo-mutants.
#[derive(Debug)]
pub(super) struct Foreign {
    /// What it is called there, with the place.
    pub(super) name: String,
    /// What it does, without the place.
    pub(super) change: String,
    /// The file, from the workspace on.
    pub(super) path: String,
    /// Whether it puts a value in the place of a function that could return any value of its type: if that cannot be
    /// built with a switch, neither can it without.
    pub(super) is_plain_value: bool,
    genre: String,
    replacement: String,
    start: (usize, usize),
    end: (usize, usize),
}

/// Reads `cargo mutants --list --json`.
pub(super) fn read(list: &str) -> Result<Vec<Foreign>> {
    let list: Vec<Value> = serde_json::from_str(list)?;
    list.iter()
        .map(|mutant| one(mutant).with_context(|| format!("an unknown form of mutant: {mutant}")))
        .collect()
}

fn one(mutant: &Value) -> Option<Foreign> {
    let text = |pointer: &str| mutant.pointer(pointer).and_then(Value::as_str);
    let number = |pointer: &str| {
        mutant
            .pointer(pointer)
            .and_then(Value::as_u64)
            .and_then(|number| usize::try_from(number).ok())
    };
    let name = text("/name")?;
    let genre = text("/genre")?;
    let returned = text("/function/return_type").unwrap_or_default();
    Some(Foreign {
        name: name.to_owned(),
        change: name.split_once(": ")?.1.to_owned(),
        path: text("/file")?.to_owned(),
        is_plain_value: genre == "FnValue" && !returned.contains("impl "),
        genre: genre.to_owned(),
        replacement: text("/replacement")?.to_owned(),
        start: (number("/span/start/line")?, number("/span/start/column")?),
        end: (number("/span/end/line")?, number("/span/end/column")?),
    })
}

impl Foreign {
    /// Whether it can be built at all: conditions beside an `if let` cannot be alternatives.
    pub(super) fn is_possible(&self, source: &str) -> bool {
        let tokens = tokens(source);
        let operator = offset(source, self.start)
            .and_then(|start| tokens.iter().position(|token| token.start == start));
        self.replacement != "||" || operator.is_none_or(|at| !is_in_let_chain(&tokens, at))
    }

    /// Where it is in the source, and how it is switched; `None` when a switch cannot make it.
    pub(super) fn site(&self, source: &str) -> Option<Site> {
        let (start, end) = (offset(source, self.start)?, offset(source, self.end)?);
        let tokens = tokens(source);
        let at = tokens.iter().position(|token| token.start >= start)?;
        let site = |first: usize, last: usize, shape| {
            Some(Site {
                change: "",
                start: tokens.get(first)?.start,
                end: tokens.get(last)?.end(),
                shape,
            })
        };
        match self.genre.as_str() {
            // What is returned first fixes the type that `impl` stands for.
            "FnValue" if !self.is_plain_value => None,
            "FnValue" => insert(
                start,
                format!("if SWITCH {{ return {}; }} ", self.replacement),
            ),
            "MatchArmGuard" => Some(Site {
                change: "",
                start,
                end,
                shape: match self.replacement.as_str() {
                    "true" => Shape::Wrap("(SWITCH || (", "))"),
                    _ => Shape::Wrap("(!SWITCH && (", "))"),
                },
            }),
            "MatchArm" => arm(&tokens, at),
            "UnaryOperator" if tokens.get(at)?.text == "!" => {
                let last = operands::of_unary(&tokens, at)?;
                site(at, last, Shape::Wrap("(SWITCH != (", "))"))
            }
            // A constant is computed by the compiler, where no switch is.
            "BinaryOperator" if tokens.get(at)?.depth > 0 => {
                let (first, last) = operands::of_binary(&tokens, at)?;
                site(
                    first,
                    last,
                    Shape::Operator(start, end, self.replacement.clone()),
                )
            }
            _ => None,
        }
    }
}

/// Whether `if let`, or a further `let`, stands in the condition that the operator at `at` belongs to.
fn is_in_let_chain(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(depth) = tokens.get(at).map(|token| token.depth) else {
        return false;
    };
    let here = |token: &&Token<'_>| token.depth <= depth;
    let ends = |token: &&Token<'_>| {
        token.depth < depth || matches!(token.text, ";" | "{" | "}" | "if" | "=>")
    };
    let (before, behind) = tokens.split_at(at);
    let mut condition = before
        .iter()
        .rev()
        .filter(here)
        .take_while(|token| !ends(token))
        .chain(behind.iter().filter(here).take_while(|token| !ends(token)));
    let begins = before.iter().rev().filter(here).find(ends);
    begins.is_some_and(|token| token.text == "if") && condition.any(|token| token.text == "let")
}

/// An arm that is taken out when its guard says so.
fn arm(tokens: &[Token<'_>], at: usize) -> Option<Site> {
    let depth = tokens.get(at)?.depth;
    let find = |text: &str| {
        (at..tokens.len()).find(|at| {
            tokens
                .get(*at)
                .is_some_and(|token| token.depth == depth && token.text == text)
        })
    };
    let arrow = find("=>")?;
    match find("if").filter(|guard| *guard < arrow) {
        Some(guard) => Some(Site {
            change: "",
            start: tokens.get(guard + 1)?.start,
            end: tokens.get(arrow - 1)?.end(),
            shape: Shape::Wrap("(!SWITCH && (", "))"),
        }),
        None => insert(tokens.get(arrow)?.start, "if !SWITCH ".to_owned()),
    }
}

fn insert(at: usize, text: String) -> Option<Site> {
    Some(Site {
        change: "",
        start: at,
        end: at,
        shape: Shape::Insert(text),
    })
}

/// The offset of a line and a column, both counted from 1, columns in characters.
fn offset(source: &str, (line, column): (usize, usize)) -> Option<usize> {
    let begin: usize = source
        .split_inclusive('\n')
        .take(line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let characters = source.get(begin..)?.chars().take(column.checked_sub(1)?);
    Some(begin + characters.map(char::len_utf8).sum::<usize>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_in_let_chain, offset, read};
    use crate::mutants::edit::{Edit, switched};
    use crate::mutants::tokens::tokens;

    /// The source after the change at a place of line 1.
    fn changed(
        source: &str,
        genre: &str,
        replacement: &str,
        (start, end): (usize, usize),
    ) -> String {
        let list = json!([{
            "name": "a.rs:1:1: what: it does", "genre": genre, "file": "a.rs", "replacement": replacement,
            "span": {"start": {"line": 1, "column": start}, "end": {"line": 1, "column": end}},
        }]);
        let foreign = read(&list.to_string()).unwrap();
        assert_eq!(foreign[0].change, "what: it does");
        let site = foreign[0].site(source).unwrap();
        let edit = Edit {
            number: 7,
            start: site.start,
            end: site.end,
            shape: site.shape,
        };
        switched(source, &[edit]).0
    }

    #[test]
    fn each_genre_gets_a_switch() {
        assert_eq!(
            changed("fn a() { b }", "FnValue", "true", (10, 11)),
            "fn a() { if crate::is_on(7) { return true; } b }"
        );
        assert_eq!(
            changed("{ a == b && c }", "BinaryOperator", "!=", (5, 7)),
            "{ (if crate::is_on(7) { a != b } else { a == b }) && c }"
        );
        assert_eq!(
            changed("{ !a.b() && c }", "UnaryOperator", "", (3, 4)),
            "{ (crate::is_on(7) != (!a.b())) && c }"
        );
        assert_eq!(
            changed("{ A(b) => c, _ => d }", "MatchArm", "", (3, 13)),
            "{ A(b) if !crate::is_on(7) => c, _ => d }"
        );
        assert_eq!(
            changed("{ A if b => c, _ => d }", "MatchArm", "", (3, 15)),
            "{ A if (!crate::is_on(7) && (b)) => c, _ => d }"
        );
        assert_eq!(
            changed("{ A if b => c, _ => d }", "MatchArmGuard", "true", (8, 9)),
            "{ A if (crate::is_on(7) || (b)) => c, _ => d }"
        );
    }

    #[test]
    fn let_chains_are_found() {
        let found = |source: &str| {
            let tokens = tokens(source);
            let at = tokens.iter().position(|token| token.text == "&&").unwrap();
            is_in_let_chain(&tokens, at)
        };
        assert!(found("{ if let A(b) = c && d {} }"));
        assert!(found("{ if d && let A(b) = (c) {} }"));
        assert!(!found("{ let a = b && c; }"));
        assert!(!found("{ if b && c { let a = 1; } }"));
    }

    #[test]
    fn columns_are_characters() {
        assert_eq!(offset("a\n— b", (2, 3)), Some(6));
        assert_eq!(offset("a", (1, 2)), Some(1));
    }
}
