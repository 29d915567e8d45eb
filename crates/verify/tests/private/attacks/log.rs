//! Step 3: entries that belong elsewhere, were altered, or prove nothing.

use sealcheck_testkit::encoding::{base64, canonical_json};
use sealcheck_testkit::rekor::{RekorV1, checkpoint};
use sealcheck_testkit::{
    Content as Signable, DEFAULT_TIME, EntryKind, Instance, InstanceOptions, Key, KeyKind,
    LeafRequest, Plan, Signed, Signer, TokenOptions,
};
use sealcheck_verify::{Content, Reason, Requirements, Threshold};
use serde_json::{Value, json};

use crate::stage::{ARTIFACT, Stage, after, any_content, default_signer, public_key};

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

/// The entry is genuine and complete, but somebody else's: other signature, other artifact, other certificate.
#[test]
fn an_entry_of_another_signature() {
    let stage = Stage::new().requiring(any_content());
    let leaf = stage.sigstore.issue(&Default::default());
    let by_leaf = Plan {
        signer: Signer::Leaf(Box::new(leaf)),
        ..Plan::default()
    };
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    let kinds = [
        (
            Signable::message(ARTIFACT),
            vec![
                EntryKind::HashedRekordV001,
                EntryKind::RekordV001,
                EntryKind::HashedRekordV002,
            ],
        ),
        (
            attestation,
            vec![
                EntryKind::DsseV001,
                EntryKind::DsseV002,
                EntryKind::IntotoV001,
                EntryKind::IntotoV002,
                EntryKind::HashedRekordV002,
            ],
        ),
    ];
    for (content, kinds) in kinds {
        let another = match &content {
            Signable::Message(_) => Signable::message(b"another artifact"),
            Signable::Dsse(_) => {
                stage
                    .sigstore
                    .attest_blob(b"another artifact")
                    .signed
                    .content
            }
        };
        for kind in kinds {
            let plan = by_leaf
                .clone()
                .with_entries(&[kind])
                .with_timestamp(TokenOptions::default());
            let sign = |content: &Signable, plan: &Plan| stage.sigstore.sign(content.clone(), plan);
            let ours = sign(&content, &plan);
            stage.accept(&ours.bundle());
            // Same signer and artifact; ECDSA signatures differ each time.
            let again = sign(&content, &plan);
            let other_artifact = sign(&another, &plan);
            let other_certificate = sign(
                &content,
                &Plan {
                    signer: Plan::default().signer,
                    ..plan.clone()
                },
            );
            for theirs in [again, other_artifact, other_certificate] {
                let mixed = Signed {
                    entries: theirs.entries,
                    ..ours.clone()
                };
                let reason = stage.why(&mixed.bundle());
                assert!(
                    matches!(
                        reason,
                        Some(Reason::LogEntryMismatch | Reason::ArtifactMismatch)
                    ),
                    "{kind:?}: {reason:?}"
                );
            }
        }
    }
}

/// What [`an_entry_of_another_signature`] cannot tell apart: each compared field alone.
#[test]
fn an_entry_that_differs_in_one_field() {
    let stage = Stage::new().requiring(any_content());
    let other = stage.sign(&Plan::default());
    let other_pem: Value = base64(other.signed.verifier_pem().as_bytes()).into();
    let other_der: Value = base64(&other.signed.leaf.as_ref().unwrap().der).into();
    let signature: Value = base64(&other.signed.signature).into();
    let twice: Value = base64(base64(&other.signed.signature).as_bytes()).into();
    let hash: Value = "00".repeat(32).into();
    let v2_hash: Value = base64(&[0; 32]).into();
    let message = Signable::message(ARTIFACT);
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    let mismatch = Reason::LogEntryMismatch;
    let cases: Vec<(&Signable, EntryKind, &str, &Value, Reason)> = vec![
        (
            &message,
            EntryKind::HashedRekordV001,
            "/data/hash/value",
            &hash,
            Reason::ArtifactMismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV001,
            "/signature/content",
            &signature,
            mismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV001,
            "/signature/publicKey/content",
            &other_pem,
            mismatch,
        ),
        (
            &message,
            EntryKind::RekordV001,
            "/data/hash/value",
            &hash,
            Reason::ArtifactMismatch,
        ),
        (
            &message,
            EntryKind::RekordV001,
            "/signature/content",
            &signature,
            mismatch,
        ),
        (
            &message,
            EntryKind::RekordV001,
            "/signature/publicKey/content",
            &other_pem,
            mismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/data/digest",
            &v2_hash,
            Reason::ArtifactMismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/signature/content",
            &signature,
            mismatch,
        ),
        (
            &message,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/signature/verifier/x509Certificate/rawBytes",
            &other_der,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/data/digest",
            &v2_hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV001,
            "/payloadHash/value",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV001,
            "/signatures/0/signature",
            &signature,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV001,
            "/signatures/0/verifier",
            &other_pem,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV002,
            "/dsseV002/payloadHash/digest",
            &v2_hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV002,
            "/dsseV002/signatures/0/content",
            &signature,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::DsseV002,
            "/dsseV002/signatures/0/verifier/x509Certificate/rawBytes",
            &other_der,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV001,
            "/content/hash/value",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV001,
            "/content/payloadHash/value",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV001,
            "/publicKey",
            &other_pem,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/payloadHash/value",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/envelope/payloadType",
            &hash,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/envelope/signatures/0/sig",
            &twice,
            mismatch,
        ),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/envelope/signatures/0/publicKey",
            &other_pem,
            mismatch,
        ),
    ];
    for (content, kind, pointer, value, expected) in cases {
        let plan = Plan::default()
            .with_entries(&[kind])
            .with_timestamp(TokenOptions::default());
        let mut signed = stage.sigstore.sign(content.clone(), &plan);
        let mut body = kind.body(&signed.signed);
        *body["spec"].pointer_mut(pointer).unwrap() = value.clone();
        stage.relog(&mut signed, kind, &body);
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(expected),
            "{kind:?} {pointer}"
        );
    }
}

/// Lists where one element is expected: none, two, the right one first or last.
#[test]
fn an_entry_with_other_than_one_signature() {
    let stage = Stage::new().requiring(any_content());
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    for (kind, list) in [
        (EntryKind::DsseV001, "/signatures"),
        (EntryKind::DsseV002, "/dsseV002/signatures"),
        (EntryKind::IntotoV002, "/content/envelope/signatures"),
    ] {
        for count in [0, 2] {
            let plan = Plan::default()
                .with_entries(&[kind])
                .with_timestamp(TokenOptions::default());
            let mut signed = stage.sigstore.sign(attestation.clone(), &plan);
            let mut body = kind.body(&signed.signed);
            let list = body["spec"].pointer_mut(list).unwrap();
            *list = vec![list[0].clone(); count].into();
            stage.relog(&mut signed, kind, &body);
            assert_eq!(
                stage.why(&signed.bundle()),
                Some(Reason::LogEntryMismatch),
                "{kind:?} {count}"
            );
        }
    }
}

#[test]
fn an_entry_for_the_other_kind_of_content_or_of_an_unknown_kind() {
    let stage = Stage::new().requiring(any_content());
    let attested = stage.sigstore.attest_blob(ARTIFACT);
    let message = stage.sign(&Plan::default());
    for kind in [
        EntryKind::DsseV001,
        EntryKind::DsseV002,
        EntryKind::IntotoV001,
        EntryKind::IntotoV002,
    ] {
        let mixed = Signed {
            entries: vec![stage.sigstore.record(kind, &attested.signed, DEFAULT_TIME)],
            ..message.clone()
        };
        assert_eq!(
            stage.why(&mixed.bundle()),
            Some(Reason::LogEntryUnsupported),
            "{kind:?}"
        );
    }
    for kind in [EntryKind::HashedRekordV001, EntryKind::RekordV001] {
        let mixed = Signed {
            entries: vec![stage.sigstore.record(kind, &attested.signed, DEFAULT_TIME)],
            ..attested.clone()
        };
        assert_eq!(
            stage.why(&mixed.bundle()),
            Some(Reason::LogEntryUnsupported),
            "{kind:?}"
        );
    }
    let mut bundle = message.bundle();
    for (kind, version) in [
        ("hashedrekord", "0.0.3"),
        ("tuf", "0.0.1"),
        ("", ""),
        ("HashedRekord", "0.0.1"),
    ] {
        entry(&mut bundle)["kindVersion"] = json!({"kind": kind, "version": version});
        assert_eq!(stage.why(&bundle), Some(Reason::LogEntryUnsupported));
    }
    // The wrapper says one kind, the signed body another.
    for (kind, version) in [("rekord", "0.0.1"), ("hashedrekord", "0.0.2")] {
        entry(&mut bundle)["kindVersion"] = json!({"kind": kind, "version": version});
        let reason = stage.why(&bundle);
        assert!(
            matches!(
                reason,
                Some(Reason::LogEntryMismatch | Reason::LogEntryMalformed)
            ),
            "{reason:?}"
        );
    }
}

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

/// Without a promise, only the proof ties the body to the log.
#[test]
fn a_proof_for_another_entry_or_another_tree() {
    let stage = Stage::new();
    for (kind, promise) in [
        (EntryKind::HashedRekordV001, true),
        (EntryKind::HashedRekordV001, false),
        (EntryKind::HashedRekordV002, false),
    ] {
        let plan = Plan::default()
            .with_entries(&[kind])
            .with_timestamp(TokenOptions::default());
        let signed = stage.sign(&plan);
        let later = stage.sign(&plan).entries[0].proof.clone();
        let why = |change: &dyn Fn(&mut Signed)| {
            let mut changed = signed.clone();
            if !promise {
                changed.entries[0].promise = None;
            }
            change(&mut changed);
            stage.why(&changed.bundle())
        };
        assert_eq!(why(&|_| ()), None);
        // The whole proof of the next entry.
        let whole = why(&|signed| signed.entries[0].proof = later.clone());
        assert_eq!(whole, Some(Reason::LogProofInvalid));
        assert_eq!(
            why(&|signed| signed.entries[0].proof.hashes[0][0] ^= 1),
            Some(Reason::LogProofInvalid)
        );
        assert_eq!(
            why(&|signed| drop(signed.entries[0].proof.hashes.pop())),
            Some(Reason::LogProofInvalid)
        );
        assert_eq!(
            why(&|signed| signed.entries[0].proof.hashes.push(vec![0; 32])),
            Some(Reason::LogProofInvalid)
        );
        assert_eq!(
            why(&|signed| signed.entries[0].proof.root[0] ^= 1),
            Some(Reason::LogProofInvalid)
        );
        assert_eq!(
            why(&|signed| signed.entries[0].proof.index += 1),
            Some(Reason::LogProofInvalid)
        );
        assert_eq!(
            why(&|signed| signed.entries[0].proof.size = 0),
            Some(Reason::LogProofInvalid)
        );
        // The checkpoint of the next tree: another size and another root.
        assert_eq!(
            why(&|signed| signed.entries[0].proof.checkpoint = later.checkpoint.clone()),
            Some(Reason::CheckpointMismatch)
        );
        if !promise {
            // A body that says the same with one member more is another leaf.
            let mut body = kind.body(&signed.signed);
            body["more"] = 1.into();
            assert_eq!(
                why(&|signed| signed.entries[0].body = canonical_json(&body)),
                Some(Reason::LogProofInvalid)
            );
        }
    }
}

#[test]
fn rekor_v2_has_one_index() {
    let stage = Stage::new();
    let mut bundle = stage.sign(&Plan::rekor_v2()).bundle();
    entry(&mut bundle)["logIndex"] = "1".into();
    assert_eq!(stage.why(&bundle), Some(Reason::LogProofInvalid));
}

/// The tree is made up so that the proof holds; only the checkpoint's signature stands in the way.
#[test]
fn a_checkpoint_that_the_log_did_not_sign() {
    let stage = Stage::new();
    let other = Instance::new();
    for kind in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
        let mut signed = stage.sign(
            &Plan::default()
                .with_entries(&[kind])
                .with_timestamp(TokenOptions::default()),
        );
        signed.entries[0].promise = None;
        let (size, root) = (
            signed.entries[0].proof.size,
            signed.entries[0].proof.root.clone(),
        );
        let (v1, v2) = (&stage.sigstore.rekor, &stage.sigstore.rekor_v2);
        let (origin, host, key, id) = match kind.is_v2() {
            true => (v2.host.clone(), v2.host.clone(), &v2.key, v2.log_id()),
            false => (v1.origin(), v1.host.clone(), &v1.key, v1.log_id()),
        };
        let body = checkpoint::body(&origin, size, &root, &[]);
        let by = |name: &str, key: &Key, id: &[u8]| {
            checkpoint::note(&body, &[checkpoint::sign(name, key, id, &body)])
        };
        let stranger = Key::generate(key.kind());
        let good = by(&host, key, &id);
        let notes = [
            // of the other log of the same instance, and of other instances
            if kind.is_v2() {
                v1.checkpoint_over(size, &root)
            } else {
                v2.checkpoint_over(size, &root)
            },
            if kind.is_v2() {
                other.rekor_v2.checkpoint_over(size, &root)
            } else {
                other.rekor.checkpoint_over(size, &root)
            },
            // under the log's name and hint, by another key
            by(&host, &stranger, &id),
            // by the log's key, under another name or hint
            by("elsewhere.test", key, &id),
            by(&host[1..], key, &id),
            by(&host, key, &[9; 32]),
            // the log's signature over another text
            good.replacen("\n\n", "\nmore\n\n", 1),
        ];
        signed.entries[0].proof.checkpoint = good;
        assert_eq!(stage.why(&signed.bundle()), None);
        for note in notes {
            signed.entries[0].proof.checkpoint = note.clone();
            assert_eq!(
                stage.why(&signed.bundle()),
                Some(Reason::CheckpointInvalid),
                "{kind:?} {note}"
            );
        }
        // Another root or size that the log did sign, for the proof of this one.
        for note in [
            by_log(&stage, kind, size + 1, &root),
            by_log(&stage, kind, size, &[1; 32]),
        ] {
            signed.entries[0].proof.checkpoint = note;
            assert_eq!(
                stage.why(&signed.bundle()),
                Some(Reason::CheckpointMismatch)
            );
        }
    }
}

fn by_log(stage: &Stage, kind: EntryKind, size: u64, root: &[u8]) -> String {
    match kind.is_v2() {
        true => stage.sigstore.rekor_v2.checkpoint_over(size, root),
        false => stage.sigstore.rekor.checkpoint_over(size, root),
    }
}

/// An Ed25519 log of Rekor v2 owns one origin: the one in its id.
#[test]
fn a_checkpoint_of_another_origin_by_the_same_key() {
    let stage = Stage::new();
    let mut signed = stage.sign(&Plan::rekor_v2());
    let log = &stage.sigstore.rekor_v2;
    let proof = &mut signed.entries[0].proof;
    let body = checkpoint::body("other-shard.sigstore.test", proof.size, &proof.root, &[]);
    proof.checkpoint = checkpoint::note(
        &body,
        &[checkpoint::sign(
            "other-shard.sigstore.test",
            &log.key,
            &log.log_id(),
            &body,
        )],
    );
    assert_eq!(stage.why(&signed.bundle()), Some(Reason::CheckpointInvalid));
}

#[test]
fn checkpoints_that_are_none() {
    let stage = Stage::new();
    let mut bundle = stage.sign(&Plan::default()).bundle();
    let good = entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"]
        .as_str()
        .unwrap()
        .to_owned();
    for note in [
        "hello".to_owned(),
        good.replace('\n', "\r\n"),
        good.trim_end_matches(|c| c != '\u{2014}').to_owned(),
        good.replace('\u{2014}', "-"),
        format!("\n{good}"),
        good.replacen("\n\n", "\n", 1),
    ] {
        entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"] = note.clone().into();
        assert_eq!(
            stage.why(&bundle),
            Some(Reason::CheckpointMalformed),
            "{note}"
        );
    }
    entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"] = "".into();
    assert_eq!(stage.why(&bundle), Some(Reason::MaterialIncomplete));
}

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

/// The entry names another key than the caller's.
#[test]
fn an_entry_of_another_key() {
    let key = Key::generate(KeyKind::P256);
    let by_key = Requirements::key(public_key(&key));
    let stage = Stage::new().requiring(by_key.content(Content::SignatureOrAttestation));
    let other = Key::generate(KeyKind::P256);
    let pem: Value = base64(other.public_pem().as_bytes()).into();
    let der: Value = base64(other.spki()).into();
    let attestation = stage.sigstore.attest_blob(ARTIFACT).signed.content;
    let message = Signable::message(ARTIFACT);
    for (content, kind, pointer, value) in [
        (
            &message,
            EntryKind::HashedRekordV001,
            "/signature/publicKey/content",
            &pem,
        ),
        (
            &message,
            EntryKind::HashedRekordV002,
            "/hashedRekordV002/signature/verifier/publicKey/rawBytes",
            &der,
        ),
        (
            &attestation,
            EntryKind::DsseV001,
            "/signatures/0/verifier",
            &pem,
        ),
        (
            &attestation,
            EntryKind::DsseV002,
            "/dsseV002/signatures/0/verifier/publicKey/rawBytes",
            &der,
        ),
        (&attestation, EntryKind::IntotoV001, "/publicKey", &pem),
        (
            &attestation,
            EntryKind::IntotoV002,
            "/content/envelope/signatures/0/publicKey",
            &pem,
        ),
    ] {
        let plan = Plan::key(key.clone()).with_entries(&[kind]);
        let mut signed = stage.sigstore.sign(content.clone(), &plan);
        stage.accept(&signed.bundle());
        let mut body = kind.body(&signed.signed);
        *body["spec"].pointer_mut(pointer).unwrap() = value.clone();
        stage.relog(&mut signed, kind, &body);
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(Reason::LogEntryMismatch),
            "{kind:?}"
        );
    }
    // An entry of a certificate does not do for a key, nor the other way round.
    let certified = stage
        .sigstore
        .issue(&LeafRequest::default().with_key(key.clone()));
    let by_leaf = stage.sign(&Plan {
        signer: Signer::Leaf(Box::new(certified)),
        ..Plan::default()
    });
    for kind in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
        let mut signed = stage.sign(&Plan::key(key.clone()).with_entries(&[kind]));
        let mut body = kind.body(&signed.signed);
        let theirs = kind.body(&by_leaf.signed);
        match kind.is_v2() {
            true => {
                body["spec"]["hashedRekordV002"]["signature"]["verifier"] =
                    theirs["spec"]["hashedRekordV002"]["signature"]["verifier"].clone()
            }
            false => {
                body["spec"]["signature"]["publicKey"] =
                    theirs["spec"]["signature"]["publicKey"].clone()
            }
        }
        stage.relog(&mut signed, kind, &body);
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(Reason::LogEntryMismatch),
            "{kind:?}"
        );
    }
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
