//! A thousand artifacts with a bundle each, on one core and on all, results in the order of the input.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sealcheck_testkit::Instance;
use sealcheck_verify::{Artifact, Digest, Material, Outcome, Requirements, TrustedRoot, verify};

use crate::cases::{now, requirements};
use crate::median;

/// What a caller keeps of a verdict when there are many.
type Ending = (Digest, Outcome);

pub(crate) fn run() {
    let sigstore = Instance::new();
    let root = TrustedRoot::from_json(&sigstore.trusted_root_bytes()).unwrap();
    let requirements = requirements();
    let work: Vec<(Vec<u8>, String)> = (0..COUNT)
        .map(|number| {
            let artifact = format!("artifact {number}").into_bytes();
            let bundle = sigstore.sign_blob(&artifact).bundle().to_string();
            (artifact, bundle)
        })
        .collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut single = Vec::new();
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        single.push(timed(&work, &root, &requirements, 1));
        all.push(timed(&work, &root, &requirements, cores));
    }
    let (single, all) = (median(&mut single), median(&mut all));
    let a_second = |time: Duration| COUNT as f64 / time.as_secs_f64();
    println!(
        "\n{COUNT} bundles, by the clock, so only an idle machine shows the speed-up: {:.0} ms on one core ({:.0} a second), {:.0} ms on {cores} ({:.0} a second), speed-up {:.2}",
        single.as_secs_f64() * 1e3,
        a_second(single),
        all.as_secs_f64() * 1e3,
        a_second(all),
        single.as_secs_f64() / all.as_secs_f64(),
    );
}

fn timed(
    work: &[(Vec<u8>, String)],
    root: &TrustedRoot,
    requirements: &Requirements,
    threads: usize,
) -> Duration {
    let endings: Vec<OnceLock<Ending>> = work.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some((artifact, bundle)), Some(slot)) = (work.get(index), endings.get(index))
            else {
                return;
            };
            let material = Material::from_bundle(bundle.as_bytes()).unwrap();
            let artifact = Artifact::from_bytes(artifact);
            let verdict = verify(&material, &artifact, root, requirements, now());
            let digest = artifact.digests().first().copied().unwrap();
            slot.set((digest, verdict.outcome())).unwrap();
        }
    };
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
    let time = start.elapsed();
    for ((artifact, _), ending) in work.iter().zip(&endings) {
        let expected = (Digest::sha256(artifact), Outcome::Verified);
        assert_eq!(ending.get(), Some(&expected));
    }
    time
}

const COUNT: usize = 1_000;
const ROUNDS: usize = 5;
