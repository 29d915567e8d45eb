//! What was asked in this run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use sealcheck_verify::Digest;

use crate::flight::Flights;
use crate::limits::{REMEMBERED_BLOB_BYTES, REMEMBERED_BYTES};
use crate::{Lookup, Manifest, Referrers, RegistryError, Repository};

type Answer<T> = Result<Lookup<T>, RegistryError>;

/// Answers of one run, so that no object is asked for twice. Errors are not kept, and no more content than fits.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By repository and tag.
    pub(super) tags: Flights<(Repository, String), Answer<Digest>>,
    /// By repository and digest.
    pub(super) manifests: Flights<(Repository, Digest), Answer<Arc<Manifest>>>,
    /// Those by tag, while they are under way.
    pub(super) tagged: Flights<(Repository, String), Answer<Arc<Manifest>>>,
    /// By repository, digest and size.
    pub(super) blobs: Flights<(Repository, Digest, u64), Answer<Bytes>>,
    /// By repository, digest and type.
    pub(super) referrers: Flights<(Repository, Digest, Option<String>), Answer<Arc<Referrers>>>,
    bytes: AtomicUsize,
}

impl Memory {
    pub(super) fn keeps_manifest(&self, answer: &Answer<Arc<Manifest>>) -> bool {
        match answer {
            Ok(Lookup::Found(manifest)) => self.has_room(manifest.bytes().len()),
            Ok(Lookup::Absent(_)) => true,
            Err(_) => false,
        }
    }

    pub(super) fn keeps_blob(&self, answer: &Answer<Bytes>) -> bool {
        match answer {
            Ok(Lookup::Found(bytes)) => {
                bytes.len() <= REMEMBERED_BLOB_BYTES.max && self.has_room(bytes.len())
            }
            Ok(Lookup::Absent(_)) => true,
            Err(_) => false,
        }
    }

    /// Takes room, as long as there is some. A run that has seen so much is not one that sees the same things again.
    fn has_room(&self, size: usize) -> bool {
        let before = self.bytes.fetch_add(size, Ordering::Relaxed);
        before.saturating_add(size) <= REMEMBERED_BYTES.max
    }
}
