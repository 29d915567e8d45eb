//! The log's answers about one file, which are not what the log said.

use sealcheck_verify::Digest;
use serde_json::{Value, json};

use super::tamper::{Act, flipped_body};
use crate::Run;
use crate::proxy::{Answer, Proxy, ask};

/// The log behind a proxy that lies about the entry of `own`.
pub(crate) fn lying(run: &Run, own: &[u8], sibling: &[u8], other: &[u8], act: Act) -> Proxy {
    let log = run.testbed.rekor_url.as_deref().unwrap();
    let (id, _) = entry(log, own);
    let (_, sibling) = entry(log, sibling);
    let (_, other) = entry(log, other);
    Proxy::start(log, move |path, answer| match act {
        Act::Remove => without(&id, answer),
        _ if !path.ends_with("/entries/retrieve") => answer,
        _ => instead(&id, answer, |entry| match act {
            Act::Sibling => sibling.clone(),
            Act::Other => other.clone(),
            Act::Flip | Act::Remove => with_other_body(entry),
        }),
    })
}

/// The id and the entry of these bytes.
fn entry(log: &str, artifact: &[u8]) -> (String, Value) {
    let post = |path: &str, question: Value| -> Vec<Value> {
        let answer = ask(log, "POST", path, question.to_string().as_bytes());
        serde_json::from_slice(&answer.body).unwrap()
    };
    let hash = format!("sha256:{}", Digest::sha256(artifact).hex());
    let ids = post("/api/v1/index/retrieve", json!({"hash": hash}));
    let found = post("/api/v1/log/entries/retrieve", json!({"entryUUIDs": ids}));
    let [found] = found.as_slice() else {
        panic!("{found:?}");
    };
    let (id, entry) = found.as_object().unwrap().iter().next().unwrap();
    (id.clone(), entry.clone())
}

/// The answer without what it says of this entry.
fn without(id: &str, mut answer: Answer) -> Answer {
    let mut listed: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
    listed.retain(|entry| !entry.to_string().contains(id));
    answer.body = json!(listed).to_string().into_bytes();
    answer
}

/// The answer with another entry under this id.
fn instead(id: &str, mut answer: Answer, change: impl Fn(&Value) -> Value) -> Answer {
    let mut listed: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
    for entry in listed.iter_mut().filter_map(|entry| entry.get_mut(id)) {
        *entry = change(entry);
    }
    answer.body = json!(listed).to_string().into_bytes();
    answer
}

fn with_other_body(entry: &Value) -> Value {
    let mut entry = entry.clone();
    let body = flipped_body(entry["body"].as_str().unwrap().as_bytes());
    entry["body"] = String::from_utf8(body).unwrap().into();
    entry
}
