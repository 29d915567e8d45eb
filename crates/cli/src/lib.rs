//! The `sealcheck` command line: definitions, thin commands, words and colours.
//!
//! Nothing is decided here about proofs; that is `sealcheck-verify`'s part, and finding them is `sealcheck-engine`'s.

#![allow(
    rustdoc::bare_urls,
    reason = "the documentation of an argument is its help text"
)]

mod args;
mod argv;
mod commands;
mod console;
mod cosign;
mod demands;
mod environment;
mod files;
mod image_session;
mod image_source;
mod key;
mod opened;
mod output;
mod problem;
mod registry;
mod report;
mod requirements;
mod session;
mod setup;
mod signer;
mod suggestion;
mod trust_files;
mod usage;

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::args::{Cli, ColorWhen, Command, SECRETS};
use crate::console::Console;
use crate::cosign::StartedAs;
use crate::problem::Result;
use crate::suggestion::quoted;

/// The command line that a command was started with.
pub(crate) struct CommandLine<'m> {
    /// Where each value came from.
    pub(crate) matches: &'m ArgMatches,
    /// The whole of it, as it can be typed again.
    pub(crate) shown: String,
    pub(crate) console: Console,
    pub(crate) started_as: StartedAs,
}

/// The definition of the whole command line, for completions and manuals.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program with these arguments, the first of which is its name, and gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let mut root = Cli::command();
    let rewritten = argv::rewrite(arguments, &root);
    let arguments = &rewritten.arguments;
    let started_as = StartedAs::of(arguments.first().map(OsString::as_os_str));
    let name = arguments
        .get(1)
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if started_as == StartedAs::Cosign {
        if name == "version" {
            let text = format!(
                "sealcheck {}, started as cosign\n",
                env!("CARGO_PKG_VERSION")
            );
            return ended(
                output::print(Console::new(ColorWhen::Auto), &text).map(|()| 0),
                Console::new(ColorWhen::Auto),
                started_as,
            );
        }
        if let Some(problem) = cosign::missing(name) {
            return ended(Err(problem), Console::new(ColorWhen::Auto), started_as);
        }
    }
    if WITH_VARIABLES.contains(&name) {
        root = root.mut_subcommand(name, |command| {
            environment::attach(command, &rewritten.settled)
        });
    }
    let matches = match root.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        Err(error) => return not_parsed(&error, name, started_as),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error, name, started_as),
    };
    let console = Console::new(colour(&cli.command));
    for note in &rewritten.notes {
        console.note(note);
    }
    let line = CommandLine {
        matches: matches
            .subcommand()
            .map_or(&matches, |(_, matches)| matches),
        shown: format!("sealcheck {}", shown(arguments)),
        console,
        started_as,
    };
    ended(dispatch(&cli.command, &line), console, started_as)
}

fn ended(result: Result<u8>, console: Console, started_as: StartedAs) -> u8 {
    result.unwrap_or_else(|problem| {
        console.error(&problem);
        started_as.failed(&problem)
    })
}

/// The arguments as they can be typed again, without secrets.
fn shown(arguments: &[OsString]) -> String {
    let mut hide = false;
    let mut words = Vec::new();
    for argument in arguments.iter().skip(1) {
        let text = argument.to_string_lossy();
        let flag = text.split_once('=').map_or(&*text, |(flag, _)| flag);
        let is_secret = SECRETS.contains(&flag);
        words.push(match is_secret && flag.len() < text.len() {
            true => format!("{flag}=…"),
            false if hide => "…".to_owned(),
            false => quoted(&text),
        });
        hide = is_secret && flag.len() == text.len();
    }
    words.join(" ")
}

fn dispatch(command: &Command, line: &CommandLine<'_>) -> Result<u8> {
    match command {
        Command::Verify(args) => commands::verify::run(args, line),
        Command::VerifyAttestation(args) => commands::verify_attestation::run(args, line),
        Command::VerifyBlob(args) => commands::verify_blob::run(args, line),
        Command::VerifyBlobAttestation(args) => commands::verify_blob_attestation::run(args, line),
        Command::Tree(args) => commands::tree::run(args, line),
        Command::Download(args) => commands::download::run(args, line),
        Command::Copy(args) => commands::copy::run(args, line),
        Command::Inspect(args) => commands::inspect::run(args, line.console),
        Command::Explain(args) => commands::explain::run(args, line.console),
        Command::Completions(args) => commands::completions::run(args, line.console),
    }
}

fn colour(command: &Command) -> ColorWhen {
    match command {
        Command::Verify(args) => args.verify.output.color,
        Command::VerifyAttestation(args) => args.verify.output.color,
        Command::VerifyBlob(args) => args.verify.output.color,
        Command::VerifyBlobAttestation(args) => args.verify.output.color,
        Command::Tree(args) => args.shown.color,
        Command::Download(args) => args.color,
        Command::Copy(args) => args.shown.color,
        Command::Inspect(args) => args.color,
        Command::Explain(args) => args.color,
        Command::Completions(_) => ColorWhen::Auto,
    }
}

/// Help and version go to standard output; everything else that the parser says is an error.
fn not_parsed(error: &clap::Error, name: &str, started_as: StartedAs) -> u8 {
    use clap::error::ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
    };
    match error.kind() {
        DisplayHelp | DisplayVersion => {
            // A closed pipe is a reader who has seen enough.
            error.print().ok();
            0
        }
        DisplayHelpOnMissingArgumentOrSubcommand => {
            error.print().ok();
            2
        }
        _ => {
            let command = match COMMANDS.contains(&name) {
                true => format!("sealcheck {name}"),
                false => "sealcheck".to_owned(),
            };
            let problem = usage::problem(error, &command);
            ended(Err(problem), Console::new(ColorWhen::Auto), started_as)
        }
    }
}

/// The commands whose flags can be set by variables.
const WITH_VARIABLES: [&str; 7] = [
    "verify",
    "verify-attestation",
    "verify-blob",
    "verify-blob-attestation",
    "tree",
    "download",
    "copy",
];
const COMMANDS: [&str; 10] = [
    "verify",
    "verify-attestation",
    "verify-blob",
    "verify-blob-attestation",
    "tree",
    "download",
    "copy",
    "inspect",
    "explain",
    "completions",
];

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn secrets_are_not_shown_again() {
        let arguments: Vec<_> = [
            "sealcheck",
            "verify",
            "--registry-password",
            "hunter2",
            "--registry-token=hunter2",
            "app",
        ]
        .map(Into::into)
        .into();
        let text = shown(&arguments);
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.ends_with(" app"), "{text}");
    }
}
