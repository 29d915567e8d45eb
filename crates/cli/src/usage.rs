//! What is wrong with a command line, in our words.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::environment;
use crate::problem::Problem;

fn is_suggestion(kind: ContextKind) -> bool {
    matches!(
        kind,
        ContextKind::SuggestedArg | ContextKind::SuggestedSubcommand | ContextKind::SuggestedValue
    )
}

/// `a`, `a or b`, `a, b or c`.
fn any_of(texts: &[String]) -> String {
    match texts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

/// The parser lists the nearest last, and every one that is near at all.
fn best(texts: &[String]) -> Vec<String> {
    texts.iter().rev().take(SUGGESTIONS).cloned().collect()
}

/// What a command takes, for who gave it more.
fn taken(command: &str) -> String {
    let what = match command.rsplit(' ').next() {
        Some("tree") => "one image",
        Some("download") => "a kind of proof and one image",
        Some("copy") => "one image and one folder",
        Some("inspect") => "one file",
        Some("explain") => "one code",
        _ => return "It takes no further argument.".to_owned(),
    };
    format!("`{command}` takes {what}.")
}

/// The problem behind an error of the parser.
pub(crate) fn problem(error: &clap::Error, command: &str) -> Problem {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) if is_suggestion(kind) => Some(any_of(&best(texts))),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let valid = text(ContextKind::ValidValue).filter(|valid| !valid.is_empty());
    let help = format!("`{command} --help` shows what there is.");
    let (detail, hint) = match error.kind() {
        ErrorKind::UnknownArgument => (
            format!("there is no flag or argument `{argument}` here"),
            match (argument.as_str(), text(ContextKind::SuggestedArg)) {
                ("--predicate-type", _) => Some(format!("Did you mean --type? {help}")),
                (name, None) if !name.starts_with('-') => {
                    Some(format!("{} {help}", taken(command)))
                }
                (name, None) if !name.starts_with("--") => Some(format!(
                    "A file whose name begins with a dash is written with ./ before it, or behind --. {help}"
                )),
                (_, near) => near.map(|near| format!("Did you mean {near}? {help}")),
            },
        ),
        ErrorKind::InvalidSubcommand => (
            format!(
                "there is no command `{}`",
                text(ContextKind::InvalidSubcommand).unwrap_or_default()
            ),
            text(ContextKind::SuggestedSubcommand)
                .map(|near| format!("Did you mean {near}? {help}")),
        ),
        ErrorKind::MissingRequiredArgument => (
            format!("{argument} is missing"),
            Some(match argument.as_str() {
                "<FILE>" if command.ends_with("inspect") => {
                    "Name the file to look at, or - for standard input.".to_owned()
                }
                "<FILE>" => format!(
                    "Name what the attestation is about: a file, an address, - or a digest. {help}"
                ),
                file if file.starts_with("<FILE>") => format!(
                    "Name what is to be verified: a file, a folder, an address, - or a digest. {help}"
                ),
                "<LAYOUT>" => {
                    format!("Name the folder to copy into: a new or an empty one. {help}")
                }
                image if image.contains("<IMAGE>") => format!(
                    "Name the image: REGISTRY/REPOSITORY:TAG, or a layout as oci:FOLDER. {help}"
                ),
                _ => format!("Give it too. {help}"),
            }),
        ),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ("no command was given".to_owned(), None)
        }
        ErrorKind::InvalidValue if value.is_empty() && argument.starts_with('<') => (
            format!("{argument} has an empty value"),
            Some(format!(
                "Name the {}; if its name comes from a variable of a script, that variable is not set.",
                if argument.contains("IMAGE") {
                    "image"
                } else {
                    "file"
                }
            )),
        ),
        ErrorKind::InvalidValue if value.is_empty() => (
            format!("{argument} needs a value"),
            Some(match valid {
                Some(valid) => format!("It is one of {valid}."),
                None => format!(
                    "Write it behind the flag; if it comes from a variable of a script, that variable is not set. {help}"
                ),
            }),
        ),
        ErrorKind::InvalidValue => (
            format!("`{value}` is no value for {argument}"),
            match (text(ContextKind::SuggestedValue), valid) {
                (Some(near), _) => Some(format!("Did you mean {near}?")),
                (None, Some(valid)) => Some(format!("It is one of {valid}.")),
                (None, None) => None,
            },
        ),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(|source| format!(": {source}"));
            (
                format!(
                    "`{value}` is no value for {argument}{}",
                    why.unwrap_or_default()
                ),
                Some(format!(
                    "Give {argument} such a value, or leave it out. {help}"
                )),
            )
        }
        ErrorKind::ArgumentConflict
            if text(ContextKind::PriorArg).as_deref() == Some(argument.as_str()) =>
        {
            (
                format!("{argument} is given twice"),
                Some(match argument.contains("--certificate-") {
                    true => "It can be given once only, as in cosign; --identity and --issuer may be repeated, each --identity beside its --issuer.".to_owned(),
                    false => "It can be given once only.".to_owned(),
                }),
            )
        }
        ErrorKind::ArgumentConflict => (
            format!(
                "{argument} and {} exclude each other",
                text(ContextKind::PriorArg).unwrap_or_default()
            ),
            Some("Give one of them.".to_owned()),
        ),
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues if !argument.contains('<') => (
            format!("{argument} is a switch and takes no value but true or false"),
            Some(format!(
                "Write {argument} alone to switch it on, or leave it out. {help}"
            )),
        ),
        ErrorKind::TooManyValues
        | ErrorKind::WrongNumberOfValues
        | ErrorKind::TooFewValues
        | ErrorKind::NoEquals => (
            format!("{argument} takes another number of values, or none"),
            None,
        ),
        ErrorKind::InvalidUtf8 => (
            "an argument is not UTF-8 text".to_owned(),
            Some("Rename the file, or verify the folder in which it lies.".to_owned()),
        ),
        _ => (
            error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
            None,
        ),
    };
    let flag = argument
        .trim_start_matches('-')
        .split([' ', '='])
        .next()
        .unwrap_or_default();
    let from = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => environment::variable(flag),
        _ => None,
    };
    let problem = match from {
        Some(name) => Problem::argument(format!("{detail} ({name} is set)")),
        None => Problem::argument(detail),
    };
    problem.with_hint(hint.unwrap_or(help))
}

/// More suggestions than this are no help.
const SUGGESTIONS: usize = 2;
