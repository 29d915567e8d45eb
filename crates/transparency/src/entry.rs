//! Entries as the log's interface gives them (Rekor's `LogEntry`), and as a bundle carries them.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use sealcheck_verify::{Digest, limits};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};

use crate::Uuid;
use crate::error::Flaw;

/// An entry as the log gave it: well-formed, its body hashing to its id, and otherwise unproven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// The entry's id as the log gave it.
    pub uuid: Uuid,
    /// The canonical body.
    pub body: Vec<u8>,
    /// The entry's kind, from the body, for example `hashedrekord`.
    pub kind: String,
    /// The version of the kind, from the body, for example `0.0.1`.
    pub version: String,
    /// When the log took the entry in, in seconds since 1970 UTC.
    pub integrated_time: i64,
    /// SHA-256 of the log's public key.
    pub log_id: [u8; 32],
    /// The index in the log as a whole, over all of its trees.
    pub log_index: u64,
    /// The inclusion proof, if the log gave one.
    pub inclusion_proof: Option<InclusionProof>,
    /// The log's promise (SET), if the log gave one.
    pub signed_entry_timestamp: Option<Vec<u8>>,
}

/// The inclusion proof of an entry (RFC 6962, section 2.1.1), unproven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The index in the tree (shard).
    pub log_index: u64,
    /// The root of the tree.
    pub root_hash: [u8; 32],
    /// The number of leaves in the tree.
    pub tree_size: u64,
    /// The audit path, from the leaf to the root.
    pub hashes: Vec<[u8; 32]>,
    /// The signed note with the root, if the log gave one (old instances do not).
    pub checkpoint: Option<String>,
}

impl RawEntry {
    /// The element of `verificationMaterial.tlogEntries` in a Sigstore bundle (protobuf JSON) that carries this entry.
    #[must_use]
    pub fn to_bundle_tlog_entry(&self) -> Value {
        let mut element = json!({
            // 64-bit integers are strings in protobuf JSON.
            "logIndex": self.log_index.to_string(),
            "logId": { "keyId": BASE64.encode(&self.log_id) },
            "kindVersion": { "kind": self.kind, "version": self.version },
            "integratedTime": self.integrated_time.to_string(),
            "canonicalizedBody": BASE64.encode(&self.body),
        });
        let Value::Object(fields) = &mut element else {
            return element;
        };
        if let Some(promise) = &self.signed_entry_timestamp {
            fields.insert(
                "inclusionPromise".to_owned(),
                json!({ "signedEntryTimestamp": BASE64.encode(promise) }),
            );
        }
        if let Some(proof) = &self.inclusion_proof {
            let mut value = json!({
                "logIndex": proof.log_index.to_string(),
                "rootHash": BASE64.encode(&proof.root_hash),
                "treeSize": proof.tree_size.to_string(),
                "hashes": proof.hashes.iter().map(|hash| BASE64.encode(hash)).collect::<Vec<_>>(),
            });
            if let (Some(note), Value::Object(fields)) = (&proof.checkpoint, &mut value) {
                fields.insert("checkpoint".to_owned(), json!({ "envelope": note }));
            }
            fields.insert("inclusionProof".to_owned(), value);
        }
        element
    }
}

/// Rekor's `LogEntry`: an object whose only key is the entry's id. Fields that are not used are not looked at.
#[derive(Debug)]
pub(crate) struct Keyed {
    uuid: String,
    entry: WireEntry,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEntry {
    body: String,
    integrated_time: i64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: u64,
    verification: Option<WireVerification>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireVerification {
    inclusion_proof: Option<WireProof>,
    signed_entry_timestamp: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProof {
    log_index: u64,
    root_hash: String,
    tree_size: u64,
    hashes: Vec<String>,
    checkpoint: Option<String>,
}

/// What every canonical body begins with.
#[derive(Deserialize)]
struct BodyHead {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
}

impl<'de> Deserialize<'de> for Keyed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneKey;

        impl<'de> Visitor<'de> for OneKey {
            type Value = Keyed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one entry under its id")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keyed, A::Error> {
                let missing = || serde::de::Error::invalid_length(0, &self);
                let (uuid, entry) = map.next_entry()?.ok_or_else(missing)?;
                if map.next_key::<serde::de::IgnoredAny>()?.is_some() {
                    return Err(serde::de::Error::invalid_length(2, &self));
                }
                Ok(Keyed { uuid, entry })
            }
        }

        deserializer.deserialize_map(OneKey)
    }
}

impl Keyed {
    /// Decodes the entry, and checks that its id is the leaf hash of its body.
    pub(crate) fn decode(self) -> Result<RawEntry, Flaw> {
        let Self { uuid, entry } = self;
        let uuid: Uuid = uuid
            .parse()
            .map_err(|_| Flaw::new("(key)", "an entry id of 64 or 80 hex digits", &uuid))?;
        let body = base64("body", &entry.body, limits::LOG_BODY_BYTES.max)?;
        let leaf = leaf_hash(&body);
        if leaf.as_bytes() != uuid.leaf_hash() {
            let expected = format!(
                "a body whose leaf hash is {}",
                HEXLOWER.encode(uuid.leaf_hash())
            );
            return Err(Flaw::new(
                "body",
                expected,
                format!("one whose leaf hash is {}", leaf.hex()),
            ));
        }
        let BodyHead { api_version, kind } = serde_json::from_slice(&body).map_err(|error| {
            Flaw::new(
                "body",
                "a JSON object with apiVersion and kind",
                error.to_string(),
            )
        })?;
        let (proof, promise) = match entry.verification {
            None => (None, None),
            Some(verification) => (
                verification.inclusion_proof,
                verification.signed_entry_timestamp,
            ),
        };
        Ok(RawEntry {
            uuid,
            body,
            kind,
            version: api_version,
            integrated_time: entry.integrated_time,
            log_id: hash("logID", &entry.log_id)?,
            log_index: entry.log_index,
            inclusion_proof: proof.map(WireProof::decode).transpose()?,
            signed_entry_timestamp: promise
                .map(|text| {
                    base64(
                        "verification.signedEntryTimestamp",
                        &text,
                        limits::SIGNATURE_BYTES.max,
                    )
                })
                .transpose()?,
        })
    }
}

impl WireProof {
    fn decode(self) -> Result<InclusionProof, Flaw> {
        let at = |field: &str| format!("verification.inclusionProof.{field}");
        if self.hashes.len() > limits::PROOF_HASHES.max {
            let expected = format!("at most {} hashes", limits::PROOF_HASHES.max);
            return Err(Flaw::new(
                at("hashes"),
                expected,
                self.hashes.len().to_string(),
            ));
        }
        let size = self.checkpoint.as_ref().map_or(0, String::len);
        if size > limits::CHECKPOINT_BYTES.max {
            let expected = format!("at most {} bytes", limits::CHECKPOINT_BYTES.max);
            return Err(Flaw::new(at("checkpoint"), expected, size.to_string()));
        }
        let hashes = self.hashes.iter().enumerate();
        Ok(InclusionProof {
            log_index: self.log_index,
            root_hash: hash(&at("rootHash"), &self.root_hash)?,
            tree_size: self.tree_size,
            hashes: hashes
                .map(|(n, text)| hash(&at(&format!("hashes[{n}]")), text))
                .collect::<Result<_, _>>()?,
            checkpoint: self.checkpoint,
        })
    }
}

/// RFC 6962, section 2.1: the hash of a leaf is SHA-256 over a zero byte and the leaf.
fn leaf_hash(body: &[u8]) -> Digest {
    let mut leaf = Vec::with_capacity(body.len().saturating_add(1));
    leaf.push(0);
    leaf.extend_from_slice(body);
    Digest::sha256(&leaf)
}

fn hash(field: &str, text: &str) -> Result<[u8; 32], Flaw> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Flaw::new(field, "64 hex digits", text))
}

fn base64(field: &str, text: &str, max: usize) -> Result<Vec<u8>, Flaw> {
    let bytes = BASE64
        .decode(text.as_bytes())
        .map_err(|error| Flaw::new(field, "standard base64 with padding", error.to_string()))?;
    if bytes.len() > max {
        return Err(Flaw::new(
            field,
            format!("at most {max} bytes"),
            bytes.len().to_string(),
        ));
    }
    Ok(bytes)
}
