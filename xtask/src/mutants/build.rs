//! The core with a switch for each change, built once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::edit::{self, Edit, Written};
use super::tree;
use crate::process;

/// The programs that run the tests, and the switches that could not be built.
pub(super) struct Built {
    pub(super) programs: Vec<PathBuf>,
    pub(super) failed: Vec<usize>,
}

/// Builds the tests of the core in `copy`. `edits` stand below the name of their file.
pub(super) fn build(copy: &Path, mut edits: BTreeMap<String, Vec<Edit>>) -> Result<Built> {
    let source = copy.join(super::SOURCE);
    let library = source.join("lib.rs");
    let text = fs::read_to_string(&library)?;
    tree::write(&library, (text + edit::SWITCH).as_bytes())?;

    let mut failed = Vec::new();
    for _ in 0..ROUNDS {
        let mut written = BTreeMap::new();
        for (file, edits) in &edits {
            let original = fs::read_to_string(process::root().join(super::SOURCE).join(file))?;
            let (text, places) = edit::switched(&original, edits);
            tree::write(&source.join(file), text.as_bytes())?;
            written.insert(format!("{}/{file}", super::SOURCE), places);
        }
        let (programs, messages) = compile(copy)?;
        if let Some(programs) = programs {
            return Ok(Built { programs, failed });
        }
        let guilty = guilty(&messages, &written)?;
        println!("{} changes cannot be built", guilty.len());
        for edits in edits.values_mut() {
            edits.retain(|edit| !guilty.contains(&edit.number));
        }
        failed.extend(guilty);
    }
    bail!("the core cannot be built with its switches");
}

/// The programs of the tests, `None` when there were errors; and what the compiler said.
fn compile(copy: &Path) -> Result<(Option<Vec<PathBuf>>, Vec<Value>)> {
    let mut cargo = super::cargo(copy, "test");
    cargo.args(super::TESTS).args(["--profile", "mutants"]);
    cargo.args(["--no-run", "--message-format", "json"]);
    process::announce(&cargo);
    let output = cargo
        .stderr(Stdio::null())
        .output()
        .context("cannot start cargo")?;
    let text = String::from_utf8(output.stdout)?;
    let messages: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let programs = output.status.success().then(|| {
        messages
            .iter()
            .filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
            .collect()
    });
    Ok((programs, messages))
}

/// The switches at which the compiler found errors.
fn guilty(messages: &[Value], written: &BTreeMap<String, Vec<Written>>) -> Result<Vec<usize>> {
    let mut guilty = Vec::new();
    let mut unexplained = Vec::new();
    for message in messages {
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
        if text("/message/level") != Some("error") {
            continue;
        }
        let spans = message.pointer("/message/spans").and_then(Value::as_array);
        let primary = spans
            .into_iter()
            .flatten()
            .filter(|span| span.get("is_primary") == Some(&Value::Bool(true)));
        let mut found = None;
        for span in primary {
            let number = |name: &str| {
                span.get(name)
                    .and_then(Value::as_u64)
                    .and_then(|number| usize::try_from(number).ok())
            };
            let place = span
                .get("file_name")
                .and_then(Value::as_str)
                .and_then(|file| written.get(file))
                .zip(number("byte_start").zip(number("byte_end")));
            found = found.or_else(|| {
                let (places, (start, end)) = place?;
                places
                    .iter()
                    .filter(|place| place.holds(start, end))
                    .min_by_key(|place| place.length())
                    .map(|place| place.number)
            });
        }
        match found {
            Some(number) if guilty.contains(&number) => {}
            Some(number) => guilty.push(number),
            // The last error only counts the others.
            None if spans.is_none_or(Vec::is_empty) => {}
            None => unexplained.push(text("/message/rendered").unwrap_or_default()),
        }
    }
    ensure!(
        !guilty.is_empty(),
        "the core cannot be built with its switches:\n{}",
        unexplained.join("\n")
    );
    Ok(guilty)
}

/// Errors of types hide errors of lifetimes, so that several rounds are needed.
const ROUNDS: usize = 12;
