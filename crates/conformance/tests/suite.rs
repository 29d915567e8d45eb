//! The client against every case of the public bundle-verification suite, called as the suite calls it: 70 cases, each
//! by path and by digest.
#![expect(clippy::unwrap_used, reason = "test code outside test functions")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck_testkit::shared;
use sealcheck_verify::Digest;

/// Who signed, unless a case says otherwise (README of the suite's cases).
const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
/// The number of cases in the snapshot of the suite that we hold: a shorter list would be a silent skip.
const CASES: usize = 70;

fn main() {
    let mut trials = Vec::new();
    if let Some(conformance) = shared::conformance() {
        let mut cases: Vec<PathBuf> = fs::read_dir(conformance.join("bundle-verify"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        cases.sort();
        let count = cases.len();
        trials.push(Trial::test("every_case_is_here", move || match count {
            CASES => Ok(()),
            found => Err(format!("{found} cases, and there should be {CASES}").into()),
        }));
        for case in cases {
            for by_digest in [false, true] {
                let kind = if by_digest { "digest" } else { "path" };
                let name = case.file_name().unwrap().to_string_lossy().into_owned();
                let case = case.clone();
                trials.push(Trial::test(format!("{name}::{kind}"), move || {
                    run(&case, by_digest)
                }));
            }
        }
    }
    trials.push(Trial::test("a_malformed_command_is_neither", malformed_command));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run(case: &Path, by_digest: bool) -> Result<(), Failed> {
    let own = |name: &str| Some(case.join(name)).filter(|path| path.exists());
    let text = |name: &str, default: &str| match own(name) {
        Some(path) => fs::read_to_string(path).unwrap().trim().to_owned(),
        None => default.to_owned(),
    };
    let mut client = client();
    client
        .arg("--bundle")
        .arg(case.join("bundle.sigstore.json"));
    match own("key.pub") {
        Some(key) => client.arg("--key").arg(key),
        None => client
            .args(["--certificate-identity", &text("identity", IDENTITY)])
            .args(["--certificate-oidc-issuer", &text("issuer", ISSUER)]),
    };
    if let Some(root) = own("trusted_root.json") {
        client.arg("--trusted-root").arg(root);
    }
    let artifact = own("artifact").unwrap_or_else(|| case.with_file_name("a.txt"));
    match by_digest {
        true => client.arg(Digest::sha256(&fs::read(artifact).unwrap()).to_string()),
        false => client.arg(artifact),
    };
    let output = client.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let must_fail = case.to_string_lossy().ends_with("_fail");
    let expected = Some(i32::from(must_fail));
    if output.status.code() != expected || said.trim().is_empty() || !output.stdout.is_empty() {
        let found = output.status;
        return Err(format!("{found}, and {expected:?} was expected: {said}").into());
    }
    Ok(())
}

/// A mistake in the call must not pass for a rejection.
fn malformed_command() -> Result<(), Failed> {
    let both = [
        "--bundle", "b", "--key", "k", "--certificate-identity", "i", "a",
    ];
    let calls: [&[&str]; 4] = [
        &["--bundle", "b", "a"],
        &["--bundle", "b", "--certificate-identity", "i", "a"],
        &["--bundle", "b", "--staging", "--trusted-root", "r", "--key", "k", "a"],
        &both,
    ];
    for call in calls {
        let output = client().args(call).output().unwrap();
        if output.status.code() != Some(2) {
            return Err(format!("{call:?}: {}", output.status).into());
        }
    }
    Ok(())
}

fn client() -> Command {
    let mut client = Command::new(env!("CARGO_BIN_EXE_sealcheck-conformance"));
    client.arg("verify-bundle");
    client
}
