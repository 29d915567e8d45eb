//! What is attached to an image, as registries list it.

use sealcheck_verify::Failure;

use crate::Descriptor;

/// A list of referrers. Each descriptor is a claim; only the manifest behind it says what it is attached to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Referrers {
    /// The descriptors in the registry's order, each digest once.
    pub descriptors: Vec<Descriptor>,
    /// Entries of the list that are no descriptors; a broken one does not hide a good one.
    pub broken: Vec<Failure>,
}
