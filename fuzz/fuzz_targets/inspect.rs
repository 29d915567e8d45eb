//! What `sealcheck inspect` shows of any file.
#![no_main]

use sealcheck_verify::inspect::inspect;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(inspection) = inspect(data) {
        serde_json::to_vec(&inspection).expect("an inspection is JSON");
    }
});
