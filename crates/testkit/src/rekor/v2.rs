//! Rekor v2: no promises, no times, checkpoints that witnesses cosign.

use std::sync::Mutex;

use jiff::Timestamp;

use super::checkpoint::{self, Witness};
use super::merkle::Tree;
use super::{EntryKind, InclusionProof, LogEntry, append, lock, populated_tree, wide};
use crate::DEFAULT_TIME;
use crate::key::{Key, KeyKind};
use crate::sign::SignedContent;

/// A Rekor v2 log.
pub struct RekorV2 {
    /// The log's key, Ed25519 or P-256.
    pub key: Key,
    /// The log's host name, which is its origin.
    pub host: String,
    /// The witnesses that cosign each checkpoint, after the log.
    pub witnesses: Vec<Witness>,
    /// When the witnesses cosign.
    pub witness_time: Timestamp,
    tree: Mutex<Tree>,
}

impl RekorV2 {
    /// A log with a new key and no witnesses.
    #[must_use]
    pub fn new(host: &str, kind: KeyKind) -> Self {
        Self {
            key: Key::generate(kind),
            host: host.into(),
            witnesses: Vec::new(),
            witness_time: DEFAULT_TIME,
            tree: populated_tree(),
        }
    }

    /// The log's id: its untruncated checkpoint key id.
    #[must_use]
    pub fn log_id(&self) -> Vec<u8> {
        checkpoint::v2_key_id(&self.host, &self.key)
    }

    /// The log's base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.host)
    }

    /// Records what was signed.
    #[must_use]
    pub fn record(&self, kind: EntryKind, signed: &SignedContent) -> LogEntry {
        self.record_body(kind, kind.canonical_body(signed))
    }

    /// Records any bytes as the body of an entry: the log does not look inside.
    #[must_use]
    pub fn record_body(&self, kind: EntryKind, body: Vec<u8>) -> LogEntry {
        let mut tree = lock(&self.tree);
        let (index, size) = append(&mut tree, &body);
        let root = tree.root(size);
        LogEntry {
            kind,
            body,
            log_id: self.log_id(),
            log_index: wide(index),
            integrated_time: None,
            promise: None,
            proof: InclusionProof {
                index: wide(index),
                size: wide(size),
                hashes: tree.inclusion_proof(index, size),
                checkpoint: self.checkpoint_over(wide(size), &root),
                root,
            },
            tree_id: None,
        }
    }

    /// A checkpoint over any tree head, signed by the log and cosigned by its witnesses.
    #[must_use]
    pub fn checkpoint_over(&self, size: u64, root: &[u8]) -> String {
        let body = checkpoint::body(&self.host, size, root, &[]);
        let mut lines = vec![checkpoint::sign(
            &self.host,
            &self.key,
            &self.log_id(),
            &body,
        )];
        for witness in &self.witnesses {
            lines.push(witness.cosign(&body, self.witness_time));
        }
        checkpoint::note(&body, &lines)
    }
}
