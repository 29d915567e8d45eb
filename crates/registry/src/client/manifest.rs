//! Manifests and tags.

use std::sync::Arc;

use bytes::Bytes;
use sealcheck_net::Response;
use sealcheck_verify::{Digest, Reason, printable};

use super::answer::{is_page, page};
use super::ask::{Answer, Ask, Method, Reply};
use super::{Registry, Shared, first_found, url};
use crate::configuration::Endpoint;
use crate::limits::INDEX_BYTES;
use crate::reference::Target;
use crate::{Lookup, Manifest, Reference, RegistryError, Repository};

impl Registry {
    /// The digest that the registry has for the tag; asked once.
    pub(super) async fn digest_of_tag(
        &self,
        reference: &Reference,
    ) -> Result<Lookup<Digest>, RegistryError> {
        let key = key(reference);
        let digest = self.memory.tags.join(key, Result::is_ok, || async {
            let head = self.shared.head(reference).await?;
            match head {
                Head::Digest(digest) => Ok(Lookup::Found(digest)),
                Head::Absent(absence) => Ok(Lookup::Absent(absence)),
                Head::GetInstead => {
                    let found = self.fetch_tagged(reference).await?;
                    Ok(found.map(|manifest| *manifest.digest()))
                }
            }
        });
        digest.await
    }

    pub(super) async fn manifest_by_digest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Lookup<Arc<Manifest>>, RegistryError> {
        let answer = self.memory.manifests.join(
            (repository.clone(), *digest),
            |answer| self.memory.keeps_manifest(answer),
            || {
                self.shared
                    .fetch_manifest(repository, Target::Digest(*digest))
            },
        );
        answer.await
    }

    /// The manifest under a tag. The first digest that was seen for a tag is the one that it has in this run.
    pub(super) async fn manifest_by_tag(
        &self,
        reference: &Reference,
    ) -> Result<Lookup<Arc<Manifest>>, RegistryError> {
        let answer = self
            .memory
            .tagged
            .join(key(reference), Result::is_ok, || async {
                let manifest = match self.memory.tags.peek(&key(reference)) {
                    None => self.fetch_tagged(reference).await?,
                    Some(known) => match known? {
                        Lookup::Absent(absence) => return Ok(Lookup::Absent(absence)),
                        Lookup::Found(digest) => {
                            return self
                                .manifest_by_digest(reference.repository(), &digest)
                                .await;
                        }
                    },
                };
                let digest = manifest.clone().map(|manifest| *manifest.digest());
                let settled = self
                    .memory
                    .tags
                    .join(key(reference), Result::is_ok, || async {
                        Ok(digest.clone())
                    });
                let settled = settled.await?;
                match (settled, manifest) {
                    // Somebody resolved the tag in the meantime, and it moved.
                    (Lookup::Found(settled), _) if digest != Lookup::Found(settled) => {
                        self.manifest_by_digest(reference.repository(), &settled)
                            .await
                    }
                    (_, manifest) => Ok(manifest),
                }
            });
        answer.await
    }

    /// Fetches by tag, and remembers by digest.
    async fn fetch_tagged(
        &self,
        reference: &Reference,
    ) -> Result<Lookup<Arc<Manifest>>, RegistryError> {
        let repository = reference.repository();
        let found = self
            .shared
            .fetch_manifest(repository, reference.target())
            .await;
        if let Ok(Lookup::Found(manifest)) = &found
            && self.memory.keeps_manifest(&found)
        {
            let key = (repository.clone(), *manifest.digest());
            let _ = self.memory.manifests.offer(key, found.clone());
        }
        found
    }
}

/// What a HEAD gave.
enum Head {
    Digest(Digest),
    Absent(crate::Absence),
    /// It does not say: the body must.
    GetInstead,
}

impl Shared {
    /// The digest of a tag by HEAD.
    async fn head(&self, reference: &Reference) -> Result<Head, RegistryError> {
        let found: Result<Lookup<Option<Digest>>, RegistryError> =
            first_found!(self, reference.repository(), |endpoint| self
                .head_at(endpoint, reference));
        Ok(match found? {
            Lookup::Found(Some(digest)) => Head::Digest(digest),
            Lookup::Found(None) => Head::GetInstead,
            Lookup::Absent(absence) => Head::Absent(absence),
        })
    }

    async fn head_at(
        &self,
        endpoint: &Endpoint,
        reference: &Reference,
    ) -> Result<Lookup<Option<Digest>>, RegistryError> {
        let mut ask = self
            .manifest_ask(endpoint, reference.target(), Method::Head)
            .await?;
        ask.accepted = NO_HEAD;
        match self.ask(endpoint, &ask).await? {
            Answer::Absent(absence) => Ok(Lookup::Absent(absence)),
            Answer::Unclear => Ok(Lookup::Found(None)),
            Answer::Reply(reply) if NO_HEAD.contains(&reply.status()) => Ok(Lookup::Found(None)),
            Answer::Reply(reply) => Ok(Lookup::Found(
                reply
                    .header(CONTENT_DIGEST)
                    .and_then(|text| text.parse().ok())
                    .filter(|digest: &Digest| digest.algorithm().signs()),
            )),
        }
    }

    /// The manifest, from the first endpoint that has it.
    async fn fetch_manifest(
        &self,
        repository: &Repository,
        target: Target<'_>,
    ) -> Result<Lookup<Arc<Manifest>>, RegistryError> {
        first_found!(self, repository, |endpoint| self
            .manifest_at(endpoint, target))
    }

    pub(super) async fn manifest_at(
        &self,
        endpoint: &Endpoint,
        target: Target<'_>,
    ) -> Result<Lookup<Arc<Manifest>>, RegistryError> {
        let ask = self.manifest_ask(endpoint, target, Method::Get).await?;
        match self.ask(endpoint, &ask).await? {
            Answer::Absent(absence) => Ok(Lookup::Absent(absence)),
            Answer::Reply(Reply::Whole(response)) => {
                let manifest = read(&ask.shown(), response, target)?;
                Ok(Lookup::Found(Arc::new(manifest)))
            }
            Answer::Reply(Reply::Streamed(_)) | Answer::Unclear => Err(ask.unexpected()),
        }
    }

    async fn manifest_ask(
        &self,
        endpoint: &Endpoint,
        target: Target<'_>,
        method: Method,
    ) -> Result<Ask, RegistryError> {
        let base = self.base(endpoint).await?;
        let url = url(&base, endpoint, &format!("manifests/{target}"));
        Ok(Ask::new(method, url, ACCEPT, INDEX_BYTES))
    }
}

/// The manifest in a response: the bytes have the digest that was asked for, and the one that the registry names.
fn read(url: &str, response: Response, target: Target<'_>) -> Result<Manifest, RegistryError> {
    let named = response.header(CONTENT_DIGEST).map(str::to_owned);
    let content_type = response.header("content-type").map(str::to_owned);
    let bytes = Bytes::from(response.into_body());
    let asked = match target {
        Target::Digest(digest) => Some(digest),
        Target::Tag(_) => None,
    };
    let named = named
        .map(|text| {
            text.parse::<Digest>()
                .map_err(|_| RegistryError::Malformed {
                    url: url.to_owned(),
                    field: CONTENT_DIGEST.to_owned(),
                    expected: "a digest".to_owned(),
                    found: printable(&text),
                })
        })
        .transpose()?;
    for expected in asked.iter().chain(&named) {
        let found = Digest::of(expected.algorithm(), &bytes);
        if found != Some(*expected) {
            return Err(RegistryError::DigestMismatch {
                url: url.to_owned(),
                expected: expected.to_string(),
                found: found.map_or_else(String::new, |digest| digest.to_string()),
            });
        }
    }
    // A login page or the like.
    if is_page(content_type.as_deref(), &bytes) {
        return Err(page(url, 200));
    }
    let expected = asked.or(named);
    Manifest::read(bytes, content_type.as_deref(), expected.as_ref()).map_err(|mut failure| {
        if failure.detail.is_none() {
            failure = failure.detail(url);
        }
        match failure.reason {
            Reason::LimitExceeded => failure.into(),
            _ => RegistryError::Refused(failure),
        }
    })
}

fn key(reference: &Reference) -> (Repository, String) {
    (
        reference.repository().clone(),
        reference.target().to_string(),
    )
}

const CONTENT_DIGEST: &str = "docker-content-digest";

/// What registries without HEAD answer to it.
const NO_HEAD: &[u16] = &[400, 405, 501];

/// All kinds that can be read. Whoever asks for less is given something converted, which nobody signed.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";
