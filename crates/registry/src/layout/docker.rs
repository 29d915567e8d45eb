//! What `docker save` writes beside an image layout, or instead of one: `manifest.json`.
//!
//! From Docker 25 on the archive is an image layout as well, and that is what is read. Older archives hold the image's
//! configuration and its unpacked layers, but no manifest. A signature is about the digest of a manifest, so nothing can be
//! proved about such an image except its id: the digest of its configuration, which the manifest in the registry names.
//!
//! Where both are there, `docker load`, podman and crane take `manifest.json`, whatever `index.json` says. What is proved by
//! the one must be what they get by the other ([`Saved::other_than`]).

use std::collections::HashSet;
use std::fmt;

use sealcheck_verify::{Digest, printable};
use serde::{Deserialize, Deserializer};

use super::limits::LAYOUT_FILE_BYTES;
use super::storage::{Storage, blob_path};
use super::{LayoutError, SAVED_IMAGES};
use crate::Image;
use crate::exact::Exact;

/// An image in an archive that has no manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedImage {
    /// Its names, printable.
    pub names: Vec<String>,
    /// Its id, computed from its configuration; `None` when that is not in the archive.
    pub id: Option<Digest>,
}

/// The file `manifest.json`.
pub(crate) struct Saved(Vec<Entry>);

/// Where the parts of an image lie: its configuration, and its layers in their order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Parts {
    config: String,
    layers: Vec<String>,
}

impl Saved {
    /// Reads it; `None` when there is no such file.
    pub(crate) fn read(storage: &Storage) -> Result<Option<Self>, LayoutError> {
        let Some(bytes) = storage.read(MANIFEST_JSON, LAYOUT_FILE_BYTES)? else {
            return Ok(None);
        };
        let entries = serde_json::from_slice(&bytes).map_err(|error| {
            LayoutError::malformed(
                storage.place(MANIFEST_JSON),
                format!("it cannot be read: {}", printable(&error.to_string())),
            )
        })?;
        Ok(Some(Self(entries)))
    }

    /// The images, which have no manifests.
    pub(crate) fn images(&self, storage: &Storage) -> Result<Vec<SavedImage>, LayoutError> {
        let mut images = Vec::new();
        for entry in self.0.iter().take(SAVED_IMAGES) {
            let config = storage.read(&entry.config, LAYOUT_FILE_BYTES)?;
            images.push(SavedImage {
                names: entry.names().map(printable).collect(),
                id: config.map(|config| Digest::sha256(&config)),
            });
        }
        Ok(images)
    }

    /// What somebody can get who loads this instead of `proved`; `None` when it is nothing else. `is_meant` says whether a
    /// name can be that of the image.
    pub(crate) fn other_than(
        &self,
        proved: &HashSet<Parts>,
        is_meant: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let is_proved = |entry: &Entry| proved.contains(&entry.parts());
        if !self.0.iter().any(is_proved) {
            return Some("no image with this configuration and these layers".to_owned());
        }
        let other = self.0.iter().find(|entry| {
            // One without a name is taken by its position.
            let can_be = entry.names().next().is_none() || entry.names().any(&is_meant);
            can_be && !is_proved(entry)
        })?;
        Some(format!(
            "another image{}, with the configuration {}",
            other
                .names()
                .next()
                .map_or_else(String::new, |name| format!(
                    " under the name {}",
                    printable(name)
                )),
            printable(&other.config)
        ))
    }
}

impl Parts {
    /// Those of an image that lies in a layout.
    pub(crate) fn of(image: &Image) -> Self {
        Self {
            config: blob_path(&image.config.digest),
            layers: image
                .layers
                .iter()
                .map(|layer| blob_path(&layer.digest))
                .collect(),
        }
    }
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
#[serde(remote = "Self", rename_all = "PascalCase")]
struct Entry {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(Exact(deserializer))
    }
}

impl Entry {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.repo_tags.iter().flatten().map(String::as_str)
    }

    fn parts(&self) -> Parts {
        Parts {
            config: self.config.clone(),
            layers: self.layers.clone().unwrap_or_default(),
        }
    }
}

pub(crate) const MANIFEST_JSON: &str = "manifest.json";
