//! Doors for the fuzz targets: what reads the words of a server, without a server.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use crate::body::Sink;
use crate::{NetError, RedirectRefusal, redirect, request, retry};

/// How long a `Retry-After` asks to wait.
#[must_use]
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    retry::retry_after(value, now)
}

/// Where a redirect of a GET leads that was answered after `visited`.
///
/// # Errors
/// Why it is not followed.
pub fn redirect(visited: &[Url], status: u16, location: &str) -> Result<Url, RedirectRefusal> {
    redirect::next_url(&Method::GET, status, Some(location), visited)
}

/// A `Location` as errors show it.
#[must_use]
pub fn shown_location(from: &Url, location: &str) -> String {
    request::shown_location(from, Some(location))
}

/// A body of at most `limit` bytes that comes in pieces.
///
/// # Errors
/// [`NetError::TooLarge`], [`NetError::Encoding`].
pub fn decode<'b>(
    encoding: &str,
    pieces: impl IntoIterator<Item = &'b [u8]>,
    limit: u64,
    url: &Url,
) -> Result<Vec<u8>, NetError> {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(encoding) {
        headers.insert(CONTENT_ENCODING, value);
    }
    let mut sink = Sink::new(&headers, limit, url)?;
    for piece in pieces {
        sink.take(piece)
            .map_err(|error| crate::body::sink_error(url, limit, &error))?;
    }
    sink.finish()
        .map_err(|error| crate::body::sink_error(url, limit, &error))
}
