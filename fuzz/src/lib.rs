//! What the fuzz targets share: fixed material of a private Sigstore instance, and the properties that no input may
//! break.
//!
//! The material is committed, so that an input that was found once means the same in every later run.
//! `cargo xtask fuzz --seeds` makes it anew.

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use data_encoding::BASE64;
use sealcheck_testkit::mutate::Rng;
use sealcheck_verify::{
    Artifact, Content, Identities, Identity, Material, Outcome, Pattern, Requirements, Threshold,
    Time, TrustedRoot, Verdict, verify,
};
use serde_json::Value;

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
/// Another one, of a Rekor v2 log.
pub const SOUND_V2: &[u8] = include_bytes!("../seeds/bundle/v03-rekor-v2.json");
/// Sound bundles that donate parts: the same signature in another form, the same signer's for [`OTHER_ARTIFACT`],
/// another signer's for [`ARTIFACT`], and one of another instance, for [`OTHER_ARTIFACT`].
pub const DONORS: [&[u8]; 4] = [
    SOUND_V2,
    include_bytes!("../fixtures/other_artifact.json"),
    include_bytes!("../fixtures/other_signer.json"),
    include_bytes!("../fixtures/other_instance.json"),
];
/// What the signer has signed as well.
pub const OTHER_ARTIFACT: &[u8] = b"sealcheck fuzz, another\n";
/// What nobody has signed.
const UNSIGNED: &[u8] = b"sealcheck fuzs\n";

static ROOT: LazyLock<TrustedRoot> = LazyLock::new(|| {
    TrustedRoot::from_json(include_bytes!("../seeds/trusted_root/private.json"))
        .expect("the instance's trusted root")
});
static OTHER_ROOT: LazyLock<TrustedRoot> = LazyLock::new(|| {
    TrustedRoot::from_json(include_bytes!("../fixtures/other_root.json"))
        .expect("the other instance's trusted root")
});
static SIGNER: LazyLock<Identities> = LazyLock::new(|| identities("signer@example.com"));
static OTHER_SIGNER: LazyLock<Identities> = LazyLock::new(|| identities("other@example.com"));
static STRANGER: LazyLock<Identities> = LazyLock::new(|| identities("stranger@example.com"));

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
/// When it proves another artifact or another signer, or when its evidence leads to another verdict, which is what the
/// fuzzer looks for. The keys of the private instance are not in the repository, so no input can be a new signature.
pub fn exercise(material: &Material) -> Verdict {
    let content = match material.is_attestation() {
        true => Content::AnyAttestation,
        false => Content::Signature,
    };
    let requirements = Requirements::identity(SIGNER.clone()).content(content);
    let _ = material.unverified_claims();
    let _ = material.unverified_statement();
    let verdict = judge(material, ARTIFACT, root(), &requirements);
    let _ = verdict.to_string();
    serde_json::to_vec(verdict.evidence()).expect("evidence is JSON");
    assert_eq!(
        verdict.failure().is_none(),
        verdict.outcome() == Outcome::Verified
    );
    let again = repeated(&verdict);
    let artifact = Artifact::from_reader(ARTIFACT, &again.needs(&requirements)).expect("memory");
    assert_eq!(
        verify(&again, &artifact, root(), &requirements, now()).failures(),
        verdict.failures(),
        "an auditor gets another verdict from the evidence"
    );
    if verdict.outcome() == Outcome::Verified {
        let signed_at = verdict.evidence().signed_at.expect("a time");
        assert_eq!(
            signed_at.unix_seconds(),
            SIGNED_AT,
            "accepted at another time"
        );
    }
    refuse(material, UNSIGNED, root(), &SIGNER, "for another artifact");
    refuse(material, ARTIFACT, root(), &STRANGER, "as a stranger's");
    verdict
}

/// The same for material that may be put together from several signatures: no part of one may lend what it proves to
/// another.
pub fn exercise_composed(material: &Material) -> Verdict {
    let verdict = exercise(material);
    refuse(
        material,
        OTHER_ARTIFACT,
        root(),
        &OTHER_SIGNER,
        "as another signer's",
    );
    refuse(
        material,
        ARTIFACT,
        &OTHER_ROOT,
        &SIGNER,
        "by another trusted root",
    );
    let strict = Requirements::identity(SIGNER.clone())
        .content(Content::SignatureOrAttestation)
        .require_inclusion_proof()
        .timestamps(Threshold::ONE);
    if judge(material, ARTIFACT, root(), &strict).outcome() == Outcome::Verified {
        let least = judge(material, ARTIFACT, root(), &least(&SIGNER));
        assert_eq!(
            least.outcome(),
            Outcome::Verified,
            "who requires more gets more accepted: {least}"
        );
    }
    verdict
}

/// Whether `material` proves `artifact` for whoever requires the least that can be required.
fn refuse(
    material: &Material,
    artifact: &'static [u8],
    root: &TrustedRoot,
    identities: &Identities,
    what: &str,
) {
    let verdict = judge(material, artifact, root, &least(identities));
    assert_ne!(verdict.outcome(), Outcome::Verified, "accepted {what}");
}

fn judge(
    material: &Material,
    artifact: &'static [u8],
    root: &TrustedRoot,
    requirements: &Requirements,
) -> Verdict {
    let artifact = Artifact::from_reader(artifact, &material.needs(requirements)).expect("memory");
    verify(material, &artifact, root, requirements, now())
}

fn least(identities: &Identities) -> Requirements {
    Requirements::identity(identities.clone())
        .content(Content::SignatureOrAttestation)
        .log_entries(Threshold::Waived)
        .scts(Threshold::Waived)
        .accept_certificate_chain()
}

/// The material, put together again from the evidence.
fn repeated(verdict: &Verdict) -> Material {
    let facts = verdict.evidence().material.as_ref();
    let facts = facts.expect("evidence of a proof");
    let parts: Vec<(&str, &[u8])> = facts
        .parts
        .iter()
        .map(|part| (part.role, &*part.content))
        .collect();
    Material::from_parts(facts.format, &parts).expect("the parts that were read before")
}

/// Changes `data` where libFuzzer asks for it: a structured mutation most of the time, libFuzzer's own otherwise.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32, donors: &[&[u8]]) -> usize {
    let mut rng = Rng::new(seed.into());
    let choice = rng.below(8);
    if choice > 0 {
        let donor = rng.pick(donors).copied().unwrap_or_default();
        let changed = match choice {
            1 => shifted(&mut rng, &data[..size]),
            _ => Some(sealcheck_testkit::mutate::mutate(&mut rng, &data[..size], donor).0),
        };
        if let Some(changed) = changed.filter(|changed| changed.len() <= max_size) {
            data[..changed.len()].copy_from_slice(&changed);
            return changed.len();
        }
    }
    libfuzzer_sys::fuzzer_mutate(data, size, max_size)
}

/// A JSON document with one time shifted that stands in the DER of one of its texts.
fn shifted(rng: &mut Rng, json: &[u8]) -> Option<Vec<u8>> {
    fn texts<'v>(value: &'v mut Value, found: &mut Vec<&'v mut String>) {
        match value {
            Value::String(text) if text.len() > 100 => found.push(text),
            Value::Array(items) => items.iter_mut().for_each(|item| texts(item, found)),
            Value::Object(fields) => fields.values_mut().for_each(|field| texts(field, found)),
            _ => {}
        }
    }
    let mut document: Value = serde_json::from_slice(json).ok()?;
    let mut found = Vec::new();
    texts(&mut document, &mut found);
    let chosen = rng.below(found.len());
    let text = found.into_iter().nth(chosen)?;
    let mut der = BASE64.decode(text.as_bytes()).ok()?;
    // UTCTime and GeneralizedTime: tag, length, digits, `Z`.
    let times: Vec<usize> = (0..der.len().saturating_sub(17))
        .filter(|at| {
            matches!(der[*at..], [0x17, 13, ..] if der[at + 14] == b'Z')
                || matches!(der[*at..], [0x18, 15, ..] if der[at + 16] == b'Z')
        })
        .collect();
    let at = *rng.pick(&times)?;
    let digit = at + 2 + rng.below(usize::from(der[at + 1]) - 1);
    der[digit] = b'0' + u8::try_from(rng.below(10)).expect("a digit");
    *text = BASE64.encode(&der);
    serde_json::to_vec(&document).ok()
}

/// The result of a future that never waits.
///
/// # Panics
/// When it waits.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// What the instance's signer is required by.
pub fn signer() -> Requirements {
    Requirements::identity(SIGNER.clone())
}

/// Splits `data` at every NUL: the input of targets that read several files.
pub fn parts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == 0)
}

fn identities(subject: &str) -> Identities {
    Identities::one(Identity::new(
        Pattern::exact(subject).expect("a pattern"),
        Pattern::exact("https://accounts.example.com").expect("a pattern"),
    ))
}

/// When everything is verified.
pub fn now() -> Time {
    Time::from_unix_seconds(NOW).expect("a time")
}

/// When the instance signed everything: 2026-01-02T03:04:05Z.
const SIGNED_AT: i64 = 1_767_323_045;

/// 2026-03-01T00:00:00Z, after everything that the instance did.
const NOW: i64 = 1_772_323_200;
