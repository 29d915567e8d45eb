//! The questions that are asked of a Rekor v1 log.

use std::collections::HashSet;

use sealcheck_net::{Client, NetError, Response};
use sealcheck_verify::Digest;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::entry::Keyed;
use crate::error::Flaw;
use crate::{LogError, RawEntry, Uuid};

/// A Rekor v1 log, spoken to over its HTTP interface.
#[derive(Clone, Debug)]
pub struct RekorClient {
    http: Client,
    base: String,
}

/// What the log's index says about a digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The ids of the entries, without duplicates, in the log's order, at most [`RekorClient::MAX_HITS`].
    pub uuids: Vec<Uuid>,
    /// How many more the log listed, which are not looked at. If it is not zero, "none of them fits" is not proven.
    pub omitted: usize,
}

/// What the log gave for a list of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// The entries, in the order in which they were asked for. An id without its tree can find one entry in each tree.
    pub found: Vec<RawEntry>,
    /// The ids for which the log says that it has no entry.
    pub missing: Vec<Uuid>,
}

impl RekorClient {
    /// The most ids that are looked at for one digest. Files that many projects sign (an empty file, a licence) have
    /// thousands of entries; those of one artifact are few.
    pub const MAX_HITS: usize = 1000;

    /// A client of the log at `base_url`, for example `https://rekor.sigstore.dev`.
    #[must_use]
    pub fn new(http: Client, base_url: &str) -> Self {
        Self {
            http,
            base: base_url.trim_end_matches('/').to_owned(),
        }
    }

    /// The ids of all entries that the log's index has for an artifact with this digest. The index knows SHA-256 digests
    /// of all artifacts, and SHA-1 and SHA-512 digests of few.
    ///
    /// # Errors
    /// [`LogError`]; that there are none is no error.
    pub async fn search(&self, digest: &Digest) -> Result<Hits, LogError> {
        let url = format!("{}/api/v1/index/retrieve", self.base);
        let question = json!({ "hash": digest.to_string() }).to_string();
        let response = self
            .http
            .post_json(&url, question)
            .limit(MAX_ANSWER)
            .send()
            .await;
        let response = answer(&url, response)?;
        hits(response.body()).map_err(|flaw| flaw.in_answer_of(&url))
    }

    /// The entry with this id; `None` when the log says that it has none.
    ///
    /// # Errors
    /// [`LogError`], also for a 404 that is not Rekor's.
    pub async fn entry(&self, uuid: &Uuid) -> Result<Option<RawEntry>, LogError> {
        let url = format!("{}/api/v1/log/entries/{uuid}", self.base);
        let request = self
            .http
            .get(&url)
            .header("accept", "application/json")
            .limit(MAX_ANSWER)
            .accept(404);
        let response = answer(&url, request.send().await)?;
        if response.status() == 404 {
            // Rekor's has no body. One with a body comes from something in front of it, or says that the path is wrong.
            if response.body().is_empty() {
                return Ok(None);
            }
            let found = String::from_utf8_lossy(response.body());
            return Err(Flaw::new("body of status 404", "nothing", found).in_answer_of(&url));
        }
        entry(uuid, response.body())
            .map(Some)
            .map_err(|flaw| flaw.in_answer_of(&url))
    }

    /// The entries with these ids, fetched in batches.
    ///
    /// # Errors
    /// [`LogError`]; entries that the log says it does not have are no error but [`Entries::missing`].
    pub async fn entries(&self, uuids: &[Uuid]) -> Result<Entries, LogError> {
        let url = format!("{}/api/v1/log/entries/retrieve", self.base);
        let mut all = Entries::default();
        for batch in distinct(uuids).chunks(BATCH) {
            let ids: Vec<String> = batch.iter().map(Uuid::to_string).collect();
            let question = json!({ "entryUUIDs": ids }).to_string();
            let response = self
                .http
                .post_json(&url, question)
                .limit(MAX_ANSWER)
                .send()
                .await;
            let response = answer(&url, response)?;
            let batch = entries(batch, response.body()).map_err(|flaw| flaw.in_answer_of(&url))?;
            all.found.extend(batch.found);
            all.missing.extend(batch.missing);
        }
        Ok(all)
    }
}

/// A response, or why there is none. An answer over the limit is the log's doing, not the network's.
fn answer(url: &str, response: Result<Response, NetError>) -> Result<Response, LogError> {
    response.map_err(|error| match error {
        NetError::TooLarge { limit, .. } => {
            Flaw::new("body", format!("at most {limit} bytes"), "more").in_answer_of(url)
        }
        NetError::Encoding { detail, .. } => {
            Flaw::new("body", "plain or gzip JSON", detail).in_answer_of(url)
        }
        error => LogError::Unavailable(error),
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Flaw> {
    let start = body.trim_ascii_start();
    if start.is_empty() || start.starts_with(b"<") {
        let found = match start.is_empty() {
            true => "nothing",
            false => "a web page",
        };
        return Err(Flaw::new("body", JSON, found));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = match error.path().to_string() {
            path if path == "." => "body".to_owned(),
            path => path,
        };
        Flaw::new(field, JSON, error.inner().to_string())
    })?;
    json.end()
        .map(|()| value)
        .map_err(|error| Flaw::new("body", "nothing after the JSON", error.to_string()))
}

/// The answer to a search.
pub(crate) fn hits(body: &[u8]) -> Result<Hits, Flaw> {
    let listed: Vec<String> = parse(body)?;
    let mut uuids = Vec::new();
    for (index, text) in listed.iter().enumerate() {
        let invalid = |_| {
            Flaw::new(
                format!("[{index}]"),
                "an entry id of 64 or 80 hex digits",
                text,
            )
        };
        uuids.push(text.parse::<Uuid>().map_err(invalid)?);
    }
    let mut uuids = distinct(&uuids);
    let omitted = uuids.len().saturating_sub(RekorClient::MAX_HITS);
    uuids.truncate(RekorClient::MAX_HITS);
    Ok(Hits { uuids, omitted })
}

/// Each id once. An id without its tree is left out when the same leaf is there with one: it would find that entry again.
fn distinct(uuids: &[Uuid]) -> Vec<Uuid> {
    let in_trees: HashSet<&[u8; 32]> = uuids
        .iter()
        .filter(|uuid| uuid.tree_id().is_some())
        .map(Uuid::leaf_hash)
        .collect();
    let mut seen = HashSet::new();
    uuids
        .iter()
        .filter(|uuid| {
            (uuid.tree_id().is_some() || !in_trees.contains(uuid.leaf_hash()))
                && seen.insert(**uuid)
        })
        .copied()
        .collect()
}

/// The answer to the question for one entry, which must be that one.
pub(crate) fn entry(uuid: &Uuid, body: &[u8]) -> Result<RawEntry, Flaw> {
    let entry = parse::<Keyed>(body)?.decode()?;
    match uuid.is_answered_by(&entry.uuid) {
        true => Ok(entry),
        false => Err(Flaw::new(
            "(key)",
            format!("the entry asked for, {uuid}"),
            entry.uuid.to_string(),
        )),
    }
}

/// The answer to the question for several entries: each must be one of them, and they come in the order of the question.
pub(crate) fn entries(asked: &[Uuid], body: &[u8]) -> Result<Entries, Flaw> {
    let answered: Vec<Keyed> = parse(body)?;
    let mut entries = Vec::new();
    for (index, keyed) in answered.into_iter().enumerate() {
        let entry = keyed.decode().map_err(|mut flaw| {
            flaw.field = format!("[{index}].{}", flaw.field);
            flaw
        })?;
        if !asked.iter().any(|uuid| uuid.is_answered_by(&entry.uuid)) {
            return Err(Flaw::new(
                format!("[{index}]"),
                "one of the entries asked for",
                entry.uuid.to_string(),
            ));
        }
        entries.push(entry);
    }
    let mut sorted = Entries::default();
    for uuid in asked {
        let (mine, others): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| uuid.is_answered_by(&entry.uuid));
        entries = others;
        let mut seen = HashSet::new();
        let before = sorted.found.len();
        sorted
            .found
            .extend(mine.into_iter().filter(|entry| seen.insert(entry.uuid)));
        if sorted.found.len() == before {
            sorted.missing.push(*uuid);
        }
    }
    Ok(sorted)
}

const JSON: &str = "JSON as Rekor's interface defines it";

/// The most ids in one question: Rekor answers 422 to more (`maxSearchQueries`).
const BATCH: usize = 10;

/// The largest answer that is read: ten entries with stored attestations of 100 KB each are below 2 MB.
const MAX_ANSWER: u64 = 8 << 20;
