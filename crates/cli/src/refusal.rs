//! The result of a command that failed before it verified anything: programs read it where they read every result.

use std::ffi::OsString;
use std::io::Write;

use clap::ValueEnum;
use sealcheck_record::ResultDocument;

use crate::args::{Command, Format, OutputArgs};
use crate::console::Console;
use crate::environment;
use crate::problem::Problem;

/// In which form, and whether on standard output, the result was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    format: Option<Format>,
    /// Whether standard output belongs to something else: a file takes the result, or the predicate is printed.
    elsewhere: bool,
}

impl Wanted {
    /// What a command line that was understood wants; `None` for commands that have no such result.
    pub(crate) fn by(command: &Command) -> Option<Self> {
        let wanted = |output: &OutputArgs, predicate| Self {
            format: output.output,
            elsewhere: output.output_file.is_some() || predicate,
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
        let mut elsewhere = environment::variable("output-file").is_some()
            || environment::variable("print-predicate").is_some();
        let mut texts = arguments.iter().filter_map(|text| text.to_str());
        while let Some(text) = texts.next() {
            let value = text
                .strip_prefix("--output=")
                .or_else(|| text.strip_prefix("-o").filter(|_| !text.starts_with("--")));
            match (text, value) {
                ("--", _) => break,
                ("-o" | "--output", _) => format = texts.next().map(str::to_owned),
                (_, Some(value)) => format = Some(value.trim_start_matches('=').to_owned()),
                _ => {
                    elsewhere |= text == "--print-predicate" || text.starts_with("--output-file");
                }
            }
        }
        Self {
            format: format.and_then(|text| Format::from_str(&text, false).ok()),
            elsewhere,
        }
    }

    fn is_document(self, console: Console) -> bool {
        let wanted = match self.format {
            Some(format) => format == Format::Json,
            None => !console.stdout_is_terminal(),
        };
        wanted && !self.elsewhere
    }

    /// Writes the document, where one is wanted and none was begun.
    pub(crate) fn write(self, console: Console, problem: &Problem) {
        if problem.is_late || !self.is_document(console) {
            return;
        }
        let reason = problem.failure.reason;
        let document = ResultDocument::failed(reason, &problem.message(), problem.hint());
        let mut out = console.stdout();
        // Standard error and the exit code tell it as well.
        if let Ok(text) = document.to_json() {
            out.write_all(text.as_bytes())
                .and_then(|()| out.flush())
                .ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, Wanted};

    #[test]
    fn the_form_is_guessed_from_a_wrong_command_line() {
        let guessed = |line: &str| {
            let words: Vec<_> = line.split(' ').map(Into::into).collect();
            Wanted::guessed(&words)
        };
        let json = Some(Format::Json);
        for (line, format, elsewhere) in [
            ("verify-blob --nonsense", None, false),
            ("verify-blob -o json --nonsense", json, false),
            ("verify-blob -ojson", json, false),
            ("verify-blob -o=json", json, false),
            ("verify-blob --output json", json, false),
            ("verify-blob --output=json", json, false),
            ("verify-blob --output=text", Some(Format::Text), false),
            ("verify-blob --output=yaml", None, false),
            ("verify-blob --offline -o", None, false),
            ("verify-blob -o json --output-file x", json, true),
            ("verify-blob --output-file=x", None, true),
            ("verify-blob-attestation --print-predicate", None, true),
            ("verify-blob -- -o json", None, false),
        ] {
            assert_eq!(guessed(line), Wanted { format, elsewhere }, "{line}");
        }
    }
}
