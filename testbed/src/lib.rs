//! A private Sigstore of real peers on loopback: Fulcio, CT log, Rekor v1 and v2, timestamp authority, OIDC issuer, TUF
//! repository, registries, and the real cosign and crane to speak to them.
//!
//! Nothing is shared between two testbeds but the cache of built programs: every port is free when it is chosen, every
//! key is new, and all state lies in a folder that goes with the testbed, however it ends.

mod database;
mod http;
mod issuer;
mod part;
mod peers;
mod pki;
mod process;
mod registries;
pub mod release;
mod requirements;
mod services;
mod testbed;
mod toolchain;
mod trust;
mod tuf;

pub use part::{Part, UnknownPart};
pub use pki::{Certificate, KeyFiles};
pub use requirements::Missing;
pub use testbed::Testbed;
