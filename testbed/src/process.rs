//! Peers as processes that never outlive the testbed, however it ends.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A program to start, with its arguments.
#[derive(Debug)]
pub(crate) struct Launch {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
}

impl Launch {
    pub(crate) fn new(name: &'static str, program: impl Into<PathBuf>) -> Self {
        Self {
            name,
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// `--name=value`.
    pub(crate) fn flag(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.arg(format!("--{name}={value}"))
    }

    pub(crate) fn env(mut self, variable: &'static str, value: &'static str) -> Self {
        self.environment.push((variable, value));
        self
    }

    /// Starts the program; what it prints goes to `NAME.log` in `folder`.
    pub(crate) fn start(self, folder: &Path) -> Result<Peer> {
        let log = folder.join(format!("{}.log", self.name));
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new("sh")
            .args(["-c", GUARD, self.name])
            .arg(&self.program)
            .args(&self.arguments)
            .envs(self.environment)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C in a terminal reaches the testbed only, which then ends its peers.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        Ok(Peer {
            name: self.name,
            child,
            log,
        })
    }
}

/// A running peer. Ends with it.
#[derive(Debug)]
pub(crate) struct Peer {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Peer {
    /// Waits until `is_ready` says so.
    ///
    /// # Errors
    /// The peer ended, or is not ready after [`READY_WITHIN`]; with the end of what it printed.
    pub(crate) fn ready(mut self, mut is_ready: impl FnMut() -> bool) -> Result<Self> {
        let deadline = Instant::now() + READY_WITHIN;
        while !is_ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended ({status}) before it was ready:\n{}",
                    self.name,
                    self.tail()
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "{} is not ready after {READY_WITHIN:?}:\n{}",
                    self.name,
                    self.tail()
                );
            }
            sleep(POLL);
        }
        Ok(self)
    }

    /// The last lines that the peer printed.
    fn tail(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().unwrap_or_else(|error| format!("(its log cannot be read: {error})"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // The guard ends the peer by force if it has to; there is nothing to do about an error here.
        let _ = self.child.wait();
    }
}

/// Starts a peer on ports that were free a moment ago; again when another process was faster.
pub(crate) fn on_free_ports<T>(start: impl Fn() -> Result<T>) -> Result<T> {
    let was_taken = |error: &anyhow::Error| error.to_string().contains("address already in use");
    let mut tries = 1;
    loop {
        match start() {
            Err(error) if was_taken(&error) && tries < PORT_TRIES => tries += 1,
            result => return result,
        }
    }
}

/// Removes a folder when the testbed ends, also when it is killed.
#[derive(Debug)]
pub(crate) struct Janitor(Child);

impl Janitor {
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let child = Command::new("sh")
            .args(["-c", JANITOR, "janitor"])
            .arg(folder)
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("cannot start sh")?;
        Ok(Self(child))
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Runs a program to its end.
///
/// # Errors
/// It cannot be started, or fails; with what it printed.
pub(crate) fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output.stdout)
}

/// Runs a peer until it ends or the testbed does. The testbed holds the other end of standard input: the kernel closes it
/// also after a panic, Ctrl-C or SIGKILL, so no signal handler is needed.
const GUARD: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
peer=$!
{
    exec >/dev/null 2>&1
    cat <&3
    kill -TERM $peer
    tries=0
    while kill -0 $peer && [ $tries -lt 30 ]; do sleep 0.1; tries=$((tries + 1)); done
    kill -KILL $peer
} &
exec 3<&-
wait $peer
"#;

const JANITOR: &str = r#"
exec >/dev/null 2>&1
cat
tries=0
while ! rm -rf "$1" && [ $tries -lt 50 ]; do sleep 0.2; tries=$((tries + 1)); done
"#;

/// Ample: on a loaded machine a peer's first start takes seconds.
const READY_WITHIN: Duration = Duration::from_secs(120);
const PORT_TRIES: u32 = 5;
const POLL: Duration = Duration::from_millis(25);
const TAIL: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_ends_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let peer = Launch::new("sleeper", "sh")
            .arg("-c")
            .arg("echo $$ > pid; trap '' TERM; while :; do sleep 0.1; done")
            .start(folder.path())
            .unwrap()
            .ready(|| std::fs::read_to_string(&file).is_ok_and(|pid| pid.ends_with('\n')))
            .unwrap();
        let pid = std::fs::read_to_string(&file).unwrap();
        let is_alive = || Path::new("/proc").join(pid.trim()).exists();
        assert!(is_alive());
        drop(peer);
        assert!(!is_alive());
    }

    #[test]
    fn a_taken_port_is_no_failure_but_everything_else_is() {
        let calls = std::cell::Cell::new(0);
        let start = |succeeds_at: u32, message: &'static str| {
            calls.set(0);
            on_free_ports(|| {
                calls.set(calls.get() + 1);
                match calls.get() == succeeds_at {
                    true => Ok(()),
                    false => bail!("listen: {message}"),
                }
            })
        };
        start(3, "address already in use").unwrap();
        start(9, "address already in use").unwrap_err();
        assert_eq!(calls.get(), PORT_TRIES);
        start(2, "permission denied").unwrap_err();
        assert_eq!(calls.get(), 1);
    }

    #[test]
    fn a_peer_that_ends_early_is_an_error_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let launch = Launch::new("quitter", "sh")
            .arg("-c")
            .arg("echo no such tree; exit 3");
        let error = launch
            .start(folder.path())
            .unwrap()
            .ready(|| false)
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("no such tree") && text.contains("exit status: 3"),
            "{text}"
        );
    }
}
