//! What is still to be done when a signal ends the program.

use std::sync::OnceLock;

/// What to tell whoever interrupts the program.
static LAST_WORDS: OnceLock<&str> = OnceLock::new();

/// Sees to it that this is told on standard error, when Ctrl-C or SIGTERM ends the program.
pub(crate) fn last_words(text: &'static str) {
    if LAST_WORDS.set(text).is_ok() {
        watch();
    }
}

/// Sees to it that credential helpers end with the program, when Ctrl-C or SIGTERM ends it. Called before the first of them
/// is started: a program that has nothing to do then leaves signals as they are.
pub(crate) fn end_helpers_too() {
    watch();
}

#[cfg(unix)]
fn watch() {
    use std::sync::Once;
    use std::{sync::mpsc, thread};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (is_ready, ready) = mpsc::channel::<()>();
        let wait = move || {
            // Without it they end the program as they did.
            let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
                return;
            };
            drop(is_ready);
            for signal in signals.forever() {
                tell();
                sealcheck_registry::end_helpers(|| {
                    // It ends the program, by the same signal.
                    let _ = emulate_default_handler(signal);
                });
            }
        };
        let _ = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(wait);
        let _ = ready.recv();
    });
}

/// Says it, unless nobody reads: a terminal that is stopped, a pipe that is full. The program ends all the same.
#[cfg(unix)]
fn tell() {
    use std::io::{IsTerminal, Write, stderr};
    use std::sync::mpsc;
    use std::thread;

    let Some(text) = LAST_WORDS.get() else {
        return;
    };
    let (is_told, told) = mpsc::channel::<()>();
    let write = move || {
        // There the bar and what the keyboard sent stand in the line.
        let end = if stderr().is_terminal() { "\n" } else { "" };
        writeln!(stderr(), "{end}interrupted: {text}").ok();
        drop(is_told);
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = told.recv_timeout(PATIENCE);
    }
}

/// How long a word may take.
#[cfg(unix)]
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

/// Helpers get the console's events themselves, and so does this program.
#[cfg(not(unix))]
fn watch() {}
