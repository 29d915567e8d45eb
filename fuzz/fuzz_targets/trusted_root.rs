//! Trusted roots. Whatever is accepted must also be usable.
#![no_main]

use sealcheck_fuzz::{ARTIFACT, SOUND, fixture};
use sealcheck_verify::{
    Artifact, Identities, Identity, Pattern, Requirements, Time, TrustedRoot, verify,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(root) = TrustedRoot::from_json(data) else {
        return;
    };
    let _ = root.skipped().count();
    let exact = |text| Pattern::exact(text).expect("a pattern");
    let signer = Identity::new(
        exact("signer@example.com"),
        exact("https://accounts.example.com"),
    );
    let requirements = Requirements::identity(Identities::one(signer));
    let now = Time::from_unix_seconds(1_772_323_200).expect("a time");
    let artifact = Artifact::from_bytes(ARTIFACT);
    let _ = verify(&fixture(SOUND), &artifact, &root, &requirements, now).to_string();
});
