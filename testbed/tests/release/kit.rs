//! The trusted root of a kit, and the TUF repository that proves it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Run, sealcheck};

const VERSION: &str = "v1.36.0";

/// Runs a command on releases in a folder, and returns how it ended and what it said.
fn release(run: &Run, folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = sealcheck::command();
    command
        .current_dir(folder)
        .args(["release"])
        .args(arguments);
    command.args(["--profile", "profile.yaml", "--cache-dir", "cache"]);
    command.args(["--rekor-url", run.testbed.rekor_url.as_deref().unwrap()]);
    let output = command.output().unwrap();
    let told = format!(
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code(), told)
}

/// The commands of the page on releases that name a TUF repository, as they stand there.
fn on_the_page() -> Vec<Vec<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/releases.md");
    let page = fs::read_to_string(page).unwrap();
    let commands = page
        .lines()
        .filter_map(|line| line.strip_prefix("sealcheck release "));
    let commands = commands.filter(|line| line.contains("--tuf-mirror"));
    commands
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

/// What a kit was collected with is proved again by whoever knows the TUF root, and by nobody else.
pub(crate) fn trusted_root(run: &Run) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let profile = run.release.profile(&run.server);
    fs::write(folder.join("profile.yaml"), profile).unwrap();
    fs::copy(&run.testbed.tuf_root, folder.join("root.json")).unwrap();
    let tuf = [
        "--tuf-mirror",
        &run.testbed.tuf_url,
        "--tuf-root",
        "root.json",
    ];
    let (code, told) = release(
        run,
        folder,
        &[&["collect", VERSION, "--to", "kit"], &tuf[..]].concat(),
    );
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("--tuf-mirror kit/tuf"), "{told}");
    let index = fs::read(folder.join("kit/v1.36.0.kit.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    assert_eq!(index["trustedRoot"]["tuf"], "tuf", "{index}");
    assert_eq!(
        fs::read(folder.join("kit/trusted_root.json")).unwrap(),
        fs::read(&run.testbed.trusted_root).unwrap()
    );
    let commands = on_the_page();
    assert!(!commands.is_empty());
    for command in commands {
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let (code, told) = release(
            run,
            folder,
            &[&command[..], &["--tuf-root", "root.json"]].concat(),
        );
        assert_eq!(code, Some(0), "{told}");
        // The root that is built in did not lead to it.
        let (code, told) = release(run, folder, &command);
        assert_ne!(code, Some(0), "{told}");
    }
    // A kit is no authority about itself.
    let offline = ["verify-all", VERSION, "--from", "kit", "--offline"];
    let (code, told) = release(run, folder, &offline);
    assert_eq!(code, Some(1), "{told}");
    let compact: String = told.split_whitespace().collect();
    assert!(compact.contains("\"outcome\":\"rejected\""), "{told}");
    assert!(!compact.contains("\"outcome\":\"verified\""), "{told}");
}
