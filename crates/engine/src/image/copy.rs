//! Taking an image along with all its proofs, as an OCI image layout.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use sealcheck_registry::layout::{Layout, LayoutError, LayoutWriter, Published, Role, Wanted};
use sealcheck_registry::{Attached, Content, Descriptor, Lookup, Manifest, Reference, Repository};
use sealcheck_verify::evidence::Place;
use sealcheck_verify::{Digest, Failure, Reason, Result, limits::Limit};

use super::budget::over;
use super::discover::{AttachedManifest, Discovery};
use super::inventory::{find, look_at};
use super::layers::Origin;
use super::request::{ImageSource, Platforms};
use super::run::{ImageRun, manifest_of};
use super::select::{Chosen, is_buildkit_attestation};
use super::shelf::{Shelf, gone};
use super::together::together;
use crate::engine::Engine;
use crate::progress::Progress;

/// What is to be copied, and where to.
#[derive(Clone, Debug)]
pub struct CopyRequest {
    /// The image.
    pub image: ImageSource,
    /// The folder of the layout: a new or empty one, or one that is a layout already and grows.
    pub layout: PathBuf,
    /// Which images of an index are copied; [`Platforms::AsGiven`] and [`Platforms::All`] are all of them. The index
    /// itself always is, since proofs speak of it.
    pub platforms: Platforms,
    /// Where proofs are looked for instead of in the image's own repository. Empty: its own.
    pub repositories: Vec<Repository>,
    /// The name that the image gets in the layout. `None`: that of an image in a registry; one in a layout gets none, because
    /// its name there is nobody's word.
    pub name: Option<Reference>,
}

/// What was copied.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Copied {
    /// The reference with its digest; `None` for a layout.
    pub reference: Option<Reference>,
    /// The digest of the image.
    pub digest: Digest,
    /// The name that means this image in the layout and no other: its tag, or its whole name; `None` when only its digest
    /// does.
    pub name: Option<String>,
    /// Manifests that were copied, those of proofs among them.
    pub manifests: usize,
    /// Blobs that were copied.
    pub blobs: usize,
    /// Their bytes, manifests included.
    pub bytes: u64,
    /// Manifests of proofs and other attachments among them.
    pub attachments: usize,
    /// Layers that may not be passed on, and that the source does not have either: Windows' base layers, for example.
    pub left_out: Vec<Digest>,
    /// Every place that was looked at for proofs.
    pub places: Vec<Place>,
}

impl Engine {
    /// Copies an image with everything that is attached to it. Every blob is checked against its digest on the way; what the
    /// layout has already is not fetched again.
    ///
    /// # Errors
    /// When anything of the image or of its proofs cannot be read or written, also when a place where proofs may lie did
    /// not answer: a copy without its proofs would be unsigned for good.
    pub fn copy_image(&self, request: &CopyRequest, progress: &dyn Progress) -> Result<Copied> {
        ImageRun::new(self).copy(request, progress)
    }
}

impl ImageRun<'_> {
    /// The same as [`Engine::copy_image`], with the answers of this run.
    ///
    /// # Errors
    /// Those of [`Engine::copy_image`].
    pub fn copy(&self, request: &CopyRequest, progress: &dyn Progress) -> Result<Copied> {
        let own = self.shelf(&request.image)?;
        let shelves = self.proof_shelves(&own, &request.repositories)?;
        let open = || LayoutWriter::open(&request.layout).map_err(|error| unwritten(&error));
        // What is in a folder may forbid to write there: that is known before anything is asked.
        let there = has_content(&request.layout).then(open).transpose()?;
        let copying = async {
            let platforms = match &request.platforms {
                Platforms::AsGiven => &Platforms::All,
                chosen => chosen,
            };
            let (resolved, chosen) = find(&own, &request.image, platforms).await?;
            let mut discovery = look_at(&shelves, &chosen).await;
            if let Some(failure) = discovery.failures.first() {
                return Err(failure.clone());
            }
            // Of an image that is not there no folder is left.
            let writer = there.map_or_else(open, Ok)?;
            let mut copy = Copying {
                writer: &writer,
                name: request.image.to_string(),
                progress,
                fetched: discovery.contents(),
                seen: BTreeSet::new(),
                visited: HashSet::new(),
                missing: Reason::ArtifactUnreadable,
                left_out: Vec::new(),
                manifests: 0,
                blobs: 0,
                bytes: 0,
            };
            copy.image(&own, &chosen, &request.platforms).await?;
            let name = request.name.clone().or_else(|| resolved.reference.clone());
            let mut published = vec![Published {
                descriptor: main_descriptor(&chosen)?,
                role: Role::Image(name.clone()),
            }];
            let attached = std::mem::take(&mut discovery.manifests);
            copy.missing = Reason::ProofUnreadable;
            let mut unsaid: BTreeMap<String, (Digest, Vec<Descriptor>)> = BTreeMap::new();
            for attached in &attached {
                copy.attached(attached).await?;
                match role(attached) {
                    Some(role) => published.push(Published {
                        descriptor: attached.descriptor.clone(),
                        role,
                    }),
                    None => unsaid
                        .entry(attached.subject.to_string())
                        .or_insert((attached.subject, Vec::new()))
                        .1
                        .push(attached.descriptor.clone()),
                }
            }
            for (subject, listed) in unsaid.values() {
                let list = writer.list(subject, listed);
                published.push(list.map_err(|error| unwritten(&error))?);
            }
            writer
                .publish(&published)
                .map_err(|error| unwritten(&error))?;
            let name = name
                .as_ref()
                .and_then(|it| name_of_its_own(&request.layout, it, &resolved.digest));
            Ok(Copied {
                name,
                ..copy.report(
                    resolved.reference.clone(),
                    resolved.digest,
                    attached.len(),
                    discovery,
                )
            })
        };
        let both: Vec<Shelf> = shelves.iter().chain([&own]).cloned().collect();
        self.wait(&both, copying)?
    }
}

/// What something that is attached is to the layout; `None` when only a list says that it is.
fn role(attached: &AttachedManifest) -> Option<Role> {
    let by_tag = |what| Some(Role::Attached(what, attached.subject));
    match attached.origin {
        Origin::Referrer => attached.names_subject.then_some(Role::Referrer),
        Origin::SignatureTag => by_tag(Attached::Signature),
        Origin::AttestationTag => by_tag(Attached::Attestation),
        Origin::SbomTag => by_tag(Attached::Sbom),
    }
}

fn main_descriptor(chosen: &[Chosen]) -> Result<Descriptor> {
    match chosen.first() {
        Some(first) => Ok(first.descriptor.clone()),
        None => Err(Failure::new(Reason::ImageNotFound)),
    }
}

/// A copy under way.
struct Copying<'c> {
    writer: &'c LayoutWriter,
    name: String,
    progress: &'c dyn Progress,
    /// What was read when the proofs were looked for.
    fetched: HashMap<Digest, Bytes>,
    seen: BTreeSet<String>,
    /// Manifests that were followed, since one can be listed in many places.
    visited: HashSet<Digest>,
    /// What it means when something is listed and not there: that depends on whether it is of the image or of a proof.
    missing: Reason,
    left_out: Vec<Digest>,
    manifests: usize,
    blobs: usize,
    bytes: u64,
}

impl Copying<'_> {
    /// The image, and of an index the images that were chosen.
    async fn image(&mut self, own: &Shelf, chosen: &[Chosen], platforms: &Platforms) -> Result<()> {
        let Some((main, others)) = chosen.split_first() else {
            return Ok(());
        };
        let manifest = manifest_of(own, &main.descriptor.digest, &self.name).await?;
        self.manifest(own, &manifest).await?;
        for image in others {
            self.tree(own, &image.descriptor, 0).await?;
        }
        // BuildKit's attestations are about the images beside them, and come along with all of them.
        if let (Content::Index(index), true) =
            (manifest.content(), !matches!(platforms, Platforms::One(_)))
        {
            for attestation in index
                .manifests
                .iter()
                .filter(|child| is_buildkit_attestation(child))
            {
                self.tree(own, attestation, 0).await?;
            }
        }
        Ok(())
    }

    /// A manifest and everything below it.
    async fn tree(&mut self, shelf: &Shelf, descriptor: &Descriptor, depth: usize) -> Result<()> {
        if depth > DEPTH.max {
            return Err(over(DEPTH));
        }
        // What is below it came along as well.
        if !self.visited.insert(descriptor.digest) {
            return Ok(());
        }
        if self.visited.len() > MANIFESTS.max {
            return Err(over(MANIFESTS));
        }
        let place = shelf.digest_place(&descriptor.digest);
        let manifest = match shelf.manifest(&descriptor.digest).await? {
            Ok(manifest) => manifest,
            Err(_) => return Err(self.gone(&place)),
        };
        self.manifest(shelf, &manifest).await?;
        if let Content::Index(index) = manifest.content() {
            for child in &index.manifests {
                Box::pin(self.tree(shelf, child, depth.saturating_add(1))).await?;
            }
        }
        Ok(())
    }

    /// A manifest with its configuration and layers.
    async fn manifest(&mut self, shelf: &Shelf, manifest: &Arc<Manifest>) -> Result<()> {
        if let Content::Image(image) = manifest.content() {
            let mut wanted: Vec<&Descriptor> = Vec::new();
            for blob in std::iter::once(&image.config).chain(&image.layers) {
                if self.seen.insert(blob.digest.to_string()) {
                    wanted.push(blob);
                }
            }
            let this = &*self;
            let copied = together(
                wanted.iter().map(|blob| this.blob(shelf, blob)),
                BLOBS_AT_ONE_TIME,
            );
            for (blob, is_there) in wanted.iter().zip(copied.await) {
                if is_there? {
                    self.blobs = self.blobs.saturating_add(1);
                    self.bytes = self.bytes.saturating_add(blob.size);
                } else {
                    self.left_out.push(blob.digest);
                }
            }
        }
        if self.seen.insert(manifest.digest().to_string()) {
            self.writer
                .manifest(manifest)
                .map_err(|error| unwritten(&error))?;
            self.manifests = self.manifests.saturating_add(1);
            self.bytes = self.bytes.saturating_add(manifest.descriptor().size);
        }
        Ok(())
    }

    /// What is attached. Something that is no manifest cannot be taken along, and is no proof.
    async fn attached(&mut self, attached: &AttachedManifest) -> Result<()> {
        self.tree(&attached.shelf, &attached.descriptor, 0).await
    }

    fn gone(&self, place: &str) -> Failure {
        Failure {
            reason: self.missing,
            ..gone(place)
        }
    }

    /// Copies a blob. Says whether it is in the copy now, which only a layer that may not be passed on need not be.
    async fn blob(&self, shelf: &Shelf, descriptor: &Descriptor) -> Result<bool> {
        let total = Some(descriptor.size);
        let has = self
            .writer
            .has(descriptor)
            .map_err(|error| unwritten(&error))?;
        if has {
            return Ok(true);
        }
        if let Some(content) = self.fetched.get(&descriptor.digest) {
            self.writer
                .small(descriptor, content)
                .map_err(|error| unwritten(&error))?;
            return Ok(true);
        }
        let place = shelf.digest_place(&descriptor.digest);
        let absent = || match is_not_passed_on(&descriptor.media_type) {
            true => Ok(false),
            false => Err(self.gone(&place)),
        };
        let mut target = self
            .writer
            .blob(descriptor)
            .map_err(|error| unwritten(&error))?;
        let mut done = 0_u64;
        self.progress.read(&place, done, total);
        match shelf {
            Shelf::Repository(registry, repository) => {
                let failed = |error| Failure::from(&error);
                let opened = registry.open_blob(repository, descriptor).await;
                let Lookup::Found(mut blob) = opened.map_err(failed)? else {
                    return absent();
                };
                while let Some(piece) = blob.chunk().await.map_err(failed)? {
                    target.write(&piece).map_err(|error| unwritten(&error))?;
                    done = done.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                    self.progress.read(&place, done, total);
                }
            }
            Shelf::Layout(layout) => {
                let failed = |error| Failure::from(&error);
                let Lookup::Found(mut blob) = layout.open_blob(descriptor).map_err(failed)? else {
                    return absent();
                };
                while let Some(piece) = blob.chunk().map_err(failed)? {
                    target.write(&piece).map_err(|error| unwritten(&error))?;
                    done = done.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                    self.progress.read(&place, done, total);
                }
            }
        }
        target.finish().map_err(|error| unwritten(&error))?;
        Ok(true)
    }

    fn report(
        self,
        reference: Option<Reference>,
        digest: Digest,
        attachments: usize,
        discovery: Discovery,
    ) -> Copied {
        Copied {
            reference,
            digest,
            name: None,
            manifests: self.manifests,
            blobs: self.blobs,
            bytes: self.bytes,
            attachments,
            left_out: self.left_out,
            places: discovery.places,
        }
    }
}

fn has_content(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// The shortest name that means the image with this digest in a layout, and no other.
fn name_of_its_own(layout: &Path, reference: &Reference, digest: &Digest) -> Option<String> {
    let layout = Layout::open(layout).ok()?;
    let tag = reference.tag()?;
    let whole = format!("{}:{tag}", reference.repository());
    [tag.to_owned(), whole].into_iter().find(|name| {
        let found = layout.resolve(&Wanted::Name(name));
        matches!(found, Ok(Lookup::Found(found)) if found.digest == *digest)
    })
}

fn unwritten(error: &LayoutError) -> Failure {
    Failure::from(error)
}

/// Whether layers of this type may not be passed on, so that registries need not have them (image-spec 1.1,
/// "Non-Distributable Layers", and Docker's foreign layers).
pub(super) fn is_not_passed_on(media_type: &str) -> bool {
    [
        "application/vnd.oci.image.layer.nondistributable.",
        "application/vnd.docker.image.rootfs.foreign.",
    ]
    .iter()
    .any(|kind| media_type.starts_with(kind))
}

/// Blobs of one manifest that are copied at one time.
const BLOBS_AT_ONE_TIME: usize = 4;

/// Indexes within indexes. Real ones have two levels.
const DEPTH: Limit = Limit {
    name: "index-depth",
    max: 8,
};

/// Manifests of one copy. An index has at most 4096, and each of those a few that are attached.
const MANIFESTS: Limit = Limit {
    name: "copied-manifests",
    max: 20_000,
};
