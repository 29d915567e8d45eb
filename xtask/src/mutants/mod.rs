//! `cargo xtask mutants`: for every check of the core, does a test fail without it?
//!
//! Each check is removed alone, and each change is made that cargo-mutants knows. One build serves nearly all of them,
//! because every change gets a switch; only the few that cannot have one are built one by one, by cargo-mutants itself.

mod build;
mod edit;
mod foreign;
mod operands;
mod sites;
mod survivors;
mod tokens;
mod tree;
mod trial;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use self::edit::Edit;
use self::foreign::Foreign;
use self::sites::Site;
use self::survivors::{Mutant, Outcome};
use self::trial::Trials;
use crate::process;
use crate::tools::CARGO_MUTANTS;

#[derive(Args)]
pub(crate) struct Options {
    /// Leave out the changes that need a build of their own
    #[arg(long)]
    fast: bool,
    /// Files below crates/verify/src, or folders; all that hold checks when none is named
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

/// The changes to be made.
#[derive(Default)]
struct Plan {
    /// Those with a switch, by its number.
    mutants: Vec<Mutant>,
    edits: BTreeMap<String, Vec<Edit>>,
    /// Those of cargo-mutants, by the number of their switch.
    foreign: BTreeMap<usize, Foreign>,
    /// Those without a switch.
    others: Vec<Foreign>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let files = chosen(&options.files)?;
    let path = CARGO_MUTANTS.install()?;
    let mut plan = Plan::default();
    let list = process::output(process::cargo(["mutants", "--list", "--json"]).env("PATH", &path))?;
    let mut listed = foreign::read(&list)?;
    for file in &files {
        let known = format!("{SOURCE}/{file}");
        let theirs = listed
            .extract_if(.., |foreign| foreign.path == known)
            .collect();
        plan.add(file, theirs)?;
    }

    let copy = tree::copy("switched")?;
    let built = build::build(&copy, std::mem::take(&mut plan.edits))?;
    let mut outcome = plan.try_all(&built, &copy)?;
    for number in &built.failed {
        if let Some(foreign) = plan.foreign.remove(number)
            && !foreign.is_plain_value
        {
            plan.others.push(foreign);
        }
    }
    println!("{} changes need a build of their own", plan.others.len());
    if !(options.fast || plan.others.is_empty()) {
        rebuild(&plan.others, &mut outcome, path)?;
    }
    outcome.judge()
}

impl Plan {
    /// Adds what can be changed in one file.
    fn add(&mut self, file: &str, theirs: Vec<Foreign>) -> Result<()> {
        let text = fs::read_to_string(process::root().join(SOURCE).join(file))
            .with_context(|| format!("cannot read {file}"))?;
        for site in sites::find(&text) {
            let written = text.get(site.start..site.end).unwrap_or_default();
            let written: Vec<&str> = written.split_whitespace().collect();
            let change = site.change.replace("CONDITION", &written.join(" "));
            self.switch(file, &text, change, site);
        }
        for foreign in theirs
            .into_iter()
            .filter(|foreign| foreign.is_possible(&text))
        {
            match foreign.site(&text) {
                None => self.others.push(foreign),
                Some(site) => {
                    let number = self.switch(file, &text, foreign.change.clone(), site);
                    self.foreign.insert(number, foreign);
                }
            }
        }
        Ok(())
    }

    fn switch(&mut self, file: &str, text: &str, change: String, site: Site) -> usize {
        let number = self.mutants.len();
        let place = match &site.shape {
            edit::Shape::Operator(operator, ..) => *operator,
            _ => site.start,
        };
        self.mutants.push(Mutant {
            file: file.to_owned(),
            change,
            line: line_at(text, place),
        });
        self.edits.entry(file.to_owned()).or_default().push(Edit {
            number,
            start: site.start,
            end: site.end,
            shape: site.shape,
        });
        number
    }

    /// Runs the tests with each switch on.
    fn try_all(&self, built: &build::Built, copy: &Path) -> Result<Outcome> {
        let trials = Trials::prepare(&built.programs, copy.join("crates/verify"))?;
        println!(
            "{} changes, {} tests",
            self.mutants.len() - built.failed.len(),
            trials.len()
        );
        let mut outcome = Outcome::default();
        for (number, mutant) in self.mutants.iter().enumerate() {
            if built.failed.contains(&number) {
                continue;
            }
            match trials.notice(number)? {
                true => outcome.caught.push(mutant.clone()),
                false => {
                    println!("not noticed:\n{mutant}");
                    outcome.survived.push(mutant.clone());
                }
            }
        }
        Ok(outcome)
    }
}

/// Has cargo-mutants make these changes, in a copy of the workspace.
fn rebuild(others: &[Foreign], outcome: &mut Outcome, path: std::ffi::OsString) -> Result<()> {
    let copy = tree::copy("tree")?;
    let results = process::target().join("mutation");
    let mut cargo = cargo(&copy, "mutants");
    cargo.env("PATH", path);
    cargo.args(["--in-place", "--colors", "never"]);
    cargo.arg("--output").arg(&results);
    for foreign in others {
        cargo.arg("--re").arg(exactly(&foreign.name));
    }
    println!("$ cargo mutants, for {} changes", others.len());
    let status = cargo.status().context("cannot start cargo-mutants")?;
    // 2: some were not noticed; 3: some ran into the time limit, which is noticing.
    ensure!(
        matches!(status.code(), Some(0 | 2 | 3)),
        "cargo-mutants failed ({status})"
    );
    let outcomes = fs::read_to_string(results.join("mutants.out/outcomes.json"))?;
    let outcomes: Value = serde_json::from_str(&outcomes)?;
    let list = outcomes
        .get("outcomes")
        .and_then(Value::as_array)
        .context("cargo-mutants wrote no outcomes")?;
    for one in list {
        let Some(mutant) = one.pointer("/scenario/Mutant") else {
            continue;
        };
        let mutant = read(mutant, &copy).context("a mutant without name, file or line")?;
        match one.get("summary").and_then(Value::as_str) {
            Some("MissedMutant") => outcome.survived.push(mutant),
            Some("CaughtMutant" | "Timeout") => outcome.caught.push(mutant),
            // It cannot be built.
            _ => {}
        }
    }
    Ok(())
}

/// A regular expression for this text alone.
fn exactly(text: &str) -> String {
    let mut expression = String::from("^");
    for character in text.chars() {
        // An escaped angle bracket would be the edge of a word.
        if r"\.+*?()|[]{}^$".contains(character) {
            expression.push('\\');
        }
        expression.push(character);
    }
    expression.push('$');
    expression
}

/// A mutant in the words of cargo-mutants.
fn read(mutant: &Value, copy: &Path) -> Option<Mutant> {
    let (_, change) = mutant.get("name")?.as_str()?.split_once(": ")?;
    let path = mutant.get("file")?.as_str()?;
    let line = mutant.pointer("/span/start/line")?.as_u64()?;
    let source = fs::read_to_string(copy.join(path)).ok()?;
    let line = source.lines().nth(usize::try_from(line).ok()? - 1)?;
    Some(Mutant {
        file: path.strip_prefix(SOURCE)?.strip_prefix('/')?.to_owned(),
        change: change.to_owned(),
        line: line.trim().to_owned(),
    })
}

/// The files that hold checks, as far as they were chosen.
fn chosen(names: &[String]) -> Result<Vec<String>> {
    let source = process::root().join(SOURCE);
    let mut files = Vec::new();
    collect(&source, "", &mut files)?;
    files.sort_unstable();
    if names.is_empty() {
        return Ok(files);
    }
    let belongs = |file: &String, name: &String| {
        file == name || file.starts_with(&format!("{}/", name.trim_end_matches('/')))
    };
    if let Some(unknown) = names
        .iter()
        .find(|name| !files.iter().any(|file| belongs(file, name)))
    {
        bail!("{unknown} is no file with checks below {SOURCE}");
    }
    files.retain(|file| names.iter().any(|name| belongs(file, name)));
    Ok(files)
}

fn collect(folder: &Path, below: &str, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            if name != "inspect" && !name.ends_with("tests") {
                collect(&entry.path(), &format!("{name}/"), files)?;
            }
        } else if name.ends_with(".rs")
            && !name.ends_with("tests.rs")
            && !WITHOUT_CHECKS.contains(&name.as_str())
        {
            files.push(name);
        }
    }
    Ok(())
}

/// cargo in a copy, with a folder of build output for all copies.
fn cargo(copy: &Path, subcommand: &str) -> Command {
    let mut cargo = process::cargo([subcommand]);
    cargo
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", process::target().join("mutation/build"))
        .env_remove("CI");
    cargo
}

/// The line of `text` in which the byte at `offset` stands.
fn line_at(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or_default();
    let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(begin..).unwrap_or_default();
    line.lines().next().unwrap_or_default().trim().to_owned()
}

/// The core.
const SOURCE: &str = "crates/verify/src";
/// The tests that must notice; `.cargo/mutants.toml` says the same.
const TESTS: [&str; 5] = [
    "--package",
    "sealcheck-verify",
    "--lib",
    "--test",
    "private",
];
/// What only shows or names; the same files are missing in `.cargo/mutants.toml`.
const WITHOUT_CHECKS: [&str; 7] = [
    "certificate/fixture.rs",
    "evidence.rs",
    "failure.rs",
    "lib.rs",
    "limits.rs",
    "outcome.rs",
    "reason.rs",
];

#[cfg(test)]
mod tests {
    use super::{chosen, exactly, line_at};

    #[test]
    fn files_are_chosen_by_name_and_by_folder() {
        let names =
            |names: &[&str]| chosen(&names.iter().map(|name| (*name).into()).collect::<Vec<_>>());
        assert_eq!(names(&["sct/mod.rs"]).unwrap(), ["sct/mod.rs"]);
        assert!(
            names(&["log"])
                .unwrap()
                .contains(&"log/merkle.rs".to_owned())
        );
        assert!(names(&["lib.rs"]).is_err());
        let all = names(&[]).unwrap();
        assert!(
            all.contains(&"verify.rs".to_owned()) && !all.iter().any(|file| file.contains("test"))
        );
    }

    #[test]
    fn an_expression_means_the_text_alone() {
        assert_eq!(exactly("a.rs:1: b -> &c()"), r"^a\.rs:1: b -> &c\(\)$");
    }

    #[test]
    fn a_line_is_found_by_an_offset_in_it() {
        assert_eq!(line_at("a\n  b c\nd", 6), "b c");
        assert_eq!(line_at("a", 0), "a");
    }
}
