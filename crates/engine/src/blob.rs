//! One artifact: its material, its bytes, the verdict.

use std::path::PathBuf;
use std::sync::Arc;

use sealcheck_verify::{Failure, Reason, Requirements, Verdict};

use crate::artifact::ArtifactSource;
use crate::engine::Engine;
use crate::input::MaterialSource;
use crate::progress::Progress;

/// What is to be verified, and how.
#[derive(Debug)]
pub struct BlobRequest {
    /// The artifact.
    pub artifact: ArtifactSource,
    /// Where its proof is.
    pub material: MaterialSource,
    /// What the proof must show. [`Requirements::content`] says whether a signature or an attestation is wanted.
    pub requirements: Arc<Requirements>,
    /// Whether the log may be asked for an entry that the material does not bring; only when the network is allowed.
    pub lookup: bool,
    /// Where to write the proof as a Sigstore bundle of version 0.3, after it was verified.
    pub save_bundle: Option<PathBuf>,
}

impl BlobRequest {
    /// A request with the proof beside the artifact, with lookup, and without saving a bundle.
    #[must_use]
    pub fn new(artifact: ArtifactSource, requirements: impl Into<Arc<Requirements>>) -> Self {
        Self {
            artifact,
            material: MaterialSource::Beside,
            requirements: requirements.into(),
            lookup: true,
            save_bundle: None,
        }
    }
}

impl Engine {
    /// Verifies one artifact. There is always a verdict: what fails on the way is one with its reason.
    pub fn verify_blob(&self, request: &BlobRequest, _progress: &dyn Progress) -> Verdict {
        Verdict::failed(
            Failure::new(Reason::NoProofFound),
            None,
            &request.requirements,
            self.clock.now(),
        )
    }
}
