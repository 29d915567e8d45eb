//! `verify-blob-attestation`.

use sealcheck_testkit::{Content, Key, KeyKind, LeafRequest, Plan, StatementVersion, sign};
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

/// `app` with provenance by GitHub's own action, signed by a workflow.
fn provenance() -> Sandbox {
    let sandbox = Sandbox::new();
    let builder = "https://github.com/actions/runner/github-hosted";
    let uri = "git+https://github.com/example/project@refs/heads/main";
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let statement = sign::statement(
        StatementVersion::V1,
        &[("app", b"hello")],
        "https://slsa.dev/provenance/v1",
        json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {
                    "ref": "refs/heads/main",
                    "repository": "https://github.com/example/project",
                    "path": ".github/workflows/release.yml",
                }},
                "resolvedDependencies": [{"uri": uri, "digest": {"gitCommit": commit}}],
            },
            "runDetails": {"builder": {"id": builder}},
        }),
    );
    let plan = Plan::keyless(LeafRequest::github_workflow());
    let attested = sandbox.sigstore.sign(Content::statement(&statement), &plan);
    sandbox.write("app.sigstore.json", attested.bundle_bytes());
    sandbox
}

fn verify_provenance(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let base = [
        "verify-blob-attestation",
        "app",
        "--offline",
        "--trusted-root",
        "root.json",
        "--type",
        "slsaprovenance1",
        "--identity",
        "https://github.com/example/project/.github/workflows/release.yml@refs/heads/main",
        "--issuer",
        "https://token.actions.githubusercontent.com",
    ];
    sandbox.run(&[&base[..], arguments].concat())
}

#[test]
fn builder_and_source_can_be_demanded() {
    let sandbox = provenance();
    let builder = [
        "--slsa-builder",
        "https://github.com/actions/runner/github-hosted",
    ];
    let source = ["--slsa-source", "github.com/example/project@branch:main"];
    let met = [&builder[..], &source, &["-o", "text"]].concat();
    let run = verify_provenance(&sandbox, &met).exits(0);
    sandbox.golden("slsa-met", &run);
    let other = [
        "--slsa-source",
        "github.com/example/project-2",
        "-o",
        "text",
    ];
    let run = verify_provenance(&sandbox, &other).exits(1);
    sandbox.golden("slsa-other-source", &run);
    let json = verify_provenance(&sandbox, &[&builder[..], &["-o", "json"]].concat()).result();
    let result = &json["results"][0];
    assert_eq!(result["predicate"]["kind"], "slsa-provenance");
    assert_eq!(result["predicate"]["source"]["ref"], "refs/heads/main");
    assert_eq!(result["policies"][0]["outcome"], "passed");
    assert_eq!(result["policies"][1]["kind"], "slsa-certificate");
}

#[test]
fn policies_decide_together() {
    let sandbox = provenance();
    sandbox.write("yes.cel", "has(predicate.runDetails.builder.id)\n");
    sandbox.write(
        "no.cel",
        "predicateType == \"https://slsa.dev/provenance/v1\" &&\npredicate.runDetails.builder.id == \"me\"\n",
    );
    verify_provenance(&sandbox, &["--policy", "yes.cel"]).exits(0);
    let both = ["--policy", "yes.cel", "--policy", "no.cel", "-o", "text"];
    let run = verify_provenance(&sandbox, &both).exits(1);
    sandbox.golden("policy-refused", &run);
    let json = verify_provenance(&sandbox, &["--policy", "no.cel", "-o", "json"]).result();
    assert_eq!(json["results"][0]["reason"], "policy-refused");
    assert_eq!(json["results"][0]["policies"][0]["outcome"], "failed");
    let refused = ["--policy", "no.cel", "--print-predicate"];
    let run = verify_provenance(&sandbox, &refused).exits(1);
    assert_eq!(run.stdout, "", "what a policy refuses is not printed");
    sandbox.write("missing.cel", "predicate.missing == 'x'");
    verify_provenance(&sandbox, &["--policy", "missing.cel"]).exits(1);
}

#[test]
fn wrong_demands_are_found_before_anything_is_verified() {
    let sandbox = provenance();
    sandbox.write("typo.cel", "true &&\n  predikate.x == 1");
    sandbox.write("policy.cue", "predicate: builder: id: \"x\"");
    sandbox.write("policy.rego", "package signature\nallow { true }");
    sandbox.write("large.cel", format!("true{}", " ".repeat(20_000)));
    sandbox.write("text.cel", "'yes'");
    let mut shown = String::new();
    for arguments in [
        &["--policy", "typo.cel"][..],
        &["--policy", "policy.cue"],
        #[cfg(not(feature = "rego"))]
        &["--policy", "policy.rego"],
        &["--policy", "large.cel"],
        &["--policy", "none.cel"],
        &["--policy", "."],
        &["--policy", "-"],
        &["--policy", "text.cel"],
        &["--policy", "typo.cel", "--output-file", "typo.cel"],
        &["--slsa-source", "example/project"],
        &["--slsa-source", "github.com/example/project@version:1.2"],
        &["--slsa-builder", "a@b@c"],
    ] {
        let run = verify_provenance(&sandbox, &[arguments, &["-o", "text"]].concat()).exits(2);
        let words = arguments.join(" ");
        shown.push_str(&format!("$ {words}\n{}{}\n", run.stdout, run.stderr));
    }
    let other = [
        "app",
        "--type",
        "spdx",
        "--slsa-source",
        "github.com/example/project",
    ];
    verify(&sandbox, &other).exits(2);
    let run = Run {
        stdout: shown,
        stderr: String::new(),
        code: 2,
    };
    if cfg!(not(feature = "rego")) {
        sandbox.golden("wrong-demands", &run);
    }
    assert_eq!(sandbox.read("typo.cel"), "true &&\n  predikate.x == 1");
}
