//! Removes one check after another, and sees that a test fails each time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::sites::{self, SWITCH};
use super::survivors::{Mutant, Outcome};
use super::tree;
use crate::process;

pub(super) fn run(files: &[String]) -> Result<Outcome> {
    let copy = tree::copy("checks")?;
    let source = copy.join(super::SOURCE);
    let mut mutants = Vec::new();
    for file in files {
        let path = source.join(file);
        let text = fs::read_to_string(process::root().join(super::SOURCE).join(file))
            .with_context(|| format!("cannot read {file}"))?;
        let sites = sites::find(&text);
        tree::write(
            &path,
            sites::switched(&text, &sites, mutants.len()).as_bytes(),
        )?;
        mutants.extend(sites.iter().map(|site| Mutant {
            file: file.clone(),
            change: site.change.to_owned(),
            line: super::line_at(&text, site.start),
        }));
    }
    let library = source.join("lib.rs");
    let text = fs::read_to_string(&library)?;
    tree::write(&library, (text + SWITCH).as_bytes())?;

    let programs = build(&copy)?;
    let folder = copy.join("crates/verify");
    let begun = Instant::now();
    ensure!(
        passes(&programs, &folder, None, LONGEST)?,
        "the tests fail before anything is removed"
    );
    let limit = begun.elapsed() * 5 + LEAST;
    println!("{} checks, each removed alone", mutants.len());
    let mut outcome = Outcome::default();
    for (number, mutant) in mutants.into_iter().enumerate() {
        match passes(&programs, &folder, Some(number), limit)? {
            true => {
                println!("not noticed:\n{mutant}");
                outcome.survived.push(mutant);
            }
            false => outcome.caught.push(mutant),
        }
    }
    Ok(outcome)
}

/// Builds the tests of the core, and returns where they lie: the quickest first.
fn build(copy: &Path) -> Result<Vec<PathBuf>> {
    let mut cargo = super::cargo(copy, "test");
    cargo.args(super::TESTS).args(["--profile", "mutants"]);
    cargo.args(["--no-run", "--message-format", "json"]);
    process::announce(&cargo);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    let text = String::from_utf8(output.stdout)?;
    let messages: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    for message in &messages {
        if message.pointer("/message/level").and_then(Value::as_str) == Some("error")
            && let Some(said) = message.pointer("/message/rendered").and_then(Value::as_str)
        {
            println!("{said}");
        }
    }
    ensure!(
        output.status.success(),
        "the core cannot be built with its checks switched"
    );
    Ok(messages
        .iter()
        .filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .collect())
}

/// Whether all tests pass with this check removed. A test that hangs has noticed.
fn passes(
    programs: &[PathBuf],
    folder: &Path,
    removed: Option<usize>,
    limit: Duration,
) -> Result<bool> {
    for program in programs {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_remove("CI")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(number) = removed {
            command.env("SEALCHECK_REMOVED_CHECK", number.to_string());
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let until = Instant::now() + limit;
        let status = loop {
            match child.try_wait()? {
                Some(status) => break Some(status),
                None if Instant::now() > until => break None,
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        match status {
            Some(status) if status.success() => {}
            Some(_) => return Ok(false),
            None => {
                child.kill()?;
                child.wait()?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

const LONGEST: Duration = Duration::from_secs(600);
const LEAST: Duration = Duration::from_secs(30);
