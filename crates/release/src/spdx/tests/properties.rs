//! What holds for any document and any folder.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sealcheck_verify::Digest;

use super::super::checksum::Checksum;
use super::super::{
    Checksums, Document, DownloadLocation, Element, ElementId, ExternalDocument, ExternalReference,
    File, Listing, LocalFile, Matched, Package, Place, Relationship, Standing, Version,
};
use super::{HEAD, write};

const ALGORITHMS: [(&str, usize); 6] = [
    ("SHA1", 20),
    ("SHA256", 32),
    ("SHA512", 64),
    ("BLAKE2b-256", 32),
    ("MD5", 16),
    ("BLAKE3", 32),
];

fn checksums() -> impl Strategy<Value = Checksums> {
    vec((0..ALGORITHMS.len(), any::<u8>()), 0..4).prop_map(|drawn| {
        let mut checksums = Checksums::default();
        for (algorithm, byte) in drawn {
            let (name, bytes) = ALGORITHMS[algorithm];
            // Another value by the same algorithm is refused, and not added.
            let _ = checksums.add(&Place::Document, "x", checksum(name, byte, bytes));
        }
        checksums
    })
}

fn checksum(algorithm: &str, byte: u8, bytes: usize) -> Checksum {
    Checksum::read(
        &Place::Document,
        algorithm,
        &format!("{byte:02X}").repeat(bytes),
    )
    .unwrap()
}

fn id(kind: &str, number: usize) -> ElementId {
    ElementId::read(&Place::Document, &format!("SPDXRef-{kind}-{number}")).unwrap()
}

fn text() -> impl Strategy<Value = Box<str>> {
    "[!-~äß√]([ -~äß√]{0,20}[!-~äß√])?"
        .prop_filter("<text> is a mark", |text| !text.starts_with("<text>"))
        .prop_map(Into::into)
}

fn word() -> impl Strategy<Value = Box<str>> {
    "[!-~]{1,20}".prop_map(Into::into)
}

fn element() -> impl Strategy<Value = Element> {
    prop_oneof![
        (0..9_usize).prop_map(|number| Element::Here(id("File", number))),
        (0..9_usize).prop_map(|number| Element::Elsewhere {
            document: "DocumentRef-0".into(),
            element: id("x", number)
        }),
    ]
}

fn relationship() -> impl Strategy<Value = Relationship> {
    let kind = prop_oneof![
        Just("CONTAINS"),
        Just("DESCRIBES"),
        Just("GENERATED_FROM"),
        Just("VARIANT_OF")
    ];
    let to = prop_oneof![4 => element(), 1 => Just(Element::None), 1 => Just(Element::NoAssertion)];
    (element(), kind, to).prop_map(|(from, kind, to)| {
        Relationship::read(&Place::Document, &from.to_string(), kind, &to.to_string()).unwrap()
    })
}

prop_compose! {
    fn package()(
        name in text(),
        version in option::of(text()),
        file_name in option::of(text()),
        location in prop_oneof![Just(DownloadLocation::None), Just(DownloadLocation::NoAssertion), word().prop_map(DownloadLocation::At)],
        checksums in checksums(),
        references in vec((word(), word(), word()), 0..3),
    ) -> Package {
        Package {
            name,
            id: ElementId::document(),
            version,
            file_name,
            download_location: location,
            checksums,
            external_references: references
                .into_iter()
                .map(|(category, kind, locator)| ExternalReference { category: category.replace('_', "-").into(), kind, locator })
                .collect(),
        }
    }
}

prop_compose! {
    fn document()(
        version in prop_oneof![Just(Version::V2_2), Just(Version::V2_3)],
        (name, namespace, created) in (text(), text(), option::of(text())),
        creators in vec(text(), 0..3),
        others in vec((word(), 0..ALGORITHMS.len(), any::<u8>()), 0..3),
        files in vec((text(), checksums()), 0..6),
        packages in vec(package(), 0..4),
        snippets in 0..3_usize,
        relationships in vec(relationship(), 0..6),
    ) -> Document {
        Document {
            version,
            name,
            namespace,
            creators,
            created,
            external_documents: others.into_iter().enumerate().map(|(number, (namespace, algorithm, byte))| {
                let (name, bytes) = ALGORITHMS[algorithm];
                ExternalDocument { id: format!("DocumentRef-{number}").into(), namespace, checksum: checksum(name, byte, bytes) }
            }).collect(),
            // Names are unique, or their checksums might differ.
            files: files.into_iter().enumerate().map(|(number, (name, checksums))| {
                File { name: format!("{number}{name}").into(), id: id("File", number), checksums }
            }).collect(),
            packages: packages.into_iter().enumerate().map(|(number, package)| {
                Package { id: id("Package", number), ..package }
            }).collect(),
            snippets: (0..snippets).map(|number| id("Snippet", number)).collect(),
            relationships,
            passed_over: Default::default(),
        }
    }
}

/// Pieces of documents, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(HEAD.to_owned()),
        "(FileName|PackageName|PackageFileName): [a-b./]{0,3}\n",
        "SPDXID: SPDXRef-[a-d]\n",
        "(File|Package)Checksum: (SHA1|SHA256|MD6): [0-9a-f]{0,64}\n",
        "(Relationship): SPDXRef-[a-d] (CONTAINS|DESCRIBES) (NONE|SPDXRef-[a-d]|DocumentRef-x:SPDXRef-a)\n",
        "[A-Z][a-z]{0,5}: ?<text>[a-z\n]{0,5}(</text>)?\n?",
        "\\PC{0,10}\n",
        "[\\{\\}\\[\\]:,\"a-c]{0,12}",
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Nothing that is asked of a document can stop the program, and every listed file is itself.
fn ask(document: &Document) {
    let ends = 2 * document.relationships().len();
    assert!(document.dangling().len() <= ends);
    for image in document.images("v1.2.3") {
        assert!(!image.to_string().contains(char::is_whitespace), "{image}");
    }
    let listing = Listing::new(document);
    let whole = listing
        .entries()
        .iter()
        .map(|entry| (entry, entry.digests()));
    let files: Vec<_> = whole
        .filter(|(_, digests)| digests.len() == listing.algorithms().len())
        .collect();
    let check = listing.check(files.iter().map(|(entry, digests)| LocalFile {
        path: entry.path(),
        digests,
    }));
    for ((file, standing), (entry, _)) in check.files.iter().zip(&files) {
        match standing {
            Standing::Proved {
                entry: found,
                matched: Matched::Path,
            } => assert_eq!(found.path(), entry.path()),
            // Archives of packages can share a path that is a file's.
            Standing::Swapped { .. } | Standing::Altered { .. } => {
                assert_eq!(entry.origin(), super::super::Origin::Package);
            }
            Standing::Unprovable { .. } => assert!(entry.digests().is_empty()),
            other => panic!("{}: {other:?}", file.path),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(document in document()) {
        let tags = Document::read(write::tags(&document).as_bytes());
        prop_assert_eq!(tags.as_ref(), Ok(&document));
        let json = Document::read(write::json(&document).to_string().as_bytes());
        prop_assert_eq!(json.as_ref(), Ok(&document));
        ask(&document);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(document) = Document::read(&bytes) {
            ask(&document);
        }
    }

    #[test]
    fn any_pieces_are_read_or_refused(text in pieces(), head in any::<bool>()) {
        let text = if head { format!("{HEAD}{text}") } else { text };
        match Document::read(text.as_bytes()) {
            Ok(document) => ask(&document),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control), "{:?}", error),
        }
    }

    /// A document that was cut or changed anywhere is read or refused.
    #[test]
    fn damage_is_read_or_refused(document in document(), json in any::<bool>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let text = if json { write::json(&document).to_string() } else { write::tags(&document) };
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(document) = Document::read(&bytes) {
            ask(&document);
        }
    }

    #[test]
    fn what_is_not_listed_is_never_proved(document in document(), path in "[0-9a-z/.]{1,6}", content in any::<[u8; 8]>()) {
        let listing = Listing::new(&document);
        let digests: Vec<Digest> = listing.algorithms().iter().filter_map(|algorithm| Digest::of(*algorithm, &content)).collect();
        let check = listing.check([LocalFile { path: &path, digests: &digests }]);
        let proved = matches!(check.files[0].1, Standing::Proved { .. } | Standing::Swapped { .. } | Standing::Renamed { .. });
        prop_assert!(!proved, "{:?}", check.files);
    }
}
