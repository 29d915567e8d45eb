//! Verifications per second by libraries, with everything prepared that can be.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use sealcheck_testbed::Testbed;

use super::work::SIGNER;
use crate::process;

/// A table: a row for each library, a column for each log.
pub(crate) fn measure(testbed: &Testbed) -> Result<String> {
    process::run(&mut process::cargo([
        "build",
        "--release",
        "--locked",
        "--package",
        "sealcheck-conformance",
        "--example",
        "rate",
    ]))?;
    let python = python()?;
    let logs = [&testbed.signing_config_v1, &testbed.signing_config_v2];
    let mut rows = Vec::new();
    for (log, config) in logs.into_iter().enumerate() {
        let artifact = testbed.folder.join(format!("rate-{log}"));
        let bundle = testbed.folder.join(format!("rate-{log}.sigstore.json"));
        fs::write(&artifact, "small\n")?;
        let token = testbed.folder.join("rate-token");
        fs::write(&token, testbed.token(SIGNER)?)?;
        // The second counts: sigstore-python refuses an entry whose index is 0, the first of a log.
        for _ in 0..2 {
            let mut cosign = testbed.cosign();
            cosign.args(["sign-blob", "--yes", "--identity-token"]);
            cosign.arg(&token).arg("--signing-config").arg(config);
            process::output(cosign.arg("--bundle").arg(&bundle).arg(&artifact))?;
        }
        let asked = |command: &mut Command| {
            command.arg(&testbed.trusted_root).arg(&bundle);
            process::output(command.arg(&artifact).args([SIGNER, &testbed.issuer_url]))
        };
        let rust = process::target().join("release/examples/rate");
        let mut said = asked(&mut Command::new(rust))?;
        let script = process::root().join("xtask/src/bench/peers/rate.py");
        said.push_str(&asked(Command::new(&python).arg(script))?);
        for (row, line) in said.lines().enumerate() {
            let (name, time) = line.split_once(' ').context("no figure")?;
            let time: f64 = time.parse()?;
            let cell = format!(" {time:.0} µs, {:.0}/s |", 1e6 / time);
            match rows.get_mut(row) {
                None => rows.push(format!("| {name} |{cell}")),
                Some(row) => row.push_str(&cell),
            }
        }
    }
    Ok(format!("{HEAD}\n{}", rows.join("\n")))
}

/// A Python with sigstore-python, below the folder of build output.
fn python() -> Result<PathBuf> {
    let folder = process::target().join("sigstore-python");
    let python = folder.join("bin/python");
    if !folder.join("lib").is_dir() {
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    process::run(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        SIGSTORE_PYTHON,
    ]))?;
    Ok(python)
}

const SIGSTORE_PYTHON: &str = "sigstore==4.5.1";
const HEAD: &str = "| library | Rekor v1 | Rekor v2 with timestamp |\n| --- | --- | --- |";
