//! Certificates, in each of their encodings: fields, claims, chain and precertificate.
#![no_main]

use sealcheck_verify::Material;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(material) = Material::detached(b"AAAA", Some(data)) {
        if let Some(claims) = material.unverified_claims() {
            serde_json::to_vec(&claims).expect("claims are JSON");
        }
        sealcheck_fuzz::exercise(&material);
    }
});
