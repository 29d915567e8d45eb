//! Responses: a whole body in memory, or a streamed one, never more than was allowed.

use std::io::{self, Write};
use std::time::Duration;

use flate2::write::MultiGzDecoder;
use reqwest::Url;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use tokio::time::{Instant, timeout_at};

use crate::classify::words;
use crate::gate::Permit;
use crate::redact::redact_url;
use crate::request::Head;
use crate::retry::later;
use crate::sent::Sent;
use crate::{Bytes, NetError, Phase};

/// A complete response.
#[derive(Clone, Debug)]
pub struct Response {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    final_url: Url,
}

impl Response {
    /// The HTTP status: 2xx, or one that the caller accepted.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header of this name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers of this name that are text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
    }

    /// The body, decompressed.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, decompressed.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The URL that answered, after redirects. Redact it before printing ([`crate::redact_url`]).
    #[must_use]
    pub fn final_url(&self) -> &Url {
        &self.final_url
    }
}

/// A response whose body is read piece by piece.
#[derive(Debug)]
pub struct Download {
    response: reqwest::Response,
    url: Url,
    limit: u64,
    received: u64,
    until: Instant,
    whole: Duration,
    stall: Duration,
    /// How long the next [`LEAST_BYTES`] may still be waited for, and how many of them have come. The time between two
    /// calls is the reader's own.
    patience: Duration,
    come: u64,
    permit: Permit,
    sent: Sent,
}

impl Download {
    pub(crate) fn new(
        head: Head,
        limit: u64,
        until: Instant,
        whole: Duration,
        stall: Duration,
    ) -> Result<Self, NetError> {
        check_declared(&head.response, &head.url, limit)?;
        Ok(Self {
            response: head.response,
            url: head.url,
            limit,
            received: 0,
            until,
            whole,
            stall,
            patience: stall,
            come: 0,
            permit: head.permit,
            sent: head.sent,
        })
    }

    /// The HTTP status: 2xx, or one that the caller accepted.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The first header of this name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// All headers of this name that are text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.response
            .headers()
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
    }

    /// The size of the body in bytes, if the server declared it.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The URL that answered, after redirects. Redact it before printing ([`crate::redact_url`]).
    #[must_use]
    pub fn final_url(&self) -> &Url {
        &self.url
    }

    /// What was read of the body of an answer that is an error, without the secrets that the request carried.
    #[must_use]
    pub fn without_secrets(&self, body: Vec<u8>) -> Vec<u8> {
        self.sent.hide_in(body)
    }

    /// The next piece, or `None` at the end of a complete body.
    ///
    /// # Errors
    /// [`NetError::TooLarge`], [`NetError::Timeout`] and [`NetError::Interrupted`]; after one of them there is no more.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let begun = Instant::now();
        let stalled = later(self.patience);
        let (until, phase, after) = if stalled < self.until {
            (stalled, Phase::Stall, self.stall)
        } else {
            (self.until, Phase::Total, self.whole)
        };
        let next = timeout_at(until, self.response.chunk())
            .await
            .map_err(|_| {
                let error = NetError::Timeout {
                    url: redact_url(&self.url),
                    phase,
                    after,
                    last: None,
                };
                self.permit.record(&error);
                error
            })?
            .map_err(|error| interrupted(&self.url, self.received, error))?;
        if let Some(piece) = &next {
            self.received = self.received.saturating_add(size(piece));
            self.come = self.come.saturating_add(size(piece));
            self.patience = self.patience.saturating_sub(begun.elapsed());
            if self.come >= LEAST_BYTES {
                self.come = 0;
                self.patience = self.stall;
            }
            if self.received > self.limit {
                return Err(too_large(&self.url, self.limit, None));
            }
        }
        Ok(next)
    }
}

/// Reads the whole body of a response.
pub(crate) async fn read(head: Head, limit: u64, no_body: bool) -> Result<Response, NetError> {
    let Head {
        mut response,
        url,
        permit,
        sent,
    } = head;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut sink = Sink::new(&headers, limit, &url)?;
    if !no_body {
        if matches!(sink, Sink::Plain(_)) {
            check_declared(&response, &url, limit)?;
        }
        // What is compressed may be a little larger than what it holds (RFC 1951, section 3.2.4), never much.
        let wire_limit = limit.saturating_add(limit / 256).saturating_add(1024);
        let mut received: u64 = 0;
        while let Some(piece) = response
            .chunk()
            .await
            .map_err(|error| interrupted(&url, received, error))?
        {
            received = received.saturating_add(size(&piece));
            if received > wire_limit {
                return Err(too_large(&url, limit, None));
            }
            sink.take(&piece)
                .map_err(|error| sink_error(&url, limit, &error))?;
        }
        if received == 0 {
            sink = Sink::Plain(Capped {
                bytes: Vec::new(),
                limit,
            });
        }
    } else {
        sink = Sink::Plain(Capped {
            bytes: Vec::new(),
            limit,
        });
    }
    drop(permit);
    let body = sink
        .finish()
        .map_err(|error| sink_error(&url, limit, &error))?;
    Ok(Response {
        status,
        headers,
        body: sent.hide_in(body),
        final_url: url,
    })
}

/// The beginning of the body of an answer that is an error, fit for a terminal. Its failure to arrive is not interesting.
pub(crate) async fn excerpt(head: Head) -> String {
    let Head {
        mut response,
        permit,
        sent,
        ..
    } = head;
    if response.headers().contains_key(CONTENT_ENCODING) {
        return String::new();
    }
    let mut bytes = Vec::new();
    while bytes.len() < EXCERPT {
        // A server that is slow to say what is wrong must not cost the call its deadline.
        let soon = Instant::now() + EXCERPT_WAIT;
        let Ok(Ok(Some(piece))) = timeout_at(soon, response.chunk()).await else {
            break;
        };
        bytes.extend(piece.iter().take(EXCERPT));
    }
    drop(permit);
    let text = sent.hide(String::from_utf8_lossy(&bytes).into_owned());
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    words.join(" ").chars().take(EXCERPT).collect()
}

/// Where the bytes of a body go.
pub(crate) enum Sink {
    Plain(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
}

/// A buffer that refuses to grow past its limit.
pub(crate) struct Capped {
    bytes: Vec<u8>,
    limit: u64,
}

impl Sink {
    pub(crate) fn new(headers: &HeaderMap, limit: u64, url: &Url) -> Result<Self, NetError> {
        let capped = Capped {
            bytes: Vec::new(),
            limit,
        };
        let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
        let encoding = encodings
            .next()
            .map_or(Some("identity"), |value| value.to_str().ok());
        match (
            encoding
                .map(|name| name.trim().to_ascii_lowercase())
                .as_deref(),
            encodings.next(),
        ) {
            (Some("identity"), None) => Ok(Self::Plain(capped)),
            (Some("gzip" | "x-gzip"), None) => {
                Ok(Self::Gzip(Box::new(MultiGzDecoder::new(capped))))
            }
            (name, _) => Err(NetError::Encoding {
                url: redact_url(url),
                detail: format!(
                    "Content-Encoding is {:?}, expected gzip or none",
                    name.unwrap_or("not text")
                ),
            }),
        }
    }

    pub(crate) fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(capped) => capped.write_all(piece),
            Self::Gzip(decoder) => decoder.write_all(piece),
        }
    }

    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(capped) => Ok(capped.bytes),
            Self::Gzip(decoder) => Ok(decoder.finish()?.bytes),
        }
    }
}

impl Write for Capped {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if size(&self.bytes).saturating_add(size(piece)) > self.limit {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn sink_error(url: &Url, limit: u64, error: &io::Error) -> NetError {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return too_large(url, limit, None);
    }
    NetError::Encoding {
        url: redact_url(url),
        detail: error.to_string(),
    }
}

fn check_declared(response: &reqwest::Response, url: &Url, limit: u64) -> Result<(), NetError> {
    match response.content_length() {
        Some(declared) if declared > limit => Err(too_large(url, limit, Some(declared))),
        _ => Ok(()),
    }
}

fn too_large(url: &Url, limit: u64, declared: Option<u64>) -> NetError {
    NetError::TooLarge {
        url: redact_url(url),
        limit,
        declared,
    }
}

fn interrupted(url: &Url, received: u64, error: reqwest::Error) -> NetError {
    NetError::Interrupted {
        url: redact_url(url),
        received,
        detail: words(&error.without_url()),
    }
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// What of a streamed body must come within [`crate::Config::stall_timeout`], unless it ends: so little is no download,
/// however steadily it drips.
const LEAST_BYTES: u64 = 16 << 10;

/// Characters of an error's body that are kept.
const EXCERPT: usize = 200;

/// Longest wait for a piece of an error's body.
const EXCERPT_WAIT: Duration = Duration::from_secs(2);
