//! Which SBOM a document is, and what an SBOM must list.

use super::{STAGING, Scene, first};

const TARBALL_OF_OLD: &str = "v1.35.0/kubernetes-client-linux-amd64.tar.gz";

#[test]
fn another_sbom_of_the_same_signer_is_not_the_one_of_the_release() {
    let scene = Scene::new();
    let swap = |from: &str, to: &str| {
        for suffix in ["", ".sigstore.json"] {
            scene.copy(&format!("{from}{suffix}"), &format!("{to}{suffix}"));
        }
    };
    let release = "mirror/v1.36.0/kubernetes-release.spdx";
    let source = "mirror/v1.36.0/kubernetes-source.spdx";
    swap(release, "kept.spdx");
    // That of the sources lists nothing, so that nothing of the release would be looked at.
    swap(source, release);
    for command in [
        &["verify-all", "v1.36.0"][..],
        &["sbom", "v1.36.0"],
        &["list", "v1.36.0"],
        &["collect", "v1.36.0", "--to", "kit"],
    ] {
        let run = scene.run(command);
        let evidence = first(&run);
        assert_eq!(
            (run.code, &evidence["reason"]),
            (1, &"release-mismatch".into()),
            "{command:?}"
        );
        let message = evidence["message"].as_str().unwrap();
        assert!(
            message.contains("the SBOM kubernetes-source.spdx of this version"),
            "{message}"
        );
    }
    swap("kept.spdx", release);
    swap(release, source);
    let run = scene.run(&["sbom", "v1.36.0", "--name", "source"]);
    assert_eq!(
        (run.code, &first(&run)["reason"]),
        (1, &"release-mismatch".into())
    );
    // Names that have the version in them, and are of another document.
    for (name, namespace) in [
        (
            "Upgrade from v1.36.0 to v1.37.0",
            "https://sbom.k8s.io/v1.36.0/release",
        ),
        (
            "Kubernetes Release v1.36.0",
            "https://sbom.k8s.io/v1.36.0/v1.37.0",
        ),
        ("bom v1.36.0", "https://sbom.k8s.io/v1.36.0/other"),
    ] {
        let text = scene.sandbox.read("kept.spdx");
        let text = text
            .replace("Kubernetes Release v1.36.0", name)
            .replace("https://sbom.k8s.io/v1.36.0/release", namespace);
        scene.publish_file(release, text.as_bytes(), STAGING);
        let run = scene.run(&["verify-all", "v1.36.0"]);
        assert_eq!(
            (run.code, &first(&run)["reason"]),
            (1, &"release-mismatch".into()),
            "{name}"
        );
    }
}

#[test]
fn an_sbom_as_a_file_is_the_one_of_this_version() {
    let scene = Scene::new();
    let run = scene.run(&["verify", "v1.36.0", "mirror/v1.36.0/kubernetes-source.spdx"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    // All of them with their own good signatures.
    for (from, to, code) in [
        (
            "v1.36.0/kubernetes-release.spdx",
            "a/kubernetes-release.spdx",
            0,
        ),
        (
            "v1.35.0/kubernetes-release.spdx",
            "b/kubernetes-release.spdx",
            1,
        ),
        (
            "v1.35.0/kubernetes-source.spdx",
            "c/kubernetes-source.spdx",
            1,
        ),
        (
            "v1.36.0/kubernetes-release.spdx",
            "d/kubernetes-source.spdx",
            1,
        ),
        (TARBALL_OF_OLD, "e/kubernetes-source.spdx", 1),
    ] {
        for suffix in ["", ".sigstore.json"] {
            scene.copy(&format!("mirror/{from}{suffix}"), &format!("{to}{suffix}"));
        }
        let run = scene.run(&["verify", "v1.36.0", to]);
        assert_eq!(run.code, code, "{from}\n{}", run.stdout);
        if code == 1 {
            assert_eq!(first(&run)["release"]["listed"], "other", "{from}");
        }
    }
    // What lies at the place of the sources' SBOM, and what is fetched from there.
    for suffix in ["", ".sigstore.json"] {
        scene.copy(
            &format!("mirror/{TARBALL_OF_OLD}{suffix}"),
            &format!("mirror/v1.36.0/kubernetes-source.spdx{suffix}"),
        );
    }
    let run = scene.text(&["verify-all", "v1.36.0"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(!run.stdout.contains("Everything"), "{}", run.stdout);
    let fetch = ["fetch", "v1.36.0", "kubernetes-source.spdx", "--to", "out"];
    assert_eq!(scene.run(&fetch).code, 1);
    assert_eq!(scene.run(&["collect", "v1.36.0", "--to", "kit"]).code, 1);
    for kept in [
        "out/kubernetes-source.spdx",
        "kit/v1.36.0/kubernetes-source.spdx",
    ] {
        assert!(!scene.sandbox.path(kept).exists(), "{kept}");
    }
}

#[test]
fn an_sbom_that_lists_a_trap_or_nothing_says_nothing_of_a_release() {
    let scene = Scene::new();
    let release = "mirror/v1.36.0/kubernetes-release.spdx";
    let good = scene.sandbox.read(release);
    let (head, _) = good.split_once("FileName: ").unwrap();
    let renamed = |name: &str| good.replace("bin/linux/amd64/kubeadm", name);
    for (text, words) in [
        (renamed("../../kubeadm"), "../../kubeadm"),
        (renamed("C:kubeadm"), "C:kubeadm"),
        (renamed("/bin/kubeadm"), "/bin/kubeadm"),
        (head.to_owned(), "it lists no files"),
    ] {
        scene.publish_file(release, text.as_bytes(), STAGING);
        std::fs::create_dir_all(scene.sandbox.path("empty")).unwrap();
        for command in [
            &["verify-all", "v1.36.0"][..],
            &["list", "v1.36.0"],
            &["sbom", "v1.36.0", "--check", "empty"],
        ] {
            let run = scene.text(command);
            assert_eq!(run.code, 1, "{command:?}\n{}", run.stdout);
            assert!(run.stderr.contains("sbom-malformed"), "{}", run.stderr);
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
            assert!(!run.stdout.contains("Everything"), "{}", run.stdout);
        }
    }
}

#[test]
fn a_platform_that_the_release_has_nothing_for_is_a_mistake() {
    let scene = Scene::new();
    for command in [
        &["verify-all", "v1.36.0"][..],
        &["images", "v1.36.0"],
        &["list", "v1.36.0"],
        &["collect", "v1.36.0", "--to", "kit"],
    ] {
        let run = scene.text(&[command, &["--platform", "linux/amd46"]].concat());
        assert_eq!(run.code, 2, "{command:?}\n{}", run.stdout);
        assert!(run.stderr.contains("linux/amd64"), "{}", run.stderr);
        assert!(!run.stdout.contains("Everything"), "{}", run.stdout);
    }
    assert!(!scene.sandbox.path("kit").exists());
    let run = scene.text(&["verify-all", "v1.36.0", "--platform", "linux/arm64"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(
        run.stdout
            .contains("Everything of v1.36.0 for linux/arm64 is proved"),
        "{}",
        run.stdout
    );
}

#[test]
fn who_says_more_of_a_signer_names_one() {
    let scene = Scene::new();
    scene.copy("mirror/v1.36.0/bin/linux/amd64/kubectl", "kubectl");
    for flags in [
        &[
            "--claim",
            "source-repository-uri=https://github.com/nobody/x",
        ][..],
        &["--certificate-github-workflow-repository", "nobody/x"],
        &["--no-issuer"],
    ] {
        let run = scene.run(&[&["verify", "v1.36.0", "kubectl"], flags].concat());
        assert_eq!(run.code, 2, "{flags:?}\n{}", run.stdout);
        assert!(run.stderr.contains(flags[0]), "{}", run.stderr);
    }
    // With an identity it is asked for, and this certificate has none.
    let claim = "source-repository-uri=https://github.com/nobody/x";
    let issuer = "https://accounts.google.com";
    let run = scene.run(&[
        "verify",
        "v1.36.0",
        "kubectl",
        "--identity",
        STAGING,
        "--issuer",
        issuer,
        "--claim",
        claim,
    ]);
    assert_eq!(run.code, 1, "{}", run.stdout);
}

#[test]
fn what_a_channel_says_is_told_as_what_nobody_signed() {
    let scene = Scene::new();
    scene.sandbox.write("mirror/stable.txt", "v1.35.0\n");
    let run = scene.text(&["verify-all", "stable"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let note = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(note.contains("stable is v1.35.0, says "), "{note}");
    assert!(
        note.contains("mirror/stable.txt; nobody signs that."),
        "{note}"
    );
    let run = scene.run(&["list", ""]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("<VERSION> has an empty value"),
        "{}",
        run.stderr
    );
}
