//! How an image of an SBOM is called where it is published.

use sealcheck_registry::{Reference, Repository};
use sealcheck_verify::{Failure, Reason, Result, printable};

use crate::profile::Images;
use crate::spdx::{Certainty, ImageReference};

/// Where an image is, without its tag or digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// The registry, with a path where the profile has one; `None` for Docker's short names.
    registry: Option<String>,
    /// The path in it.
    pub(super) path: String,
}

/// Which image of a repository is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    Tag(String),
    /// In its text, by which images are ordered.
    Digest(String),
}

impl Name {
    /// The name of an image that a document calls `repository`. What stands in the profile's registries is in `registry`, the
    /// one of the version; so is what has no registry, and what is read from an identifier, which often has the one that the
    /// image was built in. Any other registry that the document states is meant.
    pub(super) fn of(
        repository: &str,
        certainty: Certainty,
        images: Option<&Images>,
        registry: Option<&str>,
    ) -> Self {
        let known = images.iter().flat_map(|images| &images.registries);
        let known = known.filter_map(|known| {
            let path = repository.strip_prefix(&*known.registry)?;
            path.strip_prefix('/')
        });
        // Of two that fit the longer one is meant.
        let known = known.min_by_key(|path| path.len());
        let stated = repository
            .split_once('/')
            .filter(|(first, _)| is_host(first));
        let (own, path) = match (known, stated) {
            (Some(path), _) => (None, path),
            (None, Some((host, path))) => (Some(host), path),
            (None, None) => (None, repository),
        };
        let own = own.map(str::to_owned);
        let of_project = registry.map(str::to_owned);
        let registry = match (certainty, known) {
            (Certainty::Exact, None) => own.or(of_project),
            _ => of_project.or(own),
        };
        Self {
            registry,
            path: path.to_owned(),
        }
    }

    /// The whole name: complete where it can be read, and as the document has it where it cannot.
    pub(super) fn with(&self, which: &Which) -> String {
        let text = self.text(self.registry.as_deref(), which);
        match Reference::parse(&text) {
            Ok(reference) => reference.to_string(),
            Err(_) => printable(&text),
        }
    }

    /// The image in `mirror`, under the same path, or where it is published.
    ///
    /// # Errors
    /// `sbom-malformed` when the name is none.
    pub(super) fn reference(&self, which: &Which, mirror: Option<&str>) -> Result<Reference> {
        let mirror = mirror.map(|mirror| mirror.trim_end_matches('/'));
        let text = self.text(mirror.or(self.registry.as_deref()), which);
        Reference::parse(&text).map_err(|error| {
            Failure::new(Reason::SbomMalformed)
                .found(&text)
                .detail(error)
        })
    }

    fn text(&self, registry: Option<&str>, which: &Which) -> String {
        let path = &self.path;
        match registry {
            Some(registry) => format!("{registry}/{path}{}", which.suffix()),
            None => format!("{path}{}", which.suffix()),
        }
    }
}

impl Which {
    /// The tag that the document names, or else the digest. Without either an image is tagged with the version.
    pub(super) fn of(image: &ImageReference, version: &str) -> Self {
        match (&image.tag, image.digest) {
            (None, Some(digest)) => Self::Digest(digest.to_string()),
            (tag, _) => Self::Tag(tag.as_deref().unwrap_or(version).to_owned()),
        }
    }

    pub(super) fn tag(&self) -> Option<&str> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::Digest(_) => None,
        }
    }

    /// How a layout finds it.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Tag(text) | Self::Digest(text) => text,
        }
    }

    fn suffix(&self) -> String {
        match self {
            Self::Tag(tag) => format!(":{tag}"),
            Self::Digest(digest) => format!("@{digest}"),
        }
    }
}

/// That images can be asked for in a registry that a user names.
///
/// # Errors
/// `argument-invalid`.
pub(super) fn require_registry(mirror: &str) -> Result<()> {
    let text = format!("{}/image", mirror.trim_end_matches('/'));
    match Repository::parse(&text) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(Reason::ArgumentInvalid)
            .expected("a registry such as registry.example")
            .found(mirror)
            .detail(error)),
    }
}

/// Whether the first part of a name is a registry, by the rule of image references.
fn is_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

#[cfg(test)]
mod tests {
    use super::{Name, Which, require_registry};
    use crate::Profile;
    use crate::spdx::Certainty::{self, Certain, Exact, Guessed};

    fn name(repository: &str, certainty: Certainty, registry: Option<&str>) -> String {
        let profile = Profile::kubernetes();
        let name = Name::of(repository, certainty, profile.images.as_ref(), registry);
        name.with(&Which::Tag("v1".to_owned()))
    }

    #[test]
    fn a_registry_that_a_document_states_is_kept() {
        let own = Some("registry.k8s.io");
        for (repository, certainty, expected) in [
            // The project's own, whatever it was called when the version was made.
            ("registry.k8s.io/app", Exact, "registry.k8s.io/app:v1"),
            ("k8s.gcr.io/a/app", Exact, "registry.k8s.io/a/app:v1"),
            (
                "k8s.gcr.io/app-arm64",
                Certain,
                "registry.k8s.io/app-arm64:v1",
            ),
            (
                "gcr.io/k8s-staging/app",
                Guessed,
                "registry.k8s.io/k8s-staging/app:v1",
            ),
            // Somebody else's.
            ("docker.io/library/app", Exact, "docker.io/library/app:v1"),
            ("docker.io/app", Exact, "docker.io/library/app:v1"),
            ("localhost/app", Exact, "localhost/app:v1"),
            (
                "registry.k8s.io.example/app",
                Exact,
                "registry.k8s.io.example/app:v1",
            ),
            // None.
            ("istio/app", Exact, "registry.k8s.io/istio/app:v1"),
            ("app", Exact, "registry.k8s.io/app:v1"),
        ] {
            assert_eq!(name(repository, certainty, own), expected, "{repository}");
        }
        for (repository, expected) in [
            ("istio/app", "docker.io/istio/app:v1"),
            ("app", "docker.io/library/app:v1"),
            ("other.example/app", "other.example/app:v1"),
            ("a..b/c", "a..b/c:v1"),
        ] {
            assert_eq!(name(repository, Exact, None), expected);
        }
    }

    #[test]
    fn a_mirror_has_the_same_paths() {
        let which = Which::Digest(format!("sha256:{:064}", 0));
        let name = Name::of("docker.io/a/app", Exact, None, Some("registry.k8s.io"));
        let at = |mirror| name.reference(&which, mirror).unwrap().to_string();
        assert!(at(None).starts_with("docker.io/a/app@sha256:0"));
        assert!(at(Some("mirror.example/x/")).starts_with("mirror.example/x/a/app@sha256:0"));
        assert!(require_registry("mirror.example/x/").is_ok());
        assert!(require_registry("mirror.example/x@y").is_err());
    }
}
