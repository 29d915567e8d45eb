//! `inspect` shows, and never claims.

use serde_json::Value;

use crate::sandbox::Sandbox;

#[test]
fn a_bundle_is_shown_as_not_verified() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["inspect", "app.sigstore.json"]).exits(0);
    assert!(run.stdout.starts_with("not verified: "));
    let who = sandbox.who();
    assert!(run.stdout.contains(&who.identity) && run.stdout.contains(&who.issuer));
    let run = sandbox
        .run(&["inspect", "app.sigstore.json", "-o", "json"])
        .exits(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["verified"], false);
    assert_eq!(document["kind"], "sigstore-bundle");
    assert_eq!(
        document["contents"]["certificate"]["identity"],
        who.identity.as_str()
    );
}

#[test]
fn an_attestation_shows_subject_and_predicate_type() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.intoto.jsonl",
        sandbox.sigstore.attest_blob(b"hello").bundle_bytes(),
    );
    let run = sandbox.run(&["inspect", "a.intoto.jsonl"]).exits(0);
    assert!(run.stdout.contains("https://slsa.dev/provenance/v1"));
}

#[test]
fn a_trusted_root_and_standard_input_can_be_shown() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["inspect", "root.json"]).exits(0);
    sandbox.golden("inspect-root", &run);
    let mut root = sandbox.read("root.json");
    root.push('\n');
    sandbox.write("root.json", &root);
    let shown = sandbox
        .run(&["inspect", "root.json", "-o", "json"])
        .exits(0);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let digest = sealcheck_verify::Digest::sha256(root.as_bytes()).hex();
    assert_eq!(shown["contents"]["sha256"], digest);
    let evidence = &sandbox.verify(&["app"]).exits(0).result()["results"][0];
    assert_eq!(evidence["trustedRoot"]["sha256"], digest);
    let signed = sandbox.sigstore.sign_blob(b"hello");
    let run = sandbox
        .run_with_input(&["inspect", "-"], signed.cert_file().as_bytes())
        .exits(0);
    assert!(run.stdout.contains("a certificate"));
}

#[test]
fn what_cannot_be_shown_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("empty", b"");
    sandbox.golden(
        "inspect-artifact",
        &sandbox.run(&["inspect", "app"]).exits(1),
    );
    sandbox.run(&["inspect", "empty"]).exits(1);
    sandbox.run(&["inspect", "missing"]).exits(2);
    sandbox.run(&["inspect", "."]).exits(2);
    sandbox.run(&["inspect"]).exits(2);
}
