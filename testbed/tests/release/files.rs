//! The files with their signatures and checksums.

use std::fs;
use std::path::Path;
use std::process::Command;

use data_encoding::BASE64;
use sealcheck_release::{Profile, UnpackLimits, Version, unpack};
use sealcheck_testbed::release::{KREL_STAGING, KREL_TRUST, ODD_FILE, ODD_VERSION};
use sealcheck_verify::{Digest, DigestAlgorithm};
use serde_json::Value;

use crate::{NEW_VERSION, Run, require, sealcheck, told};

/// Everything that the release tools publish is there, and signed are all but what they do not sign.
pub(crate) fn complete(run: &Run) {
    let kubernetes = Profile::kubernetes();
    for version in &run.release.versions {
        let files = run.release.files(*version).unwrap();
        let has = |path: &str| files.iter().any(|file| file == path);
        for path in FILES {
            assert!(has(path), "{version} {path}");
        }
        for file in &files {
            let path = file.parse().unwrap();
            if kubernetes.side_file(&path).is_some() {
                continue;
            }
            let is_by_design = kubernetes.unsigned_by_design(&path).is_some();
            for suffix in [".sig", ".cert"] {
                assert_eq!(has(&format!("{file}{suffix}")), !is_by_design, "{file}");
            }
            let has_checksum = !file.ends_with("SUMS") && !file.ends_with(".json");
            for suffix in [".sha256", ".sha512"] {
                assert_eq!(has(&format!("{file}{suffix}")), has_checksum, "{file}");
            }
        }
    }
    for (channel, newest) in [("stable", "v1.36.0"), ("stable-1.35", "v1.35.0")] {
        let file = run.release.folder.join(format!("release/{channel}.txt"));
        assert_eq!(fs::read_to_string(file).unwrap(), newest);
    }
}

/// What stands in the small files is written as on dl.k8s.io.
pub(crate) fn forms(run: &Run) {
    for version in &run.release.versions {
        for path in run.release.signed_files(*version).unwrap() {
            let signature = text(run, *version, &format!("{path}.sig"));
            // DER has 70 to 72 bytes, or rarely one or two less.
            assert!([92, 96].contains(&signature.len()), "{signature:?}");
            let der = BASE64.decode(signature.as_bytes()).unwrap();
            assert_eq!(der[0], 0x30, "{path}");
            let certificate = text(run, *version, &format!("{path}.cert"));
            let pem = BASE64.decode(certificate.as_bytes()).unwrap();
            let pem = String::from_utf8(pem).unwrap();
            assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"), "{pem}");
            assert_eq!(pem.matches("BEGIN").count(), 1, "{pem}");
        }
        let tag = "bin/linux/arm64/kube-apiserver.docker_tag";
        assert_eq!(text(run, *version, tag), version.to_string());
        let provenance = text(run, *version, "provenance.json");
        let provenance: Value = serde_json::from_str(&provenance).unwrap();
        let subjects = provenance["subject"].as_array().unwrap();
        let name = subjects[0]["name"].as_str().unwrap();
        let bucket = format!("gs://kubernetes-release/release/{version}/");
        assert!(name.starts_with(&bucket), "{name}");
        let commit = &provenance["predicate"]["materials"][0]["digest"]["sha1"];
        assert!(commit.as_str().unwrap().starts_with('\''), "{commit}");
    }
}

/// Each checksum is that of its file, the file of v1.35.0 included that its signature does not fit.
pub(crate) fn checksums(run: &Run) {
    for version in &run.release.versions {
        for (suffix, list, algorithm) in [
            (".sha256", "SHA256SUMS", DigestAlgorithm::Sha256),
            (".sha512", "SHA512SUMS", DigestAlgorithm::Sha512),
        ] {
            let files = run.release.files(*version).unwrap();
            let summed = files.iter().filter_map(|file| file.strip_suffix(suffix));
            let mut lines = Vec::new();
            for path in summed {
                let bytes = fs::read(run.release.file(*version, path)).unwrap();
                let digest = Digest::of(algorithm, &bytes).unwrap();
                let hex = digest.hex();
                assert_eq!(text(run, *version, &format!("{path}{suffix}")), hex);
                lines.push(format!("{hex}  {path}"));
            }
            assert_eq!(lines.len(), 20);
            assert_eq!(text(run, *version, list), lines.join("\n"));
        }
    }
}

/// Sealcheck accepts each file with its signature and certificate and the log's entry, and rejects the odd one.
pub(crate) fn sealcheck_accepts(run: &Run) {
    accepted(run, |path| {
        let mut command = sealcheck::command();
        command
            .arg("verify-blob")
            .arg("--trusted-root")
            .arg(&run.testbed.trusted_root);
        detached(run, &mut command, path, path);
        command
    });
}

/// So does cosign, which looks for the entry in Rekor as well.
pub(crate) fn cosign_accepts(run: &Run) {
    accepted(run, |path| {
        let mut command = run.testbed.cosign();
        command.args(["verify-blob", "--new-bundle-format=false"]);
        detached(run, &mut command, path, path);
        command
    });
}

fn accepted(run: &Run, command: impl Fn(&Path) -> Command) {
    for version in &run.release.versions {
        let signed = run.release.signed_files(*version).unwrap();
        assert_eq!(signed.len(), 18, "{signed:?}");
        for path in signed {
            let mut command = command(&run.release.file(*version, &path));
            require(&mut command, KREL_STAGING);
            let (is_accepted, text) = told(&mut command);
            let is_odd = *version == ODD_VERSION && path == ODD_FILE;
            assert_eq!(is_accepted, !is_odd, "{text}");
        }
    }
}

/// Another signer, another file's signature and another version's are rejected by both.
pub(crate) fn others_are_rejected(run: &Run) {
    let file = |version, path| run.release.file(version, path);
    let kubectl = file(NEW_VERSION, ODD_FILE);
    let kubelet = file(NEW_VERSION, "bin/linux/amd64/kubelet");
    let older = file(ODD_VERSION, "bin/linux/amd64/kubelet");
    let odd = file(ODD_VERSION, ODD_FILE);
    for (signer, artifact, proof) in [
        (KREL_STAGING, &odd, &odd),
        (KREL_TRUST, &kubectl, &kubectl),
        (KREL_STAGING, &kubectl, &kubelet),
        (KREL_STAGING, &kubelet, &older),
    ] {
        let mut ours = sealcheck::command();
        ours.arg("verify-blob")
            .arg("--trusted-root")
            .arg(&run.testbed.trusted_root);
        let mut cosign = run.testbed.cosign();
        cosign.args(["verify-blob", "--new-bundle-format=false"]);
        for command in [&mut ours, &mut cosign] {
            detached(run, command, artifact, proof);
            require(command, signer);
            let (is_accepted, text) = told(command);
            assert!(!is_accepted, "{text}");
        }
        assert_eq!(ours.output().unwrap().status.code(), Some(1), "{ours:?}");
    }
}

/// The tarballs unpack, and the programs in them are those that are published alone.
pub(crate) fn tarballs(run: &Run) {
    let folder = tempfile::tempdir().unwrap();
    for version in &run.release.versions {
        for (tarball, member, path) in [
            (
                "kubernetes-client-linux-amd64",
                "client/bin/kubectl",
                "bin/linux/amd64/kubectl",
            ),
            (
                "kubernetes-client-windows-amd64",
                "client/bin/kubectl.exe",
                "bin/windows/amd64/kubectl.exe",
            ),
            (
                "kubernetes-server-linux-amd64",
                "server/bin/kube-apiserver.tar",
                "bin/linux/amd64/kube-apiserver.tar",
            ),
        ] {
            let archive = run.release.file(*version, &format!("{tarball}.tar.gz"));
            let target = folder.path().join(format!("{version}-{tarball}"));
            let archive = fs::File::open(archive).unwrap();
            unpack(archive, &target, UnpackLimits::default()).unwrap();
            let member = fs::read(target.join("kubernetes").join(member)).unwrap();
            assert_eq!(member, fs::read(run.release.file(*version, path)).unwrap());
        }
        let program = folder
            .path()
            .join(format!("{version}-kubernetes-client-linux-amd64"))
            .join("kubernetes/client/bin/kubectl");
        let (is_good, says) = told(&mut Command::new(program));
        assert!(is_good && says.contains(&version.to_string()), "{says}");
    }
}

/// The arguments for what lies beside a file, and for the log; the file last.
fn detached(run: &Run, command: &mut Command, artifact: &Path, proof: &Path) {
    for (flag, suffix) in [("--signature", ".sig"), ("--certificate", ".cert")] {
        let mut name = proof.to_owned().into_os_string();
        name.push(suffix);
        command.arg(flag).arg(name);
    }
    command
        .arg("--rekor-url")
        .arg(run.testbed.rekor_url.as_ref().unwrap())
        .arg(artifact);
}

fn text(run: &Run, version: Version, path: &str) -> String {
    fs::read_to_string(run.release.file(version, path)).unwrap()
}

/// One of each kind.
const FILES: &[&str] = &[
    "SHA256SUMS",
    "SHA512SUMS",
    "bin/linux/amd64/kube-apiserver.docker_tag",
    "bin/linux/arm64/kube-apiserver.tar",
    "bin/linux/arm64/kubeadm",
    "bin/windows/amd64/kubelet.exe",
    "kubernetes-client-linux-arm64.tar.gz",
    "kubernetes-client-windows-amd64.tar.gz",
    "kubernetes-release.spdx",
    "kubernetes-server-linux-amd64.tar.gz",
    "kubernetes-source.spdx",
    "kubernetes.tar.gz",
    "provenance.json",
    "release-notes.json",
];
