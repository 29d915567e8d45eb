//! Images and indexes.

use serde_json::{Value, json};

use super::{
    DOCKER_CONFIG, DOCKER_INDEX, DOCKER_LAYER, DOCKER_MANIFEST, Descriptor, OCI_CONFIG, OCI_INDEX,
    OCI_LAYER, OCI_MANIFEST, Repository,
};

/// Whose media types an image has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavour {
    /// OCI's.
    #[default]
    Oci,
    /// Docker's (schema 2, manifest list).
    Docker,
}

/// What an image is made of. The default: one layer, `linux/amd64`, OCI's media types.
#[derive(Clone, Debug)]
pub struct ImageOptions {
    /// The layers: any bytes.
    pub layers: Vec<Vec<u8>>,
    /// `os/architecture` or `os/architecture/variant`.
    pub platform: String,
    /// Whose media types it has.
    pub flavour: Flavour,
}

impl ImageOptions {
    /// An image with one layer of this content.
    #[must_use]
    pub fn with_layer(content: &[u8]) -> Self {
        Self {
            layers: vec![content.to_vec()],
            ..Self::default()
        }
    }

    /// The same image for another platform.
    #[must_use]
    pub fn on(mut self, platform: &str) -> Self {
        self.platform = platform.into();
        self
    }
}

impl Default for ImageOptions {
    fn default() -> Self {
        Self {
            layers: vec![b"layer".to_vec()],
            platform: "linux/amd64".into(),
            flavour: Flavour::Oci,
        }
    }
}

impl Repository {
    /// Stores the layers, the configuration and the manifest of an image; the descriptor names its platform.
    pub fn push_image(&mut self, options: &ImageOptions) -> Descriptor {
        let (manifest_type, config_type, layer_type) = match options.flavour {
            Flavour::Oci => (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER),
            Flavour::Docker => (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER),
        };
        let layers: Vec<Descriptor> = options
            .layers
            .iter()
            .map(|content| self.push_blob(layer_type, content))
            .collect();
        let config = self.push_blob(
            config_type,
            config(&options.platform, &layers).to_string().as_bytes(),
        );
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": config.json(),
            "layers": layers.iter().map(Descriptor::json).collect::<Vec<_>>(),
        });
        let descriptor = self.push_manifest_bytes(manifest_type, manifest.to_string().as_bytes());
        descriptor.on(&options.platform)
    }

    /// Stores an index of these images.
    pub fn push_index(&mut self, flavour: Flavour, images: &[Descriptor]) -> Descriptor {
        let media_type = match flavour {
            Flavour::Oci => OCI_INDEX,
            Flavour::Docker => DOCKER_INDEX,
        };
        let index = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "manifests": images.iter().map(Descriptor::json).collect::<Vec<_>>(),
        });
        self.push_manifest(&index)
    }

    /// Stores an OCI index of one default image a platform, each with a layer of its own.
    pub fn push_platforms(&mut self, platforms: &[&str]) -> (Descriptor, Vec<Descriptor>) {
        let images: Vec<Descriptor> = platforms
            .iter()
            .map(|platform| {
                self.push_image(&ImageOptions::with_layer(platform.as_bytes()).on(platform))
            })
            .collect();
        (self.push_index(Flavour::Oci, &images), images)
    }
}

/// An image configuration (OCI image-spec, "config"); the layers count as uncompressed.
fn config(platform: &str, layers: &[Descriptor]) -> Value {
    let mut out = super::platform_json(platform);
    let diff_ids: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
    out["rootfs"] = json!({"type": "layers", "diff_ids": diff_ids});
    out["config"] = json!({});
    out
}
