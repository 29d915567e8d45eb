//! Taking images along.

use std::path::{Path, PathBuf};

use sealcheck_engine::{
    CopyRequest, ImageRun, ImageSource, Platforms, Silent, create_folders, unwritable,
};
use sealcheck_registry::Reference;
use sealcheck_verify::{Digest, Failure, Outcome, Reason, Result, Verdict};

use super::layout::require_alone;
use super::{ProvedImage, ProvedSbom, Release, ReleaseImage};

/// An image in a kit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptImage {
    /// Its layout, below the kit.
    pub layout: PathBuf,
    /// What was proved and copied.
    pub digest: Digest,
}

impl ProvedImage {
    /// The verdict that decides about the image: the worst of that about its signatures and those about what is attested and
    /// there. That nothing is attested is no failure.
    #[must_use]
    pub fn decisive(&self) -> &Verdict {
        let attested = self.attestations.iter().map(|attested| &attested.verdict);
        attested
            .filter(|verdict| verdict.outcome() != Outcome::Unsigned)
            .fold(&self.verdict, |worst, verdict| {
                match verdict.outcome() > worst.outcome() {
                    true => verdict,
                    false => worst,
                }
            })
    }
}

impl Release<'_> {
    /// Proves an image and copies it with all that is attached to it into a layout below the kit's `images`. What is not
    /// verified is not copied; what cannot be copied is not verified.
    pub fn keep_image(
        &self,
        sbom: &ProvedSbom,
        image: &ReleaseImage,
        kit: &Path,
    ) -> (Verdict, Option<KeptImage>) {
        let proved = self.prove_image(sbom, image);
        let verdict = proved.decisive().clone();
        if verdict.outcome() != Outcome::Verified {
            return (verdict, None);
        }
        let digest = verdict.evidence().image.as_ref().and_then(|it| it.digest);
        match self.copy(image, digest, kit) {
            Ok(kept) => (verdict, Some(kept)),
            Err(failure) => (verdict.with_failure(failure), None),
        }
    }

    fn copy(&self, image: &ReleaseImage, digest: Option<Digest>, kit: &Path) -> Result<KeptImage> {
        let digest = digest.ok_or_else(|| {
            Failure::new(Reason::ArtifactUnreadable)
                .at(image.name.as_str())
                .detail("it is not known which manifest was proved")
        })?;
        let source = image.at(digest)?;
        let layout = PathBuf::from(IMAGES).join(image.folder());
        let target = kit.join(&layout);
        // The layout itself follows no links either.
        create_folders(kit, &layout).map_err(|error| unwritable(&target, error))?;
        let request = CopyRequest {
            image: source,
            layout: target,
            platforms: Platforms::AsGiven,
            repositories: self.repositories.clone(),
            // Also that of a layout is by its name in the kit.
            name: Reference::parse(&image.name)
                .ok()
                .map(|name| name.with_digest(digest)),
        };
        self.images.copy(&request, &Silent)?;
        // What was there before the copy is in it as well.
        let kept = ImageSource::Layout {
            path: request.layout,
            image: None,
        };
        require_alone(&ImageRun::new(self.engine), image, &kept, digest)?;
        Ok(KeptImage { layout, digest })
    }
}

/// The folder of a kit that has the layouts.
pub const IMAGES: &str = "images";
