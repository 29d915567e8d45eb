//! Many artifacts at one time.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use sealcheck_engine::{ArtifactSource, BlobRequest, Progress, Silent};
use sealcheck_verify::Outcome;

use crate::support::*;

fn jobs(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

/// Forty artifacts, of which every third one was altered.
fn forty() -> (World, Vec<Outcome>) {
    let world = World::new();
    let outcomes = (0..40)
        .map(|number| {
            let content = format!("artifact {number}").into_bytes();
            let signed = world.sigstore.sign_blob(&content);
            world.write(&format!("{number}.sigstore.json"), signed.bundle_bytes());
            let is_altered = number % 3 == 0;
            let content = if is_altered {
                b"altered".to_vec()
            } else {
                content
            };
            world.write(&number.to_string(), content);
            if is_altered {
                Outcome::Rejected
            } else {
                Outcome::Verified
            }
        })
        .collect();
    (world, outcomes)
}

fn requests(world: &World) -> impl Iterator<Item = BlobRequest> + '_ {
    let requirements = std::sync::Arc::new(by_identity());
    (0..40).map(move |number| {
        let path = world.path(&number.to_string());
        BlobRequest::new(
            ArtifactSource::File(path),
            std::sync::Arc::clone(&requirements),
        )
    })
}

#[test]
fn results_come_in_the_order_of_the_requests() {
    let (world, expected) = forty();
    for count in [1, 2, 7, 64] {
        let mut outcomes = Vec::new();
        world
            .engine()
            .verify_all(requests(&world), jobs(count), &Silent, |index, verdict| {
                assert_eq!(index, outcomes.len());
                let name = verdict.evidence().artifact.name.clone().unwrap();
                assert!(name.ends_with(&format!("/{index}")), "{name}");
                outcomes.push(verdict.outcome());
                ControlFlow::Continue(())
            });
        assert_eq!(outcomes, expected, "{count} jobs");
    }
}

#[test]
fn requests_are_taken_as_they_are_needed() {
    let (world, _) = forty();
    let taken = AtomicUsize::new(0);
    let counted = requests(&world).inspect(|_| {
        taken.fetch_add(1, Ordering::SeqCst);
    });
    world
        .engine()
        .verify_all(counted, jobs(3), &Silent, |index, _| {
            assert!(taken.load(Ordering::SeqCst) <= index + 2 * 3);
            ControlFlow::Continue(())
        });
    assert_eq!(taken.into_inner(), 40);
}

#[test]
fn it_can_be_ended_early() {
    let (world, _) = forty();
    for count in [1, 4] {
        let mut seen = 0;
        let taken = AtomicUsize::new(0);
        let counted = requests(&world).inspect(|_| {
            taken.fetch_add(1, Ordering::SeqCst);
        });
        world
            .engine()
            .verify_all(counted, jobs(count), &Silent, |_, _| {
                seen += 1;
                if seen == 5 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
        assert_eq!(seen, 5);
        assert!(taken.into_inner() < 40);
    }
}

#[test]
fn all_threads_work_at_one_time() {
    /// Lets nobody read on before four threads have begun.
    struct Together(Barrier, Mutex<usize>);
    impl Progress for Together {
        fn read(&self, _: &str, done: u64, _: Option<u64>) {
            if done == 0 {
                let first_four = {
                    let mut begun = self.1.lock().unwrap();
                    *begun += 1;
                    *begun <= 4
                };
                if first_four {
                    self.0.wait();
                }
            }
        }
    }
    let (world, expected) = forty();
    let mut outcomes = Vec::new();
    let together = Together(Barrier::new(4), Mutex::new(0));
    world
        .engine()
        .verify_all(requests(&world), jobs(4), &together, |_, verdict| {
            outcomes.push(verdict.outcome());
            ControlFlow::Continue(())
        });
    assert_eq!(outcomes, expected);
}

#[test]
fn a_panic_is_passed_on_instead_of_waited_for() {
    struct Fatal;
    impl Progress for Fatal {
        fn read(&self, artifact: &str, _: u64, _: Option<u64>) {
            assert!(!artifact.ends_with("/5"), "as the test wants it");
        }
    }
    let (world, _) = forty();
    let engine = world.engine();
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine.verify_all(requests(&world), jobs(3), &Fatal, |_, _| {
            ControlFlow::Continue(())
        });
    }));
    assert!(ended.is_err());
}

#[test]
fn none_is_no_result() {
    let world = World::new();
    world
        .engine()
        .verify_all([], jobs(4), &Silent, |_, _| panic!("a result of nothing"));
}
