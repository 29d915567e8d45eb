//! The commands: each one takes its arguments and gives an exit code.

pub(crate) mod completions;
pub(crate) mod copy;
pub(crate) mod download;
pub(crate) mod explain;
pub(crate) mod inspect;
pub(crate) mod release;
pub(crate) mod tree;
pub(crate) mod verify;
pub(crate) mod verify_attestation;
pub(crate) mod verify_blob;
pub(crate) mod verify_blob_attestation;
