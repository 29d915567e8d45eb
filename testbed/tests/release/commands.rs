//! `sealcheck release` on the miniature release: online, from a kit without network, and with everything that can be wrong.

use std::fs;
use std::path::Path;
use std::process::Command;

use sealcheck_testbed::release::{Fault, KREL_STAGING, KREL_TRUST, ODD_FILE, PROMOTER_SUMMARIES};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Run, sealcheck};

pub(crate) const VERSION: &str = "v1.36.0";
pub(crate) const KUBECTL: &str = "bin/linux/amd64/kubectl";

/// A folder with the profile of the server.
pub(crate) fn scene(run: &Run) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let profile = run.release.profile(&run.server);
    fs::write(folder.path().join("profile.yaml"), profile).unwrap();
    folder
}

pub(crate) fn command(run: &Run, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = sealcheck::command();
    command.current_dir(folder).arg("release").args(arguments);
    command.args(["--profile", "profile.yaml", "--trusted-root"]);
    command.arg(&run.testbed.trusted_root);
    command.args(["--rekor-url", run.testbed.rekor_url.as_deref().unwrap()]);
    command
}

pub(crate) fn done(mut command: Command) -> (i32, Value, String) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let document = serde_json::from_str(&stdout).unwrap_or(Value::Null);
    (
        output.status.code().unwrap(),
        document,
        format!("{command:?}\n{stdout}{stderr}"),
    )
}

pub(crate) fn run_in(run: &Run, folder: &Path, arguments: &[&str]) -> (i32, Value, String) {
    done(command(run, folder, arguments))
}

/// Every file and image of a release is proved, by whom Kubernetes says, with its attestations; one is not in the odd one.
pub(crate) fn verify_all(run: &Run) {
    let folder = scene(run);
    let (code, report, told) = run_in(run, folder.path(), &["verify-all", VERSION]);
    assert_eq!(code, 0, "{told}");
    let files = report["files"].as_array().unwrap();
    assert!(files.len() >= 15, "{told}");
    for file in files {
        assert_eq!(file["signer"], KREL_STAGING, "{file}");
        let checksums = file["release"]["checksums"].as_array().unwrap();
        assert!(!checksums.is_empty(), "{file}");
        for checksum in checksums {
            assert_eq!(checksum["state"], "agrees", "{file}");
        }
    }
    let images = report["images"].as_array().unwrap();
    assert!(images.len() >= 3, "{told}");
    for image in images {
        assert_eq!(image["outcome"], "verified", "{image}");
        assert_eq!(image["evidence"]["signer"], KREL_TRUST, "{image}");
        let [record, summary] = image["attestations"].as_array().unwrap().as_slice() else {
            panic!("{image}");
        };
        for (attestation, signer) in [(record, KREL_TRUST), (summary, PROMOTER_SUMMARIES)] {
            assert_eq!(attestation["present"], true, "{image}");
            assert_eq!(attestation["evidence"]["signer"], signer, "{image}");
        }
    }
    let (code, report, told) = run_in(run, folder.path(), &["verify-all", "v1.35.0"]);
    assert_eq!(code, 1, "{told}");
    assert_eq!(report["counts"]["rejected"], 1, "{told}");
    let files = report["files"].as_array().unwrap();
    let odd = files
        .iter()
        .find(|file| file["outcome"] != "verified")
        .unwrap();
    assert_eq!(odd["release"]["path"], ODD_FILE);
    assert_eq!(odd["release"]["listed"], "same");
    assert_eq!(odd["reason"], "signature-invalid");
}

/// What a user does first.
pub(crate) fn fetch_and_verify(run: &Run) {
    let folder = scene(run);
    let platform = ["--platform", "linux/amd64"];
    let fetch = |what: &str| {
        run_in(
            run,
            folder.path(),
            &[&["fetch", "stable", what], &platform[..]].concat(),
        )
    };
    let (code, _, told) = fetch("kubectl");
    assert_eq!(code, 0, "{told}");
    let version = sealcheck_release::Version::release(1, 36, 0);
    let published = fs::read(run.release.file(version, KUBECTL)).unwrap();
    assert_eq!(fs::read(folder.path().join("kubectl")).unwrap(), published);
    let (code, report, told) = run_in(run, folder.path(), &["verify", VERSION, "./kubectl"]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(report["results"][0]["release"]["path"], KUBECTL);
    // It is not that of the other version, although the same people signed that.
    let (code, report, told) = run_in(run, folder.path(), &["verify", "v1.35.0", "./kubectl"]);
    assert_eq!(code, 1, "{told}");
    assert_eq!(report["results"][0]["release"]["listed"], "other", "{told}");
    fs::write(folder.path().join("kubectl"), "altered").unwrap();
    let (code, _, told) = run_in(run, folder.path(), &["verify", VERSION, "kubectl"]);
    assert_eq!(code, 1, "{told}");
    let (code, _, told) = fetch("kubernetes.tar.gz");
    assert_eq!(code, 0, "{told}");
    let (code, _, told) = run_in(
        run,
        folder.path(),
        &["verify", VERSION, "kubernetes.tar.gz"],
    );
    assert_eq!(code, 0, "{told}");
}

/// A server that is slow, breaks, redirects, throttles or lies.
pub(crate) fn faults(run: &Run) {
    let path = format!("/release/{VERSION}/{KUBECTL}");
    let server = sealcheck_testbed::release::ReleaseServer::start(&run.release.folder);
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("profile.yaml"),
        run.release.profile(&server),
    )
    .unwrap();
    let fetch = || {
        let arguments = ["fetch", VERSION, "kubectl", "--platform", "linux/amd64"];
        run_in(
            run,
            folder.path(),
            &[&arguments[..], &["--timeout", "20s"]].concat(),
        )
    };
    let kubectl = folder.path().join("kubectl");
    // What breaks half-way goes on where it ended.
    server.files.set_times(&path, 1, Fault::Cut { after: 100 });
    let (code, _, told) = fetch();
    assert_eq!(code, 0, "{told}");
    let ranges = server.files.requests();
    assert!(
        ranges
            .iter()
            .any(|asked| asked.header("range") == Some("bytes=100-"))
    );
    for (fault, outcome) in [
        (
            Fault::Redirect {
                to: server.cdn.url().to_owned(),
            },
            0,
        ),
        // As long as something comes there is hope.
        (Fault::Cut { after: 1000 }, 0),
        (Fault::Cut { after: 0 }, 3),
    ] {
        fs::remove_file(&kubectl).ok();
        server.files.set(&path, fault.clone());
        let (code, _, told) = fetch();
        assert_eq!(code, outcome, "{fault:?}\n{told}");
        assert_eq!(kubectl.exists(), outcome == 0, "{fault:?}");
        server.files.mend();
    }
    // A version that was never published.
    let (code, report, told) = run_in(run, folder.path(), &["list", "v1.30.0"]);
    assert_eq!(code, 2, "{told}");
    assert_eq!(report["results"][0]["reason"], "version-unknown", "{told}");
}

/// A kit is proved without network, and what is altered in it is found.
pub(crate) fn kit(run: &Run) {
    let folder = scene(run);
    let (code, _, told) = run_in(run, folder.path(), &["collect", VERSION, "--to", "kit"]);
    assert_eq!(code, 0, "{told}");
    let offline = |what: &[&str]| {
        let rest = ["--from", "kit", "--offline"];
        run_in(run, folder.path(), &[what, &rest].concat())
    };
    let (code, report, told) = offline(&["verify-all", VERSION]);
    assert_eq!(code, 0, "{told}");
    assert!(!report["images"].as_array().unwrap().is_empty(), "{told}");
    let (code, _, told) = offline(&["sbom", VERSION, "--check", "kit/v1.36.0"]);
    assert_eq!(code, 0, "{told}");
    // Again: nothing is fetched twice.
    let before = run
        .server
        .files
        .hits(&format!("/release/{VERSION}/{KUBECTL}"));
    let (code, _, told) = run_in(run, folder.path(), &["collect", VERSION, "--to", "kit"]);
    assert_eq!(code, 0, "{told}");
    let after = run
        .server
        .files
        .hits(&format!("/release/{VERSION}/{KUBECTL}"));
    assert_eq!(before, after);
    fs::write(
        folder.path().join("kit").join(VERSION).join(KUBECTL),
        "altered",
    )
    .unwrap();
    let (code, report, told) = offline(&["verify-all", VERSION]);
    assert_eq!(code, 1, "{told}");
    assert_eq!(report["counts"]["rejected"], 1, "{told}");
}
