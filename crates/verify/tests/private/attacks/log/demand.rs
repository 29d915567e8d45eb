//! What is asked of the entries together.

use sealcheck_testkit::{DEFAULT_TIME, EntryKind, Instance, Key, KeyKind, Plan, TokenOptions};
use sealcheck_verify::{Reason, Requirements, Threshold};
use serde_json::Value;

use super::entry;
use crate::stage::{Stage, default_signer, public_key};

#[test]
fn entries_without_any_proof() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let mut bundle = signed.bundle();
    let fields = entry(&mut bundle).as_object_mut().unwrap();
    let proof = fields.remove("inclusionProof").unwrap();
    // A bundle from 0.2 on needs the proof, even with a promise.
    assert_eq!(stage.why(&bundle), Some(Reason::MaterialIncomplete));
    // One of 0.1 needs the promise, even with a proof.
    let mut old = signed.bundle_as(sealcheck_testkit::BundleVersion::V01);
    let fields = entry(&mut old).as_object_mut().unwrap();
    fields.remove("inclusionPromise");
    assert_eq!(stage.why(&old), Some(Reason::MaterialIncomplete));
    entry(&mut old)["inclusionProof"] = proof;
    assert_eq!(stage.why(&old), Some(Reason::MaterialIncomplete));
    // Beside detached files either will do, but not neither.
    let mut bare = signed.entries[0].bundle_json();
    let fields = bare.as_object_mut().unwrap();
    fields.remove("inclusionProof");
    fields.remove("inclusionPromise");
    let material = sealcheck_verify::Material::detached(
        &signed.signed.signature,
        Some(signed.cert_file().as_bytes()),
    )
    .unwrap();
    let verdict = stage.verify(
        &material
            .with_log_entry(bare.to_string().as_bytes())
            .unwrap(),
    );
    assert_eq!(verdict.failure().unwrap().reason, Reason::LogProofMissing);
}

#[test]
fn an_entry_twice_and_two_entries_of_which_one_is_bad() {
    let stage = Stage::new();
    let mut signed = stage.sign(&Plan::default());
    let good = signed.entries[0].clone();
    signed.entries.push(good.clone());
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::LogEntryDuplicate));

    let mut bad = stage
        .sigstore
        .record(EntryKind::HashedRekordV002, &signed.signed, DEFAULT_TIME);
    bad.proof.root[0] ^= 1;
    for entries in [vec![good.clone(), bad.clone()], vec![bad, good.clone()]] {
        signed.entries = entries;
        assert_eq!(stage.why(&signed.bundle()), Some(Reason::LogProofInvalid));
    }
    // An entry of an unknown log is bad, too, where a log is required.
    let stranger =
        Instance::new().record(EntryKind::HashedRekordV001, &signed.signed, DEFAULT_TIME);
    signed.entries = vec![good, stranger];
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::LogUnknown));
}

#[test]
fn two_entries_of_one_log_are_one_witness() {
    let two = Threshold::AtLeast(2.try_into().unwrap());
    let stage = Stage::new().requiring(default_signer().log_entries(two));
    let plan = Plan::default().with_entries(&[EntryKind::HashedRekordV001, EntryKind::RekordV001]);
    assert_eq!(
        stage.why(&stage.sign(&plan).bundle()),
        Some(Reason::LogEntriesInsufficient)
    );
    assert_eq!(
        stage.why(&stage.sign(&Plan::default()).bundle()),
        Some(Reason::LogEntriesInsufficient)
    );
    // With an inclusion proof required, a promise does not count towards the number.
    let stage = stage.requiring(default_signer().log_entries(two).require_inclusion_proof());
    let signed = stage.sign(&Plan::default().with_timestamp(TokenOptions::default()));
    let v2 = stage
        .sigstore
        .record(EntryKind::HashedRekordV002, &signed.signed, DEFAULT_TIME);
    let mut promise_only = signed.entries[0].bundle_json();
    promise_only
        .as_object_mut()
        .unwrap()
        .remove("inclusionProof");
    let material = sealcheck_verify::Material::detached(
        &signed.signed.signature,
        Some(signed.cert_file().as_bytes()),
    )
    .unwrap();
    let material = material.with_timestamp(&signed.timestamps[0]).unwrap();
    let with = |entries: [&Value; 2]| {
        let material = material
            .clone()
            .with_log_entry(entries[0].to_string().as_bytes())
            .unwrap();
        stage.verify(
            &material
                .with_log_entry(entries[1].to_string().as_bytes())
                .unwrap(),
        )
    };
    assert_eq!(
        with([&promise_only, &v2.bundle_json()])
            .failure()
            .unwrap()
            .reason,
        Reason::LogEntriesInsufficient
    );
    crate::stage::accepted(&with([&signed.entries[0].bundle_json(), &v2.bundle_json()]));
}

#[test]
fn no_entry_where_one_is_required() {
    let stage = Stage::new();
    let bundle = stage
        .sign(
            &Plan::default()
                .with_entries(&[])
                .with_timestamp(TokenOptions::default()),
        )
        .bundle();
    assert_eq!(stage.why(&bundle), Some(Reason::LogEntriesInsufficient));
    let bundle = stage.sign(&Plan::default().with_entries(&[])).bundle();
    assert_eq!(stage.why(&bundle), Some(Reason::NoTrustedTime));
    let key = Key::generate(KeyKind::P256);
    let stage = stage.requiring(Requirements::key(public_key(&key)));
    let bundle = stage.sign(&Plan::key(key).with_entries(&[])).bundle();
    assert_eq!(stage.why(&bundle), Some(Reason::LogEntriesInsufficient));
}

/// Waived means that no log is needed, not that the entry of a trusted log may be wrong.
#[test]
fn a_bad_entry_where_no_log_is_required() {
    let stage = Stage::new().requiring(default_signer().log_entries(Threshold::Waived));
    let signed = stage.sign(&Plan::default().with_timestamp(TokenOptions::default()));
    stage.accept(&signed.bundle());
    let mut altered = signed.clone();
    altered.entries[0].promise.as_mut().unwrap()[9] ^= 1;
    assert_eq!(
        stage.why(&altered.bundle()),
        Some(Reason::LogPromiseInvalid)
    );
    altered = signed.clone();
    altered.entries[0].proof.root[0] ^= 1;
    assert_eq!(stage.why(&altered.bundle()), Some(Reason::LogProofInvalid));
    altered.entries = stage.sign(&Plan::default()).entries;
    assert_eq!(stage.why(&altered.bundle()), Some(Reason::LogEntryMismatch));
}

#[test]
fn a_required_inclusion_proof_without_any_entry() {
    let stage = Stage::new().requiring(default_signer().require_inclusion_proof());
    let bundle = stage
        .sign(
            &Plan::default()
                .with_entries(&[])
                .with_timestamp(TokenOptions::default()),
        )
        .bundle();
    assert_eq!(stage.why(&bundle), Some(Reason::LogEntriesInsufficient));
}

/// Wherever its entries stand among those of others.
#[test]
fn entries_of_one_log_around_that_of_another_are_one_witness() {
    let kinds = [
        EntryKind::HashedRekordV001,
        EntryKind::HashedRekordV002,
        EntryKind::HashedRekordV001,
    ];
    for (count, expected) in [(2, None), (3, Some(Reason::LogEntriesInsufficient))] {
        let threshold = Threshold::AtLeast(count.try_into().unwrap());
        let stage = Stage::new().requiring(default_signer().log_entries(threshold));
        let signed = stage.sign(&Plan::default().with_entries(&kinds));
        assert_eq!(stage.why(&signed.bundle()), expected, "{count}");
    }
}
