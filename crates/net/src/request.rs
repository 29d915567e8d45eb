//! One request: what is asked, and the loop that asks until there is an answer or none can be had.

use std::time::{Duration, SystemTime};

use data_encoding::BASE64;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, Url};
use tokio::time::timeout_at;

use crate::body::{self, Download, Response};
use crate::classify::Hop;
use crate::gate::Permit;
use crate::redact::{redact_text, redact_url};
use crate::redirect::{headers_for_another_origin, is_redirect, next_url};
use crate::retry::{Patience, later, retry_after};
use crate::sent::Sent;
use crate::{Bytes, Client, NetError, Redacted};

/// A request to be sent; made by [`Client::get`] and its siblings.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    client: &'a Client,
    method: Method,
    url: Result<Url, NetError>,
    headers: HeaderMap,
    body: Option<Bytes>,
    hidden: Vec<Redacted>,
    limit: u64,
    accepted: Vec<u16>,
    deadline: Option<Duration>,
}

/// The head of a response, its body unread.
pub(crate) struct Head {
    pub(crate) response: reqwest::Response,
    pub(crate) url: Url,
    pub(crate) permit: Permit,
    /// The secrets of the request, when the server did not accept it and may repeat them.
    pub(crate) sent: Sent,
}

impl<'a> Request<'a> {
    pub(crate) fn new(client: &'a Client, method: Method, url: &str, body: Option<Bytes>) -> Self {
        Self {
            client,
            method,
            url: parse(url),
            headers: HeaderMap::new(),
            body,
            hidden: Vec::new(),
            limit: DEFAULT_LIMIT,
            accepted: Vec::new(),
            deadline: None,
        }
    }

    /// Adds a header. A value that HTTP does not allow makes [`Request::send`] fail.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.add(name, value, false);
        self
    }

    /// Adds a header whose value is secret. Like every header that is not known to be harmless, it does not travel to
    /// another origin on a redirect.
    pub fn secret_header(mut self, name: &str, value: &Redacted) -> Self {
        self.add(name, value.expose(), true);
        self
    }

    /// Says that the body holds this secret, so that it is not shown when the server repeats it in an error.
    pub fn secret_in_body(mut self, secret: &Redacted) -> Self {
        self.hidden.push(secret.clone());
        self
    }

    /// `Authorization: Bearer` (RFC 6750).
    pub fn bearer(mut self, token: &Redacted) -> Self {
        self.add(
            AUTHORIZATION.as_str(),
            &format!("Bearer {}", token.expose()),
            true,
        );
        self
    }

    /// `Authorization: Basic` (RFC 7617).
    pub fn basic(mut self, user: &str, password: &Redacted) -> Self {
        let pair = BASE64.encode(format!("{user}:{}", password.expose()).as_bytes());
        self.add(AUTHORIZATION.as_str(), &format!("Basic {pair}"), true);
        self
    }

    /// The largest body to take, in bytes, after decompression. Without it, 1 MiB.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Says that the caller understands this status: it is then a response and not an error. All of 2xx but 206 (partial
    /// content) are understood without saying so.
    pub fn accept(mut self, status: u16) -> Self {
        self.accepted.push(status);
        self
    }

    /// Overrides [`crate::Config::total_deadline`] ([`crate::Config::stream_deadline`] when streaming).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Asks, and reads the whole body. A body with `Content-Encoding: gzip` is decompressed.
    ///
    /// # Errors
    /// Any [`NetError`] but [`NetError::Config`].
    pub async fn send(mut self) -> Result<Response, NetError> {
        self.headers
            .entry(ACCEPT_ENCODING)
            .or_insert(HeaderValue::from_static("gzip"));
        let url = self.url.clone()?;
        let config = &self.client.inner.config;
        let whole = self.deadline.unwrap_or(config.total_deadline);
        let mut patience = Patience::new(config.retry, whole, &url);
        let done = loop {
            let attempt = async {
                let head = self.ask(&url).await?;
                body::read(head, self.limit, self.method == Method::HEAD).await
            };
            let outcome = timeout_at(patience.until, attempt).await;
            if let Some(done) = patience.settle(outcome).await {
                break done;
            }
        };
        self.client.inner.gate.record(&url, done.as_ref().err());
        done
    }

    /// Asks, and gives the body piece by piece, exactly as the server sends it: a `Content-Encoding` is not undone (none
    /// is asked for, and servers that label archives with one send the archive). Only the request for the first byte is
    /// retried.
    ///
    /// # Errors
    /// Any [`NetError`] but [`NetError::Config`]; here for the head of the response, from [`Download::chunk`] for the body.
    pub async fn stream(mut self) -> Result<Download, NetError> {
        self.headers
            .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let url = self.url.clone()?;
        let config = &self.client.inner.config;
        let whole = self.deadline.unwrap_or(config.stream_deadline);
        let until = later(whole);
        let mut patience = Patience::new(config.retry, whole.min(config.total_deadline), &url);
        let head = loop {
            let outcome = timeout_at(patience.until, self.ask(&url)).await;
            if let Some(done) = patience.settle(outcome).await {
                break done;
            }
        };
        self.client.inner.gate.record(&url, head.as_ref().err());
        let head = head?;
        Download::new(head, self.limit, until, whole, config.stall_timeout)
    }

    /// One attempt: the first URL and the redirects from it, up to the head of the final response.
    async fn ask(&self, first: &Url) -> Result<Head, NetError> {
        let mut headers = self.headers.clone();
        let mut visited = vec![first.clone()];
        let mut url = first.clone();
        loop {
            let head = self.hop(&visited, &url, headers.clone()).await?;
            let status = head.response.status().as_u16();
            if self.is_success(status) || self.accepted.contains(&status) {
                return Ok(head);
            }
            if !is_redirect(status) {
                return Err(refused(head, status).await);
            }
            let location = head
                .response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            let next = next_url(&self.method, status, location, &visited).map_err(|reason| {
                NetError::Redirect {
                    url: redact_url(&url),
                    to: head.sent.hide(shown_location(&url, location)),
                    reason,
                }
            })?;
            if next.origin() != url.origin() {
                headers = headers_for_another_origin(&headers);
            }
            visited.push(next.clone());
            url = next;
        }
    }

    /// 206 is a success of those who asked for a part; to others it is a truncated body.
    fn is_success(&self, status: u16) -> bool {
        matches!(status, 200..=299) && (status != 206 || self.accepted.contains(&status))
    }

    /// One request. What refuses it shows nothing of what was sent, nor of the addresses that led here.
    async fn hop(&self, visited: &[Url], url: &Url, headers: HeaderMap) -> Result<Head, NetError> {
        let inner = &self.client.inner;
        let permit = inner.gate.enter(url).await?;
        let stack = inner.stack(url);
        let mut sent = Sent::of(&headers, &self.hidden);
        let mut request = stack
            .http
            .request(self.method.clone(), url.clone())
            .headers(headers);
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let proxy = inner.routes.proxy_for(url);
        let mut response = request.send().await.map_err(|error| {
            let hop = Hop {
                url,
                proxy,
                connect_timeout: inner.config.connect_timeout,
                no_roots: stack.no_roots,
            };
            hop.failed(error)
        })?;
        if let (407, Some(proxy)) = (response.status().as_u16(), proxy) {
            return Err(NetError::Proxy {
                url: redact_url(url),
                proxy: redact_url(proxy),
                detail: "proxy authorization required (status 407)".to_owned(),
            });
        }
        let status = response.status().as_u16();
        match (self.is_success(status), is_redirect(status)) {
            (true, _) => sent = Sent::default(),
            (false, true) => {}
            (false, false) => visited.iter().for_each(|url| sent.add_query(url)),
        }
        if response.status().is_client_error() || response.status().is_server_error() {
            let headers = response.headers_mut().iter_mut();
            for (_, value) in headers.filter(|(name, _)| **name != RETRY_AFTER) {
                let shown = value.to_str().map(|text| sent.hide(text.to_owned()));
                if let Some(shown) = shown
                    .ok()
                    .and_then(|text| HeaderValue::from_str(&text).ok())
                {
                    *value = shown;
                }
            }
        }
        Ok(Head {
            response,
            url: url.clone(),
            permit,
            sent,
        })
    }

    fn add(&mut self, name: &str, value: &str, secret: bool) {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .zip(HeaderValue::from_str(value).ok());
        match (parsed, &self.url) {
            (Some((name, mut value)), _) => {
                value.set_sensitive(secret);
                self.headers.append(name, value);
            }
            (None, Ok(url)) => {
                self.url = Err(NetError::InvalidRequest {
                    url: redact_url(url),
                    detail: format!(
                        "the header {name:?} has a name or value that HTTP does not allow"
                    ),
                });
            }
            (None, Err(_)) => {}
        }
    }
}

/// Parses an http(s) URL without credentials.
fn parse(text: &str) -> Result<Url, NetError> {
    let invalid = |detail: String| NetError::InvalidRequest {
        url: redact_text(text),
        detail,
    };
    let mut url = Url::parse(text).map_err(|error| invalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(format!(
            "the scheme is {:?}, expected https or http",
            url.scheme()
        )));
    }
    // They would end in logs and in Referer headers of this and other programs.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the URL carries credentials".to_owned()));
    }
    url.set_fragment(None);
    Ok(url)
}

/// The error for a status that nobody accepts.
async fn refused(head: Head, status: u16) -> NetError {
    let retry_after = head
        .response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after(value, SystemTime::now()));
    let url = redact_url(&head.url);
    let excerpt = body::excerpt(head).await;
    NetError::Status {
        url,
        status,
        attempts: 1,
        retry_after,
        excerpt,
    }
}

pub(crate) fn shown_location(from: &Url, location: Option<&str>) -> String {
    match location {
        None => "nowhere".to_owned(),
        Some(location) => from
            .join(location)
            .map_or_else(|_| redact_text(location), |url| redact_url(&url)),
    }
}

/// Largest body of a request that names no limit.
const DEFAULT_LIMIT: u64 = 1 << 20;
