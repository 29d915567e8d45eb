//! What is attached to an image: signatures and attestations under tags, bundles and artifacts as referrers.

use serde_json::{Map, Value, json};

use super::{Descriptor, OCI_CONFIG, OCI_MANIFEST, Repository, index_of};
use crate::DEFAULT_TIME;
use crate::instance::Signed;
use crate::sign::Content;

/// A manifest with a subject.
#[derive(Clone, Debug)]
pub struct Referrer {
    /// The artifact type; empty leaves the field out.
    pub artifact_type: String,
    /// Media type and content of each layer.
    pub layers: Vec<(String, Vec<u8>)>,
    /// The annotations of each layer, `layers` long or empty.
    pub layer_annotations: Vec<Map<String, Value>>,
    /// The media type of the configuration, which is `{}`.
    pub config_type: String,
    /// The annotations of the manifest.
    pub annotations: Map<String, Value>,
}

impl Referrer {
    /// The manifest with which cosign 3 attaches a bundle.
    #[must_use]
    pub fn bundle(signed: &Signed) -> Self {
        let mut annotations = Map::new();
        let content = match &signed.signed.content {
            Content::Message(_) => "message-signature",
            Content::Dsse(_) => "dsse-envelope",
        };
        annotations.insert("dev.sigstore.bundle.content".into(), content.into());
        annotations.insert(
            "org.opencontainers.image.created".into(),
            DEFAULT_TIME.to_string().into(),
        );
        if let Some(predicate_type) = predicate_type(signed) {
            annotations.insert(
                "dev.sigstore.bundle.predicateType".into(),
                predicate_type.into(),
            );
        }
        Self {
            artifact_type: BUNDLE_V03.into(),
            layers: vec![(BUNDLE_V03.into(), signed.bundle_bytes())],
            layer_annotations: Vec::new(),
            config_type: EMPTY_CONFIG.into(),
            annotations,
        }
    }

    /// The manifest with which cosign's experimental OCI 1.1 mode attaches legacy signatures.
    #[must_use]
    pub fn signatures(signed: &[Signed]) -> Self {
        Self {
            artifact_type: SIGNATURE_ARTIFACT.into(),
            layers: signed
                .iter()
                .map(|s| (s.layer_media_type().into(), s.layer_content()))
                .collect(),
            layer_annotations: signed.iter().map(Signed::layer_annotations).collect(),
            config_type: SIGNATURE_ARTIFACT.into(),
            annotations: Map::new(),
        }
    }

    /// The same manifest with another artifact type; empty leaves the field out.
    #[must_use]
    pub fn with_artifact_type(mut self, artifact_type: &str) -> Self {
        self.artifact_type = artifact_type.into();
        self
    }

    /// The same manifest with one layer more, under a title (`org.opencontainers.image.title`).
    #[must_use]
    pub fn with_titled_layer(mut self, media_type: &str, title: &str, content: &[u8]) -> Self {
        self.layer_annotations.resize(self.layers.len(), Map::new());
        self.layers.push((media_type.into(), content.to_vec()));
        let mut annotations = Map::new();
        annotations.insert(TITLE.into(), title.into());
        self.layer_annotations.push(annotations);
        self
    }
}

/// A manifest without layers, artifact type and annotations.
impl Default for Referrer {
    fn default() -> Self {
        Self {
            artifact_type: String::new(),
            layers: Vec::new(),
            layer_annotations: Vec::new(),
            config_type: EMPTY_CONFIG.into(),
            annotations: Map::new(),
        }
    }
}

impl Repository {
    /// Attaches legacy signatures: the manifest under `sha256-<hex>.sig`, one layer a signature.
    pub fn attach_signatures(&mut self, subject: &Descriptor, signed: &[Signed]) -> Descriptor {
        self.attach_layers(&subject.tag_with_suffix("sig"), signed)
    }

    /// Attaches legacy attestations: the manifest under `sha256-<hex>.att`, one layer an attestation.
    pub fn attach_attestations(&mut self, subject: &Descriptor, signed: &[Signed]) -> Descriptor {
        self.attach_layers(&subject.tag_with_suffix("att"), signed)
    }

    /// Stores a manifest of legacy signatures or attestations under any tag.
    pub fn attach_layers(&mut self, tag: &str, signed: &[Signed]) -> Descriptor {
        let mut layers = Vec::new();
        for signed in signed {
            let mut layer = self.push_blob(signed.layer_media_type(), &signed.layer_content());
            layer.annotations = signed.layer_annotations();
            if let Some(predicate_type) = predicate_type(signed) {
                let annotations = &mut layer.annotations;
                annotations.insert("predicateType".into(), predicate_type.into());
            }
            layers.push(layer);
        }
        let diff_ids: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
        let config = json!({
            "architecture": "",
            "created": "0001-01-01T00:00:00Z",
            "history": vec![json!({"created": "0001-01-01T00:00:00Z"}); layers.len()],
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "config": {},
        });
        let config = self.push_blob(OCI_CONFIG, config.to_string().as_bytes());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config.json(),
            "layers": layers.iter().map(Descriptor::json).collect::<Vec<_>>(),
        });
        let descriptor = self.push_manifest(&manifest);
        self.tag(tag, &descriptor);
        descriptor
    }

    /// Attaches a bundle as cosign 3 does: a manifest with the image as its subject, and no tag.
    pub fn attach_bundle(&mut self, subject: &Descriptor, signed: &Signed) -> Descriptor {
        self.attach(subject, &Referrer::bundle(signed))
    }

    /// Stores a manifest that refers to `subject`.
    pub fn attach(&mut self, subject: &Descriptor, referrer: &Referrer) -> Descriptor {
        let mut layers = Vec::new();
        for (number, (media_type, content)) in referrer.layers.iter().enumerate() {
            let mut layer = self.push_blob(media_type, content);
            if let Some(annotations) = referrer.layer_annotations.get(number) {
                layer.annotations = annotations.clone();
            }
            layers.push(layer.json());
        }
        let config = self.push_blob(&referrer.config_type, b"{}");
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config.json(),
            "layers": layers,
            "subject": subject.plain_json(),
        });
        if !referrer.artifact_type.is_empty() {
            manifest["artifactType"] = referrer.artifact_type.as_str().into();
        }
        if !referrer.annotations.is_empty() {
            manifest["annotations"] = Value::Object(referrer.annotations.clone());
        }
        self.push_manifest(&manifest)
    }

    /// Stores the referrers tag schema's index, under `sha256-<hex>`, of everything that refers to `subject`
    /// (distribution-spec, "Referrers Tag Schema").
    pub fn push_fallback(&mut self, subject: &Descriptor) -> Descriptor {
        let referrers = self.referrers(&subject.digest);
        self.push_fallback_of(subject, referrers)
    }

    /// Stores the referrers tag schema's index of these descriptors.
    pub fn push_fallback_of(&mut self, subject: &Descriptor, referrers: Vec<Value>) -> Descriptor {
        let descriptor = self.push_manifest(&index_of(referrers));
        self.tag(&subject.tag_with_suffix(""), &descriptor);
        descriptor
    }
}

/// The predicate type of a statement; `None` for a plain signature.
fn predicate_type(signed: &Signed) -> Option<String> {
    let Content::Dsse(envelope) = &signed.signed.content else {
        return None;
    };
    let statement: Value = serde_json::from_slice(&envelope.payload).ok()?;
    Some(statement["predicateType"].as_str()?.to_owned())
}

/// The media type of a bundle 0.3, also the artifact type of its manifest.
pub const BUNDLE_V03: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The media type of an empty configuration.
pub const EMPTY_CONFIG: &str = "application/vnd.oci.empty.v1+json";
/// The artifact type of legacy signatures in cosign's experimental OCI 1.1 mode.
pub const SIGNATURE_ARTIFACT: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// The annotation that names a layer's file.
const TITLE: &str = "org.opencontainers.image.title";
