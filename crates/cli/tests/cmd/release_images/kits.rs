//! Images in kits: what was proved, and nothing else.

use serde_json::{Value, json};

use super::{AMD64, ARM64, COLLECT, INDEX, Images, PROMOTION, TRUST, digest, layers, record};

/// Without network a kit has them, or nothing has.
#[test]
fn an_image_that_a_kit_lacks_is_told_by_its_place() {
    let images = Images::new();
    let folder = images.scene.sandbox.path("mirror/images");
    std::fs::remove_dir_all(folder.join(AMD64)).unwrap();
    let proved = images.run();
    let expected = vec![(AMD64, "artifact-unreadable")];
    assert_eq!((proved.code, proved.reasons()), (3, expected));
    let message = proved.images[AMD64]["evidence"]["message"].as_str();
    assert!(message.unwrap().contains(AMD64), "{message:?}");
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "").unwrap();
    assert_eq!(images.run().code, 3);
}

#[test]
fn a_kit_has_the_images_that_were_proved() {
    let images = Images::new();
    let run = images.scene.run(COLLECT);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    for name in [INDEX, AMD64, ARM64] {
        let index = images
            .scene
            .sandbox
            .read(&format!("kit/images/{name}/index.json"));
        assert!(index.contains(images.digest(name)), "{index}");
    }
    // A kit of a kit proves them no less.
    for (from, to) in [("kit", "second"), ("second", "third")] {
        let run = images.scene.sandbox.run(&[
            "release",
            "collect",
            "v1.36.0",
            "--from",
            from,
            "--to",
            to,
            "--offline",
            "--profile",
            "profile.yaml",
            "--trusted-root",
            "root.json",
        ]);
        run.exits(0);
    }
}

/// What `images` calls rejected is not collected, and the next run for another platform does not forget it.
#[test]
fn an_image_with_a_wrong_attestation_is_not_collected() {
    let mut images = Images::new();
    let another = record("registry.k8s.io/another", &["v1.36.0"]);
    images.attest(AMD64, TRUST, PROMOTION, another);
    assert_eq!(images.run().code, 1);
    let index = |arguments: &[&str], code: i32| -> Value {
        let run = images.scene.run(&[COLLECT, arguments].concat());
        run.exits(code);
        let index = images.scene.sandbox.read("kit/v1.36.0.kit.json");
        serde_json::from_str(&index).unwrap()
    };
    let all = index(&[], 1);
    let names: Vec<&Value> = all["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(
        all["notCollected"][0]["name"],
        format!("registry.k8s.io/{AMD64}:v1.36.0")
    );
    assert!(
        !images
            .scene
            .sandbox
            .path(&format!("kit/images/{AMD64}"))
            .exists()
    );
    assert_eq!(index(&["--platform", "linux/arm64"], 0), all);
    // A layout that lost its manifest has no image.
    let digest = images.digest(ARM64).replacen(':', "/", 1);
    let blob = format!("kit/images/{ARM64}/blobs/{digest}");
    std::fs::remove_file(images.scene.sandbox.path(&blob)).unwrap();
    let left = index(&["--platform", "windows/amd64"], 0);
    let left = left["images"].as_array().unwrap();
    assert!(
        !left
            .iter()
            .any(|it| it["name"] == format!("registry.k8s.io/{ARM64}:v1.36.0"))
    );
}

/// Nobody else reads the layers of a kit before they are run.
#[test]
fn an_image_of_a_kit_has_its_layers() {
    let images = Images::new();
    let layer = digest(&layers("v1.36.0", "amd64")[1]);
    let blob = |name: &str| {
        let path = layer.replacen(':', "/", 1);
        let sandbox = &images.scene.sandbox;
        sandbox.path(&format!("mirror/images/{name}/blobs/{path}"))
    };
    for name in [AMD64, INDEX] {
        let content = std::fs::read(blob(name)).unwrap();
        std::fs::write(blob(name), "another").unwrap();
        let proved = images.run();
        let expected = vec![(name, "layout-malformed")];
        assert_eq!((proved.code, proved.reasons()), (3, expected));
        std::fs::remove_file(blob(name)).unwrap();
        let proved = images.run();
        let expected = vec![(name, "artifact-unreadable")];
        assert_eq!((proved.code, proved.reasons()), (3, expected));
        std::fs::write(blob(name), content).unwrap();
    }
    assert_eq!(images.run().code, 0);
}

/// Other tools would load that one.
#[test]
fn nothing_else_in_a_kit_has_the_name_of_an_image() {
    let images = Images::new();
    let path = format!("mirror/images/{AMD64}/index.json");
    let before = images.scene.sandbox.read(&path);
    // The same image in other words, which nobody signed.
    let blob = |digest: &str| {
        format!(
            "mirror/images/{AMD64}/blobs/{}",
            digest.replacen(':', "/", 1)
        )
    };
    let another = images.scene.sandbox.read(&blob(images.digest(AMD64))) + "\n";
    let unsigned = digest(another.as_bytes());
    images.scene.sandbox.write(&blob(&unsigned), &another);
    let with = |annotations: Value| {
        let mut index: Value = serde_json::from_str(&before).unwrap();
        let entries = index["manifests"].as_array_mut().unwrap();
        let is_own = |entry: &&Value| entry["digest"] == images.digest(AMD64);
        let mut other = entries.iter().find(is_own).unwrap().clone();
        other["digest"] = unsigned.clone().into();
        other["size"] = another.len().into();
        other["annotations"] = annotations;
        entries.insert(0, other);
        images.scene.sandbox.write(&path, index.to_string());
        images.run()
    };
    let name = format!("registry.k8s.io/{AMD64}:v1.36.0");
    for annotations in [
        json!({CONTAINERD: name, REF: "latest"}),
        json!({CONTAINERD: "x.example/y:1", REF: name}),
        json!({CONTAINERD: format!("registry.k8s.io/{INDEX}:v1.36.0")}),
        json!({CONTAINERD: format!("mirror.test/k8s/{AMD64}:v1.36.0")}),
        // Who loads the whole layout takes these.
        json!({"kind": "dev.cosignproject.cosign/image"}),
        json!({"kind": "dev.cosignproject.cosign/imageIndex"}),
        json!({}),
    ] {
        let proved = with(annotations.clone());
        let reasons = vec![(AMD64, "layout-malformed")];
        assert_eq!(
            (proved.code, proved.reasons()),
            (3, reasons),
            "{annotations}"
        );
    }
    // One of the name of the proved one leaves open which is meant.
    let proved = with(json!({REF: "v1.36.0"}));
    let reasons = vec![(AMD64, "artifact-unreadable")];
    assert_eq!((proved.code, proved.reasons()), (3, reasons));
    // Another version has its own proofs.
    for annotations in [
        json!({REF: "v1.35.0"}),
        json!({CONTAINERD: format!("mirror.test/k8s/{AMD64}:v1.35.0"), REF: "v1.35.0"}),
    ] {
        let proved = with(annotations);
        assert_eq!((proved.code, proved.reasons()), (0, vec![]));
    }
}

/// What was there before the copy would be in the kit.
#[test]
fn an_image_is_not_collected_beside_another_one() {
    let images = Images::new();
    images.scene.run(COLLECT).exits(0);
    let path = format!("kit/images/{AMD64}/index.json");
    let mut index: Value = serde_json::from_str(&images.scene.sandbox.read(&path)).unwrap();
    let entries = index["manifests"].as_array_mut().unwrap();
    let mut other = entries[0].clone();
    other["digest"] = images.digest(ARM64).into();
    other["annotations"] = json!({"kind": "dev.cosignproject.cosign/image"});
    entries.push(other);
    images.scene.sandbox.write(&path, index.to_string());
    let run = images.scene.run(COLLECT).exits(3);
    assert!(run.stdout.contains("layout-malformed"), "{}", run.stdout);
}

const CONTAINERD: &str = "io.containerd.image.name";
const REF: &str = "org.opencontainers.image.ref.name";

/// The copy was interrupted: nobody named a layout, and nothing is known of the image.
#[test]
fn a_layout_that_is_not_whole_is_not_read() {
    let images = Images::new();
    let index = format!("mirror/images/{AMD64}/index.json");
    std::fs::remove_file(images.scene.sandbox.path(&index)).unwrap();
    let proved = images.run();
    let expected = vec![(AMD64, "artifact-unreadable")];
    assert_eq!((proved.code, proved.reasons()), (3, expected));
}

#[cfg(unix)]
#[test]
fn images_are_not_copied_through_links() {
    let images = Images::new();
    let sandbox = &images.scene.sandbox;
    for folder in ["outside", "kit"] {
        std::fs::create_dir(sandbox.path(folder)).unwrap();
    }
    std::os::unix::fs::symlink(sandbox.path("outside"), sandbox.path("kit/images")).unwrap();
    assert_eq!(images.scene.run(COLLECT).code, 3);
    let outside = std::fs::read_dir(sandbox.path("outside")).unwrap();
    assert_eq!(outside.count(), 0);
}
