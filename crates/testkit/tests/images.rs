//! Images of the kit have the shape of published ones, and every digest in them is right.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code outside test functions"
)]

use std::fs;

use sealcheck_testkit::image::{DOCKER_INDEX, DOCKER_MANIFEST, Descriptor, Flavour};
use sealcheck_testkit::image::{ImageOptions, Referrer, Repository, digest};
use sealcheck_testkit::{Content, Instance, Plan, TokenOptions, shared, sign};
use serde_json::Value;

fn children(value: &Value, out: &mut Vec<(String, u64)>) {
    match value {
        Value::Object(map) => {
            if let (Some(Value::String(digest)), Some(size)) = (map.get("digest"), map.get("size"))
            {
                out.push((digest.clone(), size.as_u64().unwrap()));
            }
            map.values().for_each(|child| children(child, out));
        }
        Value::Array(items) => items.iter().for_each(|child| children(child, out)),
        _ => {}
    }
}

fn signed_index() -> (Repository, Descriptor, Vec<Descriptor>) {
    let sigstore = Instance::new();
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm/v7"]);
    repository.tag("v1", &index);
    let legacy = |digest: &str| sigstore.sign_image("registry.test/app", digest, &[]);
    repository.attach_signatures(&index, &[legacy(&index.digest), legacy(&index.digest)]);
    let statement = sign::cosign_statement(&index.digest, &[]);
    let plan = Plan::default().with_timestamp(TokenOptions::default());
    let attestation = sigstore.sign(Content::statement(&statement), &plan);
    repository.attach_attestations(&index, std::slice::from_ref(&attestation));
    repository.attach_bundle(&index, &attestation);
    repository.attach(
        &images[0],
        &Referrer::signatures(&[legacy(&images[0].digest)]),
    );
    repository.push_fallback(&index);
    (repository, index, images)
}

#[test]
fn every_descriptor_points_to_an_object_of_its_size() {
    let (repository, ..) = signed_index();
    let mut seen = 0;
    for (name, object) in &repository.objects {
        assert_eq!(digest(&object.bytes), *name);
        if object.is_manifest {
            let mut found = Vec::new();
            children(&repository.manifest(name), &mut found);
            for (digest, size) in found {
                assert_eq!(
                    Ok(size),
                    u64::try_from(repository.objects[&digest].bytes.len())
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "{seen} descriptors");
    for digest in repository.tags.values() {
        assert!(repository.objects[digest].is_manifest);
    }
}

#[test]
fn what_is_attached_is_found_where_cosign_looks() {
    let (repository, index, images) = signed_index();
    let hex = index.digest.strip_prefix("sha256:").unwrap();
    let tags: Vec<&String> = repository.tags.keys().collect();
    let expected = ["", ".att", ".sig"].map(|suffix| format!("sha256-{hex}{suffix}"));
    assert_eq!(tags, [&expected[0], &expected[1], &expected[2], "v1"]);
    let signatures = repository.manifest(&repository.tags[&expected[2]]);
    assert_eq!(signatures["layers"].as_array().unwrap().len(), 2);
    let fallback = repository.manifest(&repository.tags[&expected[0]]);
    assert_eq!(fallback, repository.referrers_index(&index.digest));
    let referrer = &fallback["manifests"][0];
    assert_eq!(
        referrer["artifactType"],
        "application/vnd.dev.sigstore.bundle.v0.3+json"
    );
    assert_eq!(
        referrer["annotations"]["dev.sigstore.bundle.predicateType"],
        "https://sigstore.dev/cosign/sign/v1"
    );
    let experimental = &repository.referrers(&images[0].digest)[0];
    assert_eq!(
        experimental["artifactType"],
        "application/vnd.dev.cosign.artifact.sig.v1+json"
    );
}

#[test]
fn artifact_types_can_be_left_out() {
    let sigstore = Instance::new();
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default());
    let bundle = Referrer::bundle(&sigstore.sign_image_bundle(&image.digest, &[]));
    let descriptor = repository.attach(&image, &bundle.with_artifact_type(""));
    let manifest = repository.manifest(&descriptor.digest);
    assert!(manifest.get("artifactType").is_none());
    assert_eq!(
        repository.referrers(&image.digest)[0]["artifactType"],
        "application/vnd.oci.empty.v1+json",
        "the specification falls back to the configuration's media type"
    );
}

#[test]
fn docker_images_have_dockers_media_types_like_pause() {
    let mut repository = Repository::new();
    let options = ImageOptions {
        flavour: Flavour::Docker,
        ..ImageOptions::default()
    };
    let image = repository.push_image(&options);
    let index = repository.push_index(Flavour::Docker, &[image]);
    let ours = repository.manifest(&index.digest);
    assert_eq!(ours["mediaType"], DOCKER_INDEX);
    assert_eq!(ours["manifests"][0]["mediaType"], DOCKER_MANIFEST);
    let Some(corpora) = shared::corpora() else {
        return;
    };
    let real = fs::read(corpora.join("kubernetes-pause-3.10/index.json")).unwrap();
    let real: Value = serde_json::from_slice(&real).unwrap();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&ours), keys(&real));
    assert_eq!(keys(&ours["manifests"][0]), keys(&real["manifests"][0]));
}

#[test]
fn layouts_hold_every_object_and_name_every_tag() {
    let (repository, index, _) = signed_index();
    let files = repository.layout_files();
    assert_eq!(files.len(), 2 + repository.objects.len());
    let json: Value = serde_json::from_slice(&files[1].1).unwrap();
    let descriptors = json["manifests"].as_array().unwrap();
    let named = descriptors
        .iter()
        .filter(|d| d["annotations"]["org.opencontainers.image.ref.name"].is_string());
    assert_eq!(named.count(), repository.tags.len());
    let saved = repository.cosign_save_files(&index);
    let json: Value = serde_json::from_slice(&saved[1].1).unwrap();
    let kinds: Vec<&str> = json["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|d| d["annotations"]["kind"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "dev.cosignproject.cosign/imageIndex",
            "dev.cosignproject.cosign/sigs",
            "dev.cosignproject.cosign/atts"
        ]
    );
}
