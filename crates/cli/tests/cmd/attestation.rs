//! `verify-blob-attestation`.

use sealcheck_testkit::{Content, Key, KeyKind, Plan, StatementVersion, sign};
use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// `app` with provenance by a key, in `app.sigstore.json`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let key = Key::generate(KeyKind::P256);
    sandbox.write("key.pub", key.public_pem());
    let statement = sign::statement(
        StatementVersion::V1,
        &[("app", b"hello")],
        "https://slsa.dev/provenance/v1",
        json!({ "builder": "me" }),
    );
    let attested = sandbox
        .sigstore
        .sign(Content::statement(&statement), &Plan::key(key));
    sandbox.write("app.sigstore.json", attested.bundle_bytes());
    sandbox
}

fn verify(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let base = [
        "verify-blob-attestation",
        "--offline",
        "--trusted-root",
        "root.json",
        "--key",
        "key.pub",
    ];
    sandbox.run(&[&base[..], arguments].concat())
}

#[test]
fn the_type_is_enforced() {
    let sandbox = sandbox();
    let run = verify(
        &sandbox,
        &["app", "--type", "slsaprovenance1", "-o", "text"],
    )
    .exits(0);
    sandbox.golden("attestation", &run);
    verify(
        &sandbox,
        &["app", "--type", "https://slsa.dev/provenance/v1"],
    )
    .exits(0);
    let run = verify(&sandbox, &["app", "--type", "spdx", "-o", "text"]).exits(1);
    sandbox.golden("attestation-type", &run);
    verify(&sandbox, &["app"]).exits(1);
    verify(&sandbox, &["app", "--type", "sbom"]).exits(2);
}

#[test]
fn the_predicate_alone_goes_to_standard_output() {
    let sandbox = sandbox();
    let run = verify(
        &sandbox,
        &["app", "--type", "slsaprovenance1", "--print-predicate"],
    )
    .exits(0);
    let predicate: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(predicate, json!({ "builder": "me" }));
    assert!(run.stderr.starts_with("verified  app"), "{}", run.stderr);
    sandbox.write("app", b"tampered");
    let run = verify(
        &sandbox,
        &["app", "--type", "slsaprovenance1", "--print-predicate"],
    )
    .exits(1);
    assert_eq!(run.stdout, "", "nothing unproved is printed");
}

#[test]
fn digests_stand_for_the_file() {
    let sandbox = sandbox();
    let hex = sealcheck_verify::Digest::sha256(b"hello").hex();
    let bundle = ["--bundle", "app.sigstore.json", "--type", "slsaprovenance1"];
    let run = |more: &[&str]| verify(&sandbox, &[&bundle[..], more].concat());
    run(&["--digest", &format!("sha256:{hex}")]).exits(0);
    run(&["--digest", &hex, "--digestAlg", "sha256"]).exits(0);
    run(&["--digest", &hex]).exits(0);
    run(&["--digest", &format!("gitCommit:{}", "0".repeat(40))]).exits(1);
    run(&["--digest", "sha256:00"]).exits(2);
    run(&["--digest", &hex, "app"]).exits(2);
    run(&[]).exits(2);
}

#[test]
fn claims_are_always_checked() {
    let sandbox = sandbox();
    verify(
        &sandbox,
        &["app", "--type", "slsaprovenance1", "--check-claims=true"],
    )
    .exits(0);
    let run = verify(
        &sandbox,
        &["app", "--type", "slsaprovenance1", "--check-claims=false"],
    )
    .exits(2);
    sandbox.golden("check-claims", &run);
}

#[test]
fn a_signature_is_no_attestation_and_an_attestation_no_signature() {
    let sandbox = sandbox();
    sandbox
        .run(&[
            "verify-blob",
            "app",
            "--offline",
            "--trusted-root",
            "root.json",
            "--key",
            "key.pub",
        ])
        .exits(1);
}
