//! The client.

mod answer;
mod ask;
mod blob;
mod host;
mod manifest;
mod memory;
mod referrers;

use std::sync::Arc;

use bytes::Bytes;
use sealcheck_net::{Client, Url};
use sealcheck_verify::Digest;
use sealcheck_verify::limits::Limit;

use crate::auth::Authority;
use crate::configuration::Endpoint;
use crate::flight::Flights;
use crate::{
    Absence, Descriptor, Keychain, Lookup, Manifest, Reference, Registries, RegistryError,
    Repository,
};

pub use blob::Blob;
use memory::Memory;
pub use referrers::Referrers;

/// A read-only client of OCI registries.
///
/// Within one value every object is asked for at most once, however many ask at one time: manifests, small blobs, tags and
/// lists of referrers, found or absent. Errors are not remembered. Clones share all of it.
#[derive(Clone, Debug)]
pub struct Registry {
    shared: Arc<Shared>,
    memory: Arc<Memory>,
}

#[derive(Debug)]
struct Shared {
    http: Client,
    settings: Settings,
    authority: Authority,
    /// The beginning of a host's URLs, where it had to be found out.
    bases: Flights<String, Result<Url, RegistryError>>,
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

/// What a reference leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// The reference with the digest; from now on a tag is only a name.
    pub reference: Reference,
    /// The digest.
    pub digest: Digest,
}

impl Registry {
    /// A client that talks through `http`, which should have been made with what [`Registries::network`] gives.
    #[must_use]
    pub fn new(http: Client, settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared {
                http,
                settings,
                authority: Authority::default(),
                bases: Flights::default(),
            }),
            memory: Arc::default(),
        }
    }

    /// The same client (connections, tokens, credentials) with nothing remembered: what a long-lived process uses for each
    /// of its runs, so that a tag that moves is seen.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            memory: Arc::default(),
        }
    }

    /// The digest that a reference means: its own, or the one that the registry has for its tag. Asks with HEAD, and with
    /// GET only where that gives no digest. A reference with a digest costs no request, so that `Found` does not say that
    /// there is such an image.
    ///
    /// # Errors
    /// [`RegistryError`]; that there is no such tag is no error.
    pub async fn resolve(&self, reference: &Reference) -> Result<Lookup<Resolved>, RegistryError> {
        let digest = match reference.digest() {
            Some(digest) => Lookup::Found(*digest),
            None => self.digest_of_tag(reference).await?,
        };
        Ok(digest.map(|digest| Resolved {
            reference: reference.with_digest(digest),
            digest,
        }))
    }

    /// The manifest of a reference, checked against its digest if it has one. A tag that was resolved before means what it
    /// meant then.
    ///
    /// # Errors
    /// [`RegistryError`]; that there is none is no error.
    pub async fn manifest(
        &self,
        reference: &Reference,
    ) -> Result<Lookup<Arc<Manifest>>, RegistryError> {
        match reference.digest() {
            Some(digest) => {
                self.manifest_by_digest(reference.repository(), digest)
                    .await
            }
            None => self.manifest_by_tag(reference).await,
        }
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
        descriptor: &Descriptor,
        limit: Limit,
    ) -> Result<Lookup<Bytes>, RegistryError> {
        blob::check_size(descriptor, limit)?;
        // Who expects another size expects other content.
        let key = (repository.clone(), descriptor.digest, descriptor.size);
        let answer = self.memory.blobs.join(
            key,
            |answer| self.memory.keeps_blob(answer),
            || self.shared.fetch_blob(repository, descriptor),
        );
        answer.await
    }

    /// The content of a descriptor, piece by piece. It is not remembered.
    ///
    /// # Errors
    /// As [`Registry::blob`], for the beginning of the answer.
    pub async fn open_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Lookup<Blob>, RegistryError> {
        self.shared.open_blob(repository, descriptor).await
    }

    /// What the referrers API lists for a digest, of every type or of `artifact_type` alone (whether or not the registry
    /// What the referrers API lists for a digest, of every type or of `artifact_type` alone (whether or not the registry
    /// applies the filter itself), at the mirrors and at the registry itself. Absent means that the registry does not have the API: then only the tags count.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Lookup<Arc<Referrers>>, RegistryError> {
        let key = (
            repository.clone(),
            *digest,
            artifact_type.map(str::to_owned),
        );
        let answer = self.memory.referrers.join(key, Result::is_ok, || {
            self.shared
                .fetch_referrers(repository, digest, artifact_type)
        });
        answer.await
    }

    /// What the index under the referrers tag lists for a digest (distribution-spec 1.1, "Referrers Tag Schema"), at the
    /// mirrors and at the registry itself.
    ///
    /// # Errors
    /// [`RegistryError`]; that there is no such tag is no error.
    pub async fn referrers_by_tag(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Lookup<Arc<Referrers>>, RegistryError> {
        self.referrers_under_tag(repository, digest).await
    }
}

/// Asks the endpoints of a repository one after the other until one has it. Absent is only what all of them say; when one
/// could not be asked and none has it, that is the answer.
macro_rules! first_found {
    ($shared:expr, $repository:expr, |$endpoint:ident| $ask:expr) => {{
        let mut nowhere = crate::client::Nowhere::default();
        let mut found = None;
        for endpoint in &$shared.settings.registries.endpoints($repository) {
            let $endpoint = endpoint;
            match $ask.await {
                Ok(crate::Lookup::Found(value)) => {
                    found = Some(value);
                    break;
                }
                Ok(crate::Lookup::Absent(absence)) => nowhere.absent(absence),
                Err(error) => nowhere.failed(error),
            }
        }
        match found {
            Some(value) => Ok(crate::Lookup::Found(value)),
            None => nowhere.answer().map(crate::Lookup::Absent),
        }
    }};
}
use first_found;

/// What was said by places that do not have it.
#[derive(Debug, Default)]
struct Nowhere {
    absence: Option<Absence>,
    error: Option<RegistryError>,
}

impl Nowhere {
    fn absent(&mut self, mut absence: Absence) {
        if let Some(before) = self.absence.take() {
            absence.asked = [before.asked, absence.asked].concat();
        }
        self.absence = Some(absence);
    }

    /// The last failure counts: it is that of the registry itself, and mirrors come before.
    fn failed(&mut self, error: RegistryError) {
        self.error = Some(error);
    }

    fn answer(self) -> Result<Absence, RegistryError> {
        match (self.error, self.absence) {
            (Some(error), _) => Err(error),
            (None, Some(absence)) => Ok(absence),
            (None, None) => Ok(Absence {
                asked: Vec::new(),
                code: String::new(),
            }),
        }
    }
}

/// The URL of something in a repository.
fn url(base: &Url, endpoint: &Endpoint, rest: &str) -> Url {
    let mut url = base.clone();
    // Paths, tags and digests are made of characters that need no encoding.
    url.set_path(&format!("/v2/{}/{rest}", endpoint.path));
    url
}
