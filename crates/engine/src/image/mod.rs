//! Container images: what is attached to them, whether it proves them, and taking it along.
//!
//! One walk serves all commands: the reference is resolved once, everything further is asked about its digest; every
//! place where proofs lie is looked at, whatever the others answer; each object is fetched once.
//!
//! | place | what lies there |
//! | --- | --- |
//! | referrers API, and the tag `sha256-HEX` where a registry has no API | Sigstore bundles, cosign's OCI 1.1 manifests, titled files |
//! | tag `sha256-HEX.sig` | simple-signing payloads, one a layer |
//! | tag `sha256-HEX.att` | DSSE envelopes, one a layer |
//!
//! [`Engine::verify_image`](crate::Engine::verify_image) judges, [`Engine::inventory`](crate::Engine::inventory) lists
//! (with the raw bytes), [`Engine::copy_image`](crate::Engine::copy_image) writes an image layout with all of it.

mod budget;
mod composition;
mod copy;
mod discover;
mod facts;
mod inventory;
mod judge;
mod layers;
mod log;
mod request;
mod run;
mod select;
mod shelf;
mod signers;
mod together;
mod verdict;
mod verify;

pub use composition::{Composed, ComposedLayer, Composition};
pub use copy::{Copied, CopyRequest};
pub use inventory::{Attachment, AttachmentKind, Inventory, Manifested};
pub use request::{Demand, ImageRequest, ImageSource, Platforms};
pub use run::ImageRun;
pub use sealcheck_verify::evidence::ProvedBy;
pub use select::normal_architecture;
pub use verdict::{ImageVerdict, Proof, Target};
