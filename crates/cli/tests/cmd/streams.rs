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
    let run = finish(command.stdout(full())).exits(3);
    assert!(
        run.stderr.contains("reason: result-unwritable"),
        "{}",
        run.stderr
    );
    let mut command = sandbox.command(&["explain"]);
    finish(command.stdout(full())).exits(3);
}

/// A limit on the size of files is the full disk that a test can have without privileges.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_does_not_fit_leaves_no_earlier_one() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let line = format!(
        "{} verify-blob app --offline --trusted-root root.json --identity {} --issuer {} --output-file out",
        env!("CARGO_BIN_EXE_sealcheck"),
        who.identity,
        who.issuer
    );
    let shell = |script: &str| {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", script])
            .env_clear()
            .stdin(Stdio::null());
        finish(command.current_dir(sandbox.path("")))
    };
    for form in ["text", "json"] {
        shell(&format!("{line} -o {form}")).exits(0);
        assert!(sandbox.read("out").contains("verified"));
        let run = shell(&format!("trap '' XFSZ; ulimit -f 0; {line} -o {form}")).exits(3);
        assert!(
            run.stderr.contains("reason: result-unwritable"),
            "{}",
            run.stderr
        );
        assert!(!sandbox.path("out").exists());
        let left: Vec<_> = std::fs::read_dir(sandbox.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name.to_string_lossy().starts_with('.'))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// A run that is killed while it waits for a pipe.
#[cfg(unix)]
#[test]
fn a_killed_run_leaves_no_file_and_says_what_it_waited_for() {
    use std::io::{BufRead, BufReader};

    let sandbox = Sandbox::new();
    let who = sandbox.who();
    let made = std::process::Command::new("mkfifo")
        .arg(sandbox.path("pipe"))
        .status();
    assert!(made.unwrap().success());
    let mut child = sandbox
        .command(&[
            "verify-blob",
            "pipe",
            "--bundle",
            "app.sigstore.json",
            "--offline",
            "--trusted-root",
            "root.json",
            "--identity",
            &who.identity,
            "--issuer",
            &who.issuer,
            "--output-file",
            "out",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    assert!(line.starts_with("note: pipe is a pipe"), "{line}");
    // Opening the other end waits for the program, which has begun its result by then.
    let writer = std::fs::OpenOptions::new()
        .write(true)
        .open(sandbox.path("pipe"))
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(writer);
    let mut left: Vec<_> = std::fs::read_dir(sandbox.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["app", "app.sigstore.json", "pipe", "root.json"]);
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
