//! A digest that was computed before, in the shape in which the Ed25519 library wants it.

use ed25519_dalek::ed25519::signature::digest::{
    FixedOutput, HashMarker, Output, OutputSizeUser, Update, typenum::U64,
};

/// A SHA-512 value that poses as the hash function that computed it.
#[derive(Clone)]
pub(crate) struct Prehashed(pub(crate) [u8; 64]);

impl OutputSizeUser for Prehashed {
    type OutputSize = U64;
}

impl HashMarker for Prehashed {}

impl Default for Prehashed {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Update for Prehashed {
    /// Nothing is fed into a finished digest; an update would make every signature fail.
    fn update(&mut self, _: &[u8]) {
        self.0 = [0; 64];
    }
}

impl FixedOutput for Prehashed {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}
