//! What `docker save` writes, old and new.

use sealcheck_registry::layout::{Layout, LayoutError, Origin, Wanted};
use sealcheck_testkit::image::{
    Descriptor, ImageOptions, Repository, digest as digest_of, index_of,
};
use sealcheck_verify::Reason;
use serde_json::{Value, json};

use crate::fixture::{Files, digest, every_form, folder, open};

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

/// What `docker save` writes: a layout of images with their names, and `manifest.json`.
struct Saved {
    repository: Repository,
    entries: Vec<Value>,
}

impl Saved {
    fn new(images: &[(&[u8], &str)]) -> (Self, Vec<Descriptor>) {
        let mut repository = Repository::new();
        let mut entries = Vec::new();
        let mut pushed = Vec::new();
        for (layer, name) in images {
            let image = repository.push_image(&ImageOptions::with_layer(layer));
            let mut entry = image.plain_json();
            entry["annotations"] = json!({
                "io.containerd.image.name": format!("docker.io/library/{name}"),
                "org.opencontainers.image.ref.name": name.rsplit_once(':').unwrap().1,
            });
            entries.push(entry);
            pushed.push(image);
        }
        let saved = Self {
            repository,
            entries,
        };
        (saved, pushed)
    }

    /// The entry of `manifest.json` for an image.
    fn entry(&self, image: &Descriptor, names: &[&str]) -> Value {
        let manifest = self.repository.manifest(&image.digest);
        let path = |blob: &Value| {
            let digest = blob["digest"].as_str().unwrap();
            format!("blobs/{}", digest.replacen(':', "/", 1))
        };
        let layers = manifest["layers"].as_array().unwrap();
        json!({
            "Config": path(&manifest["config"]),
            "RepoTags": names,
            "Layers": layers.iter().map(path).collect::<Vec<_>>(),
        })
    }

    fn files(&self, manifest: &Value) -> Files {
        let index = index_of(self.entries.clone());
        let mut files = self.repository.files_with(&index);
        files.push((
            "manifest.json".to_owned(),
            manifest.to_string().into_bytes(),
        ));
        files
    }

    /// What is said of the image that was asked for as `wanted`, when `manifest.json` is this.
    fn check(
        &self,
        image: &Descriptor,
        wanted: Option<&str>,
        manifest: &Value,
    ) -> Result<(), LayoutError> {
        let folder = folder(&self.files(manifest));
        open(folder.path()).loads_only(&[digest(image)], &digest(image), wanted)
    }
}

#[test]
fn an_archive_with_a_layout_is_read_as_one_and_says_who_wrote_it() {
    let (saved, images) = Saved::new(&[(b"app", "app:v1")]);
    let image = digest(&images[0]);
    let manifest = json!([saved.entry(&images[0], &["app:v1"])]);
    every_form(&saved.files(&manifest), |form, path| {
        let layout = open(path);
        assert_eq!(layout.origin(), Origin::Docker, "{form}");
        for wanted in [Wanted::Only, Wanted::Name("app:v1"), Wanted::Name("v1")] {
            let found = layout.resolve(&wanted).unwrap().found().unwrap();
            assert_eq!(found.digest, image, "{form}");
        }
        layout.loads_only(&[image], &image, None).unwrap();
    });
}

/// `docker load`, podman and crane take `manifest.json`, and nothing but this binds it to what is proved.
#[test]
fn what_others_load_must_be_what_is_proved() {
    let (saved, images) = Saved::new(&[(b"good", "app:v1"), (b"evil", "other:v1")]);
    let [good, evil] = images.as_slice() else {
        panic!()
    };
    let as_good = |names: &[&str]| saved.entry(good, names);
    let as_evil = |names: &[&str]| saved.entry(evil, names);
    let mut mixed = as_good(&["app:v1"]);
    mixed["Layers"] = as_evil(&[])["Layers"].clone();
    let mut fewer = as_good(&["app:v1"]);
    fewer["Layers"] = json!([]);
    let mut elsewhere = as_good(&["app:v1"]);
    elsewhere["Config"] = json!(format!("./{}", elsewhere["Config"].as_str().unwrap()));
    let both = json!([as_good(&["app:v1"]), as_evil(&["other:v1"])]);
    let cases = [
        ("itself", json!([as_good(&["app:v1"])]), None, true),
        (
            "itself by name",
            json!([as_good(&["app:v1"])]),
            Some("app:v1"),
            true,
        ),
        ("without names", json!([as_good(&[])]), None, true),
        (
            "twice",
            json!([as_good(&["app:v1"]), as_good(&["app:v2"])]),
            None,
            true,
        ),
        ("another", json!([as_evil(&["app:v1"])]), None, false),
        (
            "another by name",
            json!([as_evil(&["app:v1"])]),
            Some("app:v1"),
            false,
        ),
        ("other layers", json!([mixed]), None, false),
        ("fewer layers", json!([fewer]), None, false),
        ("another path", json!([elsewhere]), None, false),
        ("nothing", json!([]), None, false),
        ("both, one asked for", both.clone(), Some("app:v1"), true),
        (
            "both, one asked for by its tag, which both have",
            both.clone(),
            Some("v1"),
            false,
        ),
        ("both, none asked for", both, None, false),
        (
            "another under the full name",
            json!([as_good(&["app:v2"]), as_evil(&["docker.io/library/app:v1"])]),
            Some("app:v1"),
            false,
        ),
        (
            "another under the name that index.json has",
            json!([as_good(&["app:v2"]), as_evil(&["app:v1"])]),
            Some(good.digest.as_str()),
            false,
        ),
        (
            "another without a name",
            json!([as_good(&["app:v1"]), as_evil(&[])]),
            Some("app:v1"),
            false,
        ),
        (
            "only another",
            json!([as_evil(&["other:v1"])]),
            Some("app:v1"),
            false,
        ),
    ];
    for (case, manifest, wanted, expected) in cases {
        match saved.check(good, wanted, &manifest) {
            Ok(()) => assert!(expected, "{case}"),
            Err(error) => {
                assert!(!expected, "{case}: {error}");
                assert_eq!(error.reason(), Reason::LayoutMalformed, "{case}");
                let said = error.to_string();
                assert!(said.contains("and it leads to "), "{case}: {said}");
            }
        }
    }
}

/// By its digest it can be any of them, as far as `manifest.json` goes.
#[test]
fn asked_for_by_digest_an_image_without_a_name_is_the_only_one_to_load() {
    let (mut saved, images) = Saved::new(&[(b"good", "app:v1"), (b"evil", "app:v2")]);
    let (good, evil) = (&images[0], &images[1]);
    let both = json!([
        saved.entry(good, &["app:other"]),
        saved.entry(evil, &["app:v2"]),
    ]);
    let wanted = Some(good.digest.as_str());
    // With its name in index.json, the others are known to be others.
    saved.check(good, wanted, &both).unwrap();
    saved.entries[0]["annotations"] = json!({});
    let error = saved.check(good, wanted, &both).unwrap_err();
    assert_eq!(error.reason(), Reason::LayoutMalformed, "{error}");
    let said = error.to_string();
    assert!(
        said.contains("another image under the name app:v2"),
        "{said}"
    );
    saved.check(good, wanted, &json!([both[0]])).unwrap();
    saved.check(good, Some("app:other"), &both).unwrap();
}

#[test]
fn an_image_of_the_index_that_is_proved_may_be_loaded_and_no_other() {
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let saved = Saved {
        repository,
        entries: vec![index.plain_json()],
    };
    let manifest = json!([saved.entry(&images[1], &["app:v1"])]);
    let folder = folder(&saved.files(&manifest));
    let layout = open(folder.path());
    let image = digest(&index);
    let check = |proved: &Descriptor| layout.loads_only(&[digest(proved)], &image, None);
    check(&index).unwrap();
    check(&images[1]).unwrap();
    assert_eq!(
        check(&images[0]).unwrap_err().reason(),
        Reason::LayoutMalformed
    );
}

/// Docker takes what lies at the path for the configuration, and its digest for the image's id.
#[test]
fn a_configuration_with_other_content_is_not_what_is_proved() {
    let (saved, images) = Saved::new(&[(b"app", "app:v1")]);
    let image = digest(&images[0]);
    let manifest = json!([saved.entry(&images[0], &["app:v1"])]);
    let config = manifest[0]["Config"].as_str().unwrap();
    let mut files = saved.files(&manifest);
    let file = files.iter_mut().find(|(path, _)| path == config).unwrap();
    let at = file.1.len() / 2;
    file.1[at] ^= 1;
    every_form(&files, |form, path| {
        let error = open(path).loads_only(&[image], &image, None).unwrap_err();
        assert!(
            matches!(error, LayoutError::DigestMismatch { .. }),
            "{form}: {error}"
        );
    });
}

#[test]
fn fields_of_manifest_json_are_taken_exactly() {
    let (saved, images) = Saved::new(&[(b"good", "app:v1"), (b"evil", "app:v2")]);
    let mut entry = saved.entry(&images[0], &["app:v1"]);
    entry["layers"] = saved.entry(&images[1], &[])["Layers"].clone();
    let folder = folder(&saved.files(&json!([entry])));
    let error = Layout::open(folder.path()).unwrap_err();
    assert_eq!(error.reason(), Reason::LayoutMalformed, "{error}");
    assert!(error.to_string().contains("`layers`"), "{error}");
}

#[test]
fn a_configuration_outside_of_the_folder_is_not_read() {
    let manifest = json!([{"Config": "../../../../etc/passwd", "RepoTags": [], "Layers": []}]);
    let files = [(
        "manifest.json".to_owned(),
        manifest.to_string().into_bytes(),
    )];
    let folder = folder(&files);
    let error = Layout::open(folder.path()).unwrap_err();
    assert_eq!(error.reason(), Reason::LayoutMalformed, "{error}");
}
