//! Log entries: body, promise, proof and checkpoint.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use sealcheck_fuzz::{ENTRY, WITHOUT_ENTRY, exercise, fixture, mutate};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed, &[ENTRY])
});

fuzz_target!(|data: &[u8]| {
    if let Ok(material) = fixture(WITHOUT_ENTRY).with_log_entry(data) {
        exercise(&material);
    }
});
