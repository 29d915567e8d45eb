//! The SBOMs, by sealcheck's reader.

use std::collections::BTreeSet;
use std::fs;

use sealcheck_release::Version;
use sealcheck_release::spdx::{Certainty, Document, Listing, LocalFile, Matched, Standing};
use sealcheck_verify::Digest;

use crate::Run;

/// The SBOM lists exactly the files that are signed, but for itself and that of the sources, and each is what it says.
pub(crate) fn lists_the_files(run: &Run) {
    for version in &run.release.versions {
        let document = document(run, *version, "kubernetes-release.spdx");
        assert!(document.dangling().is_empty(), "{:?}", document.dangling());
        let listing = Listing::new(&document);
        assert!(listing.unusable().is_empty());
        let signed = run.release.signed_files(*version).unwrap();
        let signed: Vec<String> = signed
            .into_iter()
            .filter(|path| !path.ends_with(".spdx"))
            .collect();
        let hashed: Vec<(String, Vec<Digest>)> = signed
            .into_iter()
            .map(|path| {
                let bytes = fs::read(run.release.file(*version, &path)).unwrap();
                let algorithms = listing.algorithms().iter();
                let digests = algorithms.map(|algorithm| Digest::of(*algorithm, &bytes).unwrap());
                (path, digests.collect())
            })
            .collect();
        let check = listing.check(
            hashed
                .iter()
                .map(|(path, digests)| LocalFile { path, digests }),
        );
        assert!(check.missing.is_empty(), "{:?}", check.missing);
        let mut used = BTreeSet::new();
        for (file, standing) in &check.files {
            let Standing::Proved { entry, matched } = standing else {
                panic!("{}: {standing:?}", file.path);
            };
            // The path of an image's archive is that of the machine which built it.
            let is_archive = file.path.ends_with("apiserver.tar");
            assert_eq!(*matched == Matched::Name, is_archive, "{}", file.path);
            used.insert(entry.path().to_owned());
        }
        assert_eq!(used.len(), check.files.len());
        assert_eq!(used.len(), listing.entries().len());
        // As in the real ones, clients for Windows are listed twice.
        assert!(document.files().len() > 14, "{}", document.files().len());
    }
}

/// The images can be named again from their identifiers, and the other document is the published one, as far as SHA-1 says
/// so.
pub(crate) fn names_the_images(run: &Run) {
    for version in &run.release.versions {
        let document = document(run, *version, "kubernetes-release.spdx");
        let images = document.images(&version.to_string());
        let names: BTreeSet<String> = images.iter().map(ToString::to_string).collect();
        let expected = ["amd64", "arm64"]
            .map(|arch| format!("registry.k8s.io/kube-apiserver-{arch}:{version}"));
        assert_eq!(names, BTreeSet::from(expected));
        for image in &images {
            assert_eq!(image.certainty, Certainty::Certain, "{image}");
            let index = image.for_all_architectures();
            assert_eq!(index, Some("registry.k8s.io/kube-apiserver"));
        }
        let source = document_bytes(run, *version, "kubernetes-source.spdx");
        let [external] = document.external_documents() else {
            panic!("{:?}", document.external_documents());
        };
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &source);
        let hex = data_encoding::HEXLOWER.encode(digest.as_ref());
        assert_eq!(external.checksum.hex(), hex);
        let source = Document::read(&source).unwrap();
        assert_eq!(source.namespace(), &*external.namespace);
        assert!(source.dangling().is_empty(), "{:?}", source.dangling());
    }
}

fn document(run: &Run, version: Version, path: &str) -> Document {
    Document::read(&document_bytes(run, version, path)).unwrap()
}

fn document_bytes(run: &Run, version: Version, path: &str) -> Vec<u8> {
    fs::read(run.release.file(version, path)).unwrap()
}
