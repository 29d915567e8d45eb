//! Variables speak for flags, and never weaken in silence.

use sealcheck_testkit::{Content, Key, KeyKind, Plan, StatementVersion, sign};
use serde_json::json;

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

/// A proof that fulfils everything but that it has no log entry.
fn without_log() -> Sandbox {
    let sandbox = Sandbox::new();
    let key = Key::generate(KeyKind::P256);
    sandbox.write("key.pub", key.public_pem());
    let plan = Plan {
        entries: Some(Vec::new()),
        ..Plan::key(key)
    };
    let signed = sandbox.sigstore.sign(Content::message(b"hello"), &plan);
    sandbox.write("app.sigstore.json", signed.bundle_bytes());
    sandbox
}

#[test]
fn a_flag_makes_variables_void_that_say_the_same_in_other_words() {
    let sandbox = without_log();
    let line = ["--key", "key.pub", "--trusted-root", "root.json"];
    let waived = [("COSIGN_PRIVATE_INFRASTRUCTURE", "true")];
    with(&sandbox, &waived, &line).exits(0);
    for refusal in [
        &["--insecure-ignore-tlog=false"][..],
        &["--insecure-ignore-tlog", "--insecure-ignore-tlog=false"],
        &["--require", "log=1"],
        &["--require", "inclusion-proof"],
    ] {
        let run = with(&sandbox, &waived, &[&line[..], refusal].concat());
        // The log could not be asked.
        assert!([1, 3].contains(&run.code), "{refusal:?}: {}", run.code);
        let told = "COSIGN_PRIVATE_INFRASTRUCTURE is ignored";
        assert!(run.stderr.contains(told), "{refusal:?}: {}", run.stderr);
        assert!(!run.stderr.contains("is set"), "{}", run.stderr);
    }
    // The same between the variables.
    let both = [waived[0], ("SEALCHECK_INSECURE_IGNORE_TLOG", "false")];
    with(&sandbox, &both, &line).exits(1);
    let both = [waived[0], ("COSIGN_INSECURE_IGNORE_TLOG", "false")];
    with(&sandbox, &both, &line).exits(2);
    let flags = ["--insecure-ignore-tlog=false", "--private-infrastructure"];
    with(&sandbox, &[], &[&line[..], &flags].concat()).exits(2);
    // A demand in a variable is void beside a flag that waives it.
    let demand = [("SEALCHECK_REQUIRE", "log=1")];
    let run = with(
        &sandbox,
        &demand,
        &[&line[..], &["--insecure-ignore-tlog"]].concat(),
    )
    .exits(0);
    assert!(
        run.stderr.contains("SEALCHECK_REQUIRE is ignored"),
        "{}",
        run.stderr
    );
    let run = with(
        &sandbox,
        &demand,
        &[&line[..], &["--require", "scts=1"]].concat(),
    );
    assert!(
        run.stderr.contains("SEALCHECK_REQUIRE is ignored"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_demand_in_a_variable_does_not_vanish_in_silence_beside_the_flag() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let base = [
        "--trusted-root",
        "root.json",
        "--identity",
        &who.identity,
        "--issuer",
        &who.issuer,
    ];
    let claim = [(
        "SEALCHECK_CLAIM",
        "source-repository-uri=https://example.com/other",
    )];
    with(&sandbox, &claim, &base).exits(1);
    let flag = ["--claim", "source-repository-ref=refs/heads/other"];
    let run = with(&sandbox, &claim, &[&base[..], &flag].concat()).exits(1);
    let told = "SEALCHECK_CLAIM is ignored: --claim is given";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let run = with(&sandbox, &[], &[&base[..], &flag].concat()).exits(1);
    assert!(!run.stderr.contains("is ignored"), "{}", run.stderr);

    let key = Key::generate(KeyKind::P256);
    sandbox.write("key.pub", key.public_pem());
    let statement = sign::statement(
        StatementVersion::V1,
        &[("app", b"hello")],
        "https://slsa.dev/provenance/v1",
        json!({}),
    );
    let attested = sandbox
        .sigstore
        .sign(Content::statement(&statement), &Plan::key(key));
    sandbox.write("app.sigstore.json", attested.bundle_bytes());
    sandbox.write("false.cel", "false");
    sandbox.write("true.cel", "true");
    let base = [
        "verify-blob-attestation",
        "app",
        "--offline",
        "--trusted-root",
        "root.json",
        "--key",
        "key.pub",
        "--type",
        "slsaprovenance1",
    ];
    for variable in ["SEALCHECK_POLICY", "COSIGN_POLICY"] {
        let policy = |more: &[&str]| {
            let mut command = sandbox.command(&[&base[..], more].concat());
            finish(command.env(variable, "false.cel"))
        };
        policy(&[]).exits(1);
        let run = policy(&["--policy", "true.cel"]).exits(0);
        let told = format!("{variable} is ignored: --policy is given");
        assert!(run.stderr.contains(&told), "{}", run.stderr);
    }
}

/// The trusted root of GitHub's instance cannot be had here, so that only what is required is looked at.
#[test]
fn a_flag_that_demands_a_log_is_not_waived_by_an_instance_in_a_variable() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let signer = ["--identity", &who.identity, "--issuer", &who.issuer];
    let github = [("SEALCHECK_INSTANCE", "github")];
    let required = |run: Run| run.result()["results"][0]["required"].clone();
    let usual = required(with(&sandbox, &[], &signer));
    let waived = with(&sandbox, &github, &signer);
    assert!(
        waived.stderr.contains("SEALCHECK_INSTANCE is set"),
        "{}",
        waived.stderr
    );
    let waived = required(waived);
    assert_ne!(waived["logEntries"], usual["logEntries"]);
    assert_ne!(waived["scts"], usual["scts"]);
    let line = [&signer[..], &["--insecure-ignore-tlog=false"]].concat();
    let refused = required(with(&sandbox, &github, &line));
    assert_eq!(refused["logEntries"], usual["logEntries"]);
    let line = [&signer[..], &["--insecure-ignore-sct=false"]].concat();
    let refused = required(with(&sandbox, &github, &line));
    assert_eq!(refused["scts"], usual["scts"]);
    let flag = ["--instance", "github"];
    let off = [("SEALCHECK_INSECURE_IGNORE_TLOG", "false")];
    let chosen = with(&sandbox, &off, &[&signer[..], &flag].concat());
    assert_eq!(required(chosen)["logEntries"], waived["logEntries"]);
}

#[test]
fn variables_that_say_who_must_have_signed_are_told() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let root = ("SEALCHECK_TRUSTED_ROOT", "root.json");
    let identity = ("COSIGN_CERTIFICATE_IDENTITY", who.identity.as_str());
    let issuer = ("SEALCHECK_ISSUER", who.issuer.as_str());
    let key = ("COSIGN_KEY", "missing.pub");
    let run = with(&sandbox, &[root, identity, issuer], &[]).exits(0);
    for name in [
        "COSIGN_CERTIFICATE_IDENTITY is set",
        "SEALCHECK_ISSUER is set",
    ] {
        assert!(run.stderr.contains(name), "{}", run.stderr);
    }
    let flags = ["--identity", &who.identity, "--issuer", &who.issuer];
    let run = with(&sandbox, &[root, identity, issuer, key], &flags).exits(0);
    assert!(
        run.stderr.contains("COSIGN_KEY is ignored"),
        "{}",
        run.stderr
    );
    let told = "COSIGN_CERTIFICATE_IDENTITY is ignored";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let run = with(&sandbox, &[root, key], &[]).exits(2);
    assert!(run.stderr.contains("COSIGN_KEY is set"), "{}", run.stderr);
    let none = ("SEALCHECK_NO_ISSUER", "true");
    let run = with(&sandbox, &[root, identity, none], &[]).exits(1);
    assert!(
        run.stderr.contains("SEALCHECK_NO_ISSUER is set"),
        "{}",
        run.stderr
    );
    let none = ("SEALCHECK_NO_ISSUER", "false");
    with(
        &sandbox,
        &[root, identity, none],
        &["--issuer", &who.issuer],
    )
    .exits(0);
    with(&sandbox, &[root, identity, none], &[]).exits(2);
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
