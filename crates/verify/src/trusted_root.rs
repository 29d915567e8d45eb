//! The trusted root: which logs, certificate authorities and timestamp authorities are believed, and when.

use crate::{PublicKey, Window};

/// A transparency log or a certificate-transparency log of the trusted root.
#[derive(Debug)]
pub(crate) struct Log {
    /// The log id: SHA-256 of the log's SubjectPublicKeyInfo, or a Rekor v2 log's checkpoint key id.
    pub(crate) id: [u8; 32],
    /// The key that signs promises, checkpoints or SCTs.
    pub(crate) key: PublicKey,
    /// When the key is believed.
    pub(crate) window: Window,
    /// The address as the trusted root gives it.
    pub(crate) base_url: String,
}
