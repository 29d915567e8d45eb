//! What people read.

pub(crate) mod colour;
pub(crate) mod image;
pub(crate) mod progress;
pub(crate) mod text;
pub(crate) mod tree;
pub(crate) mod wrap;

use std::fmt::Display;

/// A number of things, of which there may be one.
pub(crate) fn counted(count: impl Display + PartialEq + From<u8>, what: &str) -> String {
    match (count == 1_u8.into(), what.strip_suffix('y')) {
        (true, _) => format!("{count} {what}"),
        (false, Some(stem)) => format!("{count} {stem}ies"),
        (false, None) => format!("{count} {what}s"),
    }
}
