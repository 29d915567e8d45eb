//! Log entries of every kind, and what proves them.

use sealcheck_testkit::rekor::RekorV2;
use sealcheck_testkit::{
    Content as Signable, EntryKind, Instance, InstanceOptions, Key, KeyKind, Plan, TokenOptions,
};
use sealcheck_verify::Requirements;
use sealcheck_verify::evidence::{LogProof, TimeSource};
use serde_json::json;

use crate::stage::{ARTIFACT, Stage, any_content, public_key};

const MESSAGE_KINDS: [EntryKind; 3] = [
    EntryKind::HashedRekordV001,
    EntryKind::RekordV001,
    EntryKind::HashedRekordV002,
];
const ENVELOPE_KINDS: [EntryKind; 5] = [
    EntryKind::DsseV001,
    EntryKind::DsseV002,
    EntryKind::IntotoV001,
    EntryKind::IntotoV002,
    EntryKind::HashedRekordV002,
];

#[test]
fn every_kind_by_certificate_and_by_key() {
    let key = Key::generate(KeyKind::P256);
    let mut stage = Stage::new();
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    let message = Signable::message(ARTIFACT);
    let all = MESSAGE_KINDS
        .map(|kind| (&message, kind))
        .into_iter()
        .chain(ENVELOPE_KINDS.map(|kind| (&attestation, kind)));
    for (content, kind) in all {
        let by_key = Requirements::key(public_key(&key))
            .content(sealcheck_verify::Content::SignatureOrAttestation);
        for (plan, requirements) in [
            (Plan::default(), any_content()),
            (Plan::key(key.clone()), by_key),
        ] {
            let plan = plan
                .with_entries(&[kind])
                .with_timestamp(TokenOptions::default());
            stage.requirements = requirements;
            let evidence = stage.accept(&stage.sigstore.sign(content.clone(), &plan).bundle());
            let entry = &evidence.checks.log.facts().unwrap().entries[0];
            assert_eq!((entry.kind, entry.version), (kind.kind(), kind.version()));
            let times: Vec<TimeSource> = evidence
                .checks
                .time
                .facts()
                .unwrap()
                .accepted
                .iter()
                .map(|accepted| accepted.source)
                .collect();
            match kind.is_v2() {
                true => {
                    assert_eq!(entry.proof, LogProof::Inclusion);
                    assert_eq!(entry.integrated_time, None);
                    assert_eq!(times, [TimeSource::Timestamp]);
                }
                false => {
                    assert_eq!(entry.proof, LogProof::PromiseAndInclusion);
                    assert_eq!(times, [TimeSource::LogEntry, TimeSource::Timestamp]);
                }
            }
        }
    }
}

#[test]
fn a_proof_without_a_promise_needs_a_timestamp_for_the_time() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default().with_timestamp(TokenOptions::default()));
    let mut bundle = signed.bundle();
    let entry = bundle["verificationMaterial"]["tlogEntries"][0]
        .as_object_mut()
        .unwrap();
    entry.remove("inclusionPromise");
    let evidence = stage.accept(&bundle);
    assert_eq!(
        evidence.checks.log.facts().unwrap().entries[0].proof,
        LogProof::Inclusion
    );
    assert_eq!(evidence.time_source, Some(TimeSource::Timestamp));
    assert_eq!(evidence.checks.time.facts().unwrap().accepted.len(), 1);
    bundle["verificationMaterial"]["tlogEntries"][0]
        .as_object_mut()
        .unwrap()
        .remove("integratedTime");
    stage.accept(&bundle);
}

#[test]
fn rekor_v2_with_both_kinds_of_keys_and_many_cosignatures() {
    for (kind, witnesses) in [
        (KeyKind::Ed25519, 0),
        (KeyKind::Ed25519, 7),
        (KeyKind::P256, 3),
    ] {
        let options = InstanceOptions {
            rekor_v2_key: kind,
            witnesses,
            ..InstanceOptions::default()
        };
        let stage = Stage::of(Instance::with(options));
        let evidence = stage.accept(&stage.sign(&Plan::rekor_v2()).bundle());
        let entry = &evidence.checks.log.facts().unwrap().entries[0];
        let checkpoint = entry.checkpoint.as_ref().unwrap();
        assert_eq!(checkpoint.other_signatures, witnesses);
        assert_eq!(&*checkpoint.origin, stage.sigstore.rekor_v2.host);
    }
}

#[test]
fn the_line_of_the_log_may_stand_behind_those_of_witnesses() {
    let stage = Stage::of(Instance::with(InstanceOptions {
        witnesses: 2,
        ..InstanceOptions::default()
    }));
    let mut signed = stage.sign(&Plan::rekor_v2());
    let checkpoint = &mut signed.entries[0].proof.checkpoint;
    let (body, lines) = checkpoint.split_once("\n\n").unwrap();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.reverse();
    *checkpoint = format!("{body}\n\n{}\n", lines.join("\n"));
    stage.accept(&signed.bundle());
}

#[test]
fn operators_and_trees_of_one_leaf() {
    let stage = Stage::new().with_root(|root| root.operator = Some("example operations".into()));
    let evidence = stage.accept(&stage.sign(&Plan::default()).bundle());
    let entry = &evidence.checks.log.facts().unwrap().entries[0];
    assert_eq!(entry.operator.as_deref(), Some("example operations"));

    // A tree whose only leaf is the entry: no hashes at all.
    let mut signed = stage.sign(&Plan::rekor_v2());
    let log: &RekorV2 = &stage.sigstore.rekor_v2;
    let entry = &mut signed.entries[0];
    let root = sealcheck_testkit::rekor::merkle::leaf_hash(&entry.body).to_vec();
    entry.log_index = 0;
    entry.proof.index = 0;
    entry.proof.size = 1;
    entry.proof.hashes.clear();
    entry.proof.checkpoint = log.checkpoint_over(1, &root);
    entry.proof.root = root;
    let mut bundle = signed.bundle();
    stage.accept(&bundle);
    // Protobuf JSON leaves zeros and empty lists out.
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    entry.as_object_mut().unwrap().remove("logIndex");
    let proof = entry["inclusionProof"].as_object_mut().unwrap();
    proof.remove("logIndex");
    proof.remove("hashes");
    stage.accept(&bundle);
}

#[test]
fn integers_as_numbers_and_bytes_in_every_base64_alphabet() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    let mut bundle = signed.bundle();
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    entry["logIndex"] = json!(signed.entries[0].log_index);
    entry["integratedTime"] = json!(signed.entries[0].integrated_time);
    entry["inclusionProof"]["treeSize"] = json!(signed.entries[0].proof.size);
    let root = entry["inclusionProof"]["rootHash"]
        .as_str()
        .unwrap()
        .to_owned();
    entry["inclusionProof"]["rootHash"] = root
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_")
        .into();
    stage.accept(&bundle);
}
