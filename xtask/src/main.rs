//! The project's recipes. CI runs the same ones as people do.

#![allow(
    clippy::print_stdout,
    reason = "a recipe reports to the person who runs it"
)]

mod bench;
mod demo;
mod docs;
mod examples;
mod fuzz;
mod lint;
mod mutants;
mod process;
mod schema;
mod test;
mod testbed;
mod tools;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "The project's recipes", version)]
struct Cli {
    #[command(subcommand)]
    recipe: Recipe,
}

#[derive(Subcommand)]
enum Recipe {
    /// Prove the example release offline, and show a tampered file of it being rejected
    Demo,
    /// Run every test of the workspace, documentation tests included
    Test(test::Options),
    /// Check format, clippy, dependencies, purity of the core and its public API
    Lint(lint::Options),
    /// Make the documentation, generated pages included, and check what it says
    Docs(docs::Options),
    /// Write the JSON schemas of the documents to docs/schema
    Schema(schema::Options),
    /// Run the fuzz targets for a bounded time
    Fuzz(fuzz::Options),
    /// Take checks out of the verifier, and see that a test notices each time
    Mutants(mutants::Options),
    /// Measure the verifier against its floor
    Bench(bench::Options),
    /// Start or build a private Sigstore of real peers on loopback
    Testbed(testbed::Options),
    /// Sign the files of examples/ anew, and collect the release there
    Examples,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().recipe {
        Recipe::Demo => demo::run(),
        Recipe::Test(options) => test::run(&options),
        Recipe::Lint(options) => lint::run(&options),
        Recipe::Docs(options) => docs::run(&options),
        Recipe::Schema(options) => schema::run(&options),
        Recipe::Fuzz(options) => fuzz::run(&options),
        Recipe::Mutants(options) => mutants::run(&options),
        Recipe::Bench(options) => bench::run(&options),
        Recipe::Testbed(options) => testbed::run(&options),
        Recipe::Examples => examples::run(),
    }
}
