//! What the registry has, and how it answers.

use std::collections::{HashMap, VecDeque};

use sealcheck_net::Url;
use sealcheck_net::double::{Answer, Asked};
use sealcheck_verify::Digest;
use serde_json::{Value, json};

use super::access::Gate;
use super::fault::{At, Fault, Place};
use crate::OCI_INDEX;

#[derive(Debug)]
pub(super) struct State {
    base: String,
    repositories: HashMap<String, Contents>,
    pub(super) gate: Gate,
    /// Where, how, and how often still; `None` is always.
    pub(super) faults: Vec<(At, Fault, Option<usize>)>,
    pub(super) page_size: Option<usize>,
    pub(super) ignores_filters: bool,
}

#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) manifests: HashMap<Digest, Stored>,
    pub(super) blobs: HashMap<Digest, Vec<u8>>,
    pub(super) tags: HashMap<String, VecDeque<Digest>>,
    pub(super) referrers: HashMap<Digest, Vec<Value>>,
}

#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

impl State {
    pub(super) fn new(base: String) -> Self {
        Self {
            gate: Gate::new(base.clone()),
            base,
            repositories: HashMap::new(),
            faults: Vec::new(),
            page_size: None,
            ignores_filters: false,
        }
    }

    pub(super) fn repository(&mut self, name: &str) -> &mut Contents {
        self.repositories.entry(name.to_owned()).or_default()
    }

    /// The answer to a request; `None` when nobody said that it would come.
    pub(super) fn respond(&mut self, asked: &Asked) -> Option<Answer> {
        let url = Url::parse(&format!("{}{}", self.base, asked.target)).ok()?;
        if url.path() == Gate::PATH {
            let answer = self.gate.token(asked, &url)?;
            return Some(match self.fault(&Place::Token) {
                Some(fault) => fault.apply(answer, asked, &self.base),
                None => answer,
            });
        }
        if !matches!(asked.method.as_str(), "GET" | "HEAD") {
            return None;
        }
        let (repository, place) = Place::read(url.path())?;
        if !self.repositories.contains_key(&repository) {
            return None;
        }
        if let Some(refusal) = self.gate.refuse(asked, &repository) {
            return Some(refusal);
        }
        let answer = match &place {
            Place::Manifest(target) => self.manifest(&repository, target),
            Place::Blob(digest) if asked.method == "GET" => self.blob(&repository, digest),
            Place::Referrers(digest) if asked.method == "GET" => {
                self.referrers(&repository, digest, &url)
            }
            _ => return None,
        };
        Some(match self.fault(&place) {
            Some(fault) => fault.apply(answer, asked, &self.base),
            None => answer,
        })
    }

    /// The fault for a place, counted down.
    fn fault(&mut self, place: &Place) -> Option<Fault> {
        let index = self
            .faults
            .iter()
            .position(|(at, _, left)| *left != Some(0) && at.is(place))?;
        let (_, fault, left) = self.faults.get_mut(index)?;
        if let Some(left) = left {
            *left = left.saturating_sub(1);
        }
        Some(fault.clone())
    }

    fn manifest(&mut self, repository: &str, target: &str) -> Answer {
        let contents = self.repository(repository);
        let digest = target.parse().ok().or_else(|| {
            let digests = contents.tags.get_mut(target)?;
            match digests.len() {
                0 | 1 => digests.front().copied(),
                _ => digests.pop_front(),
            }
        });
        match digest.and_then(|digest: Digest| Some((digest, contents.manifests.get(&digest)?))) {
            Some((digest, stored)) => Answer::ok(stored.bytes.clone())
                .header("content-type", &stored.media_type)
                .header("docker-content-digest", &digest.to_string()),
            None => unknown("MANIFEST_UNKNOWN", "manifest unknown"),
        }
    }

    fn blob(&mut self, repository: &str, digest: &str) -> Answer {
        let digest = digest.parse().ok();
        let blobs = &self.repository(repository).blobs;
        match digest.and_then(|digest: Digest| blobs.get(&digest)) {
            Some(bytes) => {
                Answer::ok(bytes.clone()).header("content-type", "application/octet-stream")
            }
            None => unknown("BLOB_UNKNOWN", "blob unknown to registry"),
        }
    }

    fn referrers(&mut self, repository: &str, digest: &str, url: &Url) -> Answer {
        let parameter = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let ignores_filters = self.ignores_filters;
        let page_size = self.page_size;
        let listed = digest
            .parse()
            .ok()
            .and_then(|digest: Digest| self.repository(repository).referrers.get(&digest))
            .cloned()
            .unwrap_or_default();
        let wanted = parameter("artifactType").filter(|_| !ignores_filters);
        let fitting: Vec<Value> = listed
            .into_iter()
            .filter(|entry| {
                wanted
                    .as_ref()
                    .is_none_or(|wanted| entry["artifactType"] == json!(wanted))
            })
            .collect();
        let begin: usize = parameter("last")
            .and_then(|last| last.parse().ok())
            .unwrap_or(0);
        let end = page_size.map_or(fitting.len(), |size| begin.saturating_add(size));
        let page: Vec<&Value> = fitting.iter().take(end).skip(begin).collect();
        let mut answer = list(&json!(page));
        if wanted.is_some() {
            answer = answer.header("oci-filters-applied", "artifactType");
        }
        if end < fitting.len() {
            let mut next = url.clone();
            next.set_query(Some(&format!("last={end}")));
            if let Some(wanted) = &wanted {
                next.query_pairs_mut().append_pair("artifactType", wanted);
            }
            let query = next.query().unwrap_or_default();
            let next = format!("<{}?{query}>; rel=\"next\"", next.path());
            answer = answer.header("link", &next);
        }
        answer
    }
}

/// An index with these entries.
pub(super) fn list(manifests: &Value) -> Answer {
    let index = json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": manifests,
    });
    Answer::ok(index.to_string()).header("content-type", OCI_INDEX)
}

/// What a registry says when it has not what it is asked for.
pub(super) fn unknown(code: &str, message: &str) -> Answer {
    said(404, code, message)
}

/// An error as registries tell it.
pub(super) fn said(status: u16, code: &str, message: &str) -> Answer {
    let body = json!({"errors": [{"code": code, "message": message}]});
    Answer::status(status)
        .with_body(body.to_string())
        .header("content-type", "application/json")
}
