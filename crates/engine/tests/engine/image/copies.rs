//! Copies with all proofs, verified where there is no network.

use std::fs;

use sealcheck_engine::{CopyRequest, ImageSource, Platforms, Silent};
use sealcheck_registry::Platform;
use sealcheck_registry::double::{At, Fault, RegistryDouble};
use sealcheck_testkit::image::{Descriptor, ImageOptions, Repository, index_of};
use sealcheck_verify::{Content, Outcome, Reason};
use serde_json::{Value, json};

use super::scene::*;
use crate::support::{SLSA, attested, by_identity};

fn signed_index() -> Scene {
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let mut scene = Scene::of(repository, index);
    let digest = scene.image.digest.clone();
    let signed = scene.sign_as("signer@example.com", &digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let attestation = scene.attest(SLSA, &digest);
    scene
        .repository
        .attach_attestations(&scene.image, &[attestation]);
    for image in &images {
        let bundle = scene.bundle_as("signer@example.com", &image.digest);
        scene.repository.attach_bundle(image, &bundle);
    }
    scene
}

fn copy_request(scene: &Scene, double: &RegistryDouble) -> CopyRequest {
    CopyRequest {
        image: ImageSource::Registry(double.reference("app:v1")),
        layout: scene.path("copy"),
        platforms: Platforms::AsGiven,
        repositories: Vec::new(),
        name: None,
    }
}

#[test]
fn a_copy_is_verified_without_the_network_as_the_original_was_with_it() {
    let scene = signed_index();
    let double = scene.serve();
    let request = copy_request(&scene, &double);
    let copied = scene.online().copy_image(&request, &Silent).unwrap();
    assert_eq!(copied.digest, digest(&scene.image));
    assert_eq!(copied.attachments, 4);
    // The index, two images, two bundles, the two tags.
    assert_eq!(copied.manifests, 7);
    let lines = double.lines();
    let mut unique = lines.clone();
    unique.dedup();
    assert_eq!(lines, unique, "nothing is fetched twice");

    let path = scene.path("copy");
    for requirements in [by_identity(), attested()] {
        assert_verified(&scene.verify_layout(&path, requirements));
    }
    let mut each = in_layout(&path, by_identity());
    each.platforms = Platforms::All;
    assert_verified(&scene.offline().verify_image(&each));
    // By its name, by its digest, and where a layout has more than one.
    for name in ["v1", &scene.image.digest] {
        each.image = ImageSource::Layout {
            path: path.clone(),
            image: Some(name.to_owned()),
        };
        assert_verified(&scene.offline().verify_image(&each));
    }
    // Again: nothing is fetched but what says what there is.
    let before = double.lines().len();
    scene.online().copy_image(&request, &Silent).unwrap();
    let layers = scene
        .repository
        .objects
        .values()
        .filter(|object| object.media_type.contains("layer"))
        .count();
    assert_eq!(layers, 2);
    let blobs = |lines: &[String]| lines.iter().filter(|line| line.contains("/blobs/")).count();
    assert!(blobs(&double.lines()) < 2 * blobs(&lines), "{before}");
}

#[test]
fn a_copy_of_one_platform_keeps_the_index_and_its_proofs() {
    let scene = signed_index();
    let double = scene.serve();
    let mut request = copy_request(&scene, &double);
    request.platforms = Platforms::One(Platform::new("linux", "arm64", ""));
    scene.online().copy_image(&request, &Silent).unwrap();
    let path = scene.path("copy");
    assert_verified(&scene.verify_layout(&path, by_identity()));
    let mut one = in_layout(&path, by_identity());
    one.platforms = request.platforms.clone();
    assert_verified(&scene.offline().verify_image(&one));
    let files = fs::read_dir(path.join("blobs/sha256")).unwrap().count();
    assert!(files < scene.repository.objects.len());
}

#[test]
fn a_copy_without_all_proofs_is_none() {
    for (at, fault) in [
        (At::Referrers, Fault::Forbidden),
        (At::SignatureTag, Fault::ServerError),
        (At::AttestationTag, Fault::Truncated),
    ] {
        let scene = signed_index();
        let double = scene.serve();
        double.fault(at.clone(), fault);
        let request = copy_request(&scene, &double);
        let failure = scene.online().copy_image(&request, &Silent).unwrap_err();
        assert_eq!(failure.outcome(), Outcome::Unavailable, "{at:?}: {failure}");
        assert!(!scene.path("copy").join("index.json").exists());
    }
}

/// A bundle whose manifest has no subject (or another one), and which only the index under the referrers tag lists.
fn list_without_subject(scene: &mut Scene, subject: Option<&Descriptor>) {
    let digest = scene.image.digest.clone();
    let bundle = scene.bundle_as("signer@example.com", &digest);
    let image = scene.image.clone();
    let attached = scene.repository.attach_bundle(&image, &bundle);
    let mut manifest = scene.repository.manifest(&attached.digest);
    scene.repository.objects.remove(&attached.digest);
    match subject {
        Some(subject) => manifest["subject"] = subject.plain_json(),
        None => drop(manifest.as_object_mut().unwrap().remove("subject")),
    }
    let attached = scene.repository.push_manifest(&manifest);
    let list = vec![attached.json()];
    scene.repository.push_fallback_of(&image, list);
}

#[test]
fn a_copy_keeps_a_proof_that_only_a_list_leads_to() {
    for names_another in [false, true] {
        let mut scene = Scene::new();
        let other = ImageOptions::with_layer(b"another");
        let other = names_another.then(|| scene.repository.push_image(&other));
        list_without_subject(&mut scene, other.as_ref());
        let double = scene.serve();
        assert_verified(&scene.verify(&double, by_identity()));
        let request = copy_request(&scene, &double);
        let copied = scene.online().copy_image(&request, &Silent).unwrap();
        assert_eq!(copied.attachments, 1);
        for name in [None, Some("v1"), Some(scene.image.digest.as_str())] {
            let mut judged = in_layout(&request.layout, by_identity());
            judged.image = ImageSource::Layout {
                path: request.layout.clone(),
                image: name.map(str::to_owned),
            };
            assert_verified(&scene.offline().verify_image(&judged));
        }
        // And a copy of the copy.
        let second = CopyRequest {
            image: ImageSource::Layout {
                path: request.layout.clone(),
                image: None,
            },
            layout: scene.path("second"),
            ..request.clone()
        };
        scene.offline().copy_image(&second, &Silent).unwrap();
        assert_verified(&scene.verify_layout(&second.layout, by_identity()));
    }
}

#[test]
fn what_an_earlier_copy_listed_stays_listed() {
    let mut scene = Scene::new();
    list_without_subject(&mut scene, None);
    let double = scene.serve();
    let request = copy_request(&scene, &double);
    scene.online().copy_image(&request, &Silent).unwrap();
    // Now only something else is listed.
    let note = scene
        .repository
        .push_image(&ImageOptions::with_layer(b"note"));
    let image = scene.image.clone();
    scene.repository.push_fallback_of(&image, vec![note.json()]);
    let later = scene.serve();
    assert_failed(
        &scene.verify(&later, by_identity()),
        Outcome::Unsigned,
        Reason::NoProofFound,
    );
    let again = CopyRequest {
        image: ImageSource::Registry(later.reference("app:v1")),
        ..request.clone()
    };
    scene.online().copy_image(&again, &Silent).unwrap();
    let mut judged = in_layout(&request.layout, by_identity());
    judged.image = ImageSource::Layout {
        path: request.layout.clone(),
        image: Some(scene.image.digest.clone()),
    };
    assert_verified(&scene.offline().verify_image(&judged));
}

#[test]
fn indexes_that_list_each_other_a_thousand_times_are_followed_once() {
    let mut repository = Repository::new();
    let image = repository.push_image(&ImageOptions::default());
    let mut below = image;
    for _ in 0..7 {
        let entries: Vec<_> = (0..1000)
            .map(|number| {
                let mut entry = below.json();
                entry["annotations"] = json!({"n": number.to_string()});
                entry
            })
            .collect();
        below = repository.push_manifest(&index_of(entries));
    }
    let image = repository.push_image(&ImageOptions::with_layer(b"main"));
    // As a tag for SBOMs, which is copied whatever it holds.
    let scene = {
        let mut scene = Scene::of(repository, image);
        let tag = scene.image.tag_with_suffix("sbom");
        scene.repository.tag(&tag, &below);
        scene
    };
    let double = scene.serve();
    let request = copy_request(&scene, &double);
    let copied = scene.online().copy_image(&request, &Silent).unwrap();
    assert_eq!(copied.manifests, 9);
}

#[test]
fn a_layer_that_may_not_be_passed_on_is_left_out_and_named() {
    let image_with = |media_type: &str| {
        let mut repository = Repository::new();
        let config = repository.push_blob("application/vnd.oci.image.config.v1+json", b"{}");
        let layer = repository.push_blob(media_type, b"not here");
        let image = repository.push_manifest(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config.json(),
            "layers": [layer.json()],
        }));
        (Scene::of(repository, image), digest(&layer))
    };
    for media_type in [
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ] {
        let (scene, layer) = image_with(media_type);
        let double = scene.serve();
        let request = copy_request(&scene, &double);
        // Who has it passes it on.
        let copied = scene.online().copy_image(&request, &Silent).unwrap();
        assert_eq!((copied.blobs, copied.left_out), (2, vec![]));
        double.fault(At::Blob(layer), Fault::Absent);
        let request = CopyRequest {
            layout: scene.path("other"),
            ..request
        };
        let copied = scene.online().copy_image(&request, &Silent).unwrap();
        assert_eq!((copied.blobs, copied.left_out), (1, vec![layer]));
    }
    // Another layer that is missing is missed, and is no proof.
    let (scene, layer) = image_with("application/vnd.oci.image.layer.v1.tar+gzip");
    let double = scene.serve();
    double.fault(At::Blob(layer), Fault::Absent);
    let request = copy_request(&scene, &double);
    let failure = scene.online().copy_image(&request, &Silent).unwrap_err();
    assert_eq!(failure.reason, Reason::ArtifactUnreadable);
}

#[test]
fn a_copy_of_a_layout_is_a_layout() {
    let scene = signed_index();
    let request = CopyRequest {
        image: ImageSource::Layout {
            path: scene.layout(),
            image: Some("v1".to_owned()),
        },
        layout: scene.path("second"),
        platforms: Platforms::All,
        repositories: Vec::new(),
        name: None,
    };
    let copied = scene.offline().copy_image(&request, &Silent).unwrap();
    assert_eq!(copied.attachments, 4);
    let any = by_identity().content(Content::AnyAttestation);
    assert_verified(&scene.verify_layout(&scene.path("second"), any));
}

#[test]
fn a_copy_does_not_go_into_a_folder_of_other_things() {
    let scene = signed_index();
    let double = scene.serve();
    let request = copy_request(&scene, &double);
    fs::create_dir(&request.layout).unwrap();
    fs::write(request.layout.join("mine"), "mine").unwrap();
    let failure = scene.online().copy_image(&request, &Silent).unwrap_err();
    assert_eq!(failure.reason, Reason::ArgumentInvalid);
    assert_eq!(double.lines(), Vec::<String>::new());
}

/// What `docker save` writes beside a layout, and `docker load` takes instead of it.
fn manifest_json(scene: &Scene, image: &Descriptor) -> String {
    let manifest = scene.repository.manifest(&image.digest);
    let path = |blob: &Value| {
        let digest = blob["digest"].as_str().unwrap();
        format!("blobs/{}", digest.replacen(':', "/", 1))
    };
    let layers = manifest["layers"].as_array().unwrap();
    let entry = json!({
        "Config": path(&manifest["config"]),
        "RepoTags": ["app:v1"],
        "Layers": layers.iter().map(path).collect::<Vec<_>>(),
    });
    json!([entry]).to_string()
}

#[test]
fn what_docker_would_load_must_be_what_is_proved() {
    let mut repository = Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let evil = repository.push_image(&ImageOptions::with_layer(b"evil"));
    let mut scene = Scene::of(repository, index);
    let signed = scene.sign_as("signer@example.com", &images[0].digest);
    scene.repository.attach_signatures(&images[0], &[signed]);
    let path = scene.layout();
    let judge = |image: &Descriptor, platforms: &Platforms, name: Option<&str>| {
        fs::write(path.join("manifest.json"), manifest_json(&scene, image)).unwrap();
        let mut request = in_layout(&path, by_identity());
        request.platforms = platforms.clone();
        request.image = ImageSource::Layout {
            path: path.clone(),
            image: name.map(str::to_owned),
        };
        scene.offline().verify_image(&request)
    };
    let amd64 = Platforms::One(Platform::new("linux", "amd64", ""));
    let digest = scene.image.digest.as_str();
    for name in [None, Some("v1"), Some(digest)] {
        assert_verified(&judge(&images[0], &amd64, name));
        for other in [&images[1], &evil] {
            assert_failed(
                &judge(other, &amd64, name),
                Outcome::Unavailable,
                Reason::LayoutMalformed,
            );
        }
    }
    // The index lists them all, and nobody signed it.
    for image in &images {
        assert_failed(
            &judge(image, &Platforms::AsGiven, None),
            Outcome::Unsigned,
            Reason::NoProofFound,
        );
    }
}
