//! Rekor v1 over HTTP: which entries the log has for an artifact, and the entries themselves.
//!
//! Nothing that comes from here is trusted. The client makes sure that the log *answered the question* (the entry asked
//! for, whole and well-formed, whose id is the RFC 6962 leaf hash of its body); that the entry is genuine (promise,
//! inclusion proof, checkpoint) and belongs to the signature is for `sealcheck-verify` to prove, from the bundle element
//! that [`RawEntry::to_bundle_tlog_entry`] makes.
//!
//! Three things are never confused: the log could not be asked or did not answer ([`LogError::Unavailable`]), it answered
//! something else ([`LogError::AnswerInvalid`]), and it answered that it has no such entry (an empty result).

mod client;
mod entry;
mod error;
mod uuid;

#[cfg(feature = "fuzzing")]
pub mod fuzzing;

pub use client::{Entries, Hits, RekorClient};
pub use entry::{InclusionProof, RawEntry};
pub use error::LogError;
pub use uuid::{InvalidUuid, Uuid};
