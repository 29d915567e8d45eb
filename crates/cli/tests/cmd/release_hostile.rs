//! `sealcheck release` on what was signed by those who should and is not good for all that, and on what is older than
//! signatures.

use std::io::Read;

use sealcheck_verify::{Digest, DigestAlgorithm};
use serde_json::Value;

use crate::release::{STAGING, Scene, TARBALL, first};

/// A tarball with a member of so many zeros, and one before it.
fn bomb(zeros: u64) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    for (path, size) in [("kubernetes/README.md", 10), ("kubernetes/zeros", zeros)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        let content = std::io::repeat(0).take(size);
        builder.append_data(&mut header, path, content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn a_bomb_is_authentic_and_not_unpacked() {
    let scene = Scene::new();
    scene.publish("v1.36.0", "", &bomb(64 << 20));
    let fetch = ["fetch", "v1.36.0", TARBALL, "--to", "out", "--extract"];
    let run = scene.run(&fetch);
    let evidence = first(&run);
    assert_eq!(
        (run.code, &evidence["reason"]),
        (1, &"archive-refused".into()),
        "{}{}",
        run.stdout,
        run.stderr
    );
    // Its signature holds, and the report does not say otherwise.
    assert_eq!(evidence["checks"]["signature"]["outcome"], "passed");
    assert_eq!(evidence["release"]["listed"], "same");
    let message = evidence["message"].as_str().unwrap();
    assert!(message.contains("times"), "{message}");
    assert!(!run.stderr.contains("unpacked into"), "{}", run.stderr);
    // The tarball itself was proved; of its content nothing is left, not even what came before the bomb.
    let left: Vec<_> = std::fs::read_dir(scene.sandbox.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left, [TARBALL]);
    // A large file that is worth its size is none.
    scene.publish("v1.36.0", "", &bomb(1 << 20));
    let run = scene.run(&fetch);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

#[test]
fn an_sbom_that_disagrees_with_the_files_is_believed_over_them() {
    let scene = Scene::new();
    let name = "mirror/v1.36.0/kubernetes-release.spdx";
    let mut spdx = scene.sandbox.read(name);
    let kubectl = "mirror/v1.36.0/bin/linux/amd64/kubectl";
    let content = std::fs::read(scene.sandbox.path(kubectl)).unwrap();
    let algorithms = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512];
    let digests = |bytes: &[u8]| algorithms.map(|it| Digest::of(it, bytes).unwrap().hex());
    let other = digests(b"another kubectl");
    for (own, other) in digests(&content).iter().zip(&other) {
        assert!(spdx.contains(own.as_str()));
        spdx = spdx.replace(own.as_str(), other);
    }
    // And one file that nobody has.
    let [sha256, sha512] = digests(b"kube-more");
    spdx += &format!(
        "FileName: bin/linux/amd64/kube-more\nSPDXID: SPDXRef-File-more\n\
         FileChecksum: SHA256: {sha256}\nFileChecksum: SHA512: {sha512}\n"
    );
    scene.publish_file(name, spdx.as_bytes(), STAGING);
    let run = scene.run(&["verify", "v1.36.0", kubectl]);
    let evidence = first(&run);
    assert_eq!(
        (run.code, &evidence["reason"]),
        (1, &"release-mismatch".into()),
        "{}{}",
        run.stdout,
        run.stderr
    );
    assert_eq!(evidence["checks"]["signature"]["outcome"], "passed");
    assert_eq!(evidence["release"]["sbom"]["signer"], STAGING);
    let run = scene.run(&["fetch", "v1.36.0", "bin/linux/amd64/kubectl", "--to", "out"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    let left = std::fs::read_dir(scene.sandbox.path("out")).unwrap();
    assert_eq!(left.count(), 0);
    let run = scene.run(&["verify-all", "v1.36.0"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.code, 1);
    assert_eq!(document["counts"]["rejected"], 1, "{}", run.stdout);
    assert_eq!(document["counts"]["unavailable"], 1, "{}", run.stdout);
    let run = scene.run(&["sbom", "v1.36.0", "--check", "mirror/v1.36.0"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.code, 1);
    assert_eq!(document["counts"]["altered"], 1, "{}", run.stdout);
    assert_eq!(document["missing"].as_array().unwrap().len(), 1);
}

#[test]
fn versions_from_before_signatures_say_so() {
    let scene = Scene::new();
    let before = "mirror/v1.36.0/kubernetes-release.spdx";
    for (version, since) in [("v1.25.16", "v1.26.0"), ("v1.23.1", "v1.26.0")] {
        let spdx = scene.sandbox.read(before).replace("v1.36.0", version);
        let place = format!("mirror/{version}/kubernetes-release.spdx");
        scene.sandbox.write(&place, spdx);
        for command in ["verify-all", "images", "list"] {
            let run = scene.run(&[command, version]);
            let evidence = first(&run);
            assert_eq!(
                (run.code, &evidence["reason"]),
                (4, &"no-proof-found".into()),
                "{command} {version}\n{}",
                run.stdout
            );
            let message = evidence["message"].as_str().unwrap();
            let told = format!("signed from {since} on, and this is {version}");
            assert!(message.contains(&told), "{message}");
        }
    }
    // Where signatures are expected, nothing excuses that there is none.
    std::fs::remove_file(scene.sandbox.path(&format!("{before}.sigstore.json"))).unwrap();
    let run = scene.run(&["verify-all", "v1.36.0"]);
    assert_eq!(run.code, 4);
    let message = first(&run)["message"].as_str().unwrap().to_owned();
    assert!(!message.contains("signed from"), "{message}");
}

#[test]
fn a_checksum_that_differs_is_told_and_decides_nothing() {
    let scene = Scene::new();
    let kubectl = "mirror/v1.36.0/bin/linux/amd64/kubectl";
    let sum = format!("{kubectl}.sha256");
    let kubeadm = Digest::sha256(b"kubeadm for linux/amd64").hex();
    // What has the name of a checksum and is none is, among the files of a folder, one that the release does not have.
    for (content, told, in_a_folder) in [
        (kubeadm.as_str(), "kubectl.sha256 DIFFERS", 0),
        ("<html>", "kubectl.sha256 could not be read", 1),
    ] {
        scene.sandbox.write(&sum, content);
        for (command, code) in [
            (&["verify-all", "v1.36.0"][..], 0),
            (&["verify", "v1.36.0", "mirror/v1.36.0"], in_a_folder),
            (&["verify", "v1.36.0", kubectl], 0),
        ] {
            let run = scene.text(command);
            assert_eq!(run.code, code, "{command:?}\n{}", run.stdout);
            assert_eq!(
                run.stdout.matches(told).count(),
                1,
                "{command:?}\n{}",
                run.stdout
            );
            let words: Vec<&str> = run.stdout.split_whitespace().collect();
            assert!(words.join(" ").contains("it proves nothing"), "{words:?}");
        }
    }
    // A checksum that is right proves nothing either.
    scene.sandbox.write(kubectl, "altered");
    scene.sandbox.write(&sum, Digest::sha256(b"altered").hex());
    let run = scene.text(&["verify", "v1.36.0", kubectl]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(
        run.stdout.contains("kubectl.sha256 agrees"),
        "{}",
        run.stdout
    );
}
