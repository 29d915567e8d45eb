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
    /// The document says neither.
    Unstated,
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
        match self.read(self.registry.as_deref(), which) {
            Ok(reference) => reference.to_string(),
            Err(_) => printable(&self.text(self.registry.as_deref(), which)),
        }
    }

    /// The image in `mirror`, under the same path, or where it is published.
    ///
    /// # Errors
    /// `sbom-malformed` when the name is none.
    pub(super) fn reference(&self, which: &Which, mirror: Option<&str>) -> Result<Reference> {
        let mirror = mirror.map(|mirror| mirror.trim_end_matches('/'));
        let published = self.read(self.registry.as_deref(), which)?;
        mirror.map_or(Ok(published), |mirror| self.read(Some(mirror), which))
    }

    /// The folder of a kit's images that its layout is in: the path in the profile's registry, which is `own`, and below the
    /// host for any other, so that no two repositories share one.
    pub(super) fn folder(&self, own: Option<&str>) -> String {
        let first = self.path.split('/').next().unwrap_or_default();
        let is_elsewhere = self.registry.as_deref() != own || is_host(first);
        match Repository::parse(&self.place(self.registry.as_deref())) {
            // A path has no such sign, and neither has a host.
            Ok(place) if is_elsewhere => {
                format!("{}/{}", place.registry().replace(':', "+"), place.path())
            }
            _ => self.path.clone(),
        }
    }

    fn read(&self, registry: Option<&str>, which: &Which) -> Result<Reference> {
        let text = self.text(registry, which);
        let malformed = || Failure::new(Reason::SbomMalformed).found(&text);
        // A path with a tag or a digest of its own would be read as another image.
        Repository::parse(&self.place(registry)).map_err(|error| malformed().detail(error))?;
        if *which == Which::Unstated {
            return Err(malformed().detail("it has neither a tag nor a digest"));
        }
        Reference::parse(&text).map_err(|error| malformed().detail(error))
    }

    fn text(&self, registry: Option<&str>, which: &Which) -> String {
        self.place(registry) + &which.suffix()
    }

    fn place(&self, registry: Option<&str>) -> String {
        let path = &self.path;
        match registry {
            Some(registry) => format!("{registry}/{path}"),
            None => path.clone(),
        }
    }
}

impl Which {
    /// The tag that the document names, or else the digest.
    pub(super) fn of(image: &ImageReference) -> Self {
        match (&image.tag, image.digest) {
            (Some(tag), _) => Self::Tag(tag.to_string()),
            (None, Some(digest)) => Self::Digest(digest.to_string()),
            (None, None) => Self::Unstated,
        }
    }

    pub(super) fn tag(&self) -> Option<&str> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::Digest(_) | Self::Unstated => None,
        }
    }

    /// How a layout finds it.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Tag(text) | Self::Digest(text) => Some(text),
            Self::Unstated => None,
        }
    }

    fn suffix(&self) -> String {
        match self {
            Self::Tag(tag) => format!(":{tag}"),
            Self::Digest(digest) => format!("@{digest}"),
            Self::Unstated => String::new(),
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
    use sealcheck_verify::Reason;

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
    fn no_two_registries_share_a_folder() {
        let own = "registry.k8s.io";
        let folder = |repository, registry: Option<&str>| {
            let profile = Profile::kubernetes();
            let images = registry.and(profile.images.as_ref());
            Name::of(repository, Exact, images, registry).folder(registry)
        };
        for (repository, expected) in [
            ("registry.k8s.io/kube-apiserver", "kube-apiserver"),
            ("k8s.gcr.io/coredns/coredns", "coredns/coredns"),
            ("istio/app", "istio/app"),
            ("ghcr.io/x/app", "ghcr.io/x/app"),
            ("quay.io/x/app", "quay.io/x/app"),
            ("docker.io/app", "docker.io/library/app"),
            ("localhost:5000/app", "localhost+5000/app"),
            // Not what would be that of another registry.
            ("registry.k8s.io/ghcr.io/x", "registry.k8s.io/ghcr.io/x"),
        ] {
            assert_eq!(folder(repository, Some(own)), expected);
        }
        assert_eq!(folder("x/app", None), "x/app");
        assert_eq!(folder("quay.io/x/app", None), "quay.io/x/app");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let name = |repository| Name::of(repository, Exact, None, Some("registry.k8s.io"));
        let (tag, digest) = ("v1".to_owned(), format!("sha256:{:064}", 0));
        let ways = [Which::Tag(tag), Which::Digest(digest)];
        for repository in ["App", "a:v2", "a@b", "../x", "a b", "", "..", "x/../y"] {
            for which in &ways {
                for mirror in [None, Some("mirror.example")] {
                    let read = name(repository).reference(which, mirror);
                    assert!(read.is_err(), "{repository}");
                }
            }
        }
        let named = name("app");
        named.reference(&Which::Unstated, None).unwrap_err();
        assert_eq!(named.with(&Which::Unstated), "registry.k8s.io/app");
        let tag = Which::Tag("1.0+x".to_owned());
        assert_eq!(
            named.reference(&tag, None).unwrap_err().reason,
            Reason::SbomMalformed
        );
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
