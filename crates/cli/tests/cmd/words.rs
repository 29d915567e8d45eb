//! Help, explanations, completions and wrong command lines.

use sealcheck_testkit::{Content, Key, KeyKind, Plan};
use sealcheck_verify::Reason;

use crate::sandbox::{Sandbox, finish};

#[test]
fn help_reads_well_and_fits() {
    let sandbox = Sandbox::new();
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help-verify", &["verify", "--help"]),
        ("help-verify-attestation", &["verify-attestation", "--help"]),
        ("help-tree", &["tree", "--help"]),
        ("help-download", &["download", "--help"]),
        ("help-copy", &["copy", "--help"]),
        ("help-verify-blob", &["verify-blob", "--help"]),
        (
            "help-verify-blob-attestation",
            &["verify-blob-attestation", "--help"],
        ),
        ("help-inspect", &["inspect", "--help"]),
        ("help-explain", &["explain", "--help"]),
        ("help-completions", &["completions", "--help"]),
    ] {
        let run = sandbox.run(arguments).exits(0);
        assert_eq!(run.stderr, "");
        let widest = run.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{name}: {widest:?}");
        sandbox.golden(name, &run);
    }
    let version = sandbox.run(&["--version"]).exits(0);
    assert_eq!(
        version.stdout,
        format!("sealcheck {}\n", env!("CARGO_PKG_VERSION"))
    );
    let nothing = sandbox.run(&[]).exits(2);
    assert!(nothing.stderr.contains("Usage:"));
}

/// The example that can be run without a network: it must end as it says, with the trusted root of this test.
#[test]
fn the_example_with_a_key_works() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["verify-blob", "--help"]).exits(0).stdout;
    let (_, example) = help
        .split_once("With a public key, without network:")
        .unwrap();
    let (example, _) = example.split_once("\n\n").unwrap();
    let example = example.replace("\\\n", " ");
    let words: Vec<&str> = example.split_whitespace().skip(1).collect();
    assert_eq!(words.first(), Some(&"verify-blob"));
    let key = Key::generate(KeyKind::P256);
    sandbox.write("release.pub", key.public_pem());
    sandbox.write("app.tar.gz", b"hello");
    let signed = sandbox
        .sigstore
        .sign(Content::message(b"hello"), &Plan::key(key));
    sandbox.write("app.tar.gz.sigstore.json", signed.bundle_bytes());
    let root = ["--trusted-root", "root.json"];
    sandbox.run(&[&words[..], &root].concat()).exits(0);
}

#[test]
fn cosigns_commands_and_flags_are_understood_or_led_on() {
    let sandbox = Sandbox::new();
    let version = sandbox.run(&["--version"]).exits(0).stdout;
    assert_eq!(sandbox.run(&["version"]).exits(0).stdout, version);
    let help = sandbox.run(&["--help"]).exits(0).stdout;
    assert_eq!(sandbox.run(&["help"]).exits(0).stdout, help);
    let help = sandbox.run(&["inspect", "--help"]).exits(0).stdout;
    assert_eq!(sandbox.run(&["help", "inspect"]).exits(0).stdout, help);
    let run = sandbox.verify(&["app", "--experimental-oci11"]).exits(0);
    assert!(run.stderr.contains("has no effect"), "{}", run.stderr);
    for (line, hint) in [
        ("verify-blob-attestation app --predicate-type x", "--type"),
        ("verify-blob -x.txt", "./"),
        (
            "verify-blob app --identity a --issuer b --rekor-url 127.0.0.1:1",
            "https://",
        ),
    ] {
        let run = sandbox.run(&line.split(' ').collect::<Vec<_>>()).exits(2);
        assert!(run.last_words().contains(hint), "{}", run.stderr);
    }
}

#[test]
fn a_pattern_that_was_nearly_right_is_led_on() {
    let sandbox = Sandbox::new();
    for (identity, hint) in [("glob:*.example.com", "`**`"), ("*@example.com", "`glob:`")] {
        let who = sandbox.who();
        let base = "verify-blob app --offline --trusted-root root.json -o text";
        let line = format!("{base} --identity {identity} --issuer {}", who.issuer);
        let run = sandbox.run(&line.split(' ').collect::<Vec<_>>()).exits(1);
        let (_, told) = run.stdout.split_once("hint").unwrap();
        assert!(told.contains(hint), "{told}");
    }
}

/// A private key that was pasted must not stand in a terminal's or a build's log.
#[test]
fn text_in_place_of_a_file_is_not_repeated() {
    let sandbox = Sandbox::new();
    let pem = "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----";
    for line in [
        &["verify-blob", "app", "--key", pem][..],
        &["verify-blob", "app", &format!("--key={pem}")],
        &["verify-blob", "app", "--bundle", "line\nc2VjcmV0"],
        &["verify-blob", "app", "--signature", pem],
        &[
            "verify-blob",
            "app",
            &format!("--certificate={pem}"),
            "--nonsense",
        ],
        &["verify-blob", pem],
        &["inspect", pem],
        &["explain", pem],
        &[pem],
    ] {
        let run = sandbox.run(line).exits(2);
        let told = run.stdout.clone() + &run.stderr;
        assert!(!told.contains("c2VjcmV0"), "{told}");
        assert!(run.last_words().contains("env://NAME"), "{told}");
    }
    let mut command = sandbox.command(&["verify-blob", "app"]);
    let run = finish(command.env("COSIGN_KEY", pem)).exits(2);
    assert!(
        run.stderr.contains("COSIGN_KEY is given a text"),
        "{}",
        run.stderr
    );
    assert!(!(run.stdout + &run.stderr).contains("c2VjcmV0"));
}

#[cfg(unix)]
#[test]
fn names_of_files_reach_the_terminal_without_control_characters() {
    let sandbox = Sandbox::new();
    let name = "x\u{1b}[31m\nverified  hello.txt";
    for line in [
        &["verify-blob", "app", "--offline", "--key", "x\u{1b}[31m"][..],
        &[
            "verify-blob",
            "app",
            "--offline",
            "--trusted-root",
            "x\u{1b}[31m",
            "--identity",
            "a",
            "--issuer",
            "b",
        ],
        &["inspect", "x\u{1b}[31m"],
    ] {
        let run = sandbox.run(line).exits(2);
        let told = run.stdout + &run.stderr;
        assert!(
            !told.contains('\u{1b}') && told.contains("\\u{1b}"),
            "{told:?}"
        );
    }
    sandbox.write(name, sandbox.read("app.sigstore.json"));
    let shown = sandbox.run(&["inspect", name]).exits(0).stdout;
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    assert!(!shown.contains("\nverified"), "{shown:?}");
    sandbox.write(name, b"no key");
    let run = sandbox.run(&["verify-blob", "app", "--key", name]).exits(2);
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains("\nverified"));
}

#[test]
fn a_dash_is_refused_where_no_stream_can_be_meant() {
    let sandbox = Sandbox::new();
    let who = "--identity a --issuer b --offline";
    for line in [
        "verify-blob - --key - --bundle app.sigstore.json --offline".to_owned(),
        format!("verify-blob app {who} --save-bundle -"),
        format!("verify-blob app {who} --output-file -"),
        "verify-blob app --output-file - --nonsense".to_owned(),
    ] {
        let run = sandbox.run(&line.split(' ').collect::<Vec<_>>()).exits(2);
        assert_eq!(run.result()["outcome"], "usage", "{line}");
        assert!(!sandbox.path("-").exists(), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_told() {
    let sandbox = Sandbox::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let mut command = sandbox.command(&["verify-blob", "--help"]);
    finish(command.stdout(full.unwrap())).exits(3);
}

#[test]
fn an_empty_value_is_never_what_was_meant() {
    let sandbox = Sandbox::new();
    for (line, flag) in [
        (
            "verify-blob app --certificate-identity= --issuer b",
            "--certificate-identity",
        ),
        ("verify-blob app --identity= --issuer b", "--identity"),
        ("verify-blob app --identity a --issuer=", "--issuer"),
        ("verify-blob app --key=", "--key"),
        ("verify-blob app --key k --bundle=", "--bundle"),
        ("verify-blob app --key k --trusted-root=", "--trusted-root"),
        ("verify-blob app --key k --tuf-mirror=", "--tuf-mirror"),
        ("verify-blob app --key k --output-file=", "--output-file"),
        ("verify-blob-attestation app --key k --type=", "--type"),
        ("verify-blob-attestation --key k --digest=", "--digest"),
    ] {
        let run = sandbox.run(&line.split(' ').collect::<Vec<_>>()).exits(2);
        let message = run.result()["message"].as_str().unwrap().to_owned();
        let told = [" has an empty value", " <FILE> needs a value"];
        let told = told.map(|end| format!("{flag}{end}"));
        assert!(told.contains(&message), "{line}: {message}");
        assert!(run.last_words().contains("variable"), "{}", run.stderr);
    }
    for line in [["verify-blob", ""], ["inspect", ""]] {
        let run = sandbox.run(&line).exits(2);
        let told = "error: <FILE> has an empty value\n";
        assert!(run.stderr.starts_with(told), "{}", run.stderr);
    }
}

#[test]
fn every_code_is_explained() {
    let sandbox = Sandbox::new();
    sandbox.golden(
        "explain",
        &sandbox.run(&["explain", "no-trusted-time"]).exits(0),
    );
    let all = sandbox.run(&["explain"]).exits(0);
    for reason in Reason::ALL {
        assert!(all.stdout.contains(&format!("  {reason} ")), "{reason}");
        sandbox.run(&["explain", reason.code()]).exits(0);
    }
    let near = sandbox.run(&["explain", "identity-mismach"]).exits(2);
    assert!(near.last_words().contains("identity-mismatch"));
    let far = sandbox.run(&["explain", "zzzzzzzzzzzzzzzzzzzz"]).exits(2);
    assert!(!far.last_words().contains("Did you mean"));
}

#[test]
fn completions_exist_for_every_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = sandbox.run(&["completions", shell]).exits(0);
        assert!(run.stdout.contains("verify-blob"), "{shell}");
    }
    sandbox.run(&["completions", "csh"]).exits(2);
}

#[test]
fn wrong_command_lines_are_told_in_our_words() {
    let sandbox = Sandbox::new();
    sandbox.write("wrong.json", br#"{"tlogs":[{"baseUrl":3}]}"#);
    let mut all = String::new();
    for line in [
        "verify-blb app",
        "verify-blob",
        "verify-blob app --bundl x",
        "verify-blob app --bundle",
        "verify-blob app --require everything",
        "verify-blob app -o yaml",
        "verify-blob app --instance publicgood",
        "verify-blob app --timeout soon",
        "verify-blob app --jobs 0",
        "verify-blob app --key a --key b",
        "verify-blob app --offline=maybe",
        "verify-blob app --ca-intermediates x",
        "verify-blob - - --identity a --issuer b --offline",
        "verify-blob app --identity a --certificate-identity a --issuer b",
        "verify-blob app --identity glob:[a --issuer b",
        "verify-blob app --identity a --issuer b --claim x",
        "verify-blob app --identity a --issuer b --claim x=y",
        "verify-blob app --identity a --issuer b --slot authentication",
        "verify-blob app --identity a --issuer b --trusted-root root.json --ca-roots app",
        "verify-blob app --identity a --issuer b --trusted-root root.json --instance staging",
        r"verify-blob app --identity regex:a\.b( --issuer b",
        "verify-blob app --identity a",
        "verify-blob app --issuer b",
        "verify-blob app --key env://",
        "verify-blob app --identity a --issuer b --bundle - --offline",
        "verify-blob app --identity a --issuer b --bundle x --certificate y --offline",
        "verify-blob - --identity a --issuer b --offline",
        "verify-blob sha256:abc --identity a --issuer b --bundle x --offline",
        "verify-blob app --identity a --issuer b --output-file gone/x --offline",
        "verify-blob app --identity a --issuer b --output-file . --offline",
        "verify-blob-attestation",
        "verify-blob-attestation app --digest abc --identity a --issuer b",
        "verify-blob-attestation --digest abc --identity a --issuer b --bundle x --offline",
        "verify-blob-attestation --digest sha256:abc --digest-alg sha512 --key k",
        "verify-blob app --identity a --issuer b --trusted-root wrong.json --offline",
        "verify-blob app --key wrong.json",
        "inspect gone",
        "inspect .",
        "inspect https://h.test/x",
        "inspect",
        "verify",
        "verify registry.example/app --platform arm64 --key k",
        "verify registry.example/app --require signers=0 --key k",
        "verify registry.example/app --registry-client-cert x --key k",
        "verify-attestation",
        "download everything registry.example/app",
        "download signature registry.example/app --predicate-type spdx",
        "copy registry.example/app",
        "copy registry.example/app app",
        "completions",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let run = sandbox.run(&arguments).exits(2);
        match arguments.first() {
            Some(command) if ["verify", "copy"].iter().any(|of| command.starts_with(of)) => {
                assert_eq!(run.result()["outcome"], "usage", "{line}");
            }
            _ => assert_eq!(run.stdout, "", "{line}"),
        }
        assert!(
            run.stderr.starts_with("error: ") || run.stderr.starts_with("note: "),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
        assert!(!run.last_words().contains("See --help"), "{}", run.stderr);
        all.push_str(&format!("$ sealcheck {line}\n{}\n", run.stderr));
    }
    let run = crate::sandbox::Run {
        stdout: String::new(),
        stderr: all,
        code: 2,
    };
    sandbox.golden("wrong-command-lines", &run);
}
