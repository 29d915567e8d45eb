//! What `docker save` writes beside an image layout, or instead of one: `manifest.json`.
//!
//! From Docker 25 on the archive is an image layout as well, and that is what is read. Older archives hold the image's
//! configuration and its unpacked layers, but no manifest. A signature is about the digest of a manifest, so nothing can be
//! proved about such an image except its id: the digest of its configuration, which the manifest in the registry names.

use std::fmt;

use sealcheck_verify::{Digest, printable};
use serde::Deserialize;

use super::limits::LAYOUT_FILE_BYTES;
use super::storage::Storage;
use super::{LayoutError, SAVED_IMAGES};

/// An image in an archive that has no manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedImage {
    /// Its names, printable.
    pub names: Vec<String>,
    /// Its id, computed from its configuration; `None` when that is not in the archive.
    pub id: Option<Digest>,
}

/// The images of `manifest.json`; `None` when there is no such file.
pub(crate) fn saved_images(storage: &Storage) -> Result<Option<Vec<SavedImage>>, LayoutError> {
    let Some(bytes) = storage.read(MANIFEST_JSON, LAYOUT_FILE_BYTES)? else {
        return Ok(None);
    };
    let wire: Vec<Wire> = serde_json::from_slice(&bytes).map_err(|error| {
        LayoutError::malformed(
            storage.place(MANIFEST_JSON),
            format!("it cannot be read: {}", printable(&error.to_string())),
        )
    })?;
    let mut images = Vec::new();
    for image in wire.into_iter().take(SAVED_IMAGES) {
        let config = storage.read(&image.config, LAYOUT_FILE_BYTES)?;
        let names = image.repo_tags.unwrap_or_default();
        images.push(SavedImage {
            names: names.iter().map(|name| printable(name)).collect(),
            id: config.map(|config| Digest::sha256(&config)),
        });
    }
    Ok(Some(images))
}

/// Whether Docker wrote the archive.
pub(crate) fn is_dockers(storage: &Storage) -> Result<bool, LayoutError> {
    Ok(storage.open(MANIFEST_JSON)?.is_some())
}

impl fmt::Display for SavedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names.first() {
            Some(name) => f.write_str(name)?,
            None => f.write_str("an image without a name")?,
        }
        match &self.id {
            Some(id) => write!(f, " (image id {id})"),
            None => Ok(()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire {
    config: String,
    repo_tags: Option<Vec<String>>,
}

const MANIFEST_JSON: &str = "manifest.json";
