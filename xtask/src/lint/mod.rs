//! `cargo xtask lint`: everything that can be judged without running the product.

mod builds;
mod public_api;
mod purity;

use anyhow::{Context, Result};
use clap::Args;

use crate::process;
use crate::tools::CARGO_DENY;

#[derive(Args)]
pub(crate) struct Options {
    /// Also check the dependencies for published advisories; the database is fetched with git
    #[arg(long)]
    advisories: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    process::run(&mut process::cargo(["fmt", "--all", "--check"]))?;
    process::run(&mut process::cargo([
        "fmt",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--check",
    ]))?;
    let path = CARGO_DENY.install()?;
    let deny = |checks: &[&str]| {
        let mut command = process::cargo(["deny", "--all-features", "check"]);
        command.args(checks).env("PATH", &path);
        process::run(&mut command)
    };
    deny(&["bans", "licenses", "sources"])?;
    match options.advisories {
        true => deny(&["advisories"]).context(
            "either an advisory applies, or the advisory database could not be fetched: see above",
        )?,
        false => println!(
            "advisories were not checked: their database is a git repository that cannot be fetched everywhere; \
             `cargo xtask lint --advisories` does it"
        ),
    }

    purity::check()?;
    builds::check()?;
    process::run(
        process::cargo(["clippy", "--workspace", "--all-targets", "--all-features"])
            .args(["--", "--deny", "warnings"]),
    )?;
    public_api::check()
}
