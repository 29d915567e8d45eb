//! Trust material in single files, as cosign takes it.

use sealcheck_testkit::encoding::pem;
use sealcheck_testkit::{Content, Plan, TokenOptions};

use crate::sandbox::{Run, Sandbox, finish};

/// A sandbox with every part of its trusted root in a file of its own.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let chain: Vec<String> = sandbox
        .sigstore
        .authority
        .chain()
        .iter()
        .map(|der| pem("CERTIFICATE", der))
        .collect();
    sandbox.write("chain.pem", chain.concat());
    sandbox.write("roots.pem", chain.last().unwrap());
    sandbox.write("between.pem", chain[..chain.len() - 1].concat());
    sandbox.write("rekor.pub", sandbox.sigstore.rekor.key.public_pem());
    sandbox.write("ct.pub", sandbox.sigstore.ct.key.public_pem());
    sandbox
}

fn verify(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let who = sandbox.who();
    let base = [
        "verify-blob",
        "app",
        "--offline",
        "-o",
        "json",
        "--identity",
        &who.identity,
        "--issuer",
        &who.issuer,
    ];
    let mut command = sandbox.command(&[&base[..], arguments].concat());
    finish(command.envs(variables.iter().copied()))
}

#[test]
fn files_make_a_trusted_root() {
    let sandbox = sandbox();
    let logs = [
        "--rekor-public-key",
        "rekor.pub",
        "--ct-log-public-key",
        "ct.pub",
    ];
    let chain = [&logs[..], &["--certificate-chain", "chain.pem"]].concat();
    let run = verify(&sandbox, &[], &chain).exits(0);
    let result = &run.result()["results"][0];
    // Nothing says that the file has the key of the log at some address.
    assert_eq!(
        result["checks"]["log"]["entries"][0]["log"],
        "file:rekor.pub"
    );
    let source = &result["trustedRoot"]["source"];
    assert!(
        source.as_str().unwrap().contains("file:chain.pem"),
        "{source}"
    );
    let roots = [
        &logs[..],
        &[
            "--ca-roots",
            "roots.pem",
            "--ca-intermediates",
            "between.pem",
        ],
    ]
    .concat();
    verify(&sandbox, &[], &roots).exits(0);
    let variables = [
        ("SIGSTORE_ROOT_FILE", "chain.pem"),
        ("SIGSTORE_REKOR_PUBLIC_KEY", "rekor.pub"),
        ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "ct.pub"),
    ];
    let run = verify(&sandbox, &variables, &[]).exits(0);
    assert_eq!(
        run.stderr.matches("note: SIGSTORE_").count(),
        3,
        "{}",
        run.stderr
    );
    // Public-good authorities and logs do not vouch for this signature.
    verify(&sandbox, &[], &[]).exits(1);
    verify(&sandbox, &[], &logs).exits(1);
    let lonely = [&logs[..], &["--ca-roots", "between.pem"]].concat();
    assert_ne!(verify(&sandbox, &[], &lonely).code, 0);
}

#[test]
fn a_trusted_root_excludes_them_unless_it_is_the_stronger_one() {
    let sandbox = sandbox();
    verify(
        &sandbox,
        &[],
        &[
            "--trusted-root",
            "root.json",
            "--certificate-chain",
            "chain.pem",
        ],
    )
    .exits(2);
    verify(
        &sandbox,
        &[("SIGSTORE_ROOT_FILE", "missing.pem")],
        &["--trusted-root", "root.json"],
    )
    .exits(0);
    let all = [
        ("SEALCHECK_CERTIFICATE_CHAIN", "chain.pem"),
        ("SIGSTORE_REKOR_PUBLIC_KEY", "rekor.pub"),
        ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "ct.pub"),
    ];
    verify(&sandbox, &all, &[]).exits(0);
    for chosen in [["--instance", "public-good"], ["--trusted-root", "app"]] {
        let run = verify(&sandbox, &all, &chosen);
        assert_ne!(run.code, 0);
        for (name, _) in all {
            let told = format!("{name} is ignored");
            assert!(run.stderr.contains(&told), "{chosen:?}: {}", run.stderr);
        }
        assert!(!run.stderr.contains("is set"), "{}", run.stderr);
    }
    // What belongs to another instance's repository is void as well.
    let other = [("TUF_MIRROR", "gone"), ("TUF_ROOT_JSON", "gone.json")];
    let run = verify(&sandbox, &other, &["--instance", "public-good"]).exits(1);
    assert_eq!(
        run.stderr.matches("is ignored").count(),
        2,
        "{}",
        run.stderr
    );
    let staging = [("SEALCHECK_INSTANCE", "staging")];
    let run = verify(&sandbox, &staging, &[]).exits(1);
    assert!(
        run.stderr.contains("SEALCHECK_INSTANCE is set"),
        "{}",
        run.stderr
    );
    let run = verify(&sandbox, &staging, &["--trusted-root", "root.json"]).exits(0);
    assert!(!run.stderr.contains("is set"), "{}", run.stderr);
    verify(&sandbox, &[], &["--certificate-chain", "rekor.pub"]).exits(2);
    verify(&sandbox, &[], &["--rekor-public-key", "chain.pem"]).exits(2);
    verify(&sandbox, &[], &["--certificate-chain", "missing.pem"]).exits(2);
}

/// GitHub's instance has no log, which waives the number of entries. It does not waive what is demanded.
#[test]
fn an_inclusion_proof_is_not_void_where_the_instance_has_no_log() {
    let sandbox = sandbox();
    let chain: Vec<String> = sandbox
        .sigstore
        .tsa
        .chain()
        .iter()
        .map(|der| pem("CERTIFICATE", der))
        .collect();
    sandbox.write("tsa.pem", chain.concat());
    let plan = Plan::default()
        .with_entries(&[])
        .with_timestamp(TokenOptions::default());
    let signed = sandbox.sigstore.sign(Content::message(b"hello"), &plan);
    sandbox.write("app.sigstore.json", signed.bundle_bytes());
    let github = [
        "--instance",
        "github",
        "--certificate-chain",
        "chain.pem",
        "--timestamp-certificate-chain",
        "tsa.pem",
    ];
    verify(&sandbox, &[], &github).exits(0);
    for demand in ["inclusion-proof", "log=1", "scts=2", "timestamps=2"] {
        verify(
            &sandbox,
            &[],
            &[&github[..], &["--require", demand]].concat(),
        )
        .exits(1);
    }
}

#[test]
fn what_is_no_file_is_not_said_to_be_absent() {
    let sandbox = sandbox();
    sandbox.write("folder/trusted_root.json", sandbox.read("root.json"));
    let run = verify(&sandbox, &[], &["--trusted-root", "folder"]).exits(2);
    assert!(run.stderr.contains("which is a folder"), "{}", run.stderr);
    assert!(!run.stderr.contains("no trusted_root"), "{}", run.stderr);
    let address = "https://user:hunter2@h.example/trusted_root.json";
    let run = verify(&sandbox, &[], &["--trusted-root", address]).exits(2);
    assert!(run.stderr.contains("takes a file"), "{}", run.stderr);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    sandbox.write("number.json", "1");
    let run = verify(&sandbox, &[], &["--trusted-root", "number.json"]).exits(2);
    assert!(run.stderr.contains("JSON object"), "{}", run.stderr);
    assert!(!run.stderr.contains("Wire"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_key_that_cannot_be_read_is_no_proof() {
    let sandbox = sandbox();
    // A loop of links fails for everybody, also for root, who may read every file.
    std::os::unix::fs::symlink("loop", sandbox.path("loop")).unwrap();
    let run = sandbox
        .run(&["verify-blob", "app", "--offline", "--key", "loop"])
        .exits(3);
    assert!(run.stderr.contains("key-unreadable"), "{}", run.stderr);
    let run = verify(&sandbox, &[], &["--rekor-public-key", "loop"]).exits(3);
    assert!(
        run.stderr.contains("trust-root-unreadable"),
        "{}",
        run.stderr
    );
}
