//! The engine against files, a scripted network, and real signatures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod artifact;
mod beside;
mod corpus;
mod download;
mod image;
mod lookup;
mod many;
mod named;
mod save;
mod support;
mod trust;
mod url;
