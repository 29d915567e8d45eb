//! Progress on standard error, for work that takes long enough to be noticed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sealcheck_engine::Progress;

/// A bar: bytes of one artifact, or how many of several are done.
#[derive(Debug)]
pub(crate) struct Bar {
    state: Mutex<State>,
    artifacts: usize,
    started: Instant,
}

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    finished: usize,
}

impl Bar {
    /// A bar that appears once the work is large or slow.
    pub(crate) fn new(artifacts: usize) -> Self {
        Self {
            state: Mutex::default(),
            artifacts,
            started: Instant::now(),
        }
    }

    /// One artifact has its verdict.
    pub(crate) fn done(&self) {
        let mut state = self.lock();
        state.finished += 1;
        let finished = u64::try_from(state.finished).unwrap_or(u64::MAX);
        if let Some(bar) = self.shown(&mut state, 0) {
            bar.set_position(finished);
        }
    }

    /// Clears the line, so that something else can be printed, and while `print` runs.
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        let bar = self.lock().bar.clone();
        match bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Clears the line for good.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.lock().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A bar that was drawn halfway does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bar, once it is time to show one.
    fn shown<'s>(&self, state: &'s mut State, total: u64) -> Option<&'s ProgressBar> {
        let due = total > LARGE || self.started.elapsed() > NOTICEABLE;
        if state.bar.is_none() && due {
            let (length, template) = match self.artifacts {
                0 | 1 => (total, "{bytes:>10} of {total_bytes} [{bar:32}] {bytes_per_sec}"),
                many => (u64::try_from(many).unwrap_or(u64::MAX), "{pos:>10} of {len} [{bar:32}] {elapsed}"),
            };
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            state.bar = Some(bar);
        }
        state.bar.as_ref()
    }
}

impl Progress for Bar {
    fn read(&self, _: &str, done: u64, total: Option<u64>) {
        let mut state = self.lock();
        if self.artifacts > 1 {
            // Only the number of artifacts is shown; still, a slow first one must not look like a standstill.
            let finished = u64::try_from(state.finished).unwrap_or(u64::MAX);
            if let Some(bar) = self.shown(&mut state, 0) {
                bar.set_position(finished);
            }
            return;
        }
        if let Some(bar) = self.shown(&mut state, total.unwrap_or(0)) {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        }
    }
}

/// From this size on the bar is shown at once.
const LARGE: u64 = 64 << 20;
/// Before this time nobody wonders.
const NOTICEABLE: Duration = Duration::from_millis(300);
