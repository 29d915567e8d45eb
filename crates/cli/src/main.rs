//! The `sealcheck` program: everything it does is in the library part of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sealcheck_cli::run(std::env::args_os()))
}
