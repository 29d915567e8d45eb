//! A bare signature and certificate, with the log asked: the real log, behind a proxy that changes what it says.

use std::sync::OnceLock;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use libtest_mimic::Failed;
use sealcheck_testbed::Testbed;
use serde_json::{Value, json};

use crate::case::{Case, Content, Form, Kind, Made, Services, Signer};
use crate::judge::{self, Says};
use crate::proof::Proof;
use crate::proxy::{Answer, Proxy, ask};
use crate::sign::{self, Who};
use crate::table::Online;

/// One way for the log to behave.
pub(crate) struct Behaviour {
    pub name: &'static str,
    act: Act,
}

enum Act {
    Honest,
    Slow(Duration),
    /// Nobody listens.
    Down,
    /// Takes the question and says nothing.
    Hangs,
    Status(u16),
    /// A page of something in front of the log.
    Html,
    /// Half of the body.
    BreaksOff,
    /// Its index knows nothing, and neither does its search.
    NoEntry,
    /// Its index lists entries that it then does not have.
    LosesEntries,
    /// Only the other signer's entries.
    HidesEntry,
    /// The sibling's entry instead.
    Swaps,
    /// The sibling's entry under the id that was asked for.
    Relabels,
    /// Another text in base64 at this place of each entry.
    Flips(&'static str),
    Adds(&'static str, i64),
    Removes(&'static str),
    /// The sibling's genuine part.
    FromSibling(&'static str),
}

/// The proof that is verified, and what the log has.
struct Scene {
    proof: Proof,
    entry: Value,
    sibling: Value,
}

pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    behaviour("answers", Act::Honest),
    behaviour("answers after a second", Act::Slow(Duration::from_secs(1))),
    behaviour("is down", Act::Down),
    behaviour("takes the question and says nothing", Act::Hangs),
    behaviour("answers 403", Act::Status(403)),
    behaviour("answers 404", Act::Status(404)),
    behaviour("answers 429", Act::Status(429)),
    behaviour("answers 500", Act::Status(500)),
    behaviour("answers with a page of HTML", Act::Html),
    behaviour("breaks off in its answer", Act::BreaksOff),
    behaviour("says that it has no entry", Act::NoEntry),
    behaviour(
        "lists the entry and then does not have it",
        Act::LosesEntries,
    ),
    behaviour("has another signer's entry only", Act::HidesEntry),
    behaviour("gives another artifact's entry", Act::Swaps),
    behaviour(
        "gives another artifact's entry under this one's id",
        Act::Relabels,
    ),
    behaviour("changes a bit of the body", Act::Flips("/body")),
    behaviour(
        "gives the body of another artifact's entry",
        Act::FromSibling("/body"),
    ),
    behaviour(
        "adds an hour to the integrated time",
        Act::Adds("/integratedTime", 3600),
    ),
    behaviour("adds one to the log index", Act::Adds("/logIndex", 1)),
    behaviour(
        "changes a bit of the promise",
        Act::Flips("/verification/signedEntryTimestamp"),
    ),
    behaviour(
        "gives no promise",
        Act::Removes("/verification/signedEntryTimestamp"),
    ),
    behaviour(
        "gives the promise of another entry",
        Act::FromSibling("/verification/signedEntryTimestamp"),
    ),
    behaviour(
        "gives no proof of inclusion",
        Act::Removes("/verification/inclusionProof"),
    ),
    behaviour(
        "gives the proof of another entry",
        Act::FromSibling("/verification/inclusionProof"),
    ),
    behaviour(
        "changes a bit of a hash of the proof",
        Act::Flips("/verification/inclusionProof/hashes/0"),
    ),
    behaviour(
        "changes a bit of the proof's root",
        Act::Flips("/verification/inclusionProof/rootHash"),
    ),
    behaviour(
        "adds one to the proof's index",
        Act::Adds("/verification/inclusionProof/logIndex", 1),
    ),
    behaviour(
        // One more would leave most proofs as they are.
        "adds much to the proof's size",
        Act::Adds("/verification/inclusionProof/treeSize", 1 << 30),
    ),
    behaviour(
        "gives no checkpoint",
        Act::Removes("/verification/inclusionProof/checkpoint"),
    ),
    behaviour(
        "gives the checkpoint of another entry",
        Act::FromSibling("/verification/inclusionProof/checkpoint"),
    ),
    behaviour(
        "changes a bit of the checkpoint's signature",
        Act::Flips("/verification/inclusionProof/checkpoint"),
    ),
];

const fn behaviour(name: &'static str, act: Act) -> Behaviour {
    Behaviour { name, act }
}

/// Shows both a log that behaves like this.
pub(crate) fn check(testbed: &Testbed, behaviour: &'static Behaviour) -> Result<Online, Failed> {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    let scene = SCENE.get_or_init(|| Scene::new(testbed));
    let proxy = behaviour.proxy(&scene.proof.rekor_url, scene);
    let mut proof = scene.proof.clone();
    proof.rekor_url = proxy.url();
    let folder = testbed.folder.join("interop").join("online");
    let folder = folder.join(behaviour.name.replace(' ', "-"));
    let (cosign, ours) = judge::both(testbed, &proof, &folder, behaviour.timeout());
    let is_honest = matches!(behaviour.act, Act::Honest | Act::Slow(_));
    let is_fine = match ours.says {
        Says::Accepts => is_honest,
        Says::Unavailable | Says::Rejects => !is_honest,
        Says::Unsigned | Says::Usage => false,
    };
    let row = Online {
        log: behaviour.name,
        cosign: cosign.says,
        ours: ours.says,
        reason: ours.reason,
    };
    match is_fine {
        true => Ok(row),
        false => Err(format!("{row:?}\n{}\n{}", cosign.text, ours.text).into()),
    }
}

impl Scene {
    fn new(testbed: &Testbed) -> Self {
        let case = Case {
            content: Content::Blob,
            signer: Signer::Keyless(Kind::P256),
            services: Services::RekorV1,
            form: Form::Detached,
            made: Made::Signed,
        };
        let folder = testbed.folder.join("interop").join("online");
        let sign = |who, artifact, place: &str| {
            sign::sign(testbed, &case, who, artifact, &folder.join(place)).unwrap()
        };
        let proof = sign(Who::Alice, "signed twice", "proof");
        let entry = entries(&proof).remove(0);
        sign(Who::Bob, "signed twice", "other");
        let sibling = entries(&sign(Who::Alice, "signed once", "sibling")).remove(0);
        // From now on the log has grown: no later proof is that of the sibling's tree.
        sign(Who::Bob, "signed last", "last");
        Self {
            proof,
            entry,
            sibling,
        }
    }
}

/// What the log has for an artifact.
fn entries(proof: &Proof) -> Vec<Value> {
    let hash = HEXLOWER.encode(digest(&SHA256, &proof.artifact).as_ref());
    let post = |path: &str, question: Value| -> Value {
        let answer = ask(
            &proof.rekor_url,
            "POST",
            path,
            question.to_string().as_bytes(),
        );
        serde_json::from_slice(&answer.body).unwrap()
    };
    let ids = post(
        "/api/v1/index/retrieve",
        json!({"hash": format!("sha256:{hash}")}),
    );
    let found = post("/api/v1/log/entries/retrieve", json!({"entryUUIDs": ids}));
    found.as_array().unwrap().clone()
}

impl Behaviour {
    /// How long the programs wait. Ample, but where it is the point.
    fn timeout(&self) -> &'static str {
        match self.act {
            Act::Hangs => "2s",
            _ => "20s",
        }
    }

    fn proxy(&'static self, log: &str, scene: &'static Scene) -> Proxy {
        match &self.act {
            Act::Down => Proxy::closed(),
            Act::Hangs => Proxy::silent(),
            act => Proxy::start(log, move |path, answer| act.change(scene, path, answer)),
        }
    }
}

impl Act {
    /// What becomes of the log's own answer.
    fn change(&self, scene: &Scene, path: &str, mut answer: Answer) -> Answer {
        let is_entries = path.ends_with("/entries/retrieve");
        let id = scene.entry.as_object().unwrap().keys().next().unwrap();
        let sibling = scene.sibling.as_object().unwrap().values().next().unwrap();
        match self {
            Self::Honest | Self::Down | Self::Hangs => {}
            Self::Slow(delay) => std::thread::sleep(*delay),
            Self::Status(status) => {
                answer.status = *status;
                answer.body = br#"{"code": 0, "message": "no"}"#.to_vec();
            }
            Self::Html => answer.body = b"<html><body>Sign in</body></html>".to_vec(),
            Self::BreaksOff => answer.is_cut = true,
            Self::NoEntry => answer.body = b"[]".to_vec(),
            Self::LosesEntries if is_entries => answer.body = b"[]".to_vec(),
            Self::HidesEntry => {
                let mut listed: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
                listed.retain(|entry| !entry.to_string().contains(id));
                answer.body = Value::from(listed).to_string().into_bytes();
            }
            Self::Swaps if is_entries => {
                answer.body = json!([scene.sibling]).to_string().into_bytes();
            }
            Self::Relabels if is_entries => {
                answer.body = json!([{id: sibling}]).to_string().into_bytes();
            }
            _ if is_entries => {
                let mut entries: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
                for entry in entries.iter_mut().filter_map(|entry| entry.get_mut(id)) {
                    self.change_entry(entry, sibling);
                }
                answer.body = Value::from(entries).to_string().into_bytes();
            }
            _ => {}
        }
        answer
    }

    fn change_entry(&self, entry: &mut Value, sibling: &Value) {
        match self {
            Self::Flips(place) => {
                let value = entry.pointer_mut(place).unwrap();
                *value = flipped(value.as_str().unwrap()).into();
            }
            Self::Adds(place, more) => {
                let value = entry.pointer_mut(place).unwrap();
                *value = (value.as_i64().unwrap() + more).into();
            }
            Self::Removes(place) => {
                let (parent, name) = place.rsplit_once('/').unwrap();
                let parent = entry.pointer_mut(parent).unwrap();
                parent.as_object_mut().unwrap().remove(name).unwrap();
            }
            Self::FromSibling(place) => {
                *entry.pointer_mut(place).unwrap() = sibling.pointer(place).unwrap().clone();
            }
            _ => {}
        }
    }
}

/// Another letter or digit at three quarters of a text: a bit of what hexadecimal or base64 says, and in a checkpoint a
/// bit of its signature.
fn flipped(text: &str) -> String {
    let start = text.len() / 4 * 3;
    let at = start
        + text[start..]
            .find(|c: char| c.is_ascii_alphanumeric())
            .unwrap();
    let next = match text.as_bytes()[at] {
        b'9' => '0',
        b'f' | b'z' => 'a',
        b'Z' => 'A',
        byte => char::from(byte + 1),
    };
    format!("{}{next}{}", &text[..at], &text[at + 1..])
}
