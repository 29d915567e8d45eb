//! `cargo xtask docs`: the documentation is made, and what it says is checked against the code.

mod commands;
mod dependencies;
mod reasons;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::process;

#[derive(Args)]
pub(crate) struct Options {
    /// Fail when a generated page is not current, instead of writing it
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    process::run(
        process::cargo([
            "doc",
            "--workspace",
            "--all-features",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "--deny warnings"),
    )?;
    generated("docs/reasons.md", &reasons::page(), options.check)?;
    dependencies::check()?;
    commands::check()
}

/// Writes a generated page, or with `check` compares it.
pub(crate) fn generated(name: &str, content: &str, check: bool) -> Result<()> {
    let path = process::root().join(name);
    if !check {
        println!("{name}");
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        return fs::write(&path, content)
            .with_context(|| format!("cannot write {}", path.display()));
    }
    ensure!(
        read(&path)? == content,
        "{name} is not what the code says; the recipe without --check writes it"
    );
    println!("{name} is current");
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
