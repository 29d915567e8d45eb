//! Image layouts: what the testkit makes is written, read, tampered with, and asked the questions of discovery.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test code outside test functions"
)]

mod copying;
mod corpora;
mod docker;
mod fixture;
mod hostile;
mod names;
mod reading;
mod table;
mod unpacked;
mod writing;
