//! What `sealcheck release fetch` and `collect` write, and what they do not write.

use std::fs;

use sealcheck_net::double::{Answer, Double};
use serde_json::Value;

use crate::release::{Scene, first};
use crate::sandbox::Run;

const KUBECTL: &str = "kubectl for linux/amd64";
const BELOW: &str = "v1.36.0/bin/linux/amd64/kubectl";

fn fetch(scene: &Scene, more: &[&str]) -> Run {
    let fetch = ["fetch", "v1.36.0", "kubectl", "--to", "out", "--platform"];
    scene.run(&[&fetch[..], &["linux/amd64"], more].concat())
}

fn outcome(run: &Run) -> (i32, String) {
    (
        run.code,
        first(run)["reason"].as_str().unwrap_or("").to_owned(),
    )
}

/// Serves the mirror. A server that knows ranges goes on with whatever was left of an earlier attempt.
fn serve(scene: &Scene) -> Double {
    let double = Double::start();
    let root = scene.sandbox.path("mirror");
    double.respond(move |asked| {
        let Ok(bytes) = fs::read(root.join(asked.target.trim_start_matches('/'))) else {
            return Some(Answer::status(404));
        };
        let from = asked.header("range").and_then(|range| {
            let from = range.strip_prefix("bytes=")?.strip_suffix('-')?;
            from.parse::<usize>().ok()
        });
        let length = bytes.len();
        Some(match from {
            None => Answer::ok(bytes),
            Some(from) if from >= length => {
                Answer::status(416).header("content-range", &format!("bytes */{length}"))
            }
            Some(from) => Answer::status(206).with_body(&bytes[from..]).header(
                "content-range",
                &format!("bytes {from}-{}/{length}", length - 1),
            ),
        })
    });
    double
}

#[test]
fn while_one_run_writes_a_file_another_one_does_not() {
    let scene = Scene::new();
    scene.sandbox.write("out/.kubectl.part", "#!/bin/sh");
    let other = fs::File::open(scene.sandbox.path("out/.kubectl.part")).unwrap();
    other.lock().unwrap();
    let run = fetch(&scene, &[]);
    assert_eq!(outcome(&run), (3, "result-unwritable".to_owned()));
    assert!(!scene.sandbox.path("out/kubectl").exists());
    assert_eq!(scene.sandbox.read("out/.kubectl.part"), "#!/bin/sh");
    drop(other);
    assert_eq!(fetch(&scene, &[]).code, 0);
    assert_eq!(scene.sandbox.read("out/kubectl"), KUBECTL);
}

/// A leftover is nobody's fault at the server: it is dropped, and the whole fetched.
#[test]
fn a_leftover_that_is_wrong_is_fetched_anew() {
    let scene = Scene::new();
    let double = serve(&scene);
    let run = |scene: &Scene| {
        scene.sandbox.run(&[
            "release",
            "fetch",
            "v1.36.0",
            "kubectl",
            "--platform",
            "linux/amd64",
            "--to",
            "out",
            "--from",
            &double.url(""),
            "--trusted-root",
            "root.json",
        ])
    };
    let longest = "x".repeat(KUBECTL.len());
    for leftover in ["evil", &longest, &KUBECTL[..5]] {
        scene.sandbox.write("out/.kubectl.part", leftover);
        let run = run(&scene);
        assert_eq!(
            outcome(&run),
            (0, String::new()),
            "{leftover}\n{}",
            run.stdout
        );
        assert_eq!(scene.sandbox.read("out/kubectl"), KUBECTL);
        fs::remove_file(scene.sandbox.path("out/kubectl")).unwrap();
    }
    // What the server itself has wrong stays so.
    scene.sandbox.write(&format!("mirror/{BELOW}"), "a lie");
    scene.sandbox.write("out/.kubectl.part", "evil");
    let run = run(&scene);
    assert_eq!(outcome(&run), (1, "release-mismatch".to_owned()));
    assert_eq!(fs::read_dir(scene.sandbox.path("out")).unwrap().count(), 0);
}

/// What is said to be in a kit must be proved by what is in it.
#[test]
fn a_kit_that_goes_on_mends_the_proofs_in_it() {
    let scene = Scene::new();
    let collect = ["collect", "v1.36.0", "--to", "kit"];
    assert_eq!(scene.run(&collect).code, 0);
    let bundle = format!("kit/{BELOW}.sigstore.json");
    scene.sandbox.write(&bundle, "{}");
    scene.copy(
        &bundle.replace("amd64/kubectl", "amd64/kubeadm"),
        &bundle.replace("amd64", "arm64"),
    );
    assert_eq!(scene.run(&collect).code, 0);
    let prove = [
        "release",
        "verify-all",
        "v1.36.0",
        "--from",
        "kit",
        "--offline",
    ];
    let run = [&prove[..], &["--trusted-root", "root.json"]].concat();
    let run = scene.sandbox.run(&run);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn a_report_does_not_replace_what_was_proved() {
    let scene = Scene::new();
    assert_eq!(fetch(&scene, &[]).code, 0);
    let run = fetch(&scene, &["--output-file", "out/kubectl"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert_eq!(scene.sandbox.read("out/kubectl"), KUBECTL);
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(scene: &Scene, name: &str) -> u32 {
        fs::metadata(scene.sandbox.path(name)).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_leftover_that_others_hold_is_not_written() {
        let scene = Scene::new();
        scene.sandbox.write("precious", "precious");
        scene.sandbox.write("out/x", "x");
        let part = scene.sandbox.path("out/.kubectl.part");
        fs::hard_link(scene.sandbox.path("precious"), &part).unwrap();
        assert_eq!(fetch(&scene, &[]).code, 0);
        assert_eq!(scene.sandbox.read("precious"), "precious");
        let kept = fs::metadata(scene.sandbox.path("out/kubectl")).unwrap();
        assert_eq!((kept.nlink(), kept.mode() & 0o7777), (1, 0o755));
    }

    #[test]
    fn what_is_there_already_gets_its_mode_or_is_replaced() {
        let scene = Scene::new();
        assert_eq!(fetch(&scene, &[]).code, 0);
        let target = scene.sandbox.path("out/kubectl");
        let inode = |scene: &Scene| {
            let there = fs::symlink_metadata(scene.sandbox.path("out/kubectl"));
            there.unwrap().ino()
        };
        let first = inode(&scene);
        fs::set_permissions(&target, Permissions::from_mode(0o4600)).unwrap();
        assert_eq!(fetch(&scene, &[]).code, 0);
        assert_eq!((inode(&scene), mode(&scene, "out/kubectl")), (first, 0o755));
        // Somebody else may have it open, to write it later.
        fs::set_permissions(&target, Permissions::from_mode(0o6666)).unwrap();
        let before = fs::File::open(&target).unwrap();
        assert_eq!(fetch(&scene, &[]).code, 0);
        assert_ne!(inode(&scene), first);
        assert_eq!(mode(&scene, "out/kubectl"), 0o755);
        drop(before);
        // A link is no file, wherever it leads.
        fs::rename(&target, scene.sandbox.path("elsewhere")).unwrap();
        symlink(scene.sandbox.path("elsewhere"), &target).unwrap();
        let run = fetch(&scene, &[]);
        assert_eq!(outcome(&run), (3, "result-unwritable".to_owned()));
    }

    #[test]
    fn nothing_is_written_through_links_below_the_folder() {
        let scene = Scene::new();
        scene.sandbox.write("outside/x", "x");
        let outside = scene.sandbox.path("outside");
        for (link, command) in [
            ("kit/v1.36.0", &["collect", "v1.36.0", "--to", "kit"][..]),
            (
                "tree/bin",
                &[
                    "fetch",
                    "v1.36.0",
                    "bin/linux/amd64/kubectl",
                    "--to",
                    "tree",
                    "--tree",
                ],
            ),
        ] {
            let link = scene.sandbox.path(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(&outside, &link).unwrap();
            let run = scene.run(command);
            assert_eq!(outcome(&run), (3, "result-unwritable".to_owned()));
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 1, "{command:?}");
        }
        // The folder that the user names may be one.
        symlink(&outside, scene.sandbox.path("out")).unwrap();
        assert_eq!(fetch(&scene, &[]).code, 0);
        assert_eq!(scene.sandbox.read("outside/kubectl"), KUBECTL);
    }

    /// Reading a pipe waits for whoever writes it, and a device may never end. Were it read, the test would not end.
    #[test]
    fn pipes_and_devices_in_a_folder_are_not_read() {
        let pipe = |scene: &Scene, name: &str| {
            let path = scene.sandbox.path(name);
            fs::remove_file(&path).ok();
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.unwrap().success());
        };
        for (name, command) in [
            ("stable.txt", &["list", "stable"][..]),
            ("v1.36.0/kubernetes-release.spdx", &["list", "v1.36.0"]),
            (
                BELOW,
                &["fetch", "v1.36.0", "bin/linux/amd64/kubectl", "--to", "out"],
            ),
            (BELOW, &["verify-all", "v1.36.0"]),
            ("v1.36.0/kubernetes-source.spdx", &["verify-all", "v1.36.0"]),
        ] {
            let scene = Scene::new();
            pipe(&scene, &format!("mirror/{name}"));
            let run = scene.run(command);
            assert_eq!(run.code, 3, "{name}\n{}{}", run.stdout, run.stderr);
        }
        // Of checksums nothing depends on it.
        let scene = Scene::new();
        pipe(&scene, &format!("mirror/{BELOW}.sha256"));
        let run = scene.run(&["verify-all", "v1.36.0"]);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.code, &document["outcome"]), (0, &"verified".into()));
        // A device that never ends.
        let scene = Scene::new();
        let path = scene.sandbox.path(&format!("mirror/{BELOW}"));
        fs::remove_file(&path).unwrap();
        symlink("/dev/zero", &path).unwrap();
        let run = fetch(&scene, &[]);
        assert_eq!(outcome(&run), (3, "artifact-unreadable".to_owned()));
    }
}
