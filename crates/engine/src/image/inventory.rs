//! Everything that is attached to an image, with its bytes: for lists, for downloads and for copies.

use bytes::Bytes;
use sealcheck_registry::{Descriptor, Platform, Reference};
use sealcheck_verify::evidence::Place;
use sealcheck_verify::{Digest, Failure, Material, Reason, Result};

use crate::engine::Engine;
use crate::image::{ImageSource, Platforms};
use sealcheck_registry::Repository;

/// What is attached to an image and to the images that it lists. Nothing of it is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inventory {
    /// The reference with its digest; `None` for a layout that does not name the image.
    pub reference: Option<Reference>,
    /// What the reference leads to, first; then, as far as they were asked for, the images that it lists.
    pub manifests: Vec<Manifested>,
    /// Every place that was looked at. A place that failed may hold more.
    pub places: Vec<Place>,
}

/// One manifest with what is attached to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Manifested {
    /// Its descriptor.
    pub descriptor: Descriptor,
    /// The platform that it is for, where an index says so.
    pub platform: Option<Platform>,
    /// What is attached to it, in the order of the places.
    pub attachments: Vec<Attachment>,
}

/// One thing that is attached: a layer of the manifest that holds it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// The position of its place in [`Inventory::places`].
    pub place: usize,
    /// The manifest that holds it.
    pub manifest: Digest,
    /// The artifact type of that manifest; may be empty.
    pub artifact_type: String,
    /// The layer, from 0.
    pub layer: usize,
    /// The layer's descriptor: media type, digest, size, annotations.
    pub descriptor: Descriptor,
    /// Its bytes; for what is no proof they are not fetched.
    pub content: Option<Result<Bytes>>,
    /// What it says, if it is a proof and can be read.
    pub material: Option<Result<Material>>,
}

/// What an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachmentKind {
    /// A simple-signing payload with its signature in annotations, or a detached signature file.
    Signature,
    /// A DSSE envelope with its certificate in annotations.
    Attestation,
    /// A Sigstore bundle, whatever it holds.
    Bundle,
    /// An SBOM without any signature.
    Sbom,
    /// Something else.
    Other,
}

impl Engine {
    /// Everything that is attached to an image.
    ///
    /// `repositories` as in [`ImageRequest`](crate::ImageRequest::repositories).
    ///
    /// # Errors
    /// When the reference cannot be resolved: `image-not-found`, and the reasons of registries and layouts. What fails
    /// later is in [`Inventory::places`].
    pub fn inventory(
        &self,
        _image: &ImageSource,
        _platforms: &Platforms,
        _repositories: &[Repository],
    ) -> Result<Inventory> {
        Err(Failure::new(Reason::RegistryUnavailable).detail("not built yet"))
    }
}

impl AttachmentKind {
    /// The word for people and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Attestation => "attestation",
            Self::Bundle => "bundle",
            Self::Sbom => "sbom",
            Self::Other => "other",
        }
    }
}
