//! What is wrong with a command line, in our words.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::environment;
use crate::problem::Problem;

/// The problem behind an error of the parser.
pub(crate) fn problem(error: &clap::Error, command: &str) -> Problem {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
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
            text(ContextKind::SuggestedArg).map(|near| format!("Did you mean {near}? {help}")),
        ),
        ErrorKind::InvalidSubcommand => (
            format!("there is no command `{}`", text(ContextKind::InvalidSubcommand).unwrap_or_default()),
            text(ContextKind::SuggestedSubcommand).map(|near| format!("Did you mean {near}? {help}")),
        ),
        ErrorKind::MissingRequiredArgument => (
            format!("{argument} is missing"),
            match argument.starts_with("<IMAGE>") {
                true => Some(format!("Name what is to be verified: REGISTRY/REPOSITORY:TAG, or a layout as oci:FOLDER. {help}")),
                false => argument.starts_with("<FILE>").then(|| format!("Name what is to be verified: a file, a folder, an address, - or a digest. {help}")),
            },
        ),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ("no command was given".to_owned(), None),
        ErrorKind::InvalidValue if value.is_empty() => (format!("{argument} needs a value"), valid.map(|valid| format!("It is one of {valid}."))),
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
            (format!("`{value}` is no value for {argument}{}", why.unwrap_or_default()), None)
        }
        ErrorKind::ArgumentConflict if text(ContextKind::PriorArg).as_deref() == Some(argument.as_str()) => {
            (format!("{argument} is given twice"), Some("It can be given once only.".to_owned()))
        }
        ErrorKind::ArgumentConflict => (
            format!("{argument} and {} exclude each other", text(ContextKind::PriorArg).unwrap_or_default()),
            None,
        ),
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues | ErrorKind::NoEquals => {
            (format!("{argument} takes another number of values, or none"), None)
        }
        ErrorKind::InvalidUtf8 => ("an argument is not UTF-8 text".to_owned(), None),
        _ => (error.to_string().lines().next().unwrap_or_default().to_owned(), None),
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
