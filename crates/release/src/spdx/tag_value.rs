//! SPDX as tags and values (SPDX 2.3, chapters 6 to 12): one a line, text over several lines between `<text>` and
//! `</text>`.
//!
//! Blank lines and comments mean nothing, and a space behind the colon is not asked for: the tool that describes releases
//! of Kubernetes forgets both here and there.

use super::checksum::Checksum;
use super::document::{Document, DownloadLocation, ExternalReference};
use super::draft::{Draft, FileDraft, PackageDraft, once};
use super::limits::SPDX_REFERENCES;
use super::{ElementId, Place, Relationship, RelationshipKind, SpdxError};

pub(super) fn read(text: &str) -> Result<Document, SpdxError> {
    let mut reader = Reader::default();
    let mut lines = Lines {
        rest: text,
        number: 0,
    };
    while let Some(entry) = lines.next()? {
        reader.take(&entry)?;
    }
    reader.finish()
}

/// A tag with its value.
struct Entry<'a> {
    place: Place,
    tag: &'a str,
    value: &'a str,
}

struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    /// The next tag, or `None` at the end.
    fn next(&mut self) -> Result<Option<Entry<'a>>, SpdxError> {
        while !self.rest.is_empty() {
            self.number += 1;
            let from_here = self.rest;
            let (line, rest) = from_here.split_once('\n').unwrap_or((from_here, ""));
            self.rest = rest;
            let line = line.strip_suffix('\r').unwrap_or(line);
            let place = Place::Line(self.number);
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                plain(&place, line)?;
                continue;
            }
            let parts = line.split_once(':').map(|(tag, value)| (tag.trim(), value));
            let (tag, value) = parts
                .filter(|(tag, _)| is_tag(tag))
                .ok_or_else(|| place.malformed(EXPECTED_TAG, line))?;
            let value = match value.trim_start().starts_with("<text>") {
                true => self.text(from_here, &place)?,
                false => {
                    plain(&place, line)?;
                    value.trim()
                }
            };
            return Ok(Some(Entry { place, tag, value }));
        }
        Ok(None)
    }

    /// The text that begins in the line that `from_here` begins with.
    fn text(&mut self, from_here: &'a str, place: &Place) -> Result<&'a str, SpdxError> {
        let (_, start) = from_here.split_once("<text>").unwrap_or_default();
        let Some((text, rest)) = start.split_once("</text>") else {
            return Err(place.malformed("</text> where the text ends", "the end of the document"));
        };
        self.number += text.matches('\n').count();
        let (behind, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        self.rest = rest;
        match behind.trim() {
            "" => Ok(text),
            behind => {
                Err(Place::Line(self.number)
                    .malformed("the end of the line behind </text>", behind))
            }
        }
    }
}

/// Outside of a text there are no control characters: one that ends a line for another reader begins a tag there that is
/// not seen here.
fn plain(place: &Place, line: &str) -> Result<(), SpdxError> {
    let breaks = |c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
    match line.contains(breaks) {
        true => Err(place.malformed("a line without control characters", line)),
        false => Ok(()),
    }
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Where in the document a tag stands.
#[derive(Default)]
enum Section {
    #[default]
    Document,
    File(Place, FileDraft),
    Package(Place, PackageDraft),
    /// A snippet or a licence, whose tags are not judged.
    Other,
}

#[derive(Default)]
struct Reader {
    draft: Draft,
    section: Section,
    /// The package that the files which follow belong to (SPDX 2.3, chapter 8).
    package: Option<ElementId>,
}

impl Reader {
    fn take(&mut self, entry: &Entry<'_>) -> Result<(), SpdxError> {
        let Entry { place, tag, value } = entry;
        match *tag {
            "SPDXVersion" => self.draft.version(place, value),
            "DocumentName" => self.draft.name(place, value),
            "DocumentNamespace" => self.draft.namespace(place, value),
            "Created" => self.draft.created(place, value),
            "Creator" => self.draft.creator(place, value),
            "ExternalDocumentRef" => {
                let [id, namespace, checksum] =
                    words(place, value, "a document, its namespace and its checksum")?;
                let checksum = Checksum::read_pair(place, checksum)?;
                self.draft.external_document(place, id, namespace, checksum)
            }
            "Relationship" => {
                let [from, kind, to] =
                    words(place, value, "two elements and a relation between them")?;
                let relationship = Relationship::read(place, from, kind, to)?;
                self.draft.relationship(place, relationship)
            }
            "FileName" => {
                let name = place.value("a name of a file", value)?;
                let file = FileDraft {
                    name,
                    ..FileDraft::default()
                };
                self.open(Section::File(place.clone(), file))
            }
            "PackageName" => {
                let name = place.value("a name of a package", value)?;
                let package = PackageDraft {
                    name,
                    ..PackageDraft::default()
                };
                self.open(Section::Package(place.clone(), package))
            }
            "SnippetSPDXID" => {
                self.open(Section::Other)?;
                self.draft.snippet(place, value)
            }
            "LicenseID" => {
                self.open(Section::Other)?;
                self.draft.pass_over(place, tag)
            }
            "SPDXID" => self.id(place, value),
            "FileChecksum" => {
                let checksum = Checksum::read_pair(place, value)?;
                let file = self.file(place, tag)?;
                file.checksums.add(place, &file.name, checksum)
            }
            "PackageChecksum" => {
                let checksum = Checksum::read_pair(place, value)?;
                let package = self.package(place, tag)?;
                package.checksums.add(place, &package.name, checksum)
            }
            // Some tools write tags for what they do not know.
            "PackageVersion" | "PackageFileName" if value.is_empty() => Ok(()),
            "PackageVersion" => {
                let version = place.value("a version", value)?;
                once(
                    place,
                    &mut self.package(place, tag)?.version,
                    version,
                    "one version of the package",
                )
            }
            "PackageFileName" => {
                let name = place.value("a name of a file", value)?;
                once(
                    place,
                    &mut self.package(place, tag)?.file_name,
                    name,
                    "one file of the package",
                )
            }
            "PackageDownloadLocation" => {
                let location = DownloadLocation::read(place, value)?;
                let slot = &mut self.package(place, tag)?.download_location;
                once(
                    place,
                    slot,
                    location,
                    "one download location of the package",
                )
            }
            "ExternalRef" => {
                let [category, kind, locator] =
                    words(place, value, "a category, a type and a locator")?;
                let reference = ExternalReference::read(place, category, kind, locator)?;
                let references = &mut self.package(place, tag)?.external_references;
                references.push(reference);
                place.check(SPDX_REFERENCES, references.len())
            }
            tag => self.draft.pass_over(place, tag),
        }
    }

    fn id(&mut self, place: &Place, value: &str) -> Result<(), SpdxError> {
        let slot = match &mut self.section {
            Section::Document => return self.draft.document_id(place, value),
            Section::File(_, file) => &mut file.id,
            Section::Package(_, package) => &mut package.id,
            Section::Other => {
                return Err(place.malformed("FileName or PackageName before SPDXID", value));
            }
        };
        once(
            place,
            slot,
            self.draft.claim(place, value)?,
            "one identifier",
        )
    }

    fn file(&mut self, place: &Place, tag: &str) -> Result<&mut FileDraft, SpdxError> {
        match &mut self.section {
            Section::File(_, file) => Ok(file),
            _ => Err(place.malformed("FileName before what is said about a file", tag)),
        }
    }

    fn package(&mut self, place: &Place, tag: &str) -> Result<&mut PackageDraft, SpdxError> {
        match &mut self.section {
            Section::Package(_, package) => Ok(package),
            _ => Err(place.malformed("PackageName before what is said about a package", tag)),
        }
    }

    /// Ends the section, and begins the next.
    fn open(&mut self, next: Section) -> Result<(), SpdxError> {
        match std::mem::replace(&mut self.section, next) {
            Section::Document | Section::Other => Ok(()),
            Section::File(place, file) => {
                if let (Some(package), Some(file)) = (&self.package, &file.id) {
                    let (package, file) = (package.clone(), file.clone());
                    self.draft
                        .implied(&place, package, RelationshipKind::Contains, file)?;
                }
                self.draft.file(&place, file)
            }
            Section::Package(place, package) => {
                self.package.clone_from(&package.id);
                self.draft.package(&place, package)
            }
        }
    }

    fn finish(mut self) -> Result<Document, SpdxError> {
        self.open(Section::Other)?;
        self.draft.finish()
    }
}

/// Two words, and the rest of the line.
fn words<'a>(place: &Place, text: &'a str, expected: &str) -> Result<[&'a str; 3], SpdxError> {
    let mut parts = text.trim().splitn(2, char::is_whitespace);
    let first = parts.next().unwrap_or_default();
    let rest = parts.next().unwrap_or_default().trim_start();
    match rest.split_once(char::is_whitespace) {
        Some((second, third)) => Ok([first, second, third.trim_start()]),
        None => Err(place.malformed(expected, text)),
    }
}

const EXPECTED_TAG: &str = "a tag and a value such as `SPDXVersion: SPDX-2.3`";
