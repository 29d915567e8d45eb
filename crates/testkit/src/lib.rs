//! A private Sigstore in process, for tests, examples, fuzz seeds and benchmarks.
//!
//! [`Instance`] is a certificate authority, a certificate transparency log, a Rekor v1 and a Rekor v2
//! log and a timestamp authority, each with fresh keys. It signs, and what it returns can be written
//! in every form Sigstore material takes:
//!
//! ```
//! let sigstore = sealcheck_testkit::Instance::new();
//! let signed = sigstore.sign_blob(b"hello");
//! let bundle = signed.bundle();
//! let trusted_root = sigstore.trusted_root_json();
//! assert_eq!(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
//! assert_eq!(trusted_root["tlogs"].as_array().map(Vec::len), Some(2));
//! ```
//!
//! JSON comes as [`serde_json::Value`], so that a test can tamper with one field. Times are arguments
//! with a fixed default, [`DEFAULT_TIME`]; the wall clock is never read. The kit shares no code with
//! the verifier it tests.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "scaffolding: when the kit cannot do what a test asks, the test must stop"
)]

pub mod asn1;
pub mod authority;
pub mod bundle;
pub mod cosign;
pub mod ct;
pub mod encoding;
pub mod image;
mod instance;
pub mod key;
pub mod mutate;
pub mod rekor;
pub mod shared;
pub mod sign;
pub mod trusted_root;
pub mod tsa;

use jiff::Timestamp;

pub use authority::{Leaf, LeafRequest, San, SctMode};
pub use bundle::BundleVersion;
pub use instance::{Instance, InstanceOptions, Plan, Signed, Signer};
pub use key::{Hash, Key, KeyKind, Scheme};
pub use rekor::EntryKind;
pub use sign::{Content, StatementVersion};
pub use trusted_root::TrustedRootOptions;
pub use tsa::{TOKEN_FLAWS, TokenFlaw, TokenOptions};

/// When everything happens unless a test says otherwise: 2026-01-02T03:04:05Z.
pub const DEFAULT_TIME: Timestamp = Timestamp::constant(1_767_323_045, 0);
/// When keys and authorities become valid unless a test says otherwise: 2025-01-01T00:00:00Z.
pub const DEFAULT_START: Timestamp = Timestamp::constant(1_735_689_600, 0);
/// When certificates of authorities expire unless a test says otherwise: 2035-01-01T00:00:00Z.
pub const DEFAULT_END: Timestamp = Timestamp::constant(2_051_222_400, 0);
