//! The documents of real releases.

use std::collections::BTreeSet;
use std::fs;

use sealcheck_testkit::shared;

use super::super::{
    Certainty, ChecksumAlgorithm, Document, Element, Listing, LocalFile, Matched, Origin,
    RelationshipKind, Standing, Version,
};
use super::write;

/// A document of the corpus with the bytes; `None` (and a word about it) where there is no corpus.
fn document(name: &str) -> Option<(Vec<u8>, Document)> {
    let path = shared::corpora()?
        .join("kubernetes-release-spdx")
        .join(name);
    let bytes = fs::read(path).unwrap();
    let document = Document::read(&bytes).unwrap();
    Some((bytes, document))
}

#[test]
fn they_are_the_sboms_that_the_profile_means() {
    let profile = crate::Profile::kubernetes();
    let [release, source] = &*profile.sboms else {
        panic!("{:?}", profile.sboms);
    };
    for (name, version, other) in [
        ("k8s-release-sbom.spdx", "v1.25.4", "v1.25.3"),
        ("kubernetes-release.spdx", "v1.23.1", "v1.25.4"),
    ] {
        let Some((_, document)) = document(name) else {
            return;
        };
        assert!(release.is(&document, version.parse().unwrap()), "{name}");
        assert!(!release.is(&document, other.parse().unwrap()), "{name}");
        assert!(!source.is(&document, version.parse().unwrap()), "{name}");
        // Nothing in them is refused either.
        assert_eq!(Listing::new(&document).unusable(), [], "{name}");
    }
    let Some((_, istio)) = document("istio-release.spdx") else {
        return;
    };
    assert!(!release.is(&istio, "v1.13.1".parse().unwrap()));
}

#[test]
fn a_release_of_kubernetes_in_spdx_2_3() {
    let Some((_, document)) = document("k8s-release-sbom.spdx") else {
        return;
    };
    assert_eq!(document.version(), Version::V2_3);
    assert_eq!(document.name(), "Kubernetes Release v1.25.4");
    assert_eq!(document.namespace(), "https://sbom.k8s.io/v1.25.4/release");
    assert_eq!(document.created(), Some("2022-11-09T14:33:54Z"));
    assert_eq!(
        document.creators().collect::<Vec<_>>(),
        [
            "Organization: Kubernetes Release Engineering",
            "Tool: sigs.k8s.io/bom/pkg/spdx"
        ]
    );
    assert_eq!(document.files().len(), 113);
    assert_eq!(document.packages().len(), 130);
    assert_eq!(document.relationships().len(), 268);

    // The line without a space behind the colon.
    let [source] = document.external_documents() else {
        panic!("one source document")
    };
    assert_eq!(&*source.id, "DocumentRef-kubernetes-v1.25.4");
    assert_eq!(&*source.namespace, "https://sbom.k8s.io/v1.25.4/source");
    assert_eq!(source.checksum.algorithm(), ChecksumAlgorithm::Sha1);
    let into_source = |end: &Element| matches!(end, Element::Elsewhere { document, .. } if *document == source.id);
    let from_source = document
        .relationships()
        .iter()
        .filter(|r| into_source(&r.to));
    assert_eq!(from_source.count(), 25);
    assert!(document.dangling().is_empty());
    assert_eq!(document.passed_over().get("FilesAnalyzed"), Some(&130));
    assert_eq!(document.passed_over().get("FileChecksum"), None);
}

#[test]
fn a_release_of_kubernetes_in_spdx_2_2() {
    let Some((_, document)) = document("kubernetes-release.spdx") else {
        return;
    };
    assert_eq!(document.version(), Version::V2_2);
    assert_eq!(document.files().len(), 111);
    assert!(document.dangling().is_empty());
    let kubectl = document
        .files()
        .iter()
        .find(|file| &*file.name == "bin/linux/arm64/kubectl")
        .unwrap();
    let hex: Vec<_> = kubectl
        .checksums
        .digests()
        .map(|digest| digest.to_string())
        .collect();
    assert_eq!(hex.len(), 2);
    assert_eq!(
        hex[0],
        "sha256:c0c24c7f6a974390e15148a575c84878e925f32328ff96ae173ec762678e4524"
    );
}

/// Packages that others contain: in these documents they are the layers.
fn layers_listed(document: &Document) -> usize {
    let contains = document.relationships().iter();
    contains
        .filter(|it| it.kind == RelationshipKind::Contains)
        .count()
}

#[test]
fn images_of_kubernetes_can_be_read_in_one_way() {
    for (name, version, registry, certainty) in [
        (
            "k8s-release-sbom.spdx",
            "v1.25.4",
            "registry.k8s.io",
            Certainty::Certain,
        ),
        (
            "kubernetes-release.spdx",
            "v1.23.1",
            "k8s.gcr.io",
            Certainty::Exact,
        ),
    ] {
        let Some((_, document)) = document(name) else {
            return;
        };
        let images = document.images(version);
        // Images of Kubernetes are known by their layers.
        let layers = images.iter().map(|image| image.layers.len());
        assert!(layers.clone().all(|layers| layers >= 2), "{name}");
        assert_eq!(layers.sum::<usize>(), layers_listed(&document), "{name}");
        assert!(
            images.iter().all(|image| image.certainty == certainty),
            "{images:#?}"
        );
        let found: BTreeSet<String> = images.iter().map(ToString::to_string).collect();
        let names = [
            "conformance",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
        ];
        let architectures = ["amd64", "arm", "arm64", "ppc64le", "s390x"];
        let expected: BTreeSet<String> = names
            .iter()
            .flat_map(|name| {
                architectures
                    .map(|architecture| format!("{registry}/{name}-{architecture}:{version}"))
            })
            .collect();
        assert_eq!(expected.len(), 25);
        assert_eq!(found, expected);
        assert_eq!(images.len(), 25);
        // By their layers they can be told apart.
        let layers = images.iter().map(|image| {
            let layers = image.layers.iter();
            layers.map(|digest| digest.hex()).collect()
        });
        let layers: BTreeSet<BTreeSet<String>> = layers.collect();
        assert_eq!(layers.len(), 25);
        assert!(layers.iter().all(|layers| !layers.is_empty()));
        let all: BTreeSet<_> = images
            .iter()
            .map(|image| image.for_all_architectures().unwrap())
            .collect();
        assert_eq!(all.len(), names.len());
        assert!(
            all.contains(format!("{registry}/kube-apiserver").as_str()),
            "{all:?}"
        );
        // Identifiers are those of images for their own version only.
        let others = document.images("v1.25.5");
        assert_eq!(others.is_empty(), certainty == Certainty::Certain);
    }
}

#[test]
fn a_release_of_istio_names_its_images() {
    let Some((_, document)) = document("istio-release.spdx") else {
        return;
    };
    assert_eq!(document.files().len(), 40);
    assert_eq!(
        document.relationships().len(),
        3501,
        "files behind their package are related to it already"
    );
    assert!(document.dangling().is_empty());
    let images = document.images("1.13.1");
    assert!(
        images
            .iter()
            .all(|image| image.certainty == Certainty::Exact)
    );
    let names: BTreeSet<_> = images.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), 19);
    assert!(names.contains("istio/pilot:1.13.1-distroless"), "{names:?}");
}

#[test]
fn the_form_makes_no_difference() {
    for name in [
        "k8s-release-sbom.spdx",
        "kubernetes-release.spdx",
        "istio-release.spdx",
    ] {
        let Some((bytes, mut document)) = document(name) else {
            return;
        };
        let windows = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
        assert_eq!(
            Document::read(format!("\u{feff}{windows}").as_bytes()).as_ref(),
            Ok(&document)
        );
        document.passed_over.clear();
        let json = write::json(&document).to_string();
        assert_eq!(Document::read(json.as_bytes()).as_ref(), Ok(&document));
        assert_eq!(
            Document::read(write::tags(&document).as_bytes()),
            Ok(document)
        );
    }
}

/// A folder is laid out as the release, and then flat.
#[test]
fn a_folder_with_the_files_of_kubernetes_is_proved() {
    let Some((_, document)) = document("k8s-release-sbom.spdx") else {
        return;
    };
    let listing = Listing::new(&document);
    assert_eq!(listing.algorithms().len(), 2, "SHA-256 and SHA-512");
    let files = listing
        .entries()
        .iter()
        .filter(|entry| entry.origin() == Origin::File);
    let files: Vec<_> = files.collect();
    // Two files stand there twice.
    assert_eq!(files.len(), 111);
    assert_eq!(
        listing.entries().len() - files.len(),
        25,
        "archives of images"
    );
    let archives: Vec<String> = listing
        .entries()
        .iter()
        .filter(|entry| entry.origin() == Origin::Package)
        .map(|entry| {
            let architecture = entry.path().rsplit('/').nth(1).unwrap();
            format!("bin/linux/{architecture}/{}", entry.name())
        })
        .collect();
    let whole = files.iter().map(|entry| LocalFile {
        path: entry.path(),
        digests: entry.digests(),
    });
    let check = listing.check(whole);
    assert!(check.missing.is_empty());
    for (file, standing) in &check.files {
        assert!(
            matches!(standing, Standing::Proved { entry, matched: Matched::Path } if entry.path() == file.path),
            "{}: {standing:?}",
            file.path
        );
    }
    let flat = files.iter().map(|entry| LocalFile {
        path: entry.name(),
        digests: entry.digests(),
    });
    let check = listing.check(flat);
    assert!(check.missing.is_empty(), "{:?}", check.missing);
    assert!(
        check
            .files
            .iter()
            .all(|(_, standing)| matches!(standing, Standing::Proved { .. }))
    );

    let entries = listing
        .entries()
        .iter()
        .filter(|entry| entry.origin() == Origin::Package);
    let published = archives.iter().zip(entries).map(|(path, entry)| LocalFile {
        path,
        digests: entry.digests(),
    });
    let check = listing.check(published);
    assert_eq!(check.missing.len(), 111);
    assert!(check.files.iter().all(|(_, standing)| matches!(
        standing,
        Standing::Proved {
            matched: Matched::Name,
            ..
        }
    )));
}
