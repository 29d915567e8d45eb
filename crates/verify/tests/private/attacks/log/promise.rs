//! Promises over other facts, or of other logs.

use sealcheck_testkit::encoding::{base64, canonical_json};
use sealcheck_testkit::rekor::RekorV1;
use sealcheck_testkit::{DEFAULT_TIME, EntryKind, Instance, InstanceOptions, Plan, TokenOptions};
use sealcheck_verify::Reason;
use serde_json::{Value, json};

use super::entry;
use crate::stage::{Stage, after};

/// The promise covers body, time, log and index: none can be moved.
#[test]
fn a_promise_over_other_facts() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let shifted = |change: &dyn Fn(&mut Value)| {
        let mut bundle = signed.bundle();
        change(entry(&mut bundle));
        stage.why(&bundle)
    };
    let (index, seconds) = (
        signed.entries[0].log_index,
        signed.entries[0].integrated_time.unwrap(),
    );
    for by in [-1, 1, 3600] {
        assert_eq!(
            shifted(&|entry| entry["integratedTime"] = (seconds + by).to_string().into()),
            Some(Reason::LogPromiseInvalid)
        );
        assert_eq!(
            shifted(&|entry| entry["logIndex"] = index.saturating_add_signed(by).to_string().into()),
            Some(Reason::LogPromiseInvalid)
        );
    }
    let v2 = base64(&stage.sigstore.rekor_v2.log_id());
    assert_eq!(
        shifted(&|entry| entry["logId"]["keyId"] = v2.clone().into()),
        Some(Reason::LogPromiseInvalid)
    );
    assert_eq!(
        shifted(&|entry| entry["logId"]["keyId"] = base64(&[7; 32]).into()),
        Some(Reason::LogUnknown)
    );
    // A body that says the same with one member more.
    let mut body = EntryKind::HashedRekordV001.body(&signed.signed);
    body["spec"]["more"] = 1.into();
    assert_eq!(
        shifted(&|entry| entry["canonicalizedBody"] = base64(&canonical_json(&body)).into()),
        Some(Reason::LogPromiseInvalid)
    );
    assert_eq!(
        shifted(&|entry| entry["integratedTime"] = "0".into()),
        Some(Reason::LogEntryMalformed)
    );
    assert_eq!(
        shifted(&|entry| drop(entry.as_object_mut().unwrap().remove("integratedTime"))),
        Some(Reason::LogEntryMalformed)
    );
    let foreign = stage.sign(&Plan::default()).entries[0]
        .promise
        .clone()
        .unwrap();
    assert_eq!(
        shifted(
            &|entry| entry["inclusionPromise"]["signedEntryTimestamp"] = base64(&foreign).into()
        ),
        Some(Reason::LogPromiseInvalid)
    );
}

#[test]
fn a_promise_over_other_facts_in_a_legacy_bundle() {
    let stage = Stage::new();
    let good = stage.sign(&Plan::default()).legacy_bundle();
    let changes: [(&str, Value, Reason); 5] = [
        (
            "integratedTime",
            json!(
                good["rekorBundle"]["Payload"]["integratedTime"]
                    .as_i64()
                    .unwrap()
                    + 1
            ),
            Reason::LogPromiseInvalid,
        ),
        ("logIndex", json!(1), Reason::LogPromiseInvalid),
        ("logID", json!("00".repeat(32)), Reason::LogUnknown),
        ("logID", json!("00"), Reason::LogEntryMalformed),
        ("body", json!(base64(b"{}")), Reason::LogEntryMalformed),
    ];
    for (field, value, reason) in changes {
        let mut bundle = good.clone();
        bundle["rekorBundle"]["Payload"][field] = value;
        assert_eq!(stage.why(&bundle), Some(reason), "{field}");
    }
}

#[test]
fn a_promise_of_another_log_under_this_ones_id() {
    let stage = Stage::of(Instance::with(InstanceOptions::default()));
    let mut signed = stage.sign(&Plan::default());
    let impostor = RekorV1::new(&stage.sigstore.rekor.host);
    let entry = &mut signed.entries[0];
    let body = EntryKind::HashedRekordV001.canonical_body(&signed.signed);
    *entry = impostor.record_body(EntryKind::HashedRekordV001, body, DEFAULT_TIME);
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::LogUnknown));
    signed.entries[0].log_id = stage.sigstore.rekor.log_id();
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::LogPromiseInvalid));
    signed.entries[0].promise = None;
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::CheckpointInvalid));
}

/// A proof does not cover the time: an attacker writes one that lies inside the window of a retired log.
#[test]
fn a_forged_time_does_not_revive_a_retired_log() {
    use sealcheck_testkit::trusted_root::Window;
    let stage = Stage::new().with_root(|root| root.rekor = Window::between(after(-90), after(-60)));
    for kind in [EntryKind::HashedRekordV001, EntryKind::RekordV001] {
        let mut signed = stage.sign(
            &Plan::default()
                .with_entries(&[kind])
                .with_timestamp(TokenOptions::default()),
        );
        signed.entries[0].promise = None;
        for forged in [None, Some(after(-1)), Some(after(-70))] {
            signed.entries[0].integrated_time = forged.map(|time| time.as_second());
            let reason = stage.why(&signed.bundle());
            assert!(
                matches!(reason, Some(Reason::LogUnknown)),
                "{forged:?} {reason:?}"
            );
        }
    }
}

/// A promise proves its own time; a later timestamp says nothing about the log's key.
#[test]
fn a_log_may_retire_between_promise_and_timestamp() {
    use sealcheck_testkit::trusted_root::Window;
    let retired = Window::between(after(0), after(0));
    let stage = Stage::new().with_root(|root| (root.rekor, root.rekor_v2) = (retired, retired));
    let later = TokenOptions {
        time: after(60),
        ..TokenOptions::default()
    };
    let plan = Plan::default().with_timestamp(later);
    stage.accept(&stage.sign(&plan).bundle());
    let plan = plan.with_entries(&[EntryKind::HashedRekordV002]);
    let mut signed = stage.sign(&plan);
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::LogUnknown));
    // Rekor v2 makes no promises: what looks like one does not save the entry.
    let entry = &mut signed.entries[0];
    entry.integrated_time = Some(after(0).as_second());
    let text = json!({"body": base64(&entry.body), "integratedTime": entry.integrated_time, "logID": sealcheck_testkit::encoding::hex(&entry.log_id), "logIndex": entry.log_index});
    entry.promise = Some(stage.sigstore.rekor_v2.key.sign(&canonical_json(&text)));
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::LogUnknown));
}

/// The key of a log is believed in its window only, both ends included, by whoever proves the time.
#[test]
fn outside_the_window_of_the_log() {
    use sealcheck_testkit::trusted_root::Window;
    let signed_at = |kind, promise: bool| {
        let stage = Stage::new();
        let mut signed = stage.sign(
            &Plan::default()
                .with_entries(&[kind])
                .with_timestamp(TokenOptions::default()),
        );
        if !promise {
            signed.entries[0].promise = None;
            signed.entries[0].integrated_time = None;
        }
        (stage, signed.bundle())
    };
    for (kind, promise) in [
        (EntryKind::HashedRekordV001, true),
        (EntryKind::HashedRekordV001, false),
        (EntryKind::HashedRekordV002, false),
    ] {
        for (from, to, expected) in [
            (0, 0, None),
            (-9, -1, Some(Reason::LogUnknown)),
            (1, 9, Some(Reason::LogUnknown)),
        ] {
            let (stage, bundle) = signed_at(kind, promise);
            let window = Window::between(after(from), after(to));
            let stage = stage.with_root(|root| (root.rekor, root.rekor_v2) = (window, window));
            assert_eq!(
                stage.why(&bundle),
                expected,
                "{kind:?} {promise} {from} {to}"
            );
        }
    }
}
