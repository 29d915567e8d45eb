//! Where the result goes, and in which form.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use sealcheck_engine::Progress;
use sealcheck_record::{ResultWriter, cosign_text};
use sealcheck_verify::{Outcome, Verdict};

use crate::args::{Format, OutputArgs};
use crate::console::Console;
use crate::problem::{Problem, Result};
use crate::report::progress::Bar;
use crate::report::text::{self, Summary};

/// Writes results as they come, and remembers the worst.
pub(crate) struct Output<'s> {
    console: Console<'s>,
    form: Form<'s>,
    place: Place,
    verbose: bool,
    several: bool,
    /// Whether failures are also told on standard error, because nobody asked for the form of the result.
    tell: bool,
    summary: Summary,
    worst: Option<Outcome>,
}

/// The form, with what it writes to. Nothing more is written to a pipe that was closed.
enum Form<'s> {
    Text(Box<dyn Write + 's>),
    Json(Option<ResultWriter<Box<dyn Write + 's>>>),
    Cosign,
    Closed,
}

/// Where the result goes.
enum Place {
    Stream,
    /// A file without a name, of which nothing is left when the program is killed.
    File {
        content: File,
        path: PathBuf,
    },
}

impl<'s> Output<'s> {
    /// Begins the result. `several` artifacts are reported in short; `predicate`: standard output belongs to it.
    pub(crate) fn begin(
        args: &OutputArgs,
        console: Console<'s>,
        several: bool,
        predicate: bool,
    ) -> Result<Self> {
        let to_terminal = console.stdout_is_terminal() || predicate;
        let format = match (args.output, &args.output_file) {
            (Some(format), _) => format,
            (None, Some(_)) => Format::Json,
            (None, None) if to_terminal => Format::Text,
            (None, None) => Format::Json,
        };
        let (place, writer): (Place, Box<dyn Write + 's>) = match &args.output_file {
            Some(path) => {
                let unwritable = |error| Problem::unwritable(&path.display().to_string(), &error);
                check_target(path).map_err(unwritable)?;
                let content = tempfile::tempfile_in(folder(path)).map_err(unwritable)?;
                let file = content.try_clone().map_err(unwritable)?;
                let path = path.clone();
                (Place::File { content, path }, Box::new(console.file(file)))
            }
            None if predicate => (Place::Stream, Box::new(console.stderr())),
            None => (Place::Stream, Box::new(console.stdout())),
        };
        let form = match format {
            Format::Text => Form::Text(writer),
            Format::Cosign => Form::Cosign,
            Format::Json => match ResultWriter::new(writer) {
                Ok(writer) => Form::Json(Some(writer)),
                Err(error) => closed_or(&error, args.output_file.as_deref())?,
            },
        };
        Ok(Self {
            console,
            form,
            place,
            verbose: args.verbose,
            several,
            tell: args.output.is_none(),
            summary: Summary::default(),
            worst: None,
        })
    }

    /// Writes one result.
    pub(crate) fn push(&mut self, verdict: &Verdict) -> Result<()> {
        self.worst = self.worst.max(Some(verdict.outcome()));
        self.summary.add(verdict);
        let written = match &mut self.form {
            Form::Text(out) if self.several && !self.verbose => {
                out.write_all(text::line(verdict).as_bytes())
            }
            Form::Text(out) => out.write_all(text::full(verdict, self.verbose).as_bytes()),
            Form::Json(Some(out)) => {
                if self.tell && verdict.failure().is_some() {
                    let report = match self.several {
                        true => text::line(verdict),
                        false => text::full(verdict, self.verbose),
                    };
                    self.console.stderr().write_all(report.as_bytes()).ok();
                }
                out.push(verdict)
            }
            // cosign says everything on standard error.
            Form::Cosign => {
                let mut stderr = self.console.stderr();
                stderr.write_all(cosign_text(verdict).as_bytes()).ok();
                Ok(())
            }
            Form::Json(None) | Form::Closed => Ok(()),
        };
        self.judge(written)
    }

    /// Ends the result, and gives the worst outcome.
    pub(crate) fn finish(mut self) -> Result<Outcome> {
        let ended = match &mut self.form {
            Form::Text(out) => match self.several {
                true => out
                    .write_all(self.summary.text().as_bytes())
                    .and_then(|()| out.flush()),
                false => out.flush(),
            },
            Form::Json(out) => out.take().map_or(Ok(()), |out| out.finish().map(|_| ())),
            Form::Cosign | Form::Closed => Ok(()),
        };
        let worst = self.worst.unwrap_or(Outcome::Usage);
        if matches!(self.form, Form::Json(_))
            && self.tell
            && self.several
            && worst != Outcome::Verified
        {
            let text = self.summary.text();
            self.console.stderr().write_all(text.as_bytes()).ok();
        }
        self.judge(ended)?;
        if let Place::File { mut content, path } = self.place {
            content
                .rewind()
                .and_then(|()| write_file(&path, &mut content))
                .map_err(|error| Problem::unwritable(&path.display().to_string(), &error))?;
        }
        Ok(worst)
    }

    /// A reader that went away is no error: the exit code still tells the outcome.
    fn judge(&mut self, written: io::Result<()>) -> Result<()> {
        let Err(error) = written else {
            return Ok(());
        };
        let path = match &self.place {
            Place::File { path, .. } => Some(path.as_path()),
            Place::Stream => None,
        };
        self.form = closed_or(&error, path)?;
        Ok(())
    }
}

/// Prints what a command has to say to standard output.
pub(crate) fn print(console: Console<'_>, text: &str) -> Result<()> {
    print_to(console.stdout(), text)
}

/// Prints what was signed, byte for byte.
pub(crate) fn print_signed(text: &str) -> Result<()> {
    print_to(io::stdout(), text)
}

fn print_to(mut out: impl Write, text: &str) -> Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) => closed_or(&error, None).map(|_| ()),
        Ok(()) => Ok(()),
    }
}

/// A bar when somebody could see it.
pub(crate) fn bar(console: Console<'_>, artifacts: usize) -> Option<Bar> {
    console.stderr_is_terminal().then(|| Bar::new(artifacts))
}

/// Watches with a bar, or not at all.
pub(crate) struct Watch<'b>(pub(crate) Option<&'b Bar>);

impl Progress for Watch<'_> {
    fn read(&self, artifact: &str, done: u64, total: Option<u64>) {
        if let Some(bar) = self.0 {
            bar.read(artifact, done, total);
        }
    }
}

fn closed_or<'s>(error: &io::Error, path: Option<&Path>) -> Result<Form<'s>> {
    let place = path.map_or_else(
        || "standard output".to_owned(),
        |path| path.display().to_string(),
    );
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(Form::Closed),
        _ => Err(Problem::unwritable(&place, error)),
    }
}

/// The folder of the file that is to become the result.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Refuses a target that is there and no plain file: a rename would put a file in the place of a device, pipe or link.
fn check_target(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => Err(io::Error::other(
            "it is a device, a pipe or a link, not a file",
        )),
        _ => Ok(()),
    }
}

/// Writes a file at once: whoever reads it sees the whole of it, or what was there before.
pub(crate) fn write_file(path: &Path, content: &mut dyn Read) -> io::Result<()> {
    check_target(path)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".sealcheck-")
        .tempfile_in(folder(path))?;
    io::copy(content, &mut temporary)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}
