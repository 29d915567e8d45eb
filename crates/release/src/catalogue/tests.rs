use std::path::Path;

use sealcheck_verify::DigestAlgorithm;

use super::*;

const LISTED: &[&str] = &[
    "bin/darwin/arm64/kubectl",
    "bin/linux/amd64/kube-apiserver.tar",
    "bin/linux/amd64/kubectl",
    "bin/linux/amd64/kubectl-convert",
    "bin/linux/amd64/mounter",
    "bin/linux/arm64/kubectl",
    "bin/windows/amd64/kubectl.exe",
    "kubernetes-client-linux-amd64.tar.gz",
    "kubernetes-test-portable.tar.gz",
    "kubernetes.tar.gz",
];

fn path(text: &str) -> ReleasePath {
    text.parse().unwrap()
}

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

fn find(file: &str, exactly: Option<&str>, on: Option<&str>) -> Result<String, FindError> {
    let profile = Profile::kubernetes();
    let catalogue = Catalogue::new(&profile, LISTED).unwrap();
    let on = on.map(platform);
    let lookup = Lookup {
        file: Path::new(file),
        exactly,
        platform: on.as_ref(),
    };
    catalogue.find(&lookup).map(|found| found.path.to_string())
}

#[test]
fn a_path_says_what_it_is() {
    let profile = Profile::kubernetes();
    for (text, kind, name, on) in [
        (
            "bin/linux/amd64/kubectl",
            Kind::Binary,
            "kubectl",
            Some("linux/amd64"),
        ),
        (
            "bin/windows/386/kubectl.exe",
            Kind::Binary,
            "kubectl",
            Some("windows/386"),
        ),
        (
            "bin/linux/s390x/kube-apiserver.tar",
            Kind::ImageArchive,
            "kube-apiserver",
            Some("linux/s390x"),
        ),
        (
            "bin/linux/arm/kube-proxy.docker_tag",
            Kind::ImageTag,
            "kube-proxy",
            Some("linux/arm"),
        ),
        (
            "bin/plan9/mips64/new-tool",
            Kind::Binary,
            "new-tool",
            Some("plan9/mips64"),
        ),
        (
            "kubernetes-client-darwin-arm64.tar.gz",
            Kind::Tarball,
            "client",
            Some("darwin/arm64"),
        ),
        (
            "kubernetes-node-windows-amd64.tar.gz",
            Kind::Tarball,
            "node",
            Some("windows/amd64"),
        ),
        (
            "kubernetes-server-linux-ppc64le.tar.gz",
            Kind::Tarball,
            "server",
            Some("linux/ppc64le"),
        ),
        (
            "kubernetes-test-linux-amd64.tar.gz",
            Kind::Tarball,
            "test",
            Some("linux/amd64"),
        ),
        (
            "kubernetes-test-portable.tar.gz",
            Kind::Tarball,
            "test-portable",
            None,
        ),
        ("kubernetes-src.tar.gz", Kind::Tarball, "src", None),
        (
            "kubernetes-manifests.tar.gz",
            Kind::Tarball,
            "manifests",
            None,
        ),
        (
            "kubernetes.tar.gz",
            Kind::Tarball,
            "kubernetes.tar.gz",
            None,
        ),
        (
            "kubernetes-release.spdx",
            Kind::Sbom,
            "kubernetes-release.spdx",
            None,
        ),
        (
            "kubernetes-source.spdx",
            Kind::Sbom,
            "kubernetes-source.spdx",
            None,
        ),
        ("SHA256SUMS", Kind::ChecksumList, "SHA256SUMS", None),
        ("provenance.json", Kind::Provenance, "provenance.json", None),
        (
            "release-notes.json",
            Kind::Document,
            "release-notes.json",
            None,
        ),
        ("bin/linux/kubectl", Kind::Other, "kubectl", None),
        ("bin/linux/amd64/deep/kubectl", Kind::Other, "kubectl", None),
        (
            "x/kubernetes.tar.gz",
            Kind::Other,
            "kubernetes.tar.gz",
            None,
        ),
    ] {
        let expected = Artifact {
            path: path(text),
            kind,
            name: name.to_owned(),
            platform: on.map(platform),
        };
        assert_eq!(
            profile.describe(&path(text)),
            Published::Artifact(expected),
            "{text}"
        );
    }
}

#[test]
fn a_file_beside_an_artifact_belongs_to_it() {
    let profile = Profile::kubernetes();
    for (text, of, role) in [
        (
            "bin/linux/amd64/kubectl.sig",
            "bin/linux/amd64/kubectl",
            SideRole::Signature,
        ),
        (
            "bin/linux/amd64/kubectl.cert",
            "bin/linux/amd64/kubectl",
            SideRole::Certificate,
        ),
        (
            "kubernetes.tar.gz.sha256",
            "kubernetes.tar.gz",
            SideRole::Checksum(DigestAlgorithm::Sha256),
        ),
        (
            "kubernetes.tar.gz.sha512",
            "kubernetes.tar.gz",
            SideRole::Checksum(DigestAlgorithm::Sha512),
        ),
        ("kubectl.exe.sigstore.json", "kubectl.exe", SideRole::Bundle),
        ("kubectl.keyless.json", "kubectl", SideRole::Bundle),
        (
            "kubernetes-release.spdx.pem",
            "kubernetes-release.spdx",
            SideRole::Certificate,
        ),
        (
            "SHA256SUMS.sha512",
            "SHA256SUMS",
            SideRole::Checksum(DigestAlgorithm::Sha512),
        ),
        // Of what is itself a side file.
        (
            "kubectl.sig.sha256",
            "kubectl.sig",
            SideRole::Checksum(DigestAlgorithm::Sha256),
        ),
    ] {
        assert_eq!(
            profile.describe(&path(text)),
            Published::Side(SideFile { of: path(of), role }),
            "{text}"
        );
    }
    for text in [
        "bin/.sig",
        ".cert",
        "x/.sigstore.json",
        "kubectl.json",
        "sig",
    ] {
        assert_eq!(profile.side_file(&path(text)), None, "{text}");
    }
}

#[test]
fn the_user_s_word_decides_alone() {
    let exactly = Some("bin/linux/arm64/kubectl");
    assert_eq!(
        find("/x/bin/linux/amd64/kubectl", exactly, Some("linux/amd64")).unwrap(),
        "bin/linux/arm64/kubectl"
    );
    assert_eq!(find("-", exactly, None).unwrap(), "bin/linux/arm64/kubectl");
    for trap in ["../x", "/bin/linux/arm64/kubectl", "bin\\linux", "", "a\0"] {
        assert!(
            matches!(find("kubectl", Some(trap), None), Err(FindError::Path(_))),
            "{trap}"
        );
    }
    // Also of a name without its folders.
    for near in ["bin/linux/arm46/kubectl", "kubectl", "kubectk"] {
        match find("x", Some(near), None) {
            Err(FindError::Unknown { nearest, .. }) => {
                assert!(nearest.iter().all(|path| path.ends_with("/kubectl")));
                assert!(!nearest.is_empty(), "{near}");
            }
            other => panic!("{other:?}"),
        }
    }
    match find("x", Some("bin/linux/arm46/kubectl"), None) {
        Err(FindError::Unknown { nearest, .. }) => {
            assert_eq!(nearest[0], "bin/linux/arm64/kubectl")
        }
        other => panic!("{other:?}"),
    }
    match find("x", Some("bin/linux/arm64/kubectl.sig"), None) {
        Err(FindError::Side { of, .. }) => assert_eq!(of.as_str(), "bin/linux/arm64/kubectl"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_end_of_a_local_path_says_which_artifact_it_is() {
    for (file, on, expected) in [
        (
            "/mirror/v1.36.0/bin/linux/amd64/kubectl",
            None,
            "bin/linux/amd64/kubectl",
        ),
        ("linux/arm64/kubectl", None, "bin/linux/arm64/kubectl"),
        ("./darwin/arm64/kubectl", None, "bin/darwin/arm64/kubectl"),
        // The folder speaks of a platform only where it names all that tells the artifacts apart.
        ("amd64/kubectl", None, "bin/linux/amd64/kubectl"),
        ("./kubectl", Some("linux/arm64"), "bin/linux/arm64/kubectl"),
        (
            "/usr/bin/kubectl",
            Some("linux/amd64"),
            "bin/linux/amd64/kubectl",
        ),
        (
            "linux/amd64/kubectl",
            Some("linux/amd64"),
            "bin/linux/amd64/kubectl",
        ),
        ("mounter", None, "bin/linux/amd64/mounter"),
        ("kubectl.exe", None, "bin/windows/amd64/kubectl.exe"),
        (
            "kubectl",
            Some("windows/amd64"),
            "bin/windows/amd64/kubectl.exe",
        ),
        ("downloads/kubernetes.tar.gz", None, "kubernetes.tar.gz"),
        (
            "kubernetes.tar.gz",
            Some("linux/amd64"),
            "kubernetes.tar.gz",
        ),
        (
            "kubernetes-client-linux-amd64.tar.gz",
            None,
            "kubernetes-client-linux-amd64.tar.gz",
        ),
        ("kubernetes-release.spdx", None, "kubernetes-release.spdx"),
        ("kubectl-linux-arm64", None, "bin/linux/arm64/kubectl"),
        ("kubectl_linux_amd64", None, "bin/linux/amd64/kubectl"),
        (
            "kubectl-windows-amd64.exe",
            None,
            "bin/windows/amd64/kubectl.exe",
        ),
        (
            "kubectl-windows-amd64",
            Some("windows/amd64"),
            "bin/windows/amd64/kubectl.exe",
        ),
    ] {
        assert_eq!(
            find(file, None, on).as_deref(),
            Ok(expected),
            "{file} {on:?}"
        );
    }
}

#[test]
fn what_can_be_several_is_told_with_all_of_them() {
    for (file, expected) in [
        (
            "kubectl",
            &[
                "bin/darwin/arm64/kubectl",
                "bin/linux/amd64/kubectl",
                "bin/linux/arm64/kubectl",
            ][..],
        ),
        (
            "arm64/kubectl",
            &["bin/darwin/arm64/kubectl", "bin/linux/arm64/kubectl"],
        ),
        (
            "bin/kubectl",
            &[
                "bin/darwin/arm64/kubectl",
                "bin/linux/amd64/kubectl",
                "bin/linux/arm64/kubectl",
            ],
        ),
    ] {
        match find(file, None, None) {
            Err(FindError::Ambiguous { candidates, .. }) => {
                assert_eq!(candidates, expected, "{file}")
            }
            other => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    match find("linux/arm64/kubectl", None, Some("linux/amd64")) {
        Err(FindError::Contradiction { found, .. }) => {
            assert_eq!(found.as_str(), "bin/linux/arm64/kubectl")
        }
        other => panic!("{other:?}"),
    }
    match find("kubectl-linux-arm64", None, Some("linux/amd64")) {
        Err(FindError::Unknown { .. }) => {}
        other => panic!("{other:?}"),
    }
    match find("mounter", None, Some("darwin/arm64")) {
        Err(FindError::OtherPlatforms { found, .. }) => {
            assert_eq!(found, ["bin/linux/amd64/mounter"])
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn unknown_names_and_platforms_come_with_the_nearest() {
    for (file, near) in [
        ("kubectk", &["kubectl"][..]),
        ("Kubectl", &["kubectl"]),
        ("kubernetes.tgz", &["kubernetes.tar.gz"]),
        ("helm", &[]),
    ] {
        match find(file, None, None) {
            Err(FindError::Unknown { nearest, .. }) => assert_eq!(nearest, near, "{file}"),
            other => panic!("{file}: {other:?}"),
        }
    }
    match find("kubectl", None, Some("linux/amd46")) {
        Err(FindError::UnknownPlatform { nearest, .. }) => assert_eq!(nearest[0], "linux/amd64"),
        other => panic!("{other:?}"),
    }
    match find("kubectl", None, Some("solaris/sparc")) {
        Err(FindError::UnknownPlatform { nearest, .. }) => {
            assert_eq!(
                nearest,
                [
                    "darwin/arm64",
                    "linux/amd64",
                    "linux/arm64",
                    "windows/amd64"
                ]
            );
        }
        other => panic!("{other:?}"),
    }
    match find("kubectl.sha256", None, None) {
        Err(error @ FindError::Side { .. }) => {
            assert_eq!(
                error.to_string(),
                "kubectl.sha256 belongs to kubectl and is not proved itself"
            );
        }
        other => panic!("{other:?}"),
    }
    for nameless in ["", "/", "..", "."] {
        assert!(
            matches!(find(nameless, None, None), Err(FindError::Unknown { .. })),
            "{nameless}"
        );
    }
}

#[test]
fn platforms_are_two_names() {
    assert_eq!(platform("linux/amd64").to_string(), "linux/amd64");
    for text in [
        "",
        "linux",
        "linux/",
        "/amd64",
        "linux/arm/v7",
        "Linux/amd64",
        "linux/../x",
        "linux/amd64\n",
    ] {
        assert!(text.parse::<Platform>().is_err(), "{text:?}");
    }
}

#[test]
fn a_list_with_traps_is_no_catalogue() {
    let profile = Profile::kubernetes();
    let error = Catalogue::new(&profile, &["a", "../b"]).unwrap_err();
    assert!(
        matches!(&error, CatalogueError::Path { position: 2, .. }),
        "{error}"
    );
    assert!(
        error.to_string().starts_with("entry 2 of the list: "),
        "{error}"
    );
    let twice = Catalogue::new(&profile, &["a", "b", "a"]).unwrap();
    assert_eq!(
        twice
            .artifacts()
            .filter(|artifact| artifact.path.as_str() == "a")
            .count(),
        1
    );
    let names: Vec<String> = (0..=CATALOGUE_NAMES.max)
        .map(|number| number.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(matches!(
        Catalogue::new(&profile, &names),
        Err(CatalogueError::TooMany { .. })
    ));
    assert!(Catalogue::new(&profile, &names[1..]).is_ok());
}

/// The names of a real release, from its SBOM as text: all of them have a form, and each is found by its own path.
#[test]
fn every_file_of_a_real_release_has_a_form() {
    let Some(corpora) = sealcheck_testkit::shared::corpora() else {
        return;
    };
    let profile = Profile::kubernetes();
    for (file, count) in [
        ("k8s-release-sbom.spdx", 113),
        ("kubernetes-release.spdx", 111),
    ] {
        let text =
            std::fs::read_to_string(corpora.join("kubernetes-release-spdx").join(file)).unwrap();
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("FileName: "))
            .collect();
        assert_eq!(names.len(), count);
        let catalogue = Catalogue::new(&profile, &names).unwrap();
        for name in names {
            let artifact = catalogue.get(&path(name)).unwrap();
            assert!(
                matches!(artifact.kind, Kind::Binary | Kind::Tarball),
                "{artifact:?}"
            );
            assert_eq!(artifact.kind == Kind::Binary, name.starts_with("bin/"));
            let place = Path::new("/mirror/v1.25.4").join(name);
            let lookup = Lookup {
                file: &place,
                exactly: None,
                platform: None,
            };
            assert_eq!(catalogue.find(&lookup).unwrap().path.as_str(), name);
        }
    }
}
