//! Keys and other texts that stand on the command line where the name of a file is meant.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::ArgMatches;

use crate::environment;
use crate::problem::{Problem, Result};

/// Refuses texts of several lines and PEM, before anything can repeat them: they may be private keys.
pub(crate) fn refuse(arguments: &[OsString]) -> Result<()> {
    let mut before = "";
    for argument in arguments.iter().skip(1) {
        let word = argument.to_str().unwrap_or_default();
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") && !is_text(flag.as_ref()) => {
                (flag, value)
            }
            _ => (before, word),
        };
        if is_text(value.as_ref()) {
            let name = if flag.starts_with('-') {
                flag
            } else {
                "an argument"
            };
            return Err(problem(name));
        }
        before = word;
    }
    Ok(())
}

/// The same for the variables that speak for flags.
pub(crate) fn refuse_variables(matches: &ArgMatches) -> Result<()> {
    for id in matches.ids().map(clap::Id::as_str) {
        let is_flag = environment::origin(matches, id) == Some(environment::Origin::Flag);
        let mut values = matches.get_raw(id).into_iter().flatten();
        if !is_flag && values.any(is_text) {
            return Err(problem(&environment::spoken(matches, id)));
        }
    }
    Ok(())
}

fn is_text(value: &OsStr) -> bool {
    let text = value.to_string_lossy();
    (text.contains("-----BEGIN ") || text.trim().contains(['\n', '\r']))
        && Path::new(value).symlink_metadata().is_err()
}

fn problem(name: &str) -> Problem {
    Problem::argument(format!("{name} is given a text of several lines, which is not repeated here"))
        .with_hint("Write the text to a file and name that. A public key can stay in a variable that is exported: --key env://NAME.")
}
