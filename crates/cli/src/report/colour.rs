//! Colours and what they mean; `docs/style.md` explains them. Text reads the same without them.

use anstyle::{AnsiColor, Style};
use sealcheck_verify::Outcome;

/// Proved.
pub(crate) const PROVED: Style = AnsiColor::Green.on_default().bold();
/// Proved wrong, or nothing was done because the command is wrong.
pub(crate) const FAILED: Style = AnsiColor::Red.on_default().bold();
/// Neither proved nor disproved.
pub(crate) const DOUBT: Style = AnsiColor::Yellow.on_default().bold();
/// What a value is; the value itself has no colour.
pub(crate) const LABEL: Style = Style::new().dimmed();

/// The colour of an outcome.
pub(crate) fn of(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Verified => PROVED,
        Outcome::Rejected | Outcome::Usage => FAILED,
        Outcome::Unavailable | Outcome::Unsigned => DOUBT,
    }
}
