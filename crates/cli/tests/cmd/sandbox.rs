//! A folder with made-up material, and the program run in it without any environment.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sealcheck_testkit::Instance;
use serde_json::Value;

/// A folder of its own, a Sigstore of its own.
pub(crate) struct Sandbox {
    pub(crate) sigstore: Instance,
    folder: tempfile::TempDir,
}

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

/// Who signs by default.
pub(crate) struct Who {
    pub(crate) identity: String,
    pub(crate) issuer: String,
}

impl Sandbox {
    /// With `app` signed beside `app.sigstore.json`, and `root.json` to trust.
    pub(crate) fn new() -> Self {
        let sandbox = Self {
            sigstore: Instance::new(),
            folder: tempfile::tempdir().unwrap(),
        };
        sandbox.write("root.json", sandbox.sigstore.trusted_root_bytes());
        sandbox.write("app", b"hello");
        let signed = sandbox.sigstore.sign_blob(b"hello");
        sandbox.write("app.sigstore.json", signed.bundle_bytes());
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The default signer, as the bundle of `app` claims it.
    pub(crate) fn who(&self) -> Who {
        let bundle = self.read("app.sigstore.json");
        let material = sealcheck_verify::Material::from_bundle(bundle.as_bytes()).unwrap();
        let claims = material.unverified_claims().unwrap();
        Who {
            identity: claims.subject().unwrap().to_owned(),
            issuer: claims.issuer.unwrap().into(),
        }
    }

    /// The program in this folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.command(arguments))
    }

    /// Verifies by the default signer, offline.
    pub(crate) fn verify(&self, arguments: &[&str]) -> Run {
        let who = self.who();
        let mut all = vec!["verify-blob", "--offline", "--trusted-root", "root.json"];
        all.extend(["--identity", &who.identity, "--issuer", &who.issuer]);
        all.extend(arguments);
        self.run(&all)
    }

    /// The same with standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).ok();
        Run::from(child.wait_with_output().unwrap())
    }

    /// Compares a run with the golden file of this name; `SEALCHECK_BLESS=1` writes it instead.
    pub(crate) fn golden(&self, name: &str, run: &Run) {
        let shown = format!(
            "exit code: {}\n--- stdout\n{}--- stderr\n{}",
            run.code, run.stdout, run.stderr
        );
        let shown = self.normalised(&shown);
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cmd/golden/{name}.txt"));
        if std::env::var_os("SEALCHECK_BLESS").is_some() {
            std::fs::write(&path, &shown).unwrap();
            return;
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            golden == shown,
            "{name} differs from its golden file (SEALCHECK_BLESS=1 writes it)\n=== expected\n{golden}\n=== found\n{shown}"
        );
    }

    /// Without what differs from run to run: the folder, and hex values of keys, certificates and digests.
    fn normalised(&self, text: &str) -> String {
        let folder = self.folder.path().display().to_string();
        let text = text.replace(&folder, "[FOLDER]");
        let mut out = String::new();
        let mut hex = String::new();
        for character in text.chars().chain(['\0']) {
            if character.is_ascii_hexdigit() {
                hex.push(character);
                continue;
            }
            match hex.len() {
                40.. => out.push_str("[HEX]"),
                _ => out.push_str(&hex),
            }
            hex.clear();
            out.push(character);
        }
        out.trim_end_matches('\0').to_owned()
    }
}

impl Run {
    /// Standard output as JSON that fulfils the schema of results.
    pub(crate) fn result(&self) -> Value {
        checked(&self.stdout)
    }

    /// Asserts the exit code, showing everything when it is another one.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// The last line that a person sees.
    pub(crate) fn last_words(&self) -> &str {
        let text = if self.stderr.is_empty() {
            &self.stdout
        } else {
            &self.stderr
        };
        text.rfind("hint").map_or("", |start| &text[start..])
    }
}

/// Parses a result document and checks it with the schema.
pub(crate) fn checked(text: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap();
    fulfils(&document, &sealcheck_record::schema::result());
    document
}

/// Checks a document with a schema.
pub(crate) fn fulfils(document: &Value, schema: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let problems: Vec<String> = validator
        .iter_errors(document)
        .map(|error| error.to_string())
        .collect();
    assert!(problems.is_empty(), "{problems:?}");
}

pub(crate) fn finish(command: &mut Command) -> Run {
    Run::from(command.output().unwrap())
}

/// The text without its line breaks.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl From<std::process::Output> for Run {
    fn from(output: std::process::Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}
