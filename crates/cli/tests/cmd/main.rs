//! The program as its users run it: standard output, standard error and exit code of every command.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: when something is not as a test expects, the test must stop"
)]

mod around_images;
mod as_cosign;
mod attestation;
mod environment;
mod folders;
mod image_hints;
mod images;
mod inspect;
mod layouts;
mod page_on_images;
mod readme;
mod refusal;
mod release;
mod release_hostile;
mod release_images;
mod release_writing;
mod sandbox;
mod scene;
mod secrets;
mod signals;
mod streams;
mod trust;
mod verify_blob;
mod words;
