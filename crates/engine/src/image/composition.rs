//! What an image consists of: its platform and its layers, by its manifest and its configuration.

use sealcheck_registry::layout::Layout;
use sealcheck_registry::{Content, Descriptor, Lookup, Platform};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, Failure, Reason, Result};
use serde::Deserialize;

use super::copy::is_not_passed_on;
use super::request::{ImageSource, Platforms};
use super::run::{ImageRun, listed, manifest_of, resolve};
use super::select::{CONFIGURATION_BYTES, Chosen, Configuration, select};
use super::shelf::{Shelf, gone};
use super::together::together;

/// An image, or an index with the images that it lists.
///
/// Everything in it has the digest by which it was named, down from [`Composition::digest`]; nothing more is proved by that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Composition {
    /// What the reference led to.
    pub digest: Digest,
    /// Whether that is an index.
    pub is_index: bool,
    /// The image itself, or what the index lists, in its order.
    pub images: Vec<Composed>,
}

/// One image of a [`Composition`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Composed {
    /// The digest of its manifest.
    pub digest: Digest,
    /// The platform that the index gives it.
    pub listed: Option<Platform>,
    /// The platform that its configuration has.
    pub platform: Platform,
    /// Its layers, the lowest first.
    pub layers: Vec<ComposedLayer>,
}

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComposedLayer {
    /// The digest by which the manifest names it; mostly it is compressed.
    pub blob: Digest,
    /// The digest of what is in it, not compressed (`diff_id`). Whoever runs the image compares it.
    pub content: Digest,
}

impl ImageRun<'_> {
    /// Reads manifest and configuration of an image, or of every image that an index lists: two requests for each. In a
    /// layout the layers are there as well, and are held against their digests; of a registry, whoever pulls them does that.
    ///
    /// # Errors
    /// `image-not-found`, `manifest-malformed`, `limit-exceeded` and the reasons of asking a registry; of a layout also
    /// `artifact-unreadable` and `layout-malformed` for a layer that is not there or another one.
    pub fn composition(&self, image: &ImageSource) -> Result<Composition> {
        let own = self.shelf(image)?;
        let reading = async {
            let resolved = resolve(&own, image, &Platforms::All).await?;
            let manifest = match &resolved.manifest {
                Some(manifest) => manifest.clone(),
                None => manifest_of(&own, &resolved.digest, &image.to_string()).await?,
            };
            let chosen = select(&own, &manifest, &Platforms::All).await?;
            if chosen.len() > IMAGES.max {
                return Err(Failure::new(Reason::LimitExceeded)
                    .at(image.to_string())
                    .expected(format!("at most {} images ({})", IMAGES.max, IMAGES.name))
                    .found(chosen.len()));
            }
            let reading = chosen.iter().map(|chosen| composed(&own, chosen));
            let images = together(reading, IMAGES_AT_ONE_TIME).await;
            Ok(Composition {
                digest: resolved.digest,
                is_index: matches!(manifest.content(), Content::Index(_)),
                images: images.into_iter().collect::<Result<_>>()?,
            })
        };
        self.wait(std::slice::from_ref(&own), reading)?
    }
}

async fn composed(shelf: &Shelf, chosen: &Chosen) -> Result<Composed> {
    let digest = chosen.descriptor.digest;
    let place = shelf.digest_place(&digest);
    listed(shelf, &digest).await?;
    let manifest = manifest_of(shelf, &digest, &place).await?;
    let malformed = || Failure::new(Reason::ManifestMalformed).at(&*place);
    let Some(image) = manifest.image() else {
        return Err(malformed().expected("an image").found("another index"));
    };
    let bytes = shelf
        .blob(&image.config, CONFIGURATION_BYTES)
        .await
        .map_err(|failure| match failure.reason {
            Reason::ProofUnreadable => lost(shelf, &image.config),
            _ => failure,
        })?;
    if let Shelf::Layout(layout) = shelf {
        for layer in &image.layers {
            require_intact(shelf, layout, layer)?;
        }
    }
    let unread = |error: serde_json::Error| {
        let at = format!("{place}, config");
        malformed().at(at).detail(error)
    };
    let layered: Layered = serde_json::from_slice(&bytes).map_err(unread)?;
    let contents = layered.rootfs.diff_ids;
    if contents.len() != image.layers.len() {
        return Err(malformed()
            .at(format!("{place}, config.rootfs.diff_ids"))
            .expected(format!("{} layers", image.layers.len()))
            .found(contents.len()));
    }
    let layers = image.layers.iter().zip(contents);
    let layers = layers.map(|(layer, content)| {
        let content = content
            .parse()
            .map_err(|error| malformed().at(format!("{place}, config")).detail(error))?;
        Ok(ComposedLayer {
            blob: layer.digest,
            content,
        })
    });
    Ok(Composed {
        digest,
        listed: chosen.platform.clone(),
        layers: layers.collect::<Result<_>>()?,
        platform: layered.platform.into(),
    })
}

/// Reads a layer against size and digest. One that may not be passed on need not be there.
fn require_intact(shelf: &Shelf, layout: &Layout, layer: &Descriptor) -> Result<()> {
    let failed = |error| Failure::from(&error);
    match layout.open_blob(layer).map_err(failed)? {
        Lookup::Found(mut blob) => {
            while blob.chunk().map_err(failed)?.is_some() {}
            Ok(())
        }
        Lookup::Absent(_) if is_not_passed_on(&layer.media_type) => Ok(()),
        Lookup::Absent(_) => Err(lost(shelf, layer)),
    }
}

/// That a part of an image is not there, which is no proof.
fn lost(shelf: &Shelf, part: &Descriptor) -> Failure {
    Failure {
        reason: Reason::ArtifactUnreadable,
        ..gone(&shelf.digest_place(&part.digest))
    }
}

/// An image's configuration, with the layers that it names (OCI image-spec, "Image Configuration").
#[derive(Deserialize)]
struct Layered {
    #[serde(flatten)]
    platform: Configuration,
    rootfs: Rootfs,
}

#[derive(Deserialize)]
struct Rootfs {
    diff_ids: Vec<String>,
}

/// Images of one index. Those of Kubernetes have five.
const IMAGES: Limit = Limit {
    name: "images-of-index",
    max: 200,
};
/// Images of an index that are read together.
const IMAGES_AT_ONE_TIME: usize = 4;
