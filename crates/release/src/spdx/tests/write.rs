//! Documents, written in either form.

use serde_json::{Value, json};

use super::super::{Checksums, Document, DownloadLocation, Element};

/// Tags and values. Files come first, where they belong to no package.
pub(super) fn tags(document: &Document) -> String {
    let mut out = Tags(String::new());
    out.add("SPDXVersion", document.version);
    out.add("SPDXID", "SPDXRef-DOCUMENT");
    out.add("DocumentName", &document.name);
    out.add("DocumentNamespace", &document.namespace);
    for other in &document.external_documents {
        let (algorithm, hex) = (other.checksum.algorithm(), other.checksum.hex());
        out.add(
            "ExternalDocumentRef",
            format_args!("{} {} {algorithm}: {hex}", other.id, other.namespace),
        );
    }
    for creator in &document.creators {
        out.add("Creator", creator);
    }
    if let Some(created) = &document.created {
        out.add("Created", created);
    }
    for file in &document.files {
        out.add("FileName", &file.name);
        out.add("SPDXID", &file.id);
        out.checksums("FileChecksum", &file.checksums);
    }
    for package in &document.packages {
        out.add("PackageName", &package.name);
        out.add("SPDXID", &package.id);
        if let Some(version) = &package.version {
            out.add("PackageVersion", version);
        }
        if let Some(name) = &package.file_name {
            out.add("PackageFileName", name);
        }
        out.add(
            "PackageDownloadLocation",
            location(&package.download_location),
        );
        out.checksums("PackageChecksum", &package.checksums);
        for other in &package.external_references {
            out.add(
                "ExternalRef",
                format_args!("{} {} {}", other.category, other.kind, other.locator),
            );
        }
    }
    for snippet in &document.snippets {
        out.add("SnippetSPDXID", snippet);
    }
    for relationship in &document.relationships {
        out.add("Relationship", relationship);
    }
    out.0
}

struct Tags(String);

impl Tags {
    fn add(&mut self, tag: &str, value: impl std::fmt::Display) {
        self.0 += &format!("{tag}: {value}\n");
    }

    fn checksums(&mut self, tag: &str, checksums: &Checksums) {
        for checksum in checksums.iter() {
            self.add(
                tag,
                format_args!("{}: {}", checksum.algorithm(), checksum.hex()),
            );
        }
    }
}

/// JSON, as SPDX 2.3 has it.
pub(super) fn json(document: &Document) -> Value {
    let mut value = json!({
        "spdxVersion": document.version.as_str(),
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": document.name,
        "documentNamespace": document.namespace,
        "creationInfo": {"creators": document.creators},
        "externalDocumentRefs": document.external_documents.iter().map(|other| json!({
            "externalDocumentId": other.id,
            "spdxDocument": other.namespace,
            "checksum": {
                "algorithm": other.checksum.algorithm().as_str(),
                "checksumValue": other.checksum.hex(),
            },
        })).collect::<Vec<_>>(),
        "files": document.files.iter().map(|file| json!({
            "fileName": file.name,
            "SPDXID": file.id.as_str(),
            "checksums": checksums(&file.checksums),
        })).collect::<Vec<_>>(),
        "packages": document.packages.iter().map(|package| json!({
            "name": package.name,
            "SPDXID": package.id.as_str(),
            "versionInfo": package.version,
            "packageFileName": package.file_name,
            "downloadLocation": location(&package.download_location),
            "checksums": checksums(&package.checksums),
            "externalRefs": package.external_references.iter().map(|other| json!({
                "referenceCategory": other.category.replace('-', "_"),
                "referenceType": other.kind,
                "referenceLocator": other.locator,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "snippets": document.snippets.iter().map(|id| json!({"SPDXID": id.as_str()})).collect::<Vec<_>>(),
        "relationships": document.relationships.iter().map(|relationship| json!({
            "spdxElementId": end(&relationship.from),
            "relationshipType": relationship.kind.as_str(),
            "relatedSpdxElement": end(&relationship.to),
        })).collect::<Vec<_>>(),
    });
    if let Some(created) = &document.created {
        value["creationInfo"]["created"] = json!(created);
    }
    value
}

fn checksums(checksums: &Checksums) -> Vec<Value> {
    checksums
        .iter()
        .map(|checksum| {
            json!({"algorithm": checksum.algorithm().as_str(), "checksumValue": checksum.hex()})
        })
        .collect()
}

fn location(location: &DownloadLocation) -> &str {
    match location {
        DownloadLocation::At(address) => address,
        DownloadLocation::None => "NONE",
        DownloadLocation::NoAssertion => "NOASSERTION",
    }
}

fn end(element: &Element) -> String {
    element.to_string()
}
