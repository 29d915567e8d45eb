//! Why a command ends without a result.

use std::io;

use sealcheck_verify::{Failure, Reason};

use crate::escape::escaped;
use crate::report::image::{NAMES_HINT, is_other_name};

/// A failure of the command itself, with what the user can do about it.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What happened; its outcome is the exit code.
    pub(crate) failure: Failure,
    /// Lines between the message and the hint.
    pub(crate) more: Vec<String>,
    hint: Option<Box<str>>,
    /// Whether the file that was to take the result is read by the command, and so must stay as it is.
    pub(crate) keeps_output_file: bool,
    /// Whether the result was begun before, so that no other document can be written.
    pub(crate) is_late: bool,
}

impl Problem {
    /// A flag, its value, or a combination of flags is wrong. One sentence without a full stop.
    pub(crate) fn argument(detail: impl std::fmt::Display) -> Self {
        Failure::new(Reason::ArgumentInvalid).detail(detail).into()
    }

    /// The result cannot be written.
    pub(crate) fn unwritable(place: &str, error: &io::Error) -> Self {
        use io::ErrorKind::{
            InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, Other,
            PermissionDenied, ReadOnlyFilesystem,
        };
        let why = match error.kind() {
            NotFound | NotADirectory => "its folder does not exist".to_owned(),
            IsADirectory => "it is a folder".to_owned(),
            Other => error.to_string(),
            // Not the name of the temporary file, which the error itself has.
            kind => kind.to_string(),
        };
        match error.kind() {
            Other => Problem::argument(format!("the result cannot be written to {place}: {why}"))
                .with_hint("Name a new file, or leave --output-file out: standard output takes the result then, and can go to a device, a pipe or a link."),
            NotFound | NotADirectory | IsADirectory | InvalidFilename | InvalidInput
            | PermissionDenied | ReadOnlyFilesystem => {
                Problem::argument(format!("the result cannot be written to {place}: {why}"))
                    .with_hint("Name a file in a folder that exists and can be written.")
            }
            _ => Failure::new(Reason::ResultUnwritable)
                .at(place)
                .detail(why)
                .into(),
        }
    }

    /// Replaces the hint of the reason.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(escaped(&hint.into()).into());
        self
    }

    /// Says in which file or list it is.
    pub(crate) fn within(mut self, place: &str) -> Self {
        let field = match &self.failure.field {
            Some(field) => format!("{place}: {field}"),
            None => place.to_owned(),
        };
        self.failure = self.failure.at(field);
        self
    }

    /// Passes message and hint through `told`, which may leave out what must not be printed. The lines between them stay.
    pub(crate) fn with_words(mut self, told: &dyn Fn(&str) -> String) -> Self {
        self.failure = self.failure.with_words(told);
        self.hint = self.hint.map(|hint| told(&hint).into());
        self
    }

    /// Adds a line between message and hint.
    pub(crate) fn with_line(mut self, line: impl Into<String>) -> Self {
        self.more.push(line.into());
        self
    }

    /// The same problem, for which the file that was to take the result stays.
    pub(crate) fn keeping_output_file(mut self) -> Self {
        self.keeps_output_file = true;
        self
    }

    /// The same problem, after the result was begun.
    pub(crate) fn late(mut self) -> Self {
        self.is_late = true;
        self
    }

    /// What happened, in one sentence. Names of files in it can be hostile text.
    pub(crate) fn message(&self) -> String {
        let failure = &self.failure;
        escaped(&match (&failure.field, &failure.detail) {
            // These are told by themselves.
            (None, Some(detail))
                if matches!(
                    failure.reason,
                    Reason::ArgumentInvalid | Reason::IdentityRequired
                ) =>
            {
                detail.to_string()
            }
            _ => failure.to_string(),
        })
    }

    /// What to do.
    pub(crate) fn hint(&self) -> &str {
        match &self.hint {
            Some(hint) => hint,
            None if is_other_name(&self.failure) => NAMES_HINT,
            None => self.failure.hint(),
        }
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.failure.outcome().exit_code()
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            more: Vec::new(),
            hint: None,
            keeps_output_file: false,
            is_late: false,
        }
    }
}

/// The result of a step of a command.
pub(crate) type Result<T> = std::result::Result<T, Problem>;
