//! SPDX as JSON (the schemas of spdx-spec v2.2.2 and v2.3).

mod node;

use self::node::{Node, Object};
use super::checksum::Checksum;
use super::document::{Document, DownloadLocation, ExternalReference};
use super::draft::{Draft, FileDraft, PackageDraft};
use super::limits::SPDX_REFERENCES;
use super::{Checksums, ElementId, Place, Relationship, RelationshipKind, SpdxError};

pub(super) fn read(text: &str) -> Result<Document, SpdxError> {
    let mut root = Object::root(node::read(text)?)?;
    let mut draft = Draft::default();
    version(&mut draft, &mut root)?;

    let (place, id) = root.text("SPDXID")?;
    draft.document_id(&place, &id)?;
    let (place, name) = root.text("name")?;
    draft.name(&place, &name)?;
    let (place, namespace) = root.text("documentNamespace")?;
    draft.namespace(&place, &namespace)?;
    if let Some(info) = root.object("creationInfo")? {
        add_creation(&mut draft, info)?;
    }
    for other in root.objects("externalDocumentRefs")? {
        add_external_document(&mut draft, other)?;
    }
    // Elements come before what the lists of other elements say about them, so that a place is that of the element.
    for file in root.objects("files")? {
        add_file(&mut draft, file)?;
    }
    for package in root.objects("packages")? {
        add_package(&mut draft, package)?;
    }
    for snippet in root.objects("snippets")? {
        add_snippet(&mut draft, snippet)?;
    }
    for relationship in root.objects("relationships")? {
        add_relationship(&mut draft, relationship)?;
    }
    for (place, id) in root.texts("documentDescribes")? {
        let id = ElementId::read(&place, &id)?;
        draft.implied(
            &place,
            ElementId::document(),
            RelationshipKind::Describes,
            id,
        )?;
    }
    root.close(&mut draft)?;
    draft.finish()
}

fn version(draft: &mut Draft, root: &mut Object) -> Result<(), SpdxError> {
    if let Some((place, version)) = root.perhaps_text("spdxVersion")? {
        return draft.version(&place, &version);
    }
    // SPDX 3 is JSON-LD and says its version in the address of its context.
    match root.take("@context") {
        Some((place, Node::Text(context))) => draft.version(&place, &context),
        _ => draft.version(&root.place("spdxVersion"), ""),
    }
}

fn add_creation(draft: &mut Draft, mut info: Object) -> Result<(), SpdxError> {
    if let Some((place, created)) = info.perhaps_text("created")? {
        draft.created(&place, &created)?;
    }
    for (place, creator) in info.texts("creators")? {
        draft.creator(&place, &creator)?;
    }
    info.close(draft)
}

fn add_external_document(draft: &mut Draft, mut other: Object) -> Result<(), SpdxError> {
    let (place, id) = other.text("externalDocumentId")?;
    let (_, namespace) = other.text("spdxDocument")?;
    let checksum = match other.object("checksum")? {
        Some(checksum) => read_checksum(draft, checksum)?.1,
        None => return Err(other.place("checksum").malformed("a checksum", "")),
    };
    draft.external_document(&place, &id, &namespace, checksum)?;
    other.close(draft)
}

fn add_file(draft: &mut Draft, mut file: Object) -> Result<(), SpdxError> {
    let (place, id) = file.text("SPDXID")?;
    let id = draft.claim(&place, &id)?;
    let (place, name) = file.text("fileName")?;
    let name = place.value("a name of a file", &name)?;
    let checksums = read_checksums(draft, &mut file, &name)?;
    let read = FileDraft {
        name,
        id: Some(id),
        checksums,
    };
    draft.file(&file.here(), read)?;
    file.close(draft)
}

fn add_package(draft: &mut Draft, mut package: Object) -> Result<(), SpdxError> {
    let (place, id) = package.text("SPDXID")?;
    let id = draft.claim(&place, &id)?;
    let (place, name) = package.text("name")?;
    let name = place.value("a name of a package", &name)?;
    let version = package.value("versionInfo", "a version")?;
    let file_name = package.value("packageFileName", "a name of a file")?;
    let download_location = match package.perhaps_text("downloadLocation")? {
        Some((place, location)) => Some(DownloadLocation::read(&place, &location)?),
        None => None,
    };
    let checksums = read_checksums(draft, &mut package, &name)?;
    let mut external_references = Vec::new();
    for reference in package.objects("externalRefs")? {
        external_references.push(read_external_reference(draft, reference)?);
    }
    package
        .place("externalRefs")
        .check(SPDX_REFERENCES, external_references.len())?;
    for (place, file) in package.texts("hasFiles")? {
        let file = ElementId::read(&place, &file)?;
        draft.implied(&place, id.clone(), RelationshipKind::Contains, file)?;
    }
    let read = PackageDraft {
        name,
        id: Some(id),
        version,
        file_name,
        download_location,
        checksums,
        external_references,
    };
    draft.package(&package.here(), read)?;
    package.close(draft)
}

fn read_external_reference(
    draft: &mut Draft,
    mut reference: Object,
) -> Result<ExternalReference, SpdxError> {
    let (_, category) = reference.text("referenceCategory")?;
    let (_, kind) = reference.text("referenceType")?;
    let (place, locator) = reference.text("referenceLocator")?;
    let read = ExternalReference::read(&place, &category, &kind, &locator)?;
    reference.close(draft)?;
    Ok(read)
}

fn add_snippet(draft: &mut Draft, mut snippet: Object) -> Result<(), SpdxError> {
    let (place, id) = snippet.text("SPDXID")?;
    draft.snippet(&place, &id)?;
    snippet.close(draft)
}

fn add_relationship(draft: &mut Draft, mut relationship: Object) -> Result<(), SpdxError> {
    let (_, from) = relationship.text("spdxElementId")?;
    let (_, kind) = relationship.text("relationshipType")?;
    let (_, to) = relationship.text("relatedSpdxElement")?;
    let place = relationship.here();
    let read = Relationship::read(&place, &from, &kind, &to)?;
    draft.relationship(&place, read)?;
    relationship.close(draft)
}

fn read_checksums(
    draft: &mut Draft,
    owner: &mut Object,
    name: &str,
) -> Result<Checksums, SpdxError> {
    let mut checksums = Checksums::default();
    for entry in owner.objects("checksums")? {
        let (place, checksum) = read_checksum(draft, entry)?;
        checksums.add(&place, name, checksum)?;
    }
    Ok(checksums)
}

fn read_checksum(draft: &mut Draft, mut entry: Object) -> Result<(Place, Checksum), SpdxError> {
    let (_, algorithm) = entry.text("algorithm")?;
    let (_, value) = entry.text("checksumValue")?;
    let place = entry.here();
    let checksum = Checksum::read(&place, &algorithm, &value)?;
    entry.close(draft)?;
    Ok((place, checksum))
}
