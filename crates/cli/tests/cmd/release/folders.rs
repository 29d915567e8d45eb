//! Files of a release under other names and in other places, and what lies with them.

use serde_json::Value;

use super::{Scene, TARBALL, first};
use crate::sandbox::Run;

fn message(run: &Run) -> String {
    let message = &first(run)["message"];
    message.as_str().unwrap_or_default().to_owned()
}

#[test]
fn one_program_is_not_another_whatever_it_is_called() {
    let scene = Scene::new();
    for (from, to) in [
        ("linux/amd64/kubeadm", "kubectl"),
        ("linux/amd64/kubectl", "totally-new-tool"),
        ("linux/amd64/kubectl", "kubeadm.sha256"),
        ("linux/amd64/kubectl", "provenance.json"),
    ] {
        scene.copy(&format!("mirror/v1.36.0/bin/{from}"), &format!("b/{to}"));
        let run = scene.run(&["verify", "v1.36.0", &format!("b/{to}")]);
        assert_eq!(
            (run.code, &first(&run)["reason"]),
            (1, &"release-mismatch".into()),
            "{to}"
        );
        let words = format!("it is bin/{from} of this release");
        assert!(message(&run).contains(&words), "{}", message(&run));
    }
    // In a folder no less.
    let run = scene.run(&["verify", "v1.36.0", "b"]);
    assert_eq!(run.code, 1);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["results"].as_array().unwrap().len(), 4);
    // Who says what it is, is taken at their word; which is then held against the SBOM.
    let tool = ["verify", "v1.36.0", "b/totally-new-tool", "--as"];
    for (path, code) in [
        ("bin/linux/amd64/kubectl", 0),
        ("bin/linux/amd64/kubeadm", 1),
    ] {
        let run = scene.run(&[&tool[..], &[path]].concat());
        assert_eq!(run.code, code, "{path}\n{}", run.stdout);
    }
}

/// Programs with names as of what is not signed.
const SCRIPTS: &[&str] = &[
    "README.sh",
    "evil-README.exe",
    "README.md",
    "Makefile",
    "announcement.sh",
    "announcement.html",
    "release-notes.exe",
    "release-notes.json",
    "run.docker_tag",
    "run.spdx",
    "kubectl.sha256",
    "kubectl.sig",
    "kubectl.spdx.json.sig",
    "SHA256SUMS",
    "SHA256SUMS-setup.sh",
    "bin/linux/amd64/run.spdx",
    "bin/linux/amd64/run.docker_tag",
    "bin/linux/amd64/provenance.json",
    "bin/linux/amd64/kubectl.spdx.json.sig",
    "bin/linux/amd64/kubeadm.sha512",
];

#[test]
fn a_name_makes_no_program_a_document() {
    let scene = Scene::new();
    scene.copy("mirror/v1.36.0/bin/linux/amd64/kubectl", "vd/kubectl");
    for script in SCRIPTS {
        scene
            .sandbox
            .write(&format!("vd/{script}"), "#!/bin/sh\necho evil\n");
        scene.sandbox.write(
            &format!("mirror/v1.36.0/{script}"),
            "#!/bin/sh\necho evil\n",
        );
    }
    let run = scene.run(&["verify", "v1.36.0", "vd"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let results = document["results"].as_array().unwrap();
    let rejected = |name: &str| {
        results
            .iter()
            .any(|result| result["artifact"]["name"] == name && result["outcome"] == "rejected")
    };
    for script in SCRIPTS {
        assert!(
            rejected(&format!("vd/{script}")),
            "{script}\n{}",
            run.stdout
        );
    }
    let run = scene.run(&["sbom", "v1.36.0", "--check", "mirror/v1.36.0"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let files = document["files"].as_array().unwrap();
    for script in SCRIPTS {
        let row = files.iter().find(|row| row["path"] == *script).unwrap();
        assert_eq!(row["state"], "extra", "{row}");
    }
    assert_eq!(
        (run.code, &document["counts"]["extra"]),
        (1, &SCRIPTS.len().into())
    );
}

/// A shell runs what has no first line that says so, and nobody looks for documents in other folders.
#[test]
fn what_is_not_signed_has_the_content_and_the_place_of_its_kind() {
    let scene = Scene::new();
    for (name, content) in [
        ("provenance.json", "echo evil"),
        ("release-notes.json", "echo evil"),
        ("SHA256SUMS", "echo evil"),
        ("SHA512SUMS", "echo evil # \u{0}"),
        ("provenance.json", "\"/tmp/evil\""),
        ("bin/linux/amd64/run.docker_tag", "echo evil"),
        ("SHA512SUMS", ""),
        ("announcement.html", "echo evil"),
        ("evil/v1.36.0/provenance.json", "{}"),
        ("x/provenance.json", "{}"),
        ("sub/bin/linux/amd64/run.docker_tag", "v1.36.0"),
    ] {
        let file = format!("mirror/v1.36.0/{name}");
        scene.sandbox.write(&file, content);
        let run = scene.run(&["verify", "v1.36.0", &file]);
        assert_eq!(run.code, 1, "{name}\n{}", run.stdout);
        let run = scene.run(&["sbom", "v1.36.0", "--check", "mirror/v1.36.0"]);
        assert_eq!(run.code, 1, "{name}\n{}", run.stdout);
        std::fs::remove_file(scene.sandbox.path(&file)).unwrap();
    }
    // Without the SBOM the folder of the version says where a file is, and without that any folder may be the release's.
    for (file, code) in [
        ("other/v1.36.0/provenance.json", 0),
        ("other/v1.36.0/x/provenance.json", 1),
        ("other/x/provenance.json", 0),
    ] {
        scene.sandbox.write(file, "{}");
        let run = scene.run(&["verify", "v1.36.0", file, KUBECTL]);
        assert_eq!(run.code, code, "{file}\n{}", run.stdout);
    }
}

const KUBECTL: &str = "mirror/v1.36.0/bin/linux/amd64/kubectl";

#[test]
fn what_is_not_signed_is_at_its_path_and_named() {
    let scene = Scene::new();
    scene.sandbox.write("mirror/v1.36.0/provenance.json", "{}");
    scene.sandbox.write(
        "mirror/v1.36.0/bin/linux/amd64/kubectl.docker_tag",
        "v1.36.0",
    );
    let folder = "mirror/v1.36.0";
    let run = scene.text(&["verify", "v1.36.0", folder]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let told = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in ["provenance.json", "bin/linux/amd64/kubectl.docker_tag"] {
        let words = format!("{folder}/{name} is left out: not signed: ");
        assert!(told.contains(&words), "{told}");
    }
    assert!(!told.contains("kubectl.sha256"), "{told}");
    let check = ["sbom", "v1.36.0", "--check", folder];
    let run = scene.text(&check);
    assert_eq!(run.code, 0, "{}", run.stdout);
    scene.sandbox.golden("release_not_covered", &run);
    // In the place of a program it is no document.
    let placed = "bin/linux/amd64/provenance.json";
    scene.sandbox.write(&format!("{folder}/{placed}"), "{}");
    let run = scene.text(&check);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(
        run.stdout.contains(&format!("extra        {placed}")),
        "{}",
        run.stdout
    );
    assert_eq!(scene.run(&["verify", "v1.36.0", folder]).code, 1);
    std::fs::remove_file(scene.sandbox.path(&format!("{folder}/{placed}"))).unwrap();
    // The folder's own SBOM is the one that is proved, and the other one is of this version.
    for name in ["kubernetes-release.spdx", "kubernetes-source.spdx"] {
        copy_tree(&scene.sandbox.path(folder), &scene.sandbox.path("copy"));
        scene.copy(&format!("mirror/v1.35.0/{name}"), &format!("copy/{name}"));
        let run = scene.run(&["sbom", "v1.36.0", "--check", "copy"]);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        let files = document["files"].as_array().unwrap();
        let row = files.iter().find(|row| row["path"] == name).unwrap();
        assert_eq!((run.code, &row["state"]), (1, &"extra".into()), "{row}");
        std::fs::remove_dir_all(scene.sandbox.path("copy")).unwrap();
    }
}

fn copy_tree(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_tree(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn a_program_in_the_place_of_another_platform_is_misplaced() {
    let scene = Scene::new();
    let folder = scene.sandbox.path("mirror/v1.36.0");
    for (from, to, state) in [
        ("bin/linux/amd64", "bin/linux/s390x", "misplaced"),
        ("bin/linux/amd64", "bin/darwin/amd64", "misplaced"),
        ("bin/linux/amd64", "x/bin/darwin/amd64", "misplaced"),
        // The same place on some file systems.
        ("bin/linux/amd64", "bin/Darwin/amd64", "misplaced"),
        ("bin/linux/amd64", "opt", "proved"),
    ] {
        let copy = scene.sandbox.path("copy");
        copy_tree(&folder, &copy);
        std::fs::create_dir_all(copy.join(to).parent().unwrap()).unwrap();
        std::fs::rename(copy.join(from), copy.join(to)).unwrap();
        let check = ["sbom", "v1.36.0", "--check", "copy"];
        let run = scene.run(&check);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        let files = document["files"].as_array().unwrap();
        let path = format!("{to}/kubectl");
        let row = files.iter().find(|row| row["path"] == *path).unwrap();
        assert_eq!(row["state"], state, "{row}");
        assert_eq!(row["artifact"], format!("{from}/kubectl"), "{row}");
        let missing: Vec<&Value> = document["missing"].as_array().unwrap().iter().collect();
        match state {
            "misplaced" => {
                assert_eq!(run.code, 1);
                assert_eq!(
                    missing,
                    ["bin/linux/amd64/kubeadm", "bin/linux/amd64/kubectl"]
                );
            }
            _ => assert_eq!((run.code, missing.len()), (0, 0), "{}", run.stdout),
        }
        // What lies elsewhere is named in any case.
        let run = scene.text(&check);
        assert!(run.stdout.contains(&path), "{}", run.stdout);
        std::fs::remove_dir_all(copy).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_folder_is_not_proved_where_it_was_not_looked_at() {
    let scene = Scene::new();
    let folder = scene.sandbox.path("mirror/v1.36.0");
    std::os::unix::fs::symlink(scene.sandbox.path("mirror/v1.35.0"), folder.join("linked"))
        .unwrap();
    let run = scene.text(&["sbom", "v1.36.0", "--check", "mirror/v1.36.0"]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stdout.contains("left-out     linked"), "{}", run.stdout);
    let run = scene.run(&["verify", "v1.36.0", "mirror/v1.36.0"]).exits(3);
    assert_eq!(first(&run)["outcome"], "unavailable");
    assert!(
        message(&run).contains("a symbolic link to a folder"),
        "{}",
        message(&run)
    );
}

/// An address that the project has or had for an artifact says what a file is, and what to fetch; nobody asks it.
#[test]
fn addresses_stand_for_artifacts() {
    let scene = Scene::new();
    let path = "bin/linux/amd64/kubectl";
    scene.copy(&format!("mirror/v1.36.0/{path}"), "file");
    let verify = |address: &str| scene.run(&["verify", "v1.36.0", "file", "--as", address]);
    for base in [
        "https://dl.k8s.io",
        "https://dl.k8s.io/release",
        "https://cdn.dl.k8s.io/release",
    ] {
        let address = format!("{base}/v1.36.0/{path}");
        verify(&address).exits(0);
        let run = scene.run(&["fetch", "v1.36.0", &address, "--to", "out"]);
        run.exits(0);
        std::fs::remove_file(scene.sandbox.path("out/kubectl")).unwrap();
    }
    for (address, words) in [
        (
            "https://dl.k8s.io/v1.35.0/bin/linux/amd64/kubectl",
            "it is one of v1.35.0",
        ),
        (
            "dl.k8s.io/v1.35.0/bin/linux/amd64/kubectl",
            "it is one of v1.35.0",
        ),
        (
            "https://example.com/v1.36.0/bin/linux/amd64/kubectl",
            "an address of the project",
        ),
    ] {
        let run = verify(address).exits(2);
        assert!(
            run.stderr.replace("\n       ", " ").contains(words),
            "{}",
            run.stderr
        );
        let run = scene.run(&["fetch", "v1.36.0", address]).exits(2);
        assert!(
            run.stderr.replace("\n       ", " ").contains(words),
            "{}",
            run.stderr
        );
    }
}

#[cfg(unix)]
#[test]
fn what_is_kept_can_be_read_by_whom_the_mask_lets() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    assert_eq!(scene.run(&["collect", "v1.36.0", "--to", "kit"]).code, 0);
    scene.sandbox.write("any", "");
    let mode = |name: &str| {
        let metadata = std::fs::metadata(scene.sandbox.path(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("kit/trusted_root.json"), mode("any"));
    assert_eq!(mode("kit/v1.36.0.kit.json"), mode("any"));
}

#[test]
fn what_is_mistyped_is_no_verdict() {
    let scene = Scene::new();
    scene.copy("mirror/v1.36.0/bin/linux/amd64/kubectl", "kubectl");
    for artifact in ["kubectl", "linux/amd64/kubectl", "bin/linux/amd64/kubctl"] {
        let run = scene.run(&["verify", "v1.36.0", "kubectl", "--as", artifact]);
        assert_eq!(
            (run.code, &first(&run)["reason"]),
            (2, &"artifact-unknown".into()),
            "{artifact}\n{}",
            run.stdout
        );
    }
    let run = scene.run(&[
        "images",
        "v1.36.0",
        "--registry",
        "https://mirror.example/k8s",
    ]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("mirror.example/k8s"), "{}", run.stderr);
    // The help that is named is that of the command.
    let run = scene.sandbox.run(&["release", "verify", "./kubectl"]);
    assert_eq!(run.code, 2);
    let help = "sealcheck release verify --help";
    assert!(run.stderr.contains(help), "{}", run.stderr);
    let run = scene.run(&["fetch", "v1.36.0", "kubernetes-client", "--to", "out"]);
    let text = run.stdout + &run.stderr;
    assert!(text.contains(TARBALL), "{text}");
}

#[cfg(unix)]
#[test]
fn of_what_was_not_looked_at_it_is_not_said_that_it_is_missing() {
    let scene = Scene::new();
    let folder = scene.sandbox.path("mirror/v1.36.0/bin");
    std::fs::rename(folder.join("windows"), scene.sandbox.path("windows")).unwrap();
    std::os::unix::fs::symlink(scene.sandbox.path("windows"), folder.join("windows")).unwrap();
    let run = scene.run(&["sbom", "v1.36.0", "--check", "mirror/v1.36.0"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert_eq!(report["missing"], serde_json::json!([]));
    std::fs::remove_file(folder.join("windows")).unwrap();
    let run = scene.run(&["sbom", "v1.36.0", "--check", "mirror/v1.36.0"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert_eq!(report["missing"][0], "bin/windows/amd64/kubectl.exe");
}
