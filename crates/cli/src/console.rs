//! Standard output and standard error: colours, notes, errors.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use sealcheck_engine::Secrets;
use sealcheck_verify::Verdict;

use crate::args::ColorWhen;
use crate::escape::escaped;
use crate::problem::Problem;
use crate::report::{colour, wrap};

/// Where a command writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console<'s> {
    choice: ColorChoice,
    secrets: &'s Secrets,
}

impl<'s> Console<'s> {
    /// No note, warning or error that is written to it shows one of the `secrets`.
    pub(crate) fn new(color: ColorWhen, secrets: &'s Secrets) -> Self {
        Self {
            secrets,
            choice: match color {
                // Honours NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM=dumb.
                ColorWhen::Auto => ColorChoice::Auto,
                ColorWhen::Always => ColorChoice::AlwaysAnsi,
                ColorWhen::Never => ColorChoice::Never,
            },
        }
    }

    /// Standard output, buffered; styles are stripped where they are not wanted.
    pub(crate) fn stdout(self) -> impl Write + 's {
        io::BufWriter::new(AutoStream::new(io::stdout(), self.choice))
    }

    /// Standard error.
    pub(crate) fn stderr(self) -> impl Write + 's {
        AutoStream::new(io::stderr(), self.choice)
    }

    /// Text that quotes the user or an error, without secrets.
    pub(crate) fn hide(self, text: &str) -> String {
        self.secrets.hide(text).into_owned()
    }

    /// The verdict without secrets in the text that quotes the user or an error. What is proved stays as it is.
    pub(crate) fn discreet(self, verdict: Verdict) -> Verdict {
        match self.secrets.is_empty() {
            true => verdict,
            false => verdict.with_words(&|text| self.hide(text)),
        }
    }

    /// The same for a problem.
    pub(crate) fn discreet_problem(self, problem: Problem) -> Problem {
        problem.with_words(&|text| self.hide(text))
    }

    /// A file that takes a result: without styles.
    pub(crate) fn file(self, file: std::fs::File) -> impl Write + 's {
        io::BufWriter::new(anstream::StripStream::new(file))
    }

    pub(crate) fn stdout_is_terminal(self) -> bool {
        io::stdout().is_terminal()
    }

    pub(crate) fn stderr_is_terminal(self) -> bool {
        io::stderr().is_terminal()
    }

    /// Something that the user may want to know.
    pub(crate) fn note(self, text: &str) {
        self.line(colour::LABEL, "note", text);
    }

    /// Something that the user should look at.
    pub(crate) fn warning(self, text: &str) {
        self.line(colour::DOUBT, "warning", text);
    }

    /// Why nothing was verified, which has no secrets any more.
    pub(crate) fn error(self, problem: &Problem) {
        let style = colour::FAILED;
        let message = problem.message();
        let text = wrap::paragraph(&format!("error: {message}"), 0, 7);
        let text = text.replacen("error:", &format!("{style}error:{style:#}"), 1);
        let mut out = text + "\n";
        for line in &problem.more {
            out.push_str(line);
            out.push('\n');
        }
        let reason = format!("reason: {}", problem.failure.reason);
        out.push_str(&reason);
        out.push('\n');
        let hint = wrap::paragraph(&format!("hint: {}", problem.hint()), 0, 6);
        out.push_str(&hint);
        out.push('\n');
        // Nothing is left to be told when standard error is closed.
        self.stderr().write_all(out.as_bytes()).ok();
    }

    fn line(self, style: anstyle::Style, label: &str, text: &str) {
        let text = escaped(&self.hide(text));
        let text = wrap::paragraph(&format!("{label}: {text}"), 0, label.len() + 2);
        let text = text.replacen(label, &format!("{style}{label}{style:#}"), 1);
        writeln!(self.stderr(), "{text}").ok();
    }
}
