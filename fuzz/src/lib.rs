//! What the fuzz targets share: fixed material of a private Sigstore instance, and the properties that no input may
//! break.
//!
//! The material is committed, so that an input that was found once means the same in every later run.
//! `cargo xtask fuzz --seeds` makes it anew.

use std::sync::LazyLock;

use sealcheck_testkit::mutate::Rng;
use sealcheck_verify::{
    Artifact, Content, Identities, Identity, Material, Outcome, Pattern, Requirements, Time,
    TrustedRoot, Verdict, verify,
};

/// What every piece of fixed material was made for.
pub const ARTIFACT: &[u8] = b"sealcheck fuzz\n";
/// A bundle with a timestamp and without a log entry.
pub const WITHOUT_ENTRY: &[u8] = include_bytes!("../fixtures/without_entry.json");
/// A bundle with a Rekor v2 entry, which gives no time, and without a timestamp.
pub const WITHOUT_TIME: &[u8] = include_bytes!("../fixtures/without_time.json");
/// A bundle whose certificate has no signed certificate timestamp.
pub const WITHOUT_SCT: &[u8] = include_bytes!("../fixtures/without_sct.json");
/// A Rekor v1 log entry of the signature in [`WITHOUT_ENTRY`].
pub const ENTRY: &[u8] = include_bytes!("../seeds/log_entry/hashedrekord-v001.json");
/// A bundle in which everything holds.
pub const SOUND: &[u8] = include_bytes!("../seeds/bundle/v03.json");
/// Another one, which donates parts.
pub const DONOR: &[u8] = include_bytes!("../seeds/bundle/v03-rekor-v2.json");

static ROOT: LazyLock<TrustedRoot> = LazyLock::new(|| {
    TrustedRoot::from_json(include_bytes!("../seeds/trusted_root/private.json"))
        .expect("the instance's trusted root")
});
static SIGNER: LazyLock<Identities> =
    LazyLock::new(|| identities("signer@example.com", "https://accounts.example.com"));
static STRANGER: LazyLock<Identities> =
    LazyLock::new(|| identities("stranger@example.com", "https://accounts.example.com"));

/// The private instance's trusted root.
pub fn root() -> &'static TrustedRoot {
    &ROOT
}

/// One of the fixed bundles, read.
pub fn fixture(bundle: &[u8]) -> Material {
    Material::from_bundle(bundle).expect("a fixed bundle")
}

/// Walks through everything that reads `material`, and verifies it.
///
/// # Panics
/// When it proves another artifact or another signer, which is what the fuzzer looks for. The key of the private
/// instance is not in the repository, so no input can be a new signature.
pub fn exercise(material: &Material) -> Verdict {
    let content = match material.is_attestation() {
        true => Content::AnyAttestation,
        false => Content::Signature,
    };
    let requirements = Requirements::identity(SIGNER.clone()).content(content.clone());
    let stranger = Requirements::identity(STRANGER.clone()).content(content);
    let now = Time::from_unix_seconds(NOW).expect("a time");
    let of = |bytes: &'static [u8], requirements: &Requirements| {
        let artifact = Artifact::from_reader(bytes, &material.needs(requirements)).expect("memory");
        verify(material, &artifact, root(), requirements, now)
    };

    let _ = material.unverified_claims();
    let _ = material.unverified_statement();
    let verdict = of(ARTIFACT, &requirements);
    let _ = verdict.to_string();
    serde_json::to_vec(verdict.evidence()).expect("evidence is JSON");
    assert_eq!(
        verdict.failure().is_none(),
        verdict.outcome() == Outcome::Verified
    );
    assert_ne!(
        of(b"sealcheck fuzs\n", &requirements).outcome(),
        Outcome::Verified,
        "accepted for another artifact"
    );
    assert_ne!(
        of(ARTIFACT, &stranger).outcome(),
        Outcome::Verified,
        "accepted as another signer's"
    );
    verdict
}

/// Changes `data` where libFuzzer asks for it: a structured mutation most of the time, libFuzzer's own otherwise.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32, donor: &[u8]) -> usize {
    let mut rng = Rng::new(seed.into());
    if rng.below(8) > 0 {
        let (changed, _) = sealcheck_testkit::mutate::mutate(&mut rng, &data[..size], donor);
        if changed.len() <= max_size {
            data[..changed.len()].copy_from_slice(&changed);
            return changed.len();
        }
    }
    libfuzzer_sys::fuzzer_mutate(data, size, max_size)
}

/// Splits `data` at every NUL: the input of targets that read several files.
pub fn parts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == 0)
}

fn identities(subject: &str, issuer: &str) -> Identities {
    Identities::one(Identity::new(
        Pattern::exact(subject).expect("a pattern"),
        Pattern::exact(issuer).expect("a pattern"),
    ))
}

/// 2026-03-01T00:00:00Z, after everything that the instance did.
const NOW: i64 = 1_772_323_200;
