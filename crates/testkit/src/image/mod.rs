//! Container images and what is attached to them: bytes by digest, and tags.
//!
//! ```
//! use sealcheck_testkit::image::{ImageOptions, Repository};
//!
//! let sigstore = sealcheck_testkit::Instance::new();
//! let mut repository = Repository::new();
//! let image = repository.push_image(&ImageOptions::default());
//! repository.tag("v1", &image);
//! let signed = sigstore.sign_image("registry.test/app", &image.digest, &[]);
//! repository.attach_signatures(&image, &[signed]);
//! let bundle = sigstore.sign_image_bundle(&image.digest, &[]);
//! repository.attach_bundle(&image, &bundle);
//! assert_eq!(repository.tags.len(), 2, "v1 and sha256-….sig");
//! assert_eq!(repository.referrers(&image.digest).len(), 1);
//! ```
//!
//! A scripted registry is filled from [`Repository::objects`], [`Repository::tags`] and [`Repository::referrers`];
//! [`Repository::layout_files`] and [`Repository::cosign_save_files`] are the same as folders, and [`archive`] makes one
//! file of them. The fields are public, so that a test can tamper.

mod attach;
mod build;
mod cases;
mod kubernetes;
mod layout;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::encoding::hex;
use crate::key::Hash;

pub use attach::{BUNDLE_V03, EMPTY_CONFIG, Referrer, SIGNATURE_ARTIFACT};
pub use build::{Flavour, ImageOptions};
pub use cases::{CasePlatforms, RequestCase, request_cases};
pub use kubernetes::kubernetes_image;
pub use layout::archive;

/// What one repository of a registry holds.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// Manifests and blobs by digest (`sha256:…`).
    pub objects: BTreeMap<String, Object>,
    /// Digests of manifests by tag.
    pub tags: BTreeMap<String, String>,
}

/// A manifest or a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The media type.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether it is a manifest or an index, and not a blob.
    pub is_manifest: bool,
}

/// A descriptor (OCI image-spec, "descriptor").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The media type.
    pub media_type: String,
    /// `sha256:…`.
    pub digest: String,
    /// The size in bytes.
    pub size: usize,
    /// The artifact type of the manifest it points to, as a referrers list repeats it.
    pub artifact_type: Option<String>,
    /// The annotations.
    pub annotations: Map<String, Value>,
    /// The platform, `os/architecture` or `os/architecture/variant`.
    pub platform: Option<String>,
}

impl Repository {
    /// A repository with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores a blob.
    pub fn push_blob(&mut self, media_type: &str, bytes: &[u8]) -> Descriptor {
        self.push(media_type, bytes.to_vec(), false)
    }

    /// Stores a manifest or an index of these very bytes.
    pub fn push_manifest_bytes(&mut self, media_type: &str, bytes: &[u8]) -> Descriptor {
        self.push(media_type, bytes.to_vec(), true)
    }

    /// Stores a manifest or an index; its field `mediaType` is its media type. The descriptor repeats its artifact
    /// type and annotations, as a referrers list does (distribution-spec, "Listing Referrers").
    ///
    /// # Panics
    ///
    /// Without `mediaType`.
    pub fn push_manifest(&mut self, manifest: &Value) -> Descriptor {
        let media_type = manifest["mediaType"].as_str().expect("a media type");
        let mut descriptor = self.push(media_type, manifest.to_string().into_bytes(), true);
        descriptor.artifact_type = artifact_type(manifest);
        if let Some(annotations) = manifest["annotations"].as_object() {
            descriptor.annotations = annotations.clone();
        }
        descriptor
    }

    /// Sets a tag.
    pub fn tag(&mut self, tag: &str, descriptor: &Descriptor) {
        self.tags.insert(tag.into(), descriptor.digest.clone());
    }

    /// The manifest or index with this digest, as JSON.
    ///
    /// # Panics
    ///
    /// When there is none, or when it is no JSON.
    #[must_use]
    pub fn manifest(&self, digest: &str) -> Value {
        serde_json::from_slice(&self.objects[digest].bytes).expect("a manifest is JSON")
    }

    /// The descriptors of all manifests with this subject, in the order of their digests.
    #[must_use]
    pub fn referrers(&self, digest: &str) -> Vec<Value> {
        let mut out = Vec::new();
        for (referrer, object) in self.objects.iter().filter(|(_, o)| o.is_manifest) {
            let Ok(manifest) = serde_json::from_slice::<Value>(&object.bytes) else {
                continue;
            };
            if manifest.pointer("/subject/digest").and_then(Value::as_str) != Some(digest) {
                continue;
            }
            let descriptor = Descriptor {
                media_type: object.media_type.clone(),
                digest: referrer.clone(),
                size: object.bytes.len(),
                artifact_type: artifact_type(&manifest),
                annotations: manifest["annotations"]
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
                platform: None,
            };
            out.push(descriptor.json());
        }
        out
    }

    /// The answer of the referrers API: an index of [`Repository::referrers`].
    #[must_use]
    pub fn referrers_index(&self, digest: &str) -> Value {
        index_of(self.referrers(digest))
    }

    fn push(&mut self, media_type: &str, bytes: Vec<u8>, is_manifest: bool) -> Descriptor {
        let descriptor = Descriptor {
            media_type: media_type.into(),
            digest: digest(&bytes),
            size: bytes.len(),
            artifact_type: None,
            annotations: Map::new(),
            platform: None,
        };
        let object = Object {
            media_type: media_type.into(),
            bytes,
            is_manifest,
        };
        self.objects.insert(descriptor.digest.clone(), object);
        descriptor
    }
}

impl Descriptor {
    /// The descriptor as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut out = self.plain_json();
        if let Some(artifact_type) = &self.artifact_type {
            out["artifactType"] = artifact_type.as_str().into();
        }
        if !self.annotations.is_empty() {
            out["annotations"] = Value::Object(self.annotations.clone());
        }
        if let Some(platform) = &self.platform {
            out["platform"] = platform_json(platform);
        }
        out
    }

    /// Media type, digest and size, as a subject has them.
    #[must_use]
    pub fn plain_json(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.size})
    }

    /// The same descriptor for a platform, `os/architecture` or `os/architecture/variant`.
    #[must_use]
    pub fn on(mut self, platform: &str) -> Self {
        self.platform = Some(platform.into());
        self
    }

    /// The tag with which cosign and the referrers tag schema name this object: `sha256-<hex>`, and `.suffix` unless
    /// that is empty.
    #[must_use]
    pub fn tag_with_suffix(&self, suffix: &str) -> String {
        let base = self.digest.replacen(':', "-", 1);
        match suffix {
            "" => base,
            suffix => format!("{base}.{suffix}"),
        }
    }
}

/// `sha256:` and the hexadecimal digest.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Hash::Sha256.digest(bytes)))
}

/// An OCI index of these descriptors.
#[must_use]
pub fn index_of(descriptors: Vec<Value>) -> Value {
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors})
}

/// What a referrers list says of a manifest: `artifactType`, otherwise the media type of the configuration.
fn artifact_type(manifest: &Value) -> Option<String> {
    let declared = manifest["artifactType"].as_str().filter(|t| !t.is_empty());
    declared
        .or_else(|| manifest.pointer("/config/mediaType")?.as_str())
        .map(str::to_owned)
}

fn platform_json(platform: &str) -> Value {
    let mut parts = platform.split('/');
    let mut out = json!({"os": parts.next(), "architecture": parts.next()});
    if let Some(variant) = parts.next() {
        out["variant"] = variant.into();
    }
    out
}

/// The media type of an OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of an OCI image configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The media type of an uncompressed OCI layer.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// The media type of a Docker manifest (schema 2).
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// The media type of a Docker manifest list.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The media type of a Docker image configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// The media type of a Docker layer.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
