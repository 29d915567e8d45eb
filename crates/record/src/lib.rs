//! Verdicts as documents: JSON, and what cosign prints.
//!
//! Documents are made of [`Evidence`](sealcheck_verify::Evidence), which holds no secret: neither a key other than
//! public ones nor a password or token is ever part of it.

mod cosign;
mod document;
#[cfg(feature = "schema")]
pub mod schema;
mod writer;

pub use cosign::cosign_text;
pub use document::{LeftOut, RESULT_SCHEMA, ResultDocument};
pub use writer::ResultWriter;
