//! Names of images, read out of documents.

use super::super::Certainty::{Certain, Exact, Guessed};
use super::super::{Document, ImageReference};
use super::{file, read};

fn images(body: &str, version: &str) -> Vec<ImageReference> {
    document(body).images(version)
}

/// A release with programs for two architectures.
fn document(body: &str) -> Document {
    let programs = ["amd64", "arm64", "arm"]
        .map(|architecture| file(&format!("bin/linux/{architecture}/tool"), architecture, &[]));
    read(&(programs.concat() + body)).unwrap()
}

fn archive(id: &str, name: &str) -> String {
    format!("PackageName: {name}\nSPDXID: SPDXRef-Package-{id}\n")
}

#[test]
fn identifiers_are_read_with_what_is_known() {
    for (id, name, file_name, version, certainty, image, architecture) in [
        (
            "registry.k8s.io-kube-proxy-arm64-v1.2.3",
            "kube-proxy.tar",
            "",
            "v1.2.3",
            Certain,
            "registry.k8s.io/kube-proxy-arm64:v1.2.3",
            Some("arm64"),
        ),
        (
            "registry.k8s.io-kube-proxy-arm64-v1.2.3",
            "kube-proxy.tar",
            "/x/arm64/kube-proxy.tar",
            "v1.2.3",
            Certain,
            "registry.k8s.io/kube-proxy-arm64:v1.2.3",
            Some("arm64"),
        ),
        (
            "registry.k8s.io-kube-proxy-v1.2.3",
            "kube-proxy.tar",
            "",
            "v1.2.3",
            Certain,
            "registry.k8s.io/kube-proxy:v1.2.3",
            None,
        ),
        (
            "registry.k8s.io-kube-proxy-arm-v1.2.3-rc.1",
            "kube-proxy.tar",
            "",
            "v1.2.3-rc.1",
            Certain,
            "registry.k8s.io/kube-proxy-arm:v1.2.3-rc.1",
            Some("arm"),
        ),
        // The archive is named with its architecture.
        (
            "registry.k8s.io-conformance-arm-v1.2.3",
            "conformance-arm.tar",
            "/x/arm/conformance-arm.tar",
            "v1.2.3",
            Certain,
            "registry.k8s.io/conformance-arm:v1.2.3",
            Some("arm"),
        ),
        // A tag has no plus, and an identifier no underscore.
        (
            "registry.k8s.io-kubeC95proxy-arm-v1.2.3-1C95g0ab",
            "kube_proxy.tar",
            "",
            "v1.2.3-1+g0ab",
            Certain,
            "registry.k8s.io/kube_proxy-arm:v1.2.3-1_g0ab",
            Some("arm"),
        ),
        // The archive was made for another architecture.
        (
            "registry.k8s.io-kube-proxy-arm64-v1.2.3",
            "kube-proxy.tar",
            "/x/amd64/kube-proxy.tar",
            "v1.2.3",
            Guessed,
            "registry.k8s.io/kube-proxy-arm64:v1.2.3",
            Some("arm64"),
        ),
        // Which hyphen was a slash?
        (
            "registry.k8s.io-team-kube-proxy-arm64-v1.2.3",
            "kube-proxy.tar",
            "",
            "v1.2.3",
            Guessed,
            "registry.k8s.io/team-kube-proxy-arm64:v1.2.3",
            Some("arm64"),
        ),
        // An architecture that there are no programs for.
        (
            "registry.k8s.io-kube-proxy-riscv64-v1.2.3",
            "kube-proxy.tar",
            "",
            "v1.2.3",
            Guessed,
            "registry.k8s.io/kube-proxy-riscv64:v1.2.3",
            None,
        ),
        // The archive is named after something else.
        (
            "registry.k8s.io-kube-proxy-arm64-v1.2.3",
            "image.tar",
            "",
            "v1.2.3",
            Guessed,
            "registry.k8s.io/kube-proxy-arm64:v1.2.3",
            Some("arm64"),
        ),
    ] {
        let mut body = archive(id, name);
        if !file_name.is_empty() {
            body += &format!("PackageFileName: {file_name}\n");
        }
        let images = images(&body, version);
        let [found] = images.as_slice() else {
            panic!("{id}: {images:?}")
        };
        assert_eq!(found.to_string(), image, "{id}");
        assert_eq!(found.certainty, certainty, "{id} {file_name}");
        assert_eq!(found.architecture.as_deref(), architecture, "{id}");
        assert_eq!(found.package.as_str(), format!("SPDXRef-Package-{id}"));
    }
}

#[test]
fn what_is_no_image_of_this_version_is_none() {
    for (id, name) in [
        // Another version, also one that this one is the end of.
        ("registry.k8s.io-kube-proxy-arm64-v1.2.4", "kube-proxy.tar"),
        ("registry.k8s.io-kube-proxy-arm64-v11.2.3", "kube-proxy.tar"),
        ("registry.k8s.io-kube-proxy-arm64v1.2.3", "kube-proxy.tar"),
        // No archive, and no layers.
        ("registry.k8s.io-kube-proxy-arm64-v1.2.3", "kube-proxy"),
        ("github.com-org-module-v1.2.3", "github.com/org/module"),
        // No registry.
        ("kube-proxy-arm64-v1.2.3", "kube-proxy.tar"),
        ("-v1.2.3", "kube-proxy.tar"),
        // No repository's name.
        ("registry.k8s.io-Kube-v1.2.3", "Kube.tar"),
    ] {
        let images = images(&archive(id, name), "v1.2.3");
        assert!(images.is_empty(), "{id}: {images:?}");
    }
    let body = archive("registry.k8s.io-kube-proxy-arm64-v1.2.3", "kube-proxy.tar");
    for version in ["", "v1.2", "3", "1.2.3"] {
        assert!(images(&body, version).is_empty(), "{version}");
    }
}

#[test]
fn layers_make_an_image_and_are_none() {
    let layer = format!("sha256:{}", "0".repeat(64));
    let relate = "Relationship: SPDXRef-Package-r.test-app-v1 CONTAINS SPDXRef-Package-r.test-app-v1-layer\n";
    let body = archive("r.test-app-v1", "app") + &archive("r.test-app-v1-layer", &layer);
    assert!(images(&body, "v1").is_empty());
    let images = images(&(body + relate), "v1");
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].to_string(), "r.test/app:v1");
    assert_eq!(images[0].certainty, Guessed);

    // A name that says it all counts with layers only: versions of packages look the same.
    let body = archive("acme-app-1", "acme/app:1")
        + &archive("acme-app-1-layer", &layer)
        + &archive("bsdutils", "bsdutils-1:2.34");
    assert!(super::images::images(&body, "1").is_empty());
    let relate = "Relationship: SPDXRef-Package-acme-app-1 CONTAINS SPDXRef-Package-acme-app-1-layer\nRelationship: SPDXRef-Package-acme-app-1-layer CONTAINS SPDXRef-Package-acme-app-1-layer-x\n";
    let images = super::images::images(&(body + relate), "2");
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].to_string(), "acme/app:1");
    assert_eq!(images[0].certainty, Exact);
}

#[test]
fn a_package_url_says_it_exactly() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let encoded = digest.replace(':', "%3A");
    for (purl, image) in [
        (
            format!("pkg:oci/app@{encoded}?repository_url=r.test/team/app&tag=v1&arch=arm64"),
            Some(format!("r.test/team/app:v1@{digest}")),
        ),
        // The address of the folder, as some tools write it.
        (
            format!("pkg:oci/app@{encoded}?repository_url=https://r.test/team/"),
            Some(format!("r.test/team/app@{digest}")),
        ),
        (
            "pkg:oci/app?repository_url=r.test%2Fapp&tag=v1".to_owned(),
            Some("r.test/app:v1".to_owned()),
        ),
        (
            "pkg:docker/team/app@v1?repository_url=r.test".to_owned(),
            Some("r.test/team/app:v1".to_owned()),
        ),
        (
            format!("pkg:docker/team/app@{encoded}"),
            Some(format!("docker.io/team/app@{digest}")),
        ),
        // No registry; nothing that says which; no names, which are kept as they are.
        (
            format!("pkg:oci/app@{encoded}?tag=v1"),
            Some(format!("app:v1@{digest}")),
        ),
        (
            "PKG://OCI/app?repository_url=r.test/app".to_owned(),
            Some("r.test/app".to_owned()),
        ),
        (
            "pkg:docker/App@1.0+x?repository_url=r.test".to_owned(),
            Some("r.test/App:1.0+x".to_owned()),
        ),
        (
            "pkg:oci/app@sha256:0?repository_url=r.test/app&tag=v1".to_owned(),
            Some("r.test/app:sha256:0".to_owned()),
        ),
        (
            "pkg:oci/app@1?repository_url=r.test/app&tag=v1".to_owned(),
            Some("r.test/app:v1".to_owned()),
        ),
        (
            "pkg:oci/../x?repository_url=r.test&tag=v1".to_owned(),
            Some("r.test/../x:v1".to_owned()),
        ),
        // Something else.
        ("pkg:golang/github.com/org/module@v1".to_owned(), None),
        ("oci/app?repository_url=r.test/app&tag=v1".to_owned(), None),
    ] {
        let body = archive("x", "x") + &format!("ExternalRef: PACKAGE-MANAGER purl {purl}\n");
        let images = images(&body, "v9");
        assert_eq!(images.first().map(ToString::to_string), image, "{purl}");
        assert!(images.iter().all(|image| image.certainty == Exact));
    }
    // A broken one is a name that is none.
    for purl in [
        "pkg:oci/app?repository_url=r.test/app&tag=v1&tag=v2",
        "pkg:oci/app?repository_url=r.test/app&tag=%zz",
        "pkg:oci/app?repository_url=r.test/app&tag=%f",
        "pkg:oci/app?repository_url=r.test/app&tag=%ff",
        "pkg:docker",
    ] {
        let body = archive("x", "x") + &format!("ExternalRef: PACKAGE-MANAGER purl {purl}\n");
        let images = images(&body, "v9");
        assert_eq!(images.len(), 1);
        assert_eq!(images[0].to_string(), purl);
    }
    // Each URL counts.
    let body = archive("x", "x")
        + "ExternalRef: PACKAGE-MANAGER purl pkg:docker/a@1\nExternalRef: PACKAGE-MANAGER purl pkg:docker/b@1?os=windows\n";
    let both = images(&body, "v9");
    assert_eq!(both.len(), 2);
    assert_eq!(both[1].os.as_deref(), Some("windows"));
    // The URL counts more than what the identifier would say.
    let body = archive("r.test-app-arm64-v1", "app.tar")
        + "ExternalRef: PACKAGE-MANAGER purl pkg:oci/app-arm64?repository_url=other.test/app-arm64&tag=v2&arch=arm64\n";
    let images = images(&body, "v1");
    assert_eq!(images[0].to_string(), "other.test/app-arm64:v2");
    assert_eq!(images[0].for_all_architectures(), Some("other.test/app"));
}
