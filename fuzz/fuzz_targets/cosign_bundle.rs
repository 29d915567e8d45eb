//! cosign's legacy bundles for blobs.
#![no_main]

use sealcheck_verify::{Format, Material};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(material) = Material::from_bundle(data)
        && material.format() == Format::CosignBundle
    {
        sealcheck_fuzz::exercise(&material);
    }
});
