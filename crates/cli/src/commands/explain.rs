//! `sealcheck explain`.

use std::fmt::Write as _;

use sealcheck_verify::{Outcome, Reason};

use crate::args::ExplainArgs;
use crate::console::Console;
use crate::output;
use crate::problem::{Problem, Result};
use crate::report::{colour, wrap::paragraph};

/// Explains one reason code, or lists them all.
pub(crate) fn run(args: &ExplainArgs, console: Console<'_>) -> Result<u8> {
    let text = match &args.code {
        None => all(),
        Some(code) => one(code.parse().map_err(|_| unknown(code))?),
    };
    output::print(console, &text)?;
    Ok(0)
}

fn one(reason: Reason) -> String {
    let outcome = reason.outcome();
    let style = colour::of(outcome);
    let mut out = format!("{reason}: {}\n\n", reason.summary());
    let label = colour::LABEL;
    writeln!(
        out,
        "{label}outcome{label:#}  {style}{outcome}{style:#} (exit code {})",
        outcome.exit_code()
    )
    .ok();
    for (name, text) in [("cause", reason.cause()), ("cure", reason.cure())] {
        let padding = " ".repeat(COLUMN - name.len());
        writeln!(
            out,
            "{label}{name}{label:#}{padding}{}",
            paragraph(text, COLUMN, COLUMN)
        )
        .ok();
    }
    out
}

fn all() -> String {
    let width = Reason::ALL
        .iter()
        .map(|reason| reason.code().len())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for outcome in OUTCOMES {
        let style = colour::of(outcome);
        writeln!(
            out,
            "{style}{outcome}{style:#} (exit code {})",
            outcome.exit_code()
        )
        .ok();
        for reason in Reason::ALL
            .iter()
            .filter(|reason| reason.outcome() == outcome)
        {
            let column = width + 4;
            writeln!(
                out,
                "  {:width$}  {}",
                reason.code(),
                paragraph(reason.summary(), column, column)
            )
            .ok();
        }
        out.push('\n');
    }
    out.push_str("`sealcheck explain CODE` says what the cause is and what to do.\n");
    out
}

fn unknown(code: &str) -> Problem {
    let nearest = Reason::ALL
        .iter()
        .map(|reason| (distance(code, reason.code()), *reason))
        .min_by_key(|(distance, _)| *distance);
    let problem = Problem::argument(format!("there is no reason code `{code}`"));
    match nearest {
        // Farther away it is another word.
        Some((distance, reason)) if distance <= reason.code().len() / 2 => problem.with_hint(
            format!("Did you mean {reason}? `sealcheck explain` lists all codes."),
        ),
        _ => problem.with_hint("`sealcheck explain` lists all codes."),
    }
}

/// How many characters must be inserted, deleted or replaced to make one text the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, left) in one.chars().take(LONGEST).enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (above, right) in row.iter().skip(1).zip(other.chars()) {
            before = (diagonal + usize::from(left != right))
                .min(above + 1)
                .min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// No code is half as long.
const LONGEST: usize = 64;
const COLUMN: usize = 9;
const OUTCOMES: [Outcome; 4] = [
    Outcome::Rejected,
    Outcome::Usage,
    Outcome::Unavailable,
    Outcome::Unsigned,
];

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
