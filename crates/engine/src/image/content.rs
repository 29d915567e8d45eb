//! What images consist of.

use sealcheck_registry::{Content, Platform};
use sealcheck_verify::{Digest, Failure, Reason, Result, printable};
use serde::Deserialize;

use super::inventory::find;
use super::request::{ImageSource, Platforms};
use super::run::{Run, manifest_of};
use super::select::CONFIGURATION_BYTES;
use super::shelf::Shelf;
use super::together::together;
use crate::engine::Engine;

/// The layers of an image, each by two digests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageLayers {
    /// The image's manifest.
    pub manifest: Digest,
    /// The platform that it is for, where an index says so.
    pub platform: Option<Platform>,
    /// The digests of the layers as the registry has them, mostly compressed.
    pub stored: Vec<Digest>,
    /// The digests of the layers when they are unpacked, as the configuration has them (`rootfs.diff_ids` in the image
    /// specification).
    pub unpacked: Vec<Digest>,
}

impl Engine {
    /// The layers of an image, or of each image of an index. Nothing of it is verified here but that manifest and
    /// configuration are those of their digests.
    ///
    /// # Errors
    /// When a manifest or a configuration cannot be read: `image-not-found`, and the reasons of registries and layouts.
    pub fn image_layers(&self, image: &ImageSource) -> Result<Vec<ImageLayers>> {
        let run = Run::new(self);
        let own = run.shelf(image)?;
        let name = image.to_string();
        let reading = async {
            let (_, chosen) = find(&own, image, &Platforms::All).await?;
            let each = chosen.iter().map(|chosen| async {
                let digest = chosen.descriptor.digest;
                let layers = layers(&own, &digest, &name).await?;
                Ok(layers.map(|layers| ImageLayers {
                    platform: chosen.platform.clone(),
                    ..layers
                }))
            });
            let read: Vec<Result<Option<ImageLayers>>> = together(each, AT_ONE_TIME).await;
            read.into_iter().filter_map(Result::transpose).collect()
        };
        run.wait(std::slice::from_ref(&own), reading)?
    }
}

/// `None` for an index, which has no layers itself.
async fn layers(shelf: &Shelf, digest: &Digest, name: &str) -> Result<Option<ImageLayers>> {
    let manifest = manifest_of(shelf, digest, name).await?;
    let Content::Image(image) = manifest.content() else {
        return Ok(None);
    };
    let unreadable = |failure: Failure| match failure.reason {
        // Of the image itself, not of a proof.
        Reason::ProofUnreadable => Failure {
            reason: Reason::ArtifactUnreadable,
            ..failure
        },
        _ => failure,
    };
    let bytes = shelf.blob(&image.config, CONFIGURATION_BYTES).await;
    let bytes = bytes.map_err(unreadable)?;
    let unpacked = unpacked(&bytes).map_err(|error| {
        Failure::new(Reason::ArtifactUnreadable)
            .at(shelf.digest_place(&image.config.digest))
            .detail(format_args!(
                "the configuration of the image does not list its layers: {error}"
            ))
    })?;
    Ok(Some(ImageLayers {
        manifest: *digest,
        platform: None,
        stored: image.layers.iter().map(|layer| layer.digest).collect(),
        unpacked,
    }))
}

fn unpacked(configuration: &[u8]) -> std::result::Result<Vec<Digest>, String> {
    let read: Configuration =
        serde_json::from_slice(configuration).map_err(|error| error.to_string())?;
    let digests = read.rootfs.diff_ids.iter();
    digests
        .map(|text| text.parse().map_err(|_| printable(text)))
        .collect()
}

/// What is read of an image's configuration.
#[derive(Deserialize)]
struct Configuration {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// How many images of an index are read at one time.
const AT_ONE_TIME: usize = 4;
