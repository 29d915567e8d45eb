//! What people read.

pub(crate) mod colour;
pub(crate) mod image;
pub(crate) mod progress;
pub(crate) mod text;
pub(crate) mod tree;
pub(crate) mod wrap;
