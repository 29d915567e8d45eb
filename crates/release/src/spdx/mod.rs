//! SPDX documents: what a release says that it consists of, and whether a folder is that.
//!
//! [`Document::read`] takes SPDX 2.2 and 2.3, as tags and values or as JSON, into one model of what is judged. Nothing in it
//! is proved: whoever judges by it verifies the document's signature first. [`Document::images`] turns identifiers back
//! into names of images, and [`Listing::check`] compares a folder with the document, without input or output.
//!
//! ```
//! use sealcheck_release::spdx::{Document, Listing, LocalFile, Standing};
//! use sealcheck_verify::Digest;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let document = Document::read(b"SPDXVersion: SPDX-2.3
//! SPDXID: SPDXRef-DOCUMENT
//! DocumentName: Release v1.2.3
//! DocumentNamespace: https://sbom.example/v1.2.3
//! FileName: bin/tool
//! SPDXID: SPDXRef-File-tool
//! FileChecksum: SHA256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
//! ")?;
//! let listing = Listing::new(&document);
//! let digests = [Digest::sha256(b"hello")];
//! let check = listing.check([LocalFile { path: "bin/tool", digests: &digests }]);
//! assert!(matches!(check.files.as_slice(), [(_, Standing::Proved { .. })]));
//! assert!(check.missing.is_empty());
//! # Ok(())
//! # }
//! ```

mod checksum;
mod document;
mod draft;
mod element;
mod error;
mod image;
mod json;
pub mod limits;
mod listing;
mod path;
mod purl;
mod tag_value;
#[cfg(test)]
mod tests;

pub use checksum::{Checksum, ChecksumAlgorithm, Checksums};
pub use document::{
    Document, DownloadLocation, ExternalDocument, ExternalReference, File, Package, Version,
};
pub use element::{Element, ElementId, Relationship, RelationshipKind};
pub use error::{Place, SpdxError};
pub use image::{Certainty, ImageReference};
pub use listing::{Check, Entry, Listing, LocalFile, Matched, NotCovered, Origin, Standing};
pub use path::PathTrap;
