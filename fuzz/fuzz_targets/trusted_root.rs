//! Trusted roots. Whatever is accepted must also be usable.
#![no_main]

use sealcheck_fuzz::{ARTIFACT, SOUND, fixture, now, signer};
use sealcheck_verify::{Artifact, TrustedRoot, verify};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(root) = TrustedRoot::from_json(data) else {
        return;
    };
    let _ = root.skipped().count();
    let artifact = Artifact::from_bytes(ARTIFACT);
    let _ = verify(&fixture(SOUND), &artifact, &root, &signer(), now()).to_string();
});
