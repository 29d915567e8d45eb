//! What people read.

pub(crate) mod colour;
pub(crate) mod progress;
pub(crate) mod text;
pub(crate) mod wrap;
