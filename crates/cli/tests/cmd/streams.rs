//! Standard input, closed pipes, colours.

use std::io::Read;
use std::process::Stdio;

use crate::sandbox::{Sandbox, finish};

#[test]
fn standard_input_is_an_artifact() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let line = [
        "verify-blob",
        "-",
        "--bundle",
        "app.sigstore.json",
        "--offline",
        "--trusted-root",
        "root.json",
        "--identity",
        &who.identity,
        "--issuer",
        &who.issuer,
        "-o",
        "json",
    ];
    sandbox.run_with_input(&line, b"hello").exits(0);
    sandbox.run_with_input(&line, b"hellO").exits(1);
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let sandbox = Sandbox::new();
    for (arguments, code) in [
        (&["explain"][..], 0),
        (&["completions", "bash"], 0),
        (&["inspect", "root.json"], 0),
        (&["verify-blob", "app", "--key", "missing"], 2),
    ] {
        let mut child = sandbox
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{stderr}");
        assert!(
            !stderr.contains("panicked") && !stderr.contains("roken pipe"),
            "{stderr}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let mut command = sandbox.command(&[
        "verify-blob",
        "app",
        "--offline",
        "--trusted-root",
        "root.json",
        "--identity",
        &who.identity,
        "--issuer",
        &who.issuer,
    ]);
    let run = finish(command.stdout(full())).exits(2);
    assert!(run.stderr.contains("cannot be written"), "{}", run.stderr);
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let sandbox = Sandbox::new();
    assert!(
        !sandbox
            .verify(&["app", "-o", "text"])
            .exits(0)
            .stdout
            .contains('\u{1b}')
    );
    let always = sandbox
        .verify(&["app", "-o", "text", "--color", "always"])
        .exits(0);
    assert!(always.stdout.contains("\u{1b}[32m"), "{:?}", always.stdout);
    let mut command = sandbox.command(&["explain", "--color", "auto"]);
    assert!(
        !finish(command.env("NO_COLOR", "1"))
            .stdout
            .contains('\u{1b}')
    );
    let file = sandbox
        .verify(&[
            "app",
            "-o",
            "text",
            "--color",
            "always",
            "--output-file",
            "out.txt",
        ])
        .exits(0);
    assert_eq!(file.stdout, "");
    assert!(!sandbox.read("out.txt").contains('\u{1b}'));
}
