//! `cargo xtask demo`: what the program does, on the release of examples/, without any network.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::examples::release::{KIT, ORIGINAL, TAMPERED, VERSION};
use crate::process;

pub(crate) fn run() -> Result<()> {
    let program = process::sealcheck()?;
    say(
        "A small release, signed as Kubernetes signs, in a folder with its proofs. \
         Is all of it genuine? No network is used:",
    );
    let everything = Step {
        program: &program,
        command: "verify-all",
        file: None,
    };
    everything.show(0)?;
    whole_release(&everything.document()?)?;
    say("Everything is. Now one of its files, in which one byte was changed:");
    let tampered = Step {
        program: &program,
        command: "verify",
        file: Some(TAMPERED),
    };
    tampered.show(1)?;
    caught(&tampered.document()?)?;
    say(&format!(
        "What was shown: every file and image of {VERSION} was proved, by who signed it and by the signed list of the \
         release; and a copy of {ORIGINAL} with one changed byte was rejected because of its content."
    ));
    Ok(())
}

/// A command on the kit.
struct Step<'a> {
    program: &'a Path,
    command: &'a str,
    file: Option<&'a str>,
}

impl Step<'_> {
    fn arguments(&self) -> Vec<String> {
        let version = VERSION.to_string();
        let file = self.file.iter().copied();
        let words = ["release", self.command, &version].into_iter().chain(file);
        let root = format!("{KIT}/trusted_root.json");
        let rest = ["--from", KIT, "--offline", "--trusted-root", &root];
        words.chain(rest).map(str::to_owned).collect()
    }

    /// Runs it as a person does, and sees that it ends as it should.
    fn show(&self, expected: i32) -> Result<()> {
        println!("{}\n", shell(&self.arguments()));
        let mut command = self.start("text");
        let status = command.status().context("cannot start the program")?;
        ensure!(
            status.code() == Some(expected),
            "exit code {expected} was expected of release {}, not {status}",
            self.command
        );
        println!("\n(exit code {expected})");
        Ok(())
    }

    /// Runs it again for what it says to machines.
    fn document(&self) -> Result<Value> {
        let mut command = self.start("json");
        let output = command.stderr(Stdio::inherit()).output();
        let output = output.context("cannot start the program")?;
        serde_json::from_slice(&output.stdout).context("the report is no JSON")
    }

    fn start(&self, output: &str) -> Command {
        let mut command = Command::new(self.program);
        command
            .current_dir(process::root())
            .args(self.arguments())
            .args(["--output", output]);
        command
    }
}

/// Whether files and images were proved, and all of them.
fn whole_release(report: &Value) -> Result<()> {
    for what in ["files", "images"] {
        let all = report.get(what).and_then(Value::as_array);
        let all = all.with_context(|| format!("the report has no {what}"))?;
        ensure!(!all.is_empty(), "no {what} were proved");
        for one in all {
            ensure!(word(one, "/outcome") == "verified", "not verified: {one}");
        }
    }
    let outcome = word(report, "/outcome");
    ensure!(outcome == "verified", "the release is {outcome}");
    Ok(())
}

/// Whether a file was rejected for what it contains, and for nothing else.
fn caught(report: &Value) -> Result<()> {
    for (place, expected) in [
        ("/results/0/outcome", "rejected"),
        ("/results/0/reason", "release-mismatch"),
        ("/results/0/release/path", ORIGINAL),
        // The proved list has the file, with other content.
        ("/results/0/release/listed", "other"),
    ] {
        let found = word(report, place);
        ensure!(
            found == expected,
            "the tampered file: {expected} was expected at {place}, not {found:?}"
        );
    }
    Ok(())
}

fn word<'v>(value: &'v Value, place: &str) -> &'v str {
    let found = value.pointer(place).and_then(Value::as_str);
    found.unwrap_or_default()
}

/// A command as one would type it, a flag on each line where it is long.
fn shell(arguments: &[String]) -> String {
    let text = arguments.join(" ").replace(" --", " \\\n    --");
    format!("$ sealcheck {text}")
}

/// A paragraph between empty lines.
fn say(text: &str) {
    let mut line = String::new();
    println!();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() >= COLUMNS {
            println!("{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    println!("{line}\n");
}

/// Of the narrowest terminals.
const COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tampered() -> Value {
        json!({"results": [{
            "outcome": "rejected",
            "reason": "release-mismatch",
            "release": {"path": ORIGINAL, "listed": "other"},
        }]})
    }

    #[test]
    fn a_file_counts_as_caught_for_its_content_only() {
        caught(&tampered()).unwrap();
        for (place, other) in [
            ("/results/0/outcome", json!("verified")),
            ("/results/0/reason", json!("identity-mismatch")),
            ("/results/0/release/listed", json!("same")),
            ("/results/0/release", json!(null)),
        ] {
            let mut report = tampered();
            *report.pointer_mut(place).unwrap() = other;
            caught(&report).unwrap_err();
        }
    }

    #[test]
    fn a_release_counts_as_proved_when_there_is_something_and_all_of_it_is() {
        let good = json!({
            "outcome": "verified",
            "files": [{"outcome": "verified"}],
            "images": [{"outcome": "verified"}],
        });
        whole_release(&good).unwrap();
        for (place, other) in [
            ("/outcome", json!("rejected")),
            ("/files", json!([])),
            ("/images", json!([])),
            ("/files/0/outcome", json!("unsigned")),
            ("/images/0/outcome", json!("unavailable")),
        ] {
            let mut report = good.clone();
            *report.pointer_mut(place).unwrap() = other;
            whole_release(&report).unwrap_err();
        }
    }
}
