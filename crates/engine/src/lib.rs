//! Discovery, trust and verification for one artifact or many.
//!
//! ```no_run
//! use sealcheck_engine::{ArtifactSource, BlobRequest, Config, Engine, Silent};
//! use sealcheck_verify::{Identities, Identity, Pattern, Requirements};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(Config::offline())?;
//! let signer = Identity::new(
//!     Pattern::exact("krel-staging@k8s-releng-prod.iam.gserviceaccount.com")?,
//!     Pattern::exact("https://accounts.google.com")?,
//! );
//! let requirements = Requirements::identity(Identities::one(signer));
//! // The proof is looked for beside the file.
//! let request = BlobRequest::new(ArtifactSource::File("kubectl".into()), requirements);
//! let verdict = engine.verify_blob(&request, &Silent);
//! println!("{verdict}");
//! # Ok(())
//! # }
//! ```
//!
//! An image is verified in the same way:
//!
//! ```no_run
//! use sealcheck_engine::{Config, Engine, ImageRequest, ImageSource};
//! use sealcheck_registry::Reference;
//! use sealcheck_verify::{Identities, Identity, Pattern, Requirements};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(Config::online())?;
//! let signer = Identity::new(
//!     Pattern::exact("krel-trust@k8s-releng-prod.iam.gserviceaccount.com")?,
//!     Pattern::exact("https://accounts.google.com")?,
//! );
//! let requirements = Requirements::identity(Identities::one(signer));
//! let image = ImageSource::Registry(Reference::parse("registry.k8s.io/pause:3.10")?);
//! let verdict = engine.verify_image(&ImageRequest::new(image, requirements));
//! println!("{verdict}");
//! // The digest that was proved, whatever the tag means by now.
//! for reference in verdict.pinned() {
//!     println!("{reference}");
//! }
//! for proof in verdict.accepted() {
//!     println!("{:?}", proof.verdict.evidence().signer);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Everything here is synchronous. A runtime and an HTTP client exist only from the moment on when something has to be
//! fetched, and never with [`Network::Offline`].

mod all;
mod artifact;
mod blob;
mod candidate;
mod config;
mod discover;
mod download;
mod engine;
mod expand;
mod image;
mod input;
mod link;
mod lookup;
mod ordered;
mod part;
mod progress;
mod proof_file;
mod save;
mod trust;

pub use artifact::{ArtifactSource, Stream};
pub use blob::BlobRequest;
pub use config::{Clock, Config, DEFAULT_REKOR_URL, Network, TrustSource};
pub use discover::{proof_paths, proof_places, with_suffix};
pub use engine::Engine;
pub use expand::{Expansion, Skipped, expand};
pub use image::{
    Attachment, AttachmentKind, Composed, ComposedLayer, Composition, Copied, CopyRequest, Demand,
    ImageRequest, ImageRun, ImageSource, ImageVerdict, Inventory, Manifested, Platforms, Proof,
    ProvedBy, Target, normal_architecture,
};
pub use input::{Input, MaterialSource, Named, ProofPart, ProofPlace};
pub use ordered::ordered;
pub use part::{Part, create_folders, open_own, set_mode, unwritable};
pub use progress::{Progress, Silent};
pub use proof_file::ProofFile;
pub use trust::Trust;

pub use sealcheck_net::{
    ClientCertificate, Config as NetConfig, HostConfig, Proxies, Redacted, RetryPolicy, Secrets,
};
pub use sealcheck_registry::Settings as RegistrySettings;
