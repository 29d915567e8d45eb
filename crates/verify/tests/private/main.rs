//! The core against a private Sigstore: every form of a proof, every known attack, every limit.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: what a test needs must be there"
)]

mod attacks;
mod formats;
mod limits;
mod repetition;
mod stage;
