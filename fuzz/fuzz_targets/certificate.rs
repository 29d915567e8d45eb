//! Certificates, in each of their encodings: fields, claims, chain and precertificate.
#![no_main]

use sealcheck_verify::Material;

/// Bytes that can be a signature, for there is no certificate without one.
const SIGNATURE: [u8; 72] = [0x80; 72];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(material) = Material::detached(&SIGNATURE, Some(data)) {
        if let Some(claims) = material.unverified_claims() {
            serde_json::to_vec(&claims).expect("claims are JSON");
        }
        sealcheck_fuzz::exercise(&material);
    }
});
