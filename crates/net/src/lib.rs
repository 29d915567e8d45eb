//! The one HTTP client of the product.
//!
//! Every room that talks to the network (registries, transparency logs, trust roots, release servers) talks through
//! [`Client`], so that one set of rules holds everywhere:
//!
//! - a total deadline that covers retries and the reading of the body;
//! - a cap on every body, enforced while it is read and again on what decompression yields;
//! - at most [`MAX_REDIRECTS`] redirects, never from https to http, never carrying credentials to another origin;
//! - retries with exponential backoff and full jitter, only where asking again can help, honouring `Retry-After`;
//! - bounded concurrency and, where it is wanted, a pace per host over kept-alive HTTP/1.1 and HTTP/2 connections;
//! - proxies from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, the system's CA certificates, and the caller's;
//! - errors that say what failed and never show a secret.
//!
//! There is no offline switch: whoever is offline does not construct a client.

mod body;
mod breaker;
mod classify;
mod client;
mod config;
mod error;
mod gate;
mod proxy;
mod redact;
mod redirect;
mod request;
mod retry;
mod secrets;
mod sent;
mod tls;

#[cfg(feature = "double")]
pub mod double;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;

pub use body::{Download, Response};
pub use bytes::Bytes;
pub use client::Client;
pub use config::{ClientCertificate, Config, HostConfig, RetryPolicy};
pub use error::{NetError, Phase};
pub use proxy::Proxies;
pub use redact::{Redacted, redact_text, redact_url};
pub use redirect::{MAX_REDIRECTS, RedirectRefusal};
pub use request::Request;
pub use reqwest::Url;
pub use secrets::Secrets;
