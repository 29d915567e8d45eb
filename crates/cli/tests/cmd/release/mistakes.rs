//! Mistakes in command lines about releases, each told with its cure.

use super::{Scene, TARBALL};
use crate::sandbox::words;

#[test]
fn a_version_behind_its_file_is_told_to_come_first() {
    let scene = Scene::new();
    for (command, wrong, right) in [
        ("verify", ["./kubectl", "v1.36.0"], "v1.36.0 ./kubectl"),
        ("verify", ["my kubectl", "stable"], "stable 'my kubectl'"),
        ("fetch", ["kubectl", "v1.36.0"], "v1.36.0 kubectl"),
    ] {
        let run = scene.run(&[&[command], &wrong[..]].concat()).exits(2);
        let told = words(&run.stderr);
        let hint = format!("The version comes first: `sealcheck release {command} {right}`");
        assert!(told.contains("reason: version-unknown"), "{told}");
        assert!(told.contains(&hint), "{told}");
    }
    // Where there is none at all, nothing is to be put in order.
    let run = scene.run(&["verify", "kubectl", "kubeadm"]).exits(2);
    assert!(!run.stderr.contains("comes first"), "{}", run.stderr);
}

#[test]
fn an_address_is_fetched_and_not_verified() {
    let scene = Scene::new();
    let address = "https://dl.k8s.io/v1.36.0/bin/linux/amd64/kubectl";
    let run = scene.run(&["verify", "v1.36.0", address]).exits(2);
    let told = words(&run.stderr);
    assert!(told.contains("reason: file-not-found"), "{told}");
    let fetch = format!("`sealcheck release fetch v1.36.0 {address}`");
    assert!(told.contains(&fetch), "{told}");
}

#[test]
fn a_file_is_no_folder() {
    let scene = Scene::new();
    scene.sandbox.write("file", "");
    let from = ["release", "list", "v1.36.0", "--from", "file"];
    for run in [
        scene.run(&["collect", "v1.36.0", "--to", "file"]),
        scene.run(&["fetch", "v1.36.0", "kubectl", "--to", "file"]),
        scene.run(&["sbom", "v1.36.0", "--check", "file"]),
        scene.sandbox.run(&from),
    ] {
        let run = run.exits(2);
        let told = "file: it is a file, not a folder";
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    let run = scene.run(&["sbom", "v1.36.0", "--check", "none"]).exits(2);
    assert!(run.stderr.contains("no such folder"), "{}", run.stderr);
}

#[test]
fn a_profile_that_is_not_there_is_not_malformed() {
    let scene = Scene::new();
    let run = scene.run(&["list", "v1.36.0", "--profile", "nope.yaml"]);
    let run = run.exits(2);
    assert!(run.stderr.contains("file-not-found"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("nope.yaml").count(), 1, "{}", run.stderr);
    // A folder is there, and is said to be once.
    let run = scene.run(&["list", "v1.36.0", "--profile", "mirror"]);
    let run = run.exits(2);
    assert!(run.stderr.contains("profile-malformed"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("mirror").count(), 1, "{}", run.stderr);
}

#[test]
fn what_is_named_twice_is_fetched_once() {
    let scene = Scene::new();
    let fetch = |names: &[&str]| {
        let fetch = ["fetch", "v1.36.0", "--to", "out"];
        scene.run(&[&fetch[..], names].concat())
    };
    let (amd64, arm64) = ("bin/linux/amd64/kubectl", "bin/linux/arm64/kubectl");
    let run = fetch(&["kubectl", amd64, amd64, "--platform", "linux/amd64"]).exits(0);
    let results = run.result()["results"].as_array().unwrap().len();
    assert_eq!(results, 1, "{}", run.stdout);
    let run = fetch(&[amd64, arm64]).exits(2);
    assert!(run.stderr.contains("--tree"), "{}", run.stderr);
}

#[test]
fn a_tarball_is_not_unpacked_over_what_is_there() {
    let scene = Scene::new();
    let fetch = ["fetch", "v1.36.0", TARBALL, "--to", "out", "--extract"];
    scene
        .sandbox
        .write("out/kubernetes-client-linux-amd64/mine", "");
    let run = scene.run(&fetch).exits(2);
    let told = words(&run.stderr);
    assert!(
        told.contains("out/kubernetes-client-linux-amd64 is there"),
        "{told}"
    );
    assert!(
        told.contains("hint: Remove it, or leave out --extract"),
        "{told}"
    );
    assert!(!scene.sandbox.path("out").join(TARBALL).exists());
    // An empty one is taken.
    std::fs::remove_file(scene.sandbox.path("out/kubernetes-client-linux-amd64/mine")).unwrap();
    scene.run(&fetch).exits(0);
    // What is seen only when it is unpacked: the tarball is proved, and nothing is written elsewhere.
    #[cfg(unix)]
    {
        let folder = scene.sandbox.path("out/kubernetes-client-linux-amd64");
        std::fs::remove_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink(scene.sandbox.path("elsewhere"), &folder).unwrap();
        let run = scene.run(&fetch).exits(3);
        assert!(run.stdout.contains("result-unwritable"), "{}", run.stdout);
        assert!(!scene.sandbox.path("elsewhere").exists());
    }
}
