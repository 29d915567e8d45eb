//! Manifests: image manifests and indexes, OCI's and Docker's (image-spec 1.1; Docker "Image Manifest V 2, Schema 2").

use std::collections::BTreeMap;

use bytes::Bytes;
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, DigestAlgorithm, Failure, Reason, printable};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::descriptor::{Descriptor, annotations, or_default};
use crate::exact::Exact;
use crate::limits::{INDEX_BYTES, INDEX_MANIFESTS, MANIFEST_BYTES, SIGNATURE_LAYERS};

/// A manifest with the very bytes that its digest is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    bytes: Bytes,
    digest: Digest,
    media_type: String,
    content: Content,
}

/// What a manifest is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "manifests are shared, not moved")]
pub enum Content {
    /// An image, or an artifact in the form of one.
    Image(Image),
    /// A list of manifests.
    Index(Index),
}

/// An image manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Image {
    /// The type of the artifact, where it is no image; may be empty.
    pub artifact_type: String,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, at most [`SIGNATURE_LAYERS`].
    pub layers: Vec<Descriptor>,
    /// What the artifact is attached to.
    pub subject: Option<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Index {
    /// The type of the artifact, where it is no image; may be empty.
    pub artifact_type: String,
    /// The manifests, at most [`INDEX_MANIFESTS`].
    pub manifests: Vec<Descriptor>,
    /// Entries that are no descriptors; a broken one does not hide a good one.
    pub broken: Vec<Failure>,
    /// What the artifact is attached to.
    pub subject: Option<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// `declared` is what the source says that it is: a `Content-Type`, or the media type of the descriptor that led here;
    /// `None` or a general type (`application/json`) leaves it to the manifest itself. Its digest is computed by the
    /// algorithm of `expected`.
    ///
    /// # Errors
    /// `manifest-malformed`, `manifest-unsupported` (Docker schema 1, unknown media types), `limit-exceeded`, and
    /// `registry-answer-invalid` when the bytes are not those of `expected`.
    pub fn read(
        bytes: Bytes,
        declared: Option<&str>,
        expected: Option<&Digest>,
    ) -> Result<Self, Failure> {
        let algorithm = expected.map_or(DigestAlgorithm::Sha256, Digest::algorithm);
        let digest = Digest::of(algorithm, &bytes).ok_or_else(|| {
            Failure::new(Reason::ReferenceMalformed)
                .expected("a digest by sha256, sha384 or sha512")
                .found(algorithm)
        })?;
        if let Some(expected) = expected
            && *expected != digest
        {
            return Err(Failure::new(Reason::RegistryAnswerInvalid)
                .at("digest")
                .expected(expected)
                .found(digest));
        }
        let wire = Wire::read(&bytes)?;
        let media_type = wire.media_type(declared)?;
        let content = match kind(&media_type) {
            Some(Kind::Image) => {
                within(MANIFEST_BYTES, bytes.len())?;
                Content::Image(wire.image()?)
            }
            Some(Kind::Index) => Content::Index(wire.index()?),
            None => return Err(unsupported(&media_type)),
        };
        Ok(Self {
            bytes,
            digest,
            media_type,
            content,
        })
    }

    /// The bytes as they were served; [`Manifest::digest`] is over them.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The digest, computed from the bytes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The media type.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// What it is.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The image manifest, if it is one.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        match &self.content {
            Content::Image(image) => Some(image),
            Content::Index(_) => None,
        }
    }

    /// The index, if it is one.
    #[must_use]
    pub fn index(&self) -> Option<&Index> {
        match &self.content {
            Content::Image(_) => None,
            Content::Index(index) => Some(index),
        }
    }

    /// What it is attached to.
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        match &self.content {
            Content::Image(image) => image.subject.as_ref(),
            Content::Index(index) => index.subject.as_ref(),
        }
    }

    /// A descriptor of this manifest.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        let size = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        Descriptor::new(&self.media_type, self.digest, size)
    }
}

/// The fields of all kinds of manifest. Unknown ones are passed over, unless their names are known in another case: the
/// format is made to be extended, and nothing here is believed for what it says.
#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Wire {
    schema_version: u64,
    #[serde(default, deserialize_with = "or_default")]
    media_type: String,
    #[serde(default, deserialize_with = "or_default")]
    artifact_type: String,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Box<RawValue>>>,
    subject: Option<Descriptor>,
    #[serde(default, deserialize_with = "annotations")]
    annotations: BTreeMap<String, String>,
    /// Docker schema 1.
    #[serde(default)]
    fs_layers: Option<serde::de::IgnoredAny>,
}

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(Exact(deserializer))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Index,
}

impl Wire {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        within(INDEX_BYTES, bytes.len())?;
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let wire: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            malformed(error.path().to_string())
                .expected("a manifest as the image specification defines it")
                .found(error.inner())
        })?;
        json.end().map_err(|error| {
            malformed(".")
                .expected("nothing after the JSON")
                .found(error)
        })?;
        Ok(wire)
    }

    /// What this is by its own words and the source's, which must not differ: a manifest that one reads as an image and
    /// another as an index would be two things under one digest (CVE-2021-41190).
    fn media_type(&self, declared: Option<&str>) -> Result<String, Failure> {
        if self.schema_version == 1 || self.fs_layers.is_some() {
            return Err(unsupported(DOCKER_SCHEMA_1));
        }
        if self.schema_version != 2 {
            return Err(malformed("schemaVersion")
                .expected(2)
                .found(self.schema_version));
        }
        let declared = declared
            .map(essence)
            .filter(|declared| !is_general(declared));
        match (declared, self.media_type.as_str()) {
            (None, "") => Err(malformed("mediaType")
                .expected("a media type here or from the source")
                .found("none")),
            (Some(declared), "") => Ok(declared),
            (None, own) => Ok(own.to_owned()),
            (Some(declared), own) if declared == own => Ok(declared),
            (Some(declared), own) => Err(malformed("mediaType").expected(declared).found(own)),
        }
    }

    fn image(self) -> Result<Image, Failure> {
        if self.manifests.is_some() {
            return Err(malformed("manifests")
                .expected("no such field in an image manifest")
                .found("one"));
        }
        let config = self.config.ok_or_else(|| {
            malformed("config")
                .expected("the descriptor of the configuration")
                .found("none")
        })?;
        let layers = self.layers.unwrap_or_default();
        within(SIGNATURE_LAYERS, layers.len())?;
        Ok(Image {
            artifact_type: self.artifact_type,
            config,
            layers,
            subject: self.subject,
            annotations: self.annotations,
        })
    }

    fn index(self) -> Result<Index, Failure> {
        for (field, is_there) in [
            ("config", self.config.is_some()),
            ("layers", self.layers.is_some()),
        ] {
            if is_there {
                return Err(malformed(field)
                    .expected("no such field in an index")
                    .found("one"));
            }
        }
        let List {
            descriptors: manifests,
            broken,
        } = List::of(self.manifests.unwrap_or_default())?;
        Ok(Index {
            artifact_type: self.artifact_type,
            manifests,
            broken,
            subject: self.subject,
            annotations: self.annotations,
        })
    }
}

/// The entries of an index.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) descriptors: Vec<Descriptor>,
    pub(crate) broken: Vec<Failure>,
}

impl List {
    /// The entries of an index that is known to be one, and has no digest to be checked.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let wire = Wire::read(bytes)?;
        let media_type = wire.media_type(Some(OCI_INDEX))?;
        match kind(&media_type) {
            Some(Kind::Index) => {
                let index = wire.index()?;
                Ok(Self {
                    descriptors: index.manifests,
                    broken: index.broken,
                })
            }
            _ => Err(unsupported(&media_type)),
        }
    }

    fn of(entries: Vec<Box<RawValue>>) -> Result<Self, Failure> {
        within(INDEX_MANIFESTS, entries.len())?;
        let mut list = Self {
            descriptors: Vec::with_capacity(entries.len()),
            broken: Vec::new(),
        };
        for (index, entry) in entries.iter().enumerate() {
            match serde_json::from_str(entry.get()) {
                Ok(descriptor) => list.descriptors.push(descriptor),
                Err(error) => list.broken.push(
                    malformed(format!("manifests[{index}]"))
                        .expected("a descriptor")
                        .found(error),
                ),
            }
        }
        Ok(list)
    }
}

fn kind(media_type: &str) -> Option<Kind> {
    match media_type {
        OCI_MANIFEST | DOCKER_MANIFEST => Some(Kind::Image),
        OCI_INDEX | DOCKER_LIST => Some(Kind::Index),
        _ => None,
    }
}

/// A media type without its parameters, in lower case.
pub(crate) fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Types that say nothing about what the content is.
fn is_general(media_type: &str) -> bool {
    matches!(
        media_type,
        "" | "application/json" | "application/octet-stream" | "text/plain"
    )
}

fn within(limit: Limit, found: usize) -> Result<(), Failure> {
    match found <= limit.max {
        true => Ok(()),
        false => Err(crate::error::over(limit, found)),
    }
}

fn malformed(field: impl Into<Box<str>>) -> Failure {
    Failure::new(Reason::ManifestMalformed).at(field)
}

fn unsupported(media_type: &str) -> Failure {
    let failure = Failure::new(Reason::ManifestUnsupported)
        .at("mediaType")
        .expected("an OCI or Docker schema 2 manifest or index")
        .found(printable(media_type));
    match media_type {
        DOCKER_SCHEMA_1 | DOCKER_SCHEMA_1_SIGNED => failure.detail(
            "Docker schema 1 was given up in 2019 and has no digest that could be signed: the image must be pushed again",
        ),
        _ => failure,
    }
}

/// An OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// A Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+json";
const DOCKER_SCHEMA_1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

#[cfg(test)]
mod tests;
