//! The client against the scripted registry.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod authorization;
mod blobs;
mod faults;
mod helpers;
mod keychain;
mod manifests;
mod mirrors;
mod referrers;
mod requests;
mod support;
