//! What an attestation must say: its predicate read into types, the demands on SLSA provenance, and policies.
//!
//! No input or output, no async, no clock and no environment, as in `sealcheck-verify`: whoever calls brings the
//! verdict, the demands and the text of the policies.
//!
//! ```
//! use sealcheck_policy::{Demands, Policy, judge};
//! # fn verdict() -> Option<sealcheck_verify::Verdict> { None }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let demands = Demands {
//!     source: Some("github.com/org/repo@refs/heads/main".parse()?),
//!     policies: vec![Policy::load("release.cel", b"predicate.buildDefinition.buildType != ''")?],
//!     ..Demands::default()
//! };
//! // A verdict of `sealcheck_verify::verify`.
//! # let Some(verdict) = verdict() else { return Ok(()) };
//! let verdict = judge(verdict, &demands);
//! println!("{verdict}");
//! # Ok(())
//! # }
//! ```
//!
//! [`judge()`] can make a verdict graver, never better: only what is `verified` is judged at all.

mod expression;
mod input;
mod json;
mod judge;
pub mod limits;
mod lines;
mod policy;
pub mod predicate;
mod predicate_type;
#[cfg(feature = "rego")]
mod rego;
mod slsa;

pub use judge::{Demands, judge};
pub use lines::lines;
pub use policy::{Language, Policy};
pub use predicate_type::{PredicateKind, PredicateType, UnknownPredicateType};
pub use slsa::{BuilderDemand, SourceDemand};
