//! Names of images. SPDX has no field for them: a package URL may say one, and otherwise the name stands in the package's
//! identifier, where slashes and colons have become hyphens.

use std::collections::{HashMap, HashSet};
use std::fmt;

use sealcheck_verify::{Digest, DigestAlgorithm};

use super::path;
use super::purl::{self, is_component, is_repository, is_tag};
use super::{Document, Element, ElementId, Package, RelationshipKind};

/// An image of a release, as far as its document names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    /// The package in the document.
    pub package: ElementId,
    /// Registry and path, for example `registry.k8s.io/kube-apiserver-arm64`. Without a registry when the document names
    /// none. In a package URL anything may stand.
    pub repository: Box<str>,
    /// The tag; in a package URL anything may stand.
    pub tag: Option<Box<str>>,
    /// The digest of its manifest, which only a package URL can say.
    pub digest: Option<Digest>,
    /// The architecture that the image is for, in the document's words.
    pub architecture: Option<Box<str>>,
    /// The operating system that the image is for, which only a package URL can say.
    pub os: Option<Box<str>>,
    /// How sure it is that this is the image's name.
    pub certainty: Certainty,
    /// The digests of its layers, as they lay in the archive: of images of Kubernetes not compressed. Without an order, and
    /// empty when the document lists none, or not all of them with digests.
    pub layers: HashSet<Digest>,
}

/// How sure the name of an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// One of several ways to read the identifier: the first hyphen is taken for the slash behind the registry.
    Guessed,
    /// With the version, the archive's name and an architecture of the release, the identifier can be read in one way only.
    Certain,
    /// The document says it, in a package URL or as the package's name.
    Exact,
}

impl ImageReference {
    /// The repository of the image for all architectures, where it is named like this one without the architecture.
    #[must_use]
    pub fn for_all_architectures(&self) -> Option<&str> {
        let architecture = self.architecture.as_deref()?;
        self.repository
            .strip_suffix(architecture)?
            .strip_suffix('-')
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl Document {
    /// The images of a release, in the order of the document.
    ///
    /// A package is an image when a package URL says so (each that does is one, whatever it says), when it has layers and a name that is an image's, or when its
    /// identifier ends with `version` (for example `v1.25.4`) and it is an archive or has layers.
    #[must_use]
    pub fn images(&self, version: &str) -> Vec<ImageReference> {
        let context = Context {
            version: version.replace('+', "_"),
            architectures: self.architectures(),
            layered: self.layered(),
        };
        self.packages()
            .iter()
            .flat_map(|package| context.of(package))
            .map(|image| ImageReference {
                layers: context.layers(&image.package),
                ..image
            })
            .collect()
    }

    /// The architectures that there are programs for: `bin/OS/ARCHITECTURE/NAME`.
    fn architectures(&self) -> HashSet<&str> {
        let parts = self
            .files()
            .iter()
            .filter_map(|file| path::parts(&file.name).ok());
        parts
            .filter_map(|parts| match parts.as_slice() {
                ["bin", _, architecture, _] => Some(*architecture),
                _ => None,
            })
            .collect()
    }

    /// The packages that have layers, with these: they contain packages whose identifiers continue theirs.
    fn layered(&self) -> HashMap<&ElementId, Vec<&Package>> {
        let packages = self.packages().iter();
        let packages: HashMap<&ElementId, &Package> =
            packages.map(|package| (&package.id, package)).collect();
        let mut layered: HashMap<&ElementId, Vec<&Package>> = HashMap::new();
        for relationship in self.relationships() {
            if let (Element::Here(id), RelationshipKind::Contains, Element::Here(inner)) =
                (&relationship.from, &relationship.kind, &relationship.to)
                && let Some(rest) = inner.as_str().strip_prefix(id.as_str())
                && rest.starts_with('-')
            {
                let layers = layered.entry(id).or_default();
                layers.extend(packages.get(inner));
            }
        }
        layered
    }
}

/// What is known of the release.
struct Context<'d> {
    /// The version as a tag has it.
    version: String,
    architectures: HashSet<&'d str>,
    layered: HashMap<&'d ElementId, Vec<&'d Package>>,
}

/// An identifier, read in one way.
struct Reading<'a> {
    registry: &'a str,
    /// What stands behind the archive's name.
    suffix: Option<&'a str>,
    architecture: Option<&'a str>,
}

impl Context<'_> {
    fn of(&self, package: &Package) -> Vec<ImageReference> {
        let stated = package.purls().filter_map(purl::image);
        let stated: Vec<ImageReference> = stated.map(|image| by_purl(package, image)).collect();
        if !stated.is_empty() {
            return stated;
        }
        let read = self.by_name(package).or_else(|| self.by_id(package));
        read.into_iter().collect()
    }

    /// A package with layers and a name such as `istio/app:1.13.1`.
    fn by_name(&self, package: &Package) -> Option<ImageReference> {
        let (repository, tag) = package.name.rsplit_once(':')?;
        let named =
            is_tag(tag) && (repository.split('/').all(is_component) || is_repository(repository));
        // A layer is named by its digest.
        let layer = package.name.parse::<Digest>().is_ok();
        (named && !layer && self.layered.contains_key(&package.id)).then(|| ImageReference {
            package: package.id.clone(),
            repository: repository.into(),
            tag: Some(tag.into()),
            digest: None,
            architecture: self.architecture_of(repository).map(Into::into),
            os: None,
            certainty: Certainty::Exact,
            layers: HashSet::new(),
        })
    }

    /// A package whose identifier is made of registry, path, architecture and version.
    fn by_id(&self, package: &Package) -> Option<ImageReference> {
        let id = package.id.as_str().strip_prefix("SPDXRef-Package-")?;
        let stem = id
            .strip_suffix(spelled(&self.version).as_str())?
            .strip_suffix('-')?;
        let archive = package.name.strip_suffix(".tar");
        if archive.is_none() && !self.layered.contains_key(&package.id) {
            return None;
        }
        let image = |repository: String, architecture: Option<&str>, certainty| {
            (is_repository(&repository) && is_tag(&self.version)).then(|| ImageReference {
                package: package.id.clone(),
                repository: repository.into(),
                tag: Some(self.version.as_str().into()),
                digest: None,
                architecture: architecture.map(Into::into),
                os: None,
                certainty,
                layers: HashSet::new(),
            })
        };
        if let Some(name) = archive
            && let [reading] = self.readings(stem, name).as_slice()
            && is_host(reading.registry)
            && self.agrees(package, reading)
        {
            let repository = match reading.suffix {
                Some(suffix) => format!("{}/{name}-{suffix}", reading.registry),
                None => format!("{}/{name}", reading.registry),
            };
            return image(repository, reading.architecture, Certainty::Certain);
        }
        let (registry, path) = stem
            .split_once('-')
            .filter(|(registry, _)| is_host(registry))?;
        let architecture = self.architecture_of(path);
        let path = path.replace(UNDERSCORE, "_");
        image(
            format!("{registry}/{path}"),
            architecture,
            Certainty::Guessed,
        )
    }

    /// All ways to read an identifier of the image that an archive is named after.
    fn readings<'a>(&'a self, stem: &'a str, archive: &str) -> Vec<Reading<'a>> {
        let name = spelled(archive);
        let before_name = |text: &'a str| text.strip_suffix(name.as_str())?.strip_suffix('-');
        // Archives may be named with the architecture, or without it.
        let plain = before_name(stem).map(|registry| Reading {
            registry,
            suffix: None,
            architecture: self.architecture_of(archive),
        });
        let architectures = self.architectures.iter().filter_map(|architecture| {
            let text = stem.strip_suffix(architecture)?.strip_suffix('-')?;
            Some(Reading {
                registry: before_name(text)?,
                suffix: Some(architecture),
                architecture: Some(architecture),
            })
        });
        plain.into_iter().chain(architectures).collect()
    }

    /// The layers of an image. What else it contains (a package of its system) is none.
    fn layers(&self, image: &ElementId) -> HashSet<Digest> {
        let parts = self.layered.get(image).into_iter().flatten();
        let layers = parts.filter(|package| is_layer(&package.name));
        let digests: Option<HashSet<Digest>> = layers
            .map(|layer| {
                let digests = layer.checksums.digests();
                let known = digests.filter(|it| it.algorithm() == DigestAlgorithm::Sha256);
                known.last().or_else(|| layer.name.parse().ok())
            })
            .collect();
        digests.unwrap_or_default()
    }

    /// The architecture that a name ends with.
    fn architecture_of(&self, name: &str) -> Option<&str> {
        let architectures = self.architectures.iter().copied();
        architectures
            .filter(|architecture| ends_with_part(name, architecture))
            .max_by_key(|architecture| architecture.len())
    }

    /// Whether the folder that the archive lay in does not name another architecture.
    fn agrees(&self, package: &Package, reading: &Reading<'_>) -> bool {
        let folder = package
            .file_name
            .as_deref()
            .and_then(|file| file.rsplit('/').nth(1));
        folder
            .filter(|folder| self.architectures.contains(folder))
            .is_none_or(|folder| reading.architecture == Some(folder))
    }
}

fn by_purl(package: &Package, image: purl::Image) -> ImageReference {
    ImageReference {
        package: package.id.clone(),
        repository: image.repository.into(),
        tag: image.tag.map(Into::into),
        digest: image.digest,
        architecture: image.architecture.map(Into::into),
        os: image.os.map(Into::into),
        certainty: Certainty::Exact,
        layers: HashSet::new(),
    }
}

/// A registry in an identifier: with a dot, and without a hyphen that could also have been a slash.
fn is_host(text: &str) -> bool {
    text.contains('.') && !text.contains('-')
}

/// A layer is named by its digest, or by where it lay in the archive.
fn is_layer(name: &str) -> bool {
    name.parse::<Digest>().is_ok()
        || name.ends_with("/layer.tar")
        || name.starts_with("blobs/sha256/")
}

fn ends_with_part(text: &str, part: &str) -> bool {
    text.strip_suffix(part)
        .is_some_and(|rest| rest.ends_with('-'))
}

/// As identifiers have it: what they cannot hold is written as `C` and its code point.
fn spelled(text: &str) -> String {
    text.replace('_', UNDERSCORE)
}

const UNDERSCORE: &str = "C95";
