//! What is still to be done when a signal ends the program.

/// Sees to it that credential helpers end with the program, when Ctrl-C or SIGTERM ends it. Called before the first of them
/// is started: a program that starts none leaves signals as they are.
#[cfg(unix)]
pub(crate) fn end_helpers_too() {
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

/// Helpers get the console's events themselves.
#[cfg(not(unix))]
pub(crate) fn end_helpers_too() {}
