//! A TUF repository of our own: keys made on the spot, every role signed, every fault on demand.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support, shared by several test programs"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use data_encoding::{BASE64, HEXLOWER};
use sealcheck_trust::{
    Fetch, FetchError, Fetching, InitialRoot, Loaded, Mirror, Opened, Repository, Source,
    TrustError, open,
};
use sealcheck_verify::Time;
use serde_json::{Value, json};

/// The moment at which the tests take place: 2026-06-01T00:00:00Z.
pub const NOW: i64 = 1_780_272_000;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// A P-256 key under a name of our choice (key ids are opaque to TUF clients).
#[derive(Clone)]
pub struct Key {
    id: String,
    pair: Arc<EcdsaKeyPair>,
}

impl Key {
    pub fn new(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self {
            id: id.to_owned(),
            pair: Arc::new(pair),
        }
    }

    fn json(&self) -> Value {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().unwrap();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            BASE64.encode(der.as_ref())
        );
        json!({"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": pem}})
    }

    fn sign(&self, signed: &Value) -> Value {
        let bytes = sigstore_tuf::canonical_json::to_canonical_bytes(signed).unwrap();
        let signature = self.pair.sign(&SystemRandom::new(), &bytes).unwrap();
        json!({"keyid": self.id, "sig": HEXLOWER.encode(signature.as_ref())})
    }
}

/// Version and expiry (Unix seconds) of one role.
#[derive(Clone, Copy)]
pub struct Role {
    pub version: u64,
    pub expires: i64,
}

/// Who signs and publishes the repository. Change the fields, then [`publish`](Self::publish).
#[derive(Clone)]
pub struct Publisher {
    pub root: Role,
    pub timestamp: Role,
    pub snapshot: Role,
    pub targets: Role,
    /// The target, and under which name it is listed.
    pub target: Vec<u8>,
    pub target_name: String,
    /// A hash to list instead of the target's own.
    pub listed_sha256: Option<String>,
    pub root_key: Key,
    pub online_key: Key,
    pub targets_key: Key,
    /// Every root so far, by version.
    pub roots: BTreeMap<u64, Vec<u8>>,
}

impl Publisher {
    pub fn new() -> Self {
        let role = |days| Role {
            version: 1,
            expires: NOW + days * DAY,
        };
        let mut publisher = Self {
            root: role(365),
            timestamp: role(7),
            snapshot: role(30),
            targets: role(60),
            target: b"{\"revision\": 1}\n".to_vec(),
            target_name: "trusted_root.json".into(),
            listed_sha256: None,
            root_key: Key::new("root"),
            online_key: Key::new("online"),
            targets_key: Key::new("targets"),
            roots: BTreeMap::new(),
        };
        let key = publisher.root_key.clone();
        publisher.sign_root(&[&key]);
        publisher
    }

    /// Signs the current root description with the given keys and appends it to the chain.
    pub fn sign_root(&mut self, keys: &[&Key]) {
        let role = |key: &Key| json!({"keyids": [key.id], "threshold": 1});
        let signed = json!({
            "_type": "root", "spec_version": "1.0.31",
            "version": self.root.version, "expires": date(self.root.expires),
            "consistent_snapshot": true,
            "keys": {
                &self.root_key.id: self.root_key.json(),
                &self.online_key.id: self.online_key.json(),
                &self.targets_key.id: self.targets_key.json(),
            },
            "roles": {
                "root": role(&self.root_key), "timestamp": role(&self.online_key),
                "snapshot": role(&self.online_key), "targets": role(&self.targets_key),
            },
        });
        self.roots
            .insert(self.root.version, envelope(&signed, keys));
    }

    /// A new root key, announced by a root that old and new key sign.
    pub fn rotate_root_key(&mut self) {
        let old = self.root_key.clone();
        self.root.version += 1;
        self.root_key = Key::new(&format!("root-{}", self.root.version));
        let new = self.root_key.clone();
        self.sign_root(&[&old, &new]);
    }

    /// A new timestamp and snapshot key, announced by a new root.
    pub fn rotate_online_key(&mut self) {
        self.root.version += 1;
        self.online_key = Key::new(&format!("online-{}", self.root.version));
        let key = self.root_key.clone();
        self.sign_root(&[&key]);
    }

    /// The next revision of the target, with every online role one version up.
    pub fn next_revision(&mut self) {
        self.targets.version += 1;
        self.snapshot.version += 1;
        self.timestamp.version += 1;
        self.target = format!("{{\"revision\": {}}}\n", self.targets.version).into_bytes();
    }

    /// All files of the repository as a mirror serves them.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let listed = self.listed_sha256.clone();
        let listed = listed.unwrap_or_else(|| sha256(&self.target));
        let targets = self.signed(
            "targets",
            self.targets,
            "targets",
            json!({&self.target_name: {
                "length": self.target.len(), "hashes": {"sha256": listed},
            }}),
            &self.targets_key,
        );
        let snapshot = self.signed(
            "snapshot",
            self.snapshot,
            "meta",
            json!({"targets.json": pin(&targets, self.targets)}),
            &self.online_key,
        );
        let timestamp = self.signed(
            "timestamp",
            self.timestamp,
            "meta",
            json!({"snapshot.json": pin(&snapshot, self.snapshot)}),
            &self.online_key,
        );
        let mut files = BTreeMap::from([
            (format!("{}.targets.json", self.targets.version), targets),
            (format!("{}.snapshot.json", self.snapshot.version), snapshot),
            ("timestamp.json".to_owned(), timestamp),
            (self.target_path(), self.target.clone()),
        ]);
        for (version, root) in &self.roots {
            files.insert(format!("{version}.root.json"), root.clone());
        }
        files
    }

    pub fn target_path(&self) -> String {
        format!("targets/{}.{}", sha256(&self.target), self.target_name)
    }

    /// Replaces everything that the mirror serves.
    pub fn publish(&self, mirror: &Server) {
        mirror.0.lock().unwrap().files = self.files();
    }

    fn signed(&self, kind: &str, role: Role, field: &str, content: Value, key: &Key) -> Vec<u8> {
        let signed = json!({
            "_type": kind, "spec_version": "1.0.31",
            "version": role.version, "expires": date(role.expires), field: content,
        });
        envelope(&signed, &[key])
    }
}

/// A mirror in memory.
#[derive(Clone, Default)]
pub struct Server(pub Arc<Mutex<State>>);

#[derive(Default)]
pub struct State {
    pub files: BTreeMap<String, Vec<u8>>,
    /// Every request fails, as without network.
    pub is_down: bool,
    /// Answers with whole files, whatever the limit: a transport that does not cap.
    pub ignores_limits: bool,
    pub requests: Vec<String>,
}

impl Server {
    pub fn set_down(&self, is_down: bool) {
        self.0.lock().unwrap().is_down = is_down;
    }

    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.0
            .lock()
            .unwrap()
            .files
            .insert(path.into(), bytes.into());
    }

    pub fn remove(&self, path: &str) {
        self.0.lock().unwrap().files.remove(path).unwrap();
    }

    pub fn get(&self, path: &str) -> Vec<u8> {
        self.0.lock().unwrap().files[path].clone()
    }

    pub fn count(&self, path: &str) -> usize {
        let state = self.0.lock().unwrap();
        state.requests.iter().filter(|r| *r == path).count()
    }
}

impl Fetch for Server {
    fn get<'a>(&'a self, path: &'a str, limit: u64) -> Fetching<'a> {
        let mut state = self.0.lock().unwrap();
        state.requests.push(path.to_owned());
        let answer = if state.is_down {
            Err(FetchError::failed(path, "connection refused"))
        } else {
            match state.files.get(path) {
                Some(bytes) if bytes.len() as u64 > limit && !state.ignores_limits => {
                    Err(FetchError::TooLarge {
                        path: path.to_owned(),
                        limit,
                    })
                }
                found => Ok(found.cloned()),
            }
        };
        Box::pin(std::future::ready(answer))
    }
}

/// A publisher, its mirror, a cache folder and a source that brings them together.
pub struct World {
    pub publisher: Publisher,
    pub server: Server,
    pub dir: tempfile::TempDir,
    pub repository: Repository,
}

impl World {
    pub fn new() -> Self {
        let publisher = Publisher::new();
        let server = Server::default();
        publisher.publish(&server);
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root.json");
        fs::write(&root, &publisher.roots[&1]).unwrap();
        let mut repository = Repository::new(
            Mirror::parse("https://tuf.example").unwrap(),
            InitialRoot::File {
                path: root,
                sha256: None,
            },
        );
        repository.cache_dir = Some(dir.path().join("cache"));
        Self {
            publisher,
            server,
            dir,
            repository,
        }
    }

    pub fn source(&self) -> Source {
        Source::Tuf(self.repository.clone())
    }

    /// Loads as a program with network access does.
    pub fn load(&self, now: i64) -> Result<Loaded, TrustError> {
        load(&self.source(), &self.server, now)
    }

    /// The one file in the cache that holds the set.
    pub fn set_file(&self) -> PathBuf {
        let folder = fs::read_dir(self.repository.cache_dir.as_ref().unwrap())
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        folder.path().join("set.json")
    }
}

pub fn load(source: &Source, server: &Server, now: i64) -> Result<Loaded, TrustError> {
    match open(source, at(now))? {
        Opened::Ready(loaded) => Ok(loaded),
        Opened::RefreshDue(mut refresh) => block_on(refresh.run(server.clone())),
    }
}

/// Unix seconds as a time.
pub fn at(seconds: i64) -> Time {
    Time::from_unix_seconds(seconds).unwrap()
}

/// Polls once: the mirror in memory answers at once.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the mirror in memory never waits"),
    }
}

/// Writes a repository to a folder, as published.
pub fn write_folder(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    fs::create_dir_all(folder.join("targets")).unwrap();
    for (path, bytes) in files {
        fs::write(folder.join(path), bytes).unwrap();
    }
}

fn envelope(signed: &Value, keys: &[&Key]) -> Vec<u8> {
    let signatures: Vec<Value> = keys.iter().map(|key| key.sign(signed)).collect();
    serde_json::to_vec(&json!({"signed": signed, "signatures": signatures})).unwrap()
}

fn pin(bytes: &[u8], role: Role) -> Value {
    json!({"version": role.version, "length": bytes.len(), "hashes": {"sha256": sha256(bytes)}})
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap().to_string()
}
