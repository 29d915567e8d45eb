//! Where images and proofs lie: a repository of a registry, or a layout.

use std::sync::Arc;

use bytes::Bytes;
use sealcheck_registry::layout::Layout;
use sealcheck_registry::{
    Absence, Attached, Descriptor, Lookup, Manifest, Referrers, Registry, Repository,
};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, Failure, Reason, Result};

/// A repository or a layout. Clones share connections, answers and files.
#[derive(Clone, Debug)]
pub(crate) enum Shelf {
    Repository(Registry, Repository),
    Layout(Layout),
}

/// What a place answered: what lies there, or the word with which it said that there is nothing.
pub(crate) type Answer<T> = std::result::Result<T, Absence>;

impl Shelf {
    /// Whether asking it needs the network.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Self::Repository(..))
    }

    /// The manifest with this digest.
    pub(crate) async fn manifest(&self, digest: &Digest) -> Result<Answer<Arc<Manifest>>> {
        match self {
            Self::Repository(registry, repository) => registry
                .manifest(&repository.with_digest(*digest))
                .await
                .map(answer)
                .map_err(|error| unanswered(&error)),
            Self::Layout(layout) => layout
                .manifest(digest)
                .map(answer)
                .map_err(|error| unanswered(&error)),
        }
    }

    /// What the referrers API lists, or what a layout has. Absent: the registry has no such API.
    pub(crate) async fn referrers(&self, subject: &Digest) -> Result<Answer<Arc<Referrers>>> {
        match self {
            Self::Repository(registry, repository) => registry
                .referrers(repository, subject, None)
                .await
                .map(answer)
                .map_err(|error| unanswered(&error)),
            Self::Layout(layout) => layout
                .referrers(subject)
                .map(|listed| Ok(Arc::new(listed)))
                .map_err(|error| unanswered(&error)),
        }
    }

    /// What the index under the referrers tag lists. A layout has said so already.
    pub(crate) async fn referrers_by_tag(
        &self,
        subject: &Digest,
    ) -> Option<Result<Answer<Arc<Referrers>>>> {
        match self {
            Self::Repository(registry, repository) => {
                let listed = registry.referrers_by_tag(repository, subject).await;
                Some(listed.map(answer).map_err(|error| unanswered(&error)))
            }
            Self::Layout(_) => None,
        }
    }

    /// The manifests under the tag for something attached. A registry has one; a layout can have several of one name.
    pub(crate) async fn attached(
        &self,
        subject: &Digest,
        what: Attached,
    ) -> Vec<Result<Answer<Arc<Manifest>>>> {
        match self {
            Self::Repository(registry, repository) => {
                // Read by its tag, not by the digest that the tag has: some registries keep signatures in one region
                // only, and lead there by tag.
                let Some(reference) = repository.attached(subject, what) else {
                    return vec![Ok(Err(Absence::default()))];
                };
                let manifest = registry.manifest(&reference).await;
                vec![manifest.map(answer).map_err(|error| unanswered(&error))]
            }
            Self::Layout(layout) => {
                let entries = layout.attached(subject, what);
                if entries.is_empty() {
                    return vec![Ok(Err(Absence::default()))];
                }
                let mut manifests = Vec::with_capacity(entries.len());
                for entry in entries {
                    manifests.push(match self.manifest(&entry.digest).await {
                        // Its index lists it: that it is not there is no answer.
                        Ok(Err(_)) => Err(gone(&self.digest_place(&entry.digest))),
                        answer => answer,
                    });
                }
                manifests
            }
        }
    }

    /// The content of a layer. That there is none is a failure, because a manifest lists it.
    pub(crate) async fn blob(&self, descriptor: &Descriptor, limit: Limit) -> Result<Bytes> {
        let blob = match self {
            Self::Repository(registry, repository) => registry
                .blob(repository, descriptor, limit)
                .await
                .map_err(|error| Failure::from(&error))?,
            Self::Layout(layout) => layout
                .blob(descriptor, limit)
                .map_err(|error| Failure::from(&error))?,
        };
        match blob {
            Lookup::Found(bytes) => Ok(bytes),
            Lookup::Absent(_) => Err(gone(&self.digest_place(&descriptor.digest))),
        }
    }

    /// What evidence calls the list of referrers.
    pub(crate) fn referrers_place(&self, subject: &Digest) -> String {
        match self {
            Self::Repository(_, repository) => format!("{repository}/referrers/{subject}"),
            Self::Layout(layout) => format!("{}: referrers of {subject}", layout.place()),
        }
    }

    /// What evidence calls something attached by a tag.
    pub(crate) fn tag_place(&self, subject: &Digest, what: Attached) -> String {
        let tag = what.tag(subject);
        match self {
            Self::Repository(_, repository) => format!("{repository}:{tag}"),
            Self::Layout(layout) => format!("{}: {tag}", layout.place()),
        }
    }

    /// What evidence calls something by digest.
    pub(crate) fn digest_place(&self, digest: &Digest) -> String {
        match self {
            Self::Repository(_, repository) => format!("{repository}@{digest}"),
            Self::Layout(layout) => format!("{}: {digest}", layout.place()),
        }
    }
}

fn answer<T>(lookup: Lookup<T>) -> Answer<T> {
    match lookup {
        Lookup::Found(found) => Ok(found),
        Lookup::Absent(absence) => Err(absence),
    }
}

/// Why a list or a manifest could not be had. One that is over a limit was not read, and so leaves the question open; of a
/// proof itself the same means that it is none.
pub(crate) fn unanswered<'e, E>(error: &'e E) -> Failure
where
    Failure: From<&'e E>,
{
    let failure = Failure::from(error);
    match failure.reason {
        Reason::LimitExceeded => Failure {
            reason: Reason::AnswerTooLarge,
            ..failure
        },
        _ => failure,
    }
}

/// Something that is listed and is not there. Registries that serve several regions, and collect garbage, do that.
pub(crate) fn gone(place: &str) -> Failure {
    Failure::new(Reason::ProofUnreadable)
        .at(place)
        .detail("it is listed, and then there is no such content")
}
