//! The commands: each one takes its arguments and gives an exit code.

pub(crate) mod completions;
pub(crate) mod explain;
pub(crate) mod inspect;
pub(crate) mod verify_blob;
pub(crate) mod verify_blob_attestation;
