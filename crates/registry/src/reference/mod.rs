//! Names of images: registry, repository, tag, digest.
//!
//! The grammar is that of the distribution project (`distribution/reference`), short names are read as Docker reads them.

mod parse;

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::Digest;

pub use parse::InvalidReference;
pub(crate) use parse::{DOCKER_HUB, location};

/// A repository in a registry: `docker.io/library/nginx`.
///
/// This is the *canonical* name. It never changes when the configuration says that the content lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: String,
    path: String,
}

/// An image by tag, by digest, or by both (the digest then decides and the tag is only a name).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    repository: Repository,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// What is attached to an image under a tag of its own, made from the image's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attached {
    /// cosign's signatures: `sha256-HEX.sig`.
    Signature,
    /// cosign's attestations: `sha256-HEX.att`.
    Attestation,
    /// cosign's attached SBOM: `sha256-HEX.sbom`.
    Sbom,
    /// The list of referrers where the registry has no API for it (distribution-spec 1.1, "Referrers Tag Schema").
    Referrers,
}

impl Repository {
    /// Reads the name of a repository; Docker's short names are completed (`nginx` is `docker.io/library/nginx`).
    ///
    /// # Errors
    /// [`InvalidReference`], also when the text has a tag or a digest.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        parse::repository(text)
    }

    /// The registry: host, and port if it was given. Docker Hub is `docker.io`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path within the registry, for example `library/nginx`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The image with this tag.
    ///
    /// # Errors
    /// [`InvalidReference`] when it is not a tag.
    pub fn with_tag(&self, tag: &str) -> Result<Reference, InvalidReference> {
        Ok(Reference {
            repository: self.clone(),
            tag: Some(parse::tag(tag)?),
            digest: None,
        })
    }

    /// The image with this digest.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Reference {
        Reference {
            repository: self.clone(),
            tag: None,
            digest: Some(digest),
        }
    }

    /// The tag under which something is attached to the image with this digest. `None` when that name would be too long
    /// for a tag, so that nothing can be there (cosign's names for SHA-512).
    #[must_use]
    pub fn attached(&self, digest: &Digest, what: Attached) -> Option<Reference> {
        self.with_tag(&what.tag(digest)).ok()
    }
}

impl Reference {
    /// Reads a reference; Docker's short names are completed, and `latest` is meant where neither tag nor digest is given.
    ///
    /// # Errors
    /// [`InvalidReference`], which says where and what would be right.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        parse::reference(text)
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The registry: host, and port if it was given.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.repository.registry
    }

    /// The tag. A reference without a digest always has one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same name with this digest; a tag stays, as a name only.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self {
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// What the registry is asked for: the digest if there is one, else the tag.
    pub(crate) fn target(&self) -> Target<'_> {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Target::Digest(*digest),
            (None, Some(tag)) => Target::Tag(tag),
            (None, None) => Target::Tag(parse::LATEST),
        }
    }
}

/// What a registry is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    Digest(Digest),
    Tag(&'a str),
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => fmt::Display::fmt(digest, f),
            Self::Tag(tag) => f.write_str(tag),
        }
    }
}

impl Attached {
    /// The tag for the image with this digest.
    #[must_use]
    pub fn tag(self, digest: &Digest) -> String {
        let hex = digest.hex();
        match self {
            Self::Signature => format!("{}-{hex}.sig", digest.algorithm()),
            Self::Attestation => format!("{}-{hex}.att", digest.algorithm()),
            Self::Sbom => format!("{}-{hex}.sbom", digest.algorithm()),
            // At most 64 characters of the encoded digest.
            Self::Referrers => format!(
                "{}-{}",
                digest.algorithm(),
                hex.get(..REFERRERS_TAG_HEX).unwrap_or(&hex)
            ),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl FromStr for Repository {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        Self::parse(text)
    }
}

/// The canonical form: registry, repository, tag and digest written out.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        Self::parse(text)
    }
}

/// Hex digits of a digest in the referrers tag (distribution-spec 1.1).
const REFERRERS_TAG_HEX: usize = 64;

#[cfg(test)]
mod tests;
