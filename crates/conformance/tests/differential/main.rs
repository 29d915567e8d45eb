//! The differential test: every vector, and seeded changes of every vector that is accepted, judged by our core and by
//! the oracle `sigstore-verify`. A disagreement that no entry of [`differences::DIFFERENCES`] explains is a failure.
//!
//! `SEALCHECK_DIFFERENTIAL_SEED` and `SEALCHECK_DIFFERENTIAL_COUNT` make it another or a longer run. A finding is
//! written to files, since what the test signs itself has new keys each time.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "test code"
)]

mod certificates;
mod changes;
mod corpus;
mod differences;
mod document;
mod judge;
mod made;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::main()
}
