//! Taking an image along with all its proofs, as an OCI image layout.

use std::path::PathBuf;

use sealcheck_registry::{Reference, Repository};
use sealcheck_verify::evidence::Place;
use sealcheck_verify::{Digest, Failure, Reason, Result};

use crate::engine::Engine;
use crate::image::{ImageSource, Platforms};
use crate::progress::Progress;

/// What is to be copied, and where to.
#[derive(Clone, Debug)]
pub struct CopyRequest {
    /// The image.
    pub image: ImageSource,
    /// The folder of the layout: a new or empty one, or one that is a layout already and grows.
    pub layout: PathBuf,
    /// Which images of an index are copied; [`Platforms::AsGiven`] and [`Platforms::All`] are all of them. The index
    /// itself always is, since proofs speak of it.
    pub platforms: Platforms,
    /// Where proofs are looked for instead of in the image's own repository. Empty: its own.
    pub repositories: Vec<Repository>,
}

/// What was copied.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Copied {
    /// The reference with its digest; `None` for a layout that does not name the image.
    pub reference: Option<Reference>,
    /// The digest of the image.
    pub digest: Digest,
    /// Manifests that were written, those of proofs among them.
    pub manifests: usize,
    /// Blobs that were written.
    pub blobs: usize,
    /// Bytes that were written.
    pub bytes: u64,
    /// Manifests of proofs and other attachments among them.
    pub attachments: usize,
    /// Every place that was looked at for proofs.
    pub places: Vec<Place>,
}

impl Engine {
    /// Copies an image with everything that is attached to it. Every blob is checked against its digest on the way.
    ///
    /// # Errors
    /// When anything of the image or of its proofs cannot be read or written, also when a place where proofs may lie did
    /// not answer: a copy without its proofs would be unsigned for good.
    pub fn copy_image(&self, _request: &CopyRequest, _progress: &dyn Progress) -> Result<Copied> {
        Err(Failure::new(Reason::RegistryUnavailable).detail("not built yet"))
    }
}
