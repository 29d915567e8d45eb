//! What is refused, with the place, what was expected and what was found.

use serde_json::{Value, json};

use super::super::{ChecksumAlgorithm, Document, Place, SpdxError};
use super::{HEAD, HELLO, file, read};

fn told(result: Result<Document, SpdxError>) -> String {
    let error = result.unwrap_err();
    assert!(!error.to_string().contains(char::is_control), "{error:?}");
    error.to_string()
}

#[test]
fn what_is_no_sound_line_is_refused() {
    let short = &HELLO[1..];
    let file = file("f", "f", &[]);
    for (body, expected) in [
        (
            "x",
            "line 5: expected a tag and a value such as `SPDXVersion: SPDX-2.3`, found x",
        ),
        ("<p>a: b</p>", "line 5: expected a tag and a value"),
        (": x", "line 5: expected a tag and a value"),
        // Some readers end a line here.
        (
            "# comment\rFileName: f",
            "line 5: expected a line without control characters, found # comment\\u{d}FileName: f",
        ),
        (
            "Creator: x\u{b}FileName: f",
            "line 5: expected a line without control characters",
        ),
        (
            "Creator: x\u{2028}FileName: f",
            "line 5: expected a line without control characters",
        ),
        (
            "\n\nX: <text>a\nb",
            "line 7: expected </text> where the text ends, found the end of the document",
        ),
        (
            "X: <text>a\nb</text> c",
            "line 6: expected the end of the line behind </text>, found c",
        ),
        (
            "FileName: <text>a\nb</text>\nSPDXID: SPDXRef-f",
            "line 5: expected a name of a file, found a\\u{a}b",
        ),
        (
            "FileName:",
            "line 5: expected a name of a file, found nothing",
        ),
        (
            "FileChecksum: SHA1: 00",
            "line 5: expected 40 hex digits of SHA1, found 2 digits",
        ),
        (
            &format!("FileChecksum: SHA256: {HELLO}"),
            "line 5: expected FileName before what is said about a file, found FileChecksum",
        ),
        (
            "PackageVersion: 1",
            "line 5: expected PackageName before what is said about a package, found PackageVersion",
        ),
        (
            &format!("{file}PackageFileName: x"),
            "line 7: expected PackageName before",
        ),
        (
            &format!("{file}FileChecksum: SHA256: {short}"),
            "line 7: expected 64 hex digits of SHA256, found 63 digits",
        ),
        (
            &format!("{file}FileChecksum: SHA256: {short}g"),
            "line 7: expected 64 hex digits of SHA256, found cf24",
        ),
        (
            &format!("{file}FileChecksum: sha256: {HELLO}"),
            "line 7: expected a checksum's algorithm such as SHA256, found sha256",
        ),
        (
            &format!("{file}FileChecksum: {HELLO}"),
            "line 7: expected an algorithm, a colon and hex digits, found 2cf2",
        ),
        (
            &format!("{file}FileChecksum: MD6: abc"),
            "line 7: expected the hex digits of MD6, found 3 digits",
        ),
        (
            "FileName: f\nFileName: g\nSPDXID: SPDXRef-g",
            "line 5: expected an identifier of the file (SPDXID), found nothing",
        ),
        (
            "PackageName: p",
            "line 5: expected an identifier of the package (SPDXID), found nothing",
        ),
        (
            "FileName: f\nSPDXID: f",
            "line 6: expected an identifier such as SPDXRef-Package, found f",
        ),
        (
            "FileName: f\nSPDXID: SPDXRef-",
            "line 6: expected an identifier such as SPDXRef-Package, found SPDXRef-",
        ),
        (
            "FileName: f\nSPDXID: SPDXRef-a b",
            "line 6: expected an identifier such as SPDXRef-Package, found SPDXRef-a b",
        ),
        (
            &format!("{file}SPDXID: SPDXRef-g"),
            "line 7: expected one identifier, found another one",
        ),
        (
            "LicenseID: LicenseRef-x\nSPDXID: SPDXRef-x",
            "line 6: expected FileName or PackageName before SPDXID, found SPDXRef-x",
        ),
        (
            "SPDXVersion: SPDX-2.3",
            "line 5: expected one version, found another one",
        ),
        (
            "DocumentName: other",
            "line 5: expected one name of the document, found another one",
        ),
        (
            "PackageName: p\nSPDXID: SPDXRef-p\nPackageVersion: 1\nPackageVersion: 1",
            "line 8: expected one version of the package, found another one",
        ),
        (
            "Relationship: SPDXRef-a CONTAINS",
            "line 5: expected two elements and a relation between them, found SPDXRef-a CONTAINS",
        ),
        (
            "Relationship: SPDXRef-a contains SPDXRef-b",
            "line 5: expected a relation such as CONTAINS, found contains",
        ),
        (
            "Relationship: NONE CONTAINS SPDXRef-b",
            "line 5: expected an element that the relationship starts from, found NONE",
        ),
        (
            "Relationship: SPDXRef-a CONTAINS SPDXRef-b c",
            "line 5: expected an identifier such as SPDXRef-Package, found SPDXRef-b c",
        ),
        (
            "Relationship: SPDXRef-a CONTAINS x:SPDXRef-b",
            "line 5: expected an identifier such as DocumentRef-source, found x",
        ),
        (
            "ExternalDocumentRef: DocumentRef-a https://x.test",
            "line 5: expected a document, its namespace and its checksum",
        ),
        (
            "PackageName: p\nExternalRef: SECURITY cpe23Type",
            "line 6: expected a category, a type and a locator",
        ),
    ] {
        let told = told(read(body));
        assert!(told.starts_with(expected), "{body}\n{told}");
    }
    let other = format!("ExternalDocumentRef: DocumentRef-a https://x.test SHA256: {HELLO}\n");
    let told = told(read(&other.repeat(2)));
    assert_eq!(
        told,
        "line 6: expected each document to be named once, found DocumentRef-a"
    );
}

#[test]
fn a_document_needs_its_head() {
    for (line, expected) in [
        (
            "SPDXVersion: SPDX-2.3\n",
            "the document: expected SPDX-2.2 or SPDX-2.3, found none",
        ),
        (
            "SPDXID: SPDXRef-DOCUMENT\n",
            "the document: expected SPDXRef-DOCUMENT as the document's identifier, found nothing",
        ),
        (
            "DocumentName: Release v1.2.3\n",
            "the document: expected the document's name, found nothing",
        ),
        (
            "DocumentNamespace: https://sbom.example/v1.2.3\n",
            "the document: expected the document's namespace, found nothing",
        ),
    ] {
        let without = HEAD.replace(line, "");
        assert_ne!(without, HEAD);
        assert_eq!(told(Document::read(without.as_bytes())), expected);
    }
    assert_eq!(
        told(Document::read(b"")),
        "the document: expected SPDX-2.2 or SPDX-2.3, found none"
    );
    let renamed = HEAD.replace("SPDXRef-DOCUMENT", "SPDXRef-other");
    assert_eq!(
        told(Document::read(renamed.as_bytes())),
        "line 2: expected SPDXRef-DOCUMENT, found SPDXRef-other"
    );
}

#[test]
fn other_versions_are_told_what_is_supported() {
    for version in ["SPDX-2.1", "SPDX-3.0", "SPDX-2.3 ", "2.3", ""] {
        let text = HEAD
            .replace("SPDX-2.3\n", &format!("{version}x\n"))
            .replace("x\n", "\n");
        let read = Document::read(text.as_bytes());
        if version.trim() == "SPDX-2.3" {
            assert!(read.is_ok());
            continue;
        }
        let found = if version.is_empty() {
            "nothing"
        } else {
            version
        };
        assert_eq!(
            told(read),
            format!("line 1: expected SPDX-2.2 or SPDX-2.3, found {found}")
        );
    }
    let third = json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []})
        .to_string();
    assert_eq!(
        Document::read(third.as_bytes()),
        Err(SpdxError::VersionUnsupported {
            place: Place::Field("@context".into()),
            found: "https://spdx.org/rdf/3.0.1/spdx-context.jsonld".to_owned(),
        })
    );
    assert_eq!(
        told(Document::read(b"{}")),
        "spdxVersion: expected SPDX-2.2 or SPDX-2.3, found nothing"
    );
}

#[test]
fn what_is_no_text_is_refused_at_its_line() {
    let mut bytes = HEAD.as_bytes().to_vec();
    bytes.push(0xff);
    assert_eq!(
        told(Document::read(&bytes)),
        "line 5: expected UTF-8, found other bytes"
    );
}

#[test]
fn an_identifier_stands_for_one_element() {
    let twice = file("a", "x", &[]) + "PackageName: p\nSPDXID: SPDXRef-File-x\n";
    let told_twice = "line 8: SPDXRef-File-x is already the identifier of what stands at line 6";
    assert_eq!(told(read(&twice)), told_twice);
    let document = file("a", "x", &[]).replace("SPDXRef-File-x", "SPDXRef-DOCUMENT");
    assert!(matches!(
        read(&document),
        Err(SpdxError::IdentifierTwice { .. })
    ));
    let hidden = "SnippetSPDXID: SPDXRef-\u{202e}x\n".repeat(2);
    assert!(told(read(&hidden)).starts_with("line 6: SPDXRef-\\u{202e}x is already"));
    let snippet = "FileName: a\nSPDXID: SPDXRef-x\nSnippetSPDXID: SPDXRef-x\n";
    assert!(matches!(
        read(snippet),
        Err(SpdxError::IdentifierTwice { .. })
    ));
    let mut json = json_document();
    json["packages"] = json!([{"name": "p", "SPDXID": "SPDXRef-f"}]);
    assert_eq!(
        told(Document::read(json.to_string().as_bytes())),
        "packages[0].SPDXID: SPDXRef-f is already the identifier of what stands at files[0].SPDXID"
    );
}

#[test]
fn a_name_does_not_stand_for_two_contents() {
    let other = "0".repeat(64);
    let hello = HELLO.to_owned();
    for (first, second) in [("a", "a"), ("./a", "a"), ("a//b", "a/./b"), ("/a", "/a")] {
        let body = file(first, "1", &[("SHA256", hello.clone())])
            + &file(second, "2", &[("SHA256", other.clone())]);
        assert_eq!(
            read(&body),
            Err(SpdxError::ChecksumsDiffer {
                place: Place::Line(8),
                name: second.to_owned(),
                algorithm: ChecksumAlgorithm::Sha256,
                expected: hello.clone(),
                found: other.clone(),
            })
        );
    }
    // Two algorithms say different things of the same file, and only the weak one of another.
    let weak = file(
        "a",
        "1",
        &[("SHA1", "0".repeat(40)), ("SHA256", hello.clone())],
    ) + &file(
        "a",
        "2",
        &[("SHA1", "1".repeat(40)), ("SHA256", hello.clone())],
    );
    assert!(matches!(
        read(&weak),
        Err(SpdxError::ChecksumsDiffer {
            algorithm: ChecksumAlgorithm::Sha1,
            ..
        })
    ));
    let one = file("a", "1", &[("SHA256", hello), ("SHA256", other)]);
    assert!(matches!(
        read(&one),
        Err(SpdxError::ChecksumsDiffer {
            place: Place::Line(8),
            ..
        })
    ));
}

fn json_document() -> Value {
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "n", "documentNamespace": "https://x.test",
        "files": [{"fileName": "f", "SPDXID": "SPDXRef-f", "checksums": [{"algorithm": "SHA256", "checksumValue": HELLO}]}],
    })
}

#[test]
fn what_is_no_sound_field_is_refused() {
    assert!(Document::read(json_document().to_string().as_bytes()).is_ok());
    for (pointer, value, expected) in [
        (
            "/files/0/checksums/0/checksumValue",
            json!(&HELLO[1..]),
            "files[0].checksums[0]: expected 64 hex digits of SHA256, found 63 digits",
        ),
        (
            "/files/0/checksums/0/checksumValue",
            json!(null),
            "files[0].checksums[0].checksumValue: expected text, found nothing",
        ),
        (
            "/files/0/checksums/0/algorithm",
            json!("SHA255"),
            "files[0].checksums[0]: expected a checksum's algorithm such as SHA256, found SHA255",
        ),
        (
            "/files/0/checksums/0",
            json!("x"),
            "files[0].checksums[0]: expected an object, found text",
        ),
        (
            "/files/0/checksums",
            json!({}),
            "files[0].checksums: expected a list, found an object",
        ),
        (
            "/files/0/SPDXID",
            json!(1),
            "files[0].SPDXID: expected text, found a number",
        ),
        (
            "/files/0/fileName",
            json!(""),
            "files[0].fileName: expected a name of a file, found nothing",
        ),
        (
            "/files/0/fileName",
            json!("a\nb"),
            "files[0].fileName: expected a name of a file, found a\\u{a}b",
        ),
        (
            "/files",
            json!(true),
            "files: expected a list, found a truth value",
        ),
        (
            "/SPDXID",
            json!("SPDXRef-x"),
            "SPDXID: expected SPDXRef-DOCUMENT, found SPDXRef-x",
        ),
        ("/name", json!(null), "name: expected text, found nothing"),
        (
            "/documentNamespace",
            json!([]),
            "documentNamespace: expected text, found a list",
        ),
        (
            "/spdxVersion",
            json!("SPDX-2.1"),
            "spdxVersion: expected SPDX-2.2 or SPDX-2.3, found SPDX-2.1",
        ),
    ] {
        let mut document = json_document();
        *document.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            told(Document::read(document.to_string().as_bytes())),
            expected
        );
    }
    for (field, value, expected) in [
        (
            "documentDescribes",
            json!(["x"]),
            "documentDescribes[0]: expected an identifier such as SPDXRef-Package, found x",
        ),
        (
            "externalDocumentRefs",
            json!([{"externalDocumentId": "DocumentRef-a", "spdxDocument": "u"}]),
            "externalDocumentRefs[0].checksum: expected a checksum, found nothing",
        ),
        (
            "relationships",
            json!([{"spdxElementId": "SPDXRef-f", "relationshipType": "x", "relatedSpdxElement": "NONE"}]),
            "relationships[0]: expected a relation such as CONTAINS, found x",
        ),
        (
            "packages",
            json!([{"SPDXID": "SPDXRef-p"}]),
            "packages[0].name: expected text, found nothing",
        ),
        (
            "creationInfo",
            json!([]),
            "creationInfo: expected an object, found a list",
        ),
    ] {
        let mut document = json_document();
        document[field] = value;
        assert_eq!(
            told(Document::read(document.to_string().as_bytes())),
            expected
        );
    }
}

#[test]
fn json_says_everything_once() {
    let sound = json_document().to_string();
    // Also in parts that are passed over.
    for (from, to, field) in [
        (
            "{\"SPDXID\"",
            "{\"SPDXID\":\"SPDXRef-x\",\"SPDXID\"",
            "SPDXID",
        ),
        (
            "{\"SPDXID\"",
            "{\"x\":[{\"y\":1,\n\"y\":1}],\"SPDXID\"",
            "y",
        ),
    ] {
        let text = sound.replacen(from, to, 1);
        assert_ne!(text, sound);
        let line = if field == "y" { 2 } else { 1 };
        assert_eq!(
            told(Document::read(text.as_bytes())),
            format!(
                "line {line}: expected JSON in which no field stands twice, found the field {field} twice"
            )
        );
    }
    for text in [&sound[..sound.len() - 1], &format!("{sound}x"), "{"] {
        let told = told(Document::read(text.as_bytes()));
        assert!(
            told.starts_with("line 1: expected JSON in which no field stands twice, found "),
            "{told}"
        );
    }
}
