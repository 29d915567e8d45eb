//! Seeded changes of accepted vectors. Those that only break things come from the testkit; the others are made with
//! the keys of log, authority and signer, so that nothing but the one odd thing is there to be noticed.

use jiff::{SignedDuration, Timestamp};
use sealcheck_testkit::mutate::{Rng, mutate};
use sealcheck_testkit::rekor::{LogEntry, checkpoint};
use sealcheck_testkit::sign::Dsse;
use sealcheck_testkit::{Content, DEFAULT_TIME, Signed, TokenOptions};
use serde_json::Value;

use crate::judge::{Case, Trust};
use crate::made::{Maker, signed_again};

/// A changed case, and what was changed. `donor` lends values; it should be by the same signer.
pub(crate) fn change(rng: &mut Rng, case: &Case, donor: &Case) -> (Case, String) {
    let changed = match (rng.below(20), &case.maker) {
        (0..=1, _) => trusted_root(rng, case),
        (2..=5, _) => transplant(rng, case, donor),
        (6..=9, Some(maker)) => sealed(case, maker, body(rng, maker, donor)),
        (10..=12, Some(maker)) => payload(rng, maker, donor)
            .map(|(signed, said)| with_signed(case, maker, &signed, said)),
        (13..=14, Some(maker)) => sealed(case, maker, times(rng, maker)),
        (15..=16, Some(maker)) => sealed(case, maker, note(rng, maker)),
        _ => None,
    };
    changed.unwrap_or_else(|| {
        let (bundle, said) = mutate(rng, &case.bundle, &donor.bundle);
        (case.with_bundle(bundle), said)
    })
}

fn trusted_root(rng: &mut Rng, case: &Case) -> Option<(Case, String)> {
    let (json, said) = mutate(rng, &case.trust.json, &case.trust.json);
    let trust = Trust::new(&json);
    Some((Case { trust, ..case.clone() }, format!("trusted root: {said}")))
}

/// One to four whole parts taken from the donor, where both have them.
fn transplant(rng: &mut Rng, case: &Case, donor: &Case) -> Option<(Case, String)> {
    let mut bundle: Value = serde_json::from_slice(&case.bundle).ok()?;
    let theirs: Value = serde_json::from_slice(&donor.bundle).ok()?;
    let mut said = Vec::new();
    for _ in 0..=rng.below(4) {
        let pointer = rng.pick(&PARTS)?;
        if let (Some(ours), Some(theirs)) = (bundle.pointer_mut(pointer), theirs.pointer(pointer))
            && ours != theirs
        {
            ours.clone_from(theirs);
            said.push(*pointer);
        }
    }
    let said = format!("of {}: {}", donor.name, said.join(", "));
    Some((case.with_bundle(bundle.to_string().into_bytes()), said))
}

fn with_signed(case: &Case, maker: &Maker, signed: &Signed, said: String) -> (Case, String) {
    let bundle = maker.bundle_of(signed).to_string().into_bytes();
    (case.with_bundle(bundle), said)
}

fn sealed(case: &Case, maker: &Maker, changed: Option<(Signed, String)>) -> Option<(Case, String)> {
    changed.map(|(signed, said)| with_signed(case, maker, &signed, said))
}

/// The log records a changed body.
fn body(rng: &mut Rng, maker: &Maker, donor: &Case) -> Option<(Signed, String)> {
    let mut signed = maker.signed.clone();
    let index = rng.below(signed.entries.len());
    let entry = signed.entries.get_mut(index)?;
    let other = donor.maker.as_ref().and_then(|maker| maker.signed.entries.first());
    let other = other.map_or(&[][..], |entry| &entry.body);
    let (body, said) = mutate(rng, &entry.body, other);
    *entry = record(maker, entry, body, None);
    Some((signed, format!("logged body {index}: {said}")))
}

fn record(maker: &Maker, entry: &LogEntry, body: Vec<u8>, time: Option<Timestamp>) -> LogEntry {
    match entry.integrated_time {
        None => maker.instance.rekor_v2.record_body(entry.kind, body),
        Some(seconds) => {
            let time = time.or_else(|| Timestamp::from_second(seconds).ok());
            let time = time.unwrap_or(DEFAULT_TIME);
            maker.instance.rekor.record_body(entry.kind, body, time)
        }
    }
}

/// The signer signs a changed payload; logs and authority see nothing odd.
fn payload(rng: &mut Rng, maker: &Maker, donor: &Case) -> Option<(Signed, String)> {
    let Content::Dsse(envelope) = &maker.signed.signed.content else {
        return None;
    };
    let other = match donor.maker.as_ref().map(|maker| &maker.signed.signed.content) {
        Some(Content::Dsse(envelope)) => &envelope.payload,
        _ => &envelope.payload,
    };
    let (payload, said) = mutate(rng, &envelope.payload, other);
    let content = Content::Dsse(Dsse {
        payload,
        ..envelope.clone()
    });
    let old = &maker.signed;
    let signed = signed_again(&old.signed, content);
    let entries = old.entries.iter();
    let changed = Signed {
        entries: entries
            .map(|entry| {
                let body = entry.kind.canonical_body(&signed);
                record(maker, entry, body, None)
            })
            .collect(),
        timestamps: stamps(maker, &signed.signature, old.timestamps.len(), DEFAULT_TIME),
        signed,
    };
    Some((changed, format!("signed payload: {said}")))
}

/// Log and authority do their work at other times.
fn times(rng: &mut Rng, maker: &Maker) -> Option<(Signed, String)> {
    let mut signed = maker.signed.clone();
    let mut shift = || {
        let seconds = match rng.below(SHIFTS.len() + 1) {
            at if at < SHIFTS.len() => SHIFTS[at],
            _ => i64::try_from(rng.below(200_000_000)).expect("a small number") - 100_000_000,
        };
        DEFAULT_TIME + SignedDuration::from_secs(seconds)
    };
    let mut said = String::new();
    for entry in &mut signed.entries {
        let time = shift();
        *entry = record(maker, entry, entry.body.clone(), Some(time));
        said += &format!("logged at {time} ");
    }
    if !signed.timestamps.is_empty() {
        let time = shift();
        signed.timestamps = stamps(maker, &signed.signed.signature, signed.timestamps.len(), time);
        said += &format!("stamped at {time}");
    }
    Some((signed, said))
}

fn stamps(maker: &Maker, signature: &[u8], count: usize, time: Timestamp) -> Vec<Vec<u8>> {
    let options = TokenOptions {
        time,
        ..TokenOptions::default()
    };
    (0..count)
        .map(|_| maker.instance.tsa.timestamp(signature, &options))
        .collect()
}

/// The log signs a changed checkpoint.
fn note(rng: &mut Rng, maker: &Maker) -> Option<(Signed, String)> {
    let mut signed = maker.signed.clone();
    let entry = signed.entries.first_mut()?;
    let (body, _) = entry.proof.checkpoint.split_once("\n\n")?;
    let mut body = format!("{body}\n");
    let at = rng.below(body.len());
    let said = match rng.below(4) {
        0 => {
            body.remove(at);
            "one character removed"
        }
        1 => {
            body.insert(at, *rng.pick(&['\n', ' ', '0', '=', '\r', '-'])?);
            "one character inserted"
        }
        2 => {
            let lines: Vec<&str> = body.lines().collect();
            let mut lines = lines;
            let other = rng.below(lines.len());
            lines.swap(0, other);
            let twice = *rng.pick(&lines)?;
            lines.push(twice);
            body = lines.join("\n") + "\n";
            "lines in another order, one twice"
        }
        _ => {
            body.insert_str(body.len(), "further line\n");
            "a line appended"
        }
    };
    let instance = &maker.instance;
    let line = match entry.integrated_time {
        Some(_) => checkpoint::sign(
            &instance.rekor.host,
            &instance.rekor.key,
            &instance.rekor.log_id(),
            &body,
        ),
        None => checkpoint::sign(
            &instance.rekor_v2.host,
            &instance.rekor_v2.key,
            &instance.rekor_v2.log_id(),
            &body,
        ),
    };
    entry.proof.checkpoint = checkpoint::note(&body, &[line]);
    Some((signed, format!("signed checkpoint: {said} at {at}")))
}

/// The parts that a forger would combine.
const PARTS: [&str; 20] = [
    "/messageSignature",
    "/messageSignature/signature",
    "/messageSignature/messageDigest",
    "/dsseEnvelope",
    "/dsseEnvelope/payload",
    "/dsseEnvelope/signatures",
    "/verificationMaterial",
    "/verificationMaterial/certificate",
    "/verificationMaterial/x509CertificateChain",
    "/verificationMaterial/tlogEntries",
    "/verificationMaterial/tlogEntries/0/canonicalizedBody",
    "/verificationMaterial/tlogEntries/0/integratedTime",
    "/verificationMaterial/tlogEntries/0/inclusionPromise",
    "/verificationMaterial/tlogEntries/0/inclusionProof",
    "/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint",
    "/verificationMaterial/tlogEntries/0/inclusionProof/logIndex",
    "/verificationMaterial/tlogEntries/0/kindVersion",
    "/verificationMaterial/tlogEntries/0/logId",
    "/verificationMaterial/tlogEntries/0/logIndex",
    "/verificationMaterial/timestampVerificationData",
];
/// Seconds from the time of signing. A default certificate begins 5 before it and ends 595 after it.
const SHIFTS: [i64; 14] = [
    -31_536_000, -86_400, -601, -7, -6, -5, -1, 0, 1, 594, 595, 596, 3_600, 31_536_000,
];
