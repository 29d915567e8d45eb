//! Which image of a layout is meant.

use sealcheck_registry::Reference;
use sealcheck_registry::layout::{Layout, LayoutError, Wanted};
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
        entry(&images[0], &[]),
        entry(&referrer, &[]),
        entry(&images[1], &[]),
        entry(&index, &[]),
    ];
    let folder = folder(&repository.files_with(&index_of(entries)));
    let found = open(folder.path()).resolve(&Wanted::Only).unwrap();
    assert_eq!(found.found().unwrap().digest, digest(&index));
}

/// A layout of a good image with a signature, as `cosign save` marks them, and of another one that `hide` changes.
fn beside(hide: impl Fn(&Descriptor, &mut Value, &mut Repository)) -> Result<Digest, LayoutError> {
    let mut repository = Repository::new();
    let good = repository.push_image(&ImageOptions::default());
    let evil = repository.push_image(&ImageOptions::with_layer(b"evil"));
    let mut hidden = entry(&evil, &[]);
    hide(&good, &mut hidden, &mut repository);
    let mut entries = vec![entry(&good, &[("kind", "dev.cosignproject.cosign/image")])];
    match hidden {
        Value::Array(hidden) => entries.extend(hidden),
        hidden => entries.insert(0, hidden),
    }
    let folder = folder(&repository.files_with(&index_of(entries)));
    let found = open(folder.path()).resolve(&Wanted::Only)?.found().unwrap();
    assert_eq!(found.digest, digest(&good), "or an error");
    Ok(found.digest)
}

/// Whoever adds an image to a layout can write any annotation beside it.
#[test]
fn no_annotation_hides_an_image() {
    let hex = "a".repeat(64);
    for annotations in [
        vec![],
        vec![(NAME, "v1".to_owned())],
        vec![(
            "vnd.docker.reference.type",
            "attestation-manifest".to_owned(),
        )],
        vec![(NAME, format!("x:sha256-{hex}"))],
        vec![(NAME, format!("sha256-{hex}.sig"))],
        vec![("kind", "dev.cosignproject.cosign/sigs".to_owned())],
        vec![("kind", "dev.cosignproject.cosign/unknown".to_owned())],
    ] {
        let error = beside(|_, hidden, _| {
            for (name, value) in &annotations {
                hidden["annotations"][name] = json!(value);
            }
        })
        .unwrap_err();
        assert_eq!(error.reason(), Reason::ImageAmbiguous, "{annotations:?}");
        let LayoutError::Ambiguous { found, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(found.len(), 2, "{annotations:?}: {error}");
    }
}

#[test]
fn a_name_beside_that_of_an_attachment_is_a_name() {
    let signature = |good: &Descriptor| {
        let hex = good.digest.strip_prefix("sha256:").unwrap();
        format!("sha256-{hex}.sig")
    };
    let only = |key: &'static str, value: &'static str| {
        beside(move |good, hidden, _| {
            hidden["annotations"][NAME] = json!(signature(good));
            hidden["annotations"][key] = json!(value);
        })
    };
    assert!(only("org.example", "anything").is_ok());
    for (key, value) in [
        (CONTAINERD, "registry.test/app:v1"),
        // The first that is marked is cosign's.
        ("kind", "dev.cosignproject.cosign/image"),
        ("kind", "dev.cosignproject.cosign/imageIndex"),
    ] {
        let error = only(key, value).unwrap_err();
        assert_eq!(error.reason(), Reason::ImageAmbiguous, "{key} {value}");
    }
}

/// A layout of a good image with `names`, and of another one with other names, which says that it is attached to the good
/// one. Gives what it is when none is named.
fn attached_by(names: &[(&str, &str)], others: &[(&str, &str)]) -> Result<bool, LayoutError> {
    let mut repository = Repository::new();
    let good = repository.push_image(&ImageOptions::default());
    let evil = repository.push_image(&ImageOptions::with_layer(b"evil"));
    let mut manifest = repository.manifest(&evil.digest);
    manifest["subject"] = good.plain_json();
    let evil = repository.push_manifest(&manifest);
    let entries = vec![entry(&evil, others), entry(&good, names)];
    let folder = folder(&repository.files_with(&index_of(entries)));
    let found = open(folder.path()).resolve(&Wanted::Only)?.found().unwrap();
    Ok(found.digest == digest(&good))
}

#[test]
fn a_subject_does_not_hide_an_image_that_has_a_name() {
    let whole = "registry.test/app:v1";
    let (tag, both) = ([(NAME, "v1")], [(NAME, "v1"), (CONTAINERD, whole)]);
    for (case, names, others) in [
        ("both have both", &both[..], &both[..]),
        ("its tag", &[][..], &tag[..]),
        ("its names", &[][..], &both[..]),
        ("its whole name", &tag[..], &both[1..]),
    ] {
        let error = attached_by(names, others).unwrap_err();
        assert_eq!(error.reason(), Reason::ImageAmbiguous, "{case}: {error}");
    }
    // As `sealcheck copy`, oras and others leave what is attached.
    assert!(attached_by(&both, &[]).unwrap());
    assert!(attached_by(&[], &[("org.example", "anything")]).unwrap());
}

#[test]
fn what_a_list_of_referrers_names_is_not_contained_in_an_image() {
    let error = beside(|good, hidden, repository| {
        let list = repository.push_manifest(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [hidden.clone()],
        }));
        let hex = good.digest.strip_prefix("sha256:").unwrap();
        let list = entry(&list, &[(NAME, &format!("sha256-{hex}"))]);
        *hidden = json!([list, hidden.clone()]);
    })
    .unwrap_err();
    assert_eq!(error.reason(), Reason::ImageAmbiguous);
}

#[test]
fn an_entry_that_cannot_be_read_may_be_any_image_but_one_known_by_digest() {
    let mut repository = Repository::new();
    let good = repository.push_image(&ImageOptions::default());
    let evil = repository.push_image(&ImageOptions::with_layer(b"evil"));
    let in_another_case = json!({
        "mediaType": evil.media_type,
        "digest": good.digest,
        "Digest": evil.digest,
        "size": 7,
        "annotations": {NAME: "v1"},
    });
    let entries = vec![entry(&good, &[(NAME, "v1")]), in_another_case];
    let folder = folder(&repository.files_with(&index_of(entries)));
    let layout = open(folder.path());
    for wanted in [
        Wanted::Only,
        Wanted::Name("v1"),
        Wanted::Reference(reference("registry.test/app:v1")),
    ] {
        let error = layout.resolve(&wanted).unwrap_err();
        assert_eq!(error.reason(), Reason::LayoutMalformed, "{error}");
    }
    let digest = digest(&good);
    let found = layout.resolve(&Wanted::Digest(&digest)).unwrap();
    assert_eq!(found.found().unwrap().digest, digest);
}

#[test]
fn an_index_with_a_field_in_another_case_is_refused() {
    let mut repository = Repository::new();
    let good = repository.push_image(&ImageOptions::default());
    let evil = repository.push_image(&ImageOptions::with_layer(b"evil"));
    let mut index = index_of(vec![entry(&good, &[])]);
    index["MANIFESTS"] = json!([entry(&evil, &[])]);
    let folder = folder(&repository.files_with(&index));
    let error = Layout::open(folder.path()).unwrap_err();
    assert_eq!(error.reason(), Reason::LayoutMalformed, "{error}");
}

#[test]
fn an_empty_layout_has_no_image() {
    let folder = folder(&Repository::new().files_with(&json!({"schemaVersion": 2})));
    let layout = open(folder.path());
    assert!(layout.resolve(&Wanted::Only).unwrap().is_absent());
    assert!(layout.entries().is_empty());
}
