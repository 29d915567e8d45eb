//! What a project such as Kubernetes publishes for a version, and how it is proved.
//!
//! Pure, except that [`Profile::read`] reads a file and [`unpack()`] writes a folder.

pub mod catalogue;
mod channel;
pub mod limits;
mod nearest;
pub mod profile;
pub mod spdx;
pub mod unpack;
mod version;

pub use catalogue::{Artifact, Catalogue, Platform, ReleasePath};
pub use channel::{Channel, ChannelKind, InvalidAnswer, InvalidWanted, Wanted};
pub use profile::{Profile, ProfileError, Purpose, Signer};
pub use unpack::{UnpackError, UnpackLimits, unpack};
pub use version::{InvalidVersion, Stage, Version};
