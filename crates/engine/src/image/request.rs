//! Which image, and what must be proved of it.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use sealcheck_registry::{Platform, Reference, Repository};
use sealcheck_verify::{Digest, Requirements, Verdict};

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// In a registry.
    Registry(Reference),
    /// In an OCI image layout: a folder, an archive of one, or what `cosign save` wrote.
    Layout {
        /// The folder or the archive.
        path: PathBuf,
        /// Which image: its name in the layout, or its digest. May be left out where there is one only.
        image: Option<String>,
    },
}

/// Which manifests must be proved when the reference leads to an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Platforms {
    /// What the reference leads to, and nothing else: the index itself, which binds what it lists by digest.
    #[default]
    AsGiven,
    /// The image for this platform. An empty variant means any; where several images fit, all of them must be proved,
    /// because any of them may be run.
    One(Platform),
    /// Every image that the index lists.
    All,
}

/// What is to be verified, and how.
#[derive(Clone, Debug)]
pub struct ImageRequest {
    /// The image.
    pub image: ImageSource,
    /// What each proof must show. [`Requirements::content`] says whether signatures or attestations are wanted,
    /// [`Requirements::annotation`] what must stand in the signed payload.
    pub requirements: Arc<Requirements>,
    /// Other requirements, any of which a proof may meet instead: further keys, for example.
    pub alternatives: Vec<Arc<Requirements>>,
    /// Which manifests must be proved. An image of an index is proved by its own signatures and by those of the index.
    pub platforms: Platforms,
    /// Where proofs are looked for instead of in the image's own repository (`COSIGN_REPOSITORY`). Empty: its own.
    pub repositories: Vec<Repository>,
    /// A further demand on each proof that holds, for example a policy over what it says. A proof that does not meet it does
    /// not count; another one may.
    pub demand: Option<Demand>,
    /// How many distinct signers must have signed. The same identity, or the same key, counts once.
    pub signers: NonZeroUsize,
    /// Whether the log may be asked for an entry that a signature does not bring; only when the network is allowed.
    pub lookup: bool,
}

/// Holds a proof against more than [`Requirements`] say. It gets a verdict that is `verified` and gives it back, with a
/// [failure](Verdict::with_failure) if it does not do. Called from several threads.
#[derive(Clone)]
pub struct Demand(Arc<dyn Fn(Verdict) -> Verdict + Send + Sync>);

impl Demand {
    /// A demand.
    pub fn new(judge: impl Fn(Verdict) -> Verdict + Send + Sync + 'static) -> Self {
        Self(Arc::new(judge))
    }

    pub(crate) fn judge(&self, verdict: Verdict) -> Verdict {
        (self.0)(verdict)
    }
}

impl fmt::Debug for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Demand")
    }
}

impl ImageRequest {
    /// A request for one signer of what the reference leads to, with lookup, and with proofs in the image's repository.
    #[must_use]
    pub fn new(image: ImageSource, requirements: impl Into<Arc<Requirements>>) -> Self {
        Self {
            image,
            requirements: requirements.into(),
            alternatives: Vec::new(),
            platforms: Platforms::AsGiven,
            repositories: Vec::new(),
            demand: None,
            signers: NonZeroUsize::MIN,
            lookup: true,
        }
    }
}

/// How evidence calls the image: the canonical reference, or `oci:`, the path, and the name or the digest in it.
impl fmt::Display for ImageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(reference) => fmt::Display::fmt(reference, f),
            Self::Layout { path, image: None } => write!(f, "oci:{}", path.display()),
            Self::Layout {
                path,
                image: Some(image),
            } => match image.parse::<Digest>() {
                Ok(digest) => write!(f, "oci:{}@{digest}", path.display()),
                Err(_) => write!(f, "oci:{}:{image}", path.display()),
            },
        }
    }
}
