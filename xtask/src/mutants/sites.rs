//! Where a check stands in the source that can be removed alone: cargo-mutants changes operators and replaces
//! functions, but takes no single refusal, condition or statement out.

use super::edit::Shape;
use super::tokens::{Token, tokens};

/// One place at which a check can be removed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Site {
    /// What is done to it; `CONDITION` stands for how it is written.
    pub(super) change: &'static str,
    /// The offset at which it begins.
    pub(super) start: usize,
    /// The offset behind its end.
    pub(super) end: usize,
    /// How it is switched.
    pub(super) shape: Shape,
}

/// The sites of a file, in order. What follows the first test module is not looked at.
pub(super) fn find(source: &str) -> Vec<Site> {
    let source = source
        .split_once("#[cfg(test)]\n")
        .map_or(source, |(code, _)| code);
    let tokens = tokens(source);
    let mut sites = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let search = Search {
            tokens: &tokens,
            at,
        };
        match token.text {
            ";" => sites.extend(search.statement()),
            "if" => sites.extend(search.refusal()),
            "&&" | "||" => sites.extend(search.operands()),
            "=>" => sites.extend(search.failing_arm()),
            word if PREDICATES.contains(&word) => sites.extend(search.predicate()),
            _ => {}
        }
    }
    sites.sort_by_key(|site| (site.start, std::cmp::Reverse(site.end)));
    sites.dedup();
    sites
}

/// A look around from one token.
pub(super) struct Search<'s> {
    tokens: &'s [Token<'s>],
    at: usize,
}

impl Search<'_> {
    /// A statement that stands for its effect or its refusal: `call()?;`, `list.dedup();`.
    fn statement(&self) -> Option<Site> {
        let depth = self.token(self.at)?.depth;
        let first = self.back(|token, after| {
            matches!(token.text, ";" | "{" | "=>")
                || (token.text == "}" && !matches!(after, "." | "?"))
        });
        let inside = self.tokens.get(first..self.at)?;
        // Outside of functions stand items.
        let called = depth > 0 && matches!(inside.last()?.text, "?" | ")");
        let stands_alone = !OTHER_STATEMENTS.contains(&inside.first()?.text)
            && !inside
                .iter()
                .any(|token| token.depth == depth && ASSIGNMENTS.contains(&token.text));
        (called && stands_alone).then(|| self.site(REMOVE_STATEMENT, first, self.at))?
    }

    /// `if … { return Err(…) }`, and the same with `None`, `false` and `continue`.
    fn refusal(&self) -> Option<Site> {
        let depth = self.token(self.at)?.depth;
        let open = self.forward(|token| matches!(token.text, "{" | "=>"))?;
        if self.token(open)?.text != "{" {
            return None;
        }
        let close = (open + 1..self.tokens.len())
            .find(|at| self.token(*at).is_some_and(|token| token.depth == depth))?;
        let refuses = (open + 1..close).any(|at| {
            self.token(at).is_some_and(|token| {
                token.depth == depth + 1
                    && match token.text {
                        "return" => {
                            self.is(at + 1, "Err")
                                || self.is(at + 1, "None")
                                || self.is(at + 1, "false")
                                || (self.is(at + 1, "Ok") && self.is(at + 3, "Err"))
                        }
                        "continue" => true,
                        _ => false,
                    }
            })
        });
        let binds = (self.at..open).any(|at| {
            self.token(at)
                .is_some_and(|token| token.text == "let" && token.depth == depth)
        });
        let change = match binds {
            true => REMOVE_BINDING_IF,
            false => REMOVE_IF,
        };
        refuses.then(|| self.site(change, self.at + 1, open - 1))?
    }

    /// The conditions on both sides of an operator, each left out alone.
    fn operands(&self) -> Vec<Site> {
        let ends = |token: &Token<'_>| ENDS.contains(&token.text);
        let first = self.back(|token, _| ends(token) || BEGINS.contains(&token.text));
        let Some(last) = self.forward(|token| ends(token)) else {
            return Vec::new();
        };
        // A double reference, or a closure without parameters.
        if first == self.at || self.is(self.at - 1, "move") {
            return Vec::new();
        }
        [(first, self.at - 1), (self.at + 1, last - 1)]
            .into_iter()
            .filter(|(from, _)| !self.is(*from, "let") && !self.is_bound(*from))
            .filter_map(|(from, to)| {
                let conjunct = self.is(from.saturating_sub(1), "&&") || self.is(to + 1, "&&");
                let change = match conjunct {
                    true => DROP_CONJUNCT,
                    false => DROP_DISJUNCT,
                };
                self.site(change, from, to)
            })
            .collect()
    }

    /// `pattern => Err(…)` where nothing is returned on success.
    fn failing_arm(&self) -> Option<Site> {
        let open = self.at + 2;
        if !(self.is(self.at + 1, "Err") && self.is(open, "(") && self.returns_nothing()) {
            return None;
        }
        let close = self.close(open)?;
        (self.is(close + 1, ",") || self.is(close + 1, "}"))
            .then(|| self.site(ACCEPT_ARM, self.at + 1, close))?
    }

    /// The closure of `filter` and its like: as if it held for everything, and as if for nothing.
    fn predicate(&self) -> Vec<Site> {
        let open = self.at + 1;
        if !(self.is(self.at.wrapping_sub(1), ".") && self.is(open, "(") && self.is(open + 1, "|"))
        {
            return Vec::new();
        }
        let (Some(bar), Some(close)) = (
            (open + 2..self.tokens.len()).find(|at| self.is(*at, "|")),
            self.close(open),
        ) else {
            return Vec::new();
        };
        let last = if self.is(close - 1, ",") {
            close - 2
        } else {
            close - 1
        };
        let site = |change| self.site(change, bar + 1, last);
        [site(HOLDS_ALWAYS), site(HOLDS_NEVER)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Whether the function around is declared `-> Result<()>`, and no closure stands between.
    fn returns_nothing(&self) -> bool {
        let declared = (0..self.at).rev().find(|at| {
            self.token(*at)
                .is_some_and(|token| token.text == "fn" && self.encloses(*at))
        });
        let words = |from: usize| -> Vec<&str> {
            (from..self.at)
                .filter_map(|at| self.token(at))
                .take_while(|token| token.text != "{")
                .map(|token| token.text)
                .collect()
        };
        declared.is_some_and(|at| words(at).ends_with(&["->", "Result", "<", "(", ")", ">"]))
    }

    /// Whether the body of the function declared at `declared` is still open here.
    fn encloses(&self, declared: usize) -> bool {
        let Some(depth) = self.token(declared).map(|token| token.depth) else {
            return false;
        };
        (declared..self.at).all(|at| {
            self.token(at)
                .is_some_and(|token| !(token.text == "}" && token.depth == depth))
        })
    }

    /// The first token of what ends here: behind the last one around here that `ends` it.
    fn back(&self, ends: impl Fn(&Token<'_>, &str) -> bool) -> usize {
        let depth = self.token(self.at).map_or(0, |token| token.depth);
        let mut first = self.at;
        while let Some(token) = first.checked_sub(1).and_then(|at| self.token(at)) {
            let after = self.token(first).map_or("", |token| token.text);
            if token.depth < depth || (token.depth == depth && ends(token, after)) {
                break;
            }
            first -= 1;
        }
        first
    }

    /// The next token around here that ends what begins here, or the bracket that does.
    fn forward(&self, ends: impl Fn(&Token<'_>) -> bool) -> Option<usize> {
        let depth = self.token(self.at)?.depth;
        (self.at + 1..self.tokens.len()).find(|at| {
            self.token(*at)
                .is_some_and(|token| token.depth < depth || (token.depth == depth && ends(token)))
        })
    }

    /// The bracket that closes the one at `open`.
    fn close(&self, open: usize) -> Option<usize> {
        let depth = self.token(open)?.depth;
        (open + 1..self.tokens.len())
            .find(|at| self.token(*at).is_some_and(|token| token.depth == depth))
    }

    /// Whether what begins at `at` is what `if let` takes apart, and no condition.
    fn is_bound(&self, at: usize) -> bool {
        let depth = self.token(at).map_or(0, |token| token.depth);
        let binding = (0..at).rev().find(|before| {
            self.token(*before).is_some_and(|token| {
                token.depth == depth && matches!(token.text, "let" | ";" | "&&" | "if")
            })
        });
        self.is(at.saturating_sub(1), "=")
            && binding.is_some_and(|found| {
                self.is(found, "let")
                    && (self.is(found.wrapping_sub(1), "if")
                        || self.is(found.wrapping_sub(1), "&&"))
            })
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.token(at).is_some_and(|token| token.text == text)
    }

    fn token(&self, at: usize) -> Option<&Token<'_>> {
        self.tokens.get(at)
    }

    fn site(&self, change: Change, first: usize, last: usize) -> Option<Site> {
        let (name, before, after) = change;
        (first <= last).then_some(())?;
        Some(Site {
            change: name,
            start: self.token(first)?.start,
            end: self.token(last)?.end(),
            shape: Shape::Wrap(before, after),
        })
    }
}

/// A name, and what is written before and behind the place.
type Change = (&'static str, &'static str, &'static str);

const REMOVE_STATEMENT: Change = ("remove the statement", "if !SWITCH { ", " }");
const REMOVE_IF: Change = ("remove the refusal", "!SWITCH && (", ")");
const REMOVE_BINDING_IF: Change = ("remove the refusal", "!SWITCH && ", "");
const DROP_CONJUNCT: Change = ("leave out CONDITION", "(SWITCH || (", "))");
const DROP_DISJUNCT: Change = ("leave out CONDITION", "(!SWITCH && (", "))");
const ACCEPT_ARM: Change = ("accept instead", "if SWITCH { Ok(()) } else { ", " }");
const HOLDS_ALWAYS: Change = ("as if it held always", "(SWITCH || (", "))");
const HOLDS_NEVER: Change = ("as if it held never", "(!SWITCH && (", "))");

/// Functions whose closure says yes or no.
const PREDICATES: [&str; 9] = [
    "filter",
    "take_while",
    "is_some_and",
    "is_none_or",
    "all",
    "any",
    "find",
    "position",
    "retain",
];
/// What begins a statement that is not one for its effect.
const OTHER_STATEMENTS: [&str; 11] = [
    "let", "return", "use", "const", "static", "type", "fn", "break", "pub", "struct", "mod",
];
const ASSIGNMENTS: [&str; 6] = ["=", "+=", "-=", "|=", "&=", ">>"];
/// What ends a condition on either side.
const ENDS: [&str; 9] = ["&&", "||", ",", ";", "=>", "{", "}", "|", "else"];
/// What stands before a condition without being part of it.
const BEGINS: [&str; 7] = ["if", "return", "=", "while", "match", "in", "|="];

#[cfg(test)]
mod tests {
    use super::find;
    use crate::mutants::edit::{Edit, switched};

    fn all(source: &str) -> String {
        let sites = find(source);
        let edits: Vec<Edit> = (1..)
            .zip(&sites)
            .map(|(number, site)| Edit {
                number,
                start: site.start,
                end: site.end,
                shape: site.shape.clone(),
            })
            .collect();
        switched(source, &edits).0
    }

    #[test]
    fn refusals_and_their_conditions_can_be_removed_alone() {
        assert_eq!(
            all("if a && b(c) { return Err(d); }"),
            "if !crate::is_on(1) && ((crate::is_on(2) || (a)) && (crate::is_on(3) || (b(c)))) { return Err(d); }"
        );
        assert_eq!(
            all("if a || b { continue; }"),
            "if !crate::is_on(1) && ((!crate::is_on(2) && (a)) || (!crate::is_on(3) && (b))) { continue; }"
        );
        assert_eq!(
            all("if let Some(a) = b && c { return None; }"),
            "if !crate::is_on(1) && let Some(a) = b && (crate::is_on(2) || (c)) { return None; }"
        );
        assert_eq!(all("if a { b = 1; }"), "if a { b = 1; }");
        for nothing in ["let a = || b(&&c);", "f(move || a)"] {
            assert_eq!(all(nothing), nothing);
        }
    }

    #[test]
    fn statements_can_be_removed_and_bindings_stay() {
        assert_eq!(
            all("{ let a = b()?; c(a)?; d.e(); a += f(); return g(); }"),
            "{ let a = b()?; if !crate::is_on(1) { c(a)?; } if !crate::is_on(2) { d.e(); } a += f(); return g(); }"
        );
    }

    #[test]
    fn predicates_hold_always_or_never() {
        assert_eq!(
            all("a.filter(|b| *b > 1)"),
            "a.filter(|b| (crate::is_on(1) || ((!crate::is_on(2) && (*b > 1)))))"
        );
    }

    #[test]
    fn arms_that_fail_accept_where_there_is_nothing_to_return() {
        assert_eq!(
            all("fn a() -> Result<()> { match b { 1 => Err(c), _ => Ok(()), } }"),
            "fn a() -> Result<()> { match b { 1 => if crate::is_on(1) { Ok(()) } else { Err(c) }, _ => Ok(()), } }"
        );
        assert_eq!(
            all("fn a() -> Result<u8> { match b { 1 => Err(c), _ => Ok(1), } }"),
            "fn a() -> Result<u8> { match b { 1 => Err(c), _ => Ok(1), } }"
        );
    }

    #[test]
    fn items_are_left_alone() {
        let item = "#[derive(Debug)]\npub struct A(B);\nuse a::{b, c};";
        assert_eq!(all(item), item);
    }

    #[test]
    fn tests_are_left_alone() {
        assert_eq!(
            all("#[cfg(test)]\nmod tests { a()?; }"),
            "#[cfg(test)]\nmod tests { a()?; }"
        );
    }
}
