//! A small TUF repository (specification 1.0) with one target, signed with keys that are thrown away.

use sealcheck_testkit::encoding::{canonical_json, hex};
use sealcheck_testkit::{Hash, Key, KeyKind};
use serde_json::{Value, json};

/// The files of the repository.
pub(super) struct Repository {
    pub(super) root: Vec<u8>,
    /// The successor of the root, by the same key.
    pub(super) next_root: Vec<u8>,
    pub(super) timestamp: Vec<u8>,
    pub(super) snapshot: Vec<u8>,
    pub(super) targets: Vec<u8>,
}

impl Repository {
    /// Publishes `target` under the name `trusted_root.json`.
    pub(super) fn publish(target: &[u8]) -> Self {
        let key = Key::generate(KeyKind::Ed25519);
        let sign = |role: &str, version: u32, field: &str, content: Value| {
            let mut signed = json!({
                "_type": role, "spec_version": "1.0.31", "version": version, "expires": EXPIRES, field: content,
            });
            if let (true, Some(signed)) = (role == "root", signed.as_object_mut()) {
                let roles: Value = ["root", "timestamp", "snapshot", "targets"]
                    .map(|role| (role, json!({"keyids": [KEY_ID], "threshold": 1})))
                    .into_iter()
                    .collect();
                signed.extend([
                    ("consistent_snapshot".to_owned(), true.into()),
                    ("roles".to_owned(), roles),
                ]);
            }
            // Only printable ASCII is signed, of which RFC 8785 and TUF's canonical JSON make the same.
            let signature = hex(&key.sign(&canonical_json(&signed)));
            let envelope =
                json!({"signed": signed, "signatures": [{"keyid": KEY_ID, "sig": signature}]});
            envelope.to_string().into_bytes()
        };
        let keys = json!({KEY_ID: {
            "keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": hex(key.raw_public_key())},
        }});
        let sha256 = |bytes: &[u8]| hex(&Hash::Sha256.digest(bytes));
        let pin = |bytes: &[u8]| json!({"version": 1, "length": bytes.len(), "hashes": {"sha256": sha256(bytes)}});
        let listed = json!({"length": target.len(), "hashes": {"sha256": sha256(target)}});
        let targets = sign(
            "targets",
            1,
            "targets",
            json!({"trusted_root.json": listed}),
        );
        let snapshot = sign(
            "snapshot",
            1,
            "meta",
            json!({"targets.json": pin(&targets)}),
        );
        Self {
            root: sign("root", 1, "keys", keys.clone()),
            next_root: sign("root", 2, "keys", keys),
            timestamp: sign(
                "timestamp",
                1,
                "meta",
                json!({"snapshot.json": pin(&snapshot)}),
            ),
            snapshot,
            targets,
        }
    }
}

const KEY_ID: &str = "fuzz";
const EXPIRES: &str = "2035-01-01T00:00:00Z";
