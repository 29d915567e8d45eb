//! Which manifests of a layout are attached to which: by their own field `subject`, wherever they are.

use std::collections::{HashMap, HashSet, VecDeque};

use bytes::Bytes;
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, Failure};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::LayoutError;
use super::index::Entries;
use super::limits::{INDEX_DEPTH, LAYOUT_SEARCH_BYTES};
use super::storage::{Storage, blob_path};
use crate::limits::{INDEX_BYTES, MANIFEST_BYTES, REFERRERS};
use crate::manifest::essence;
use crate::{Content, DOCKER_LIST, DOCKER_MANIFEST, Descriptor, Manifest, OCI_INDEX, OCI_MANIFEST};

/// What a search through all manifests of a layout found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The manifests that are attached to a digest, each digest once.
    pub(crate) by_subject: HashMap<Digest, Vec<Descriptor>>,
    /// The manifests that are attached to anything.
    pub(crate) attached: HashSet<Digest>,
    /// What each index lists.
    pub(crate) children: HashMap<Digest, Vec<Digest>>,
    /// The manifests that hold nothing but signatures or attestations, as cosign's do, and so cannot be run.
    pub(crate) signatures: HashSet<Digest>,
    /// What could be attached to anything and cannot be read.
    pub(crate) broken: Vec<Failure>,
}

/// Searches the manifests that `index.json` leads to and, with `all_blobs`, every blob that can be a manifest: `cosign save`
/// leaves bundles among the blobs and does not list them.
pub(crate) fn search(
    storage: &Storage,
    entries: &Entries,
    all_blobs: bool,
) -> Result<Found, LayoutError> {
    let mut search = Search {
        storage,
        found: Found::default(),
        seen: HashSet::new(),
        content: HashSet::new(),
        bytes: 0,
    };
    for failure in &entries.broken {
        search.broken(failure.clone());
    }
    let mut next: VecDeque<(Descriptor, usize)> = entries
        .descriptors
        .iter()
        .map(|entry| (entry.clone(), 0))
        .collect();
    while let Some((descriptor, depth)) = next.pop_front() {
        let Some(manifest) = search.listed(&descriptor, depth)? else {
            continue;
        };
        match manifest.content() {
            Content::Index(index) => {
                for child in &index.manifests {
                    next.push_back((child.clone(), depth + 1));
                }
                let children = index.manifests.iter().map(|child| child.digest).collect();
                search.found.children.insert(*manifest.digest(), children);
            }
            Content::Image(image) => {
                let content = std::iter::once(&image.config).chain(&image.layers);
                search.content.extend(content.map(|blob| blob.digest));
                if image.layers.iter().all(is_signature) {
                    search.found.signatures.insert(*manifest.digest());
                }
            }
        }
    }
    if all_blobs {
        for (digest, size) in storage.blobs()? {
            search.unlisted(&digest, size)?;
        }
    }
    Ok(search.found)
}

impl Found {
    /// Everything that these indexes lead to.
    pub(crate) fn below(&self, indexes: impl IntoIterator<Item = Digest>) -> HashSet<Digest> {
        let mut below = HashSet::new();
        let mut open: Vec<Digest> = indexes.into_iter().collect();
        while let Some(index) = open.pop() {
            for child in self.children.get(&index).into_iter().flatten() {
                if below.insert(*child) {
                    open.push(*child);
                }
            }
        }
        below
    }
}

struct Search<'a> {
    storage: &'a Storage,
    found: Found,
    seen: HashSet<Digest>,
    /// Configurations and layers of the manifests that are listed.
    content: HashSet<Digest>,
    bytes: u64,
}

impl Search<'_> {
    /// A manifest that an index lists; `None` when it was seen, is no manifest, is broken or is not there.
    fn listed(
        &mut self,
        descriptor: &Descriptor,
        depth: usize,
    ) -> Result<Option<Manifest>, LayoutError> {
        if depth > INDEX_DEPTH.max {
            return Err(self.over("index.json", INDEX_DEPTH));
        }
        if !is_manifest_type(&descriptor.media_type) || !self.seen.insert(descriptor.digest) {
            return Ok(None);
        }
        let digest = &descriptor.digest;
        let read = match read_bytes(self.storage, digest) {
            Ok(Some(bytes)) => {
                self.count(bytes.len())?;
                parse(self.storage, digest, Some(&descriptor.media_type), bytes)
            }
            Ok(None) if depth == 0 => Err(LayoutError::malformed(
                self.storage.place(&blob_path(digest)),
                "index.json lists it, and it is not there",
            )),
            // An index may list images of platforms that were not copied.
            Ok(None) => return Ok(None),
            Err(error) => Err(error),
        };
        match read {
            Ok(manifest) => {
                self.add(&manifest)?;
                Ok(Some(manifest))
            }
            Err(error) => {
                self.broken(Failure::from(&error));
                Ok(None)
            }
        }
    }

    /// A blob that nobody listed.
    fn unlisted(&mut self, digest: &Digest, size: u64) -> Result<(), LayoutError> {
        let most = u64::try_from(MANIFEST_BYTES.max).unwrap_or(u64::MAX);
        if size > most || self.content.contains(digest) || !self.seen.insert(*digest) {
            return Ok(());
        }
        let path = blob_path(digest);
        let bytes = match self.storage.read(&path, MANIFEST_BYTES) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.broken(Failure::from(&error));
                return Ok(());
            }
        };
        self.count(bytes.len())?;
        let place = self.storage.place(&path);
        let error = match Digest::of(digest.algorithm(), &bytes) {
            // What it was cannot be known: it may have been a manifest.
            Some(found) if found != *digest => LayoutError::digest_mismatch(place, digest, &found),
            _ if !has_subject(&bytes) => return Ok(()),
            _ => match Manifest::read(bytes.into(), None, Some(digest)) {
                Ok(manifest) => return self.add(&manifest),
                Err(failure) => LayoutError::Manifest { place, failure },
            },
        };
        self.broken(Failure::from(&error));
        Ok(())
    }

    fn broken(&mut self, failure: Failure) {
        if self.found.broken.len() < BROKEN {
            self.found.broken.push(failure);
        }
    }

    fn add(&mut self, manifest: &Manifest) -> Result<(), LayoutError> {
        let Some(subject) = manifest.subject() else {
            return Ok(());
        };
        self.found.attached.insert(*manifest.digest());
        let of_subject = self.found.by_subject.entry(subject.digest).or_default();
        of_subject.push(referrer(manifest));
        match of_subject.len() > REFERRERS.max {
            true => Err(self.over("", REFERRERS)),
            false => Ok(()),
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), LayoutError> {
        let most = u64::try_from(LAYOUT_SEARCH_BYTES.max).unwrap_or(u64::MAX);
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        match self.bytes > most {
            true => Err(self.over("", LAYOUT_SEARCH_BYTES)),
            false => Ok(()),
        }
    }

    fn over(&self, path: &str, limit: Limit) -> LayoutError {
        LayoutError::LimitExceeded {
            place: self.storage.place(path),
            limit,
        }
    }
}

/// Reads a manifest. `declared` is the media type in the descriptor that leads to it.
pub(crate) fn read_manifest(
    storage: &Storage,
    digest: &Digest,
    declared: Option<&str>,
) -> Result<Option<Manifest>, LayoutError> {
    match read_bytes(storage, digest)? {
        Some(bytes) => parse(storage, digest, declared, bytes).map(Some),
        None => Ok(None),
    }
}

fn read_bytes(storage: &Storage, digest: &Digest) -> Result<Option<Bytes>, LayoutError> {
    let bytes = storage.read(&blob_path(digest), INDEX_BYTES)?;
    Ok(bytes.map(Bytes::from))
}

fn parse(
    storage: &Storage,
    digest: &Digest,
    declared: Option<&str>,
    bytes: Bytes,
) -> Result<Manifest, LayoutError> {
    let place = || storage.place(&blob_path(digest));
    let found = Digest::of(digest.algorithm(), &bytes);
    if let Some(found) = found.filter(|found| found != digest) {
        return Err(LayoutError::digest_mismatch(place(), digest, &found));
    }
    let declared = declared.or_else(|| shape(&bytes));
    Manifest::read(bytes, declared, Some(digest)).map_err(|failure| LayoutError::Manifest {
        place: place(),
        failure,
    })
}

/// The descriptor that a registry's list of referrers has for a manifest (distribution-spec 1.1, "Listing Referrers").
pub(crate) fn referrer(manifest: &Manifest) -> Descriptor {
    let mut descriptor = manifest.descriptor();
    match manifest.content() {
        Content::Image(image) => {
            let own = [&image.artifact_type, &image.config.media_type];
            let declared = own.into_iter().find(|name| !name.is_empty());
            descriptor.artifact_type = declared.cloned().unwrap_or_default();
            descriptor.annotations.clone_from(&image.annotations);
        }
        Content::Index(index) => {
            descriptor.artifact_type.clone_from(&index.artifact_type);
            descriptor.annotations.clone_from(&index.annotations);
        }
    }
    descriptor
}

/// The media type of a manifest that does not say it, which the first version of the format allows, by its fields.
fn shape(bytes: &[u8]) -> Option<&'static str> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Probe {
        #[serde(default)]
        media_type: Option<String>,
        #[serde(default)]
        manifests: Option<IgnoredAny>,
    }
    let probe: Probe = serde_json::from_slice(bytes).ok()?;
    match (probe.media_type, probe.manifests) {
        (Some(own), _) if !own.is_empty() => None,
        (_, Some(_)) => Some(OCI_INDEX),
        (_, None) => Some(OCI_MANIFEST),
    }
}

/// Whether a descriptor can lead to a manifest.
fn is_manifest_type(media_type: &str) -> bool {
    matches!(
        essence(media_type).as_str(),
        OCI_MANIFEST
            | OCI_INDEX
            | DOCKER_MANIFEST
            | DOCKER_LIST
            | ""
            | "application/json"
            | "application/octet-stream"
    )
}

/// Whether a layer is a signature or an attestation by its type, with which no runtime unpacks it.
fn is_signature(layer: &Descriptor) -> bool {
    matches!(
        layer.media_type.as_str(),
        "application/vnd.dev.cosign.simplesigning.v1+json"
            | "application/vnd.dsse.envelope.v1+json"
    )
}

/// Whether something is JSON of an object that is attached to something, as manifests are.
fn has_subject(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Probe {
        #[serde(default)]
        schema_version: Option<IgnoredAny>,
        #[serde(default)]
        subject: Option<IgnoredAny>,
    }
    // Most blobs are layers, and no JSON.
    bytes.trim_ascii_start().first() == Some(&b'{')
        && serde_json::from_slice::<Probe>(bytes)
            .is_ok_and(|probe| probe.schema_version.is_some() && probe.subject.is_some())
}

/// Failures that are kept; one is enough to know that not all was seen.
const BROKEN: usize = 32;
