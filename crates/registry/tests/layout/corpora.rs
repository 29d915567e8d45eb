//! Published images, laid out.

use std::fs;

use sealcheck_registry::Attached;
use sealcheck_registry::layout::Wanted;
use sealcheck_testkit::image::Repository;
use sealcheck_testkit::shared;
use sealcheck_verify::limits::BUNDLE_BYTES;
use serde_json::{Value, json};

use crate::fixture::{digest, every_form, open};

/// The legacy signature in a folder of the corpora, as the manifest that the registry has.
fn push_signature(repository: &mut Repository, folder: &std::path::Path, subject: &str) -> String {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut layer = repository.push_blob(
        "application/vnd.dev.cosign.simplesigning.v1+json",
        &fs::read(folder.join("payload.json")).unwrap(),
    );
    for (name, value) in [
        (
            "dev.cosignproject.cosign/signature",
            read("signature.b64").trim().to_owned(),
        ),
        ("dev.sigstore.cosign/bundle", read("rekor-bundle.json")),
        ("dev.sigstore.cosign/certificate", read("cert.pem")),
    ] {
        layer
            .annotations
            .insert(name.to_owned(), Value::from(value));
    }
    let config_path = folder.join("signature-config.json");
    let config = fs::read(config_path).unwrap_or_else(|_| b"{}".to_vec());
    let config = repository.push_blob("application/vnd.oci.image.config.v1+json", &config);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config.json(),
        "layers": [layer.json()],
    });
    let manifest = repository.push_manifest(&manifest);
    let tag = format!("{}.sig", subject.replacen(':', "-", 1));
    repository.tag(&tag, &manifest);
    manifest.digest
}

#[test]
fn pause_3_10_with_its_signature() {
    let Some(corpora) = shared::corpora() else {
        return;
    };
    let folder = corpora.join("kubernetes-pause-3.10");
    let mut repository = Repository::new();
    let index = fs::read(folder.join("index.json")).unwrap();
    let index = repository.push_manifest_bytes(
        "application/vnd.docker.distribution.manifest.list.v2+json",
        &index,
    );
    assert_eq!(
        index.digest,
        "sha256:ee6521f290b2168b6e0935a181d4cff9be1ac3f505666ef0e3c98fae8199917a"
    );
    repository.tag("3.10", &index);
    let signatures = push_signature(&mut repository, &folder, &index.digest);
    every_form(&repository.layout_files(), |form, path| {
        let layout = open(path);
        let image = layout.resolve(&Wanted::Only).unwrap().found().unwrap();
        assert_eq!(image.digest, digest(&index), "{form}");
        let manifest = layout.manifest(&image.digest).unwrap().found().unwrap();
        let platforms = &manifest.index().unwrap().manifests;
        assert_eq!(platforms.len(), 7);
        assert!(layout.manifest(&platforms[0].digest).unwrap().is_absent());
        let found = layout.attached(&image.digest, Attached::Signature);
        assert_eq!(found[0].digest.to_string(), signatures, "{form}");
        let signatures = layout.manifest(&found[0].digest).unwrap().found().unwrap();
        let layer = &signatures.image().unwrap().layers[0];
        assert!(layer.annotation("dev.sigstore.cosign/bundle").is_some());
        let payload = layout.blob(layer, BUNDLE_BYTES).unwrap().found().unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        let signed = &payload["critical"]["image"]["docker-manifest-digest"];
        assert_eq!(signed, index.digest.as_str(), "{form}");
        assert_eq!(layout.referrers(&image.digest).unwrap().broken, []);
    });
}

#[test]
fn cluster_api_controller_without_its_image_which_the_corpora_do_not_have() {
    let Some(corpora) = shared::corpora() else {
        return;
    };
    let folder = corpora.join("kubernetes-cluster-api-controller-v1.5.0");
    let image = "sha256:f34016d3a494f9544a16137c9bba49d8756c574a0a1baf96257903409ef82f77";
    let mut repository = Repository::new();
    push_signature(&mut repository, &folder, image);
    every_form(&repository.layout_files(), |form, path| {
        let layout = open(path);
        // The digest is known from elsewhere; its signature is found all the same.
        let image = image.parse().unwrap();
        assert!(layout.manifest(&image).unwrap().is_absent(), "{form}");
        let found = layout.attached(&image, Attached::Signature);
        assert_eq!(found.len(), 1, "{form}");
    });
}
