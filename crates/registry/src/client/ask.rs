//! One question to one endpoint: with the right credentials, and the statuses sorted.

use sealcheck_net::{Client, Download, NetError, Request, Response, Url, redact_url};
use sealcheck_verify::limits::Limit;

use super::Shared;
use super::answer::{API_VERSION, absence, is_page, page, says_registry, told};
use crate::auth::{Authority, Authorization, Means, challenges};
use crate::configuration::Endpoint;
use crate::error::from_network;
use crate::{Absence, RegistryError};

/// A question.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: &'static str,
    /// The largest body.
    pub(super) limit: u64,
    /// The limit by name, for the error.
    pub(super) named: Limit,
    /// Statuses that mean something to the caller, besides those that this module sorts.
    pub(super) accepted: &'static [u16],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    /// A GET whose body is read piece by piece.
    Stream,
}

/// What came.
#[derive(Debug)]
pub(super) enum Reply {
    Whole(Response),
    Streamed(Download),
}

/// A reply, or the registry's word that there is nothing.
#[expect(clippy::large_enum_variant, reason = "moved once")]
pub(super) enum Answer {
    Reply(Reply),
    Absent(Absence),
    /// A 404 to a HEAD, which has no body to show that it is a registry's.
    Unclear,
}

impl Ask {
    pub(super) fn new(method: Method, url: Url, accept: &'static str, limit: Limit) -> Self {
        Self {
            method,
            url,
            accept,
            limit: u64::try_from(limit.max).unwrap_or(u64::MAX),
            named: limit,
            accepted: &[],
        }
    }

    /// An answer of a kind that this question does not have.
    pub(super) fn unexpected(&self) -> RegistryError {
        RegistryError::NotARegistry {
            url: self.shown(),
            status: NOT_FOUND,
            detail: "it is not an answer to this question".to_owned(),
        }
    }

    /// The URL as it may be shown.
    pub(super) fn shown(&self) -> String {
        redact_url(&self.url)
    }

    async fn send(&self, http: &Client, authorization: &Authorization) -> Result<Reply, NetError> {
        let request = match self.method {
            Method::Head => http.head(&self.url),
            Method::Get | Method::Stream => http.get(&self.url),
        };
        let mut request: Request<'_> = authorization
            .add(request.header("accept", self.accept))
            .limit(self.limit)
            .accept(UNAUTHORIZED)
            .accept(FORBIDDEN)
            .accept(NOT_FOUND);
        for status in self.accepted {
            request = request.accept(*status);
        }
        Ok(match self.method {
            Method::Get | Method::Head => Reply::Whole(request.send().await?),
            Method::Stream => Reply::Streamed(request.stream().await?),
        })
    }
}

impl Reply {
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Whole(response) => response.status(),
            Self::Streamed(download) => download.status(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        match self {
            Self::Whole(response) => response.header(name),
            Self::Streamed(download) => download.header(name),
        }
    }

    pub(super) fn final_url(&self) -> &Url {
        match self {
            Self::Whole(response) => response.final_url(),
            Self::Streamed(download) => download.final_url(),
        }
    }

    fn headers(&self, name: &str) -> Vec<&str> {
        match self {
            Self::Whole(response) => response.headers(name).collect(),
            Self::Streamed(download) => download.headers(name).collect(),
        }
    }

    /// The body of a reply that is an error.
    async fn error_body(self) -> Vec<u8> {
        match self {
            Self::Whole(response) => response.into_body(),
            Self::Streamed(mut download) => {
                let mut body = Vec::new();
                while let Ok(Some(piece)) = download.chunk().await {
                    body.extend_from_slice(&piece);
                    if body.len() > ERROR_BYTES {
                        break;
                    }
                }
                download.without_secrets(body)
            }
        }
    }
}

impl Shared {
    /// Asks an endpoint. A 401 is answered with credentials, once; what is left of 401, 403 and 404 becomes an error or an
    /// absence.
    pub(super) async fn ask(
        &self,
        endpoint: &Endpoint,
        ask: &Ask,
    ) -> Result<Answer, RegistryError> {
        let base = self.base(endpoint).await?;
        let means = Means {
            http: &self.http,
            keychain: &self.settings.keychain,
            host: self.settings.registries.host(&endpoint.host),
            base: &base,
        };
        let failed = |error| from_network(error, &ask.shown(), ask.named);
        // Pages of a list can lie on the origin that answered instead of the registry. It gets no credentials.
        let is_elsewhere = ask.url.origin() != base.origin();
        let (mut authorization, first) = match is_elsewhere {
            true => (Authorization::Nothing, None),
            false => self.authority.prepare(endpoint, &means).await?,
        };
        let mut reply = ask.send(&self.http, &authorization).await;
        let wants_credentials = |reply: &Reply| {
            reply.status() == UNAUTHORIZED
                && reply.final_url().origin() == base.origin()
                && !is_elsewhere
        };
        if reply.as_ref().is_ok_and(wants_credentials) {
            let refusal = reply.map_err(failed)?;
            let demands = challenges(refusal.headers("www-authenticate").into_iter());
            let satisfied = self
                .authority
                .satisfy(endpoint, &means, &demands, &authorization, &ask.shown())
                .await;
            self.authority.undemanding(endpoint);
            drop((refusal, first));
            authorization = satisfied?;
            reply = ask.send(&self.http, &authorization).await;
        } else {
            self.authority.undemanding(endpoint);
            drop(first);
        }
        let reply = reply.map_err(failed)?;
        let shown = redact_url(reply.final_url());
        match reply.status() {
            UNAUTHORIZED if wants_credentials(&reply) => {
                let said = said(reply).await;
                Err(Authority::refused(&authorization, &shown, &said))
            }
            // Whoever the registry leads to: our credentials are not for it.
            UNAUTHORIZED => Err(RegistryError::Unauthorized {
                url: shown,
                detail: "the registry led to another server, which wants credentials".to_owned(),
            }),
            FORBIDDEN => Err(RegistryError::Forbidden {
                url: shown,
                detail: said(reply).await,
            }),
            NOT_FOUND if ask.accepted.contains(&NOT_FOUND) => Ok(Answer::Reply(reply)),
            NOT_FOUND => {
                let says_registry = says_registry(reply.header(API_VERSION));
                let content_type = reply.header("content-type").map(str::to_owned);
                let is_page_of = |body: &[u8]| is_page(content_type.as_deref(), body);
                if ask.method == Method::Head && (!says_registry || is_page_of(b"")) {
                    return Ok(Answer::Unclear);
                }
                let body = reply.error_body().await;
                if is_page_of(&body) {
                    return Err(page(&shown, NOT_FOUND));
                }
                absence(&shown, &body, says_registry).map(Answer::Absent)
            }
            _ => Ok(Answer::Reply(reply)),
        }
    }
}

/// What the registry says in the body of an error; may be empty.
async fn said(reply: Reply) -> String {
    told(&reply.error_body().await).map_or_else(String::new, |told| told.to_string())
}

const UNAUTHORIZED: u16 = 401;
const FORBIDDEN: u16 = 403;
pub(super) const NOT_FOUND: u16 = 404;

/// What is read of the body of an error.
const ERROR_BYTES: usize = 16 << 10;
