//! What has to be copied so that an image and its proofs are whole elsewhere.
//!
//! Whoever copies finds out what there is and adds each manifest here, fetches [`Plan::blobs`], as many at one time as it
//! likes, into a [`LayoutWriter`], and then commits. Where they come from is its own matter.

use std::collections::HashSet;
use std::sync::Arc;

use sealcheck_verify::Digest;

use super::publish::{Published, Role};
use super::search::referrer;
use super::storage::blob_path;
use super::{LayoutError, LayoutWriter};
use crate::{Attached, Content, Descriptor, Manifest, Reference};

/// The manifests of a copy, and the blobs that they need.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    manifests: Vec<Arc<Manifest>>,
    seen: HashSet<Digest>,
    published: Vec<Published>,
    blobs: Vec<Descriptor>,
    elsewhere: Vec<Descriptor>,
}

impl Plan {
    /// A plan for nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the image that is copied, which its name will lead to. The manifests that an index lists are added by
    /// [`Plan::part`], all of them or some.
    pub fn image(&mut self, manifest: &Arc<Manifest>, name: Option<Reference>) {
        self.publish(manifest.descriptor(), Role::Image(name));
        self.part(manifest);
    }

    /// Adds a manifest that another one leads to.
    pub fn part(&mut self, manifest: &Arc<Manifest>) {
        if !self.seen.insert(*manifest.digest()) {
            return;
        }
        if let Content::Image(image) = manifest.content() {
            for blob in std::iter::once(&image.config).chain(&image.layers) {
                let list = match is_elsewhere(&blob.media_type) {
                    true => &mut self.elsewhere,
                    false => &mut self.blobs,
                };
                if list.iter().all(|seen| seen.digest != blob.digest) {
                    list.push(blob.clone());
                }
            }
        }
        self.manifests.push(Arc::clone(manifest));
    }

    /// Adds what a registry has under the tag for something that is attached to `subject`.
    pub fn attached(&mut self, manifest: &Arc<Manifest>, what: Attached, subject: &Digest) {
        self.publish(manifest.descriptor(), Role::Attached(what, *subject));
        self.part(manifest);
    }

    /// Adds a manifest that says itself what it is attached to.
    pub fn referrer(&mut self, manifest: &Arc<Manifest>) {
        self.publish(referrer(manifest), Role::Referrer);
        self.part(manifest);
    }

    /// The blobs that have to be in the layout before [`Plan::commit`], each once.
    #[must_use]
    pub fn blobs(&self) -> &[Descriptor] {
        &self.blobs
    }

    /// The layers that lie outside of registries by their type and are not copied: base layers of Windows, which may not be
    /// passed on.
    #[must_use]
    pub fn elsewhere(&self) -> &[Descriptor] {
        &self.elsewhere
    }

    /// The manifests, each once.
    #[must_use]
    pub fn manifests(&self) -> &[Arc<Manifest>] {
        &self.manifests
    }

    /// Writes the manifests and makes the copy part of the layout. Before that nobody sees any of it.
    ///
    /// # Errors
    /// [`LayoutError`], also when a blob was not written before: half a copy is none.
    pub fn commit(&self, writer: &LayoutWriter) -> Result<(), LayoutError> {
        for blob in &self.blobs {
            if !writer.has_size(blob)? {
                return Err(LayoutError::malformed(
                    writer.place(&blob_path(&blob.digest)),
                    "a manifest that is to be published needs it, and it was not written",
                ));
            }
        }
        for manifest in &self.manifests {
            writer.manifest(manifest)?;
        }
        writer.publish(&self.published)
    }

    fn publish(&mut self, descriptor: Descriptor, role: Role) {
        let new = Published { descriptor, role };
        if !self.published.contains(&new) {
            self.published.push(new);
        }
    }
}

/// Whether a layer is of a kind that registries need not have (image-spec 1.1, "Non-Distributable Layers"; Docker's foreign
/// layers).
fn is_elsewhere(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.nondistributable.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.")
}
