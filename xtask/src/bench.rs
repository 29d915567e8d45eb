//! `cargo xtask bench`: what verification costs, against the floor of its raw signature checks.

use anyhow::Result;
use clap::Args;

use crate::process;

#[derive(Args)]
pub(crate) struct Options {
    /// What cargo bench takes: names of benchmarks
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    process::run(process::cargo(["bench", "--workspace"]).args(&options.arguments))
}
