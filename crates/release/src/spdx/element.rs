//! Identifiers of elements, and relationships between them (SPDX 2.3, section 11).

use std::fmt;

use super::{Place, SpdxError};

/// The identifier of an element of a document, for example `SPDXRef-Package-kubectl`.
///
/// SPDX allows letters, digits, dots and hyphens. Tools write others too, so all is accepted that a relationship can
/// name: what has no space and no colon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(Box<str>);

/// One end of a relationship.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// An element of this document, or the document itself.
    Here(ElementId),
    /// An element of another document.
    Elsewhere {
        /// The identifier that this document gives to the other one: `DocumentRef-…`.
        document: Box<str>,
        /// The element's identifier in there.
        element: ElementId,
    },
    /// Nothing: the author says that there is none.
    None,
    /// The author says nothing about it.
    NoAssertion,
}

/// `from` stands in a relation to `to`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Relationship {
    /// An element here or elsewhere.
    pub from: Element,
    /// What relation.
    pub kind: RelationshipKind,
    /// The other end.
    pub to: Element,
}

/// The relations that are judged; the others are kept by their names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RelationshipKind {
    /// `DESCRIBES`: what the document is about.
    Describes,
    /// `CONTAINS`: an image its layers, a package its files.
    Contains,
    /// `GENERATED_FROM`: a build its sources.
    GeneratedFrom,
    /// Any other, as it is written.
    Other(Box<str>),
}

impl ElementId {
    pub(super) fn read(place: &Place, text: &str) -> Result<Self, SpdxError> {
        let text = place.value(EXPECTED_ID, text)?;
        match is_reference(&text, "SPDXRef-") {
            true => Ok(Self(text)),
            false => Err(place.malformed(EXPECTED_ID, &text)),
        }
    }

    /// The identifier of every document.
    pub(super) fn document() -> Self {
        Self("SPDXRef-DOCUMENT".into())
    }

    /// The identifier as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ElementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Element {
    pub(super) fn read(place: &Place, text: &str) -> Result<Self, SpdxError> {
        Ok(match text {
            "NONE" => Self::None,
            "NOASSERTION" => Self::NoAssertion,
            text => match text.split_once(':') {
                None => Self::Here(ElementId::read(place, text)?),
                Some((document, element)) => Self::Elsewhere {
                    document: document_reference(place, document)?,
                    element: ElementId::read(place, element)?,
                },
            },
        })
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(id) => fmt::Display::fmt(id, f),
            Self::Elsewhere { document, element } => write!(f, "{document}:{element}"),
            Self::None => f.write_str("NONE"),
            Self::NoAssertion => f.write_str("NOASSERTION"),
        }
    }
}

impl Relationship {
    /// Reads a relationship from its parts.
    pub(super) fn read(place: &Place, from: &str, kind: &str, to: &str) -> Result<Self, SpdxError> {
        let start = Element::read(place, from)?;
        if matches!(start, Element::None | Element::NoAssertion) {
            return Err(place.malformed("an element that the relationship starts from", from));
        }
        Ok(Self {
            from: start,
            kind: RelationshipKind::read(place, kind)?,
            to: Element::read(place, to)?,
        })
    }
}

impl fmt::Display for Relationship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.from, self.kind, self.to)
    }
}

impl RelationshipKind {
    fn read(place: &Place, text: &str) -> Result<Self, SpdxError> {
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        Ok(match text {
            "DESCRIBES" => Self::Describes,
            "CONTAINS" => Self::Contains,
            "GENERATED_FROM" => Self::GeneratedFrom,
            text if !text.is_empty() && text.bytes().all(plain) => {
                Self::Other(place.value(EXPECTED_KIND, text)?)
            }
            text => return Err(place.malformed(EXPECTED_KIND, text)),
        })
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Describes => "DESCRIBES",
            Self::Contains => "CONTAINS",
            Self::GeneratedFrom => "GENERATED_FROM",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for RelationshipKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `DocumentRef-…`, by which a document names another one.
pub(super) fn document_reference(place: &Place, text: &str) -> Result<Box<str>, SpdxError> {
    let text = place.value(EXPECTED_DOCUMENT, text)?;
    match is_reference(&text, "DocumentRef-") {
        true => Ok(text),
        false => Err(place.malformed(EXPECTED_DOCUMENT, &text)),
    }
}

fn is_reference(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(':') && !rest.contains(char::is_whitespace)
    })
}

const EXPECTED_ID: &str = "an identifier such as SPDXRef-Package";
const EXPECTED_DOCUMENT: &str = "an identifier such as DocumentRef-source";
const EXPECTED_KIND: &str = "a relation such as CONTAINS";
