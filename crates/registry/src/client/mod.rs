//! The client.

use std::sync::Arc;

use bytes::Bytes;
use sealcheck_net::Client;
use sealcheck_verify::Digest;
use sealcheck_verify::limits::Limit;

use crate::{
    Blob, Descriptor, Keychain, Lookup, Manifest, Reference, Referrers, Registries, RegistryError,
    Repository,
};

/// A read-only client of OCI registries.
///
/// Within one value every object is asked for at most once, however many ask at one time: manifests, small blobs, tags and
/// lists of referrers, found or absent. Errors are not remembered. Clones share all of it.
#[derive(Clone, Debug)]
pub struct Registry {
    #[expect(dead_code, reason = "filled next")]
    shared: Arc<Shared>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "filled next")]
struct Shared {
    http: Client,
    settings: Settings,
}

/// How registries are spoken to.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Mirrors, and what is special about single registries.
    pub registries: Registries,
    /// Where credentials come from.
    pub keychain: Keychain,
    /// Whether a registry that does not speak TLS is spoken to without. Loopback addresses are in any case.
    pub allow_http: bool,
}

/// What a tag leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// The reference with the digest; from now on the tag is only a name.
    pub reference: Reference,
    /// The digest.
    pub digest: Digest,
}

impl Registry {
    /// A client that talks through `http`, which should have been made with [`Registries::network`]'s settings.
    #[must_use]
    pub fn new(http: Client, settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared { http, settings }),
        }
    }

    /// The same client (connections, tokens, credentials) with nothing remembered: what a long-lived process uses for each
    /// of its runs, so that a tag that moves is seen.
    #[must_use]
    pub fn fresh(&self) -> Self {
        self.clone()
    }

    /// The digest that a reference means: its own, or the one that the registry has for its tag. Asks with HEAD, and with
    /// GET only where that gives no digest. A reference with a digest costs no request.
    ///
    /// # Errors
    /// [`RegistryError`]; that there is no such tag is no error.
    pub async fn resolve(&self, reference: &Reference) -> Result<Lookup<Resolved>, RegistryError> {
        Err(not_yet(reference))
    }

    /// The manifest of a reference, by digest if it has one, checked against it.
    ///
    /// # Errors
    /// [`RegistryError`]; that there is none is no error.
    pub async fn manifest(
        &self,
        reference: &Reference,
    ) -> Result<Lookup<Arc<Manifest>>, RegistryError> {
        Err(not_yet(reference))
    }

    /// The content of a descriptor, in memory, checked against its size and digest. `limit` is what the caller is ready to
    /// hold.
    ///
    /// # Errors
    /// [`RegistryError`], `limit-exceeded` without a request when the descriptor is over `limit`; that there is no such
    /// blob is no error.
    pub async fn blob(
        &self,
        repository: &Repository,
        _descriptor: &Descriptor,
        _limit: Limit,
    ) -> Result<Lookup<Bytes>, RegistryError> {
        Err(not_yet(repository))
    }

    /// The content of a descriptor, piece by piece. It is not remembered.
    ///
    /// # Errors
    /// As [`Registry::blob`], for the beginning of the answer.
    pub async fn open_blob(
        &self,
        repository: &Repository,
        _descriptor: &Descriptor,
    ) -> Result<Lookup<Blob>, RegistryError> {
        Err(not_yet(repository))
    }

    /// What the referrers API lists for a digest, of every type or of `artifact_type` alone (whether or not the registry
    /// applies the filter itself). Absent means that the registry does not have the API: then only the tags count.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn referrers(
        &self,
        repository: &Repository,
        _digest: &Digest,
        _artifact_type: Option<&str>,
    ) -> Result<Lookup<Arc<Referrers>>, RegistryError> {
        Err(not_yet(repository))
    }

    /// What the index under the referrers tag lists for a digest (distribution-spec 1.1, "Referrers Tag Schema").
    ///
    /// # Errors
    /// [`RegistryError`]; that there is no such tag is no error.
    pub async fn referrers_by_tag(
        &self,
        repository: &Repository,
        _digest: &Digest,
    ) -> Result<Lookup<Arc<Referrers>>, RegistryError> {
        Err(not_yet(repository))
    }
}

fn not_yet(what: impl std::fmt::Display) -> RegistryError {
    RegistryError::Server {
        url: what.to_string(),
        status: 501,
        detail: "not built yet".to_owned(),
    }
}
