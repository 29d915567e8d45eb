//! Images are copied from a registry or another layout, with all that is attached to them.

use std::sync::Arc;

use sealcheck_net::{Client, Config};
use sealcheck_registry::double::{At, Fault, RegistryDouble};
use sealcheck_registry::layout::{Layout, LayoutWriter, Plan, Wanted};
use sealcheck_registry::{
    Attached, Descriptor, Lookup, Manifest, Reference, Registry, Repository, Settings,
};
use sealcheck_testkit::image::{ImageOptions, Repository as Images};
use sealcheck_verify::Digest;
use sealcheck_verify::limits::BUNDLE_BYTES;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::fixture::{Signed, digest, every_form, folder, open};

/// The testkit's repository in a scripted registry.
fn serve(images: &Images, name: &str) -> RegistryDouble {
    let registry = RegistryDouble::start();
    for (digest, object) in &images.objects {
        match object.is_manifest {
            true => registry.manifest(name, &object.media_type, &object.bytes),
            false => registry.blob(name, &object.media_type, &object.bytes),
        };
        let subject = Descriptor::new(&object.media_type, digest.parse().unwrap(), 0);
        for referrer in images.referrers(digest) {
            let listed = serde_json::from_value(referrer).unwrap();
            registry.list(name, &subject, &listed);
        }
    }
    for (tag, digest) in &images.tags {
        registry.tag(name, tag, &digest.parse().unwrap());
    }
    registry
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(future)
}

fn client() -> Registry {
    Registry::new(Client::new(Config::default()).unwrap(), Settings::default())
}

/// What a copy of an image and everything attached to it needs, asked of a registry as an engine would.
async fn plan(registry: &Registry, image: &Reference) -> Plan {
    let repository = image.repository();
    let fetch = async |digest: &Digest| {
        let reference = repository.with_digest(*digest);
        registry
            .manifest(&reference)
            .await
            .unwrap()
            .found()
            .unwrap()
    };
    let mut plan = Plan::new();
    let resolved = registry.resolve(image).await.unwrap().found().unwrap();
    let top = fetch(&resolved.digest).await;
    plan.image(&top, Some(image.clone()));
    let mut subjects = vec![resolved.digest];
    for child in top.index().into_iter().flat_map(|index| &index.manifests) {
        plan.part(&fetch(&child.digest).await);
        subjects.push(child.digest);
    }
    for subject in subjects {
        for what in [Attached::Signature, Attached::Attestation, Attached::Sbom] {
            let tag = repository.attached(&subject, what).unwrap();
            if let Lookup::Found(manifest) = registry.manifest(&tag).await.unwrap() {
                plan.attached(&manifest, what, &subject);
            }
        }
        if let Lookup::Found(listed) = registry
            .referrers(repository, &subject, None)
            .await
            .unwrap()
        {
            for referrer in &listed.descriptors {
                plan.referrer(&fetch(&referrer.digest).await);
            }
        }
    }
    plan
}

/// Fetches the blobs of a plan, all at one time, and commits.
async fn copy(registry: &Registry, repository: &Repository, plan: Plan, writer: &LayoutWriter) {
    let mut tasks = JoinSet::new();
    for blob in plan.blobs().to_vec() {
        let (registry, repository, writer) = (registry.clone(), repository.clone(), writer.clone());
        tasks.spawn(async move {
            if writer.has(&blob).unwrap() {
                return 0;
            }
            let mut from = registry
                .open_blob(&repository, &blob)
                .await
                .unwrap()
                .found()
                .unwrap();
            let mut to = writer.blob(&blob).unwrap();
            while let Some(piece) = from.chunk().await.unwrap() {
                to.write(&piece).unwrap();
            }
            to.finish().unwrap();
            1
        });
    }
    tasks.join_all().await;
    plan.commit(writer).unwrap();
}

#[test]
fn a_registry_is_copied_whole_and_each_object_is_asked_for_once() {
    let signed = Signed::new();
    let double = serve(&signed.repository, "app");
    let target = TempDir::new().unwrap();
    let image = double.reference("app:v1");
    run(async {
        let registry = client();
        let plan = plan(&registry, &image).await;
        let writer = LayoutWriter::open(target.path()).unwrap();
        copy(&registry, image.repository(), plan, &writer).await;
    });
    let layout = open(target.path());
    let found = layout
        .resolve(&Wanted::Reference(&image))
        .unwrap()
        .found()
        .unwrap();
    assert_eq!(found.digest, digest(&signed.index));
    for (name, object) in &signed.repository.objects {
        let size = object.bytes.len().try_into().unwrap();
        let descriptor = Descriptor::new("", name.parse().unwrap(), size);
        let blob = layout.blob(&descriptor, BUNDLE_BYTES).unwrap().found();
        assert_eq!(blob.unwrap(), object.bytes, "{}", object.media_type);
    }
    for image in [&signed.index, &signed.images[0], &signed.images[1]] {
        let subject = digest(image);
        let tags = signed.repository.tags.keys();
        let expected = tags
            .filter(|tag| **tag == image.tag_with_suffix("sig"))
            .count();
        assert_eq!(
            layout.attached(&subject, Attached::Signature).len(),
            expected
        );
        let referrers = layout.referrers(&subject).unwrap();
        let expected = signed.repository.referrers(&image.digest).len();
        assert_eq!(referrers.descriptors.len(), expected);
        assert_eq!(referrers.broken, []);
    }
    let mut lines = double.lines();
    let asked = lines.len();
    lines.dedup();
    assert_eq!(lines.len(), asked, "{lines:#?}");
}

#[test]
fn a_copy_goes_on_where_it_stopped() {
    let signed = Signed::new();
    let double = serve(&signed.repository, "app");
    let target = TempDir::new().unwrap();
    let image = double.reference("app:v1");
    run(async {
        let plan = plan(&client(), &image).await;
        let writer = LayoutWriter::open(target.path()).unwrap();
        // One blob came, one came half, then the power went.
        let there = &plan.blobs()[0];
        writer
            .small(
                there,
                &signed.repository.objects[&there.digest.to_string()].bytes,
            )
            .unwrap();
        std::mem::forget(writer.blob(&plan.blobs()[1]).unwrap());
        plan.commit(&writer).unwrap_err();
        Layout::open(target.path()).unwrap_err();
        let before = double.requests().len();
        let blobs = plan.blobs().len();
        copy(&client(), image.repository(), plan, &writer).await;
        assert_eq!(double.requests().len() - before, blobs - 1);
    });
    let layout = open(target.path());
    assert!(layout.resolve(&Wanted::Only).unwrap().found().is_some());
}

#[test]
fn wrong_content_of_a_registry_never_becomes_part_of_a_layout() {
    let signed = Signed::new();
    let double = serve(&signed.repository, "app");
    let target = TempDir::new().unwrap();
    let image = double.reference("app:v1");
    run(async {
        let registry = client();
        let plan = plan(&registry, &image).await;
        let writer = LayoutWriter::open(target.path()).unwrap();
        let blob = &plan.blobs()[0];
        double.fault(At::Blob(blob.digest), Fault::WrongDigest);
        let mut from = registry
            .open_blob(image.repository(), blob)
            .await
            .unwrap()
            .found()
            .unwrap();
        let mut to = writer.blob(blob).unwrap();
        // Whoever does not look at what the registry's client says is stopped by the writer.
        while let Ok(Some(piece)) = from.chunk().await {
            let _ = to.write(&piece);
        }
        to.finish().unwrap_err();
        assert!(!writer.has(blob).unwrap());
        plan.commit(&writer).unwrap_err();
    });
    Layout::open(target.path()).unwrap_err();
}

#[test]
fn a_layout_is_copied_from_any_form_of_another() {
    let signed = Signed::new();
    every_form(&signed.repository.layout_files(), |form, path| {
        let from = open(path);
        let target = TempDir::new().unwrap();
        let writer = LayoutWriter::open(target.path()).unwrap();
        let read = |digest: &Digest| from.manifest(digest).unwrap().found().unwrap();
        let mut plan = Plan::new();
        let image = from.resolve(&Wanted::Only).unwrap().found().unwrap();
        let top: Arc<Manifest> = read(&image.digest);
        plan.image(&top, None);
        for child in &top.index().unwrap().manifests {
            plan.part(&read(&child.digest));
        }
        for entry in from.attached(&image.digest, Attached::Signature) {
            plan.attached(&read(&entry.digest), Attached::Signature, &image.digest);
        }
        for referrer in from.referrers(&image.digest).unwrap().descriptors {
            plan.referrer(&read(&referrer.digest));
        }
        for blob in plan.blobs() {
            let mut from = from.open_blob(blob).unwrap().found().unwrap();
            let mut to = writer.blob(blob).unwrap();
            while let Some(piece) = from.chunk().unwrap() {
                to.write(&piece).unwrap();
            }
            to.finish().unwrap();
        }
        plan.commit(&writer).unwrap();
        let copy = open(target.path());
        let found = copy.resolve(&Wanted::Only).unwrap().found().unwrap();
        assert_eq!(found.digest, image.digest, "{form}");
        assert_eq!(
            copy.referrers(&image.digest).unwrap(),
            from.referrers(&image.digest).unwrap(),
            "{form}"
        );
        assert_eq!(copy.attached(&image.digest, Attached::Signature).len(), 1);
    });
}

#[test]
fn layers_that_may_not_be_passed_on_are_not_missed() {
    let mut images = Images::new();
    let image = images.push_image(&ImageOptions::default());
    let mut manifest = images.manifest(&image.digest);
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    manifest["layers"].as_array_mut().unwrap().push(json!({
        "mediaType": foreign,
        "digest": format!("sha256:{}", "0".repeat(64)),
        "size": 7,
        "urls": ["https://example.com/layer"],
    }));
    let image = images.push_manifest(&manifest);
    images.tag("v1", &image);
    let source = folder(&images.layout_files());
    let manifest = open(source.path())
        .manifest(&digest(&image))
        .unwrap()
        .found()
        .unwrap();
    let mut plan = Plan::new();
    plan.image(&manifest, None);
    assert_eq!(plan.blobs().len(), 2, "configuration and one layer");
    assert_eq!(plan.elsewhere()[0].media_type, foreign);
}
