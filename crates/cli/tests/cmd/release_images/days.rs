//! Signers that are accepted for some days only.

use std::time::Duration;

use sealcheck_testkit::image::Repository;

use super::{AMD64, ARCHITECTURES, ARM64, INDEX, Images, NOW, Proved, push};

/// Before the day from which on the signer of images is accepted.
const EARLY: Duration = Duration::from_secs(200 * 24 * 60 * 60);

/// With a profile that accepts the signer of images from 2026 on.
fn images() -> Images {
    let images = Images::new();
    let sandbox = &images.scene.sandbox;
    let text = sandbox.read("profile.yaml");
    let bound = "    for: [images]\n    since: v1.24.0\n";
    let day = "    for: [images]\n    since: 2026-01-01\n";
    assert!(text.contains(bound));
    sandbox.write("profile.yaml", text.replacen(bound, day, 1));
    images
}

/// Puts an image with a signature of each age, in their order.
fn put(images: &mut Images, name: &str, ages: &[Duration]) {
    let mut repository = Repository::new();
    let arch = name.strip_prefix("kube-apiserver-").unwrap();
    let (_, image) = push(&mut repository, "v1.36.0", &[arch]);
    repository.tag("v1.36.0", &image);
    let name_signed = format!("registry.k8s.io/{name}");
    let signatures: Vec<_> = ages
        .iter()
        .map(|age| images.signature(&image, &name_signed, *age))
        .collect();
    repository.attach_signatures(&image, &signatures);
    images.hold(name, repository, image);
}

fn message(proved: &Proved, name: &str) -> String {
    let message = &proved.images[name]["evidence"]["message"];
    message.as_str().unwrap().to_owned()
}

#[test]
fn one_signature_of_the_right_time_is_enough() {
    let mut images = images();
    for ages in [[EARLY, NOW], [NOW, EARLY]] {
        put(&mut images, AMD64, &ages);
        assert_eq!(images.run().reasons(), [], "{ages:?}");
    }
    put(&mut images, AMD64, &[EARLY, EARLY]);
    let proved = images.run();
    assert_eq!(proved.reasons(), [(AMD64, "identity-mismatch")]);
    let message = message(&proved, AMD64);
    assert!(
        message.contains("not for signatures of that time"),
        "{message}"
    );
    // Who says who signs gets no days from the profile.
    let run = images.scene.run(&[
        "images",
        "v1.36.0",
        "--certificate-identity-regexp",
        ".*@k8s-releng-prod.*",
        "--certificate-oidc-issuer",
        "https://accounts.google.com",
    ]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(
        Proved::of(run).images[AMD64]["evidence"]["outcome"],
        "verified"
    );
}

/// Its images alone do not say what an index lists, and each of them may be signed for another one.
#[test]
fn an_index_needs_a_signature_of_its_own_and_of_the_right_time() {
    let name = "registry.k8s.io/kube-apiserver";
    for (own, listed, reason) in [
        (Some(NOW), None, None),
        (Some(NOW), Some(EARLY), None),
        (None, Some(NOW), Some("no-proof-found")),
        (Some(EARLY), Some(NOW), Some("identity-mismatch")),
        (Some(EARLY), Some(EARLY), Some("identity-mismatch")),
    ] {
        let mut images = images();
        let mut repository = Repository::new();
        let (below, top) = push(&mut repository, "v1.36.0", &ARCHITECTURES);
        repository.tag("v1.36.0", &top);
        let ages = below.iter().map(|image| (image, listed));
        for (image, age) in ages.chain([(&top, own)]) {
            if let Some(age) = age {
                let signature = images.signature(image, name, age);
                repository.attach_signatures(image, &[signature]);
            }
        }
        images.hold(INDEX, repository, top);
        let proved = images.run();
        assert_eq!(proved.images[ARM64]["evidence"]["outcome"], "verified");
        let expected: Vec<_> = reason.map(|reason| (INDEX, reason)).into_iter().collect();
        assert_eq!(proved.reasons(), expected, "{own:?} {listed:?}");
    }
}
