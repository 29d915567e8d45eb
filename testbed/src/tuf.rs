//! A TUF repository signed by keys of our own, which serves the instance's trusted root and signing configuration.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};

/// One key for every role: whoever wants to test key ceremonies has the trust crate's tests.
#[derive(Debug)]
pub(crate) struct Publisher {
    key: Ed25519KeyPair,
    id: String,
    public: Value,
    expires: String,
}

impl Publisher {
    /// A publisher whose metadata expires then (RFC 3339, whole seconds).
    pub(crate) fn new(expires: &str) -> Result<Self> {
        let key = Ed25519KeyPair::generate().context("cannot generate the TUF key")?;
        let public = json!({
            "keytype": "ed25519", "scheme": "ed25519",
            "keyval": {"public": HEXLOWER.encode(key.public_key().as_ref())},
        });
        let id = sha256(&serde_json_canonicalizer::to_vec(&public)?);
        Ok(Self {
            key,
            id,
            public,
            expires: expires.to_owned(),
        })
    }

    /// Version 1 of the root role, with which clients start.
    pub(crate) fn root(&self) -> Result<Vec<u8>> {
        let role = json!({"keyids": [self.id], "threshold": 1});
        self.signed(
            "root",
            [
                ("consistent_snapshot", json!(true)),
                ("keys", json!({&self.id: self.public})),
                (
                    "roles",
                    json!({"root": role, "timestamp": role, "snapshot": role, "targets": role}),
                ),
            ],
        )
    }

    /// All files of a repository with these targets, by URL path.
    pub(crate) fn files(&self, targets: &[(&str, Vec<u8>)]) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut files = BTreeMap::new();
        let mut listed = Map::new();
        for (name, content) in targets {
            let hash = sha256(content);
            files.insert(format!("/targets/{hash}.{name}"), content.clone());
            listed.insert(
                (*name).to_owned(),
                json!({"length": content.len(), "hashes": {"sha256": hash}}),
            );
        }
        let targets = self.signed("targets", [("targets", Value::Object(listed))])?;
        let snapshot = self.signed(
            "snapshot",
            [("meta", json!({"targets.json": pin(&targets)}))],
        )?;
        let timestamp = self.signed(
            "timestamp",
            [("meta", json!({"snapshot.json": pin(&snapshot)}))],
        )?;
        files.insert("/1.root.json".to_owned(), self.root()?);
        files.insert("/1.targets.json".to_owned(), targets);
        files.insert("/1.snapshot.json".to_owned(), snapshot);
        files.insert("/timestamp.json".to_owned(), timestamp);
        Ok(files)
    }

    fn signed<const N: usize>(&self, kind: &str, fields: [(&str, Value); N]) -> Result<Vec<u8>> {
        let mut signed = Map::from_iter(fields.map(|(name, value)| (name.to_owned(), value)));
        signed.insert("_type".to_owned(), json!(kind));
        signed.insert("spec_version".to_owned(), json!("1.0.31"));
        signed.insert("version".to_owned(), json!(1));
        signed.insert("expires".to_owned(), json!(self.expires));
        // No string here has a character that OLPC's canonical JSON and RFC 8785 write differently.
        let bytes = serde_json_canonicalizer::to_vec(&signed)?;
        let signature = HEXLOWER.encode(self.key.sign(&bytes).as_ref());
        let signatures = json!([{"keyid": self.id, "sig": signature}]);
        Ok(serde_json::to_vec(
            &json!({"signed": signed, "signatures": signatures}),
        )?)
    }
}

fn pin(bytes: &[u8]) -> Value {
    json!({"version": 1, "length": bytes.len(), "hashes": {"sha256": sha256(bytes)}})
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}
