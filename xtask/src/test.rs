//! `cargo xtask test`: every test, and one line that counts them.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use sealcheck_testbed::{Part, Testbed};
use sealcheck_testkit::shared;

use crate::process;

#[derive(Args)]
pub(crate) struct Options {
    /// What cargo test takes: packages, filters
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// What the test runners said in the end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Summary {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Summary {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out`.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            match count.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => self.skipped += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

/// What failed, with what it printed: among thousands of lines nobody finds it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Failures {
    lines: Vec<String>,
    inside: bool,
}

impl Failures {
    /// Takes a line. The runner prints `---- NAME stdout ----` or `---- NAME ----`, what the test said, and at last the
    /// names once more behind `failures:`.
    fn add(&mut self, line: &str) {
        let is_head = line.starts_with("---- ") && line.ends_with(" ----");
        let is_end = line == "failures:" || line.starts_with("test result: ");
        self.inside = is_head || (self.inside && !is_end);
        if self.inside {
            self.lines.push(line.to_owned());
        }
    }

    fn tell(&self) {
        if !self.lines.is_empty() {
            println!("\nfailed:\n");
        }
        for line in &self.lines {
            println!("{line}");
        }
    }
}

/// Builds the peers of the tests and the tests themselves, side by side: each leaves processors idle at times. Gives why there
/// are no peers.
fn prepare() -> Result<Result<()>> {
    let peers = thread::spawn(|| Testbed::prepare(Part::ALL));
    let tests = process::run(process::cargo(EVERYTHING).arg("--no-run"));
    let peers = peers
        .join()
        .unwrap_or_else(|_| bail!("building the peers panicked"));
    tests.map(|()| peers)
}

/// All tests.
const EVERYTHING: [&str; 4] = ["test", "--workspace", "--all-features", "--no-fail-fast"];

pub(crate) fn run(options: &Options) -> Result<()> {
    // Tests that lack their data pass, and cargo hides what they print: it is said here, and CI stops.
    let data = [
        shared::conformance().is_some(),
        shared::corpora().is_some(),
        shared::trust().is_some(),
    ];
    let everything = options.arguments.is_empty();
    let prepared = match everything {
        true => prepare()?,
        false => Ok(()),
    };
    let missing = match prepared {
        Err(why) if env::var_os("CI").is_some() => {
            return Err(why.context("CI must not skip the tests with real peers"));
        }
        prepared => prepared.err(),
    };
    let mut command = match everything {
        true => process::cargo(EVERYTHING),
        false => {
            let mut command = process::cargo(["test"]);
            command.args(&options.arguments);
            command
        }
    };
    process::announce(&command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    let mut summary = Summary::default();
    let mut failures = Failures::default();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        summary.add(&line);
        failures.add(&line);
        println!("{line}");
    }
    let status = child.wait()?;
    if data.contains(&false) {
        println!(
            "Tests with vectors of others were skipped: their data does not lie beside this folder (docs/testing.md)."
        );
    }
    if let Some(why) = missing {
        println!("Nothing was tested with real cosign and its services (docs/testing.md): {why:#}");
    }
    failures.tell();
    println!();
    println!("{} passed, {} failed", summary.passed, summary.failed);
    ensure!(
        summary.skipped == 0,
        "{} tests are switched off",
        summary.skipped
    );
    ensure!(status.success(), "cargo test failed ({status})");
    ensure!(summary.passed > 0 || !everything, "no test was run");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Failures, Summary};

    #[test]
    fn results_of_all_binaries_are_added_up() {
        let mut summary = Summary::default();
        summary.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        summary
            .add("test result: FAILED. 20 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        summary.add("test result of another kind");
        let expected = Summary {
            passed: 23,
            failed: 2,
            skipped: 1,
        };
        assert_eq!(summary, expected);
    }

    #[test]
    fn what_failed_is_kept() {
        let mut failures = Failures::default();
        for line in [
            "test one ... ok",
            "test two ... FAILED",
            "",
            "failures:",
            "",
            "---- two stdout ----",
            "assertion failed",
            "",
            "---- three ----",
            "no",
            "failures:",
            "    two",
            "test result: FAILED. 1 passed; 2 failed",
        ] {
            failures.add(line);
        }
        let expected = [
            "---- two stdout ----",
            "assertion failed",
            "",
            "---- three ----",
            "no",
        ];
        assert_eq!(failures.lines, expected);
    }
}
