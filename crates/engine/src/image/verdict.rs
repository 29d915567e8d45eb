//! How the verification of an image ended.

use std::fmt;

use sealcheck_registry::{Platform, Reference};
use sealcheck_verify::evidence::{Place, ProvedBy};
use sealcheck_verify::{Digest, Material, Outcome, Verdict};

/// What was found for an image, and what it proves.
///
/// [`ImageVerdict::verdict`] is the whole result as one document: its evidence has the deciding proof's checks, every place
/// that was looked at, and under `image` all signatures. It is `verified` only when every [`Target`] is.
#[derive(Clone, Debug)]
pub struct ImageVerdict {
    pub(crate) verdict: Verdict,
    pub(crate) reference: Option<Reference>,
    pub(crate) pinned: Vec<Reference>,
    pub(crate) digest: Option<Digest>,
    pub(crate) targets: Vec<Target>,
    pub(crate) proofs: Vec<Proof>,
}

/// One manifest that had to be proved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// Its digest.
    pub digest: Digest,
    /// The platform that it is for; `None` for what the reference itself leads to, and where the index does not say.
    pub platform: Option<Platform>,
    /// The verdict: that of the first proof that holds, or why there are not enough.
    pub verdict: Verdict,
    /// Whose signatures proved it; `None` when it is not verified.
    pub proved_by: Option<ProvedBy>,
    /// The position of the place whose proof decided.
    pub(crate) place: Option<usize>,
}

/// A signature or attestation that was found, with what became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Proof {
    /// The manifest that it was found for.
    pub subject: Digest,
    /// The verdict about it alone.
    pub verdict: Verdict,
    /// The position of its place in [`ImageVerdict::places`].
    pub place: usize,
    /// The manifest that holds it.
    pub manifest: Digest,
    /// The layer that holds it, from 0.
    pub layer: usize,
    /// The digest of the layer.
    pub digest: Digest,
    /// The proof, if it can be read.
    pub material: Option<Material>,
}

impl ImageVerdict {
    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.verdict.outcome()
    }

    /// The result as one document, and the decisive failure.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The reference with the digest that it led to. `None` when the tag could not be resolved, and for a layout.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }

    /// The reference with the digest that was proved, or was to be. Of an index that is not signed itself, and that lists
    /// more than the images that were looked at, those are the digests of these: the others are not proved. None where
    /// there is no [`ImageVerdict::reference`]; that of a layout has the layout's word for its name.
    #[must_use]
    pub fn pinned(&self) -> &[Reference] {
        &self.pinned
    }

    /// The digest that the reference led to, once.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What had to be proved: one manifest, or one for each platform.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Every proof that was found, in the order of the places.
    #[must_use]
    pub fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    /// The proofs that hold and are by who was required.
    pub fn accepted(&self) -> impl Iterator<Item = &Proof> {
        self.proofs.iter().filter(|proof| proof.is_accepted())
    }

    /// The others. They do not matter beside enough good ones.
    pub fn refused(&self) -> impl Iterator<Item = &Proof> {
        self.proofs.iter().filter(|proof| !proof.is_accepted())
    }

    /// Every place that was looked at, and its answer.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.verdict.evidence().places
    }
}

impl Proof {
    /// Whether it holds and is by who was required.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.verdict.outcome() == Outcome::Verified
    }
}

impl fmt::Display for ImageVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.verdict, f)
    }
}
