//! Transparency-log entries: Rekor v1 and v2.

pub(crate) mod body;
mod body_wire;
pub(crate) mod checkpoint;
pub(crate) mod merkle;
mod promise;

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::json;

use self::body::EntryKind;
use self::checkpoint::Checkpoint;
use crate::evidence::LogEntryFacts;
use crate::json::{Base64, Hash, Natural};
use crate::limits::{LOG_BODY_BYTES, PROOF_HASHES};
use crate::trusted_root::{Log, TrustedRoot};
use crate::{Failure, Reason, Result, Time};

/// One log entry of the material.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    pub(crate) log_index: u64,
    pub(crate) log_id: [u8; 32],
    pub(crate) kind: EntryKind,
    /// Seconds since 1970; Rekor v2 has none.
    pub(crate) integrated_time: Option<u64>,
    /// The signed entry timestamp.
    pub(crate) promise: Option<Vec<u8>>,
    pub(crate) proof: Option<InclusionProof>,
    /// The canonicalized body: the leaf of the log.
    pub(crate) body: Vec<u8>,
}

/// A Merkle proof and the checkpoint that it leads to.
#[derive(Clone, Debug)]
pub(crate) struct InclusionProof {
    pub(crate) log_index: u64,
    pub(crate) root_hash: [u8; 32],
    pub(crate) tree_size: u64,
    hashes: Vec<Hash>,
    pub(crate) checkpoint: String,
}

/// `dev.sigstore.rekor.v1.TransparencyLogEntry` in protobuf JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LogEntryWire<'a> {
    #[serde(default)]
    log_index: Natural,
    log_id: LogIdWire,
    #[serde(borrow)]
    kind_version: KindVersionWire<'a>,
    #[serde(default)]
    integrated_time: Option<Natural>,
    #[serde(default)]
    inclusion_promise: Option<PromiseWire>,
    #[serde(default)]
    inclusion_proof: Option<ProofWire>,
    canonicalized_body: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogIdWire {
    key_id: Hash,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindVersionWire<'a> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    version: std::borrow::Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PromiseWire {
    signed_entry_timestamp: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProofWire {
    #[serde(default)]
    log_index: Natural,
    root_hash: Hash,
    tree_size: Natural,
    #[serde(default)]
    hashes: Vec<Hash>,
    #[serde(default)]
    checkpoint: Option<CheckpointWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointWire {
    envelope: String,
}

impl LogEntry {
    pub(crate) fn from_wire(wire: LogEntryWire<'_>) -> Result<Self> {
        LOG_BODY_BYTES.check(wire.canonicalized_body.0.len(), "canonicalizedBody")?;
        let KindVersionWire { kind, version } = &wire.kind_version;
        let proof = wire
            .inclusion_proof
            .map(InclusionProof::from_wire)
            .transpose();
        Ok(Self {
            log_index: wire.log_index.0,
            log_id: wire.log_id.key_id.0,
            kind: EntryKind::parse(kind, version)
                .map_err(|failure| failure.within("kindVersion"))?,
            // Protobuf JSON leaves zero out, and some writers do not: 0 means that there is none.
            integrated_time: wire
                .integrated_time
                .map(|time| time.0)
                .filter(|time| *time != 0),
            promise: wire
                .inclusion_promise
                .map(|promise| promise.signed_entry_timestamp.0),
            proof: proof.map_err(|failure| failure.within("inclusionProof"))?,
            body: wire.canonicalized_body.0,
        })
    }

    /// The entry in protobuf JSON; `None` when it has no inclusion proof, which bundles of version 0.3 must have.
    pub(crate) fn to_json(&self) -> Option<serde_json::Value> {
        let proof = self.proof.as_ref()?;
        let mut entry = json!({
            "logIndex": self.log_index.to_string(),
            "logId": { "keyId": BASE64.encode(&self.log_id) },
            "kindVersion": { "kind": self.kind.name(), "version": self.kind.version() },
            "inclusionProof": {
                "logIndex": proof.log_index.to_string(),
                "rootHash": BASE64.encode(&proof.root_hash),
                "treeSize": proof.tree_size.to_string(),
                "hashes": proof.hashes.iter().map(|hash| BASE64.encode(&hash.0)).collect::<Vec<_>>(),
                "checkpoint": { "envelope": proof.checkpoint },
            },
            "canonicalizedBody": BASE64.encode(&self.body),
        });
        let fields = entry.as_object_mut()?;
        if let Some(time) = self.integrated_time {
            fields.insert("integratedTime".into(), time.to_string().into());
        }
        if let Some(promise) = &self.promise {
            fields.insert(
                "inclusionPromise".into(),
                json!({ "signedEntryTimestamp": BASE64.encode(promise) }),
            );
        }
        Some(entry)
    }

    /// The time that the log claims; only proved when the promise verifies.
    pub(crate) fn time(&self) -> Option<Time> {
        self.integrated_time
            .and_then(|time| i64::try_from(time).ok())
            .and_then(Time::from_unix_seconds)
    }

    /// Checks everything that the log itself vouches for: promise, inclusion proof and checkpoint.
    ///
    /// That the entry belongs to this material is [`body::compare`]'s part.
    pub(crate) fn verify(&self, root: &TrustedRoot) -> Result<LogEntryFacts> {
        let time = self.time();
        let log = root.find_log(&self.log_id, time)?;
        if let Some(promise) = &self.promise {
            promise::verify(self, promise, log)?;
        }
        let mut facts = LogEntryFacts::new(self, log, time);
        match &self.proof {
            Some(proof) => proof
                .verify(self, log, &mut facts)
                .map_err(|failure| failure.within("inclusionProof"))?,
            None if self.promise.is_none() => {
                return Err(Failure::new(Reason::LogProofMissing)
                    .at("inclusionProof")
                    .expected("an inclusion proof or a promise")
                    .found("neither"));
            }
            None => {}
        }
        Ok(facts)
    }
}

impl InclusionProof {
    /// The checkpoint as it was given.
    pub(crate) fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    fn from_wire(wire: ProofWire) -> Result<Self> {
        PROOF_HASHES.check(wire.hashes.len(), "hashes")?;
        let Some(checkpoint) = wire
            .checkpoint
            .filter(|checkpoint| !checkpoint.envelope.is_empty())
        else {
            return Err(Failure::new(Reason::MaterialIncomplete)
                .at("checkpoint")
                .expected("a checkpoint")
                .found("nothing"));
        };
        Ok(Self {
            log_index: wire.log_index.0,
            root_hash: wire.root_hash.0,
            tree_size: wire.tree_size.0,
            hashes: wire.hashes,
            checkpoint: checkpoint.envelope,
        })
    }

    fn verify(&self, entry: &LogEntry, log: &Log, facts: &mut LogEntryFacts) -> Result<()> {
        let checkpoint =
            Checkpoint::parse(&self.checkpoint).map_err(|failure| failure.within("checkpoint"))?;
        // Rekor v1 numbers entries over all its shards and proves them within one; Rekor v2 has one number.
        if entry.kind.is_v2() && entry.log_index != self.log_index {
            return Err(Failure::new(Reason::LogProofInvalid)
                .at("logIndex")
                .expected(entry.log_index)
                .found(self.log_index));
        }
        let leaf = merkle::leaf_hash(&entry.body);
        let hashes = self.hashes.iter().map(|hash| &hash.0);
        if merkle::root_from_proof(leaf, self.log_index, self.tree_size, hashes)
            != Some(self.root_hash)
        {
            return Err(Failure::new(Reason::LogProofInvalid)
                .detail("the hashes do not lead from the entry to the root hash"));
        }
        let mismatch = |field| Failure::new(Reason::CheckpointMismatch).at(field);
        if checkpoint.size != self.tree_size {
            return Err(mismatch("treeSize")
                .expected(checkpoint.size)
                .found(self.tree_size));
        }
        if checkpoint.root_hash != self.root_hash {
            let hex = |hash: &[u8]| data_encoding::HEXLOWER.encode(hash);
            return Err(mismatch("rootHash")
                .expected(hex(&checkpoint.root_hash))
                .found(hex(&self.root_hash)));
        }
        checkpoint
            .verify(log)
            .map_err(|failure| failure.within("checkpoint"))?;
        facts.add_checkpoint(self.log_index, &checkpoint, entry.promise.is_some());
        Ok(())
    }
}
