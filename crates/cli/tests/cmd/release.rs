//! `sealcheck release`, on a small release in a folder.

mod folders;
mod kit;
mod mistakes;
mod reports;
mod sboms;

use sealcheck_testkit::{Content, LeafRequest, Plan, San};
use sealcheck_verify::{Digest, DigestAlgorithm};
use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

const FILES: &[(&str, &[u8])] = &[
    ("bin/linux/amd64/kubectl", b"kubectl for linux/amd64"),
    ("bin/linux/amd64/kubeadm", b"kubeadm for linux/amd64"),
    ("bin/linux/arm64/kubectl", b"kubectl for linux/arm64"),
    (
        "bin/windows/amd64/kubectl.exe",
        b"kubectl for windows/amd64",
    ),
];
pub(crate) const TARBALL: &str = "kubernetes-client-linux-amd64.tar.gz";
pub(crate) const STAGING: &str = "krel-staging@k8s-releng-prod.iam.gserviceaccount.com";

/// Two releases below `mirror`, signed as Kubernetes signs.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let scene = Self {
            sandbox: Sandbox::new(),
        };
        scene.publish("v1.36.0", "", &tarball("v1.36.0"));
        scene.publish("v1.35.0", " of old", &tarball("v1.35.0"));
        scene.sandbox.write("mirror/stable.txt", "v1.36.0\n");
        scene
    }

    pub(crate) fn publish(&self, version: &str, suffix: &str, tarball: &[u8]) {
        let mut files: Vec<(String, Vec<u8>)> = FILES
            .iter()
            .map(|(path, content)| {
                let content = [content, suffix.as_bytes()].concat();
                ((*path).to_owned(), content)
            })
            .collect();
        files.push((TARBALL.to_owned(), tarball.to_vec()));
        let mut spdx = format!(
            "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\n\
             DocumentName: Kubernetes Release {version}\n\
             DocumentNamespace: https://sbom.k8s.io/{version}/release\n\
             Creator: Tool: test\nCreated: 2026-01-01T00:00:00Z\n\n"
        );
        for (index, (path, content)) in files.iter().enumerate() {
            let sum = |algorithm| Digest::of(algorithm, content).unwrap().hex();
            spdx += &format!(
                "FileName: {path}\nSPDXID: SPDXRef-File-{index}\n\
                 FileChecksum: SHA256: {}\nFileChecksum: SHA512: {}\n\n",
                sum(DigestAlgorithm::Sha256),
                sum(DigestAlgorithm::Sha512)
            );
            let name = format!("mirror/{version}/{path}");
            let hex = Digest::sha256(content).hex();
            self.sandbox.write(&format!("{name}.sha256"), hex);
        }
        files.push(("kubernetes-release.spdx".to_owned(), spdx.into_bytes()));
        let source = format!(
            "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: kubernetes-{version}\n\
             DocumentNamespace: https://sbom.k8s.io/{version}/source\n"
        );
        files.push(("kubernetes-source.spdx".to_owned(), source.into_bytes()));
        for (path, content) in files {
            self.publish_file(&format!("mirror/{version}/{path}"), &content, STAGING);
        }
    }

    pub(crate) fn publish_file(&self, name: &str, content: &[u8], signer: &str) {
        self.sandbox.write(name, content);
        let leaf = LeafRequest::new(San::Email(signer.to_owned()), "https://accounts.google.com");
        let signed = self
            .sandbox
            .sigstore
            .sign(Content::message(content), &Plan::keyless(leaf));
        self.sandbox
            .write(&format!("{name}.sigstore.json"), signed.bundle_bytes());
    }

    pub(crate) fn copy(&self, from: &str, to: &str) {
        let content = std::fs::read(self.sandbox.path(from)).unwrap();
        self.sandbox.write(to, content);
    }

    /// `sealcheck release COMMAND …`, offline and from the mirror.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["release"];
        all.extend(arguments);
        all.extend([
            "--from",
            "mirror",
            "--offline",
            "--trusted-root",
            "root.json",
        ]);
        self.sandbox.run(&all)
    }

    pub(crate) fn text(&self, arguments: &[&str]) -> Run {
        self.run(&[arguments, &["-o", "text"]].concat())
    }
}

fn tarball(version: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    let content = format!("client of {version}");
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len().try_into().unwrap());
    header.set_mode(0o755);
    header.set_cksum();
    builder
        .append_data(
            &mut header,
            "kubernetes/client/bin/kubectl",
            content.as_bytes(),
        )
        .unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

pub(crate) fn first(run: &Run) -> Value {
    let document: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr));
    document["results"][0].clone()
}

#[test]
fn a_program_is_known_by_its_content_and_proved() {
    let scene = Scene::new();
    scene.copy("mirror/v1.36.0/bin/linux/arm64/kubectl", "kubectl");
    let run = scene.run(&["verify", "v1.36.0", "./kubectl"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let evidence = first(&run);
    assert_eq!(evidence["outcome"], "verified");
    assert_eq!(evidence["signer"], STAGING);
    assert_eq!(evidence["release"]["path"], "bin/linux/arm64/kubectl");
    assert_eq!(evidence["release"]["listed"], "same");
    assert_eq!(evidence["release"]["sbom"]["signer"], STAGING);
    assert_eq!(evidence["release"]["checksums"][0]["state"], "absent");
    assert_eq!(evidence["release"]["checksums"][1]["state"], "agrees");
    // The channel names the version.
    assert_eq!(scene.run(&["verify", "stable", "./kubectl"]).code, 0);
    scene.sandbox.golden(
        "release_verify",
        &scene.text(&["verify", "stable", "./kubectl"]),
    );
}

#[test]
fn the_signature_of_another_file_or_version_proves_nothing() {
    let scene = Scene::new();
    // Another program with its own good signature.
    scene.copy("mirror/v1.36.0/bin/linux/amd64/kubeadm", "kubectl");
    scene.copy(
        "mirror/v1.36.0/bin/linux/amd64/kubeadm.sigstore.json",
        "kubectl.sigstore.json",
    );
    let run = scene.run(&[
        "verify",
        "v1.36.0",
        "kubectl",
        "--as",
        "bin/linux/amd64/kubectl",
    ]);
    let evidence = first(&run);
    assert_eq!(
        (run.code, &evidence["reason"]),
        (1, &"release-mismatch".into())
    );
    let message = evidence["message"].as_str().unwrap();
    assert!(
        message.contains("it is bin/linux/amd64/kubeadm of this release"),
        "{message}"
    );
    // An old version with its own good signature.
    scene.copy("mirror/v1.35.0/bin/linux/amd64/kubectl", "kubectl");
    scene.copy(
        "mirror/v1.35.0/bin/linux/amd64/kubectl.sigstore.json",
        "kubectl.sigstore.json",
    );
    let run = scene.run(&["verify", "v1.36.0", "kubectl", "--platform", "linux/amd64"]);
    let evidence = first(&run);
    assert_eq!(
        (run.code, &evidence["reason"]),
        (1, &"release-mismatch".into())
    );
    assert_eq!(evidence["release"]["listed"], "other");
    assert_eq!(scene.run(&["verify", "v1.35.0", "kubectl"]).code, 0);
}

#[test]
fn what_nobody_signed_and_what_others_signed_is_not_verified() {
    let scene = Scene::new();
    let name = "mirror/v1.36.0/bin/linux/amd64/kubectl";
    let content = std::fs::read(scene.sandbox.path(name)).unwrap();
    // By somebody else; the SBOM and the checksum agree.
    scene.publish_file(
        name,
        &content,
        "prow-build@k8s-infra-prow-build.iam.gserviceaccount.com",
    );
    let run = scene.run(&["verify", "v1.36.0", name]);
    let evidence = first(&run);
    assert_eq!(
        (run.code, &evidence["reason"]),
        (1, &"identity-mismatch".into())
    );
    assert_eq!(evidence["release"]["listed"], "same");
    let message = evidence["message"].as_str().unwrap();
    assert!(message.contains("continuous integration"), "{message}");
    // A signature over other bytes, as of kubectl 1.35.0: everything else agrees.
    scene.publish_file(name, b"other", STAGING);
    scene.sandbox.write(name, &content);
    let run = scene.text(&["verify", "v1.36.0", name]);
    assert_eq!(run.code, 1);
    scene.sandbox.golden("release_bad_signature", &run);
    // Nobody.
    std::fs::remove_file(scene.sandbox.path(&format!("{name}.sigstore.json"))).unwrap();
    let run = scene.run(&["verify", "v1.36.0", name]);
    assert_eq!(
        (run.code, &first(&run)["reason"]),
        (4, &"no-proof-found".into())
    );
}

#[test]
fn without_a_proved_sbom_nothing_is_looked_at() {
    let scene = Scene::new();
    scene.copy("mirror/v1.36.0/bin/linux/amd64/kubectl", "kubectl");
    // That of another version, with its signature.
    for suffix in ["", ".sigstore.json"] {
        scene.copy(
            &format!("mirror/v1.35.0/kubernetes-release.spdx{suffix}"),
            &format!("mirror/v1.36.0/kubernetes-release.spdx{suffix}"),
        );
    }
    let run = scene.run(&["verify", "v1.36.0", "kubectl"]);
    let evidence = first(&run);
    assert_eq!(
        (run.code, &evidence["reason"]),
        (1, &"release-mismatch".into())
    );
    assert!(
        evidence["message"]
            .as_str()
            .unwrap()
            .contains("not of this version")
    );
    // Altered.
    scene.sandbox.write(
        "mirror/v1.36.0/kubernetes-release.spdx",
        "SPDXVersion: SPDX-2.3\n",
    );
    for command in [
        &["verify", "v1.36.0", "kubectl"][..],
        &["fetch", "v1.36.0", "kubectl", "--to", "out"],
        &["list", "v1.36.0"],
        &["sbom", "v1.36.0"],
        &["sbom", "v1.36.0", "--print"],
        &["sbom", "v1.36.0", "--check", "mirror/v1.36.0"],
    ] {
        let run = scene.run(command);
        assert_eq!(run.code, 1, "{command:?}\n{}", run.stdout);
        assert!(!run.stdout.contains("SPDXVersion"), "{command:?}");
    }
    assert!(!scene.sandbox.path("out").exists());
    let run = scene.run(&["list", "v1.34.0"]);
    assert_eq!(
        (run.code, &first(&run)["reason"]),
        (2, &"version-unknown".into())
    );
}

#[test]
fn a_folder_is_proved_and_what_does_not_belong_is_named() {
    let scene = Scene::new();
    scene
        .sandbox
        .write("mirror/v1.36.0/bin/linux/amd64/kubelte", "?");
    let run = scene.text(&["verify", "v1.36.0", "mirror/v1.36.0", "--jobs", "1"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    scene.sandbox.golden("release_folder", &run);
    std::fs::remove_file(scene.sandbox.path("mirror/v1.36.0/bin/linux/amd64/kubelte")).unwrap();
    let run = scene.run(&["verify", "v1.36.0", "mirror/v1.36.0"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        document["results"].as_array().unwrap().len(),
        FILES.len() + 3
    );
    // Each has a proof, and all but the SBOM a checksum.
    assert_eq!(
        document["leftOut"].as_array().unwrap().len(),
        2 * FILES.len() + 4
    );
}

#[test]
fn what_is_fetched_has_its_name_only_when_it_is_proved() {
    let scene = Scene::new();
    let platform = ["--platform", "linux/amd64", "--to", "out"];
    let fetch = |what: &[&str]| scene.run(&[&["fetch", "v1.36.0"], what, &platform].concat());
    let run = fetch(&["kubectl", "kubeadm"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(scene.sandbox.read("out/kubectl"), "kubectl for linux/amd64");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(scene.sandbox.path("out/kubectl")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o755);
    }
    // Again, and over an altered one.
    scene.sandbox.write("out/kubeadm", "altered");
    assert_eq!(fetch(&["kubectl", "kubeadm"]).code, 0);
    assert_eq!(scene.sandbox.read("out/kubeadm"), "kubeadm for linux/amd64");
    // The mirror lies: what is there stays, and nothing else is.
    scene
        .sandbox
        .write("mirror/v1.36.0/bin/linux/amd64/kubeadm", "a lie");
    std::fs::remove_file(scene.sandbox.path("out/kubeadm")).unwrap();
    let run = fetch(&["kubeadm"]);
    assert_eq!(
        (run.code, &first(&run)["reason"]),
        (1, &"release-mismatch".into())
    );
    let left: Vec<_> = std::fs::read_dir(scene.sandbox.path("out"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    // Names that are none.
    let run = fetch(&["kubctl"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("the nearest are kubectl"),
        "{}",
        run.stderr
    );
    assert_eq!(fetch(&["kubectl.sha256"]).code, 2);
}

#[test]
fn a_proved_tarball_is_unpacked() {
    let scene = Scene::new();
    let fetch = ["fetch", "v1.36.0", TARBALL, "--to", "out", "--extract"];
    let run = scene.text(&fetch);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let unpacked = "out/kubernetes-client-linux-amd64/kubernetes/client/bin/kubectl";
    assert_eq!(scene.sandbox.read(unpacked), "client of v1.36.0");
    let run = scene.run(&["fetch", "v1.36.0", "kubeadm", "--extract", "--to", "out"]);
    assert_eq!(run.code, 2);
}

#[test]
fn one_signature_proves_a_folder_through_the_sbom() {
    let scene = Scene::new();
    let check = ["sbom", "v1.36.0", "--check", "mirror/v1.36.0"];
    let run = scene.text(&check);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let document: Value = serde_json::from_str(&scene.run(&check).stdout).unwrap();
    assert_eq!(document["counts"]["proved"], FILES.len() + 1);
    assert_eq!(document["sbom"]["outcome"], "verified");
    scene
        .sandbox
        .write("mirror/v1.36.0/bin/linux/amd64/kubectl", "altered");
    scene.sandbox.write("mirror/v1.36.0/extra", "x");
    scene.copy(
        "mirror/v1.36.0/bin/linux/amd64/kubeadm",
        "mirror/v1.36.0/bin/linux/arm64/kubectl",
    );
    std::fs::remove_file(scene.sandbox.path("mirror/v1.36.0/bin/linux/amd64/kubeadm")).unwrap();
    let run = scene.text(&check);
    assert_eq!(run.code, 1);
    scene.sandbox.golden("release_check", &run);
}

#[test]
fn of_a_folder_for_one_platform_only_that_is_missed() {
    let scene = Scene::new();
    for path in [
        "bin/linux/arm64/kubectl",
        "kubernetes-client-linux-amd64.tar.gz",
    ] {
        scene.copy(&format!("mirror/v1.36.0/{path}"), &format!("some/{path}"));
    }
    let missing = |rest: &[&str]| {
        let run = scene.run(&[&["sbom", "v1.36.0", "--check", "some"], rest].concat());
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        (run.code, document["missing"].as_array().unwrap().len())
    };
    assert_eq!(missing(&[]), (1, 3));
    assert_eq!(missing(&["--platform", "linux/arm64"]), (0, 0));
    assert_eq!(missing(&["--platform", "windows/amd64"]), (1, 1));
    // One that the release has nothing for is a mistake, and without a folder there is nothing to miss.
    let check = ["sbom", "v1.36.0", "--check", "some", "--platform"];
    assert_eq!(scene.run(&[&check[..], &["linux/amd46"]].concat()).code, 2);
    assert_eq!(
        scene
            .run(&["sbom", "v1.36.0", "--platform", "linux/arm64"])
            .code,
        2
    );
}

#[test]
fn a_whole_release_is_proved_and_ends_with_what_to_do() {
    let scene = Scene::new();
    let run = scene.text(&["verify-all", "v1.36.0"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.ends_with(
        "Everything of v1.36.0 is proved: it can be used. What else lies in the folder\n\
         was not looked at.\n"
    ));
    let name = "mirror/v1.36.0/bin/linux/amd64/kubectl";
    scene.sandbox.write(name, "altered");
    let remove = |name: &str| std::fs::remove_file(scene.sandbox.path(name)).unwrap();
    remove("mirror/v1.36.0/bin/linux/amd64/kubeadm");
    remove("mirror/v1.36.0/bin/linux/arm64/kubectl.sigstore.json");
    let run = scene.text(&["verify-all", "v1.36.0"]);
    scene.sandbox.golden("release_verify_all", &run);
    let run = scene.run(&["verify-all", "v1.36.0"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["counts"]["rejected"], 1);
    assert_eq!(document["counts"]["unavailable"], 1);
    assert_eq!(document["counts"]["unsigned"], 1);
    // Its SBOM names no images.
    assert_eq!(scene.run(&["images", "v1.36.0"]).code, 2);
}

#[test]
fn an_sbom_is_listed_and_printed() {
    let scene = Scene::new();
    scene
        .sandbox
        .golden("release_list", &scene.text(&["list", "v1.36.0"]));
    let run = scene.run(&["list", "v1.36.0", "--platform", "linux/arm64"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["artifacts"][0]["path"], "bin/linux/arm64/kubectl");
    // With what is for any: the SBOMs.
    assert_eq!(document["artifacts"].as_array().unwrap().len(), 3);
    let run = scene.run(&["list", "v1.36.0", "--platform", "plan9/amd64"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("linux/amd64"), "{}", run.stderr);
    let run = scene.run(&["sbom", "v1.36.0", "--print"]);
    assert_eq!(
        run.stdout,
        scene.sandbox.read("mirror/v1.36.0/kubernetes-release.spdx")
    );
    scene
        .sandbox
        .golden("release_sbom", &scene.text(&["sbom", "v1.36.0"]));
    for (version, words) in [
        ("1.36", "v1.36"),
        ("v1.36.0+k3s1", "a build that was not released"),
        ("latst", "latest"),
    ] {
        let run = scene.run(&["list", version]);
        assert_eq!(run.code, 2, "{version}");
        assert!(run.stderr.contains(words), "{version}: {}", run.stderr);
    }
}

#[test]
fn others_can_be_named_as_signers_and_projects() {
    let scene = Scene::new();
    scene.copy("mirror/v1.36.0/bin/linux/amd64/kubectl", "kubectl");
    let by = |identity| {
        scene.run(&[
            "verify",
            "v1.36.0",
            "kubectl",
            "--identity",
            identity,
            "--issuer",
            "https://accounts.google.com",
        ])
    };
    assert_eq!(by(STAGING).code, 0);
    let run = by("me@example.com");
    assert_eq!(
        (run.code, &first(&run)["reason"]),
        (1, &"identity-mismatch".into())
    );
    // A signer whose time was over when the file was signed.
    let text = sealcheck_release::Profile::kubernetes_text();
    let (before, after) = text
        .split_once("    for: [files]\n    since: v1.26.0")
        .unwrap();
    let over = format!("{before}    for: [files]\n    before: 2026-01-01{after}");
    scene.sandbox.write("over.yaml", over);
    let run = scene.run(&["verify", "v1.36.0", "kubectl", "--profile", "over.yaml"]);
    let evidence = first(&run);
    assert_eq!(
        (run.code, &evidence["reason"]),
        (1, &"identity-mismatch".into())
    );
    let message = evidence["message"].as_str().unwrap();
    assert!(
        message.contains("not for signatures of that time"),
        "{message}"
    );
    scene.sandbox.write("bad.yaml", "name: x\nfiles: {}\n");
    let run = scene.run(&["list", "v1.36.0", "--profile", "bad.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("bad.yaml"), "{}", run.stderr);
}

/// The commands of a page that stand in its blocks of shell.
fn commands(page: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(page);
    let page = std::fs::read_to_string(path).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split_once("```"));
    blocks
        .flat_map(|(block, _)| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_commands_of_the_page_on_releases_work() {
    let scene = Scene::new();
    scene.copy("mirror/v1.36.0/bin/linux/amd64/kubectl", "kubectl");
    scene.copy(
        "mirror/v1.36.0/bin/linux/amd64/kubeadm",
        "downloads/kubeadm",
    );
    scene.copy(
        "mirror/v1.36.0/bin/linux/amd64/kubectl",
        "downloads/kubectl",
    );
    let commands = commands("releases.md");
    assert!(commands.len() >= 10, "{commands:?}");
    // A test of the testbed, which has a TUF repository, runs the others.
    let here = |command: &&String| !command.contains("--tuf-mirror");
    for command in commands.iter().filter(here) {
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("sealcheck"), "{command}");
        let mut words: Vec<&str> = words.collect();
        // Where the release is, and whom to trust for it, is the test's own.
        if !words.contains(&"--trusted-root") {
            words.extend(["--trusted-root", "root.json"]);
        }
        if !words.contains(&"--from") {
            words.extend(["--from", "mirror"]);
        }
        if !words.contains(&"--offline") {
            words.push("--offline");
        }
        let run = scene.sandbox.run(&words);
        assert_eq!(run.code, 0, "{command}\n{}\n{}", run.stdout, run.stderr);
        assert!(!run.stdout.is_empty(), "{command}");
    }
}
