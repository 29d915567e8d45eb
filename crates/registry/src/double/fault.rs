//! What can go wrong, and where.

use std::time::Duration;

use sealcheck_net::double::{Answer, Asked};
use sealcheck_verify::Digest;
use serde_json::{Value, json};

use super::state::{list, said, unknown};
use crate::{OCI_INDEX, OCI_MANIFEST};

/// A place where the registry can be made to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The referrers API.
    Referrers,
    /// The referrers tag: `sha256-HEX`.
    ReferrersTag,
    /// cosign's signature tag: `sha256-HEX.sig`.
    SignatureTag,
    /// cosign's attestation tag: `sha256-HEX.att`.
    AttestationTag,
    /// This tag.
    Tag(String),
    /// The manifest with this digest.
    Manifest(Digest),
    /// The blob with this digest.
    Blob(Digest),
    /// The token service.
    Token,
    /// Every answer of the registry itself.
    Registry,
}

/// How it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 404, as a registry says it.
    Absent,
    /// 404 of something that does not know the address: a registry without the API, or no registry at all.
    PageNotFound,
    /// 401, whatever the credentials.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 429, with or without `Retry-After` in seconds.
    TooManyRequests(Option<u64>),
    /// 500.
    ServerError,
    /// Another status without a body.
    Status(u16),
    /// A status with these words in plain text, as something before a registry says it.
    Words(u16, &'static str),
    /// The right list with another status.
    WithStatus(u16),
    /// The right answer, after this time.
    Slow(Duration),
    /// The connection breaks in the middle of the body.
    Truncated,
    /// The connection breaks before a word is said.
    Silence,
    /// Each page of the list leads to the same next page.
    PagingLoop,
    /// The next page of the list lies on another host.
    PageElsewhere(String),
    /// So many descriptors in the list.
    Entries(usize),
    /// Other content than that of the digest; in a list, digests that lead to nothing.
    WrongDigest,
    /// The content is said to be a web page.
    WrongMediaType,
    /// 302 to this URL.
    RedirectTo(String),
    /// 302 to the same URL with another query, and so on.
    RedirectLoop,
    /// A small body that becomes large.
    GzipBomb,
    /// A body larger than any limit.
    Huge,
    /// 200 with something that is no JSON.
    Garbage,
}

/// What a URL of the registry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Manifest(String),
    Blob(String),
    Referrers(String),
    Token,
}

impl Place {
    /// Repository and place of a path.
    pub(super) fn read(path: &str) -> Option<(String, Self)> {
        let path = path.strip_prefix("/v2/")?;
        let (rest, target) = path.rsplit_once('/')?;
        let (repository, kind) = rest.rsplit_once('/')?;
        let target = target.to_owned();
        let place = match kind {
            "manifests" => Self::Manifest(target),
            "blobs" => Self::Blob(target),
            "referrers" => Self::Referrers(target),
            _ => return None,
        };
        Some((repository.to_owned(), place))
    }
}

impl At {
    pub(super) fn is(&self, place: &Place) -> bool {
        let is_from_digest = |target: &str, suffix: &str| {
            target
                .strip_suffix(suffix)
                .and_then(|rest| rest.split_once('-'))
                .is_some_and(|(_, hex)| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        match (self, place) {
            (Self::Registry, place) => *place != Place::Token,
            (Self::Token, place) => *place == Place::Token,
            (Self::Referrers, Place::Referrers(_)) => true,
            (Self::ReferrersTag, Place::Manifest(target)) => is_from_digest(target, ""),
            (Self::SignatureTag, Place::Manifest(target)) => is_from_digest(target, ".sig"),
            (Self::AttestationTag, Place::Manifest(target)) => is_from_digest(target, ".att"),
            (Self::Tag(tag), Place::Manifest(target)) => tag == target,
            (Self::Manifest(digest), Place::Manifest(target))
            | (Self::Blob(digest), Place::Blob(target)) => digest.to_string() == *target,
            _ => false,
        }
    }
}

impl Fault {
    /// The failure instead of, or made from, the right answer.
    pub(super) fn apply(self, right: Answer, asked: &Asked, base: &str) -> Answer {
        match self {
            Self::Absent => unknown("MANIFEST_UNKNOWN", "manifest unknown"),
            Self::PageNotFound => Answer::status(404)
                .with_body("404 page not found\n")
                .header("content-type", "text/plain; charset=utf-8"),
            Self::Unauthorized => said(401, "UNAUTHORIZED", "authentication required").header(
                "www-authenticate",
                &format!("Bearer realm=\"{base}/token\",service=\"double\""),
            ),
            Self::Forbidden => said(403, "DENIED", "requested access to the resource is denied"),
            Self::TooManyRequests(after) => {
                let answer = said(429, "TOOMANYREQUESTS", "too many requests");
                match after {
                    Some(seconds) => answer.header("retry-after", &seconds.to_string()),
                    None => answer,
                }
            }
            Self::ServerError => said(500, "UNKNOWN", "something went wrong"),
            Self::Status(status) => Answer::status(status),
            Self::Words(status, words) => Answer::status(status)
                .with_body(words)
                .header("content-type", "text/plain; charset=utf-8"),
            Self::WithStatus(status) => Answer::status(status)
                .with_body(right.body())
                .header("content-type", OCI_INDEX),
            Self::Slow(delay) => right.after(delay),
            Self::Truncated => {
                let half = right.body().len() / 2;
                right.cut_after(half)
            }
            Self::Silence => Answer::silence(),
            Self::PagingLoop => {
                let path = asked.target.split('?').next().unwrap_or_default();
                right.header("link", &format!("<{path}?last=again>; rel=\"next\""))
            }
            Self::PageElsewhere(url) => right.header("link", &format!("<{url}>; rel=\"next\"")),
            Self::Entries(count) => {
                let entries: Vec<Value> = (0..count)
                    .map(|number| {
                        json!({
                            "mediaType": OCI_MANIFEST,
                            "digest": Digest::sha256(&number.to_be_bytes()).to_string(),
                            "size": 500,
                            "artifactType": "application/vnd.example",
                        })
                    })
                    .collect();
                list(&json!(entries))
            }
            Self::WrongDigest => {
                let text = String::from_utf8_lossy(right.body()).into_owned();
                match serde_json::from_str::<Value>(&text) {
                    Ok(mut index) if asked.target.contains("/referrers/") => {
                        for entry in index["manifests"].as_array_mut().into_iter().flatten() {
                            entry["digest"] = json!(Digest::sha256(b"nothing").to_string());
                        }
                        right.with_body(index.to_string())
                    }
                    // White space changes the digest and nothing else.
                    _ => right.with_body(format!("{text} ")),
                }
            }
            Self::WrongMediaType => right.instead("content-type", "text/html"),
            Self::RedirectTo(url) => Answer::redirect(&url),
            Self::RedirectLoop => {
                let path = asked.target.split('?').next().unwrap_or_default();
                Answer::redirect(&format!("{path}?again={}", asked.target.len()))
            }
            Self::GzipBomb => right.with_body(vec![b' '; BOMB]).gzip(),
            Self::Huge => right.with_body(vec![b' '; BOMB]),
            Self::Garbage => right.with_body("not what you think"),
        }
    }
}

/// Bytes: over every limit of the client, and still quick to make.
const BOMB: usize = 12 << 20;
