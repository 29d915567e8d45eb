//! Where the result goes, and in which form.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sealcheck_engine::Progress;
use sealcheck_record::{LeftOut, ResultWriter, cosign, escaped};
use sealcheck_verify::{Outcome, Verdict};

use crate::CommandLine;
use crate::args::{DocumentFormat, Format, OutputArgs, ReportArgs};
use crate::console::Console;
use crate::cosign::StartedAs;
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
    started_as: StartedAs,
    /// The exit code of the first failure, by cosign's rules.
    first_code: u8,
}

/// How results are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// They are told in short, with a summary.
    pub(crate) several: bool,
    /// Standard output belongs to something else; the report goes to standard error.
    pub(crate) aside: bool,
}

/// The form, with what it writes to. Nothing more is written to a pipe that was closed.
enum Form<'s> {
    Text(Box<dyn Write + 's>),
    Json(Option<ResultWriter<Box<dyn Write + 's>>>),
    Lines(Box<dyn Write + 's>),
    Cosign {
        out: Box<dyn Write + 's>,
        text: bool,
    },
    Closed,
}

/// Where the result goes.
enum Place {
    Stream,
    File(Target),
}

/// The file that takes a result. Until it is complete it has no name, so that nothing of it is left when the program is killed.
struct Target {
    content: File,
    path: PathBuf,
}

impl Target {
    fn open(path: &Path) -> Result<Self> {
        if path.as_os_str() == "-" {
            return Err(Problem::argument("--output-file cannot be standard output (-)").with_hint("Leave it out: the result goes to standard output then. A file whose name is - is ./-."));
        }
        let open = || {
            check_target(path)?;
            tempfile::tempfile_in(folder(path))
        };
        let path = path.to_owned();
        match open() {
            Ok(content) => Ok(Self { content, path }),
            Err(error) => Err(Problem::unwritable(&path.display().to_string(), &error)),
        }
    }

    fn writer(&self) -> Result<File> {
        let clone = self.content.try_clone();
        clone.map_err(|error| Problem::unwritable(&self.path.display().to_string(), &error))
    }

    /// Gives it its name.
    fn finish(mut self) -> Result<()> {
        let written = self.content.rewind();
        written
            .and_then(|()| write_file(&self.path, &mut self.content))
            .map_err(|error| Problem::unwritable(&self.path.display().to_string(), &error))
    }
}

impl<'s> Output<'s> {
    fn begin(args: &OutputArgs, line: &CommandLine<'s>, shape: Shape) -> Result<Self> {
        let console = line.console;
        let to_terminal = console.stdout_is_terminal() || shape.aside;
        let (place, writer): (Place, Box<dyn Write + 's>) = match &args.output_file {
            Some(path) => {
                let target = Target::open(path)?;
                let writer = Box::new(console.file(target.writer()?));
                (Place::File(target), writer)
            }
            None if shape.aside => (Place::Stream, Box::new(console.stderr())),
            None => (Place::Stream, Box::new(console.stdout())),
        };
        let form = match (args.output, line.started_as) {
            // cosign's own names for its two forms.
            (None | Some(Format::Json), StartedAs::Cosign) | (Some(Format::Cosign), _) => {
                Form::Cosign {
                    out: writer,
                    text: false,
                }
            }
            (Some(Format::Text), StartedAs::Cosign) => Form::Cosign {
                out: writer,
                text: true,
            },
            (Some(Format::Text), _) => Form::Text(writer),
            (Some(Format::Jsonl), _) => Form::Lines(writer),
            (None, _) if to_terminal && args.output_file.is_none() => Form::Text(writer),
            (None | Some(Format::Json), _) => match ResultWriter::new(writer) {
                Ok(writer) => Form::Json(Some(writer)),
                Err(error) => closed_or(&error, args.output_file.as_deref())?,
            },
        };
        Ok(Self {
            console,
            form,
            place,
            verbose: args.verbose,
            several: shape.several,
            tell: args.output.is_none(),
            summary: Summary::default(),
            worst: None,
            started_as: line.started_as,
            first_code: 0,
        })
    }

    fn push(&mut self, verdict: &Verdict) -> Result<()> {
        self.worst = self.worst.max(Some(verdict.outcome()));
        self.summary.add(verdict);
        if self.first_code == 0 {
            self.first_code = self.started_as.exit_code(verdict);
        }
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
            Form::Lines(out) => write_line(out, verdict),
            Form::Cosign { out, text } => {
                let said = cosign::said(verdict, *text);
                let mut stderr = self.console.stderr();
                stderr.write_all(said.stderr.as_bytes()).ok();
                out.write_all(said.stdout.as_bytes())
            }
            Form::Json(None) | Form::Closed => Ok(()),
        };
        self.judge(written)
    }

    /// Lists something that was not verified.
    fn leave_out(&mut self, left_out: LeftOut) {
        if let Form::Json(Some(out)) = &mut self.form {
            out.leave_out(left_out);
        }
    }

    /// Ends the result, and gives the exit code.
    fn finish(mut self) -> Result<u8> {
        let ended = match &mut self.form {
            Form::Text(out) => match self.several {
                true => out
                    .write_all(self.summary.text().as_bytes())
                    .and_then(|()| out.flush()),
                false => out.flush(),
            },
            Form::Json(out) => out.take().map_or(Ok(()), |out| out.finish().map(|_| ())),
            Form::Lines(out) | Form::Cosign { out, .. } => out.flush(),
            Form::Closed => Ok(()),
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
        if let Place::File(target) = self.place {
            target.finish()?;
        }
        Ok(match self.started_as {
            StartedAs::Sealcheck => worst.exit_code(),
            StartedAs::Cosign => self.first_code,
        })
    }

    /// A reader that went away is no error: the exit code still tells the outcome.
    fn judge(&mut self, written: io::Result<()>) -> Result<()> {
        let Err(error) = written else {
            return Ok(());
        };
        let path = match &self.place {
            Place::File(target) => Some(target.path.as_path()),
            Place::Stream => None,
        };
        self.form = closed_or(&error, path)?;
        Ok(())
    }
}

/// The results of a run: taken one by one in order, each with what else is to be done with it.
pub(crate) struct Report<'s> {
    output: Output<'s>,
    fail_fast: bool,
    stopped: bool,
    taken: usize,
    problem: Option<Problem>,
}

impl<'s> Report<'s> {
    /// Begins the result.
    pub(crate) fn begin(
        args: &OutputArgs,
        line: &CommandLine<'s>,
        shape: Shape,
        fail_fast: bool,
    ) -> Result<Self> {
        Ok(Self {
            output: Output::begin(args, line, shape)?,
            // cosign ends at the first failure.
            fail_fast: fail_fast || line.started_as == StartedAs::Cosign,
            stopped: false,
            taken: 0,
            problem: None,
        })
    }

    /// Takes one verdict; `also` is done when it is written. Says whether to go on.
    pub(crate) fn take(
        &mut self,
        bar: Option<&Bar>,
        verdict: &Verdict,
        also: impl FnOnce() -> Result<()>,
    ) -> ControlFlow<()> {
        self.taken = self.taken.saturating_add(1);
        let output = &mut self.output;
        let write = || output.push(verdict).and_then(|()| also());
        let written = match bar {
            Some(bar) => {
                bar.done();
                bar.suspend(write)
            }
            None => write(),
        };
        self.stopped = self.fail_fast && verdict.failure().is_some();
        if let Err(problem) = written {
            self.problem = Some(problem);
            self.stopped = true;
        }
        match self.stopped {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Lists something that was not verified.
    pub(crate) fn leave_out(&mut self, left_out: LeftOut) {
        self.output.leave_out(left_out);
    }

    /// Whether nothing more is to be verified.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Ends the result; gives the exit code. There were `count` artifacts.
    pub(crate) fn end(self, bar: Option<&Bar>, count: usize) -> Result<u8> {
        if let Some(bar) = bar {
            bar.clear();
        }
        if let Some(problem) = self.problem {
            return Err(problem.late());
        }
        let left = count.saturating_sub(self.taken);
        let console = self.output.console;
        let code = self.output.finish().map_err(Problem::late)?;
        if left > 0 {
            console.note(&format!(
                "stopped at the first that is not verified; {left} of {count} were not looked at."
            ));
        }
        Ok(code)
    }
}

/// How many artifacts are verified at one time.
pub(crate) fn jobs(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
}

/// One line of JSON, and out with it: who reads it wants it now.
fn write_line(out: &mut dyn Write, verdict: &Verdict) -> io::Result<()> {
    let line = escaped(serde_json::to_string(verdict.evidence())?) + "\n";
    out.write_all(line.as_bytes())?;
    out.flush()
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

/// A document as indented JSON with a line feed at its end.
pub(crate) fn json(document: &impl serde::Serialize) -> Result<String> {
    match serde_json::to_string_pretty(document) {
        Ok(json) => Ok(escaped(json) + "\n"),
        Err(error) => Err(Problem::argument(format!("no JSON could be made: {error}"))),
    }
}

/// The form of a document: what was asked for, or what fits standard output.
pub(crate) fn document_format(
    asked: Option<DocumentFormat>,
    console: Console<'_>,
) -> DocumentFormat {
    asked.unwrap_or_else(|| match console.stdout_is_terminal() {
        true => DocumentFormat::Text,
        false => DocumentFormat::Json,
    })
}

/// A report about a whole release, from before the work to its end.
pub(crate) struct Publication<'s> {
    console: Console<'s>,
    format: DocumentFormat,
    file: Option<Target>,
    /// Whether failures are also told on standard error, because nobody asked for the form.
    tell: bool,
}

/// How much of a report is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    /// What is not verified.
    Failures,
}

impl<'s> Publication<'s> {
    /// Finds out where the report goes, and whether it can.
    pub(crate) fn begin(args: &ReportArgs, console: Console<'s>) -> Result<Self> {
        let file = args.output_file.as_deref().map(Target::open).transpose()?;
        let asked = args.shown.output;
        Ok(Self {
            console,
            format: match file {
                Some(_) => asked.unwrap_or(DocumentFormat::Json),
                None => document_format(asked, console),
            },
            file,
            tell: asked.is_none(),
        })
    }

    /// Writes the report, as `text` or as the document. Gives the exit code.
    pub(crate) fn end(
        self,
        outcome: Outcome,
        text: impl Fn(Extent) -> String,
        document: &impl serde::Serialize,
    ) -> Result<u8> {
        let written = match self.format {
            DocumentFormat::Text => text(Extent::Whole),
            DocumentFormat::Json => json(document)?,
        };
        if self.format == DocumentFormat::Json && self.tell && outcome != Outcome::Verified {
            let told = text(Extent::Failures);
            self.console.stderr().write_all(told.as_bytes()).ok();
        }
        match self.file {
            None => print(self.console, &written)?,
            Some(target) => {
                let written = self
                    .console
                    .file(target.writer()?)
                    .write_all(written.as_bytes());
                let path = target.path.display().to_string();
                written
                    .map_err(|error| Problem::unwritable(&path, &error))
                    .and_then(|()| target.finish())
                    .map_err(Problem::late)?;
            }
        }
        Ok(outcome.exit_code())
    }
}

/// The output of a command that reports, for the verdict that it shows instead.
pub(crate) fn reported_as_output(args: &ReportArgs) -> OutputArgs {
    OutputArgs {
        output: args.shown.output.map(DocumentFormat::of_results),
        output_file: args.output_file.clone(),
        verbose: false,
        color: args.shown.color,
        jobs: None,
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

/// What the names of files begin with that are being written, here and where proofs are kept.
pub(crate) const TEMPORARY: &str = ".sealcheck-";

/// Writes a file at once: whoever reads it sees the whole of it, or what was there before.
pub(crate) fn write_file(path: &Path, content: &mut dyn Read) -> io::Result<()> {
    check_target(path)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    // As any other file that is made: the user's mask says who may read it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder(path))?;
    io::copy(content, &mut temporary)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}
