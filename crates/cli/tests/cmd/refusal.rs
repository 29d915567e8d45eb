//! Commands that fail before they verify anything: programs read that where they read every result.

use sealcheck_testkit::encoding::pem;

use crate::sandbox::{Run, Sandbox, finish};

/// Runs a whole command line of `verify-blob`.
fn run(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.run(&line.split(' ').collect::<Vec<_>>())
}

const WHO: &str = "--identity a@b.test --issuer https://c.test --offline";

#[test]
fn every_early_failure_is_one_document() {
    let sandbox = Sandbox::new();
    sandbox.write("broken", b"{");
    for (line, code, outcome, reason) in [
        (
            "verify-blob app --nonsense".to_owned(),
            2,
            "usage",
            "argument-invalid",
        ),
        ("verify-blob".to_owned(), 2, "usage", "argument-invalid"),
        (
            "verify-blob app --offline".to_owned(),
            2,
            "usage",
            "identity-required",
        ),
        (
            format!("verify-blob app {WHO} --trusted-root gone"),
            2,
            "usage",
            "trust-root-not-found",
        ),
        (
            format!("verify-blob app {WHO} --trusted-root broken"),
            2,
            "usage",
            "trust-root-invalid",
        ),
        (
            format!("verify-blob app {WHO} --tuf-mirror gone"),
            3,
            "unavailable",
            "trust-root-unreadable",
        ),
        (
            format!("verify-blob app app.sigstore.json {WHO} --bundle x"),
            2,
            "usage",
            "argument-invalid",
        ),
        (
            format!("verify-blob app {WHO} --key gone"),
            2,
            "usage",
            "argument-invalid",
        ),
        (
            "verify-blob app --key gone".to_owned(),
            2,
            "usage",
            "file-not-found",
        ),
        (
            format!("verify-blob-attestation app {WHO} --type nothing"),
            2,
            "usage",
            "argument-invalid",
        ),
        (
            "verify-blob-attestation --type".to_owned(),
            2,
            "usage",
            "argument-invalid",
        ),
    ] {
        // As asked for, and because a pipe gets it.
        for form in ["", " -o json"] {
            let run = run(&sandbox, &format!("{line}{form}")).exits(code);
            let document = run.result();
            assert_eq!(document["outcome"], outcome, "{line}");
            assert_eq!(document["reason"], reason, "{line}");
            assert_eq!(document["results"], serde_json::json!([]), "{line}");
            for said in ["message", "hint"] {
                let text = document[said].as_str().unwrap();
                let words: Vec<&str> = text.split_whitespace().collect();
                let told: Vec<&str> = run.stderr.split_whitespace().collect();
                assert!(told.join(" ").contains(&words.join(" ")), "{line}: {said}");
            }
        }
        let text = run(&sandbox, &format!("{line} -o text")).exits(code);
        assert_eq!(text.stdout, "", "{line}");
        assert!(text.stderr.contains("error: "), "{line}");
    }
}

#[test]
fn a_variable_can_ask_for_the_document_too() {
    let sandbox = Sandbox::new();
    let line = ["verify-blob", "app", "--nonsense"];
    let mut command = sandbox.command(&line);
    let text = finish(command.env("SEALCHECK_OUTPUT", "text")).exits(2);
    assert_eq!(text.stdout, "");
    let mut command = sandbox.command(&line);
    let json = finish(command.env("SEALCHECK_OUTPUT", "json")).exits(2);
    assert_eq!(json.result()["outcome"], "usage");
}

#[test]
fn an_earlier_result_does_not_outlive_a_failure() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let sound = format!(
        "verify-blob app --trusted-root root.json --output-file out.json --identity {} --issuer {}",
        who.identity, who.issuer
    );
    let outcome = || {
        let result: serde_json::Value = serde_json::from_str(&sandbox.read("out.json")).unwrap();
        result["outcome"].as_str().unwrap().to_owned()
    };
    for line in [
        "verify-blob app --offline --output-file out.json".to_owned(),
        format!("{sound} --nonsense"),
        "verify-blob app --nonsense --output-file=out.json".to_owned(),
        format!("verify-blob app {WHO} --trusted-root gone --output-file out.json -o json"),
    ] {
        run(&sandbox, &sound).exits(0);
        assert_eq!(outcome(), "verified");
        assert_eq!(run(&sandbox, &line).exits(2).stdout, "", "{line}");
        assert_eq!(outcome(), "usage", "{line}");
    }
    // What is no result is not written over, and then the document comes where it can be read.
    for (file, content) in [("other", "of another program"), ("app.txt", "hello")] {
        sandbox.write(file, content);
        let line = format!("verify-blob app --offline --output-file {file}");
        let document = run(&sandbox, &line).exits(2).result();
        assert_eq!(document["reason"], "identity-required");
        assert_eq!(sandbox.read(file), content);
    }
    let line = "verify-blob app --offline --output-file gone/out.json";
    let document = run(&sandbox, line).exits(2).result();
    assert_eq!(document["outcome"], "usage");
}

#[test]
fn a_result_is_not_written_over_a_proof() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let proof = sandbox.read("app.sigstore.json");
    sandbox.write("named", &proof);
    for (line, file) in [
        ("verify-blob app", "app.sigstore.json"),
        ("verify-blob app --bundle named", "named"),
        ("verify-blob app --bundle named", "root.json"),
    ] {
        let before = sandbox.read(file);
        let line = format!(
            "{line} --trusted-root root.json --output-file {file} --identity {} --issuer {}",
            who.identity, who.issuer
        );
        let run = run(&sandbox, &line).exits(2);
        let told = run.result()["message"].as_str().unwrap().to_owned();
        assert!(told.contains("the verification reads or writes"), "{line}");
        assert_eq!(run.result()["outcome"], "usage");
        assert_eq!(sandbox.read(file), before, "{line}");
    }
}

/// Files that the verification reads besides artifact and proof, and an artifact that is an earlier result.
#[test]
fn a_result_is_written_over_no_input() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    sandbox.write("pem", sandbox.sigstore.rekor.key.public_pem());
    let chain = sandbox.sigstore.authority.chain();
    let chain = chain.iter().map(|der| pem("CERTIFICATE", der));
    sandbox.write("chain", chain.collect::<String>());
    let flags = format!(
        "--offline --identity {} --issuer {}",
        who.identity, who.issuer
    );
    let sound = format!("verify-blob app {flags} --trusted-root root.json --output-file earlier");
    run(&sandbox, &sound).exits(0);
    sandbox.write("cache/set.json", "{}");
    for (line, file) in [
        (
            format!("verify-blob app {flags} --rekor-public-key FILE"),
            "pem",
        ),
        (
            format!("verify-blob app {flags} --ct-log-public-key FILE"),
            "pem",
        ),
        (
            format!("verify-blob app {flags} --certificate-chain FILE"),
            "chain",
        ),
        (format!("verify-blob app {flags} --ca-roots FILE"), "chain"),
        (
            format!("verify-blob app {flags} --timestamp-certificate-chain=FILE"),
            "chain",
        ),
        (
            format!("verify-blob app {flags} --cache-dir cache"),
            "cache/set.json",
        ),
        (
            format!("verify-blob FILE {flags} --trusted-root root.json"),
            "earlier",
        ),
        (format!("verify-blob FILE {flags} --nonsense"), "earlier"),
        (
            format!("verify-blob app {flags} --bundle=FILE --trusted-root gone"),
            "earlier",
        ),
    ] {
        let before = sandbox.read(file);
        let line = format!("{line} --output-file {file}").replace("FILE", file);
        let refused = run(&sandbox, &line).exits(2);
        assert_eq!(refused.result()["outcome"], "usage", "{line}");
        assert_eq!(sandbox.read(file), before, "{line}");
    }
    // Neither is it written where it would be taken for a proof, or for the bundle.
    for (more, file) in [("", "app.sig"), ("--save-bundle saved", "saved")] {
        let line =
            format!("verify-blob app {flags} --trusted-root root.json --output-file {file} {more}");
        let line = line.trim_end();
        assert_eq!(run(&sandbox, line).exits(2).result()["outcome"], "usage");
        assert!(!sandbox.path(file).exists(), "{line}");
    }
}

#[test]
fn a_suggested_command_shows_no_secret_and_can_be_run() {
    let sandbox = Sandbox::new();
    let line = "verify-blob --offline --tuf-mirror=https://user:s3cret@tuf.test/?token=s3cret \
                --rekor-url https://user:s3cret@rekor.test/ -o text -- app";
    let run = run(&sandbox, line).exits(2);
    let told = &run.stderr;
    assert!(
        told.contains("If you know that this is who signs"),
        "{told}"
    );
    assert!(!told.contains("s3cret"), "{told}");
    let (flags, files) = told.split_once(" -- app").unwrap();
    assert!(flags.contains("--certificate-identity "), "{told}");
    assert!(!files.contains("--certificate"), "{told}");
}

#[test]
fn standard_output_that_belongs_to_a_predicate_stays_empty() {
    let sandbox = Sandbox::new();
    let line = "verify-blob-attestation app --offline --print-predicate";
    assert_eq!(run(&sandbox, line).exits(2).stdout, "");
}

#[test]
fn other_commands_fail_with_the_document_where_json_was_asked_for() {
    let sandbox = Sandbox::new();
    for (line, code, reason) in [
        ("inspect gone", 2, "file-not-found"),
        ("inspect .", 2, "file-not-found"),
        ("inspect app", 1, "material-malformed"),
        ("inspect", 2, "argument-invalid"),
        ("inspect app --nonsense", 2, "argument-invalid"),
    ] {
        assert_eq!(run(&sandbox, line).exits(code).stdout, "", "{line}");
        let json = run(&sandbox, &format!("{line} -o json")).exits(code);
        assert_eq!(json.result()["reason"], reason, "{line}");
    }
    // What is no command was most likely meant for a verifying one, whose result is JSON in a pipe.
    for line in [
        "verify-blb app",
        "verify-blb app -o json",
        "-o json",
        "--nonsense",
    ] {
        let document = run(&sandbox, line).exits(2).result();
        assert_eq!(document["reason"], "argument-invalid", "{line}");
    }
    for line in [
        "verify-blb -o text",
        "explain nonsense",
        "explain --nonsense",
        "completions",
    ] {
        assert_eq!(run(&sandbox, line).exits(2).stdout, "", "{line}");
    }
}

#[test]
fn an_earlier_report_does_not_outlive_a_failure() {
    let sandbox = Sandbox::new();
    sandbox.write("other", b"hello");
    sandbox.write(
        "other.sigstore.json",
        sandbox.sigstore.sign_blob(b"hello").bundle_bytes(),
    );
    let who = sandbox.who();
    let flags = format!(
        "--trusted-root root.json --output-file out --identity {} --issuer {}",
        who.identity, who.issuer
    );
    for artifacts in ["app", "app other"] {
        for form in ["text", "json"] {
            for (failing, code) in [
                (format!("verify-blob app {flags} --nonsense"), 2),
                (
                    format!("verify-blob app {WHO} --trusted-root gone --output-file out"),
                    2,
                ),
                ("verify-blob app --offline --output-file out".to_owned(), 2),
            ] {
                for other in ["text", "json"] {
                    let sound = format!("verify-blob {artifacts} {flags} -o {form}");
                    run(&sandbox, &sound).exits(0);
                    assert!(sandbox.read("out").contains("verified"));
                    run(&sandbox, &format!("{failing} -o {other}")).exits(code);
                    let left = sandbox.read("out");
                    assert!(left.contains("usage"), "{failing}: {left}");
                    assert!(!left.contains("verified"), "{failing}: {left}");
                    std::fs::remove_file(sandbox.path("out")).unwrap();
                }
            }
        }
    }
    run(
        &sandbox,
        "verify-blob app --offline -o text --output-file out",
    )
    .exits(2);
    let run = Run {
        stdout: sandbox.read("out"),
        stderr: String::new(),
        code: 2,
    };
    sandbox.golden("failed-report", &run);
}

#[test]
fn a_trusted_root_on_this_machine_needs_no_network() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    for (line, code) in [
        (format!("verify-blob app {WHO} --trusted-root gone"), 2),
        (format!("verify-blob app {WHO} --trusted-root folder"), 2),
        (format!("verify-blob app {WHO} --trusted-root app"), 2),
        (format!("verify-blob app {WHO} --tuf-mirror gone"), 3),
        (format!("verify-blob app {WHO} --tuf-mirror folder"), 3),
        (
            format!("verify-blob app {WHO} --tuf-mirror folder --tuf-root gone"),
            2,
        ),
        (
            format!("verify-blob app {WHO} --tuf-mirror folder --tuf-root app"),
            2,
        ),
    ] {
        let run = run(&sandbox, &line).exits(code);
        let hint = run.last_words().to_lowercase();
        assert!(!hint.is_empty(), "{line}");
        assert!(
            !hint.contains("network") && !hint.contains("fetch"),
            "{line}: {hint}"
        );
        assert!(!run.stderr.contains("fetched"), "{line}: {}", run.stderr);
    }
}
