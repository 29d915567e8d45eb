//! A scripted registry on loopback, for tests.
//!
//! It is filled with images, blobs and what is attached to them, counts what it is asked, and can be told to fail in one
//! place. A request to a repository that it was not told of, or of a kind that no read-only client makes, fails the test.
//!
//! ```
//! use sealcheck_registry::double::{At, Fault, RegistryDouble};
//!
//! let registry = RegistryDouble::start();
//! let image = registry.image("app", "v1");
//! registry.attach("app", &image, "application/vnd.example", &[("application/json", b"{}", &[])]);
//! registry.fault(At::Referrers, Fault::Forbidden);
//! ```
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "test support: a broken script must end the test at once"
)]

mod access;
mod fault;
mod state;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sealcheck_net::double::{Asked, Double};
use sealcheck_testkit::image::Repository;
use sealcheck_verify::Digest;
use serde_json::{Value, json};

use crate::{Attached, Descriptor, OCI_INDEX, OCI_MANIFEST, Reference};

pub use access::Access;
pub use fault::{At, Fault};
use state::{State, Stored};

/// The registry. See the [module documentation](self).
#[derive(Debug)]
pub struct RegistryDouble {
    http: Double,
    state: Arc<Mutex<State>>,
}

/// A layer: media type, content, annotations.
pub type Layer<'a> = (&'a str, &'a [u8], &'a [(&'a str, &'a str)]);

impl RegistryDouble {
    /// An empty registry without TLS, open to everyone, with the referrers API.
    #[must_use]
    pub fn start() -> Self {
        Self::serve(Double::start())
    }

    /// The same with TLS, and a certificate for `name` and 127.0.0.1 ([`Double::ca_pem`]).
    #[must_use]
    pub fn start_tls(name: &str) -> Self {
        Self::serve(Double::start_tls(name))
    }

    fn serve(http: Double) -> Self {
        let state = Arc::new(Mutex::new(State::new(http.url(""))));
        let answering = Arc::clone(&state);
        http.respond(move |asked| lock(&answering).respond(asked));
        Self { http, state }
    }

    /// The HTTP server below, for what only it knows (connections, requests in flight), and for scripting what a registry
    /// does not do.
    #[must_use]
    pub fn http(&self) -> &Double {
        &self.http
    }

    /// Host and port, as they stand in references.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.http.port())
    }

    /// A reference to something in this registry, for example `app:v1`.
    #[must_use]
    pub fn reference(&self, name: &str) -> Reference {
        Reference::parse(&format!("{}/{name}", self.host())).expect("a reference")
    }

    /// Everything that a repository of the testkit holds, under this name.
    pub fn hold(&self, name: &str, repository: &Repository) {
        self.repository(name);
        for (digest, object) in &repository.objects {
            match object.is_manifest {
                true => self.manifest(name, &object.media_type, &object.bytes),
                false => self.blob(name, &object.media_type, &object.bytes),
            };
            // Nothing refers to a blob.
            if !object.is_manifest {
                continue;
            }
            let subject = Descriptor::new("", digest.parse().expect("a digest"), 0);
            for referrer in repository.referrers(digest) {
                let listed = serde_json::from_value(referrer).expect("a descriptor");
                self.list(name, &subject, &listed);
            }
        }
        for (tag, digest) in &repository.tags {
            self.tag(name, tag, &digest.parse().expect("a digest"));
        }
    }

    /// An empty repository: it answers that it has nothing.
    pub fn repository(&self, repository: &str) {
        self.lock().repository(repository);
    }

    /// Adds a manifest of any kind, as it is.
    pub fn manifest(&self, repository: &str, media_type: &str, bytes: &[u8]) -> Descriptor {
        let digest = Digest::sha256(bytes);
        let stored = Stored {
            media_type: media_type.to_owned(),
            bytes: bytes.to_vec(),
        };
        let mut state = self.lock();
        state
            .repository(repository)
            .manifests
            .insert(digest, stored);
        Descriptor::new(media_type, digest, size(bytes))
    }

    /// Adds a blob.
    pub fn blob(&self, repository: &str, media_type: &str, bytes: &[u8]) -> Descriptor {
        let digest = Digest::sha256(bytes);
        self.lock()
            .repository(repository)
            .blobs
            .insert(digest, bytes.to_vec());
        Descriptor::new(media_type, digest, size(bytes))
    }

    /// Lets a tag mean this digest.
    pub fn tag(&self, repository: &str, tag: &str, digest: &Digest) {
        self.tag_moves(repository, tag, &[*digest]);
    }

    /// Lets a tag mean the first of these digests in the first request for it, the second in the next, and so on; the last
    /// stays.
    pub fn tag_moves(&self, repository: &str, tag: &str, digests: &[Digest]) {
        let digests: VecDeque<Digest> = digests.iter().copied().collect();
        self.lock()
            .repository(repository)
            .tags
            .insert(tag.to_owned(), digests);
    }

    /// Takes a tag away.
    pub fn untag(&self, repository: &str, tag: &str) {
        self.lock().repository(repository).tags.remove(tag);
    }

    /// Takes a manifest away; tags that mean it, and lists that have it, stay.
    pub fn delete(&self, repository: &str, digest: &Digest) {
        let mut state = self.lock();
        state.repository(repository).manifests.remove(digest);
    }

    /// Adds an image with one layer, both of them made from the names, under a tag.
    pub fn image(&self, repository: &str, tag: &str) -> Descriptor {
        let layer = format!("layer of {repository}:{tag}");
        let image = self.artifact(
            repository,
            None,
            "",
            &[(
                "application/vnd.oci.image.layer.v1.tar+gzip",
                layer.as_bytes(),
                &[],
            )],
        );
        self.tag(repository, tag, &image.digest);
        image
    }

    /// Adds an index of these manifests, each with a platform (`os/architecture`), under a tag.
    pub fn index(
        &self,
        repository: &str,
        tag: &str,
        children: &[(&Descriptor, &str)],
    ) -> Descriptor {
        let manifests: Vec<Value> = children
            .iter()
            .map(|(child, platform)| {
                let (os, architecture) = platform.split_once('/').unwrap_or((platform, ""));
                let mut entry = wire(child);
                entry["platform"] = json!({"os": os, "architecture": architecture});
                entry
            })
            .collect();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": manifests,
        });
        let added = self.manifest(repository, OCI_INDEX, index.to_string().as_bytes());
        self.tag(repository, tag, &added.digest);
        added
    }

    /// Adds an artifact that names a subject, so that the referrers API lists it.
    pub fn attach(
        &self,
        repository: &str,
        subject: &Descriptor,
        artifact_type: &str,
        layers: &[Layer<'_>],
    ) -> Descriptor {
        let mut attached = self.artifact(repository, Some(subject), artifact_type, layers);
        attached.artifact_type = artifact_type.to_owned();
        self.list(repository, subject, &attached);
        attached
    }

    /// Lets the referrers API list a descriptor for a subject, whatever is behind it.
    pub fn list(&self, repository: &str, subject: &Descriptor, listed: &Descriptor) {
        self.lock()
            .repository(repository)
            .referrers
            .entry(subject.digest)
            .or_default()
            .push(wire(listed));
    }

    /// Adds an artifact under one of the tags that are made from the subject's digest, as cosign does.
    pub fn attach_by_tag(
        &self,
        repository: &str,
        subject: &Descriptor,
        what: Attached,
        layers: &[Layer<'_>],
    ) -> Descriptor {
        let attached = self.artifact(repository, None, "", layers);
        self.tag(repository, &what.tag(&subject.digest), &attached.digest);
        attached
    }

    /// Writes the index under the referrers tag of a subject, listing these descriptors.
    pub fn list_by_tag(
        &self,
        repository: &str,
        subject: &Descriptor,
        listed: &[&Descriptor],
    ) -> Descriptor {
        let manifests: Vec<Value> = listed.iter().map(|listed| wire(listed)).collect();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": manifests,
        });
        let added = self.manifest(repository, OCI_INDEX, index.to_string().as_bytes());
        let tag = Attached::Referrers.tag(&subject.digest);
        self.tag(repository, &tag, &added.digest);
        added
    }

    /// Lets the referrers API answer at most this many descriptors a page.
    pub fn page_size(&self, descriptors: usize) {
        self.lock().page_size = Some(descriptors);
    }

    /// Whether the referrers API applies the filter itself, and says so; by default it does.
    pub fn filters(&self, applies: bool) {
        self.lock().ignores_filters = !applies;
    }

    /// Whom it lets in.
    pub fn access(&self, access: Access) {
        self.lock().gate.set(access);
    }

    /// Lets no token that was given so far be good any more.
    pub fn expire_tokens(&self) {
        self.lock().gate.expire();
    }

    /// Fails in this way at this place, from now on.
    pub fn fault(&self, at: At, fault: Fault) {
        self.lock().faults.push((at, fault, None));
    }

    /// Fails in this way at this place in the next request, and then no more.
    pub fn fault_once(&self, at: At, fault: Fault) {
        self.lock().faults.push((at, fault, Some(1)));
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.lock().faults.clear();
    }

    /// The requests that came, in order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Asked> {
        self.http.requests()
    }

    /// The requests that came, as `METHOD TARGET`, sorted.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .requests()
            .iter()
            .map(|asked| format!("{} {}", asked.method, asked.target))
            .collect();
        lines.sort();
        lines
    }

    fn artifact(
        &self,
        repository: &str,
        subject: Option<&Descriptor>,
        artifact_type: &str,
        layers: &[Layer<'_>],
    ) -> Descriptor {
        let config = self.blob(repository, "application/vnd.oci.empty.v1+json", b"{}");
        let layers: Vec<Value> = layers
            .iter()
            .map(|(media_type, content, annotations)| {
                let mut layer = self.blob(repository, media_type, content);
                layer.annotations = annotations
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect();
                wire(&layer)
            })
            .collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": wire(&config),
            "layers": layers,
        });
        if let Some(subject) = subject {
            manifest["subject"] = wire(subject);
        }
        if !artifact_type.is_empty() {
            manifest["artifactType"] = json!(artifact_type);
        }
        self.manifest(repository, OCI_MANIFEST, manifest.to_string().as_bytes())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A descriptor in JSON.
fn wire(descriptor: &Descriptor) -> Value {
    let mut value = json!({
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest.to_string(),
        "size": descriptor.size,
    });
    if !descriptor.artifact_type.is_empty() {
        value["artifactType"] = json!(descriptor.artifact_type);
    }
    if !descriptor.annotations.is_empty() {
        value["annotations"] = json!(descriptor.annotations);
    }
    value
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
