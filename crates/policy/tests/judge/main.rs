//! Verified attestations, held against demands: made up, of the corpora, and of the documentation.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: when something is not as a test expects, the test must stop"
)]

mod attested;
mod certificate;
mod corpora;
mod documentation;
mod evidence;
