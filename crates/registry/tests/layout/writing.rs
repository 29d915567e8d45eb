//! What is written is read again, survives interruptions, and never looks finished before it is.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use sealcheck_registry::layout::{Layout, LayoutError, LayoutWriter, Published, Role, Wanted};
use sealcheck_registry::{Attached, Descriptor, Lookup, Manifest, Reference};
use sealcheck_testkit::image::{ImageOptions, Repository};
use sealcheck_verify::limits::BUNDLE_BYTES;
use sealcheck_verify::{Digest, Reason};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Signed, digest, file, folder, open, tar};

fn writer(path: &Path) -> LayoutWriter {
    LayoutWriter::open(path).unwrap_or_else(|error| panic!("{error}"))
}

/// Writes every object of a repository and publishes what stands in its tags, the image `v1` as `name`.
fn write(repository: &Repository, index: &str, name: &str, path: &Path) {
    let writer = writer(path);
    let mut published = Vec::new();
    for (digest, object) in &repository.objects {
        let digest: Digest = digest.parse().unwrap();
        let size = object.bytes.len().try_into().unwrap();
        let descriptor = Descriptor::new(&object.media_type, digest, size);
        if !object.is_manifest {
            let mut blob = writer.blob(&descriptor).unwrap();
            for piece in object.bytes.chunks(100) {
                blob.write(piece).unwrap();
            }
            blob.finish().unwrap();
            continue;
        }
        let manifest = Manifest::read(object.bytes.clone().into(), None, Some(&digest)).unwrap();
        writer.manifest(&manifest).unwrap();
        let role = if digest.to_string() == index {
            Role::Image(Some(Reference::parse(name).unwrap()))
        } else if manifest.subject().is_some() {
            Role::Referrer
        } else {
            let attached = [
                (Attached::Signature, ".sig"),
                (Attached::Attestation, ".att"),
            ];
            let found = repository.tags.iter().find_map(|(tag, target)| {
                let (what, hex) = attached.iter().find_map(|(what, suffix)| {
                    let hex = tag.strip_prefix("sha256-")?.strip_suffix(suffix)?;
                    Some((*what, hex))
                })?;
                let subject = format!("sha256:{hex}").parse().unwrap();
                (*target == digest.to_string()).then_some(Role::Attached(what, subject))
            });
            match found {
                Some(role) => role,
                None => continue,
            }
        };
        published.push(Published { descriptor, role });
    }
    writer.publish(&published).unwrap();
}

fn index_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path.join("index.json")).unwrap()).unwrap()
}

fn entries(path: &Path) -> Vec<Value> {
    index_json(path)["manifests"].as_array().unwrap().clone()
}

fn blob_path(path: &Path, digest: &Digest) -> std::path::PathBuf {
    path.join("blobs/sha256").join(digest.hex())
}

#[test]
fn what_was_written_gives_the_same_answers() {
    let signed = Signed::new();
    let target = TempDir::new().unwrap();
    let path = target.path().join("new/layout");
    write(
        &signed.repository,
        &signed.index.digest,
        "registry.test/app:v1",
        &path,
    );
    let layout = open(&path);
    for wanted in [
        Wanted::Only,
        Wanted::Name("v1"),
        Wanted::Name("registry.test/app:v1"),
        Wanted::Digest(&digest(&signed.index)),
    ] {
        let found = layout.resolve(&wanted).unwrap().found().unwrap();
        assert_eq!(found.digest, digest(&signed.index), "{wanted:?}");
    }
    assert!(
        layout
            .resolve(&Wanted::Name("registry.test/other:v1"))
            .unwrap()
            .is_absent()
    );
    for (name, object) in &signed.repository.objects {
        let size = object.bytes.len().try_into().unwrap();
        let descriptor = Descriptor::new("", name.parse().unwrap(), size);
        let blob = layout.blob(&descriptor, BUNDLE_BYTES).unwrap().found();
        assert_eq!(blob.unwrap(), object.bytes);
    }
    let image = digest(&signed.index);
    assert_eq!(layout.attached(&image, Attached::Signature).len(), 1);
    assert_eq!(layout.attached(&image, Attached::Attestation).len(), 1);
    let platform = digest(&signed.images[0]);
    assert_eq!(layout.attached(&platform, Attached::Signature).len(), 1);
    let referrers = layout.referrers(&image).unwrap();
    assert_eq!(referrers.descriptors[0].digest, digest(&signed.bundle));
    assert_eq!(referrers.broken, []);
    let of_platform = layout.referrers(&digest(&signed.images[1])).unwrap();
    assert_eq!(of_platform.descriptors.len(), 1);
}

#[test]
fn cosign_finds_the_image_and_its_signatures_by_their_kind() {
    let signed = Signed::new();
    let target = TempDir::new().unwrap();
    write(
        &signed.repository,
        &signed.index.digest,
        "registry.test/app:v1",
        target.path(),
    );
    let saved = signed.repository.cosign_save_files(&signed.index);
    let saved: Value = serde_json::from_slice(&saved[1].1).unwrap();
    let kinds = |entries: &[Value]| {
        let mut kinds: Vec<(String, String)> = entries
            .iter()
            .filter_map(|entry| {
                let kind = entry["annotations"]["kind"].as_str()?;
                Some((kind.to_owned(), entry["digest"].as_str()?.to_owned()))
            })
            .collect();
        kinds.sort();
        kinds
    };
    let expected = kinds(saved["manifests"].as_array().unwrap());
    assert_eq!(expected.len(), 3);
    assert_eq!(kinds(&entries(target.path())), expected);
    assert_eq!(
        fs::read_to_string(target.path().join("oci-layout")).unwrap(),
        r#"{"imageLayoutVersion":"1.0.0"}"#
    );
}

#[test]
fn a_second_image_joins_and_the_first_stays_cosigns() {
    let (first, second) = (Signed::new(), {
        let mut repository = Repository::new();
        let image = repository.push_image(&ImageOptions::with_layer(b"other"));
        (repository, image)
    });
    let target = TempDir::new().unwrap();
    write(
        &first.repository,
        &first.index.digest,
        "registry.test/app:v1",
        target.path(),
    );
    write(
        &second.0,
        &second.1.digest,
        "registry.test/other:v1",
        target.path(),
    );
    let layout = open(target.path());
    let resolve = |name| {
        layout
            .resolve(&Wanted::Name(name))
            .unwrap()
            .found()
            .unwrap()
    };
    assert_eq!(resolve("registry.test/app:v1").digest, digest(&first.index));
    assert_eq!(resolve("registry.test/other:v1").digest, digest(&second.1));
    let error = layout.resolve(&Wanted::Name("v1")).unwrap_err();
    assert_eq!(error.reason(), Reason::ImageAmbiguous);
    // cosign knows one image a layout, which stays the first; here each is as good as the other.
    let marked = entries(target.path())
        .into_iter()
        .find(|entry| entry["annotations"]["kind"] == "dev.cosignproject.cosign/imageIndex");
    assert_eq!(marked.unwrap()["digest"], first.index.digest.as_str());
    let error = layout.resolve(&Wanted::Only).unwrap_err();
    assert_eq!(error.reason(), Reason::ImageAmbiguous);
    let LayoutError::Ambiguous { found, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(found.len(), 2, "{error}");
}

#[test]
fn an_image_replaces_the_one_that_had_its_name() {
    let first = Signed::new();
    let second = Signed::new();
    let mut moved = Repository::new();
    let image = moved.push_image(&ImageOptions::with_layer(b"moved"));
    let target = TempDir::new().unwrap();
    let name = "registry.test/app:v1";
    write(&first.repository, &first.index.digest, name, target.path());
    // The same image, signed again by another: one entry for each name.
    write(
        &second.repository,
        &second.index.digest,
        name,
        target.path(),
    );
    let names: Vec<Value> = entries(target.path())
        .iter()
        .map(|entry| entry["annotations"]["org.opencontainers.image.ref.name"].clone())
        .filter(Value::is_string)
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    write(&moved, &image.digest, name, target.path());
    let layout = open(target.path());
    let found = layout
        .resolve(&Wanted::Name(name))
        .unwrap()
        .found()
        .unwrap();
    assert_eq!(found.digest, digest(&image));
    let only = layout.resolve(&Wanted::Only).unwrap().found().unwrap();
    assert_eq!(
        only.digest,
        digest(&image),
        "and cosign's mark went with the name"
    );
    let kinds = entries(target.path())
        .iter()
        .filter(|entry| entry["annotations"]["kind"].is_string())
        .count();
    assert_eq!(
        kinds, 1,
        "the old image's signatures are no longer the first that cosign sees"
    );
}

#[test]
fn wrong_content_never_gets_a_name() {
    let target = TempDir::new().unwrap();
    let writer = writer(target.path());
    let descriptor = Descriptor::new("text/plain", Digest::sha256(b"content"), 7);
    for content in [&b"CONTENT"[..], b"conten", b"content!"] {
        let mut blob = writer.blob(&descriptor).unwrap();
        let error = blob
            .write(content)
            .and_then(|()| blob.finish())
            .unwrap_err();
        match content.len() == 7 {
            true => assert!(
                matches!(error, LayoutError::DigestMismatch { .. }),
                "{error}"
            ),
            false => assert!(matches!(error, LayoutError::SizeMismatch { .. }), "{error}"),
        }
    }
    // Given up in the middle.
    let mut blob = writer.blob(&descriptor).unwrap();
    blob.write(b"cont").unwrap();
    drop(blob);
    let left: Vec<_> = fs::read_dir(target.path().join("blobs/sha256"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!writer.has(&descriptor).unwrap());
    let published = Published {
        descriptor: descriptor.clone(),
        role: Role::Referrer,
    };
    let error = writer.publish(&[published]).unwrap_err();
    assert!(error.to_string().contains("was not written"), "{error}");
    assert!(!target.path().join("index.json").exists());
}

#[test]
fn what_is_complete_is_kept_and_what_is_damaged_is_written_again() {
    let target = TempDir::new().unwrap();
    let writer = writer(target.path());
    let descriptor = Descriptor::new("text/plain", Digest::sha256(b"content"), 7);
    writer.small(&descriptor, b"content").unwrap();
    assert!(writer.has(&descriptor).unwrap());
    let path = blob_path(target.path(), &descriptor.digest);
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    writer.small(&descriptor, b"content").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    for damage in [&b"conTent"[..], b"conten", b"content and more", b""] {
        fs::write(&path, damage).unwrap();
        assert!(!writer.has(&descriptor).unwrap());
        writer.small(&descriptor, b"content").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"content");
    }
}

#[test]
fn an_interrupted_copy_is_no_layout_and_goes_on() {
    let signed = Signed::new();
    let target = TempDir::new().unwrap();
    let path = target.path();
    let writer = writer(path);
    let (name, object) = signed.repository.objects.iter().next().unwrap();
    let size = object.bytes.len().try_into().unwrap();
    let descriptor = Descriptor::new("", name.parse().unwrap(), size);
    writer.small(&descriptor, &object.bytes).unwrap();
    // What a crash leaves.
    fs::write(path.join(".sealcheck-abc"), b"half").unwrap();
    fs::write(path.join("blobs/sha256/.sealcheck-abc"), b"half").unwrap();
    let error = Layout::open(path).unwrap_err();
    assert!(error.to_string().contains("did not finish"), "{error}");
    write(
        &signed.repository,
        &signed.index.digest,
        "registry.test/app:v1",
        path,
    );
    let layout = open(path);
    assert_eq!(layout.referrers(&digest(&signed.index)).unwrap().broken, []);
}

#[test]
fn what_killed_writers_left_is_removed_and_what_writers_have_at_work_is_not() {
    let signed = Signed::new();
    let target = TempDir::new().unwrap();
    let path = target.path();
    let index = &signed.index.digest;
    write(&signed.repository, index, "registry.test/app:v1", path);
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 3600);
    let left = |name: &str, at: SystemTime| {
        let left = path.join(name);
        fs::write(&left, b"half").unwrap();
        let file = fs::File::options().write(true).open(&left).unwrap();
        file.set_modified(at).unwrap();
        left
    };
    let old = [
        left(".sealcheck-abc", long_ago),
        left("blobs/sha256/.sealcheck-abc", long_ago),
    ];
    let kept = [
        left("blobs/sha256/.sealcheck-new", SystemTime::now()),
        left("blobs/sha256/.other-abc", long_ago),
        left("note.txt", long_ago),
    ];
    write(&signed.repository, index, "registry.test/app:v2", path);
    assert!(old.iter().all(|file| !file.exists()), "{old:?}");
    assert!(kept.iter().all(|file| file.exists()), "{kept:?}");
}

#[test]
fn layouts_lie_in_folders_of_others() {
    let target = TempDir::new().unwrap();
    let at = |path: &str| target.path().join(path);
    // In either order, and beside one that another writer has just begun.
    LayoutWriter::open(&at("a/b/c")).unwrap();
    fs::create_dir_all(at("a/d")).unwrap();
    for path in ["a", "a/b", "a/b/c/d", "a/d"] {
        LayoutWriter::open(&at(path)).unwrap();
        assert!(at(path).join("oci-layout").is_file(), "{path}");
    }
    // With anything else below it a folder is somebody's.
    LayoutWriter::open(&at("x/y")).unwrap();
    fs::create_dir_all(at("x/z")).unwrap();
    fs::write(at("x/z/thesis.txt"), b"years").unwrap();
    let error = LayoutWriter::open(&at("x")).unwrap_err();
    assert!(matches!(error, LayoutError::Occupied { .. }), "{error}");
}

#[test]
fn folders_of_something_else_are_left_alone() {
    let target = TempDir::new().unwrap();
    fs::write(target.path().join("thesis.txt"), b"years").unwrap();
    let error = LayoutWriter::open(target.path()).unwrap_err();
    assert!(matches!(error, LayoutError::Occupied { .. }), "{error}");
    assert_eq!(error.reason(), Reason::ArgumentInvalid);
    assert_eq!(
        fs::read_dir(target.path()).unwrap().count(),
        1,
        "nothing was added"
    );
    // A marker that is none, a future version, a file.
    for marker in ["{}", r#"{"imageLayoutVersion":"2.0.0"}"#] {
        let folder = folder(&[("oci-layout".to_owned(), marker.into())]);
        LayoutWriter::open(folder.path()).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{marker}");
    }
    let (_folder, path) = file(&tar(&[]));
    LayoutWriter::open(&path).unwrap_err();
    // An index.json that cannot be read is not replaced.
    let folder = folder(&[
        (
            "oci-layout".to_owned(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        ),
        ("index.json".to_owned(), b"{".to_vec()),
    ]);
    let error = writer(folder.path()).publish(&[]).unwrap_err();
    assert_eq!(error.reason(), Reason::LayoutMalformed, "{error}");
    assert_eq!(fs::read(folder.path().join("index.json")).unwrap(), b"{");
}

#[test]
fn what_others_wrote_into_the_index_stays() {
    let target = TempDir::new().unwrap();
    let writer = writer(target.path());
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default());
    let foreign = json!({
        "mediaType": image.media_type,
        "digest": image.digest,
        "size": image.size,
        "urls": ["https://example.com"],
        "annotations": {"org.opencontainers.image.ref.name": "theirs", "kind": "something"},
    });
    let before = json!({
        "schemaVersion": 2,
        "annotations": {"of": "the index"},
        "manifests": [foreign.clone()],
    });
    fs::write(target.path().join("index.json"), before.to_string()).unwrap();
    let descriptor = Descriptor::new("text/plain", Digest::sha256(b"content"), 7);
    writer.small(&descriptor, b"content").unwrap();
    writer
        .publish(&[Published {
            descriptor,
            role: Role::Referrer,
        }])
        .unwrap();
    let after = index_json(target.path());
    assert_eq!(after["annotations"], before["annotations"]);
    assert_eq!(after["manifests"][0], foreign);
    assert_eq!(after["manifests"].as_array().unwrap().len(), 2);
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let target = TempDir::new().unwrap();
    let path = target.path().join("layout");
    thread::scope(|scope| {
        for number in 0..8_u8 {
            let path = &path;
            scope.spawn(move || {
                let mut repository = Repository::new();
                // All have a layer in common.
                let image = repository.push_image(&ImageOptions {
                    layers: vec![vec![7; 100_000], vec![number]],
                    ..ImageOptions::default()
                });
                let name = format!("registry.test/app:v{number}");
                write(&repository, &image.digest, &name, path);
            });
        }
    });
    let layout = open(&path);
    assert_eq!(layout.entries().len(), 8);
    for number in 0..8 {
        let name = format!("registry.test/app:v{number}");
        let found = layout.resolve(&Wanted::Name(&name)).unwrap();
        let image = found.found().unwrap();
        let manifest = layout.manifest(&image.digest).unwrap().found().unwrap();
        for layer in &manifest.image().unwrap().layers {
            assert!(matches!(
                layout.blob(layer, BUNDLE_BYTES),
                Ok(Lookup::Found(_))
            ));
        }
    }
    let left = fs::read_dir(path.join("blobs/sha256")).unwrap().count();
    assert_eq!(left, 8 * 3 + 1, "a layer in common, and no temporary file");
}

#[test]
fn an_index_that_could_not_be_read_again_is_not_written() {
    let target = TempDir::new().unwrap();
    let writer = writer(target.path());
    let mut published = Vec::new();
    for number in 0..4097_u32 {
        let content = number.to_be_bytes();
        let digest = Digest::sha256(&content);
        fs::create_dir_all(target.path().join("blobs/sha256")).unwrap();
        fs::write(blob_path(target.path(), &digest), content).unwrap();
        published.push(Published {
            descriptor: Descriptor::new("text/plain", digest, 4),
            role: Role::Referrer,
        });
    }
    let error = writer.publish(&published).unwrap_err();
    assert_eq!(error.reason(), Reason::LimitExceeded, "{error}");
    assert!(!target.path().join("index.json").exists());
    writer.publish(&published[..4096]).unwrap();
    assert_eq!(open(target.path()).entries().len(), 4096);
    writer.publish(&published[4096..]).unwrap_err();
    assert_eq!(
        open(target.path()).entries().len(),
        4096,
        "what was there stays"
    );
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    use std::os::unix::fs::symlink;

    let outside = TempDir::new().unwrap();
    let descriptor = Descriptor::new("text/plain", Digest::sha256(b"content"), 7);
    for linked in ["blobs", "blobs/sha256"] {
        let target = TempDir::new().unwrap();
        drop(writer(target.path()));
        let path = target.path().join(linked);
        let _ = fs::remove_dir(&path);
        symlink(outside.path(), &path).unwrap();
        let written = LayoutWriter::open(target.path())
            .and_then(|writer| writer.small(&descriptor, b"content"));
        let error = written.unwrap_err();
        assert_eq!(error.reason(), Reason::LayoutMalformed, "{linked}: {error}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    // A link in the place of a blob is no blob.
    let target = TempDir::new().unwrap();
    let writer = writer(target.path());
    writer.small(&descriptor, b"content").unwrap();
    let path = blob_path(target.path(), &descriptor.digest);
    fs::write(outside.path().join("content"), b"content").unwrap();
    fs::remove_file(&path).unwrap();
    symlink(outside.path().join("content"), &path).unwrap();
    writer.has(&descriptor).unwrap_err();
}
