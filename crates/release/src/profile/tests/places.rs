//! Other projects, mirrors and addresses.

use super::*;

#[test]
fn another_project_has_a_profile_of_the_same_shape() {
    let profile = Profile::parse(SMALL.as_bytes()).unwrap();
    let expected = (
        "releases@acme.test".to_owned(),
        "https://accounts.acme.test".to_owned(),
    );
    assert_eq!(
        subjects(&profile, Purpose::Files, Some("v0.1.0")),
        [expected]
    );
    assert!(profile.accepted(Purpose::Images, None).is_none());
    let addresses = profile.addresses(version("v1.2.3"), &path("acme-cli"));
    assert_eq!(
        addresses[0].artifact,
        "https://dl.acme.test/v1.2.3/acme-cli"
    );
    assert!(
        matches!(profile.describe(&path("acme-cli.sigstore.json")), Published::Side(side) if side.role == SideRole::Bundle)
    );
}

#[test]
fn a_mirror_takes_the_place_of_the_addresses() {
    let mirrored = |address: &str| Profile::kubernetes().with_files_at(address);
    for (given, expected) in [
        (
            "https://mirror.test/k8s",
            "https://mirror.test/k8s/v1.36.0/kubernetes-release.spdx",
        ),
        (
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080/v1.36.0/kubernetes-release.spdx",
        ),
        (
            "https://mirror.test/{version}/x/{path}",
            "https://mirror.test/v1.36.0/x/kubernetes-release.spdx",
        ),
    ] {
        let profile = mirrored(given).unwrap();
        let addresses = profile.addresses(version("v1.36.0"), &path("kubernetes-release.spdx"));
        let artifacts: Vec<&str> = addresses.iter().map(|place| &*place.artifact).collect();
        assert_eq!(artifacts, [expected], "nothing else is asked");
        for known in [
            "https://dl.k8s.io/release/v1.36.0/kubernetes.tar.gz",
            "https://sbom.k8s.io/v1.36.0/release",
            "https://sbom.k8s.io/v1.36.0/release.sig",
        ] {
            assert!(profile.recognise(known).is_some(), "{known}");
        }
    }
    let stable: Channel = "stable".parse().unwrap();
    let answers = |address: &str| mirrored(address).unwrap().channel_address(stable);
    assert_eq!(
        answers("https://mirror.test/k8s").as_deref(),
        Some("https://mirror.test/k8s/stable.txt")
    );
    assert_eq!(answers("https://mirror.test/{version}/x/{path}"), None);
    for wrong in [
        "mirror.test",
        "https://mirror.test/{version}",
        "https://u:p@mirror.test",
        "https://mirror.test/?x=",
    ] {
        let error = mirrored(wrong).unwrap_err();
        assert_eq!(error.reason(), Reason::ArgumentInvalid, "{error}");
    }
}

#[test]
fn addresses_of_kubernetes_are_those_that_are_published() {
    let profile = Profile::kubernetes();
    let places = profile.addresses(version("v1.36.0"), &path("bin/linux/amd64/kubectl"));
    let base = "https://dl.k8s.io/release/v1.36.0/bin/linux/amd64/kubectl";
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].artifact, base);
    assert_eq!(
        places[0].proofs[2],
        ProofAddress::Detached {
            signature: format!("{base}.sig"),
            certificate: format!("{base}.cert")
        }
    );
    assert_eq!(
        places[0].proofs[0],
        ProofAddress::Bundle(format!("{base}.sigstore.json"))
    );
    assert_eq!(
        places[0].checksums,
        [
            (DigestAlgorithm::Sha512, format!("{base}.sha512")),
            (DigestAlgorithm::Sha256, format!("{base}.sha256")),
        ]
    );
    let places = profile.addresses(version("v1.36.0"), &path("kubernetes-source.spdx"));
    let artifacts: Vec<&str> = places.iter().map(|place| &*place.artifact).collect();
    assert_eq!(
        artifacts,
        [
            "https://dl.k8s.io/release/v1.36.0/kubernetes-source.spdx",
            "https://sbom.k8s.io/v1.36.0/source"
        ]
    );
    let latest = profile.channel_address("latest-1.36".parse().unwrap());
    assert_eq!(
        latest.as_deref(),
        Some("https://dl.k8s.io/release/latest-1.36.txt")
    );
}

#[test]
fn addresses_that_a_user_has_are_recognised() {
    let profile = Profile::kubernetes();
    for (address, expected) in [
        (
            "https://dl.k8s.io/release/v1.36.0/bin/linux/amd64/kubectl",
            "bin/linux/amd64/kubectl",
        ),
        (
            "https://dl.k8s.io/v1.36.0/bin/linux/amd64/kubectl",
            "bin/linux/amd64/kubectl",
        ),
        (
            "https://cdn.dl.k8s.io/release/v1.36.0/kubernetes.tar.gz.sig",
            "kubernetes.tar.gz.sig",
        ),
        (
            "https://sbom.k8s.io/v1.36.0/release",
            "kubernetes-release.spdx",
        ),
        (
            "https://sbom.k8s.io/v1.36.0/source.cert",
            "kubernetes-source.spdx.cert",
        ),
        ("https://dl.k8s.io/v1.36.0/a%20b", "a b"),
    ] {
        let found = profile.recognise(address).unwrap();
        assert_eq!(
            (found.version, found.path.as_str()),
            (version("v1.36.0"), expected),
            "{address}"
        );
    }
    for other in [
        "https://dl.k8s.io/release/stable.txt",
        "https://dl.k8s.io/v1.36.0/../x",
        "https://dl.k8s.io/v1.36.0/%2e%2e/x",
        "https://dl.k8s.io/v1.36/x",
        "http://dl.k8s.io/v1.36.0/x",
        "https://dl.k8s.io.test/v1.36.0/x",
        "https://sbom.k8s.io/v1.36.0/release/x",
        "https://sbom.k8s.io/v1.36.0/release.exe",
        "bin/linux/amd64/kubectl",
        "",
    ] {
        assert_eq!(profile.recognise(other), None, "{other}");
    }
}
