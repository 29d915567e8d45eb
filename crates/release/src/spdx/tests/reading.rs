//! What is read, quirks of real documents included.

use serde_json::json;

use super::super::{Certainty, Document, DownloadLocation, Element, RelationshipKind};
use super::{HEAD, HELLO, file, read};

fn relations(document: &Document) -> Vec<String> {
    document
        .relationships()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn quirks_of_real_documents_are_read() {
    let body = format!(
        "ExternalDocumentRef:DocumentRef-source https://sbom.example/source SHA1: {sha1}\n\
         Creator: Tool: sigs.k8s.io/bom/pkg/spdx\n\
         \n\n##### Package: a\n\n\
         PackageName: a\nSPDXID: SPDXRef-Package-a\nPackageVersion: \n\
         PackageComment: <text>several\nFileName: not a file\n</text>\n\
         PackageCopyrightText:<text>one line</text>  \n\
         Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-Package-a\n\
         ##### Package: b\n\
         PackageName: <text>b</text>\nSPDXID:\tSPDXRef-Package-b\n\
         Relationship: SPDXRef-Package-b GENERATED_FROM DocumentRef-source:SPDXRef-Package-c\n\
         Relationship:  SPDXRef-Package-b  BUILD_TOOL_OF  NOASSERTION\n\
         Relationship: SPDXRef-Package-b CONTAINS NONE\n\
         FileName: f\nSPDXID: SPDXRef-File-f\nFileType: BINARY\nFileType: APPLICATION\n\
         FileChecksum: SHA256:{upper}\nUnheardOf: x",
        sha1 = "0".repeat(40),
        upper = HELLO.to_uppercase(),
    );
    let document = read(&body).unwrap();
    let names: Vec<_> = document
        .packages()
        .iter()
        .map(|package| &*package.name)
        .collect();
    assert_eq!(names, ["a", "b"]);
    let [only] = document.files() else {
        panic!("one file")
    };
    assert_eq!(
        only.checksums
            .iter()
            .map(|checksum| checksum.hex())
            .collect::<Vec<_>>(),
        [HELLO]
    );
    assert_eq!(
        relations(&document),
        [
            "SPDXRef-DOCUMENT DESCRIBES SPDXRef-Package-a",
            "SPDXRef-Package-b GENERATED_FROM DocumentRef-source:SPDXRef-Package-c",
            "SPDXRef-Package-b BUILD_TOOL_OF NOASSERTION",
            "SPDXRef-Package-b CONTAINS NONE",
            // By its place behind the package.
            "SPDXRef-Package-b CONTAINS SPDXRef-File-f",
        ]
    );
    assert!(document.dangling().is_empty());
    let passed_over: Vec<_> = document
        .passed_over()
        .iter()
        .map(|(tag, count)| (&**tag, *count))
        .collect();
    assert_eq!(
        passed_over,
        [
            ("FileType", 2),
            ("PackageComment", 1),
            ("PackageCopyrightText", 1),
            ("UnheardOf", 1)
        ]
    );
}

#[test]
fn line_ends_and_a_mark_at_the_start_mean_nothing() {
    let body = file("a", "a", &[("SHA256", HELLO.to_owned())]);
    let expected = read(&body).unwrap();
    let windows = format!("\u{feff}{HEAD}{body}").replace('\n', "\r\n");
    assert_eq!(Document::read(windows.as_bytes()).as_ref(), Ok(&expected));
    let unfinished = format!("\n\n{HEAD}{body}");
    assert_eq!(
        Document::read(unfinished.trim_end().as_bytes()),
        Ok(expected)
    );
}

#[test]
fn relationships_that_lead_nowhere_are_told() {
    let document = read(
        "PackageName: a\nSPDXID: SPDXRef-a\nSnippetSPDXID: SPDXRef-snippet\n\
         Relationship: SPDXRef-a CONTAINS SPDXRef-lost\n\
         Relationship: SPDXRef-a CONTAINS SPDXRef-snippet\n\
         Relationship: SPDXRef-a CONTAINS NONE\n\
         Relationship: DocumentRef-unheard:SPDXRef-x DESCRIBES SPDXRef-DOCUMENT\n",
    )
    .unwrap();
    let ends: Vec<_> = document
        .dangling()
        .iter()
        .map(|(_, end)| end.to_string())
        .collect();
    assert_eq!(ends, ["SPDXRef-lost", "DocumentRef-unheard:SPDXRef-x"]);
    assert_eq!(document.dangling()[0].0.kind, RelationshipKind::Contains);
    assert!(matches!(
        document.dangling()[1].1,
        Element::Elsewhere { .. }
    ));
}

#[test]
fn the_same_file_may_stand_there_twice() {
    let sha1 = ("SHA1", "0".repeat(40));
    let body = file("a/b", "1", std::slice::from_ref(&sha1))
        + &file("./a//b", "2", &[sha1, ("SHA256", HELLO.to_owned())]);
    let document = read(&body).unwrap();
    assert_eq!(document.files().len(), 2);
    assert_eq!(document.files()[1].checksums.iter().count(), 2);
    // The same checksum twice says nothing new.
    let hello = ("SHA256", HELLO.to_owned());
    let document = read(&file("a", "a", &[hello.clone(), hello])).unwrap();
    assert_eq!(document.files()[0].checksums.iter().count(), 1);
}

#[test]
fn json_is_read_with_its_lists_as_relationships() {
    let text = json!({
        "spdxVersion": "SPDX-2.2", "SPDXID": "SPDXRef-DOCUMENT", "name": "n", "documentNamespace": "https://x.test",
        "dataLicense": "CC0-1.0",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: t"], "comment": "c"},
        "documentDescribes": ["SPDXRef-p", "SPDXRef-q"],
        "files": [
            {"fileName": "./f", "SPDXID": "SPDXRef-f", "checksums": [{"algorithm": "SHA256", "checksumValue": HELLO}], "fileTypes": ["BINARY"]},
            {"fileName": "g", "SPDXID": "SPDXRef-g", "checksums": null, "fileTypes": []},
        ],
        "packages": [
            {"name": "p", "SPDXID": "SPDXRef-p", "downloadLocation": "https://x.test/p", "versionInfo": "", "hasFiles": ["SPDXRef-f"],
             "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:oci/p?repository_url=r.test/p&tag=1"}]},
            {"name": "q", "SPDXID": "SPDXRef-q", "downloadLocation": "NONE"},
        ],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-p", "comment": "c"}],
    });
    let document = Document::read(format!(" \n{text:#}").as_bytes()).unwrap();
    assert_eq!(
        relations(&document),
        [
            "SPDXRef-DOCUMENT DESCRIBES SPDXRef-p",
            "SPDXRef-p CONTAINS SPDXRef-f",
            "SPDXRef-DOCUMENT DESCRIBES SPDXRef-q",
        ]
    );
    assert_eq!(
        document.packages()[0].download_location,
        DownloadLocation::At("https://x.test/p".into())
    );
    assert_eq!(document.packages()[0].version, None);
    assert_eq!(
        &*document.packages()[0].external_references[0].category,
        "PACKAGE-MANAGER"
    );
    assert_eq!(document.images("1")[0].certainty, Certainty::Exact);
    assert_eq!(document.files()[1].checksums.iter().count(), 0);
    let passed_over: Vec<_> = document
        .passed_over()
        .iter()
        .map(|(field, count)| (&**field, *count))
        .collect();
    assert_eq!(
        passed_over,
        [
            ("creationInfo.comment", 1),
            ("dataLicense", 1),
            ("files[].fileTypes", 2),
            ("relationships[].comment", 1)
        ]
    );
}
