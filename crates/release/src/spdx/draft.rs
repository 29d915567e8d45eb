//! A document while it is read, in whichever form: what must be unique, there, and not too much.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::document::{
    Document, DownloadLocation, ExternalDocument, ExternalReference, File, Package, Version,
};
use super::element::document_reference;
use super::limits::{SPDX_ELEMENTS, SPDX_PASSED_OVER, SPDX_REFERENCES, SPDX_RELATIONSHIPS};
use super::path;
use super::{
    Checksum, Checksums, Element, ElementId, Place, Relationship, RelationshipKind, SpdxError,
};

/// What was read so far.
#[derive(Default)]
pub(super) struct Draft {
    version: Option<Version>,
    id: bool,
    name: Option<Box<str>>,
    namespace: Option<Box<str>>,
    creators: Vec<Box<str>>,
    created: Option<Box<str>>,
    external_documents: Vec<ExternalDocument>,
    files: Vec<File>,
    packages: Vec<Package>,
    snippets: Vec<ElementId>,
    relationships: Vec<Relationship>,
    /// What the document says without the word relationship.
    implied: Vec<Relationship>,
    passed_over: BTreeMap<Box<str>, usize>,
    ids: HashMap<ElementId, Place>,
    /// What was said about files of one name.
    names: HashMap<Box<str>, Checksums>,
}

/// A file of which not everything may have been read yet.
#[derive(Default)]
pub(super) struct FileDraft {
    pub(super) name: Box<str>,
    pub(super) id: Option<ElementId>,
    pub(super) checksums: Checksums,
}

/// A package of which not everything may have been read yet.
#[derive(Default)]
pub(super) struct PackageDraft {
    pub(super) name: Box<str>,
    pub(super) id: Option<ElementId>,
    pub(super) version: Option<Box<str>>,
    pub(super) file_name: Option<Box<str>>,
    pub(super) download_location: Option<DownloadLocation>,
    pub(super) checksums: Checksums,
    pub(super) external_references: Vec<ExternalReference>,
}

impl Draft {
    /// The version. It comes first, so that a document of another one is not called broken.
    pub(super) fn version(&mut self, place: &Place, text: &str) -> Result<(), SpdxError> {
        let version = [Version::V2_2, Version::V2_3]
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| SpdxError::VersionUnsupported {
                place: place.clone(),
                found: match text {
                    "" => "nothing".to_owned(),
                    text => sealcheck_verify::printable(text),
                },
            })?;
        once(place, &mut self.version, version, "one version")
    }

    pub(super) fn document_id(&mut self, place: &Place, text: &str) -> Result<(), SpdxError> {
        if text != ElementId::document().as_str() {
            return Err(place.malformed("SPDXRef-DOCUMENT", text));
        }
        self.id = true;
        self.claim(place, text).map(|_| ())
    }

    pub(super) fn name(&mut self, place: &Place, text: &str) -> Result<(), SpdxError> {
        let name = place.value("the document's name", text)?;
        once(place, &mut self.name, name, "one name of the document")
    }

    pub(super) fn namespace(&mut self, place: &Place, text: &str) -> Result<(), SpdxError> {
        let namespace = place.value("the document's namespace", text)?;
        once(
            place,
            &mut self.namespace,
            namespace,
            "one namespace of the document",
        )
    }

    pub(super) fn created(&mut self, place: &Place, text: &str) -> Result<(), SpdxError> {
        let created = place.value("a time", text)?;
        once(place, &mut self.created, created, "one time of creation")
    }

    pub(super) fn creator(&mut self, place: &Place, text: &str) -> Result<(), SpdxError> {
        self.creators.push(place.value("a creator", text)?);
        place.check(SPDX_REFERENCES, self.creators.len())
    }

    pub(super) fn external_document(
        &mut self,
        place: &Place,
        id: &str,
        namespace: &str,
        checksum: Checksum,
    ) -> Result<(), SpdxError> {
        let id = document_reference(place, id)?;
        if self.external_documents.iter().any(|known| known.id == id) {
            return Err(place.malformed("each document to be named once", &id));
        }
        self.external_documents.push(ExternalDocument {
            id,
            namespace: place.value("the other document's namespace", namespace)?,
            checksum,
        });
        place.check(SPDX_REFERENCES, self.external_documents.len())
    }

    /// Reads an identifier and sees that no other element has it.
    pub(super) fn claim(&mut self, place: &Place, text: &str) -> Result<ElementId, SpdxError> {
        let id = ElementId::read(place, text)?;
        if let Some(first) = self.ids.insert(id.clone(), place.clone()) {
            return Err(SpdxError::IdentifierTwice {
                place: place.clone(),
                id,
                first,
            });
        }
        place.check(SPDX_ELEMENTS, self.ids.len())?;
        Ok(id)
    }

    pub(super) fn snippet(&mut self, place: &Place, text: &str) -> Result<(), SpdxError> {
        let id = self.claim(place, text)?;
        self.snippets.push(id);
        Ok(())
    }

    /// Takes a file that begins at `place`.
    pub(super) fn file(&mut self, place: &Place, file: FileDraft) -> Result<(), SpdxError> {
        let id = file.id.ok_or_else(|| place.malformed(FILE_ID, ""))?;
        // The same path in another spelling is the same file.
        let key = path::normal(&file.name).map_or_else(|_| file.name.clone(), Into::into);
        let known = self.names.entry(key).or_default();
        known.merge(place, &file.name, &file.checksums)?;
        self.files.push(File {
            name: file.name,
            id,
            checksums: file.checksums,
        });
        Ok(())
    }

    /// Takes a package that begins at `place`.
    pub(super) fn package(
        &mut self,
        place: &Place,
        package: PackageDraft,
    ) -> Result<(), SpdxError> {
        let id = package.id.ok_or_else(|| place.malformed(PACKAGE_ID, ""))?;
        self.packages.push(Package {
            name: package.name,
            id,
            version: package.version,
            file_name: package.file_name,
            download_location: package.download_location.unwrap_or_default(),
            checksums: package.checksums,
            external_references: package.external_references,
        });
        Ok(())
    }

    pub(super) fn relationship(
        &mut self,
        place: &Place,
        relationship: Relationship,
    ) -> Result<(), SpdxError> {
        self.relationships.push(relationship);
        self.check_relationships(place)
    }

    /// A relationship that the document says in another way.
    pub(super) fn implied(
        &mut self,
        place: &Place,
        from: ElementId,
        kind: RelationshipKind,
        to: ElementId,
    ) -> Result<(), SpdxError> {
        self.implied.push(Relationship {
            from: Element::Here(from),
            kind,
            to: Element::Here(to),
        });
        self.check_relationships(place)
    }

    fn check_relationships(&self, place: &Place) -> Result<(), SpdxError> {
        place.check(
            SPDX_RELATIONSHIPS,
            self.relationships.len() + self.implied.len(),
        )
    }

    /// Counts a tag or a field that is not judged.
    pub(super) fn pass_over(&mut self, place: &Place, name: &str) -> Result<(), SpdxError> {
        let name = sealcheck_verify::printable(name);
        *self.passed_over.entry(name.into()).or_default() += 1;
        place.check(SPDX_PASSED_OVER, self.passed_over.len())
    }

    pub(super) fn finish(mut self) -> Result<Document, SpdxError> {
        let missing = |what: &str| Place::Document.malformed(what, "");
        let version = self.version.ok_or(SpdxError::VersionUnsupported {
            place: Place::Document,
            found: "none".to_owned(),
        })?;
        if !self.id {
            return Err(missing("SPDXRef-DOCUMENT as the document's identifier"));
        }
        let mut said: HashSet<&Relationship> = self.relationships.iter().collect();
        let new = self.implied.iter().filter(|implied| said.insert(implied));
        let new: Vec<Relationship> = new.cloned().collect();
        self.relationships.extend(new);
        Ok(Document {
            version,
            name: self.name.ok_or_else(|| missing("the document's name"))?,
            namespace: self
                .namespace
                .ok_or_else(|| missing("the document's namespace"))?,
            creators: self.creators,
            created: self.created,
            external_documents: self.external_documents,
            files: self.files,
            packages: self.packages,
            snippets: self.snippets,
            relationships: self.relationships,
            passed_over: self.passed_over,
        })
    }
}

/// Sets what must stand in a document once.
pub(super) fn once<T>(
    place: &Place,
    slot: &mut Option<T>,
    value: T,
    expected: &str,
) -> Result<(), SpdxError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(place.malformed(expected, "another one")),
    }
}

const FILE_ID: &str = "an identifier of the file (SPDXID)";
const PACKAGE_ID: &str = "an identifier of the package (SPDXID)";
