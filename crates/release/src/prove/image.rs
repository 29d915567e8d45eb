//! The images of a release: their signatures, and what is attested about them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use sealcheck_engine::{Demand, ImageRequest, ImageSource, Platforms};
use sealcheck_registry::Reference;
use sealcheck_verify::evidence::Listed;
use sealcheck_verify::{Content, Digest, Failure, Outcome, Reason, Result, Verdict, printable};

use super::attested::{self, Named};
use super::consists::Expected;
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
    /// What is signed and attested under these names is about it.
    named: Named,
    /// What it must consist of, for each architecture; one for an image that is no index.
    pub(super) expected: Vec<Expected>,
}

/// What is known of an image.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProvedImage {
    /// The verdict about its signatures; of an index also about all images that it lists.
    pub verdict: Verdict,
    /// What is attested about it, for each kind that the profile knows.
    pub attestations: Vec<Attested>,
}

/// What is known of one kind of attestation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attested {
    /// What it is.
    pub purpose: Purpose,
    /// The verdict about it. That there is none is `unsigned`.
    pub verdict: Verdict,
    /// The levels that a verification summary names, in its words. That it passed alone does not say that the build was
    /// looked at: `SLSA_BUILD_LEVEL_UNEVALUATED` says that it was not.
    pub levels: Vec<String>,
}

impl Release<'_> {
    /// The images that the SBOM names, in order, with the indexes over them. They are in the profile's registry for the
    /// version, or in `mirror`, which has them under the same paths.
    ///
    /// # Errors
    /// `sbom-malformed` when a name is none.
    pub fn images(&self, sbom: &ProvedSbom, mirror: Option<&str>) -> Result<Vec<ReleaseImage>> {
        let version = self.version.to_string();
        let mut found: BTreeMap<String, Description> = BTreeMap::new();
        for image in sbom.document.images(&version) {
            let tag = image.tag.as_deref().unwrap_or(&version);
            let expected = Expected::of(&image);
            let index = image.for_all_architectures();
            let mut add = |repository: &str, is_index: bool| {
                let described = found.entry(repository.to_owned());
                let described = described.or_insert_with(|| Description {
                    tag: tag.to_owned(),
                    is_index,
                    certainty: image.certainty,
                    also: index.filter(|_| !is_index).map(str::to_owned),
                    expected: Vec::new(),
                });
                described.expected.push(expected.clone());
            };
            add(&image.repository, false);
            if let Some(index) = index {
                add(index, true);
            }
        }
        let registry = self.profile.registry(self.version);
        let images = found.into_iter().map(|(repository, described)| {
            let (host, path) = repository.split_once('/').unwrap_or(("", &repository));
            let canonical = registry.unwrap_or(host);
            let tag = described.tag;
            // An image that an index lists is signed with it, under the name of the index.
            let also = described
                .also
                .as_deref()
                .and_then(|also| also.split_once('/'));
            Ok(ReleaseImage {
                source: match (mirror, self.layout(path)) {
                    // Who names a registry means it.
                    (None, Some(folder)) => ImageSource::Layout {
                        path: folder,
                        image: Some(tag.clone()),
                    },
                    _ => in_registry(mirror.unwrap_or(canonical), path, &tag)?,
                },
                name: format!("{canonical}/{path}:{tag}"),
                is_index: described.is_index,
                certainty: described.certainty,
                named: Named {
                    paths: [Some(path), also.map(|(_, path)| path)]
                        .into_iter()
                        .flatten()
                        .map(Into::into)
                        .collect(),
                    tag,
                },
                expected: described.expected,
            })
        });
        images.collect()
    }

    /// The layout of a kit that holds an image. Of one that is not there the registry is asked, where it may be.
    fn layout(&self, path: &str) -> Option<PathBuf> {
        let Origin::Folder { root, .. } = &self.origin else {
            return None;
        };
        let folder = root.join("images").join(path);
        let is_absent =
            fs::metadata(&folder).is_err_and(|error| error.kind() == ErrorKind::NotFound);
        (!is_absent || self.engine.is_offline()).then_some(folder)
    }

    /// Proves an image: its signature, that it consists of what the SBOM lists, and every kind of attestation that the
    /// profile knows. Its tag is resolved once.
    pub fn prove_image(&self, sbom: &ProvedSbom, image: &ReleaseImage) -> ProvedImage {
        let verdict = match self.signature(image) {
            Ok(verdict) => reached(verdict),
            Err(failure) => self.failed(&image.name, failure),
        };
        let digest = verdict.evidence().image.as_ref().and_then(|it| it.digest);
        // What cannot be read at all has no attestations either; the verdict says why.
        let Some(digest) = digest else {
            return ProvedImage {
                verdict,
                attestations: Vec::new(),
            };
        };
        let source = image.at(digest);
        let (listed, failure) = match verdict.outcome() {
            Outcome::Verified => match self.images.composition(&source) {
                Ok(composition) => image.standing(&composition),
                Err(failure) => (Listed::NotCompared, Some(there(failure))),
            },
            _ => (Listed::NotCompared, None),
        };
        let verdict = verdict.with_release(self.facts(sbom, &image.name, listed, Vec::new()));
        let kinds = self.profile.attestations.iter();
        let attestations =
            kinds.filter_map(|kind| self.attestation(image, (&source, digest), kind));
        ProvedImage {
            verdict: match failure {
                Some(failure) => verdict.with_failure(failure),
                None => verdict,
            },
            attestations: attestations.collect(),
        }
    }

    fn signature(&self, image: &ReleaseImage) -> Result<Verdict> {
        let requirements = (*self.requirements(Purpose::Images)?).clone();
        let requirements = requirements.content(Content::Signature);
        let mut request = ImageRequest::new(image.source.clone(), requirements);
        if image.is_index {
            request.platforms = Platforms::All;
        }
        let named = image.named.clone();
        request.demand = Some(Demand::new(move |verdict| named.signature(verdict)));
        let verdict = self.images.verify(&request);
        Ok(self.with_signer(verdict.verdict().clone(), Purpose::Images))
    }

    /// `None` where nobody made attestations of this kind at this version.
    fn attestation(
        &self,
        image: &ReleaseImage,
        (source, digest): (&ImageSource, Digest),
        kind: &AttestationKind,
    ) -> Option<Attested> {
        let purpose = kind.purpose;
        let requirements = (*self.requirements(purpose).ok()?).clone();
        let content = Content::Attestation(kind.predicate_type.clone().into());
        let mut request = ImageRequest::new(source.clone(), requirements.content(content));
        let (named, verifier) = (image.named.clone(), kind.verifier.clone());
        request.demand = Some(Demand::new(move |verdict| match purpose {
            Purpose::VerificationSummaries => named.summary(verdict, verifier.as_deref(), &digest),
            _ => named.promotion(verdict),
        }));
        let verdict = self.images.verify(&request);
        let verdict = self.with_signer(verdict.verdict().clone(), purpose);
        let verdict = match verdict.failure() {
            // Signatures, and attestations of other kinds: of this kind there is none.
            Some(failure) if is_other_kind(failure.reason) => {
                let evidence = verdict.evidence();
                let none = self.failed(&image.name, Failure::new(Reason::NoProofFound));
                let none = none.with_places(evidence.places.clone());
                match &evidence.image {
                    Some(facts) => none.with_image(facts.clone()),
                    None => none,
                }
            }
            _ => verdict,
        };
        let levels = match purpose {
            Purpose::VerificationSummaries => attested::levels(&verdict),
            _ => Vec::new(),
        };
        Some(Attested {
            purpose,
            verdict,
            levels,
        })
    }
}

fn in_registry(registry: &str, path: &str, tag: &str) -> Result<ImageSource> {
    let text = format!("{}/{path}:{tag}", registry.trim_end_matches('/'));
    match Reference::parse(&text) {
        Ok(reference) => Ok(ImageSource::Registry(reference)),
        Err(error) => Err(Failure::new(Reason::SbomMalformed)
            .found(printable(&text))
            .detail(error)),
    }
}

/// What an SBOM says of an image, before its name is known.
struct Description {
    tag: String,
    is_index: bool,
    certainty: Certainty,
    /// The index over it.
    also: Option<String>,
    expected: Vec<Expected>,
}

impl ReleaseImage {
    /// The image with the digest that was proved: its tag may have moved meanwhile.
    #[must_use]
    pub fn at(&self, digest: Digest) -> ImageSource {
        match &self.source {
            ImageSource::Registry(reference) => {
                ImageSource::Registry(reference.with_digest(digest))
            }
            ImageSource::Layout { path, .. } => ImageSource::Layout {
                path: path.clone(),
                image: Some(digest.to_string()),
            },
        }
    }
}

/// What the release lists and its place does not have is not there yet, or no longer; nobody has mistyped it.
fn reached(verdict: Verdict) -> Verdict {
    match verdict.failure() {
        Some(failure) if is_absent(failure.reason) => {
            let reason = failure.reason;
            let there = there(failure.clone());
            verdict.with_failure_for(reason, there)
        }
        _ => verdict,
    }
}

/// The same of a failure.
fn there(failure: Failure) -> Failure {
    match is_absent(failure.reason) {
        true => Failure::new(Reason::ArtifactUnreadable)
            .at(failure.field.unwrap_or_default())
            .detail("the release lists it, and nothing is there"),
        false => failure,
    }
}

fn is_absent(reason: Reason) -> bool {
    matches!(reason, Reason::ImageNotFound | Reason::FileNotFound)
}

fn is_other_kind(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NotAnAttestation | Reason::NotASignature | Reason::PredicateTypeMismatch
    )
}
