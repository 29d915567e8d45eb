//! The secrets of an address are printed nowhere, wherever the address stands.

use sealcheck_testkit::{Content, LeafRequest, Plan, San};

use crate::sandbox::{Sandbox, finish};

const WHO: &str = "--identity a@b.test --issuer https://c.test --offline";

/// Credentials and a signed query; a signed query alone; a mistyped scheme; one slash; a password with a slash.
const ADDRESSES: [&str; 5] = [
    "https://user:s3cret@127.0.0.1:9/x?X-Amz-Signature=s3cret#s3cret",
    "https://127.0.0.1:9/x?n=1&X-Amz-Signature=s3cret",
    "htps://user:s3cret@127.0.0.1:9/x?X-Amz-Signature=s3cret",
    "https:/user:s3cret@127.0.0.1:9/x",
    "https://user:s3cret/s3cret@127.0.0.1:9/x",
];

#[test]
fn no_argument_gives_a_secret_away() {
    let sandbox = Sandbox::new();
    for (line, verifies) in [
        ("verify-blob ADDRESS", true),
        ("verify-blob ADDRESS --trusted-root root.json", true),
        ("verify-blob app --trusted-root ADDRESS", true),
        ("verify-blob app --tuf-root ADDRESS", true),
        ("verify-blob app --tuf-mirror ADDRESS", true),
        ("verify-blob app --tuf-mirror=ADDRESS", true),
        ("verify-blob app --cache-dir ADDRESS", true),
        ("verify-blob app --rekor-url ADDRESS", true),
        ("verify-blob app --certificate-chain ADDRESS", true),
        ("verify-blob app --rekor-public-key ADDRESS", true),
        ("verify-blob app --output-file ADDRESS", true),
        ("verify-blob app --save-bundle ADDRESS", true),
        ("verify-blob app --bundle ADDRESS", true),
        ("verify-blob app --signature ADDRESS", true),
        (
            "verify-blob app --sct ADDRESS --bundle app.sigstore.json",
            true,
        ),
        ("verify-blob app --claim ADDRESS", true),
        ("verify-blob app --jobs ADDRESS", true),
        ("verify-blob app --instance ADDRESS", true),
        ("verify-blob app --require ADDRESS", true),
        ("verify-blob app --signature-digest-algorithm ADDRESS", true),
        ("verify-blob app --ADDRESS", true),
        ("verify-blob-attestation --digest ADDRESS", true),
        ("verify-blob-attestation ADDRESS", true),
        ("verify ADDRESS", true),
        ("verify app --signature-repository ADDRESS", true),
        ("verify app --registry-config ADDRESS", true),
        ("verify app --pull-secret ADDRESS", true),
        ("verify app --platform ADDRESS", true),
        ("verify oci:ADDRESS", false),
        ("verify-attestation ADDRESS --type custom", true),
        ("verify-blob app --key ADDRESS --offline", false),
        ("verify-blob app --offline --bundle ADDRESS", false),
        ("verify-blob app --offline --tuf-mirror ADDRESS", false),
        ("inspect ADDRESS", false),
        ("explain ADDRESS", false),
        ("completions ADDRESS", false),
        ("ADDRESS", false),
    ] {
        for address in ADDRESSES {
            for form in ["", "-o json", "-o text", "-o text --verbose"] {
                let who = if verifies { WHO } else { "" };
                let line = format!("{line} {who} {form}").replace("ADDRESS", address);
                let run = sandbox.run(&line.split_whitespace().collect::<Vec<_>>());
                let told = format!("{}{}", run.stdout, run.stderr);
                assert!(!told.contains("s3cret"), "$ sealcheck {line}\n{told}");
                assert!(!told.contains("panicked"), "$ sealcheck {line}\n{told}");
            }
        }
    }
}

#[test]
fn credentials_without_a_scheme_are_not_given_away_either() {
    let sandbox = Sandbox::new();
    for line in [
        "release images v1.36.0 --registry https://bob:s3cret@127.0.0.1:9",
        "release images v1.36.0 --registry ADDRESS",
        "release images v1.36.0 --registry=ADDRESS",
        "release images v1.36.0 --signature-repository ADDRESS/x:v1",
        "release verify v1.36.0 app --from ADDRESS",
        "release verify v1.36.0 app --from=ADDRESS/x",
        "verify app --signature-repository ADDRESS",
        "verify ADDRESS/x:v1",
        "verify ADDRESS/x:v1@sha256:abc",
        "verify-blob ADDRESS",
        "verify-blob app --tuf-mirror ADDRESS",
        "verify-blob app --rekor-url ADDRESS",
        "verify-blob app --bundle ADDRESS",
        "verify-blob app --key ADDRESS",
        "verify-blob app --jobs ADDRESS",
        "inspect ADDRESS",
        "ADDRESS",
    ] {
        for address in ["bob:s3cret@127.0.0.1:9", "bob:s3cret/s3cret@127.0.0.1:9"] {
            for form in ["-o json", "-o text"] {
                let who = if line.contains(' ') { WHO } else { "" };
                let line = format!("{line} {who} {form}").replace("ADDRESS", address);
                let run = sandbox.run(&line.split_whitespace().collect::<Vec<_>>());
                let told = format!("{}{}", run.stdout, run.stderr);
                assert_ne!(run.code, 0, "$ sealcheck {line}\n{told}");
                assert!(!told.contains("s3cret"), "$ sealcheck {line}\n{told}");
            }
        }
    }
}

/// What stands before an `@` is a tag or a folder there.
#[test]
fn images_are_named_as_they_were_given() {
    let sandbox = Sandbox::new();
    sandbox.write("job@2/oci-layout", b"{}");
    let zeros = "0".repeat(64);
    for image in [
        format!("127.0.0.1:9/app:v1@sha256:{zeros}"),
        format!("app:v1@sha256:{zeros}"),
        format!("oci:gone:v1@sha256:{zeros}"),
        "oci:job@2".to_owned(),
        "oci:job@2:v1".to_owned(),
    ] {
        let line = format!("verify {image} {WHO} --trusted-root root.json -o json");
        let run = sandbox.run(&line.split_whitespace().collect::<Vec<_>>());
        let name = &run.result()["results"][0]["artifact"]["name"];
        assert!(name.as_str().unwrap().ends_with(&image), "{name}");
    }
}

#[test]
fn no_variable_gives_a_secret_away() {
    let sandbox = Sandbox::new();
    let line = format!("verify-blob app {WHO}");
    for name in [
        "SEALCHECK_TUF_MIRROR",
        "TUF_MIRROR",
        "COSIGN_TRUSTED_ROOT",
        "SEALCHECK_OUTPUT_FILE",
        "SEALCHECK_JOBS",
    ] {
        for help in [false, true] {
            let mut words: Vec<&str> = line.split(' ').collect();
            words.extend(help.then_some("--help"));
            let mut command = sandbox.command(&words);
            let run = finish(command.env(name, ADDRESSES[0]));
            let told = format!("{}{}", run.stdout, run.stderr);
            assert!(!told.contains("s3cret"), "{name}\n{told}");
        }
    }
}

#[test]
fn an_output_file_has_no_secret_either() {
    let sandbox = Sandbox::new();
    for form in ["json", "text"] {
        for artifact in [ADDRESSES[2], "app --nonsense https://user:s3cret@h.test"] {
            let line = format!("verify-blob {artifact} {WHO} -o {form} --output-file out");
            sandbox.run(&line.split(' ').collect::<Vec<_>>()).exits(2);
            let told = sandbox.read("out");
            assert!(told.contains("usage"), "{told}");
            assert!(!told.contains("s3cret"), "{told}");
            std::fs::remove_file(sandbox.path("out")).unwrap();
        }
    }
}

#[test]
fn patterns_of_signers_are_printed_as_they_are() {
    let sandbox = Sandbox::new();
    let pattern = r"regex:https://github\.com/org/(a|b)?c=d";
    let run = sandbox.run(&[
        "verify-blob",
        "app",
        "--identity",
        pattern,
        "--issuer",
        "https://c.test/?a=b",
        "--trusted-root",
        "root.json",
        "--offline",
    ]);
    let required = &run.exits(1).result()["results"][0]["required"];
    let text = required.to_string();
    assert!(text.contains(&pattern.replace('\\', r"\\")), "{text}");
    assert!(text.contains("https://c.test/?a=b"), "{text}");
    // The type of a predicate is a name too, and evidence of what was required.
    let kind = "https://user@h.test/type?a=b#c";
    let line = format!("verify-blob-attestation app {WHO} --type {kind}");
    let run = sandbox.run(&line.split(' ').collect::<Vec<_>>());
    let required = &run.result()["results"][0]["required"];
    assert_eq!(required["predicateType"], kind);
}

/// Whoever can name a file must not be able to alter what is told about the others.
#[test]
fn no_word_alters_the_evidence() {
    let sandbox = Sandbox::new();
    let identity = "https://github.com/org/repo/.github/workflows/build.yml@refs/heads/main";
    let request = LeafRequest {
        sans: vec![San::Uri(identity.to_owned())],
        ..LeafRequest::default()
    };
    let plan = Plan::keyless(request);
    let signed = sandbox.sigstore.sign(Content::message(b"hello"), &plan);
    sandbox.write("app.sigstore.json", signed.bundle_bytes());
    sandbox.write("x:/build.yml@z", b"");
    for other in [
        "x:/build.yml@z",
        "x://build.yml@z",
        "x://gone/build.yml@z",
        "x:///build.yml@z?main",
        r#"https://h.test/x?[redacted]","#,
        r#"https://h.test/x?":&{"#,
        r#"file://":@"#,
    ] {
        let run = |artifacts: &[&str]| {
            let who = sandbox.who();
            let base = ["verify-blob", "--offline", "--trusted-root", "root.json"];
            let signer = ["--identity", &who.identity, "--issuer", &who.issuer];
            let run = sandbox.run(&[&base[..], &signer, artifacts].concat());
            let mut result = run.result()["results"][0].clone();
            result["verifiedAt"] = serde_json::Value::Null;
            result
        };
        let alone = run(&["app"]);
        assert_eq!(alone["signer"], identity);
        assert_eq!(run(&["app", other]), alone, "{other}");
    }
}

#[test]
fn the_name_of_a_file_is_no_address() {
    let sandbox = Sandbox::new();
    let name = "https:/user@h.test/app";
    sandbox.write(name, b"hello");
    let run = sandbox
        .verify(&[name, "--bundle", "app.sigstore.json"])
        .exits(0);
    assert_eq!(run.result()["results"][0]["artifact"]["name"], name);
}

#[test]
fn credentials_in_an_address_are_refused_in_true_words() {
    let sandbox = Sandbox::new();
    let mut all = String::new();
    for line in [
        "verify-blob app --tuf-mirror http://user:s3cret@127.0.0.1:9/",
        "verify-blob https://user:s3cret@127.0.0.1:9/x",
        "verify-blob app --rekor-url https://user:s3cret@127.0.0.1:9/",
        "verify-blob htps://user:s3cret@127.0.0.1:9/x --trusted-root root.json",
        "inspect https://user:s3cret@127.0.0.1:9/x",
    ] {
        let who = if line.starts_with("verify") { WHO } else { "" };
        let words = format!("{line} {who} -o text");
        let run = sandbox
            .run(&words.split_whitespace().collect::<Vec<_>>())
            .exits(2);
        all.push_str(&format!(
            "$ sealcheck {line}\n{}{}\n",
            run.stdout, run.stderr
        ));
    }
    let run = crate::sandbox::Run {
        stdout: String::new(),
        stderr: all,
        code: 2,
    };
    sandbox.golden("credentials", &run);
}
