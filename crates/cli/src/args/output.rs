//! What is printed, and where.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// The form of the result [default: text on a terminal and json otherwise]
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    /// Write the result to this file instead of standard output, as JSON unless --output says otherwise.
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
    /// Show every place that was looked at, every check and every failure.
    #[arg(short = 'd', long)]
    pub(crate) verbose: bool,
    /// When to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    /// How many artifacts are verified at one time [default: the number of processors]
    #[arg(long, visible_alias = "max-workers", value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
}

fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "expected a number of artifacts, at least 1".to_owned())
}

/// For commands that take several artifacts.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct BatchArgs {
    /// Stop at the first artifact that is not verified; the others are then not looked at.
    #[arg(long)]
    pub(crate) fail_fast: bool,
}

/// The form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    // A report for people.
    Text,
    // One document for programs (sealcheck/result/v1).
    Json,
    // One line for each artifact (sealcheck/evidence/v1).
    Jsonl,
    // What cosign prints.
    Cosign,
}

/// The form of what is shown and not a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    // For people.
    Text,
    // For programs.
    Json,
}

impl DocumentFormat {
    /// The same for results.
    pub(crate) fn of_results(self) -> Format {
        match self {
            Self::Text => Format::Text,
            Self::Json => Format::Json,
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    // On terminals, unless NO_COLOR is set.
    Auto,
    // Always.
    Always,
    // Never.
    Never,
}
