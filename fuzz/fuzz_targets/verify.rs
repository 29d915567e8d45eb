//! A whole verification of bundles that were sound before parts were changed, shifted in time, or taken from sound
//! bundles of another artifact, another signer and another instance. Most of a bundle stays intact, so that the checks
//! deep inside are reached.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use sealcheck_fuzz::{DONORS, SOUND, SOUND_V2, exercise_composed, fixture, mutate};
use sealcheck_verify::{Material, Outcome};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed, &DONORS)
});

fuzz_target!(
    init: {
        // Nothing would be found if nothing held to begin with.
        for sound in [SOUND, SOUND_V2] {
            assert_eq!(exercise_composed(&fixture(sound)).outcome(), Outcome::Verified);
        }
    },
    |data: &[u8]| {
        if let Ok(material) = Material::from_bundle(data) {
            exercise_composed(&material);
        }
    }
);
