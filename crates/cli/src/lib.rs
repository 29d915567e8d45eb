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
mod escape;
mod files;
mod image_session;
mod image_source;
mod key;
mod literal;
mod opened;
mod output;
mod precedence;
mod problem;
mod refusal;
mod registry;
mod report;
mod requirements;
mod round;
mod secrets;
mod session;
mod setup;
mod signals;
mod signer;
mod suggestion;
mod trust_files;
mod usage;

use std::ffi::{OsStr, OsString};

use clap::{ArgMatches, Subcommand as _};
use sealcheck_engine::Secrets;

use crate::args::{ColorWhen, Command, ReleaseCommand};
use crate::console::Console;
use crate::cosign::StartedAs;
use crate::problem::{Problem, Result};
use crate::refusal::Wanted;

/// The command line that a command was started with.
pub(crate) struct CommandLine<'m> {
    /// Where each value came from.
    pub(crate) matches: &'m ArgMatches,
    /// What stands behind the program's name, without secrets.
    pub(crate) words: Vec<String>,
    /// The flags of switches that were switched off by `=false`.
    pub(crate) switched_off: &'m [String],
    pub(crate) console: Console<'m>,
    pub(crate) started_as: StartedAs,
}

/// The definition of the whole command line, for completions and manuals.
#[must_use]
pub fn command() -> clap::Command {
    Command::definition(|_| true)
}

/// Runs the program with these arguments, the first of which is its name, and gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = argv::with_command_first(argv::without_commands(arguments));
    let named = arguments.get(1).cloned().unwrap_or_default();
    let mut root = Command::definition(|name| named == *name);
    let rewritten = argv::rewrite(arguments, &root);
    let arguments = &rewritten.arguments;
    let secrets = secrets::of(arguments);
    let started_as = StartedAs::of(arguments.first().map(OsString::as_os_str));
    let word = |index: usize| {
        let word = arguments.get(index).map(OsString::as_os_str);
        word.and_then(OsStr::to_str).unwrap_or_default()
    };
    let name = word(1);
    if started_as == StartedAs::Cosign
        && let Some(done) = cosign::alone(name, word(2))
    {
        let console = Console::new(ColorWhen::Auto, &secrets);
        let done = done.and_then(|text| output::print(console, &text).map(|()| 0));
        return ended(done, console, started_as, arguments, || None);
    }
    if let Err(problem) = literal::refuse(arguments) {
        let console = Console::new(ColorWhen::Auto, &secrets);
        let wanted = || Wanted::guessed(name, arguments);
        return ended(Err(problem), console, started_as, arguments, wanted);
    }
    if started_as == StartedAs::Cosign {
        root = cosign::in_its_words(root, name);
    }
    if WITH_VARIABLES.contains(&name) {
        root = root.mut_subcommand(name, |command| {
            environment::attach(command, &rewritten.settled)
        });
    }
    let matches = match root.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        Err(error) => return not_parsed(&error, name, arguments, &secrets, started_as),
    };
    let command = match Command::from_matches(&matches) {
        Ok(command) => command,
        Err(error) => return not_parsed(&error, name, arguments, &secrets, started_as),
    };
    let console = Console::new(colour(&command), &secrets);
    for note in &rewritten.notes {
        console.note(note);
    }
    let line = CommandLine {
        matches: innermost(&matches),
        words: secrets::words(arguments),
        switched_off: &rewritten.settled,
        console,
        started_as,
    };
    let done = refuse_empty(line.matches)
        .and_then(|()| literal::refuse_variables(line.matches))
        .and_then(|()| dispatch(&command, &line));
    let wanted = || Wanted::by(&command);
    ended(done, console, started_as, arguments, wanted)
}

/// What was given to the command itself, which may stand below another one.
fn innermost(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, matches)) => innermost(matches),
        None => matches,
    }
}

/// The exit code. A failure is told, and written where the result was `wanted`.
fn ended(
    done: Result<u8>,
    console: Console<'_>,
    started_as: StartedAs,
    arguments: &[OsString],
    wanted: impl FnOnce() -> Option<Wanted>,
) -> u8 {
    done.unwrap_or_else(|problem| {
        let problem = console.discreet_problem(problem);
        console.error(&problem);
        // cosign has no such documents.
        if started_as == StartedAs::Sealcheck
            && let Some(wanted) = wanted()
        {
            wanted.write(console, &problem, arguments);
        }
        started_as.failed(&problem)
    })
}

fn dispatch(command: &Command, line: &CommandLine<'_>) -> Result<u8> {
    match command {
        Command::Verify(args) => commands::verify::run(args, line),
        Command::VerifyAttestation(args) => commands::verify_attestation::run(args, line),
        Command::VerifyBlob(args) => commands::verify_blob::run(args, line),
        Command::VerifyBlobAttestation(args) => commands::verify_blob_attestation::run(args, line),
        Command::Tree(args) => commands::tree::run(args, line)
            .map_err(|problem| image_source::or_path(problem, &args.image, args.local_image)),
        Command::Download(args) => commands::download::run(args, line)
            .map_err(|problem| image_source::or_path(problem, &args.image, args.local_image)),
        Command::Copy(args) => commands::copy::run(args, line)
            .map_err(|problem| image_source::or_path(problem, &args.image, args.local_image)),
        Command::Release(args) => commands::release::run(&args.command, line),
        Command::Inspect(args) => commands::inspect::run(args, line.console),
        Command::Explain(args) => commands::explain::run(args, line.console),
        Command::Completions(args) => commands::completions::run(args, line.console),
    }
}

/// Refuses values without any text: most often a variable of a script that is not set, and so never what was meant.
fn refuse_empty(matches: &ArgMatches) -> Result<()> {
    for id in matches.ids().map(clap::Id::as_str) {
        let is_empty = environment::origin(matches, id) == Some(environment::Origin::Flag)
            && matches
                .get_raw(id)
                .is_some_and(|mut values| values.any(OsStr::is_empty));
        if is_empty {
            let name = environment::spoken(matches, id);
            return Err(Problem::argument(format!("{name} has an empty value"))
                .with_hint(format!("Give {name} a value, or leave it out; if the value comes from a variable of a script, that variable is not set.")));
        }
    }
    Ok(())
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
        Command::Release(args) => match &args.command {
            ReleaseCommand::Verify(args) => args.output.color,
            ReleaseCommand::Fetch(args) => args.output.color,
            ReleaseCommand::Sbom(args) => args.report.shown.color,
            ReleaseCommand::Images(args) | ReleaseCommand::VerifyAll(args) => {
                args.report.shown.color
            }
            ReleaseCommand::Collect(args) => args.images.report.shown.color,
            ReleaseCommand::List(args) => args.report.shown.color,
        },
        Command::Inspect(args) => args.color,
        Command::Explain(args) => args.color,
        Command::Completions(_) => ColorWhen::Auto,
    }
}

/// Help and version go to standard output; everything else that the parser says is an error.
fn not_parsed(
    error: &clap::Error,
    name: &str,
    arguments: &[OsString],
    secrets: &Secrets,
    started_as: StartedAs,
) -> u8 {
    use clap::error::ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
    };
    match error.kind() {
        DisplayHelp | DisplayVersion => {
            // A closed pipe is a reader who has seen enough.
            match error.print() {
                Err(full) if full.kind() != std::io::ErrorKind::BrokenPipe => {
                    let problem = Problem::unwritable("standard output", &full);
                    Console::new(ColorWhen::Auto, secrets).error(&problem);
                    problem.exit_code()
                }
                _ => 0,
            }
        }
        DisplayHelpOnMissingArgumentOrSubcommand if started_as == StartedAs::Cosign => {
            let help = error.render().ansi().to_string();
            let printed = output::print(Console::new(ColorWhen::Auto, secrets), &help);
            printed.map_or(1, |()| 0)
        }
        DisplayHelpOnMissingArgumentOrSubcommand => {
            error.print().ok();
            2
        }
        _ => {
            let program = started_as.name();
            let mut command = program.to_owned();
            if Command::NAMES.contains(&name) {
                command = format!("{command} {name}");
            }
            // Of `release` each command has a page of its own.
            let below = arguments
                .iter()
                .skip_while(|word| *word != "release")
                .nth(1);
            if name == "release"
                && let Some(below) = below.and_then(|word| word.to_str())
                && ReleaseCommand::has_subcommand(below)
            {
                command = format!("{command} {below}");
            }
            let problem = usage::problem(error, &command);
            let console = Console::new(ColorWhen::Auto, secrets);
            let wanted = || Wanted::guessed(name, arguments);
            ended(Err(problem), console, started_as, arguments, wanted)
        }
    }
}

/// The commands whose flags can be set by variables.
const WITH_VARIABLES: [&str; 8] = [
    "verify",
    "verify-attestation",
    "verify-blob",
    "verify-blob-attestation",
    "tree",
    "download",
    "copy",
    "release",
];
