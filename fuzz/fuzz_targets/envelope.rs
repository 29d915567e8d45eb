//! DSSE envelope files.
#![no_main]

use sealcheck_verify::Material;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(material) = Material::detached_envelope(data, None) {
        sealcheck_fuzz::exercise(&material);
    }
});
