//! Many images in one run.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use sealcheck_engine::{ImageRequest, ImageSource, ImageVerdict};
use sealcheck_registry::double::{Access, At, Fault};
use sealcheck_testkit::image::{ImageOptions, Repository};
use sealcheck_verify::{Outcome, Reason};

use super::scene::*;
use crate::support::by_identity;

/// So many images `app:0`, `app:1` …, every third of them unsigned.
fn many(count: usize) -> Scene {
    let mut scene = Scene::of(
        Repository::new(),
        Repository::new().push_image(&ImageOptions::default()),
    );
    scene.repository.tags.clear();
    for number in 0..count {
        let options = ImageOptions::with_layer(number.to_string().as_bytes());
        let image = scene.repository.push_image(&options);
        scene.repository.tag(&number.to_string(), &image);
        if number % 3 != 2 {
            let signed = scene.sign_as("signer@example.com", &image.digest);
            scene.repository.attach_signatures(&image, &[signed]);
        }
    }
    scene
}

fn jobs(jobs: usize) -> NonZeroUsize {
    NonZeroUsize::new(jobs).unwrap()
}

#[test]
fn verdicts_are_in_order_and_one_that_fails_stops_nobody() {
    let scene = many(12);
    let double = scene.serve();
    double.access(Access::anonymous_tokens());
    double.fault(At::Tag("4".to_owned()), Fault::ServerError);
    let requests = (0..12).map(|number| {
        let reference = double.reference(&format!("app:{number}"));
        ImageRequest::new(ImageSource::Registry(reference), by_identity())
    });
    let mut verdicts: Vec<ImageVerdict> = Vec::new();
    scene
        .online()
        .verify_images(requests, jobs(4), |index, verdict| {
            assert_eq!(index, verdicts.len());
            verdicts.push(verdict);
            ControlFlow::Continue(())
        });
    for (number, verdict) in verdicts.iter().enumerate() {
        match number {
            4 => assert_failed(verdict, Outcome::Unavailable, Reason::RegistryUnavailable),
            _ if number % 3 == 2 => {
                assert_failed(verdict, Outcome::Unsigned, Reason::NoProofFound);
            }
            _ => assert_verified(verdict),
        }
        let name = verdict.verdict().evidence().artifact.name.clone().unwrap();
        assert!(name.ends_with(&format!("app:{number}")), "{name}");
    }
    let tokens = double
        .lines()
        .iter()
        .filter(|line| line.contains("/token"))
        .count();
    assert_eq!(tokens, 1, "one token serves the repository");
}

#[test]
fn one_image_asked_for_a_hundred_times_is_fetched_once() {
    let scene = many(1);
    let double = scene.serve();
    let reference = double.reference("app:0");
    let requests = (0..100)
        .map(|_| ImageRequest::new(ImageSource::Registry(reference.clone()), by_identity()));
    let mut verified = 0;
    scene
        .online()
        .verify_images(requests, jobs(8), |_, verdict| {
            assert_verified(&verdict);
            verified += 1;
            ControlFlow::Continue(())
        });
    assert_eq!(verified, 100);
    // Tag, referrers, referrers tag, .sig, .att, payload.
    assert_eq!(double.lines().len(), 6, "{:#?}", double.lines());
}

#[test]
fn the_caller_can_end_it_early() {
    let scene = many(6);
    let double = scene.serve();
    let requests = (0..6).map(|number| {
        let reference = double.reference(&format!("app:{number}"));
        ImageRequest::new(ImageSource::Registry(reference), by_identity())
    });
    let mut seen = Vec::new();
    scene
        .online()
        .verify_images(requests, jobs(1), |index, verdict| {
            seen.push(index);
            match verdict.outcome() {
                Outcome::Verified => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        });
    assert_eq!(seen, [0, 1, 2]);
}

#[test]
fn images_of_one_layout_are_read_from_one_opened_layout() {
    let scene = many(6);
    let path = scene.layout();
    let requests = (0..6).map(|number| {
        let image = ImageSource::Layout {
            path: path.clone(),
            image: Some(number.to_string()),
        };
        ImageRequest::new(image, by_identity())
    });
    let mut outcomes = Vec::new();
    scene
        .offline()
        .verify_images(requests, jobs(3), |_, verdict| {
            outcomes.push(verdict.outcome());
            ControlFlow::Continue(())
        });
    use Outcome::{Unsigned, Verified};
    assert_eq!(
        outcomes,
        [Verified, Verified, Unsigned, Verified, Verified, Unsigned]
    );
}
