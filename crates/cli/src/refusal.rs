//! The result of a command that failed before it verified anything: programs read it where they read every result.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use sealcheck_record::{
    RELEASE_FOLDER_SCHEMA, RELEASE_IMAGES_SCHEMA, RELEASE_LIST_SCHEMA, RELEASE_REPORT_SCHEMA,
    RESULT_SCHEMA, ResultDocument, escaped,
};
use sealcheck_verify::Outcome;
use sealcheck_verify::evidence::SCHEMA;

use crate::args::{Command, DocumentFormat, Format, OutputArgs, ReleaseCommand, ReportArgs};
use crate::console::Console;
use crate::environment;
use crate::output;
use crate::problem::Problem;
use crate::report::text;

/// In which form, and whether on standard output, the result was wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    format: Option<Format>,
    /// The file that takes the result.
    file: Option<PathBuf>,
    /// Whether standard output belongs to a predicate or a reference.
    aside: bool,
}

impl Wanted {
    /// What a command line that was understood wants; `None` for commands that have no such result.
    pub(crate) fn by(command: &Command) -> Option<Self> {
        let wanted = |output: &OutputArgs, aside| Self {
            format: output.output,
            file: output.output_file.clone(),
            aside,
        };
        let shown = |format: Option<DocumentFormat>| Self {
            format: format.map(DocumentFormat::of_results),
            ..Self::default()
        };
        let reported = |report: &ReportArgs| Self {
            file: report.output_file.clone(),
            ..shown(report.shown.output)
        };
        match command {
            Command::Verify(args) => Some(wanted(&args.verify.output, args.pin)),
            Command::VerifyAttestation(args) => {
                Some(wanted(&args.verify.output, args.predicate.print_predicate))
            }
            Command::VerifyBlob(args) => Some(wanted(&args.verify.output, false)),
            Command::VerifyBlobAttestation(args) => {
                Some(wanted(&args.verify.output, args.predicate.print_predicate))
            }
            Command::Tree(args) => Some(shown(args.shown.output)),
            Command::Copy(args) => Some(shown(args.shown.output)),
            Command::Release(args) => match &args.command {
                ReleaseCommand::Verify(args) => Some(wanted(&args.output, false)),
                ReleaseCommand::Fetch(args) => Some(wanted(&args.output, false)),
                ReleaseCommand::Sbom(args) if args.print => None,
                ReleaseCommand::Sbom(args) => Some(reported(&args.report)),
                ReleaseCommand::Images(args) | ReleaseCommand::VerifyAll(args) => {
                    Some(reported(&args.report))
                }
                ReleaseCommand::Collect(args) => Some(reported(&args.images.report)),
                ReleaseCommand::List(args) => Some(reported(&args.report)),
            },
            Command::Inspect(args) => Some(shown(Some(args.output))),
            // Its result is a stream of documents that are not its own.
            Command::Download(_) | Command::Explain(_) | Command::Completions(_) => None,
        }
    }

    /// What a command line that was not understood seems to want; `None` for commands that have no such result. What is
    /// no command may have been meant for a verifying one.
    pub(crate) fn guessed(name: &str, arguments: &[OsString]) -> Option<Self> {
        match name {
            "download" | "explain" | "completions" => None,
            "tree" | "copy" => Some(Self {
                format: Self::by_variables().with_flags(arguments).format,
                ..Self::default()
            }),
            // It has none of these flags but the first, no variables, and shows text also in a pipe.
            "inspect" => Some(Self {
                format: Self::default()
                    .with_flags(arguments)
                    .format
                    .or(Some(Format::Text)),
                ..Self::default()
            }),
            _ => Some(Self::by_variables().with_flags(arguments)),
        }
    }

    fn by_variables() -> Self {
        let value = |flag| environment::variable(flag).and_then(std::env::var_os);
        Self {
            format: value("output").and_then(|text| parse(text.to_str()?)),
            file: value("output-file").map(PathBuf::from),
            aside: ["print-predicate", "pin"]
                .iter()
                .any(|flag| value(flag).is_some()),
        }
    }

    fn with_flags(self, arguments: &[OsString]) -> Self {
        let Self {
            mut format,
            mut file,
            mut aside,
        } = self;
        let mut texts = arguments.iter().filter_map(|text| text.to_str());
        while let Some(text) = texts.next() {
            let value = text
                .strip_prefix("--output=")
                .or_else(|| text.strip_prefix("-o").filter(|_| !text.starts_with("--")));
            match (text, value) {
                ("--", _) => break,
                ("-o" | "--output", _) => format = texts.next().and_then(parse),
                ("--output-file", _) => file = texts.next().map(PathBuf::from),
                (_, Some(value)) => format = parse(value.trim_start_matches('=')),
                _ => match text.strip_prefix("--output-file=") {
                    Some(path) => file = Some(path.into()),
                    None => aside |= ["--print-predicate", "--pin"].contains(&text),
                },
            }
        }
        Self {
            format,
            file,
            aside,
        }
    }

    /// Writes the document where the result was wanted. Standard error and the exit code tell it as well, so that a
    /// document which cannot be written is no further problem.
    ///
    /// `arguments` are the words of the command line: a file that is named by another one as well stays.
    pub(crate) fn write(&self, console: Console<'_>, problem: &Problem, arguments: &[OsString]) {
        let format = match (self.format, &self.file) {
            (Some(format), _) => format,
            (None, None) if console.stdout_is_terminal() => Format::Text,
            (None, _) => Format::Json,
        };
        let document = || {
            let reason = problem.failure.reason;
            ResultDocument::failed(reason, &problem.message(), problem.hint())
        };
        let text = match format {
            Format::Json => document().to_json().unwrap_or_default(),
            Format::Jsonl => serde_json::to_string(&document())
                .map_or_else(|_| String::new(), |it| escaped(it) + "\n"),
            Format::Text => anstream::adapter::strip_str(&text::failed(problem)).to_string(),
            // It has no result but the exit code.
            Format::Cosign => String::new(),
        };
        // An earlier result left there would be taken for this one's.
        if let Some(file) = &self.file
            && file.as_os_str() != "-"
            && !problem.keeps_output_file
            && !is_read(file, arguments)
            && may_replace(file)
        {
            match output::write_file(file, &mut text.as_bytes()) {
                Ok(()) => return,
                Err(_) => drop(fs::remove_file(file)),
            }
        }
        // Where a result was begun, no other document can follow.
        let is_begun = problem.is_late && self.file.is_none();
        let is_document = matches!(format, Format::Json | Format::Jsonl);
        if is_document && !is_begun && !self.aside {
            let mut out = console.stdout();
            out.write_all(text.as_bytes())
                .and_then(|()| out.flush())
                .ok();
        }
    }
}

fn parse(format: &str) -> Option<Format> {
    Format::from_str(format, false).ok()
}

/// Whether the command line names the file also where it is read.
fn is_read(file: &Path, arguments: &[OsString]) -> bool {
    let Ok(target) = file.canonicalize() else {
        return false;
    };
    let mut before = "";
    arguments.iter().skip(1).any(|word| {
        let text = word.to_str().unwrap_or_default();
        let (flag, value) = match text.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Path::new(value)),
            _ => (before, Path::new(word)),
        };
        before = text;
        flag != "--output-file" && value.canonicalize().is_ok_and(|value| value == target)
    })
}

/// Whether there is nothing yet, or an earlier result: it may as well be what was to be verified, named by mistake.
pub(crate) fn may_replace(file: &Path) -> bool {
    let Ok(there) = fs::symlink_metadata(file) else {
        return true;
    };
    let mut begin = Vec::new();
    let mut read = || File::open(file)?.take(BEGIN).read_to_end(&mut begin);
    there.is_file()
        && read().is_ok()
        && (is_document(&begin) || OUTCOMES.iter().any(|outcome| is_report(&begin, *outcome)))
}

fn is_document(begin: &[u8]) -> bool {
    begin.starts_with(b"{")
        && SCHEMAS.iter().any(|schema| {
            let schema = format!("\"{schema}\"");
            begin
                .windows(schema.len())
                .any(|window| window == schema.as_bytes())
        })
}

/// Whether it begins as reports do, with the outcome and two spaces.
fn is_report(begin: &[u8], outcome: Outcome) -> bool {
    let rest = begin.strip_prefix(outcome.as_str().as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"  "))
}

const OUTCOMES: [Outcome; 5] = [
    Outcome::Verified,
    Outcome::Unsigned,
    Outcome::Unavailable,
    Outcome::Rejected,
    Outcome::Usage,
];
/// Of the documents that are results.
const SCHEMAS: [&str; 6] = [
    RESULT_SCHEMA,
    SCHEMA,
    RELEASE_REPORT_SCHEMA,
    RELEASE_IMAGES_SCHEMA,
    RELEASE_FOLDER_SCHEMA,
    RELEASE_LIST_SCHEMA,
];
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
            let command = line.split(' ').next().unwrap();
            Wanted::guessed(command, &words)
        };
        let json = Some(Format::Json);
        let x = Some(PathBuf::from("x"));
        for (line, format, file, aside) in [
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
            ("verify --pin -o jsonl x", Some(Format::Jsonl), None, true),
            ("verify-blob --output-file=x", None, x, false),
            (
                "verify-blob-attestation --print-predicate",
                None,
                None,
                true,
            ),
            ("verify-blob -- -o json", None, None, false),
            ("verify-blb -o json", json, None, false),
        ] {
            let expected = Wanted {
                format,
                file,
                aside,
            };
            assert_eq!(guessed(line), Some(expected), "{line}");
        }
        for (line, format) in [
            ("inspect", Format::Text),
            ("inspect -o json", Format::Json),
            ("inspect -o json --output-file x", Format::Json),
            ("tree --output=text", Format::Text),
        ] {
            let expected = Wanted {
                format: Some(format),
                ..Wanted::default()
            };
            assert_eq!(guessed(line), Some(expected), "{line}");
        }
        for line in ["explain -o json", "completions", "download x"] {
            assert_eq!(guessed(line), None, "{line}");
        }
    }
}
