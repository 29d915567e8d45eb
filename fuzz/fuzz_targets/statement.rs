//! in-toto statements: the input is the payload of an envelope.
#![no_main]

use data_encoding::BASE64;
use sealcheck_verify::Material;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let envelope = serde_json::json!({
        "payloadType": "application/vnd.in-toto+json",
        "payload": BASE64.encode(data),
        "signatures": [{"sig": "AAAA"}],
    });
    let material = Material::detached_envelope(envelope.to_string().as_bytes(), None)
        .expect("any payload is read, and its failure kept for the verdict");
    if let Some(statement) = material.unverified_statement() {
        let _ = format!("{statement:?}");
    }
    sealcheck_fuzz::exercise(&material);
});
