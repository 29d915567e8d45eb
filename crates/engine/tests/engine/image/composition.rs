//! What an image consists of.

use sealcheck_engine::{Composition, ImageRun, ImageSource};
use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::{
    DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, Descriptor, ImageOptions, Repository, digest,
};
use sealcheck_verify::{Failure, Reason};
use serde_json::{Value, json};

use super::scene::*;

fn composition(scene: &Scene) -> Result<Composition, Failure> {
    let double = scene.serve();
    let image = ImageSource::Registry(double.reference("app:v1"));
    let found = ImageRun::new(&scene.online()).composition(&image);
    let layout = ImageSource::Layout {
        path: scene.layout(),
        image: Some("v1".to_owned()),
    };
    let in_layout = ImageRun::new(&scene.online()).composition(&layout);
    let reason = |found: &Result<Composition, Failure>| found.as_ref().err().map(|it| it.reason);
    assert_eq!(found.as_ref().ok(), in_layout.as_ref().ok());
    assert_eq!(reason(&found), reason(&in_layout));
    found
}

#[test]
fn an_index_consists_of_its_images_and_these_of_layers() {
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm/v7"]);
    let found = composition(&Scene::of(repository, index.clone())).unwrap();
    assert!(found.is_index);
    assert_eq!(found.digest.to_string(), index.digest);
    assert_eq!(found.images.len(), 2);
    for ((image, pushed), platform) in found
        .images
        .iter()
        .zip(&images)
        .zip(["linux/amd64", "linux/arm/v7"])
    {
        assert_eq!(image.digest.to_string(), pushed.digest);
        assert_eq!(image.platform.to_string(), platform);
        assert_eq!(image.listed.as_ref().unwrap().to_string(), platform);
        let [layer] = image.layers.as_slice() else {
            panic!("{image:?}")
        };
        assert_eq!(layer.blob.to_string(), digest(platform.as_bytes()));
        assert_eq!(layer.content, layer.blob);
    }
    // The image alone, by two requests.
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default());
    let scene = Scene::of(repository, image);
    let found = composition(&scene).unwrap();
    assert!(!found.is_index && found.images[0].listed.is_none());
    let double: RegistryDouble = scene.serve();
    let image = ImageSource::Registry(double.reference("app:v1"));
    ImageRun::new(&scene.online()).composition(&image).unwrap();
    assert_eq!(double.requests().len(), 2, "{:?}", double.lines());
}

/// An image with this configuration.
fn configured(config: &Value) -> Scene {
    let mut repository = Repository::new();
    let layer = repository.push_blob(DOCKER_LAYER, b"layer");
    let config = repository.push_blob(DOCKER_CONFIG, config.to_string().as_bytes());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": config.json(),
        "layers": [Descriptor::json(&layer)],
    });
    let image = repository.push_manifest(&manifest);
    Scene::of(repository, image)
}

#[test]
fn a_configuration_names_a_platform_and_each_layer() {
    let id = digest(b"not compressed");
    let config =
        |ids: Value| json!({"os": "linux", "architecture": "s390x", "rootfs": {"diff_ids": ids}});
    let found = composition(&configured(&config(json!([id])))).unwrap();
    let layer = found.images[0].layers[0];
    assert_eq!(layer.content.to_string(), id);
    assert_eq!(layer.blob.to_string(), digest(b"layer"));
    for broken in [
        config(json!([])),
        config(json!([id, id])),
        config(json!(["layer"])),
        json!({"os": "linux", "architecture": "s390x"}),
        json!({"rootfs": {"diff_ids": [id]}}),
    ] {
        let failure = composition(&configured(&broken)).unwrap_err();
        assert_eq!(failure.reason, Reason::ManifestMalformed, "{broken}");
    }
}

/// Who has a layout takes the layers from it; some may not be passed on, and need not be there.
#[test]
fn the_layers_of_a_layout_are_those_that_are_listed() {
    let of = |media_type: &str, held: Option<&[u8]>| {
        let mut repository = Repository::new();
        let layer = repository.push_blob(media_type, b"a layer");
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [digest(b"content")]},
        });
        let config = repository.push_blob(DOCKER_CONFIG, config.to_string().as_bytes());
        let image = repository.push_manifest(&json!({
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": config.json(),
            "layers": [layer.json()],
        }));
        let scene = Scene::of(repository, image);
        let path = scene.layout();
        let blob = path.join("blobs").join(layer.digest.replacen(':', "/", 1));
        match held {
            Some(content) => std::fs::write(blob, content).unwrap(),
            None => std::fs::remove_file(blob).unwrap(),
        }
        let image = ImageSource::Layout { path, image: None };
        let found = ImageRun::new(&scene.online()).composition(&image);
        found.err().map(|failure| failure.reason)
    };
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    for (media_type, held, expected) in [
        (DOCKER_LAYER, Some(&b"a layer"[..]), None),
        (
            DOCKER_LAYER,
            Some(b"another"),
            Some(Reason::LayoutMalformed),
        ),
        (DOCKER_LAYER, None, Some(Reason::ArtifactUnreadable)),
        (foreign, Some(b"another"), Some(Reason::LayoutMalformed)),
        (foreign, None, None),
    ] {
        assert_eq!(of(media_type, held), expected, "{media_type} {held:?}");
    }
}

#[test]
fn an_image_that_its_index_lists_must_be_there() {
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    repository.objects.remove(&images[1].digest);
    let failure = composition(&Scene::of(repository, index)).unwrap_err();
    assert_eq!(failure.reason, Reason::ImageNotFound);
}
