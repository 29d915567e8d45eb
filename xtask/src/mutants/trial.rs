//! Runs the tests with one change after another. Only tests that come by a change can notice it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// The tests of the core, and which changes each comes by.
pub(super) struct Trials<'p> {
    folder: PathBuf,
    tests: Vec<Test<'p>>,
}

struct Test<'p> {
    program: &'p Path,
    name: String,
    took: Duration,
    passes: Vec<usize>,
}

impl<'p> Trials<'p> {
    /// Runs every test alone, without any change.
    pub(super) fn prepare(programs: &'p [PathBuf], folder: PathBuf) -> Result<Self> {
        let mut tests = Vec::new();
        let trace = folder.join("trace");
        for program in programs {
            for name in names(program, &folder)? {
                if trace.exists() {
                    fs::remove_file(&trace)?;
                }
                let begun = Instant::now();
                let run = Run {
                    program,
                    folder: &folder,
                    switch: None,
                    trace: Some(&trace),
                    limit: LONGEST,
                };
                ensure!(
                    run.passes(&[&name])?,
                    "{name} fails although nothing is changed"
                );
                let took = begun.elapsed();
                let passes = fs::read_to_string(&trace).unwrap_or_default();
                tests.push(Test {
                    program,
                    name,
                    took,
                    passes: passes
                        .lines()
                        .filter_map(|line| line.parse().ok())
                        .collect(),
                });
            }
        }
        tests.sort_by_key(|test| test.took);
        Ok(Self { folder, tests })
    }

    /// The number of tests.
    pub(super) fn len(&self) -> usize {
        self.tests.len()
    }

    /// Whether a test fails with the change of this number: the quick ones are asked first.
    pub(super) fn notice(&self, number: usize) -> Result<bool> {
        let tests: Vec<&Test<'_>> = self
            .tests
            .iter()
            .filter(|test| test.passes.contains(&number))
            .collect();
        let (quick, slow) = tests.split_at(tests.len().min(QUICK));
        for group in [quick, slow] {
            let mut by_program: BTreeMap<&Path, Vec<&Test<'_>>> = BTreeMap::new();
            for test in group {
                by_program.entry(test.program).or_default().push(test);
            }
            for (program, tests) in by_program {
                let took: Duration = tests.iter().map(|test| test.took).sum();
                let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
                let run = Run {
                    program,
                    folder: &self.folder,
                    switch: Some(number),
                    trace: None,
                    limit: took * 5 + LEAST,
                };
                if !run.passes(&names)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The names of all tests in a program.
fn names(program: &Path, folder: &Path) -> Result<Vec<String>> {
    let output = Command::new(program)
        .current_dir(folder)
        .args(["--list", "--format", "terse"])
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    Ok(String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect())
}

/// One start of a program with tests.
struct Run<'a> {
    program: &'a Path,
    folder: &'a Path,
    switch: Option<usize>,
    trace: Option<&'a Path>,
    limit: Duration,
}

impl Run<'_> {
    /// Whether the tests pass. One that hangs, or wants all memory, does not.
    fn passes(&self, names: &[&str]) -> Result<bool> {
        let mut command = Command::new("sh");
        command
            .args(["-c", MEMORY])
            .arg(self.program)
            .args(["--exact", "--test-threads", "1"])
            // To stop at the first failure is an unstable option of the test harness.
            .args(["-Zunstable-options", "--fail-fast"])
            .args(names)
            .current_dir(self.folder)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("PROPTEST_CASES", "32")
            .env("RUST_BACKTRACE", "0")
            .env_remove("CI")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(number) = self.switch {
            command.env("SEALCHECK_MUTANT", number.to_string());
        }
        if let Some(trace) = self.trace {
            command.env("SEALCHECK_MUTANT_TRACE", trace);
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let until = Instant::now() + self.limit;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status.success());
            }
            if Instant::now() > until {
                child.kill()?;
                child.wait()?;
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Runs the program with at most 4 GiB of memory.
const MEMORY: &str = r#"ulimit -v 4194304; exec "$0" "$@""#;
/// So many of the quickest tests are asked together.
const QUICK: usize = 12;
const LONGEST: Duration = Duration::from_secs(600);
const LEAST: Duration = Duration::from_secs(30);
