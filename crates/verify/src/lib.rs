//! Under construction.

mod asn1;
mod certificate;
mod chain;
mod digest;
mod ed25519ph;
mod failure;
mod key;
pub mod limits;
mod outcome;
mod pem;
mod reason;
mod sct;
mod time;
mod timestamp;
mod trusted_root;

pub use certificate::{
    Claim, ClaimValues, Claims, ExtensionId, SubjectAlternativeName, UnknownClaim,
};
pub use digest::{Digest, DigestAlgorithm, InvalidDigest};
pub use failure::{Failure, Result, printable};
pub use key::{KeyKind, PublicKey, SignatureScheme};
pub use outcome::Outcome;
pub use reason::{Reason, UnknownReason};
pub use sct::SctFacts;
pub use time::{InvalidTime, Time, Window};
pub use timestamp::TimestampFacts;
