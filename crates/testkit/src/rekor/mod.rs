//! Transparency logs as Rekor v1 and Rekor v2 run them, each with a real Merkle tree.

mod body;
pub mod checkpoint;
pub mod merkle;
mod v1;
mod v2;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

pub use body::EntryKind;
pub use v1::RekorV1;
pub use v2::RekorV2;

use crate::encoding::{base64, hex};
use merkle::Tree;

/// An entry as a log returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Kind and version.
    pub kind: EntryKind,
    /// The canonical body: the Merkle leaf.
    pub body: Vec<u8>,
    /// The log's id.
    pub log_id: Vec<u8>,
    /// The index over all shards of the log. Rekor v2 has one shard.
    pub log_index: u64,
    /// Seconds since 1970; Rekor v1 only.
    pub integrated_time: Option<i64>,
    /// The signed entry timestamp; Rekor v1 only.
    pub promise: Option<Vec<u8>>,
    /// The inclusion proof.
    pub proof: InclusionProof,
    /// The tree id, which begins the entry's UUID; Rekor v1 only.
    pub tree_id: Option<u64>,
}

/// A proof that a leaf is in the tree which a checkpoint commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The index of the leaf in this tree.
    pub index: u64,
    /// The size of the tree.
    pub size: u64,
    /// The root of the tree.
    pub root: Vec<u8>,
    /// The audit path, from the leaf up.
    pub hashes: Vec<Vec<u8>>,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
}

impl LogEntry {
    /// The entry as a bundle holds it (`TransparencyLogEntry`).
    #[must_use]
    pub fn bundle_json(&self) -> Value {
        let mut entry = json!({
            "logIndex": self.log_index.to_string(),
            "logId": {"keyId": base64(&self.log_id)},
            "kindVersion": {"kind": self.kind.kind(), "version": self.kind.version()},
            "inclusionProof": {
                "logIndex": self.proof.index.to_string(),
                "rootHash": base64(&self.proof.root),
                "treeSize": self.proof.size.to_string(),
                "hashes": self.proof.hashes.iter().map(|h| base64(h)).collect::<Vec<_>>(),
                "checkpoint": {"envelope": self.proof.checkpoint},
            },
            "canonicalizedBody": base64(&self.body),
        });
        if let Some(time) = self.integrated_time {
            entry["integratedTime"] = time.to_string().into();
        }
        if let Some(promise) = &self.promise {
            entry["inclusionPromise"] = json!({"signedEntryTimestamp": base64(promise)});
        }
        entry
    }

    /// The `rekorBundle` of legacy cosign material: promise and entry, no proof.
    ///
    /// # Panics
    ///
    /// For an entry of Rekor v2, which makes no promises.
    #[must_use]
    pub fn cosign_json(&self) -> Value {
        let promise = self.promise.as_deref().expect("an entry of Rekor v1");
        json!({
            "SignedEntryTimestamp": base64(promise),
            "Payload": {
                "body": base64(&self.body),
                "integratedTime": self.integrated_time,
                "logIndex": self.log_index,
                "logID": hex(&self.log_id),
            },
        })
    }

    /// The UUID: 16 digits of tree id, then the leaf hash. Rekor v2 has none of its own; there it
    /// is the leaf hash alone.
    #[must_use]
    pub fn uuid(&self) -> String {
        let tree = self
            .tree_id
            .map(|id| format!("{id:016x}"))
            .unwrap_or_default();
        tree + &hex(&merkle::leaf_hash(&self.body))
    }

    /// The entry as the Rekor v1 API returns it: an object with the UUID as its only key.
    #[must_use]
    pub fn api_json(&self) -> Value {
        let mut verification = json!({
            "inclusionProof": {
                "checkpoint": self.proof.checkpoint,
                "hashes": self.proof.hashes.iter().map(|h| hex(h)).collect::<Vec<_>>(),
                "logIndex": self.proof.index,
                "rootHash": hex(&self.proof.root),
                "treeSize": self.proof.size,
            },
        });
        if let Some(promise) = &self.promise {
            verification["signedEntryTimestamp"] = base64(promise).into();
        }
        let entry = json!({
            "body": base64(&self.body),
            "integratedTime": self.integrated_time,
            "logID": hex(&self.log_id),
            "logIndex": self.log_index,
            "verification": verification,
        });
        Value::Object(Map::from_iter([(self.uuid(), entry)]))
    }
}

/// A tree that already holds entries of other people, so that proofs have some height.
fn populated_tree() -> Mutex<Tree> {
    let mut tree = Tree::default();
    append_strangers(&mut tree, 5);
    Mutex::new(tree)
}

fn append_strangers(tree: &mut Tree, count: usize) {
    for _ in 0..count {
        let size = tree.size();
        tree.append(format!("entry {size} of somebody else").as_bytes());
    }
}

/// Appends `body` and two entries of others; returns the index of `body` and the tree's size.
fn append(tree: &mut Tree, body: &[u8]) -> (usize, usize) {
    let index = tree.append(body);
    append_strangers(tree, 2);
    (index, tree.size())
}

fn lock(tree: &Mutex<Tree>) -> MutexGuard<'_, Tree> {
    tree.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).expect("fits 64 bits")
}
