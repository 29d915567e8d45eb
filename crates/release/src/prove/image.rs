//! The images of a release: their signatures, and what is attested about them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealcheck_engine::{Composition, Demand, ImageRequest, ImageSource, Platforms};
use sealcheck_registry::layout::{INDEX_JSON, OCI_LAYOUT};
use sealcheck_verify::evidence::Listed;
use sealcheck_verify::{Content, Digest, Failure, Outcome, Reason, Result, Verdict, printable};

use super::attested::{self, Named};
use super::consists::{Expected, is_for_several};
use super::layout::require_alone;
use super::name::{self, Name, Which};
use super::{IMAGES, INFERRED, LISTED, Origin, ProvedSbom, Release, reached, there};
use crate::profile::AttestationKind;
use crate::spdx::Certainty;
use crate::{Platform, Purpose};

/// An image that a release names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReleaseImage {
    /// Its canonical name with the tag, or with the digest where the SBOM has no tag; without what a mirror would change.
    pub name: String,
    /// Whether it is the index over the images of several architectures. SBOMs name only these images; the index is named
    /// like them without the architecture.
    pub is_index: bool,
    /// How sure the name is: SBOMs of Kubernetes have it only in identifiers.
    pub certainty: Certainty,
    /// Where a kit has it below `images`.
    folder: String,
    /// Where it is; or why its name, which the SBOM has, is none.
    source: Result<ImageSource>,
    /// What is signed and attested under these names is about it.
    named: Named,
    /// The images that the release names by their digests alone in the same repository.
    pub(super) neighbours: Vec<Digest>,
    /// Whether the SBOM has it, or only implies it by the names of others.
    is_listed: bool,
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
    /// The images that the SBOM names, in the order of their names, with the indexes over them. They are in the profile's
    /// registry for the version, unless the SBOM states another one that is not the project's; or in `mirror`, which has
    /// them under the same paths. A name that cannot be read is a failure of its image alone.
    ///
    /// # Errors
    /// `argument-invalid` when `mirror` is no registry.
    pub fn images(&self, sbom: &ProvedSbom, mirror: Option<&str>) -> Result<Vec<ReleaseImage>> {
        mirror.map_or(Ok(()), name::require_registry)?;
        let version = self.version.to_string();
        let registry = self.profile.registry(self.version);
        let mut found: BTreeMap<(Name, Which), Description> = BTreeMap::new();
        for image in sbom.document.images(&version) {
            let named = |repository: &str| {
                let images = self.profile.images.as_ref();
                Name::of(repository, image.certainty, images, registry)
            };
            let expected = Expected::of(&image);
            // Of a name that the document has word for word nothing is made that it does not have.
            let index = match image.certainty {
                Certainty::Exact => None,
                _ => image.for_all_architectures().map(named),
            };
            let mut add = |key: (Name, Which), is_index: bool, also: Option<&Name>| {
                let described = found.entry(key).or_insert_with(|| Description {
                    is_index,
                    is_listed: false,
                    certainty: image.certainty,
                    also: also.map(|also| also.path.clone()),
                    expected: Vec::new(),
                });
                described.is_index |= is_index;
                described.is_listed |= !is_index;
                described.certainty = described.certainty.min(image.certainty);
                if !described.expected.contains(&expected) {
                    described.expected.push(expected.clone());
                }
            };
            let own = (named(&image.repository), Which::of(&image));
            add(own, false, index.as_ref());
            if let Some(index) = index {
                // A digest is that of the image, and not of the index over it.
                let tag = image.tag.as_deref().unwrap_or(&version).to_owned();
                add((index, Which::Tag(tag)), true, None);
            }
        }
        let mut untagged: BTreeMap<Name, Vec<Digest>> = BTreeMap::new();
        for (name, which) in found.keys() {
            if let Which::Digest(digest) = which {
                let here = untagged.entry(name.clone()).or_default();
                here.extend(digest.parse::<Digest>());
            }
        }
        let images = found.into_iter();
        let images = images.map(|((name, which), described)| ReleaseImage {
            neighbours: untagged.get(&name).cloned().unwrap_or_default(),
            source: name.reference(&which, mirror).and_then(|reference| {
                let layout = match mirror {
                    None => self.layout(&name.folder(registry), why_expected(described.is_listed)),
                    // Who names a registry means it.
                    Some(_) => None,
                };
                Ok(match layout {
                    Some(folder) => ImageSource::Layout {
                        path: folder?,
                        image: which.text().map(str::to_owned),
                    },
                    None => ImageSource::Registry(reference),
                })
            }),
            name: name.with(&which),
            is_index: described.is_index || is_for_several(&described.expected),
            certainty: described.certainty,
            named: Named {
                // An image that an index lists is signed with it, under the name of the index.
                paths: std::iter::once(&name.path)
                    .chain(&described.also)
                    .map(|path| path.as_str().into())
                    .collect(),
                tag: which.tag().map(str::to_owned),
            },
            folder: name.folder(registry),
            is_listed: described.is_listed,
            expected: described.expected,
        });
        Ok(images.collect())
    }

    /// The layout of a kit that holds an image. Of one that is not there the registry is asked, where it may be. A folder that
    /// only leads to others is none.
    fn layout(&self, folder: &str, why: &'static str) -> Option<Result<PathBuf>> {
        let Origin::Folder { root, .. } = &self.origin else {
            return None;
        };
        let folder = root.join(IMAGES).join(folder);
        let is_absent = |path: &Path| {
            fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
        };
        let is_absent = match folder.is_dir() {
            true => [OCI_LAYOUT, INDEX_JSON]
                .iter()
                .all(|name| is_absent(&folder.join(name))),
            false => is_absent(&folder),
        };
        match (is_absent, self.engine.is_offline()) {
            (false, _) => Some(Ok(folder)),
            (true, true) => {
                let missing = Failure::new(Reason::FileNotFound);
                let missing = missing.at(printable(&folder.display().to_string()));
                Some(Err(there(missing, why)))
            }
            (true, false) => None,
        }
    }

    /// Proves an image: its signature, that it consists of what the SBOM lists, and every kind of attestation that the
    /// profile knows. Its tag is resolved once.
    pub fn prove_image(&self, sbom: &ProvedSbom, image: &ReleaseImage) -> ProvedImage {
        let verdict = match self.signature(image) {
            Ok(verdict) => reached(verdict, why_expected(image.is_listed)),
            Err(failure) => self.failed(&image.name, failure),
        };
        let digest = verdict.evidence().image.as_ref().and_then(|it| it.digest);
        // What cannot be read at all has no attestations either; the verdict says why.
        let source = digest.and_then(|digest| Some((image.at(digest).ok()?, digest)));
        let Some((source, digest)) = source else {
            return ProvedImage {
                verdict,
                attestations: Vec::new(),
            };
        };
        let (listed, failure) = match verdict.outcome() {
            Outcome::Verified => match self.composition(image, &source, digest) {
                Ok(composition) => image.standing(&composition),
                Err(failure) => (
                    Listed::NotCompared,
                    Some(there(failure, why_expected(image.is_listed))),
                ),
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

    /// What an image consists of, where nothing else can be taken for it.
    fn composition(
        &self,
        image: &ReleaseImage,
        source: &ImageSource,
        digest: Digest,
    ) -> Result<Composition> {
        require_alone(&self.images, image, source, digest)?;
        self.images.composition(source)
    }

    fn signature(&self, image: &ReleaseImage) -> Result<Verdict> {
        let requirements = (*self.requirements(Purpose::Images)?).clone();
        let requirements = Arc::new(requirements.content(Content::Signature));
        let named = image.named.clone();
        let demand = self.demand(Purpose::Images, move |verdict| named.signature(verdict));
        let verify = |source: ImageSource, platforms: Platforms| {
            let mut request = ImageRequest::new(source, requirements.clone());
            request.repositories.clone_from(&self.repositories);
            request.demand = Some(demand.clone());
            request.platforms = platforms;
            self.images.verify(&request)
        };
        let platforms = match image.is_index {
            true => Platforms::All,
            false => Platforms::AsGiven,
        };
        let found = verify(image.source.clone()?, platforms);
        let verdict = self.with_stranger(found.verdict().clone(), Purpose::Images);
        let (true, Outcome::Verified, Some(digest)) =
            (image.is_index, verdict.outcome(), found.digest())
        else {
            return Ok(verdict);
        };
        // Anybody can make another index over images that are signed: it needs a signature of its own, which proves them too.
        if found.accepted().any(|proof| proof.subject == *digest) {
            return Ok(verdict);
        }
        // Why it has none, with all images that were asked about.
        let own = verify(image.at(*digest)?, Platforms::AsGiven);
        let own = self.with_stranger(own.verdict().clone(), Purpose::Images);
        Ok(match verdict.evidence().image.clone() {
            Some(facts) => own.with_image(facts),
            None => own,
        })
    }

    /// A demand on each proof of an image, with that of the profile on its signer: one proof that counts is enough.
    fn demand(
        &self,
        purpose: Purpose,
        judge: impl Fn(Verdict) -> Verdict + Send + Sync + 'static,
    ) -> Demand {
        let in_force = self.in_force(purpose);
        Demand::new(move |verdict| {
            let verdict = judge(verdict);
            match &in_force {
                Some(in_force) => in_force.judge(verdict),
                None => verdict,
            }
        })
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
        request.repositories.clone_from(&self.repositories);
        let (named, verifier) = (image.named.clone(), kind.verifier.clone());
        request.demand = Some(self.demand(purpose, move |verdict| match purpose {
            Purpose::VerificationSummaries => named.summary(verdict, verifier.as_deref(), &digest),
            _ => named.promotion(verdict),
        }));
        let verdict = self.images.verify(&request);
        let verdict = self.with_stranger(verdict.verdict().clone(), purpose);
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
            _ => reached(verdict, LISTED),
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

/// What an SBOM says of an image, as far as its packages were read.
struct Description {
    is_index: bool,
    /// Whether it is more than implied by the names of others.
    is_listed: bool,
    certainty: Certainty,
    /// The path of the index over it.
    also: Option<String>,
    expected: Vec<Expected>,
}

/// What is said where an image is not there.
fn why_expected(is_listed: bool) -> &'static str {
    match is_listed {
        true => LISTED,
        false => INFERRED,
    }
}

impl ReleaseImage {
    /// The image with the digest that was proved: its tag may have moved meanwhile.
    ///
    /// # Errors
    /// `sbom-malformed` when its name is none.
    pub fn at(&self, digest: Digest) -> Result<ImageSource> {
        match &self.source {
            Ok(ImageSource::Registry(reference)) => {
                Ok(ImageSource::Registry(reference.with_digest(digest)))
            }
            Ok(ImageSource::Layout { path, .. }) => Ok(ImageSource::Layout {
                path: path.clone(),
                image: Some(digest.to_string()),
            }),
            Err(failure) => Err(failure.clone()),
        }
    }

    /// The folder below `images` in which a kit has its layout.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Whether it may be for this platform, as far as the SBOM says. An index is for every architecture that it lists, and is
    /// proved whole.
    #[must_use]
    pub fn is_for(&self, platform: &Platform) -> bool {
        let mut expected = self.expected.iter();
        expected.any(|expected| expected.may_be_for(platform))
    }
}

fn is_other_kind(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NotAnAttestation | Reason::NotASignature | Reason::PredicateTypeMismatch
    )
}
