//! Which image of a layout is meant.

use sealcheck_registry::Reference;
use sealcheck_registry::layout::{LayoutError, Wanted};
use sealcheck_testkit::image::{Descriptor, ImageOptions, Repository, index_of};
use sealcheck_verify::{Digest, Reason};
use serde_json::{Value, json};

use crate::fixture::{digest, folder, open};

const NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD: &str = "io.containerd.image.name";

fn entry(image: &Descriptor, annotations: &[(&str, &str)]) -> Value {
    let mut entry = image.plain_json();
    let annotations = annotations
        .iter()
        .map(|(k, v)| ((*k).to_owned(), Value::from(*v)));
    entry["annotations"] = Value::Object(annotations.collect());
    entry
}

/// What `wanted` leads to in a layout of these entries: an image by its number, or an error.
fn resolve(
    entries: impl Fn(&[Descriptor]) -> Vec<Value>,
    wanted: impl Fn(&[Descriptor]) -> Wanted<'static>,
) -> Result<Option<usize>, LayoutError> {
    let mut repository = Repository::new();
    let images: Vec<Descriptor> = (0..4_u8)
        .map(|number| repository.push_image(&ImageOptions::with_layer(&[number])))
        .collect();
    let folder = folder(&repository.files_with(&index_of(entries(&images))));
    let found = open(folder.path()).resolve(&wanted(&images))?.found();
    Ok(found.map(|found| {
        let number = images
            .iter()
            .position(|image| digest(image) == found.digest);
        number.unwrap()
    }))
}

fn reference(text: &str) -> &'static Reference {
    Box::leak(Box::new(Reference::parse(text).unwrap()))
}

#[test]
fn names_are_tags_or_whole_references() {
    let entries = |images: &[Descriptor]| {
        vec![
            entry(&images[0], &[(NAME, "v1")]),
            entry(&images[1], &[(NAME, "docker.io/library/app:v2")]),
            entry(
                &images[2],
                &[(NAME, "v2"), (CONTAINERD, "registry.test/app:v2")],
            ),
            entry(&images[3], &[]),
        ]
    };
    for (name, expected) in [
        ("v1", Some(0)),
        ("app:v2", Some(1)),
        ("docker.io/library/app:v2", Some(1)),
        ("registry.test/app:v2", Some(2)),
        ("v2", Some(2)),
        ("registry.test/app:v1", None),
        ("registry.test/app", None),
        ("V1", None),
        ("", None),
        ("a name with spaces", None),
    ] {
        let found = resolve(entries, |_| Wanted::Name(name)).unwrap();
        assert_eq!(found, expected, "{name}");
    }
    for (text, expected) in [
        // A bare tag is of no repository, and so of any.
        ("registry.test/app:v1", Some(0)),
        ("app:v2", Some(1)),
        ("registry.test/app:v2", Some(2)),
        // That tag belongs to other repositories by their whole names.
        ("registry.test/other:v2", None),
        ("registry.test/app", None),
    ] {
        let found = resolve(entries, |_| Wanted::Reference(reference(text))).unwrap();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn the_digest_of_a_reference_decides() {
    let entries = |images: &[Descriptor]| vec![entry(&images[0], &[(NAME, "v1")])];
    let found = resolve(entries, |images| {
        let text = format!("registry.test/app:v1@{}", images[3].digest);
        Wanted::Reference(reference(&text))
    });
    assert_eq!(found.unwrap(), Some(3), "also when only a blob has it");
    let nowhere = Digest::sha256(b"nowhere");
    let text = format!("registry.test/app:v1@{nowhere}");
    let found = resolve(entries, |_| Wanted::Reference(reference(&text)));
    assert_eq!(found.unwrap(), None);
}

#[test]
fn two_images_under_one_name_are_ambiguous_and_the_error_names_them() {
    let entries = |images: &[Descriptor]| {
        vec![
            entry(&images[0], &[(NAME, "v1")]),
            entry(&images[1], &[(NAME, "v1")]),
            entry(&images[0], &[(NAME, "v1")]),
        ]
    };
    for wanted in [Wanted::Name("v1"), Wanted::Only] {
        let error = resolve(entries, |_| wanted).unwrap_err();
        assert_eq!(error.reason(), Reason::ImageAmbiguous);
        let LayoutError::Ambiguous { found, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(found.len(), 2, "{error}");
        assert!(found[0].starts_with("v1 (sha256:"), "{error}");
    }
    let one = |images: &[Descriptor]| {
        vec![
            entry(&images[2], &[(NAME, "v1")]),
            entry(&images[2], &[(NAME, "latest")]),
        ]
    };
    assert_eq!(
        resolve(one, |_| Wanted::Only).unwrap(),
        Some(2),
        "one image, two names"
    );
}

#[test]
fn the_only_image_is_none_of_what_is_attached_or_contained() {
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let referrer = repository.attach(&index, &sealcheck_testkit::image::Referrer::default());
    let signature = repository.push_image(&ImageOptions::with_layer(b"signature"));
    let hex = index.digest.strip_prefix("sha256:").unwrap();
    let entries = vec![
        entry(&signature, &[(NAME, &format!("sha256-{hex}.sig"))]),
        entry(
            &signature,
            &[(NAME, &format!("registry.test/app:sha256-{hex}.att"))],
        ),
        entry(&signature, &[(NAME, &format!("sha256-{hex}"))]),
        entry(
            &signature,
            &[("vnd.docker.reference.type", "attestation-manifest")],
        ),
        entry(&images[0], &[]),
        entry(&referrer, &[]),
        entry(&images[1], &[]),
        entry(&index, &[]),
    ];
    let folder = folder(&repository.files_with(&index_of(entries)));
    let found = open(folder.path()).resolve(&Wanted::Only).unwrap();
    assert_eq!(found.found().unwrap().digest, digest(&index));
}

#[test]
fn an_empty_layout_has_no_image() {
    let folder = folder(&Repository::new().files_with(&json!({"schemaVersion": 2})));
    let layout = open(folder.path());
    assert!(layout.resolve(&Wanted::Only).unwrap().is_absent());
    assert!(layout.entries().is_empty());
}
