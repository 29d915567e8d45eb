//! RFC 3161 timestamps.
#![no_main]

use sealcheck_fuzz::{WITHOUT_TIME, exercise, fixture};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(material) = fixture(WITHOUT_TIME).with_timestamp(data) {
        exercise(&material);
    }
});
