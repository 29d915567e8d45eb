//! A whole verification: bundles that were sound before the structured mutations of the differential test, which keep
//! most of a bundle intact and so reach the checks deep inside.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use sealcheck_fuzz::{DONOR, SOUND, exercise, fixture, mutate};
use sealcheck_verify::{Material, Outcome};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed, DONOR)
});

fuzz_target!(
    init: {
        // Nothing would be found if nothing held to begin with.
        for sound in [SOUND, DONOR] {
            assert_eq!(exercise(&fixture(sound)).outcome(), Outcome::Verified);
        }
    },
    |data: &[u8]| {
        if let Ok(material) = Material::from_bundle(data) {
            exercise(&material);
        }
    }
);
