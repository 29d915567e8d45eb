//! Reports about a release: their schemas, and where they go.

use sealcheck_record::schema;
use serde_json::Value;

use super::{STAGING, Scene, first};
use crate::sandbox::{Run, fulfils, words};

/// The report, by its schema.
fn document(run: &Run, schema: &Value) -> Value {
    let document: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr));
    fulfils(&document, schema);
    document
}

#[test]
fn every_report_has_its_schema() {
    let scene = Scene::new();
    for (arguments, name, schema) in [
        (&["verify-all"][..], "report", schema::release_report()),
        (&["list"], "list", schema::release_list()),
        (
            &["sbom", "--check", "mirror/v1.36.0"],
            "folder",
            schema::release_folder(),
        ),
    ] {
        let (command, rest) = arguments.split_first().unwrap();
        let arguments = [&[*command, "v1.36.0"], rest].concat();
        let run = scene.run(&arguments).exits(0);
        let document = document(&run, &schema);
        let name = format!("sealcheck/release-{name}/v1");
        assert_eq!(document["schema"], name.as_str());
        assert_eq!(document["sbom"]["outcome"], "verified", "{arguments:?}");
        assert_eq!(document["version"], "v1.36.0", "{arguments:?}");
    }
    // What is wrong fulfils it no less.
    scene
        .sandbox
        .write("mirror/v1.36.0/bin/linux/amd64/kubectl", "altered");
    scene.sandbox.write("mirror/v1.36.0/strange", "");
    let run = scene.run(&["verify-all", "v1.36.0"]).exits(1);
    document(&run, &schema::release_report());
    let check = ["sbom", "v1.36.0", "--check", "mirror/v1.36.0"];
    let run = scene.run(&check).exits(1);
    let states: Vec<Value> = document(&run, &schema::release_folder())["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["state"].clone())
        .collect();
    for state in ["altered", "extra", "proved", "not-covered"] {
        assert!(states.contains(&state.into()), "{state}: {states:?}");
    }
}

#[test]
fn a_report_can_go_to_a_file() {
    let scene = Scene::new();
    let to_file = |arguments: &[&str]| {
        let file = ["--output-file", "report"];
        scene.run(&[arguments, &file].concat())
    };
    for arguments in [
        &["verify-all", "v1.36.0"][..],
        &["list", "v1.36.0"],
        &["sbom", "v1.36.0"],
        &["sbom", "v1.36.0", "--check", "mirror/v1.36.0"],
        &["collect", "v1.36.0", "--to", "kit"],
    ] {
        let run = to_file(arguments).exits(0);
        assert_eq!(run.stdout, "", "{arguments:?}");
        let report: Value = serde_json::from_str(&scene.sandbox.read("report")).unwrap();
        assert_eq!(report["outcome"], "verified", "{arguments:?}");
    }
    // As text it is the same as on a terminal, without colours.
    let text = ["verify-all", "v1.36.0", "-o", "text", "--color", "always"];
    to_file(&text).exits(0);
    let text = scene.sandbox.read("report");
    assert!(text.starts_with("verified  "), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    // A later one that fails replaces it.
    std::fs::remove_file(scene.sandbox.path("mirror/v1.36.0/kubernetes-release.spdx")).unwrap();
    to_file(&["verify-all", "v1.36.0"]).exits(3);
    let report: Value = serde_json::from_str(&scene.sandbox.read("report")).unwrap();
    assert_eq!(report["outcome"], "unavailable");
}

#[test]
fn a_report_replaces_nothing_that_is_to_be_proved() {
    let scene = Scene::new();
    for (arguments, file) in [
        (
            &["verify-all", "v1.36.0"][..],
            "mirror/v1.36.0/bin/linux/amd64/kubectl",
        ),
        (
            &["list", "v1.36.0"],
            "mirror/v1.36.0/kubernetes-release.spdx",
        ),
        (&["list", "v1.36.0"], "root.json"),
        (&["images", "v1.36.0"], "mirror/stable.txt"),
        (
            &["sbom", "v1.36.0", "--check", "downloads"],
            "downloads/report.json",
        ),
        (&["collect", "v1.36.0", "--to", "kit"], "mirror/stable.txt"),
        (
            &["collect", "v1.36.0", "--to", "kit"],
            "kit/trusted_root.json",
        ),
        (
            &["list", "v1.36.0", "--profile", "profile.yaml"],
            "profile.yaml",
        ),
    ] {
        if !scene.sandbox.path(file).exists() {
            scene
                .sandbox
                .write(file, sealcheck_release::Profile::kubernetes_text());
        }
        let before = std::fs::read(scene.sandbox.path(file)).unwrap();
        let run = scene.run(&[arguments, &["--output-file", file]].concat());
        let run = run.exits(2);
        assert!(
            words(&run.stderr).contains("reads or writes"),
            "{}",
            run.stderr
        );
        assert_eq!(std::fs::read(scene.sandbox.path(file)).unwrap(), before);
    }
    // Proofs and checksums are read too, and a new name below a version would be one of its files.
    scene.copy("mirror/v1.36.0/bin/linux/amd64/kubectl", "kubectl");
    for file in [
        "kubectl.sig",
        "kubectl.sha256",
        "mirror/v1.36.0/new",
        "mirror/images/new",
    ] {
        let run = scene.run(&["verify", "v1.36.0", "kubectl", "--output-file", file]);
        run.exits(2);
        assert!(!scene.sandbox.path(file).exists(), "{file}");
    }
    let new = ["collect", "v1.36.0", "--to", "new", "--output-file"];
    scene
        .run(&[&new[..], &["new/trusted_root.json"]].concat())
        .exits(2);
    // An earlier report may lie there, in whatever form.
    for arguments in [
        &["verify-all", "v1.36.0"][..],
        &["list", "v1.36.0"],
        &["sbom", "v1.36.0"],
        &["sbom", "v1.36.0", "--check", "some"],
    ] {
        scene.copy("mirror/v1.36.0/bin/linux/amd64/kubectl", "some/kubectl");
        for form in ["json", "text"] {
            let to_file = ["-o", form, "--output-file", "mirror/report"];
            let first = scene.run(&[arguments, &to_file].concat());
            let again = scene.run(&[arguments, &to_file].concat());
            assert_eq!(
                first.code, again.code,
                "{arguments:?} {form}\n{}",
                again.stderr
            );
            assert_ne!(again.code, 2, "{arguments:?} {form}\n{}", again.stderr);
        }
    }
}

#[test]
fn a_version_that_a_folder_lacks_is_told_with_those_that_it_has() {
    let scene = Scene::new();
    for wanted in ["v1.34.0", "latest-1.35"] {
        let run = scene.run(&["verify-all", wanted]).exits(2);
        let failure = match run.stdout.contains("\"results\": []") {
            true => serde_json::from_str(&run.stdout).unwrap(),
            false => first(&run),
        };
        assert_eq!(failure["reason"], "version-unknown", "{failure}");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains("v1.36.0, v1.35.0"), "{message}");
    }
}

#[test]
fn where_a_report_goes_is_known_before_the_work() {
    let scene = Scene::new();
    std::fs::create_dir(scene.sandbox.path("folder")).unwrap();
    for arguments in [
        &["verify-all", "v1.36.0"][..],
        &["list", "v1.36.0"],
        &["sbom", "v1.36.0", "--check", "mirror/v1.36.0"],
    ] {
        for file in ["-", "folder", "missing/report"] {
            let run = scene.run(&[arguments, &["--output-file", file]].concat());
            let run = run.exits(2);
            assert!(!scene.sandbox.path("-").exists(), "{}", run.stderr);
        }
    }
}

#[test]
fn what_is_wrong_is_told_also_where_the_report_is_for_programs() {
    let scene = Scene::new();
    let run = scene.run(&["verify-all", "v1.36.0"]).exits(0);
    assert_eq!(run.stderr, "");
    scene
        .sandbox
        .write("mirror/v1.36.0/bin/linux/amd64/kubectl", "altered");
    for arguments in [
        &["verify-all", "v1.36.0"][..],
        &["sbom", "v1.36.0", "--check", "mirror/v1.36.0"],
    ] {
        let run = scene.run(arguments).exits(1);
        let told = "rejected  kubernetes v1.36.0: ";
        assert!(run.stderr.starts_with(told), "{}", run.stderr);
        assert!(
            run.stderr.contains("bin/linux/amd64/kubectl"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains("arm64/kubectl"), "{}", run.stderr);
        // Who asked for the form has it already.
        let asked = [arguments, &["-o", "json"]].concat();
        assert_eq!(scene.run(&asked).stderr, "");
    }
}

#[test]
fn where_there_is_no_proof_no_flag_is_named_that_the_command_lacks() {
    let scene = Scene::new();
    let name = "mirror/v1.36.0/bin/linux/amd64/kubectl";
    std::fs::remove_file(scene.sandbox.path(&format!("{name}.sigstore.json"))).unwrap();
    let collect = ["collect", "v1.36.0", "--to", "kit"];
    for command in [
        &["verify", "v1.36.0", name][..],
        &["verify", "v1.36.0", "mirror/v1.36.0"],
        &collect,
    ] {
        let run = scene.text(command).exits(4);
        let told = words(&run.stdout);
        assert!(
            told.contains("Get or collect it again with its proof"),
            "{told}"
        );
        for flag in ["--bundle", "--signature", "--verbose"] {
            assert!(!told.contains(flag), "{command:?}: {told}");
        }
    }
}

#[test]
fn a_list_has_the_images_too() {
    let scene = Scene::new();
    let path = "mirror/v1.36.0/kubernetes-release.spdx";
    let mut spdx = scene.sandbox.read(path);
    for (name, archive) in [
        ("kube-apiserver-amd64", "kube-apiserver.tar"),
        ("kube-apiserver-arm64", "kube-apiserver.tar"),
        ("a-b-c", "other.tar"),
    ] {
        spdx += &format!(
            "PackageName: {archive}\n\
             SPDXID: SPDXRef-Package-registry.k8s.io-{name}-v1.36.0\n\
             PackageFileName: {archive}\n\n"
        );
    }
    scene.publish_file(path, spdx.as_bytes(), STAGING);
    let list = ["list", "v1.36.0"];
    scene
        .sandbox
        .golden("release_list_images", &scene.text(&list));
    let names = |platform: &[&str]| {
        let run = scene.run(&[&list[..], platform].concat()).exits(0);
        let images = document(&run, &schema::release_list())["images"].take();
        let images = images.as_array().unwrap().iter();
        let names = images.map(|image| image["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&[]).len(), 4);
    let name = |name: &str| format!("registry.k8s.io/{name}:v1.36.0");
    let expected = ["a-b-c", "kube-apiserver", "kube-apiserver-arm64"].map(name);
    assert_eq!(names(&["--platform", "linux/arm64"]), expected);
    // Of the other one it is not known for what it is.
    assert_eq!(names(&["--platform", "windows/amd64"]), [name("a-b-c")]);
}

#[cfg(unix)]
#[test]
fn who_interrupts_a_report_is_told_that_there_is_none() {
    use std::net::TcpListener;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    let scene = Scene::new();
    std::fs::create_dir(scene.sandbox.path("empty")).unwrap();
    for command in [
        &["verify-all"][..],
        &["images"],
        &["sbom", "--check", "empty"],
    ] {
        // It hears the question and never answers.
        let mute = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", mute.local_addr().unwrap());
        let rest = ["v1.36.0", "--from", &address, "--trusted-root", "root.json"];
        let program = scene
            .sandbox
            .command(&[&["release"], command, &rest[..]].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, asked) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(mute.accept()));
        let asked = asked.recv_timeout(std::time::Duration::from_secs(25));
        let process = program.id().to_string();
        let kill = Command::new("kill").args(["-s", "INT", &process]).status();
        assert!(kill.unwrap().success());
        let run = program.wait_with_output().unwrap();
        assert!(asked.is_ok());
        assert_eq!(run.status.signal(), Some(2));
        let told = String::from_utf8(run.stderr).unwrap();
        assert!(told.contains("interrupted: nothing was reported"), "{told}");
    }
}

#[test]
fn what_was_not_checked_has_no_lines_for_checks() {
    let scene = Scene::new();
    scene.sandbox.write("kubelte", "?");
    let run = scene.text(&["verify", "v1.36.0", "kubelte"]).exits(1);
    for label in ["\n  passed", "\n  failed"] {
        assert!(!run.stdout.contains(label), "{}", run.stdout);
    }
}
