//! The model: what an SPDX document says, as far as it is judged.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::limits::SPDX_BYTES;
use super::{
    Checksum, Checksums, Element, ElementId, Place, Relationship, SpdxError, json, tag_value,
};

/// A document that was read: identifiers are unique, and no file has two checksums that differ.
///
/// Nothing in it is proved by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub(super) version: Version,
    pub(super) name: Box<str>,
    pub(super) namespace: Box<str>,
    pub(super) creators: Vec<Box<str>>,
    pub(super) created: Option<Box<str>>,
    pub(super) external_documents: Vec<ExternalDocument>,
    pub(super) files: Vec<File>,
    pub(super) packages: Vec<Package>,
    pub(super) snippets: Vec<ElementId>,
    pub(super) relationships: Vec<Relationship>,
    pub(super) passed_over: BTreeMap<Box<str>, usize>,
}

/// The version of SPDX that a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SPDX 2.2.
    V2_2,
    /// SPDX 2.3.
    V2_3,
}

/// Another document that this one speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalDocument {
    /// What it is called here: `DocumentRef-…`.
    pub id: Box<str>,
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its checksum. With SHA-1, as in releases of Kubernetes, it proves nothing.
    pub checksum: Checksum,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name as it is written, for example `bin/linux/amd64/kubectl`.
    pub name: Box<str>,
    /// The identifier.
    pub id: ElementId,
    /// What its content must be. A file without a digest that can prove something is read, and never proved.
    pub checksums: Checksums,
}

/// A package: an image, a layer, a library, a source tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The name.
    pub name: Box<str>,
    /// The identifier.
    pub id: ElementId,
    /// The version.
    pub version: Option<Box<str>>,
    /// The file that it was made from, often a path of the machine that built it.
    pub file_name: Option<Box<str>>,
    /// Where it comes from.
    pub download_location: DownloadLocation,
    /// The digests of that file. For an image it is the archive, not the manifest in a registry.
    pub checksums: Checksums,
    /// What others call it, package URLs among them.
    pub external_references: Vec<ExternalReference>,
}

/// Where a package comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DownloadLocation {
    /// An address.
    At(Box<str>),
    /// From nowhere that it could be downloaded from.
    None,
    /// The author says nothing about it.
    #[default]
    NoAssertion,
}

/// What others call a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalReference {
    /// For example `PACKAGE-MANAGER`. Documents in JSON write underscores as well; here it is always hyphens.
    pub category: Box<str>,
    /// For example `purl`.
    pub kind: Box<str>,
    /// The name itself.
    pub locator: Box<str>,
}

impl Document {
    /// Reads a document. What begins with a brace is JSON, anything else is tags and values.
    ///
    /// What is not judged is passed over and counted, see [`Document::passed_over`].
    ///
    /// # Errors
    /// When it is over a limit, of another version, not what SPDX requires, or contradicts itself.
    pub fn read(bytes: &[u8]) -> Result<Self, SpdxError> {
        Place::Document.check(SPDX_BYTES, bytes.len())?;
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            Place::Line(line).malformed("UTF-8", "other bytes")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match text.trim_start().starts_with('{') {
            true => json::read(text),
            false => tag_value::read(text),
        }
    }

    /// The version of SPDX.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The document's name, for example `Kubernetes Release v1.25.4`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address that is the document's own.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Who made the document, for example `Tool: sigs.k8s.io/bom/pkg/spdx`.
    pub fn creators(&self) -> impl Iterator<Item = &str> {
        self.creators.iter().map(|creator| &**creator)
    }

    /// When the document claims to have been made, in its own words.
    #[must_use]
    pub fn created(&self) -> Option<&str> {
        self.created.as_deref()
    }

    /// The other documents that it speaks of.
    #[must_use]
    pub fn external_documents(&self) -> &[ExternalDocument] {
        &self.external_documents
    }

    /// The files, in the order of the document. A name can stand there several times, with the same checksums.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The packages, in the order of the document.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The relationships, in the order of the document. Those that it says in another way (by the place of a file behind
    /// its package, by the lists `documentDescribes` and `hasFiles`) come last.
    #[must_use]
    pub fn relationships(&self) -> &[Relationship] {
        &self.relationships
    }

    /// The ends of relationships that lead nowhere: to an element that this document does not have, or into a document
    /// that it does not name.
    #[must_use]
    pub fn dangling(&self) -> Vec<(&Relationship, &Element)> {
        let document = ElementId::document();
        let files = self.files.iter().map(|file| &file.id);
        let packages = self.packages.iter().map(|package| &package.id);
        let known: HashSet<&ElementId> = files
            .chain(packages)
            .chain(&self.snippets)
            .chain([&document])
            .collect();
        let documents: HashSet<&str> = self.external_documents.iter().map(|d| &*d.id).collect();
        let leads_nowhere = |end: &&Element| match end {
            Element::Here(id) => !known.contains(id),
            Element::Elsewhere { document, .. } => !documents.contains(&**document),
            Element::None | Element::NoAssertion => false,
        };
        self.relationships
            .iter()
            .flat_map(|relationship| {
                [&relationship.from, &relationship.to]
                    .into_iter()
                    .filter(leads_nowhere)
                    .map(move |end| (relationship, end))
            })
            .collect()
    }

    /// Tags, or paths of fields in JSON, that are not part of this model, with how often each stands in the document.
    #[must_use]
    pub fn passed_over(&self) -> &BTreeMap<Box<str>, usize> {
        &self.passed_over
    }
}

impl Package {
    /// The package URLs that it is known by.
    pub fn purls(&self) -> impl Iterator<Item = &str> {
        self.external_references
            .iter()
            .filter(|reference| &*reference.kind == "purl")
            .map(|reference| &*reference.locator)
    }
}

impl Version {
    /// As it is written, for example `SPDX-2.3`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_2 => "SPDX-2.2",
            Self::V2_3 => "SPDX-2.3",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl DownloadLocation {
    pub(super) fn read(place: &Place, text: &str) -> Result<Self, SpdxError> {
        Ok(match text {
            "NONE" => Self::None,
            "NOASSERTION" => Self::NoAssertion,
            text => Self::At(place.value("a download location", text)?),
        })
    }
}

impl ExternalReference {
    pub(super) fn read(
        place: &Place,
        category: &str,
        kind: &str,
        locator: &str,
    ) -> Result<Self, SpdxError> {
        Ok(Self {
            category: place
                .value("a category", category)?
                .replace('_', "-")
                .into(),
            kind: place.value("a type of reference", kind)?,
            locator: place.value("a locator", locator)?,
        })
    }
}
