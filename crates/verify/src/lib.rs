//! Under construction.

mod asn1;
mod digest;
mod ed25519ph;
mod failure;
mod key;
pub mod limits;
mod outcome;
mod pem;
mod reason;
mod time;
mod trusted_root;

pub use digest::{Digest, DigestAlgorithm, InvalidDigest};
pub use failure::{Failure, Result, printable};
pub use key::{KeyKind, PublicKey, SignatureScheme};
pub use outcome::Outcome;
pub use reason::{Reason, UnknownReason};
pub use time::{InvalidTime, Time, Window};
