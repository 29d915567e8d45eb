//! What `docker save` writes, old and new.

use sealcheck_registry::layout::{Layout, LayoutError, Origin, Wanted};
use sealcheck_testkit::image::{ImageOptions, Repository, digest as digest_of};
use sealcheck_verify::Reason;
use serde_json::json;

use crate::fixture::{digest, every_form, open};

#[test]
fn an_archive_without_manifests_names_its_images_and_proves_nothing() {
    let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"}}"#;
    let id = digest_of(config);
    let hex = id.strip_prefix("sha256:").unwrap();
    let manifest = json!([
        {"Config": format!("{hex}.json"), "RepoTags": ["app:v1"], "Layers": ["abc/layer.tar"]},
        {"Config": "gone.json", "RepoTags": null, "Layers": []},
    ]);
    let files = [
        (format!("{hex}.json"), config.to_vec()),
        ("abc/layer.tar".to_owned(), vec![0; 1024]),
        (
            "manifest.json".to_owned(),
            manifest.to_string().into_bytes(),
        ),
        ("repositories".to_owned(), b"{}".to_vec()),
    ];
    every_form(&files, |form, path| {
        let error = Layout::open(path).unwrap_err();
        assert_eq!(error.reason(), Reason::ImageDigestUnknown, "{form}");
        let LayoutError::WithoutManifest { images, .. } = &error else {
            panic!("{form}: {error}");
        };
        assert_eq!(images[0].names, ["app:v1"]);
        assert_eq!(images[0].id.unwrap().to_string(), id);
        assert_eq!((images[1].names.len(), images[1].id), (0, None));
        let text = error.to_string();
        assert!(text.contains(&format!("app:v1 (image id {id})")), "{text}");
    });
}

#[test]
fn an_archive_with_a_layout_is_read_as_one_and_says_who_wrote_it() {
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default());
    let mut entry = image.plain_json();
    entry["annotations"] = json!({
        "io.containerd.image.name": "docker.io/library/app:v1",
        "org.opencontainers.image.ref.name": "v1",
    });
    let index = sealcheck_testkit::image::index_of(vec![entry]);
    let mut files = repository.files_with(&index);
    let manifest = json!([{"Config": "blobs/sha256/abc", "RepoTags": ["app:v1"], "Layers": []}]);
    files.push((
        "manifest.json".to_owned(),
        manifest.to_string().into_bytes(),
    ));
    every_form(&files, |form, path| {
        let layout = open(path);
        assert_eq!(layout.origin(), Origin::Docker, "{form}");
        for wanted in [Wanted::Only, Wanted::Name("app:v1"), Wanted::Name("v1")] {
            let found = layout.resolve(&wanted).unwrap().found().unwrap();
            assert_eq!(found.digest, digest(&image), "{form}");
        }
    });
}

#[test]
fn a_configuration_outside_of_the_folder_is_not_read() {
    let manifest = json!([{"Config": "../../../../etc/passwd", "RepoTags": [], "Layers": []}]);
    let files = [(
        "manifest.json".to_owned(),
        manifest.to_string().into_bytes(),
    )];
    let folder = crate::fixture::folder(&files);
    let error = Layout::open(folder.path()).unwrap_err();
    assert_eq!(error.reason(), Reason::LayoutMalformed, "{error}");
}
