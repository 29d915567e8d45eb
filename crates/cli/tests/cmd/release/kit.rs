//! Releases in folders with more than one version, and kits.

use serde_json::Value;

use super::{FILES, STAGING, Scene, TARBALL, first};
use crate::sandbox::{fulfils, words};

#[test]
fn a_kit_is_proved_by_itself() {
    let scene = Scene::new();
    let run = scene.run(&["collect", "v1.36.0", "--to", "kit"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    std::fs::rename(scene.sandbox.path("mirror"), scene.sandbox.path("gone")).unwrap();
    let offline = |arguments: &[&str]| {
        let rest = [
            "--from",
            "kit",
            "--offline",
            "--trusted-root",
            "kit/trusted_root.json",
        ];
        scene
            .sandbox
            .run(&[&["release"], arguments, &rest].concat())
    };
    assert_eq!(offline(&["verify-all", "v1.36.0"]).code, 0);
    scene.copy("kit/v1.36.0/bin/linux/amd64/kubectl", "kubectl");
    assert_eq!(offline(&["verify", "v1.36.0", "kubectl"]).code, 0);
    let index: Value = serde_json::from_str(&scene.sandbox.read("kit/v1.36.0.kit.json")).unwrap();
    assert_eq!(index["files"].as_array().unwrap().len(), FILES.len() + 3);
    // A trusted root that came from a file has no TUF repository, and that is said.
    assert_eq!(index["trustedRoot"]["source"], "file:root.json");
    assert_eq!(index["trustedRoot"]["tuf"], Value::Null);
    assert!(!scene.sandbox.path("kit/tuf").exists());
    assert!(run.stderr.contains("no TUF metadata"), "{}", run.stderr);
    // Without being told to trust it, nobody does.
    let unasked = ["verify-all", "v1.36.0", "--from", "kit", "--offline"];
    let run = scene.sandbox.run(&[&["release"], &unasked[..]].concat());
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert_eq!(first(&run)["outcome"], "rejected");
    scene
        .sandbox
        .write("kit/v1.36.0/bin/linux/amd64/kubectl", "altered");
    assert_eq!(offline(&["verify-all", "v1.36.0"]).code, 1);
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let scene = Scene::new();
    let half = [
        "kit/.sealcheck-aB3dE6",
        "kit/v1.36.0/bin/linux/amd64/.sealcheck-b12345",
        "out/.sealcheck-unpack-c/kubernetes/kubectl",
    ];
    // A layout sees to its own, and what has another name is somebody's.
    let others = [
        "kit/images/x/.sealcheck-d12345",
        "kit/other/.sealcheck-d12345",
        "kit/.sealcheck-policy.yaml",
        "kit/mine",
        "out/mine",
    ];
    for name in half.iter().chain(&others) {
        scene.sandbox.write(name, "half");
    }
    let collect = ["collect", "v1.36.0", "--to", "kit"];
    // Nothing is done while another one is at work there: each would write an index of its own.
    let lock = std::fs::File::open(scene.sandbox.path("kit"));
    if let Some(lock) = lock.ok().filter(|kit| kit.try_lock().is_ok()) {
        let run = scene.run(&collect);
        assert_eq!(run.code, 3, "{}", run.stdout);
        assert!(run.stderr.contains("another run"), "{}", run.stderr);
        assert!(scene.sandbox.path(half[0]).exists());
        drop(lock);
    }
    assert_eq!(scene.run(&collect).code, 0);
    let fetch = ["fetch", "v1.36.0", TARBALL, "--to", "out", "--extract"];
    assert_eq!(scene.run(&fetch).code, 0);
    for name in half {
        // Where folders cannot be locked, what looks abandoned may be in use.
        assert!(!cfg!(unix) || !scene.sandbox.path(name).exists(), "{name}");
    }
    assert!(!cfg!(unix) || !scene.sandbox.path("out/.sealcheck-unpack-c").exists());
    for name in others {
        assert!(scene.sandbox.path(name).exists(), "{name}");
    }
}

#[test]
fn a_file_of_another_version_is_named_when_its_sbom_is_proved() {
    let scene = Scene::new();
    scene.copy("mirror/v1.35.0/bin/linux/amd64/kubectl", "kubectl");
    let verify = |name: &str| {
        let verify = ["verify", "v1.36.0", name, "--platform", "linux/amd64"];
        let run = scene.run(&verify);
        assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
        first(&run)
    };
    let evidence = verify("kubectl");
    assert_eq!(evidence["reason"], "release-mismatch");
    let other = &evidence["release"]["otherVersion"];
    assert_eq!(other["version"], "v1.35.0", "{evidence}");
    assert_eq!(other["path"], "bin/linux/amd64/kubectl");
    assert_eq!(other["sbom"]["signer"], STAGING);
    let this = "this is bin/linux/amd64/kubectl of v1.35.0";
    let says = |evidence: &Value| evidence["message"].as_str().unwrap().contains(this);
    assert!(says(&evidence), "{evidence}");
    let text = ["verify", "v1.36.0", "kubectl", "--platform", "linux/amd64"];
    scene
        .sandbox
        .golden("release_other_version", &scene.text(&text));
    // Under a name that no version has.
    scene.copy("kubectl", "kubectl-of-old");
    let evidence = verify("kubectl-of-old");
    assert!(says(&evidence), "{evidence}");
    // What no version has is of none.
    scene.sandbox.write("kubectl", "altered");
    let evidence = verify("kubectl");
    assert_eq!(evidence["release"]["otherVersion"], Value::Null);
    // The list of the other version was altered: nothing that it says is repeated.
    scene.copy("kubectl-of-old", "kubectl");
    let list = "mirror/v1.35.0/kubernetes-release.spdx";
    let altered = scene.sandbox.read(list) + "\n";
    scene.sandbox.write(list, altered);
    let evidence = verify("kubectl");
    assert_eq!(evidence["reason"], "release-mismatch");
    assert_eq!(evidence["release"]["otherVersion"], Value::Null);
    assert!(!says(&evidence), "{evidence}");
}

#[test]
fn the_report_is_one_document_whatever_comes_of_the_index() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.sandbox.path("kit/trusted_root.json")).unwrap();
    let run = scene.run(&["collect", "v1.36.0", "--to", "kit"]).exits(3);
    let report: Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.stdout));
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), FILES.len() + 3);
    assert!(run.stderr.contains("trusted_root.json"), "{}", run.stderr);
    assert!(run.stderr.contains("result-unwritable"), "{}", run.stderr);
    scene.sandbox.write("file", "");
    let run = scene.run(&["collect", "v1.36.0", "--to", "file/kit"]);
    let run = run.exits(3);
    assert!(run.stdout.contains("result-unwritable"), "{}", run.stdout);
}

#[test]
fn a_kit_that_lacks_something_is_not_told_to_be_one() {
    let scene = Scene::new();
    std::fs::remove_file(scene.sandbox.path("mirror/v1.36.0/bin/linux/amd64/kubectl")).unwrap();
    let run = scene.run(&["collect", "v1.36.0", "--to", "kit"]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stderr.contains("not complete"), "{}", run.stderr);
    assert!(!run.stderr.contains("Prove the kit"), "{}", run.stderr);
}

/// The index of the kit, by its schema.
fn index(scene: &Scene) -> Value {
    let index = serde_json::from_str(&scene.sandbox.read("kit/v1.36.0.kit.json")).unwrap();
    fulfils(&index, &sealcheck_record::schema::kit());
    index
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

fn names(index: &Value, what: &str, name: &str) -> Vec<String> {
    let things = index[what].as_array().unwrap().iter();
    let names = things.map(|thing| thing[name].as_str().unwrap().to_owned());
    names.collect()
}

#[test]
fn what_earlier_runs_collected_stays_in_the_index() {
    let scene = Scene::new();
    let kubectl = "mirror/v1.36.0/bin/linux/arm64/kubectl";
    let genuine = scene.sandbox.read(kubectl);
    scene.sandbox.write(kubectl, "altered");
    let collect = ["collect", "v1.36.0", "--to", "kit"];
    let for_windows = [&collect[..], &["--platform", "windows/amd64"]].concat();
    scene.run(&collect).exits(1);
    let all = index(&scene);
    assert_eq!(names(&all, "files", "path").len(), FILES.len() + 2);
    let gaps = &all["notCollected"];
    assert_eq!(gaps[0]["name"], "bin/linux/arm64/kubectl", "{gaps}");
    assert_eq!(gaps[0]["outcome"], "rejected");
    assert_eq!(gaps.as_array().unwrap().len(), 1);
    // A run for less, and with nothing wrong in it, forgets nothing, and does not call it complete.
    let run = scene.run(&for_windows).exits(0);
    assert!(run.stderr.contains("not complete"), "{}", run.stderr);
    assert_eq!(index(&scene), all);
    // What was altered or removed meanwhile is not listed any more.
    scene
        .sandbox
        .write("kit/v1.36.0/bin/linux/amd64/kubectl", "altered");
    std::fs::remove_file(scene.sandbox.path("kit/v1.36.0/bin/linux/amd64/kubeadm")).unwrap();
    scene.run(&for_windows).exits(0);
    let left = names(&index(&scene), "files", "path");
    assert_eq!(left.len(), FILES.len());
    assert!(!left.iter().any(|path| path.starts_with("bin/linux/amd64/")));
    // The whole once more: all of it is there, and nothing is said to be missing.
    scene.sandbox.write(kubectl, genuine);
    scene.run(&collect).exits(0);
    let whole = index(&scene);
    assert_eq!(names(&whole, "files", "path").len(), FILES.len() + 3);
    assert_eq!(whole["notCollected"], Value::Array(Vec::new()));
}

#[test]
fn an_index_that_somebody_else_wrote_leads_nowhere() {
    let scene = Scene::new();
    let collect = ["collect", "v1.36.0", "--to", "kit"];
    scene.run(&collect).exits(0);
    let before = index(&scene);
    let mut hostile = before.clone();
    scene.sandbox.write("outside", "outside");
    let sha256 = sealcheck_verify::Digest::sha256(b"outside").hex();
    for path in ["../../outside", "/etc/hostname"] {
        let file = serde_json::json!({"path": path, "sha256": sha256});
        hostile["files"].as_array_mut().unwrap().push(file);
    }
    // A layout that is one, and lies elsewhere.
    let digest = format!("sha256:{sha256}");
    let names = serde_json::json!({"manifests": [{"digest": digest}]});
    scene.sandbox.write("layout/index.json", names.to_string());
    scene
        .sandbox
        .write(&format!("layout/blobs/sha256/{sha256}"), "outside");
    for layout in ["../layout", &shown(&scene.sandbox.path("layout"))] {
        let image = serde_json::json!({"name": layout, "layout": layout, "digest": digest});
        hostile["images"].as_array_mut().unwrap().push(image);
    }
    let mut of_another = before.clone();
    let gap =
        serde_json::json!({"name": "x", "outcome": "rejected", "reason": "x", "message": "x"});
    of_another["notCollected"] = serde_json::json!([gap]);
    let mut others = Vec::new();
    for (field, value) in [
        ("schema", "sealcheck/kit/v0"),
        ("project", "another"),
        ("version", "v1.35.0"),
    ] {
        let mut other = of_another.clone();
        other[field] = value.into();
        others.push(other.to_string());
    }
    for content in [hostile.to_string(), "no JSON".to_owned()]
        .into_iter()
        .chain(others)
    {
        scene.sandbox.write("kit/v1.36.0.kit.json", content);
        scene.run(&collect).exits(0);
        assert_eq!(index(&scene), before);
    }
}

#[test]
fn what_is_needed_to_prove_a_kit_is_told() {
    let scene = Scene::new();
    let flags = [
        "--identity",
        "glob:krel-*@k8s-releng-prod.iam.gserviceaccount.com",
        "--issuer",
        "https://accounts.google.com",
    ];
    let collect = ["collect", "v1.36.0", "--to", "a kit"];
    let run = scene.run(&[&collect[..], &flags].concat()).exits(0);
    let told = words(&run.stderr);
    let expected = "sealcheck release verify-all v1.36.0 --from 'a kit' --offline \
        --identity 'glob:krel-*@k8s-releng-prod.iam.gserviceaccount.com' \
        --issuer https://accounts.google.com --trusted-root root.json";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_whole_kit_is_not_taken_for_files_of_the_release() {
    let scene = Scene::new();
    scene.run(&["collect", "v1.36.0", "--to", "kit"]).exits(0);
    for command in [&["verify", "v1.36.0"][..], &["sbom", "v1.36.0", "--check"]] {
        let run = scene.run(&[command, &["kit"]].concat()).exits(2);
        let told = words(&run.stderr);
        assert!(told.contains("kit is a kit"), "{told}");
        let hint = "verify-all v1.36.0 --from kit --offline`, or name kit/v1.36.0.";
        assert!(told.contains(hint), "{told}");
        scene.run(&[command, &["kit/v1.36.0"]].concat()).exits(0);
    }
    // A channel names no folder.
    let run = scene.run(&["verify", "stable", "kit"]).exits(2);
    assert!(words(&run.stderr).contains("the folder of the version in it"));
}

#[test]
fn a_kit_for_one_platform_is_proved_for_that() {
    let scene = Scene::new();
    let collect = ["collect", "v1.36.0", "--to", "kit"];
    let told = |rest: &[&str]| {
        let run = scene.run(&[&collect[..], rest].concat()).exits(0);
        let told = words(&run.stderr);
        let (_, command) = told
            .split_once("Prove the kit without network: sealcheck ")
            .unwrap();
        let command: Vec<&str> = command.split(' ').collect();
        scene.sandbox.run(&command).exits(0);
        told
    };
    let platform = ["--platform", "linux/arm64"];
    assert!(told(&platform).contains("--platform linux/arm64"));
    assert!(!told(&[]).contains("--platform"));
    // Now it has more than that.
    assert!(!told(&platform).contains("--platform"));
}

#[test]
fn a_kit_has_the_trusted_root_of_its_last_run_and_says_so() {
    let scene = Scene::new();
    let collect = |version: &str| scene.run(&["collect", version, "--to", "kit"]).exits(0);
    collect("v1.35.0");
    scene.sandbox.write("kit/tuf/1.root.json", "{}");
    let run = collect("v1.36.0");
    assert!(
        !run.stderr.contains("another trusted root"),
        "{}",
        run.stderr
    );
    // What is not of this run is nobody's to remove; the index does not name it.
    assert!(scene.sandbox.path("kit/tuf/1.root.json").exists());
    assert_eq!(index(&scene)["trustedRoot"]["tuf"], Value::Null);
    let mut old: Value = serde_json::from_str(&scene.sandbox.read("kit/v1.35.0.kit.json")).unwrap();
    old["trustedRoot"]["sha256"] = "00".into();
    scene.sandbox.write("kit/v1.35.0.kit.json", old.to_string());
    let run = collect("v1.36.0");
    let told = words(&run.stderr);
    assert!(
        told.contains("v1.35.0 of this kit had another trusted root"),
        "{told}"
    );
}
