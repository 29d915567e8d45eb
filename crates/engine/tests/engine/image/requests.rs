//! How many requests a verification takes: the table in `docs/requests.md` is what this test counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sealcheck_engine::Platforms;
use sealcheck_registry::Platform;
use sealcheck_registry::double::{Access, At, Fault};
use sealcheck_testkit::image::Repository;

use super::scene::*;
use crate::support::by_identity;

const SIGNER: &str = "signer@example.com";

#[derive(Default)]
struct Count {
    without_api: bool,
    tokens: bool,
    platforms: Platforms,
    by_digest: bool,
}

impl Count {
    /// The requests that verifying the scene takes, and what they were. Nothing may be asked for twice.
    fn of(&self, scene: &Scene) -> usize {
        let double = scene.serve();
        if self.without_api {
            double.fault(At::Referrers, Fault::PageNotFound);
        }
        if self.tokens {
            double.access(Access::anonymous_tokens());
        }
        let mut request = request(&double, by_identity());
        request.platforms = self.platforms.clone();
        if self.by_digest {
            let pinned = format!("app@{}", scene.image.digest);
            request.image = sealcheck_engine::ImageSource::Registry(double.reference(&pinned));
        }
        let verdict = scene.online().verify_image(&request);
        let lines = double.lines();
        let mut distinct = lines.clone();
        distinct.dedup();
        // The first request of all is answered with a challenge, and asked again with a token.
        let repeated = usize::from(self.tokens);
        assert_eq!(
            lines.len(),
            distinct.len() + repeated,
            "{verdict}: {lines:#?}"
        );
        lines.len()
    }
}

fn with(attach: impl FnOnce(&mut Scene, &str)) -> Scene {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    attach(&mut scene, &digest);
    scene
}

fn bundle(scene: &mut Scene, digest: &str) {
    let bundle = scene.bundle_as(SIGNER, digest);
    scene.repository.attach_bundle(&scene.image, &bundle);
}

fn signature(scene: &mut Scene, digest: &str) {
    let signed = scene.sign_as(SIGNER, digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
}

fn counted() -> BTreeMap<String, usize> {
    let plain = Count::default();
    let mut counts = BTreeMap::new();
    let mut add = |name: &str, count: usize| {
        let before = counts.insert(name.to_owned(), count);
        assert_eq!(before, None, "{name}");
    };
    add("bundle, referrers API", plain.of(&with(bundle)));
    let fallback = with(|scene, digest| {
        bundle(scene, digest);
        scene.repository.push_fallback(&scene.image);
    });
    let without_api = Count {
        without_api: true,
        ..Count::default()
    };
    add("bundle, referrers tag", without_api.of(&fallback));
    add("signature under `.sig`", plain.of(&with(signature)));
    let by_digest = Count {
        by_digest: true,
        ..Count::default()
    };
    add(
        "signature under `.sig`, image by digest",
        by_digest.of(&with(signature)),
    );
    let tokens = Count {
        tokens: true,
        ..Count::default()
    };
    add(
        "signature under `.sig`, with a token service",
        tokens.of(&with(signature)),
    );
    let both = with(|scene, digest| {
        bundle(scene, digest);
        signature(scene, digest);
    });
    add("bundle and signature", plain.of(&both));
    let signers = with(|scene, digest| {
        let payloads: Vec<_> = (0..10)
            .map(|number| scene.sign_as(&format!("{number}@example.com"), digest))
            .chain([scene.sign_as(SIGNER, digest)])
            .collect();
        scene.repository.attach_signatures(&scene.image, &payloads);
    });
    add(
        "11 signatures under `.sig`, one payload",
        plain.of(&signers),
    );
    let bundles = with(|scene, digest| {
        for _ in 0..5 {
            bundle(scene, digest);
        }
    });
    add("5 bundles, referrers API", plain.of(&bundles));
    add("unsigned", plain.of(&Scene::new()));
    add("unsigned, image by digest", by_digest.of(&Scene::new()));
    let index = || {
        let mut repository = Repository::new();
        let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
        (Scene::of(repository, index), images)
    };
    let platform = Count {
        platforms: Platforms::One(Platform::new("linux", "amd64", "")),
        ..Count::default()
    };
    let (mut scene, images) = index();
    signature(&mut scene, &images[0].digest.clone());
    let (mut signed_index, _) = index();
    let digest = signed_index.image.digest.clone();
    signature(&mut signed_index, &digest);
    add(
        "one platform, the index is signed",
        platform.of(&signed_index),
    );
    let (mut scene, images) = index();
    let signed = scene.sign_as(SIGNER, &images[0].digest);
    scene.repository.attach_signatures(&images[0], &[signed]);
    add("one platform, its image is signed", platform.of(&scene));
    let all = Count {
        platforms: Platforms::All,
        ..Count::default()
    };
    add("two platforms, the index is signed", all.of(&signed_index));
    counts
}

/// Names and numbers of the table's rows.
fn documented() -> BTreeMap<String, usize> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/requests.md");
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|row| {
            let mut cells = row.split('|').map(str::trim);
            let name = cells.next()?.to_owned();
            let count = cells.next()?.parse().ok()?;
            Some((name, count))
        })
        .collect()
}

#[test]
fn the_table_of_requests_is_what_is_counted() {
    assert_eq!(counted(), documented());
}
