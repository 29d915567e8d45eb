//! Image layouts: what is not in them, how they are pinned, and where copies go.

use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::{Repository, index_of};
use serde_json::{Value, json};

use crate::sandbox::{Run, checked, words};
use crate::scene::{SIGNER, Scene};

/// An index for two platforms, each image signed; `arm64` alone is left when it is served.
fn sparse() -> Scene {
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let mut scene = Scene::of(repository, index);
    let signed = scene.sign_digest(SIGNER, &images[1].digest);
    scene.repository.attach_signatures(&images[1], &[signed]);
    scene.repository.objects.remove(&images[0].digest);
    scene
}

fn copy(scene: &Scene, double: &RegistryDouble, more: &[&str]) -> Run {
    let image = format!("{}/app:v1", double.host());
    scene.sandbox.run(&[&["copy", &image], more].concat())
}

#[test]
fn an_image_that_is_not_there_is_not_called_unsigned() {
    let scene = sparse();
    let double = scene.serve();
    copy(&scene, &double, &["part", "--platform", "linux/arm64"]).exits(0);
    let served = format!("{}/app:v1", double.host());
    for (image, why) in [
        ("oci:part:v1", "copied without this platform"),
        (served.as_str(), "the image itself is not"),
    ] {
        let download = ["download", "signature", image, "--platform"];
        let run = scene
            .sandbox
            .run(&[&download[..], &["linux/amd64"]].concat())
            .exits(2);
        assert!(words(&run.stderr).contains(why), "{}", run.stderr);
        assert!(!run.stderr.contains("no-proof-found"), "{}", run.stderr);
        let hint = words(run.last_words());
        assert!(hint.contains("with this platform"), "{hint}");
        let own = [&download[..], &["linux/arm64"]].concat();
        assert_eq!(scene.sandbox.run(&own).exits(0).stdout.lines().count(), 1);

        let run = scene.sandbox.run(&["tree", image, "-o", "text"]).exits(2);
        let amd64 = run.stdout.split("linux/amd64").nth(1).unwrap();
        let below = amd64.lines().nth(1).unwrap();
        assert!(below.ends_with("└── not here"), "{}", run.stdout);
        assert!(run.stdout.contains("1 image is not here"), "{}", run.stdout);
        assert!(words(&run.stderr).contains(why), "{}", run.stderr);
        let run = scene.sandbox.run(&["tree", image]).exits(2);
        let tree: Value = serde_json::from_str(&run.stdout).unwrap();
        let validator = jsonschema::validator_for(&sealcheck_record::schema::tree()).unwrap();
        assert!(validator.is_valid(&tree), "{tree:#}");
        assert_eq!(tree["manifests"][1]["missing"]["reason"], "image-not-found");
        assert_eq!(tree["manifests"][2]["missing"], Value::Null);
    }
}

#[test]
fn the_commands_around_images_say_which_names_a_layout_has() {
    let scene = Scene::signed();
    scene.lay_out();
    for command in [
        &["tree", "oci:layout:nope"][..],
        &["download", "signature", "oci:layout:nope"],
        &["copy", "oci:layout:nope", "copied"],
    ] {
        let told = words(&scene.sandbox.run(command).exits(2).stderr);
        for word in ["(found v1)", "Name one that the layout has"] {
            assert!(told.contains(word), "{command:?}: {told}");
        }
    }
    assert!(!scene.sandbox.path("copied").exists());
}

#[test]
fn a_pin_of_a_layout_is_made_of_the_whole_name_there() {
    let scene = Scene::signed();
    let double = scene.serve();
    copy(&scene, &double, &["copied"]).exits(0);
    let name = format!("{}/app:v1", double.host());
    drop(double);
    let digest = &scene.image.digest;
    for image in [
        "oci:copied".to_owned(),
        "oci:copied:v1".to_owned(),
        format!("oci:copied:{name}"),
        format!("oci:copied@{digest}"),
    ] {
        let run = scene
            .run("verify", &["--pin", &image, "--offline"])
            .exits(0);
        assert_eq!(run.stdout, format!("{name}@{digest}\n"), "{image}");
    }
    // The name is the layout's word, and evidence does not take it for the image's.
    let run = scene.run("verify", &["oci:copied", "--offline"]).exits(0);
    let evidence = &checked(&run.stdout)["results"][0];
    assert_eq!(evidence["image"]["reference"], Value::Null);
    assert_eq!(evidence["artifact"]["name"], "oci:copied");
}

/// Nothing is verified for a pin that cannot be made.
#[test]
fn a_layout_without_a_whole_name_is_refused_before_it_is_verified() {
    let scene = Scene::signed();
    scene.lay_out();
    let pin = ["--pin", "oci:layout:v1", "--offline"];
    let run = scene.run("verify", &pin).exits(2);
    assert_eq!(run.stdout, "");
    assert!(!run.stderr.contains("verified  "), "{}", run.stderr);
    let told = "oci:layout:v1 has no name of a registry";
    assert!(words(&run.stderr).contains(told), "{}", run.stderr);

    // Two names for one image: neither is the one.
    let entry = |name: &str| {
        let mut entry = scene.repository.descriptor_json(&scene.image.digest);
        entry["annotations"] = json!({
            "org.opencontainers.image.ref.name": "v1",
            "io.containerd.image.name": name,
        });
        entry
    };
    let index = index_of(vec![
        entry("one.example/app:v1"),
        entry("two.example/app:v1"),
    ]);
    for (path, content) in scene.repository.files_with(&index) {
        scene.sandbox.write(&format!("two/{path}"), content);
    }
    let run = scene.run("verify", &["--pin", "oci:two", "--offline"]);
    assert!(run.exits(2).stderr.contains("or several"));
}

#[test]
fn the_hint_of_a_copy_in_a_grown_layout_means_one_image() {
    let scene = Scene::signed();
    let double = scene.serve();
    copy(&scene, &double, &["grown", "-o", "text"]).exits(0);
    let other = RegistryDouble::start();
    other.image("other", "v1");
    let image = format!("{}/other:v1", other.host());
    let grow = ["copy", &image, "grown", "-o", "text"];
    let run = scene.sandbox.run(&grow).exits(0);
    let hint = words(&run.stdout);
    let (_, source) = hint.split_once("sealcheck verify ").unwrap();
    let source = source.split(' ').next().unwrap();
    assert_eq!(source, format!("oci:grown:{image}"));
    scene.run("verify", &[source, "--offline"]).exits(4);
    // Again: what is counted is one of each.
    assert!(hint.contains("1 manifest, 0 of them proofs"), "{hint}");
}

#[test]
fn a_copy_goes_into_a_folder_and_nothing_else() {
    let scene = Scene::signed();
    let double = scene.serve();
    copy(&scene, &double, &["oci:named"]).exits(0);
    assert!(scene.sandbox.path("named/index.json").is_file());
    for (target, word) in [
        ("oci-archive:out", "oci-archive: is something else"),
        (
            "docker-archive:out.tar",
            "docker-archive: is something else",
        ),
        ("docker://r.example/app", "docker: is something else"),
        ("oci:out:v1", "keeps the names"),
        ("oci:", "names no folder"),
        ("out.tar", "the name of an archive"),
        ("oci:out.tar.gz", "the name of an archive"),
        ("root.json", "is a file"),
    ] {
        let run = copy(&scene, &double, &[target]).exits(2);
        assert!(
            words(&run.stderr).contains(word),
            "{target}: {}",
            run.stderr
        );
        assert!(run.stderr.contains("Name a folder"), "{}", run.stderr);
    }
    for made in ["out", "out.tar", "out.tar.gz", "oci:", "oci-archive:out"] {
        assert!(!scene.sandbox.path(made).exists(), "{made}");
    }
}

#[test]
fn a_copy_of_what_is_not_there_leaves_nothing() {
    let scene = Scene::signed();
    let double = scene.serve();
    let image = format!("{}/app:mistyped", double.host());
    scene.sandbox.run(&["copy", &image, "copied"]).exits(2);
    assert!(!scene.sandbox.path("copied").exists());
    // Of one that ended early there is a folder, and the way on.
    scene
        .sandbox
        .write("half/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let run = scene.run("verify", &["oci:half", "--offline", "-o", "text"]);
    let told = "the same `sealcheck copy` again";
    assert!(words(&run.exits(2).stdout).contains(told));
    copy(&scene, &double, &["half"]).exits(0);
    scene.run("verify", &["oci:half", "--offline"]).exits(0);
}

#[test]
fn a_line_about_a_layout_can_be_pasted_back() {
    let scene = Scene::signed();
    scene.lay_out();
    let list = "oci:layout:v1\noci:layout\n";
    scene.sandbox.write("images.txt", format!("\u{feff}{list}"));
    let run = scene.run(
        "verify",
        &["--images-from", "images.txt", "--offline", "-o", "text"],
    );
    let run = run.exits(0);
    let named: Vec<&str> = run
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("verified "))
        .map(str::trim)
        .collect();
    let pasted = format!("oci:layout@{}", scene.image.digest);
    assert_eq!(named, [&pasted, &pasted]);
    scene.run("verify", &[&pasted, "--offline"]).exits(0);
}
