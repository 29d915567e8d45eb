//! Rekor v1: promises, integrated times, checkpoints with a tree id.

use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::merkle::Tree;
use super::{EntryKind, InclusionProof, LogEntry, append, checkpoint, lock, populated_tree, wide};
use crate::encoding::{base64, canonical_json, hex};
use crate::key::{Key, KeyKind};
use crate::sign::SignedContent;

/// A Rekor v1 log with one active shard.
pub struct RekorV1 {
    /// The log's key.
    pub key: Key,
    /// The log's host name.
    pub host: String,
    /// The id of the active shard's tree.
    pub tree_id: u64,
    /// The number of entries in former shards.
    pub offset: u64,
    tree: Mutex<Tree>,
}

impl RekorV1 {
    /// A log with a new P-256 key.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self {
            key: Key::generate(KeyKind::P256),
            host: host.into(),
            tree_id: 0x1122_3344_5566_7788,
            offset: 4_163_431,
            tree: populated_tree(),
        }
    }

    /// SHA-256 over the log's SubjectPublicKeyInfo.
    #[must_use]
    pub fn log_id(&self) -> Vec<u8> {
        self.key.fingerprint()
    }

    /// The log's base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.host)
    }

    /// The origin line of the log's checkpoints.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{} - {}", self.host, self.tree_id)
    }

    /// Records what was signed, at `time` in whole seconds.
    #[must_use]
    pub fn record(&self, kind: EntryKind, signed: &SignedContent, time: Timestamp) -> LogEntry {
        self.record_body(kind, kind.canonical_body(signed), time)
    }

    /// Records any bytes as the body of an entry: the log does not look inside.
    #[must_use]
    pub fn record_body(&self, kind: EntryKind, body: Vec<u8>, time: Timestamp) -> LogEntry {
        let (index, proof) = {
            let mut tree = lock(&self.tree);
            let (index, size) = append(&mut tree, &body);
            (index, self.proof_in(&tree, index, size))
        };
        let log_index = self.offset + wide(index);
        let integrated_time = time.as_second();
        let promise = self.promise(&body, integrated_time, log_index);
        LogEntry {
            kind,
            body,
            log_id: self.log_id(),
            log_index,
            integrated_time: Some(integrated_time),
            promise: Some(promise),
            proof,
            tree_id: Some(self.tree_id),
        }
    }

    /// The signed entry timestamp over the canonical form of body, time, log id and index.
    #[must_use]
    pub fn promise(&self, body: &[u8], integrated_time: i64, log_index: u64) -> Vec<u8> {
        let payload = json!({
            "body": base64(body),
            "integratedTime": integrated_time,
            "logID": hex(&self.log_id()),
            "logIndex": log_index,
        });
        self.key.sign(&canonical_json(&payload))
    }

    /// A checkpoint over any tree head, signed by the log.
    #[must_use]
    pub fn checkpoint_over(&self, size: u64, root: &[u8]) -> String {
        let body = checkpoint::body(&self.origin(), size, root, &[]);
        let line = checkpoint::sign(&self.host, &self.key, &self.log_id(), &body);
        checkpoint::note(&body, &[line])
    }

    /// The proof of leaf `index` of the active shard in the tree of `size` leaves.
    #[must_use]
    pub fn inclusion_proof(&self, index: usize, size: usize) -> InclusionProof {
        self.proof_in(&lock(&self.tree), index, size)
    }

    /// The hashes that prove the active shard's tree of `old` leaves a prefix of that of `new`.
    #[must_use]
    pub fn consistency_proof(&self, old: usize, new: usize) -> Vec<Vec<u8>> {
        lock(&self.tree).consistency_proof(old, new)
    }

    /// The answer of the API to a request for log information.
    #[must_use]
    pub fn log_info_json(&self) -> Value {
        let tree = lock(&self.tree);
        let root = tree.root(tree.size());
        json!({
            "inactiveShards": [],
            "rootHash": hex(&root),
            "signedTreeHead": self.checkpoint_over(wide(tree.size()), &root),
            "treeID": self.tree_id.to_string(),
            "treeSize": tree.size(),
        })
    }

    fn proof_in(&self, tree: &Tree, index: usize, size: usize) -> InclusionProof {
        let root = tree.root(size);
        InclusionProof {
            index: wide(index),
            size: wide(size),
            hashes: tree.inclusion_proof(index, size),
            checkpoint: self.checkpoint_over(wide(size), &root),
            root,
        }
    }
}
