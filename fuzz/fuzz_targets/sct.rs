//! Signed certificate timestamps that do not stand in the certificate.
#![no_main]

use sealcheck_fuzz::{WITHOUT_SCT, exercise, fixture};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    exercise(&fixture(WITHOUT_SCT).with_sct(data));
});
