//! Images outside of registries: OCI image layouts (image-spec 1.1, "Image Layout") as folders and as archives.
//!
//! [`Layout`] answers the questions that [`Registry`](crate::Registry) answers, about what `sealcheck copy`, `cosign save`,
//! `docker save`, skopeo, crane, oras and BuildKit write. Its content is believed as little as a registry's: everything that
//! is given out has the digest that was asked for. Names in a layout are claims of whoever wrote it.
//!
//! What is not in a layout is [`Lookup::Absent`]; what cannot be read or does not hold is a [`LayoutError`]. All of it is
//! synchronous: reading a layout needs no runtime.
//!
//! ```no_run
//! use sealcheck_registry::Attached;
//! use sealcheck_registry::layout::{Layout, Wanted};
//!
//! # fn look() -> Result<(), sealcheck_registry::layout::LayoutError> {
//! let layout = Layout::open("pause.tar.gz".as_ref())?;
//! if let Some(image) = layout.resolve(&Wanted::Only)?.found() {
//!     let _listed = layout.referrers(&image.digest)?;
//!     for signatures in layout.attached(&image.digest, Attached::Signature) {
//!         let _manifest = layout.manifest(&signatures.digest)?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`LayoutWriter`] writes one, and [`Plan`] says what has to be written.
//!
//! # What can be proved about an archive of `docker save`
//!
//! Signatures are about the digest of a manifest. Docker before version 25 saved no manifest at all:
//! [`LayoutError::WithoutManifest`] then names the images and their ids, and nothing can be proved from the archive alone
//! (the id is the digest of the configuration, which the manifest in the registry names). Newer archives are image layouts;
//! [`Origin::Docker`] says that the manifest in it was written by Docker: with containerd's image store it is the registry's,
//! with Docker's own store it was made anew, no registry has its digest, and no signature is about it.
//! `docker load` takes `manifest.json` from them and not the index: [`Layout::loads_only`] says whether that is the same image.

mod archive;
mod blob;
mod docker;
mod error;
mod folder;
mod index;
pub mod limits;
mod plan;
mod publish;
mod search;
mod storage;
mod tar;
mod write;

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, Failure, Reason, printable};
use serde::Deserialize;

use self::archive::Archive;
use self::docker::{MANIFEST_JSON, Parts, Saved};
use self::folder::{Folder, is_not_there};
use self::index::Entries;
use self::limits::LAYOUT_FILE_BYTES;
use self::search::Found;
use self::storage::{Storage, blob_path};
use crate::limits::{INDEX_BYTES, REFERRERS};
use crate::{Absence, Attached, Content, Descriptor, Lookup, Manifest, Reference, Referrers};

pub use self::blob::LayoutBlob;
pub use self::docker::SavedImage;
pub use self::error::LayoutError;
pub use self::index::{INDEX_JSON, Registered, Wanted};
pub use self::plan::Plan;
pub use self::publish::{Published, Role};
pub use self::write::{BlobWriter, LayoutWriter};

/// An image layout, opened. Clones share it.
#[derive(Clone)]
pub struct Layout {
    shared: Arc<Shared>,
}

struct Shared {
    storage: Storage,
    entries: Entries,
    origin: Origin,
    /// What others load instead of `index.json`.
    saved: Option<Saved>,
    /// The search for referrers, made when it is first needed.
    found: OnceLock<Result<Found, LayoutError>>,
}

/// Who wrote a layout, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A tool that copies images as they are.
    Layout,
    /// `cosign save`, or `sealcheck copy`, which writes the same annotations.
    Cosign,
    /// `docker save`, or a tool that writes for `docker load`: the manifest may have been made anew.
    Docker,
}

impl Layout {
    /// Opens the layout at `path`: a folder, or a tar archive, which may be compressed by gzip.
    ///
    /// # Errors
    /// [`LayoutError`]: nothing is there, it is no layout, or it is broken.
    pub fn open(path: &Path) -> Result<Self, LayoutError> {
        let storage = open_storage(path)?;
        let Some(index) = storage.read(INDEX_JSON, INDEX_BYTES)? else {
            return Err(without_index(&storage)?);
        };
        check_version(&storage)?;
        let entries = Entries::read(&index).map_err(|failure| LayoutError::Manifest {
            place: storage.place(INDEX_JSON),
            failure,
        })?;
        let saved = Saved::read(&storage)?;
        let origin = if entries.are_cosigns() {
            Origin::Cosign
        } else if saved.is_some() {
            Origin::Docker
        } else {
            Origin::Layout
        };
        Ok(Self {
            shared: Arc::new(Shared {
                storage,
                entries,
                origin,
                saved,
                found: OnceLock::new(),
            }),
        })
    }

    /// Who wrote it, as far as it shows.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.shared.origin
    }

    /// What evidence calls it: the path, printable.
    #[must_use]
    pub fn place(&self) -> String {
        self.shared.storage.place("")
    }

    /// The entries of `index.json`, with their annotations. Their names are claims.
    #[must_use]
    pub fn entries(&self) -> &[Descriptor] {
        &self.shared.entries.descriptors
    }

    /// How the images in it can be named: by their names, or by digest where they have none. Sixteen at most.
    pub fn names(&self) -> Vec<String> {
        // Of a broken layout all are shown.
        let all = || self.shared.entries.descriptors.iter().collect();
        let images = self.only().unwrap_or_else(|_| all());
        let shown = images.into_iter().take(SHOWN_IMAGES);
        shown
            .map(|entry| match index::name(entry) {
                Some(name) => printable(name),
                None => entry.digest.to_string(),
            })
            .collect()
    }

    /// The images that other tools may take from here. What is attached to one, or contained in one, is none.
    ///
    /// # Errors
    /// [`LayoutError`] when the layout cannot be searched.
    pub fn images(&self) -> Result<Vec<Registered>, LayoutError> {
        let entries = &self.shared.entries.descriptors;
        let images = self.only()?.into_iter().map(|image| {
            let own = entries.iter().filter(|entry| entry.digest == image.digest);
            Registered {
                digest: image.digest,
                names: own.flat_map(index::names).map(str::to_owned).collect(),
            }
        });
        Ok(images.collect())
    }

    /// The image that is meant, as its descriptor.
    ///
    /// # Errors
    /// [`LayoutError::Ambiguous`], or when the layout must be searched and is broken.
    pub fn resolve(&self, wanted: &Wanted<'_>) -> Result<Lookup<Descriptor>, LayoutError> {
        let entries = &self.shared.entries;
        // What it is the name of, or whether it is another image, cannot be known.
        if let Some(failure) = entries.broken.first()
            && !wanted.has_digest()
        {
            return Err(LayoutError::Manifest {
                place: self.place(),
                failure: failure.clone(),
            });
        }
        let found = match wanted {
            Wanted::Only => self.only()?,
            Wanted::Digest(digest) => return self.by_digest(digest),
            Wanted::Name(name) => entries.named(name),
            Wanted::Reference(reference) => match reference.digest() {
                Some(digest) => return self.by_digest(digest),
                None => entries.referenced(reference),
            },
        };
        match found.as_slice() {
            [] => Ok(self.absent(INDEX_JSON)),
            [one] => Ok(Lookup::Found((*one).clone())),
            several => Err(LayoutError::Ambiguous {
                place: self.place(),
                wanted: match wanted {
                    Wanted::Name(name) => format!("the name {}", printable(name)),
                    Wanted::Reference(reference) => format!("the name {reference}"),
                    Wanted::Only | Wanted::Digest(_) => "the image".to_owned(),
                },
                found: several
                    .iter()
                    .take(SHOWN_IMAGES)
                    .map(|entry| index::shown(entry))
                    .collect(),
            }),
        }
    }

    /// The whole name that the layout has for an image with this digest, which was asked for as `wanted`: that of a
    /// registry, with a tag. `None` where it has none, or several. It is a claim.
    #[must_use]
    pub fn whole_name(&self, wanted: &Wanted<'_>, digest: &Digest) -> Option<Reference> {
        self.shared.entries.whole_name(wanted, digest)
    }

    /// Makes sure that who loads this with other tools gets what was proved.
    ///
    /// `docker load`, podman and crane take `manifest.json` where it is there, and nothing else in the layout binds it to
    /// `index.json`. It must have an image with the configuration and the layers of one of the manifests in `proved`, or of
    /// one that they list, and no other under a name that can mean `image`, which was asked for as `wanted` (`None`: as the
    /// only one, so that there must be no other at all, as where it is a digest and the layout has no name for it). Those tools take the configuration without asking for its digest,
    /// which is therefore checked here; the layers have their digests in it.
    ///
    /// # Errors
    /// [`LayoutError`]: it leads elsewhere, or something on the way there cannot be read.
    pub fn loads_only(
        &self,
        proved: &[Digest],
        image: &Digest,
        wanted: Option<&str>,
    ) -> Result<(), LayoutError> {
        let Some(saved) = &self.shared.saved else {
            return Ok(());
        };
        let mut parts = HashSet::new();
        let (mut open, mut seen) = (proved.to_vec(), HashSet::new());
        while let Some(digest) = open.pop() {
            if !seen.insert(digest) {
                continue;
            }
            // An index may list images that were not saved.
            let Lookup::Found(manifest) = self.manifest(&digest)? else {
                continue;
            };
            match manifest.content() {
                Content::Index(index) => open.extend(index.manifests.iter().map(|m| m.digest)),
                Content::Image(image) => {
                    let config = Descriptor::new("", image.config.digest, image.config.size);
                    // One that is not there cannot be loaded.
                    self.blob(&config, LAYOUT_FILE_BYTES)?;
                    parts.insert(Parts::of(image));
                }
            }
        }
        let entries = &self.shared.entries;
        let is_meant = |name: &str| wanted.is_none_or(|wanted| entries.can_be(image, wanted, name));
        match saved.other_than(&parts, is_meant) {
            None => Ok(()),
            Some(other) => Err(LayoutError::malformed(
                self.shared.storage.place(MANIFEST_JSON),
                format!(
                    "docker, podman and crane load this file and not index.json, and it leads to {other}, instead of {image}"
                ),
            )),
        }
    }

    /// The manifest with this digest.
    ///
    /// # Errors
    /// [`LayoutError`]; that there is none is no error.
    pub fn manifest(&self, digest: &Digest) -> Result<Lookup<Arc<Manifest>>, LayoutError> {
        let storage = &self.shared.storage;
        let entry = self.entries().iter().find(|entry| entry.digest == *digest);
        let declared = entry.map(|entry| entry.media_type.as_str());
        Ok(match search::read_manifest(storage, digest, declared)? {
            Some(manifest) => Lookup::Found(Arc::new(manifest)),
            None => self.absent(&blob_path(digest)),
        })
    }

    /// The content of a descriptor, in memory, checked against its size and digest. `limit` is what the caller is ready to
    /// hold.
    ///
    /// # Errors
    /// [`LayoutError`], `limit-exceeded` when the descriptor is over `limit`; that there is no such blob is no error.
    pub fn blob(
        &self,
        descriptor: &Descriptor,
        limit: Limit,
    ) -> Result<Lookup<Bytes>, LayoutError> {
        let most = u64::try_from(limit.max).unwrap_or(u64::MAX);
        if descriptor.size > most {
            return Err(LayoutError::LimitExceeded {
                place: self.shared.storage.place(&blob_path(&descriptor.digest)),
                limit,
            });
        }
        let mut blob = match self.open_blob(descriptor)? {
            Lookup::Found(blob) => blob,
            Lookup::Absent(absence) => return Ok(Lookup::Absent(absence)),
        };
        let mut content = Vec::with_capacity(usize::try_from(descriptor.size).unwrap_or_default());
        while let Some(piece) = blob.chunk()? {
            content.extend_from_slice(&piece);
        }
        Ok(Lookup::Found(content.into()))
    }

    /// The content of a descriptor, piece by piece.
    ///
    /// # Errors
    /// As [`Layout::blob`], for the beginning.
    pub fn open_blob(&self, descriptor: &Descriptor) -> Result<Lookup<LayoutBlob>, LayoutError> {
        let storage = &self.shared.storage;
        let path = blob_path(&descriptor.digest);
        match storage.open(&path)? {
            None => Ok(self.absent(&path)),
            Some(file) => {
                LayoutBlob::new(file, storage.place(&path), descriptor).map(Lookup::Found)
            }
        }
    }

    /// What is attached to a digest: the manifests that say so themselves, wherever in the layout they are, and those that
    /// an index under the referrers tag lists. What could be attached and cannot be read is in [`Referrers::broken`], so
    /// that an empty list without it means that there is nothing.
    ///
    /// # Errors
    /// [`LayoutError`], when the search is over a limit or the folder cannot be listed.
    pub fn referrers(&self, digest: &Digest) -> Result<Referrers, LayoutError> {
        let found = self.found()?;
        let mut referrers = Referrers {
            descriptors: found.by_subject.get(digest).cloned().unwrap_or_default(),
            broken: found.broken.clone(),
            from: Vec::new(),
        };
        for list in self.attached(digest, Attached::Referrers) {
            let listed = match self.manifest(&list.digest) {
                Ok(Lookup::Found(list)) => list,
                // The search has said so.
                Ok(Lookup::Absent(_)) | Err(_) => continue,
            };
            let Some(index) = listed.index() else {
                referrers.broken.push(
                    Failure::new(Reason::LayoutMalformed)
                        .at(index::REF_NAME)
                        .expected("an index under the referrers tag")
                        .found(listed.media_type()),
                );
                continue;
            };
            referrers.broken.extend(index.broken.iter().cloned());
            for descriptor in &index.manifests {
                let is_new = |seen: &Descriptor| seen.digest != descriptor.digest;
                if referrers.descriptors.iter().all(is_new) {
                    referrers.descriptors.push(descriptor.clone());
                }
            }
        }
        match referrers.descriptors.len() > REFERRERS.max {
            true => Err(LayoutError::LimitExceeded {
                place: self.place(),
                limit: REFERRERS,
            }),
            false => Ok(referrers),
        }
    }

    /// The entries that are attached to a digest under the tag that a registry would have for them, or by the annotations
    /// of `cosign save`; more than one only when the layout has several under one name.
    #[must_use]
    pub fn attached(&self, digest: &Digest, what: Attached) -> Vec<Descriptor> {
        let found = self.shared.entries.attached(digest, what);
        found.into_iter().cloned().collect()
    }

    fn only(&self) -> Result<Vec<&Descriptor>, LayoutError> {
        let entries = &self.shared.entries;
        if entries.descriptors.len() < 2 {
            return Ok(entries.descriptors.iter().collect());
        }
        let found = self.found()?;
        let listed = found.children.values().flatten();
        let known: HashSet<String> = entries
            .descriptors
            .iter()
            .map(|entry| &entry.digest)
            .chain(listed)
            .flat_map(|digest| {
                let whole = format!("{}-{}", digest.algorithm(), digest.hex());
                [whole, Attached::Referrers.tag(digest)]
            })
            .collect();
        // An image whose name went to another one stays here, with what is attached to it.
        let blobs: HashSet<Digest> = self
            .shared
            .storage
            .blobs()?
            .into_iter()
            .map(|b| b.0)
            .collect();
        Ok(entries.images(found, |tag| {
            let digest = || tag.replacen('-', ":", 1).parse::<Digest>().ok();
            known.contains(tag) || digest().is_some_and(|digest| blobs.contains(&digest))
        }))
    }

    fn by_digest(&self, digest: &Digest) -> Result<Lookup<Descriptor>, LayoutError> {
        if let Some(entry) = self.entries().iter().find(|entry| entry.digest == *digest) {
            return Ok(Lookup::Found(entry.clone()));
        }
        Ok(self.manifest(digest)?.map(|manifest| manifest.descriptor()))
    }

    fn found(&self) -> Result<&Found, LayoutError> {
        let shared = &self.shared;
        let found = shared.found.get_or_init(|| {
            let all_blobs = shared.origin == Origin::Cosign;
            search::search(&shared.storage, &shared.entries, all_blobs)
        });
        found.as_ref().map_err(Clone::clone)
    }

    fn absent<T>(&self, path: &str) -> Lookup<T> {
        Lookup::Absent(Absence {
            asked: vec![self.shared.storage.place(path)],
            code: String::new(),
        })
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layout")
            .field("place", &self.place())
            .field("origin", &self.origin())
            .finish_non_exhaustive()
    }
}

fn open_storage(path: &Path) -> Result<Storage, LayoutError> {
    let place = || printable(&path.display().to_string());
    let unreadable = |error| match is_not_there(&error) {
        true => LayoutError::NotFound { place: place() },
        false => LayoutError::unreadable(place(), &error),
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Ok(Storage::Folder(Folder::new(path)));
    }
    if !metadata.is_file() {
        return Err(LayoutError::NotALayout {
            place: place(),
            detail: "it is neither a folder nor a regular file".to_owned(),
        });
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    Archive::read(path, file).map(Storage::Archive)
}

/// Why there is no `index.json`.
fn without_index(storage: &Storage) -> Result<LayoutError, LayoutError> {
    let place = storage.place("");
    if let Some(saved) = Saved::read(storage)? {
        let images = saved.images(storage)?;
        return Ok(LayoutError::WithoutManifest { place, images });
    }
    let detail = match storage.open(OCI_LAYOUT)? {
        Some(_) => {
            "it has no index.json: whoever wrote it did not finish (the same `sealcheck copy` again goes on with it)"
        }
        None => "it is no image layout: it has no index.json",
    };
    Ok(LayoutError::NotALayout {
        place,
        detail: detail.to_owned(),
    })
}

fn check_version(storage: &Storage) -> Result<(), LayoutError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Marker {
        image_layout_version: String,
    }
    let Some(bytes) = storage.read(OCI_LAYOUT, LAYOUT_FILE_BYTES)? else {
        return Err(LayoutError::NotALayout {
            place: storage.place(""),
            detail: "it is no image layout: it has no file oci-layout".to_owned(),
        });
    };
    match serde_json::from_slice::<Marker>(&bytes) {
        Ok(marker) if marker.image_layout_version.starts_with("1.") => Ok(()),
        Ok(marker) => Err(LayoutError::NotALayout {
            place: storage.place(OCI_LAYOUT),
            detail: format!(
                "image layouts of version {} are not known",
                printable(&marker.image_layout_version)
            ),
        }),
        Err(error) => Err(LayoutError::malformed(
            storage.place(OCI_LAYOUT),
            format!("it cannot be read: {}", printable(&error.to_string())),
        )),
    }
}

/// The file by which a folder is known as an image layout (OCI image-spec, "oci-layout file").
pub const OCI_LAYOUT: &str = "oci-layout";
/// Images that are named in an error, at most.
const SHOWN_IMAGES: usize = 16;
/// Images of an archive without manifests that are named.
const SAVED_IMAGES: usize = 16;
