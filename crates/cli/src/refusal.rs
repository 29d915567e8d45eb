//! The result of a command that failed before it verified anything: programs read it where they read every result.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use sealcheck_record::{RESULT_SCHEMA, ResultDocument};

use crate::args::{Command, Format, OutputArgs};
use crate::console::Console;
use crate::environment;
use crate::output;
use crate::problem::Problem;

/// In which form, and whether on standard output, the result was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    format: Option<Format>,
    /// The file that takes the result.
    file: Option<PathBuf>,
    /// Whether standard output belongs to the predicate.
    predicate: bool,
}

impl Wanted {
    /// What a command line that was understood wants; `None` for commands that have no such result.
    pub(crate) fn by(command: &Command) -> Option<Self> {
        let wanted = |output: &OutputArgs, predicate| Self {
            format: output.output,
            file: output.output_file.clone(),
            predicate,
        };
        match command {
            Command::VerifyBlob(args) => Some(wanted(&args.verify.output, false)),
            Command::VerifyBlobAttestation(args) => {
                Some(wanted(&args.verify.output, args.statement.print_predicate))
            }
            Command::Inspect(_) | Command::Explain(_) | Command::Completions(_) => None,
        }
    }

    /// What a command line that was not understood seems to want.
    pub(crate) fn guessed(arguments: &[OsString]) -> Self {
        let mut format = environment::variable("output").and_then(|name| std::env::var(name).ok());
        let mut file = environment::variable("output-file")
            .and_then(std::env::var_os)
            .map(PathBuf::from);
        let mut predicate = environment::variable("print-predicate").is_some();
        let mut texts = arguments.iter().filter_map(|text| text.to_str());
        while let Some(text) = texts.next() {
            let value = text
                .strip_prefix("--output=")
                .or_else(|| text.strip_prefix("-o").filter(|_| !text.starts_with("--")));
            match (text, value) {
                ("--", _) => break,
                ("-o" | "--output", _) => format = texts.next().map(str::to_owned),
                ("--output-file", _) => file = texts.next().map(PathBuf::from),
                (_, Some(value)) => format = Some(value.trim_start_matches('=').to_owned()),
                _ => match text.strip_prefix("--output-file=") {
                    Some(path) => file = Some(path.into()),
                    None => predicate |= text == "--print-predicate",
                },
            }
        }
        Self {
            format: format.and_then(|text| Format::from_str(&text, false).ok()),
            file,
            predicate,
        }
    }

    /// Writes the document where the result was wanted. Standard error and the exit code tell it as well, so that a
    /// document which cannot be written is no further problem.
    pub(crate) fn write(&self, console: Console, problem: &Problem) {
        let is_json = match (self.format, &self.file) {
            (Some(format), _) => format == Format::Json,
            (None, Some(_)) => true,
            (None, None) => !console.stdout_is_terminal(),
        };
        let reason = problem.failure.reason;
        let document = ResultDocument::failed(reason, &problem.message(), problem.hint());
        let Ok(text) = document.to_json() else { return };
        if !is_json {
            return;
        }
        // An earlier result left there would be taken for this one's.
        if let Some(file) = &self.file
            && may_replace(file)
            && output::write_file(file, text.as_bytes()).is_ok()
        {
            return;
        }
        // Where a result was begun, no other document can follow.
        let is_begun = problem.is_late && self.file.is_none();
        if !is_begun && !self.predicate {
            let mut out = console.stdout();
            out.write_all(text.as_bytes())
                .and_then(|()| out.flush())
                .ok();
        }
    }
}

/// Whether there is nothing yet, or an earlier result: it may as well be what was to be verified, named by mistake.
fn may_replace(file: &Path) -> bool {
    let Ok(there) = fs::symlink_metadata(file) else {
        return true;
    };
    let mut begin = Vec::new();
    let mut read = || File::open(file)?.take(BEGIN).read_to_end(&mut begin);
    there.is_file()
        && read().is_ok()
        && std::str::from_utf8(&begin).is_ok_and(|begin| {
            begin.starts_with('{') && begin.contains(&format!("\"{RESULT_SCHEMA}\""))
        })
}

/// Enough for the brace and the schema, which a result begins with.
const BEGIN: u64 = 64;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Format, Wanted};

    #[test]
    fn the_form_is_guessed_from_a_wrong_command_line() {
        let guessed = |line: &str| {
            let words: Vec<_> = line.split(' ').map(Into::into).collect();
            Wanted::guessed(&words)
        };
        let json = Some(Format::Json);
        let x = Some(PathBuf::from("x"));
        for (line, format, file, predicate) in [
            ("verify-blob --nonsense", None, None, false),
            ("verify-blob -o json --nonsense", json, None, false),
            ("verify-blob -ojson", json, None, false),
            ("verify-blob -o=json", json, None, false),
            ("verify-blob --output json", json, None, false),
            ("verify-blob --output=json", json, None, false),
            ("verify-blob --output=text", Some(Format::Text), None, false),
            ("verify-blob --output=yaml", None, None, false),
            ("verify-blob --offline -o", None, None, false),
            (
                "verify-blob -o json --output-file x",
                json,
                x.clone(),
                false,
            ),
            ("verify-blob --output-file=x", None, x, false),
            (
                "verify-blob-attestation --print-predicate",
                None,
                None,
                true,
            ),
            ("verify-blob -- -o json", None, None, false),
        ] {
            let expected = Wanted {
                format,
                file,
                predicate,
            };
            assert_eq!(guessed(line), expected, "{line}");
        }
    }
}
