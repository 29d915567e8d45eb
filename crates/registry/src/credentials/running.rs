//! The helpers that are running: each in a process group of its own, so that it is ended with all that it has started.

use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A helper that runs, and is known here until it has ended.
pub(super) struct Running {
    pub(super) child: Child,
}

/// The helpers of this process.
struct All {
    /// Their process groups, which have the numbers of their leaders.
    groups: Vec<u32>,
    /// Whether the program ends, so that none is started any more.
    is_over: bool,
}

static ALL: Mutex<All> = Mutex::new(All {
    groups: Vec::new(),
    is_over: false,
});

impl Running {
    /// Starts a program in a process group of its own.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // Who ends all of them waits until this one is among them.
        let mut all = lock();
        if all.is_over {
            return Err(io::Error::other("the program is being ended"));
        }
        let child = command.spawn()?;
        all.groups.push(child.id());
        Ok(Self { child })
    }

    /// Ends it, and what it has started.
    pub(super) fn end(&mut self) {
        end_group(self.child.id());
        // Where there are no process groups, and when it has left its own.
        let _ = self.child.kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = self.child.id();
        // Waits while all of them are being ended.
        lock().groups.retain(|known| *known != group);
    }
}

/// Ends the credential helpers that are running, and what they have started, and calls `then`; no further ones are started.
/// Before `then` returns nobody learns that they have ended.
///
/// For programs that are ended by a signal, which is what `then` does: it comes before what is said of helpers that failed.
/// Helpers have process groups of their own, because what they start must end with them when they take too long: a signal
/// from the terminal does not reach them.
pub fn end_helpers(then: impl FnOnce()) {
    let mut all = lock();
    all.is_over = true;
    all.groups.iter().copied().for_each(end_group);
    then();
}

#[cfg(unix)]
fn end_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
    if let Some(leader) = leader {
        // Nobody may be left in it.
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end_group(_leader: u32) {}

fn lock() -> MutexGuard<'static, All> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}
