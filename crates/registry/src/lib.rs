//! A read-only client of OCI registries (distribution-spec 1.1), made for verification.
//!
//! What a registry says is never believed, only its content when it has the digest that was asked for. The client makes
//! sure of something else: that *could not ask* is never taken for *there is none*. A question ends in one of three ways:
//!
//! - [`Lookup::Found`], the content checked against its digest;
//! - [`Lookup::Absent`], where every place that was asked said so as registries do. A 404 alone is not enough: proxies and
//!   login pages give them too;
//! - [`RegistryError`], with a [`Reason`](sealcheck_verify::Reason): 401, 403, 429, 5xx, a timeout, a cut or wrong answer.
//!
//! ```no_run
//! use sealcheck_registry::{Attached, Keychain, Lookup, Reference, Registries, Registry, Settings};
//!
//! # async fn look() -> Result<(), Box<dyn std::error::Error>> {
//! let registries = Registries::default();
//! let http = sealcheck_net::Client::new(registries.network(sealcheck_net::Config::default()))?;
//! let keychain = Keychain::from_environment();
//! let registry = Registry::new(http, Settings { registries, keychain, allow_http: false });
//!
//! let image = Reference::parse("registry.k8s.io/pause:3.10")?;
//! if let Lookup::Found(resolved) = registry.resolve(&image).await? {
//!     // Every further question speaks of this digest.
//!     let repository = image.repository();
//!     let _listed = registry.referrers(repository, &resolved.digest, None).await?;
//!     let _by_tag = registry.referrers_by_tag(repository, &resolved.digest).await?;
//!     if let Some(signature) = repository.attached(&resolved.digest, Attached::Signature) {
//!         let _manifest = registry.manifest(&signature).await?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Names are canonical everywhere ([`Reference`], [`Repository`]): where a mirror or a rewrite is configured, it changes who
//! is asked and nothing else. Questions that do not depend on each other can be asked at one time; the client sees to it
//! that each object is fetched once.

#[cfg(any(feature = "acr", feature = "ecr", feature = "gcr", feature = "ghcr"))]
mod ambient;
mod auth;
mod client;
mod configuration;
mod credentials;
mod descriptor;
mod error;
mod exact;
mod flight;
pub mod layout;
pub mod limits;
mod lookup;
mod manifest;
mod reference;

#[cfg(feature = "double")]
pub mod double;

pub use client::{Blob, Referrers, Registry, Resolved, Settings};
pub use configuration::Registries;
pub use credentials::{Credential, Keychain, end_helpers};
pub use descriptor::{Descriptor, Platform};
pub use error::RegistryError;
pub use lookup::{Absence, Lookup};
pub use manifest::{
    Content, DOCKER_LIST, DOCKER_MANIFEST, Image, Index, Manifest, OCI_INDEX, OCI_MANIFEST,
};
pub use reference::{Attached, InvalidReference, Reference, Repository};
