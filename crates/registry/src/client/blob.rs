//! Blobs: content by digest.

use std::fmt;

use aws_lc_rs::digest;
use bytes::Bytes;
use sealcheck_net::Download;
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, DigestAlgorithm};

use super::ask::{Answer, Ask, Method, Reply};
use super::{Shared, first_found, url};
use crate::configuration::Endpoint;
use crate::error::{from_network, over};
use crate::{Descriptor, Lookup, RegistryError, Repository};

/// A blob that is read piece by piece. The pieces are proved only when [`Blob::chunk`] has given `None`.
pub struct Blob {
    download: Download,
    url: String,
    hasher: digest::Context,
    expected: Digest,
    size: u64,
    received: u64,
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob")
            .field("url", &self.url)
            .field("expected", &self.expected)
            .field("size", &self.size)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl Blob {
    /// The next piece; `None` after the last, when size and digest are those of the descriptor.
    ///
    /// # Errors
    /// [`RegistryError`]; after one there is no more.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let piece = self
            .download
            .chunk()
            .await
            .map_err(|error| failed(error, &self.url, self.size))?;
        let Some(piece) = piece else {
            return self.finish().map(|()| None);
        };
        self.hasher.update(&piece);
        self.received = self.received.saturating_add(length(&piece));
        Ok(Some(piece))
    }

    fn finish(&self) -> Result<(), RegistryError> {
        if self.received != self.size {
            return Err(other_size(&self.url, self.size, self.received.to_string()));
        }
        let hash = self.hasher.clone().finish();
        let found = Digest::new(self.expected.algorithm(), hash.as_ref());
        match found == Some(self.expected) {
            true => Ok(()),
            false => Err(other_digest(&self.url, &self.expected, found)),
        }
    }
}

impl Shared {
    pub(super) async fn fetch_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Lookup<Bytes>, RegistryError> {
        first_found!(self, repository, |endpoint| self
            .blob_at(endpoint, descriptor))
    }

    pub(super) async fn open_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Lookup<Blob>, RegistryError> {
        first_found!(self, repository, |endpoint| self
            .open_blob_at(endpoint, descriptor))
    }

    /// The whole blob. A connection that breaks is tried again, which a stream that was passed on cannot be.
    async fn blob_at(
        &self,
        endpoint: &Endpoint,
        descriptor: &Descriptor,
    ) -> Result<Lookup<Bytes>, RegistryError> {
        let ask = self.blob_ask(endpoint, descriptor, Method::Get).await?;
        let url = ask.shown();
        let answer = self
            .ask(endpoint, &ask)
            .await
            .map_err(|error| too_long(error, descriptor.size))?;
        let response = match answer {
            Answer::Absent(absence) => return Ok(Lookup::Absent(absence)),
            Answer::Reply(Reply::Whole(response)) => response,
            Answer::Reply(Reply::Streamed(_)) | Answer::Unclear => return Err(ask.unexpected()),
        };
        let bytes = Bytes::from(response.into_body());
        if length(&bytes) != descriptor.size {
            return Err(other_size(
                &url,
                descriptor.size,
                length(&bytes).to_string(),
            ));
        }
        let found = Digest::of(descriptor.digest.algorithm(), &bytes);
        match found == Some(descriptor.digest) {
            true => Ok(Lookup::Found(bytes)),
            false => Err(other_digest(&url, &descriptor.digest, found)),
        }
    }

    async fn open_blob_at(
        &self,
        endpoint: &Endpoint,
        descriptor: &Descriptor,
    ) -> Result<Lookup<Blob>, RegistryError> {
        let ask = self.blob_ask(endpoint, descriptor, Method::Stream).await?;
        let answer = self
            .ask(endpoint, &ask)
            .await
            .map_err(|error| too_long(error, descriptor.size))?;
        match answer {
            Answer::Absent(absence) => Ok(Lookup::Absent(absence)),
            Answer::Reply(Reply::Streamed(download)) => Ok(Lookup::Found(Blob {
                download,
                url: ask.shown(),
                hasher: digest::Context::new(algorithm(descriptor.digest.algorithm())),
                expected: descriptor.digest,
                size: descriptor.size,
                received: 0,
            })),
            Answer::Reply(Reply::Whole(_)) | Answer::Unclear => Err(ask.unexpected()),
        }
    }

    async fn blob_ask(
        &self,
        endpoint: &Endpoint,
        descriptor: &Descriptor,
        method: Method,
    ) -> Result<Ask, RegistryError> {
        let base = self.base(endpoint).await?;
        let url = url(&base, endpoint, &format!("blobs/{}", descriptor.digest));
        let mut ask = Ask::new(method, url, "*/*", BLOB);
        // An error's body must fit as well.
        ask.limit = descriptor.size.max(ERROR_BYTES);
        Ok(ask)
    }
}

/// Refuses a descriptor whose content would be over a limit.
pub(super) fn check_size(descriptor: &Descriptor, limit: Limit) -> Result<(), RegistryError> {
    let size = usize::try_from(descriptor.size).unwrap_or(usize::MAX);
    match size <= limit.max {
        true => Ok(()),
        false => Err(over(limit, size).detail(descriptor.digest).into()),
    }
}

/// The limit of a blob is its descriptor's size, which is another matter than the limits of this program.
fn too_long(error: RegistryError, size: u64) -> RegistryError {
    match error {
        RegistryError::LimitExceeded { url, limit } if limit == BLOB => {
            other_size(&url, size, "more".to_owned())
        }
        error => error,
    }
}

fn failed(error: sealcheck_net::NetError, url: &str, size: u64) -> RegistryError {
    too_long(from_network(error, url, BLOB), size)
}

fn other_size(url: &str, expected: u64, found: String) -> RegistryError {
    RegistryError::SizeMismatch {
        url: url.to_owned(),
        expected,
        found,
    }
}

fn other_digest(url: &str, expected: &Digest, found: Option<Digest>) -> RegistryError {
    RegistryError::DigestMismatch {
        url: url.to_owned(),
        expected: expected.to_string(),
        found: found.map_or_else(String::new, |digest| digest.to_string()),
    }
}

fn algorithm(algorithm: DigestAlgorithm) -> &'static digest::Algorithm {
    match algorithm {
        DigestAlgorithm::Sha384 => &digest::SHA384,
        DigestAlgorithm::Sha512 => &digest::SHA512,
        // Descriptors have no others.
        DigestAlgorithm::Sha256 | DigestAlgorithm::Sha1 | DigestAlgorithm::GitCommit => {
            &digest::SHA256
        }
    }
}

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Stands for the size in the descriptor.
const BLOB: Limit = Limit {
    name: "descriptor-size",
    max: usize::MAX,
};

/// Room for a registry's error list.
const ERROR_BYTES: u64 = 16 << 10;
