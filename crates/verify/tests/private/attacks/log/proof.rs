//! Proofs of inclusion and checkpoints that prove something else, or nothing.

use sealcheck_testkit::encoding::canonical_json;
use sealcheck_testkit::rekor::checkpoint;
use sealcheck_testkit::{EntryKind, Instance, Key, Plan, Signed, TokenOptions};
use sealcheck_verify::Reason;

use super::entry;
use crate::stage::Stage;

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
        // Where the text ends depends on the reader.
        good.replacen("\n\n", "\n\n\n", 1),
        format!("{good}\n"),
        format!("{good}\n{}", good.rsplit_once("\n\n").unwrap().1),
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
