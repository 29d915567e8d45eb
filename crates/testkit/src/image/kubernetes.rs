//! Images of Kubernetes as they were signed.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Descriptor, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Repository};

/// The signature in this folder of the corpora, under the tag of the image that its payload names; that image is `v1`. Where
/// the folder has no index only the digest of the image is known, and its manifest is not there.
///
/// # Panics
/// When the folder has not what it must have.
#[must_use]
pub fn kubernetes_image(folder: &Path) -> (Repository, Descriptor) {
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();
    let payload = read("payload.json");
    let named: Value = serde_json::from_slice(&payload).unwrap();
    let digest = named["critical"]["image"]["docker-manifest-digest"]
        .as_str()
        .unwrap();
    let mut repository = Repository::new();
    let mut image = Descriptor {
        media_type: OCI_INDEX.to_owned(),
        digest: digest.to_owned(),
        size: 0,
        artifact_type: None,
        annotations: Map::new(),
        platform: None,
    };
    if let Ok(index) = fs::read(folder.join("index.json")) {
        let media_type = serde_json::from_slice::<Value>(&index).unwrap()["mediaType"]
            .as_str()
            .unwrap()
            .to_owned();
        image = repository.push_manifest_bytes(&media_type, &index);
    }
    assert_eq!(image.digest, digest);
    repository.tag("v1", &image);
    let layer = repository.push_blob("application/vnd.dev.cosign.simplesigning.v1+json", &payload);
    let mut layer = layer.json();
    layer["annotations"] = json!({
        "dev.cosignproject.cosign/signature": text("signature.b64").trim(),
        "dev.sigstore.cosign/certificate": text("cert.pem"),
        "dev.sigstore.cosign/bundle": text("rekor-bundle.json"),
    });
    let config = repository.push_blob(OCI_CONFIG, b"{}");
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.json(),
        "layers": [layer],
    });
    let manifest = repository.push_manifest(&manifest);
    repository.tag(&image.tag_with_suffix("sig"), &manifest);
    (repository, image)
}
