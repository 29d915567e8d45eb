//! Standard output and standard error: colours, notes, errors.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use sealcheck_engine::Secrets;

use crate::args::ColorWhen;
use crate::problem::Problem;
use crate::report::{colour, wrap};
use crate::secrets::Discreet;

/// Where a command writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console<'s> {
    choice: ColorChoice,
    secrets: &'s Secrets,
}

impl<'s> Console<'s> {
    /// Nothing that is written to it shows one of the `secrets`.
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
        let out = AutoStream::new(io::stdout(), self.choice);
        io::BufWriter::new(Discreet::new(out, self.secrets))
    }

    /// Standard error.
    pub(crate) fn stderr(self) -> impl Write + 's {
        Discreet::new(AutoStream::new(io::stderr(), self.choice), self.secrets)
    }

    /// The text without secrets.
    pub(crate) fn hide(self, text: &str) -> std::borrow::Cow<'_, str> {
        self.secrets.hide(text)
    }

    /// A file that takes a result: without styles.
    pub(crate) fn file(self, file: std::fs::File) -> impl Write + 's {
        let out = anstream::StripStream::new(file);
        io::BufWriter::new(Discreet::new(out, self.secrets))
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

    /// Why nothing was verified.
    pub(crate) fn error(self, problem: &Problem) {
        let style = colour::FAILED;
        let message = problem.message();
        let message = self.secrets.hide(&message);
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
        let hint = self.secrets.hide(problem.hint());
        let hint = wrap::paragraph(&format!("hint: {hint}"), 0, 6);
        out.push_str(&hint);
        out.push('\n');
        // Nothing is left to be told when standard error is closed.
        self.stderr().write_all(out.as_bytes()).ok();
    }

    fn line(self, style: anstyle::Style, label: &str, text: &str) {
        let text = self.secrets.hide(text);
        let text = wrap::paragraph(&format!("{label}: {text}"), 0, label.len() + 2);
        let text = text.replacen(label, &format!("{style}{label}{style:#}"), 1);
        writeln!(self.stderr(), "{text}").ok();
    }
}
