//! Variables speak for flags, and never weaken in silence.

use crate::sandbox::{Run, Sandbox, finish};

fn with(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = sandbox.command(
        &[
            &["verify-blob", "app", "--offline", "-o", "json"],
            arguments,
        ]
        .concat(),
    );
    finish(command.envs(variables.iter().copied()))
}

#[test]
fn flags_beat_own_variables_and_those_beat_cosigns() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let root = ("SEALCHECK_TRUSTED_ROOT", "root.json");
    let cosign = [
        ("COSIGN_TRUSTED_ROOT", "root.json"),
        ("COSIGN_CERTIFICATE_IDENTITY", who.identity.as_str()),
        ("COSIGN_CERTIFICATE_OIDC_ISSUER", who.issuer.as_str()),
    ];
    with(&sandbox, &cosign, &[]).exits(0);
    let own = [root, ("SEALCHECK_IDENTITY", "other"), cosign[1], cosign[2]];
    with(&sandbox, &own, &[]).exits(1);
    with(&sandbox, &own, &["--identity", &who.identity]).exits(0);
    with(&sandbox, &own, &["--certificate-identity", &who.identity]).exits(0);
    // An empty variable is none.
    with(
        &sandbox,
        &[root, ("SEALCHECK_IDENTITY", ""), cosign[1], cosign[2]],
        &[],
    )
    .exits(0);
    // A key on the command line silences an identity in a variable.
    with(&sandbox, &cosign, &["--key", "missing.pub"]).exits(2);
    // A signature on the command line silences a bundle in a variable.
    let bundle = [
        cosign[0],
        cosign[1],
        cosign[2],
        ("COSIGN_BUNDLE", "missing.json"),
    ];
    with(&sandbox, &bundle, &["--bundle", "app.sigstore.json"]).exits(0);
    with(&sandbox, &bundle, &[]).exits(2);
}

#[test]
fn what_a_variable_weakens_is_told() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let signer = [
        "--identity",
        &who.identity,
        "--issuer",
        &who.issuer,
        "--trusted-root",
        "root.json",
    ];
    for name in [
        "COSIGN_INSECURE_IGNORE_TLOG",
        "SEALCHECK_INSECURE_IGNORE_SCT",
    ] {
        let run = with(&sandbox, &[(name, "true")], &signer).exits(0);
        assert!(run.stderr.contains(name), "{}", run.stderr);
        let run = with(&sandbox, &[(name, "false")], &signer).exits(0);
        assert_eq!(run.stderr, "");
    }
    let off = [&signer[..], &["--insecure-ignore-tlog=false"]].concat();
    let run = with(&sandbox, &[("COSIGN_INSECURE_IGNORE_TLOG", "1")], &off).exits(0);
    assert_eq!(run.stderr, "");
    let run = with(
        &sandbox,
        &[],
        &[&signer[..], &["--insecure-ignore-tlog"]].concat(),
    )
    .exits(0);
    assert_eq!(run.stderr, "", "a flag is seen by whoever writes it");
}

#[test]
fn wrong_values_name_their_variable() {
    let sandbox = Sandbox::new();
    let run = with(&sandbox, &[("SEALCHECK_JOBS", "many")], &[]).exits(2);
    assert!(run.stderr.contains("SEALCHECK_JOBS"), "{}", run.stderr);
}

#[test]
fn cosigns_way_of_writing_is_understood() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let run = sandbox
        .run(&[
            "verify-blob",
            "-trusted-root",
            "root.json",
            "-certificate-identity",
            &who.identity,
            "--certificate-oidc-issuer",
            &who.issuer,
            "-bundle=app.sigstore.json",
            "--offline=true",
            "--new-bundle-format=true",
            "--max-workers",
            "2",
            "-t",
            "3m0s",
            "-o",
            "cosign",
            "app",
        ])
        .exits(0);
    sandbox.golden("cosign", &run);
    assert_eq!(run.stdout, "");
}
