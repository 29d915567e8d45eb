//! The images of a release: their signatures, and what is attested about them.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use sealcheck_engine::{Demand, ImageLayers, ImageRequest, ImageSource, Platforms};
use sealcheck_registry::Reference;
use sealcheck_verify::evidence::{ImageSignatureFacts, Listed};
use sealcheck_verify::{Content, Digest, Failure, Outcome, Reason, Result, Verdict, printable};
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
    /// The layers that the SBOM lists for it; of an index, those of each image that it is over. Without those that are listed
    /// without layers.
    pub layers: Vec<HashSet<Digest>>,
}

/// What is known of an image.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProvedImage {
    /// The verdict about its signatures; of an index also about all images that it lists. An image that is not the one which
    /// the SBOM lists is rejected, whoever signed it.
    pub verdict: Verdict,
    /// Whether the SBOM lists these layers for it. A signature names only the repository of an image and its digest: with that
    /// of an old version an old image would pass for the new one.
    pub listed: Listed,
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
        let mut found: BTreeMap<String, Found> = BTreeMap::new();
        for image in sbom.document.images(&version) {
            let tag = image.tag.as_deref().unwrap_or(&version).to_owned();
            let index = image.for_all_architectures().map(str::to_owned);
            let layers = sbom.document.layers(&image.package);
            for (repository, is_index) in
                [(Some(image.repository.to_string()), false), (index, true)]
            {
                let Some(repository) = repository else {
                    continue;
                };
                let found = found.entry(repository).or_insert_with(|| Found {
                    tag: tag.clone(),
                    is_index,
                    certainty: image.certainty,
                    layers: Vec::new(),
                });
                found
                    .layers
                    .extend(Some(layers.clone()).filter(|it| !it.is_empty()));
            }
        }
        let registry = self.profile.registry(self.version);
        let images = found.into_iter().map(|(repository, found)| {
            let (host, path) = repository.split_once('/').unwrap_or(("", &repository));
            let canonical = registry.unwrap_or(host);
            let name = format!("{canonical}/{path}:{}", found.tag);
            Ok(ReleaseImage {
                source: self.image_source(mirror.unwrap_or(canonical), path, &found.tag)?,
                name,
                is_index: found.is_index,
                certainty: found.certainty,
                layers: found.layers,
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

    /// Proves an image: its signature, that its layers are those which the SBOM lists, and every kind of attestation that the
    /// profile knows.
    pub fn prove_image(&self, image: &ReleaseImage) -> ProvedImage {
        let verdict = match self.signature(image) {
            Ok(verdict) => verdict,
            Err(failure) => {
                return ProvedImage {
                    verdict: self.failed(&image.name, failure),
                    listed: Listed::NotCompared,
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
        let (listed, failure) = match verdict.outcome() {
            Outcome::Verified => self.compare(image, &verdict),
            // What nobody signed need not be read.
            _ => (Listed::NotCompared, None),
        };
        let verdict = match failure {
            Some(failure) => verdict.with_failure(failure),
            None => verdict,
        };
        ProvedImage {
            verdict,
            listed,
            attestations,
        }
    }

    /// Whether what was proved are the layers that the SBOM lists.
    fn compare(&self, image: &ReleaseImage, verdict: &Verdict) -> (Listed, Option<Failure>) {
        let digest = verdict.evidence().image.as_ref().and_then(|it| it.digest);
        let Some(digest) = digest.filter(|_| !image.layers.is_empty()) else {
            return (Listed::NotCompared, None);
        };
        let source = match &image.source {
            ImageSource::Registry(reference) => {
                ImageSource::Registry(reference.with_digest(digest))
            }
            ImageSource::Layout { path, .. } => ImageSource::Layout {
                path: path.clone(),
                image: Some(digest.to_string()),
            },
        };
        match self.engine.image_layers(&source) {
            Err(failure) => (Listed::NotCompared, Some(failure)),
            Ok(found) => match found.iter().find(|found| !is_listed(found, &image.layers)) {
                None => (Listed::Same, None),
                Some(other) => {
                    let failure = Failure::new(Reason::ReleaseMismatch)
                        .at(&*image.name)
                        .found(other.manifest)
                        .detail(
                            "it was signed, and the SBOM lists other layers: it is another image, or one of another version",
                        );
                    (Listed::Other, Some(failure))
                }
            },
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
        let verdict = verdict.verdict();
        if is_absent(verdict, &kind.predicate_type) {
            let failure = Failure::new(Reason::NoProofFound)
                .expected(&*kind.predicate_type)
                .detail("what is attached is something else");
            return Some(self.failed(&image.name, failure));
        }
        Some(self.with_signer(verdict.clone(), kind.purpose))
    }
}

/// What an SBOM says of an image.
struct Found {
    tag: String,
    is_index: bool,
    certainty: Certainty,
    layers: Vec<HashSet<Digest>>,
}

/// Whether an SBOM lists these layers for an image. It has the digests of the archive that the image was made from, in which
/// layers are unpacked, or compressed as in a registry, as the program wrote it that made the archive.
fn is_listed(found: &ImageLayers, listed: &[HashSet<Digest>]) -> bool {
    [&found.unpacked, &found.stored].into_iter().any(|layers| {
        let layers: HashSet<Digest> = layers.iter().copied().collect();
        listed.contains(&layers)
    })
}

/// Whether all that is attached to an image is something else than attestations of this type: its signatures, for example.
/// What cannot be read may be one.
fn is_absent(verdict: &Verdict, predicate_type: &str) -> bool {
    let image = verdict.evidence().image.as_ref();
    let attached = image.map_or(&[][..], |image| &image.signatures);
    let is_other = |attached: &ImageSignatureFacts| {
        let is_of_other_type = attached
            .predicate_type
            .as_deref()
            .is_some_and(|own| own != predicate_type);
        attached.reason == Some(Reason::NotAnAttestation) || is_of_other_type
    };
    verdict.outcome() == Outcome::Rejected && !attached.is_empty() && attached.iter().all(is_other)
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
