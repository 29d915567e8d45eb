//! Sigstore bundles.
#![no_main]

use sealcheck_verify::Material;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(material) = Material::from_bundle(data) {
        sealcheck_fuzz::exercise(&material);
    }
});
