//! What a project such as Kubernetes publishes for a version, and how it is proved.
//!
//! What a release is and says is pure: [`catalogue`], [`profile`], [`spdx`]. [`prove`] has the engine verify it, and
//! [`unpack()`] writes a folder.

pub mod catalogue;
mod channel;
pub mod limits;
mod nearest;
pub mod profile;
pub mod prove;
pub mod spdx;
pub mod unpack;
mod version;

pub use catalogue::{Artifact, Catalogue, Platform, ReleasePath};
pub use channel::{Channel, ChannelKind, InvalidAnswer, InvalidWanted, Wanted};
pub use profile::{Profile, ProfileError, Purpose, Signer};
pub use prove::{Demands, Local, Origin, ProvedSbom, Release, ReleaseFile};
pub use unpack::{UnpackError, UnpackLimits, unpack};
pub use version::{InvalidVersion, Stage, Version};
