//! Every form of a layout gives the same answers.

use sealcheck_registry::layout::{Layout, LayoutError, Origin, Wanted};
use sealcheck_registry::{Attached, Descriptor, Lookup};
use sealcheck_testkit::image::{ImageOptions, Referrer, Repository};
use sealcheck_verify::limits::BUNDLE_BYTES;
use sealcheck_verify::{Digest, Reason};
use serde_json::json;

use crate::fixture::{Signed, digest, every_form, file, folder, gzip, open, tar};

fn digests(descriptors: &[Descriptor]) -> Vec<String> {
    descriptors.iter().map(|d| d.digest.to_string()).collect()
}

#[test]
fn every_object_comes_with_its_digest() {
    let signed = Signed::new();
    every_form(&signed.repository.layout_files(), |form, path| {
        let layout = open(path);
        assert_eq!(layout.origin(), Origin::Layout, "{form}");
        for (name, object) in &signed.repository.objects {
            let digest: Digest = name.parse().unwrap();
            if object.is_manifest {
                let manifest = layout.manifest(&digest).unwrap().found().unwrap();
                assert_eq!(manifest.bytes(), object.bytes.as_slice(), "{form}");
                assert_eq!(manifest.media_type(), object.media_type, "{form}");
            }
            let size = object.bytes.len().try_into().unwrap();
            let descriptor = Descriptor::new(&object.media_type, digest, size);
            let blob = layout.blob(&descriptor, BUNDLE_BYTES).unwrap();
            assert_eq!(blob.found().unwrap(), object.bytes, "{form}");
        }
    });
}

#[test]
fn the_only_image_and_all_that_is_attached_to_it_are_found() {
    let signed = Signed::new();
    let tags = &signed.repository.tags;
    every_form(&signed.repository.layout_files(), |form, path| {
        let layout = open(path);
        let image = layout.resolve(&Wanted::Only).unwrap().found().unwrap();
        assert_eq!(image.digest, digest(&signed.index), "{form}");
        for (what, suffix) in [(Attached::Signature, "sig"), (Attached::Attestation, "att")] {
            let found = layout.attached(&image.digest, what);
            let tag = &tags[&signed.index.tag_with_suffix(suffix)];
            assert_eq!(digests(&found), [tag.as_str()], "{form}");
        }
        assert!(layout.attached(&image.digest, Attached::Sbom).is_empty());
        let of_platform = layout.attached(&digest(&signed.images[0]), Attached::Signature);
        assert_eq!(of_platform.len(), 1, "{form}");

        let referrers = layout.referrers(&image.digest).unwrap();
        assert_eq!(referrers.broken, [], "{form}");
        assert_eq!(
            digests(&referrers.descriptors),
            [signed.bundle.digest.as_str()]
        );
        let bundle = &referrers.descriptors[0];
        assert_eq!(
            bundle.artifact_type,
            "application/vnd.dev.sigstore.bundle.v0.3+json"
        );
        let predicate = bundle.annotation("dev.sigstore.bundle.predicateType");
        assert_eq!(predicate, Some("https://sigstore.dev/cosign/sign/v1"));
        let of_platform = layout.referrers(&digest(&signed.images[1])).unwrap();
        assert_eq!(of_platform.descriptors.len(), 1, "{form}");
        let of_none = layout.referrers(&digest(&signed.images[0])).unwrap();
        assert_eq!(of_none.descriptors, [], "{form}");
    });
}

#[test]
fn what_cosign_saves_is_found_by_its_annotations_and_among_the_blobs() {
    let signed = Signed::new();
    let files = signed.repository.cosign_save_files(&signed.index);
    every_form(&files, |form, path| {
        let layout = open(path);
        assert_eq!(layout.origin(), Origin::Cosign, "{form}");
        let image = layout.resolve(&Wanted::Only).unwrap().found().unwrap();
        assert_eq!(image.digest, digest(&signed.index), "{form}");
        assert_eq!(layout.attached(&image.digest, Attached::Signature).len(), 1);
        assert_eq!(
            layout.attached(&image.digest, Attached::Attestation).len(),
            1
        );
        // The signatures of the whole are nobody else's.
        let platform = digest(&signed.images[0]);
        assert!(layout.attached(&platform, Attached::Signature).is_empty());
        let referrers = layout.referrers(&image.digest).unwrap();
        assert_eq!(
            digests(&referrers.descriptors),
            [signed.bundle.digest.as_str()]
        );
        assert_eq!(referrers.broken, []);
    });
}

#[test]
fn layers_of_a_saved_image_are_not_searched_for_bundles() {
    let signed = Signed::new();
    let mut files = signed.repository.cosign_save_files(&signed.index);
    let layer = files
        .iter_mut()
        .find(|(_, content)| content == b"linux/amd64")
        .unwrap();
    layer.1 = b"LINUX/AMD64".to_vec();
    every_form(&files, |form, path| {
        let layout = open(path);
        let referrers = layout.referrers(&digest(&signed.index)).unwrap();
        assert_eq!(
            referrers.broken,
            [],
            "{form}: it is the image's, not the proof's"
        );
        assert_eq!(referrers.descriptors.len(), 1, "{form}");
    });
}

#[test]
fn referrers_are_also_those_that_an_index_under_the_tag_lists() {
    let mut signed = Signed::new();
    let listed = signed.repository.referrers(&signed.index.digest);
    // An index that knows a manifest which was deleted since, and forgot the one that is there.
    let gone = json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": format!("sha256:{}", "0".repeat(64)),
        "size": 7,
    });
    signed
        .repository
        .push_fallback_of(&signed.index, vec![gone.clone(), listed[0].clone()]);
    every_form(&signed.repository.layout_files(), |form, path| {
        let layout = open(path);
        let image = layout.resolve(&Wanted::Only).unwrap().found().unwrap();
        let referrers = layout.referrers(&image.digest).unwrap();
        let expected = [
            signed.bundle.digest.as_str(),
            gone["digest"].as_str().unwrap(),
        ];
        assert_eq!(digests(&referrers.descriptors), expected, "{form}");
        assert!(
            layout
                .manifest(&referrers.descriptors[1].digest)
                .unwrap()
                .is_absent()
        );
    });
}

#[test]
fn what_is_not_there_is_absent_and_says_where_it_was_looked_for() {
    let signed = Signed::new();
    every_form(&signed.repository.layout_files(), |form, path| {
        let layout = open(path);
        let nowhere = Digest::sha256(b"nowhere");
        let Lookup::Absent(absence) = layout.manifest(&nowhere).unwrap() else {
            panic!("{form}: found");
        };
        let place = format!("blobs/sha256/{}", nowhere.hex());
        assert!(absence.asked[0].ends_with(&place), "{form}: {absence:?}");
        let descriptor = Descriptor::new("text/plain", nowhere, 7);
        assert!(layout.open_blob(&descriptor).unwrap().is_absent());
        assert!(
            layout
                .resolve(&Wanted::Digest(&nowhere))
                .unwrap()
                .is_absent()
        );
        assert!(layout.resolve(&Wanted::Name("v2")).unwrap().is_absent());
    });
}

#[test]
fn a_changed_byte_is_a_mismatch_and_never_an_absence() {
    let signed = Signed::new();
    let mut files = signed.repository.layout_files();
    for (path, content) in &mut files {
        if path.starts_with("blobs/") {
            content[0] ^= 1;
        }
    }
    every_form(&files, |form, path| {
        let layout = open(path);
        for (name, object) in &signed.repository.objects {
            let digest: Digest = name.parse().unwrap();
            let size = object.bytes.len().try_into().unwrap();
            let descriptor = Descriptor::new(&object.media_type, digest, size);
            let error = layout.blob(&descriptor, BUNDLE_BYTES).unwrap_err();
            assert!(
                matches!(error, LayoutError::DigestMismatch { .. }),
                "{form}: {error}"
            );
            let error = layout.manifest(&digest).unwrap_err();
            assert_eq!(error.reason(), Reason::LayoutMalformed, "{form}: {error}");
        }
        let image = layout
            .resolve(&Wanted::Name("v1"))
            .unwrap()
            .found()
            .unwrap();
        let referrers = layout.referrers(&image.digest).unwrap();
        assert!(
            !referrers.broken.is_empty(),
            "{form}: nothing can be said to be unsigned"
        );
    });
}

#[test]
fn a_size_that_is_not_the_descriptors_is_a_mismatch() {
    let signed = Signed::new();
    let (name, object) = signed.repository.objects.iter().next().unwrap();
    every_form(&signed.repository.layout_files(), |form, path| {
        let layout = open(path);
        let size: u64 = object.bytes.len().try_into().unwrap();
        for wrong in [size - 1, size + 1] {
            let descriptor = Descriptor::new("", name.parse().unwrap(), wrong);
            let error = layout.open_blob(&descriptor).unwrap_err();
            assert!(
                matches!(error, LayoutError::SizeMismatch { .. }),
                "{form}: {error}"
            );
        }
        let descriptor = Descriptor::new("", name.parse().unwrap(), 1 << 40);
        let error = layout.blob(&descriptor, BUNDLE_BYTES).unwrap_err();
        assert_eq!(error.reason(), Reason::LimitExceeded, "{form}: {error}");
    });
}

#[test]
fn a_missing_or_broken_entry_is_told_to_who_asks_for_referrers() {
    let signed = Signed::new();
    let image = digest(&signed.index);
    let without = |files: &mut Vec<(String, Vec<u8>)>, digest: &str| {
        let path = format!("blobs/{}", digest.replacen(':', "/", 1));
        files.retain(|(name, _)| *name != path);
    };
    let mut files = signed.repository.layout_files();
    without(&mut files, &signed.bundle.digest);
    every_form(&files, |form, path| {
        let referrers = open(path).referrers(&image).unwrap();
        assert_eq!(referrers.descriptors, [], "{form}");
        assert_eq!(referrers.broken.len(), 1, "{form}");
        assert_eq!(
            referrers.broken[0].reason,
            Reason::LayoutMalformed,
            "{form}"
        );
    });
    // A platform that was not copied says nothing about referrers.
    let mut files = signed.repository.layout_files();
    without(&mut files, &signed.images[0].digest);
    every_form(&files, |form, path| {
        let referrers = open(path).referrers(&image).unwrap();
        assert_eq!(referrers.descriptors.len(), 1, "{form}");
        assert_eq!(referrers.broken, [], "{form}");
    });
    // One broken descriptor does not hide the others.
    let mut files = signed.repository.layout_files();
    let index: serde_json::Value = serde_json::from_slice(&files[1].1).unwrap();
    let mut manifests = index["manifests"].as_array().unwrap().clone();
    manifests.insert(0, json!({"digest": "sha256:ABC", "size": -1}));
    files[1].1 = json!({"schemaVersion": 2, "manifests": manifests})
        .to_string()
        .into_bytes();
    every_form(&files, |form, path| {
        let layout = open(path);
        assert_eq!(
            layout.attached(&image, Attached::Signature).len(),
            1,
            "{form}"
        );
        let referrers = layout.referrers(&image).unwrap();
        assert_eq!(referrers.descriptors.len(), 1, "{form}");
        assert_eq!(
            referrers.broken[0].field.as_deref(),
            Some("index.json.manifests[0]")
        );
    });
}

#[test]
fn manifests_without_a_media_type_are_what_their_fields_say() {
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default());
    let mut manifest = repository.manifest(&image.digest);
    manifest.as_object_mut().unwrap().remove("mediaType");
    let bytes = manifest.to_string().into_bytes();
    let plain = repository.push_manifest_bytes(&image.media_type, &bytes);
    let index = json!({"schemaVersion": 2, "manifests": [plain.json()]});
    let index = repository.push_manifest_bytes(
        "application/vnd.oci.image.index.v1+json",
        index.to_string().as_bytes(),
    );
    repository.tag("v1", &index);
    every_form(&repository.layout_files(), |form, path| {
        let layout = open(path);
        let image = layout.manifest(&digest(&plain)).unwrap().found().unwrap();
        assert!(image.image().is_some(), "{form}");
        let index = layout.manifest(&digest(&index)).unwrap().found().unwrap();
        assert!(index.index().is_some(), "{form}");
    });
}

#[test]
fn a_large_file_of_a_compressed_archive_is_read_from_where_it_was_unpacked_to() {
    let mut repository = Repository::new();
    let layers = (0..3)
        .map(|n| vec![n; (2 << 20) + usize::from(n)])
        .collect();
    let image = repository.push_image(&ImageOptions {
        layers,
        ..ImageOptions::default()
    });
    repository.tag("v1", &image);
    let (_folder, path) = file(&gzip(&tar(&repository.layout_files())));
    let layout = open(&path);
    let manifest = layout.manifest(&digest(&image)).unwrap().found().unwrap();
    let layers = &manifest.image().unwrap().layers;
    assert_eq!(layers.len(), 3);
    // Several at one time, each piece by piece.
    let mut blobs: Vec<_> = layers
        .iter()
        .map(|layer| layout.open_blob(layer).unwrap().found().unwrap())
        .collect();
    let mut lengths = [0; 3];
    loop {
        let mut ended = 0;
        for (blob, length) in blobs.iter_mut().zip(&mut lengths) {
            match blob.chunk().unwrap() {
                Some(piece) => *length += piece.len(),
                None => ended += 1,
            }
        }
        if ended == 3 {
            break;
        }
    }
    assert_eq!(lengths, [2 << 20, (2 << 20) + 1, (2 << 20) + 2]);
}

#[test]
fn more_referrers_than_any_image_has_are_refused() {
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default());
    repository.tag("v1", &image);
    for number in 0..1001 {
        let title = format!("{number}.txt");
        let referrer = Referrer::default().with_titled_layer("text/plain", &title, b"a");
        repository.attach(&image, &referrer);
    }
    let (_folder, path) = file(&tar(&repository.layout_files()));
    let error = open(&path).referrers(&digest(&image)).unwrap_err();
    assert!(
        matches!(error, LayoutError::LimitExceeded { limit, .. } if limit.name == "referrers"),
        "{error}"
    );
}

#[test]
fn what_is_no_layout_says_what_it_is_instead() {
    let marker = (
        "oci-layout".to_owned(),
        br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
    );
    let index = (
        "index.json".to_owned(),
        br#"{"schemaVersion":2,"manifests":[]}"#.to_vec(),
    );
    let future = (
        "oci-layout".to_owned(),
        br#"{"imageLayoutVersion":"2.0.0"}"#.to_vec(),
    );
    let cases = [
        (vec![], "it has no index.json"),
        (vec![marker.clone()], "did not finish"),
        (vec![index.clone()], "it has no file oci-layout"),
        (vec![future, index.clone()], "version 2.0.0"),
    ];
    for (files, expected) in cases {
        every_form(&files, |form, path| {
            let error = Layout::open(path).unwrap_err();
            assert_eq!(error.reason(), Reason::NotALayout, "{form}: {error}");
            assert!(error.to_string().contains(expected), "{form}: {error}");
        });
    }
    for (bytes, expected) in [
        (b"text".to_vec(), "neither a folder nor a tar archive"),
        (vec![7; 4096], "neither a folder nor a tar archive"),
        (b"\x28\xb5\x2f\xfdxxxx".to_vec(), "zstd"),
        (b"\xfd7zXZ\0xxxx".to_vec(), "xz"),
        (Vec::new(), "neither a folder nor a tar archive"),
    ] {
        let (_folder, path) = file(&bytes);
        let error = Layout::open(&path).unwrap_err();
        assert_eq!(error.reason(), Reason::NotALayout, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let missing = Layout::open("no/such/layout".as_ref()).unwrap_err();
    assert_eq!(missing.reason(), Reason::FileNotFound);
    for broken in ["[]", "{}", "{", r#"{"schemaVersion":1,"manifests":[]}"#, ""] {
        let files = [marker.clone(), ("index.json".to_owned(), broken.into())];
        let folder = folder(&files);
        let error = Layout::open(folder.path()).unwrap_err();
        assert_eq!(error.reason(), Reason::LayoutMalformed, "{broken}: {error}");
    }
    #[cfg(unix)]
    {
        let error = Layout::open("/dev/null".as_ref()).unwrap_err();
        assert_eq!(error.reason(), Reason::NotALayout);
    }
}
