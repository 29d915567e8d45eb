//! `verify-blob`: what is right, and what is wrong but natural.

use sealcheck_testkit::{Content, Key, KeyKind, LeafRequest, Plan};

use crate::sandbox::{Sandbox, checked};

#[test]
fn a_signed_file_is_verified_and_told_calmly() {
    let sandbox = Sandbox::new();
    let run = sandbox.verify(&["app", "-o", "text"]).exits(0);
    sandbox.golden("verified", &run);
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn a_pipe_gets_the_document_of_the_schema() {
    let sandbox = Sandbox::new();
    let run = sandbox.verify(&["app"]).exits(0);
    let document = run.result();
    assert_eq!(document["schema"], "sealcheck/result/v1");
    assert_eq!(document["outcome"], "verified");
    let result = &document["results"][0];
    assert_eq!(result["artifact"]["name"], "app");
    assert_eq!(result["signer"], sandbox.who().identity.as_str());
    assert!(result["signedAt"].is_string() && result["places"].is_array());
    assert_eq!(run.stderr, "");
}

#[test]
fn a_tampered_file_is_rejected() {
    let sandbox = Sandbox::new();
    sandbox.write("app", b"hellO");
    let run = sandbox.verify(&["app", "-o", "text"]).exits(1);
    sandbox.golden("tampered", &run);
    let run = sandbox.verify(&["app"]).exits(1);
    assert_eq!(run.result()["outcome"], "rejected");
    assert!(
        run.stderr.contains("rejected"),
        "a failure is told where it is seen"
    );
    let run = sandbox.verify(&["app", "-o", "json"]).exits(1);
    assert_eq!(run.stderr, "");
}

#[test]
fn another_signer_is_rejected_with_what_was_found() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let base = [
        "verify-blob",
        "app",
        "--offline",
        "--trusted-root",
        "root.json",
        "-o",
        "text",
    ];
    let run = |more: &[&str]| sandbox.run(&[&base[..], more].concat());
    let other = run(&["--identity", "mallory@example.com", "--issuer", &who.issuer]).exits(1);
    sandbox.golden("wrong-identity", &other);
    run(&[
        "--identity",
        &who.identity,
        "--issuer",
        "https://evil.example",
    ])
    .exits(1);
    let part = run(&[
        "--certificate-identity-regexp",
        "example",
        "--certificate-oidc-issuer",
        &who.issuer,
    ])
    .exits(1);
    assert!(part.stdout.contains("match the whole"), "{}", part.stdout);
    let claim = run(&[
        "--identity",
        &who.identity,
        "--issuer",
        &who.issuer,
        "--claim",
        "source-repository-uri=x",
    ])
    .exits(1);
    assert!(claim.stdout.contains("claim-mismatch"));
}

#[test]
fn any_of_several_signers_will_do() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let base = [
        "verify-blob",
        "app",
        "--offline",
        "--trusted-root",
        "root.json",
        "-o",
        "json",
    ];
    let first = [
        "--identity",
        "other@example.com",
        "--issuer",
        "https://other.example",
    ];
    let second = ["--identity", &who.identity, "--issuer", &who.issuer];
    sandbox.run(&[&base[..], &first, &second].concat()).exits(0);
    let swapped = [
        "--identity",
        "other@example.com",
        "--issuer",
        &who.issuer,
        "--identity",
        &who.identity,
        "--issuer",
        "https://other.example",
    ];
    sandbox.run(&[&base[..], &swapped].concat()).exits(1);
    sandbox
        .run(&[&base[..], &first[..2], &second].concat())
        .exits(2);
    let any = ["--identity", "regex:.*", "--issuer", "glob:**"];
    let run = sandbox.run(&[&base[..], &any].concat()).exits(0);
    assert_eq!(run.stderr.matches("warning:").count(), 2, "{}", run.stderr);
}

#[test]
fn without_identity_the_one_in_the_certificate_is_shown_but_not_believed() {
    let sandbox = Sandbox::new();
    let run = sandbox
        .run(&["verify-blob", "app", "--trusted-root", "root.json"])
        .exits(2);
    sandbox.golden("identity-required", &run);
    let who = sandbox.who();
    let run = sandbox
        .run(&["verify-blob", "app", "--identity", &who.identity])
        .exits(2);
    assert!(run.stderr.contains("--certificate-oidc-issuer"));
    assert!(
        !run.stderr.contains("--certificate-identity "),
        "{}",
        run.stderr
    );
    let run = sandbox.run(&["verify-blob", "missing"]).exits(2);
    assert!(run.stderr.contains("identity-required"));
}

#[test]
fn detached_files_are_found_and_can_be_named() {
    let sandbox = Sandbox::new();
    let signed = sandbox.sigstore.sign_blob(b"hello");
    std::fs::remove_file(sandbox.path("app.sigstore.json")).unwrap();
    sandbox.write("app.sig", signed.sig_file());
    sandbox.write("app.cert", signed.cert_file());
    let who = |sandbox: &Sandbox| {
        sandbox.write("app.sigstore.json", signed.bundle_bytes());
        let who = sandbox.who();
        std::fs::remove_file(sandbox.path("app.sigstore.json")).unwrap();
        who
    };
    let who = who(&sandbox);
    let base = [
        "verify-blob",
        "app",
        "--offline",
        "--trusted-root",
        "root.json",
        "-o",
        "text",
        "--identity",
        &who.identity,
        "--issuer",
        &who.issuer,
    ];
    let run = |more: &[&str]| sandbox.run(&[&base[..], more].concat());
    // A certificate without a trusted time cannot be judged offline.
    sandbox.golden("no-trusted-time", &run(&[]).exits(3));
    run(&["--signature", "app.sig", "--certificate", "app.cert"]).exits(3);
    let swapped = run(&["--signature", "app.cert", "--certificate", "app.sig"]).exits(1);
    sandbox.golden("swapped", &swapped);
    let alone = run(&["--certificate", "app.cert"]).exits(2);
    assert!(alone.last_words().contains("--signature"));
    run(&["--signature", "app.sig", "--bundle", "app.sig"]).exits(2);
}

#[test]
fn keys_are_taken_from_files_and_variables() {
    let sandbox = Sandbox::new();
    let key = Key::generate(KeyKind::P256);
    let signed = sandbox
        .sigstore
        .sign(Content::message(b"hello"), &Plan::key(key.clone()));
    sandbox.write("app.sigstore.json", signed.bundle_bytes());
    sandbox.write("key.pub", key.public_pem());
    sandbox.write("other.pub", Key::generate(KeyKind::P256).public_pem());
    let base = [
        "verify-blob",
        "app",
        "--offline",
        "--trusted-root",
        "root.json",
        "-o",
        "text",
    ];
    let run = |more: &[&str]| sandbox.run(&[&base[..], more].concat());
    sandbox.golden("verified-key", &run(&["--key", "key.pub"]).exits(0));
    run(&["--key", "other.pub"]).exits(1);
    run(&["--key", "missing.pub"]).exits(2);
    run(&["--key", "app"]).exits(2);
    run(&["--key", "key.pub", "--require", "scts=3"]).exits(2);
    run(&["--key", "key.pub", "--identity", "a", "--issuer", "b"]).exits(2);
    run(&["--key", "awskms:///alias/x"]).exits(2);
    run(&["--sk"]).exits(2);
    let mut command = sandbox.command(&[&base[..], &["--key", "env://RELEASE_KEY"]].concat());
    crate::sandbox::finish(command.env("RELEASE_KEY", key.public_pem())).exits(0);
    sandbox.golden("key-for-certificate", &{
        sandbox.write(
            "app.sigstore.json",
            sandbox.sigstore.sign_blob(b"hello").bundle_bytes(),
        );
        run(&["--key", "key.pub"]).exits(1)
    });
}

/// Nothing that is required of a key depends on the trusted root, so nobody waits for one.
#[test]
fn a_key_without_log_needs_no_trusted_root() {
    let sandbox = Sandbox::new();
    let key = Key::generate(KeyKind::P256);
    let plan = Plan::key(key.clone()).with_entries(&[]);
    let signed = sandbox.sigstore.sign(Content::message(b"hello"), &plan);
    sandbox.write("app.sigstore.json", signed.bundle_bytes());
    sandbox.write("key.pub", key.public_pem());
    let mirror = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    mirror.set_nonblocking(true).unwrap();
    let address = format!("http://{}", mirror.local_addr().unwrap());
    let run = sandbox
        .run(&[
            "verify-blob",
            "app",
            "--key",
            "key.pub",
            "--insecure-ignore-tlog",
            "--tuf-mirror",
            &address,
            "--timeout",
            "2s",
            "-o",
            "json",
        ])
        .exits(0);
    assert_eq!(
        run.result()["results"][0]["trustedRoot"]["source"],
        "embedded:public-good"
    );
    assert!(mirror.accept().is_err(), "the mirror was asked");
}

#[test]
fn wrong_but_natural_inputs_say_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.write("empty", b"");
    sandbox.write("folder/file", b"x");
    sandbox.write("cut", &sandbox.read("app.sigstore.json")[..200]);
    let who = sandbox.who();
    let cases: &[(&str, &[&str], i32)] = &[
        ("missing-file", &["nothing-here"], 2),
        ("no-proof", &["folder/file"], 4),
        ("folder-for-bundle", &["app", "--bundle", "folder"], 2),
        ("missing-bundle", &["app", "--bundle", "missing.json"], 2),
        ("empty-bundle", &["app", "--bundle", "empty"], 1),
        ("cut-bundle", &["app", "--bundle", "cut"], 1),
        ("artifact-for-bundle", &["app", "--bundle", "app"], 1),
        ("url-offline", &["https://example.com/app"], 3),
        ("bad-root", &["app", "--trusted-root", "app"], 2),
    ];
    for (name, arguments, code) in cases {
        let mut all = vec![
            "verify-blob",
            "--offline",
            "-o",
            "text",
            "--identity",
            &who.identity,
            "--issuer",
            &who.issuer,
        ];
        if *name != "bad-root" {
            all.extend(["--trusted-root", "root.json"]);
        }
        all.extend(*arguments);
        let run = sandbox.run(&all).exits(*code);
        assert!(!run.last_words().is_empty(), "{name} ends without a hint");
        assert!(!run.stderr.contains("panicked"));
        sandbox.golden(name, &run);
    }
}

#[test]
fn digests_need_no_file() {
    let sandbox = Sandbox::new();
    let digest = sealcheck_verify::Digest::sha256(b"hello").to_string();
    sandbox
        .verify(&[&digest, "--bundle", "app.sigstore.json"])
        .exits(0);
    let other = sealcheck_verify::Digest::sha256(b"hellO").to_string();
    sandbox
        .verify(&[&other, "--bundle", "app.sigstore.json"])
        .exits(1);
}

#[test]
fn requirements_are_enforced() {
    let sandbox = Sandbox::new();
    sandbox
        .verify(&["app", "--require", "inclusion-proof"])
        .exits(0);
    sandbox.verify(&["app", "--require", "log=2"]).exits(1);
    sandbox.verify(&["app", "--require", "timestamp"]).exits(1);
    sandbox.verify(&["app", "--use-signed-timestamps"]).exits(1);
    sandbox.verify(&["app", "--require", "log=0"]).exits(2);
    sandbox
        .verify(&["app", "--require", "log=1", "--insecure-ignore-tlog"])
        .exits(2);
    sandbox
        .verify(&["app", "--signature-digest-algorithm", "sha1"])
        .exits(2);
    let legacy = sandbox
        .sigstore
        .sign_blob(b"hello")
        .legacy_bundle()
        .to_string();
    sandbox.write("legacy.json", legacy);
    sandbox.verify(&["app", "--bundle", "legacy.json"]).exits(0);
    sandbox
        .verify(&[
            "app",
            "--bundle",
            "legacy.json",
            "--require",
            "inclusion-proof",
        ])
        .exits(1);
}

#[test]
fn files_for_results_and_bundles_are_complete_or_absent() {
    let sandbox = Sandbox::new();
    let run = sandbox
        .verify(&["app", "--output-file", "out.json"])
        .exits(0);
    assert_eq!(run.stdout, "");
    assert_eq!(checked(&sandbox.read("out.json"))["outcome"], "verified");
    sandbox
        .verify(&["app", "--output-file", "out.txt", "-o", "text"])
        .exits(0);
    assert!(sandbox.read("out.txt").starts_with("verified  app\n"));
    sandbox
        .verify(&["app", "--output-file", "no/such/folder/out.json"])
        .exits(2);
    let legacy = sandbox.sigstore.sign_blob(b"hello").bundle_bytes();
    sandbox.write("other.json", legacy);
    sandbox
        .verify(&[
            "app",
            "--bundle",
            "other.json",
            "--save-bundle",
            "saved.json",
        ])
        .exits(0);
    sandbox.verify(&["app", "--bundle", "saved.json"]).exits(0);
}

#[test]
fn a_name_that_is_a_digest_as_well_is_not_guessed() {
    let sandbox = Sandbox::new();
    let digest = sealcheck_verify::Digest::sha256(b"hello").to_string();
    sandbox.write(&digest, b"something else");
    let line = [&*digest, "--bundle", "app.sigstore.json"];
    let run = sandbox.verify(&line).exits(2);
    assert_eq!(run.result()["reason"], "argument-ambiguous");
    let file = format!("./{digest}");
    let run = sandbox
        .verify(&[&file, "--bundle", "app.sigstore.json"])
        .exits(1);
    assert_eq!(run.result()["outcome"], "rejected");
    std::fs::remove_file(sandbox.path(&digest)).unwrap();
    sandbox.verify(&line).exits(0);
}

#[test]
fn patterns_that_name_nobody_are_warned_of() {
    let sandbox = Sandbox::new();
    let run = |more: &[&str]| {
        let base = [
            "verify-blob",
            "app",
            "--offline",
            "--trusted-root",
            "root.json",
        ];
        sandbox.run(&[&base[..], more].concat())
    };
    let who = sandbox.who();
    for identity in [
        "regex:.+@.+",
        "glob:*@*",
        "regex:.*",
        "regex:(https://.*|.*@example.com)",
    ] {
        let run = run(&["--identity", identity, "--issuer", &who.issuer]);
        assert!(
            run.stderr.starts_with("warning: the identity pattern"),
            "{identity}: {}",
            run.stderr
        );
    }
    for issuer in ["regex:https://.*", "glob:**"] {
        let run = run(&["--identity", &who.identity, "--issuer", issuer]).exits(0);
        assert!(
            run.stderr.starts_with("warning: the issuer pattern"),
            "{issuer}: {}",
            run.stderr
        );
    }
    let named = ["--identity", "glob:*@example.com", "--issuer", &who.issuer];
    assert_eq!(run(&named).exits(0).stderr, "");
}

#[test]
fn a_certificate_without_issuer_is_asked_for_by_name() {
    let sandbox = Sandbox::new();
    let request = LeafRequest {
        claims: Default::default(),
        ..LeafRequest::default()
    };
    let signed = sandbox
        .sigstore
        .sign(Content::message(b"hello"), &Plan::keyless(request));
    sandbox.write("none.json", signed.bundle_bytes());
    let who = sandbox.who();
    let run = |more: &[&str]| {
        let base = [
            "verify-blob",
            "app",
            "--offline",
            "--trusted-root",
            "root.json",
            "-o",
            "text",
        ];
        let identity = ["--identity", &who.identity];
        sandbox.run(&[&base[..], &identity, more].concat())
    };
    let verified = run(&["--no-issuer", "--bundle", "none.json"]).exits(0);
    assert!(
        verified.stdout.contains("issuer        none"),
        "{}",
        verified.stdout
    );
    let refused = run(&["--no-issuer"]).exits(1);
    assert!(
        refused.stdout.contains("issuer-mismatch"),
        "{}",
        refused.stdout
    );
    run(&["--issuer", "regex:.*", "--bundle", "none.json"]).exits(1);
    run(&["--issuer", "none", "--bundle", "none.json"]).exits(1);
    run(&["--issuer", &who.issuer, "--no-issuer"]).exits(2);
    let missing = run(&["--bundle", "none.json"]).exits(2);
    assert!(missing.stderr.contains("--no-issuer"), "{}", missing.stderr);
}
