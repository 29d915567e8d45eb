//! Sigstore verification: bytes in, verdict and evidence out.
//!
//! No input or output, no async, no clock and no environment: whoever calls says what is trusted, what is required and
//! what time it is.
//!
//! ```
//! use sealcheck_verify::{Artifact, Identities, Identity, Material, Outcome, Pattern, Requirements, TrustedRoot};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # std::env::set_current_dir("../../examples")?;
//! let root = TrustedRoot::from_json(&std::fs::read("trusted_root.json")?)?;
//! let material = Material::from_bundle(&std::fs::read("hello.txt.sigstore.json")?)?;
//! let signer = Identity::new(
//!     Pattern::exact("signer@example.com")?,
//!     Pattern::exact("https://accounts.example.com")?,
//! );
//! let requirements = Requirements::identity(Identities::one(signer));
//! let file = std::fs::File::open("hello.txt")?;
//! let artifact = Artifact::from_reader(file, &material.needs(&requirements))?;
//! let now = std::time::SystemTime::now().into();
//! let verdict = sealcheck_verify::verify(&material, &artifact, &root, &requirements, now);
//! assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
//! # Ok(())
//! # }
//! ```
//!
//! The steps of [`verify()`] are numbered the same in the documentation, in the code and in the [`Evidence`]:
//! 1 material, 2 key, 3 log, 4 time, 5 certificate, 6 signature, 7 subject, 8 identity.

mod artifact;
mod asn1;
mod bundle;
mod certificate;
mod chain;
mod cosign;
mod digest;
mod dsse;
mod ed25519ph;
pub mod evidence;
mod failure;
mod identity;
pub mod inspect;
mod json;
mod key;
pub mod limits;
mod log;
mod material;
mod outcome;
mod pem;
mod reason;
mod requirements;
mod sct;
mod statement;
mod stranger;
mod subject;
mod time;
mod timestamp;
mod trusted_root;
mod verdict;
mod verify;

pub use artifact::{Artifact, ArtifactHasher, Needs};
pub use certificate::{
    Claim, ClaimValues, Claims, ExtensionId, SubjectAlternativeName, UnknownClaim,
};
pub use cosign::SignatureAnnotations;
pub use digest::{Digest, DigestAlgorithm, InvalidDigest};
pub use evidence::Evidence;
pub use failure::{Failure, Result, is_unprintable, printable};
pub use identity::{Identities, Identity, Pattern};
pub use key::{KeyKind, PublicKey, SignatureScheme};
pub use material::{Format, Material};
pub use outcome::Outcome;
pub use reason::{Reason, UnknownReason};
pub use requirements::{Content, Requirements, Threshold};
pub use sct::SctFacts;
pub use statement::{Statement, Subject};
pub use subject::COSIGN_SIGNATURE;
pub use time::{InvalidTime, Time, Window};
pub use timestamp::TimestampFacts;
pub use trusted_root::TrustedRoot;
pub use verdict::Verdict;
pub use verify::verify;
