//! Container image signatures: payload, signature, certificate, chain, bundle and timestamp annotations, with a NUL
//! between each and an empty part for an annotation that is not there.
#![no_main]

use sealcheck_verify::{Material, SignatureAnnotations};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = sealcheck_fuzz::parts(data);
    let payload = parts.next().unwrap_or_default();
    let mut annotation = || {
        parts
            .next()
            .and_then(|part| str::from_utf8(part).ok())
            .filter(|text| !text.is_empty())
    };
    let annotations = SignatureAnnotations {
        signature: annotation().unwrap_or_default(),
        certificate: annotation(),
        chain: annotation(),
        bundle: annotation(),
        timestamp: annotation(),
    };
    if let Ok(material) = Material::simple_signing(payload, annotations) {
        sealcheck_fuzz::exercise(&material);
    }
});
