//! `sealcheck inspect`.

use std::fmt::Write as _;

use sealcheck_verify::inspect::{Facts, Inspection, inspect};
use sealcheck_verify::limits::BUNDLE_BYTES;
use sealcheck_verify::{Failure, Reason, printable};

use crate::args::{DocumentFormat, InspectArgs};
use crate::console::Console;
use crate::problem::{Problem, Result};
use crate::report::colour;
use crate::{files, output};

/// Shows what a file contains.
pub(crate) fn run(args: &InspectArgs, console: Console<'_>) -> Result<u8> {
    let name = printable(&args.file.display().to_string());
    let bytes = files::read(&args.file, BUNDLE_BYTES).map_err(not_read)?;
    let inspection = inspect(&bytes).map_err(|failure| unreadable(failure, &name))?;
    let text = match args.output {
        DocumentFormat::Text => text(&inspection, &name),
        DocumentFormat::Json => output::json(&inspection)?,
    };
    output::print(console, &text)?;
    Ok(0)
}

fn not_read(failure: Failure) -> Problem {
    let is_url = failure
        .field
        .as_deref()
        .is_some_and(|name| name.contains("://"));
    let is_missing = failure.reason == Reason::FileNotFound;
    match (is_missing, is_url, &failure.found) {
        (true, true, _) => Problem::from(failure).with_hint(
            "An address is not fetched: download it first, for example with curl -sL ADDRESS | sealcheck inspect -.",
        ),
        (true, false, Some(_)) => Problem::from(failure)
            .with_hint("Name one file in that folder, for example a bundle (.sigstore.json)."),
        _ => failure.into(),
    }
}

fn unreadable(failure: Failure, name: &str) -> Problem {
    Problem::from(failure.of_file(name)).with_hint(
        "Check that this is the file that you mean; it may be truncated, or a web page with an error message instead of the file.",
    )
}

fn text(inspection: &Inspection, name: &str) -> String {
    let style = colour::DOUBT;
    let mut out = format!(
        "{style}not verified{style:#}: {name} is {}; nothing of what it says is proved\n",
        inspection.kind().title()
    );
    write(&mut out, inspection.facts(), 1);
    out
}

fn write(out: &mut String, facts: &Facts, depth: usize) {
    let indent = "  ".repeat(depth);
    match facts {
        Facts::Fields(fields) => {
            let width = fields
                .iter()
                .filter_map(|(name, value)| value_text(value).map(|_| label(name).chars().count()))
                .max()
                .unwrap_or(0);
            for (name, value) in fields {
                let (name, style) = (label(name), colour::LABEL);
                match value_text(value) {
                    Some(text) => {
                        let padding = " ".repeat(width.saturating_sub(name.chars().count()) + 2);
                        writeln!(out, "{indent}{style}{name}{style:#}{padding}{text}").ok();
                    }
                    None => {
                        writeln!(out, "{indent}{style}{name}{style:#}").ok();
                        write(out, value, depth + 1);
                    }
                }
            }
        }
        Facts::List(list) => {
            for (index, value) in list.iter().enumerate() {
                match value_text(value) {
                    Some(text) => {
                        writeln!(out, "{indent}{text}").ok();
                    }
                    None => {
                        let style = colour::LABEL;
                        writeln!(out, "{indent}{style}#{}{style:#}", index + 1).ok();
                        write(out, value, depth + 1);
                    }
                }
            }
        }
        value => {
            writeln!(out, "{indent}{}", value_text(value).unwrap_or_default()).ok();
        }
    }
}

/// A value that stands in one line.
fn value_text(facts: &Facts) -> Option<String> {
    match facts {
        Facts::Text(text) => Some(text.clone()),
        Facts::Number(number) => Some(number.to_string()),
        Facts::Flag(true) => Some("yes".to_owned()),
        Facts::Flag(false) => Some("no".to_owned()),
        Facts::List(list) if list.is_empty() => Some("none".to_owned()),
        Facts::List(_) | Facts::Fields(_) => None,
    }
}

/// `notBefore` as people write it: `not before`. Names with dashes or digits are left as they are.
fn label(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            out.push(' ');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn names_become_words() {
        assert_eq!(label("notBefore"), "not before");
        assert_eq!(label("source-repository-uri"), "source-repository-uri");
    }
}
