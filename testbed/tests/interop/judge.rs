//! The two programs, shown the same files with the same arguments.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sealcheck_testbed::Testbed;
use serde_json::Value;

use crate::case::Form;
use crate::image;
use crate::proof::{Proof, TRUSTED_ROOT};
use crate::sealcheck;

/// What a program says.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub says: Says,
    /// The reason code; cosign has none.
    pub reason: String,
    /// The command and all that it printed.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Accepts,
    Rejects,
    /// The question cannot be answered. Cosign does not tell it from a rejection.
    Unavailable,
    Unsigned,
    /// The command line is wrong.
    Usage,
}

impl Says {
    /// As the tables have it.
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Accepts => 'a',
            Self::Rejects => 'r',
            Self::Unavailable => 'u',
            Self::Unsigned => 'n',
            Self::Usage => '!',
        }
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepts => "accepts",
            Self::Rejects => "rejects",
            Self::Unavailable => "unavailable",
            Self::Unsigned => "unsigned",
            Self::Usage => "usage",
        })
    }
}

/// Both verdicts on a proof, with its files and what was said left in `folder`. Each program waits so long for the log.
pub(crate) fn both(
    testbed: &Testbed,
    proof: &Proof,
    folder: &Path,
    timeout: &str,
) -> (Judgement, Judgement) {
    let mut arguments = match proof.attached.is_some() {
        true => image::keep(testbed, proof, folder),
        false => proof.keep(folder),
    };
    arguments.extend(["--timeout".to_owned(), timeout.to_owned()]);
    let cosign = cosign(testbed, proof, folder, &arguments);
    let ours = ours(proof, folder, &arguments);
    fs::write(folder.join("cosign.txt"), &cosign.text).unwrap();
    fs::write(folder.join("sealcheck.txt"), &ours.text).unwrap();
    (cosign, ours)
}

/// Cosign's verdict on what was left in the folder, by its exit code.
pub(crate) fn cosign(
    testbed: &Testbed,
    proof: &Proof,
    folder: &Path,
    arguments: &[String],
) -> Judgement {
    let mut cosign = testbed.cosign();
    cosign.current_dir(folder).args(arguments);
    match proof.case.form {
        Form::Bundle => {
            cosign.args(["--trusted-root", TRUSTED_ROOT]);
        }
        _ => set_trust(&mut cosign, proof, folder),
    }
    let output = cosign.output().unwrap();
    Judgement {
        says: match output.status.success() {
            true => Says::Accepts,
            false => Says::Rejects,
        },
        reason: String::new(),
        text: told(&cosign, &output),
    }
}

/// Our program's verdict on what was left in the folder, with the trusted root there.
pub(crate) fn ours(proof: &Proof, folder: &Path, arguments: &[String]) -> Judgement {
    let mut command = sealcheck::command();
    command
        .args(arguments)
        .args(["--trusted-root", TRUSTED_ROOT]);
    judged(command, proof, folder)
}

/// The same, with what to trust in cosign's variables.
pub(crate) fn ours_by_variables(proof: &Proof, folder: &Path, arguments: &[String]) -> Judgement {
    let mut command = sealcheck::command();
    command.args(arguments);
    set_trust(&mut command, proof, folder);
    judged(command, proof, folder)
}

/// By the result document.
fn judged(mut command: Command, proof: &Proof, folder: &Path) -> Judgement {
    command.current_dir(folder).args(["--output", "json"]);
    // What is not asked online must not need the network.
    if proof.case.form != Form::Detached && proof.attached.is_none() {
        command.arg("--offline");
    }
    let output = command.output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let result = &document["results"][0];
    Judgement {
        says: match (output.status.code(), result["outcome"].as_str()) {
            (Some(0), Some("verified")) => Says::Accepts,
            (Some(1), Some("rejected")) => Says::Rejects,
            (Some(3), Some("unavailable")) => Says::Unavailable,
            (Some(4), Some("unsigned")) => Says::Unsigned,
            _ => Says::Usage,
        },
        reason: result["failure"]["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        text: told(&command, &output),
    }
}

/// What cosign is told to trust for old formats: files named by variables.
fn set_trust(command: &mut Command, proof: &Proof, folder: &Path) {
    for (variable, content) in proof.trust_files() {
        fs::write(folder.join(variable), content).unwrap();
        command.env(variable, folder.join(variable));
    }
}

fn told(command: &Command, output: &Output) -> String {
    format!(
        "{command:?}\n{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
