//! Public keys in PEM and DER. A key that was read says of itself what it is, and reads again.
#![no_main]

use sealcheck_verify::PublicKey;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(key) = PublicKey::parse(data) {
        let again = PublicKey::from_spki(key.spki()).expect("its own SubjectPublicKeyInfo");
        assert_eq!(again.fingerprint(), key.fingerprint());
        assert_eq!(again.kind(), key.kind());
    }
});
