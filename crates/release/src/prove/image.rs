//! The images of a release: their signatures, and what is attested about them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sealcheck_engine::{Demand, ImageRequest, ImageSource, Platforms};
use sealcheck_registry::Reference;
use sealcheck_verify::{Content, Failure, Outcome, Reason, Result, Verdict, printable};
use serde::Deserialize;

use super::{Origin, ProvedSbom, Release};
use crate::Purpose;
use crate::profile::AttestationKind;
use crate::spdx::Certainty;

/// An image that a release names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReleaseImage {
    /// Its canonical name with the tag, without what a mirror would change.
    pub name: String,
    /// Where it is.
    pub source: ImageSource,
    /// Whether it is the index over the images of several architectures. SBOMs name only these images; the index is named
    /// like them without the architecture.
    pub is_index: bool,
    /// How sure the name is: SBOMs of Kubernetes have it only in identifiers.
    pub certainty: Certainty,
}

/// What is known of an image.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProvedImage {
    /// The verdict about its signatures; of an index also about all images that it lists.
    pub verdict: Verdict,
    /// What is attested about it, for each kind that the profile knows. That there is nothing is `unsigned`.
    pub attestations: Vec<(Purpose, Verdict)>,
}

impl Release<'_> {
    /// The images that the SBOM names, in order, with the indexes over them. They are in the profile's registry for the
    /// version, or in `mirror`, which has them under the same paths.
    ///
    /// # Errors
    /// `sbom-malformed` when a name is none.
    pub fn images(&self, sbom: &ProvedSbom, mirror: Option<&str>) -> Result<Vec<ReleaseImage>> {
        let version = self.version.to_string();
        let mut found: BTreeMap<String, (String, bool, Certainty)> = BTreeMap::new();
        for image in sbom.document.images(&version) {
            let tag = image.tag.as_deref().unwrap_or(&version).to_owned();
            let index = image.for_all_architectures().map(str::to_owned);
            for (repository, is_index) in
                [(Some(image.repository.to_string()), false), (index, true)]
            {
                let Some(repository) = repository else {
                    continue;
                };
                found
                    .entry(repository)
                    .or_insert((tag.clone(), is_index, image.certainty));
            }
        }
        let registry = self.profile.registry(self.version);
        let images = found
            .into_iter()
            .map(|(repository, (tag, is_index, certainty))| {
                let (host, path) = repository.split_once('/').unwrap_or(("", &repository));
                let canonical = registry.unwrap_or(host);
                let name = format!("{canonical}/{path}:{tag}");
                Ok(ReleaseImage {
                    source: self.image_source(mirror.unwrap_or(canonical), path, &tag)?,
                    name,
                    is_index,
                    certainty,
                })
            });
        images.collect()
    }

    fn image_source(&self, registry: &str, path: &str, tag: &str) -> Result<ImageSource> {
        if let Some(folder) = self.layout(path) {
            return Ok(ImageSource::Layout {
                path: folder,
                image: Some(tag.to_owned()),
            });
        }
        let text = format!("{}/{path}:{tag}", registry.trim_end_matches('/'));
        match Reference::parse(&text) {
            Ok(reference) => Ok(ImageSource::Registry(reference)),
            Err(error) => Err(Failure::new(Reason::SbomMalformed)
                .found(printable(&text))
                .detail(error)),
        }
    }

    /// The layout of a kit that holds an image.
    fn layout(&self, path: &str) -> Option<PathBuf> {
        let Origin::Folder { root, .. } = &self.origin else {
            return None;
        };
        Some(root.join("images").join(path)).filter(|folder| folder.is_dir())
    }

    /// Proves an image: its signature, and every kind of attestation that the profile knows. `lookup`: whether the log may
    /// be asked.
    pub fn prove_image(&self, image: &ReleaseImage) -> ProvedImage {
        let verdict = match self.signature(image) {
            Ok(verdict) => verdict,
            Err(failure) => {
                return ProvedImage {
                    verdict: self.failed(&image.name, failure),
                    attestations: Vec::new(),
                };
            }
        };
        // What cannot be read at all has no attestations either; the verdict says why.
        let is_there = verdict
            .evidence()
            .image
            .as_ref()
            .is_some_and(|image| image.digest.is_some());
        let kinds = self.profile.attestations.iter().filter(|_| is_there);
        let attestations = kinds
            .filter_map(|kind| Some((kind.purpose, self.attestation(image, kind)?)))
            .collect();
        ProvedImage {
            verdict,
            attestations,
        }
    }

    fn signature(&self, image: &ReleaseImage) -> Result<Verdict> {
        let requirements = (*self.requirements(Purpose::Images)?).clone();
        let requirements = requirements.content(Content::Signature);
        let mut request = ImageRequest::new(image.source.clone(), requirements);
        if image.is_index {
            request.platforms = Platforms::All;
        }
        let verdict = self.engine.verify_image(&request);
        Ok(self.with_signer(verdict.verdict().clone(), Purpose::Images))
    }

    /// `None` where nobody made attestations of this kind at this version.
    fn attestation(&self, image: &ReleaseImage, kind: &AttestationKind) -> Option<Verdict> {
        let requirements = (*self.requirements(kind.purpose).ok()?).clone();
        let content = Content::Attestation(kind.predicate_type.clone().into());
        let mut request = ImageRequest::new(image.source.clone(), requirements.content(content));
        if let Some(verifier) = kind.verifier.clone() {
            request.demand = Some(Demand::new(move |verdict| passed(verdict, &verifier)));
        }
        let verdict = self.engine.verify_image(&request);
        Some(self.with_signer(verdict.verdict().clone(), kind.purpose))
    }
}

/// What is judged of a verification summary (slsa.dev/verification_summary/v1).
#[derive(Deserialize)]
struct Summary {
    verifier: Verifier,
    #[serde(rename = "verificationResult")]
    result: String,
}

#[derive(Deserialize)]
struct Verifier {
    id: String,
}

/// A summary proves something only when it is by this verifier, and says that what it verified passed.
fn passed(verdict: Verdict, verifier: &str) -> Verdict {
    let failure = |expected: String, found: &str| {
        Failure::new(Reason::PolicyRefused)
            .at("predicate")
            .expected(expected)
            .found(printable(found))
    };
    let statement = verdict
        .statement()
        .and_then(|statement| statement.predicate());
    let failure = match statement.map(serde_json::from_str::<Summary>) {
        Some(Ok(summary)) if summary.verifier.id != verifier => Some(failure(
            format!("verifier {verifier}"),
            &summary.verifier.id,
        )),
        Some(Ok(summary)) if summary.result != "PASSED" => {
            Some(failure("PASSED".to_owned(), &summary.result))
        }
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(failure(
            "a verification summary".to_owned(),
            &error.to_string(),
        )),
        None => Some(failure("a verification summary".to_owned(), "none")),
    };
    match failure {
        Some(failure) if verdict.outcome() == Outcome::Verified => verdict.with_failure(failure),
        _ => verdict,
    }
}
