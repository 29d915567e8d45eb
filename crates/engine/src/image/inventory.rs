//! Everything that is attached to an image, with its bytes: for lists, for downloads and for copies.

use bytes::Bytes;
use sealcheck_registry::{Content, Descriptor, Platform, Reference, Repository};
use sealcheck_verify::evidence::Place;
use sealcheck_verify::{
    Artifact, Digest, Failure, Material, Requirements, Result, Verdict, verify,
};

use super::budget::Budget;
use super::discover::{Discovery, Scope, discover};
use super::layers::{Item, Kind};
use super::request::{ImageSource, Platforms};
use super::run::{ImageRun, Resolved, listed, manifest_of, resolve};
use super::select::{Chosen, select};
use super::shelf::Shelf;
use super::together::together;
use crate::engine::Engine;

/// What is attached to an image and to the images that it lists. Nothing of it is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inventory {
    /// The reference with its digest; `None` for a layout.
    pub reference: Option<Reference>,
    /// What the reference leads to, first; then, as far as they were asked for, the images that it lists.
    pub manifests: Vec<Manifested>,
    /// Every place that was looked at.
    pub places: Vec<Place>,
    /// The places that gave no answer, so that there may be more than is listed here; and the images that are listed and
    /// not there, of which nobody can say that nothing is attached.
    pub failures: Vec<Failure>,
}

/// One manifest with what is attached to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Manifested {
    /// Its descriptor.
    pub descriptor: Descriptor,
    /// The platform that it is for, where an index says so.
    pub platform: Option<Platform>,
    /// What is attached to it, in the order of the places.
    pub attachments: Vec<Attachment>,
    /// Why the image itself could not be had, when an index lists it and nothing that is attached to it was found.
    pub missing: Option<Failure>,
}

/// One thing that is attached: a layer of the manifest that holds it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// The manifest that it is attached to.
    pub subject: Digest,
    /// The position of its place in [`Inventory::places`].
    pub place: usize,
    /// The manifest that holds it.
    pub manifest: Digest,
    /// The artifact type of that manifest; may be empty.
    pub artifact_type: String,
    /// The layer, from 0.
    pub layer: usize,
    /// The layer's descriptor: media type, digest, size, annotations. For a manifest that is not looked into, its own.
    pub descriptor: Descriptor,
    /// Its bytes; for what is no proof they are not fetched.
    pub content: Option<Result<Bytes>>,
    /// What it says, if it is a proof: one, or one for each line of a file of JSON lines; or why it cannot be read.
    pub materials: Vec<Result<Material>>,
}

/// What an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachmentKind {
    /// A simple-signing payload with its signature in annotations, or a detached signature file.
    Signature,
    /// A DSSE envelope with its certificate in annotations.
    Attestation,
    /// A Sigstore bundle, whatever it holds.
    Bundle,
    /// The certificate file of a signature file.
    Certificate,
    /// An SBOM without any signature.
    Sbom,
    /// Something else.
    Other,
}

impl Engine {
    /// Everything that is attached to an image.
    ///
    /// `platforms` says of which images, besides what the reference leads to. `repositories` as in
    /// [`ImageRequest`](crate::ImageRequest::repositories).
    ///
    /// # Errors
    /// When the reference cannot be resolved: `image-not-found`, and the reasons of registries and layouts. What fails
    /// later is in [`Inventory::failures`].
    pub fn inventory(
        &self,
        image: &ImageSource,
        platforms: &Platforms,
        repositories: &[Repository],
    ) -> Result<Inventory> {
        let run = ImageRun::new(self);
        let own = run.shelf(image)?;
        let shelves = run.proof_shelves(&own, repositories)?;
        let here = std::slice::from_ref(&own);
        let (resolved, chosen) = run.wait(here, find(&own, image, platforms))??;
        let looking = look_at(&shelves, &chosen);
        let discovery = run.wait(&shelves, looking)?;
        let mut inventory = Inventory::new(&resolved, &chosen, discovery);
        run.wait(here, inventory.require_listed(&own))?;
        Ok(inventory)
    }

    /// Verifies one attachment, with what the inventory has of it: nothing is fetched, and no log is asked. One verdict for
    /// each of [`Attachment::materials`].
    #[must_use]
    pub fn verify_attachment(
        &self,
        attachment: &Attachment,
        requirements: &Requirements,
    ) -> Vec<Verdict> {
        let artifact = Artifact::from_digest(attachment.subject);
        let now = self.clock.now();
        let verdict = |material: &Result<Material>| match material {
            Ok(material) => verify(material, &artifact, &self.trust.root, requirements, now),
            Err(failure) => Verdict::failed(failure.clone(), Some(&artifact), requirements, now),
        };
        attachment
            .materials
            .iter()
            .map(|material| verdict(material).with_trusted_root_source(&self.trust.source))
            .collect()
    }
}

/// What a reference leads to, with its manifest, and the images that are meant besides. The first is always what it leads to.
pub(crate) async fn find(
    own: &Shelf,
    image: &ImageSource,
    platforms: &Platforms,
) -> Result<(Resolved, Vec<Chosen>)> {
    // Reading the manifest answers what its digest is as well.
    let resolved = resolve(own, image, &Platforms::All).await?;
    let manifest = match &resolved.manifest {
        Some(manifest) => manifest.clone(),
        None => manifest_of(own, &resolved.digest, &image.to_string()).await?,
    };
    let mut chosen = vec![Chosen {
        descriptor: manifest.descriptor(),
        platform: None,
    }];
    if matches!(manifest.content(), Content::Index(_)) || matches!(platforms, Platforms::One(_)) {
        for image in select(own, &manifest, platforms).await? {
            if chosen
                .iter()
                .all(|known| known.descriptor.digest != image.descriptor.digest)
            {
                chosen.push(image);
            }
        }
    }
    Ok((resolved, chosen))
}

/// Everything that is attached to these manifests.
pub(crate) async fn look_at(shelves: &[Shelf], chosen: &[Chosen]) -> Discovery {
    let budget = Budget::new();
    let each = chosen.iter().map(|image| {
        discover(
            shelves,
            &image.descriptor.digest,
            Scope::Everything,
            &budget,
        )
    });
    let mut discovery = Discovery::default();
    for found in together(each, MANIFESTS_AT_ONE_TIME).await {
        discovery.append(found);
    }
    discovery
}

impl Inventory {
    fn new(resolved: &Resolved, chosen: &[Chosen], discovery: Discovery) -> Self {
        let manifests = chosen
            .iter()
            .map(|image| Manifested {
                descriptor: image.descriptor.clone(),
                platform: image.platform.clone(),
                attachments: discovery
                    .items
                    .iter()
                    .filter(|item| item.subject == image.descriptor.digest)
                    .map(Attachment::new)
                    .collect(),
                missing: None,
            })
            .collect();
        Self {
            reference: resolved.reference.clone(),
            manifests,
            places: discovery.places,
            failures: discovery.failures,
        }
    }

    /// An index may be there without the images that it lists: before nothing is said to be attached to one, it must be
    /// there. The first manifest was read.
    async fn require_listed(&mut self, own: &Shelf) {
        let bare: Vec<&mut Manifested> = self
            .manifests
            .iter_mut()
            .skip(1)
            .filter(|manifest| manifest.attachments.is_empty())
            .collect();
        let looking = bare
            .iter()
            .map(|manifest| manifest.descriptor.digest)
            .map(|digest| async move { listed(own, &digest).await });
        let answers = together(looking, MANIFESTS_AT_ONE_TIME).await;
        for (manifest, answer) in bare.into_iter().zip(answers) {
            if let Err(failure) = answer {
                self.failures.push(failure.clone());
                manifest.missing = Some(failure);
            }
        }
    }
}

impl Attachment {
    /// Why its bytes could not be had; `None` when they were, or were not wanted.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.content.as_ref()?.as_ref().err()
    }

    fn new(item: &Item) -> Self {
        Self {
            kind: match item.kind {
                Kind::SimpleSigning | Kind::Signature => AttachmentKind::Signature,
                Kind::Envelope | Kind::Lines => AttachmentKind::Attestation,
                Kind::Bundle => AttachmentKind::Bundle,
                Kind::Certificate => AttachmentKind::Certificate,
                Kind::Sbom => AttachmentKind::Sbom,
                Kind::Other => AttachmentKind::Other,
            },
            subject: item.subject,
            place: item.place,
            manifest: item.manifest,
            artifact_type: item.artifact_type.clone(),
            layer: item.layer,
            descriptor: item.descriptor.clone(),
            content: item.content.clone(),
            materials: item.materials(true),
        }
    }
}

impl AttachmentKind {
    /// The word for people and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Attestation => "attestation",
            Self::Bundle => "bundle",
            Self::Certificate => "certificate",
            Self::Sbom => "sbom",
            Self::Other => "other",
        }
    }
}

/// Manifests whose attachments are looked for together.
const MANIFESTS_AT_ONE_TIME: usize = 4;
