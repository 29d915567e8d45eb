//! From the request to the verdict.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use sealcheck_registry::{Descriptor, Reference};
use sealcheck_verify::evidence::{Place, ProvedBy};
use sealcheck_verify::{Digest, Failure, Outcome, Reason, Result, Verdict};

use super::budget::Budget;
use super::discover::{Discovery, Scope, discover};
use super::facts::image_facts;
use super::judge::{Judge, describe};
use super::log::look_up;
use super::request::{ImageRequest, ImageSource, Platforms};
use super::run::{ImageRun, Resolved, listed, loads_only, manifest_of, resolve};
use super::select::{Chosen, select};
use super::shelf::Shelf;
use super::together::together;
use super::verdict::{ImageVerdict, Proof, Target};
use crate::engine::Engine;
use crate::ordered::ordered;

impl Engine {
    /// Verifies one image. There is always a verdict: what fails on the way is one with its reason.
    #[must_use]
    pub fn verify_image(&self, request: &ImageRequest) -> ImageVerdict {
        ImageRun::new(self).verify(request)
    }

    /// Verifies many images, `jobs` at one time, and hands each verdict to `on_result` on the calling thread and in the
    /// order of the requests. Connections, tokens and answers are shared: an object that several images need is fetched
    /// once. Memory is bounded by `jobs`. An image that fails does not stop the others; `on_result` can.
    pub fn verify_images(
        &self,
        requests: impl IntoIterator<Item = ImageRequest>,
        jobs: NonZeroUsize,
        on_result: impl FnMut(usize, ImageVerdict) -> ControlFlow<()>,
    ) {
        let run = ImageRun::new(self);
        ordered(requests, jobs, |request| run.verify(&request), on_result);
    }
}

impl ImageRun<'_> {
    /// The same as [`Engine::verify_image`], with the answers of this run.
    #[must_use]
    pub fn verify(&self, request: &ImageRequest) -> ImageVerdict {
        let judge = Judge {
            engine: self.engine,
            request,
            now: self.engine.clock.now(),
        };
        let mut session = Session {
            run: self,
            judge,
            places: Vec::new(),
            failures: Vec::new(),
            proofs: Vec::new(),
        };
        match session.run() {
            Ok(verdict) => verdict,
            Err(failure) => session.conclude(None, Vec::new(), Some(failure)),
        }
    }
}

/// The verification of one image.
struct Session<'s> {
    run: &'s ImageRun<'s>,
    judge: Judge<'s>,
    places: Vec<Place>,
    /// The places that gave no answer, and which manifest was looked for there.
    failures: Vec<(Digest, Failure)>,
    proofs: Vec<Proof>,
}

impl Session<'_> {
    fn run(&mut self) -> Result<ImageVerdict> {
        let request = self.judge.request;
        let own = self.run.shelf(&request.image)?;
        let shelves = self.run.proof_shelves(&own, &request.repositories)?;
        let here = std::slice::from_ref(&own);
        let resolving = resolve(&own, &request.image, &request.platforms);
        let resolved = self.run.wait(here, resolving)??;
        let chosen = match &resolved.manifest {
            Some(manifest) => {
                let selecting = select(&own, manifest, &request.platforms);
                match self.run.wait(here, selecting)? {
                    Ok(chosen) => Some(chosen),
                    Err(failure) => {
                        return Ok(self.conclude(Some(&resolved), Vec::new(), Some(failure)));
                    }
                }
            }
            None => None,
        };
        let wanted: Vec<(Digest, Option<&Chosen>)> = match &chosen {
            Some(chosen) => chosen
                .iter()
                .map(|chosen| (chosen.descriptor.digest, Some(chosen)))
                .collect(),
            None => vec![(resolved.digest, None)],
        };
        let digests: Vec<Digest> = wanted.iter().map(|(digest, _)| *digest).collect();
        if let Err(failure) = loads_only(&own, &request.image, &resolved, &digests) {
            return Ok(self.conclude(Some(&resolved), Vec::new(), Some(failure)));
        }
        let budget = Budget::new();
        self.look(&shelves, &[resolved.digest], &budget)?;
        // What the index's own signatures do not prove is looked at itself.
        let index = resolved.digest;
        if self.judge_target(&index, &index).outcome() != Outcome::Verified {
            let mut children: Vec<Digest> = Vec::new();
            for (digest, _) in &wanted {
                if *digest != index && !children.contains(digest) {
                    children.push(*digest);
                }
            }
            self.look(&shelves, &children, &budget)?;
        }
        self.ask_log(&index, &wanted);
        let mut targets: Vec<Target> = wanted
            .iter()
            .map(|(digest, chosen)| self.target(&index, digest, *chosen))
            .collect();
        // Before something is called unsigned it must be there.
        self.require_listed(&own, &index, &mut targets)?;
        if targets.iter().all(is_unsigned) && !resolved.is_there {
            let name = request.image.to_string();
            let looking = manifest_of(&own, &resolved.digest, &name);
            if let Err(failure) = self.run.wait(here, looking)? {
                let failure = behind_its_tag(&request.image, failure);
                return Ok(self.conclude(Some(&resolved), Vec::new(), Some(failure)));
            }
        }
        Ok(self.conclude(Some(&resolved), targets, None))
    }

    /// Looks for proofs of these manifests and judges them.
    fn look(&mut self, shelves: &[Shelf], subjects: &[Digest], budget: &Budget) -> Result<()> {
        let looking = async {
            let each = subjects
                .iter()
                .map(|subject| discover(shelves, subject, Scope::Proofs, budget));
            together(each, SUBJECTS_AT_ONE_TIME).await
        };
        let found = self.run.wait(shelves, looking)?;
        let mut discovery = Discovery::default();
        for (subject, found) in subjects.iter().zip(found) {
            let failures = found.failures.iter().cloned();
            self.failures
                .extend(failures.map(|failure| (*subject, failure)));
            discovery.append(found);
        }
        let before = self.places.len();
        for item in &mut discovery.items {
            item.place += before;
        }
        self.places.append(&mut discovery.places);
        self.proofs.extend(self.judge.proofs(&discovery.items));
        Ok(())
    }

    /// An index may be there without the images that it lists: a layout of one platform, a sparse index.
    fn require_listed(&self, own: &Shelf, index: &Digest, targets: &mut [Target]) -> Result<()> {
        let unsigned: Vec<&mut Target> = targets
            .iter_mut()
            .filter(|target| target.digest != *index && is_unsigned(target))
            .collect();
        if unsigned.is_empty() {
            return Ok(());
        }
        let looking = unsigned.iter().map(|target| listed(own, &target.digest));
        let looking = together(looking, SUBJECTS_AT_ONE_TIME);
        let answers = self.run.wait(std::slice::from_ref(own), looking)?;
        for (target, answer) in unsigned.into_iter().zip(answers) {
            if let Err(failure) = answer {
                target.verdict = self.judge.failed(failure, Some(&target.digest));
            }
        }
        Ok(())
    }

    /// Where a target is not proved, asks the log on behalf of its proofs that lack only an entry.
    fn ask_log(&mut self, index: &Digest, wanted: &[(Digest, Option<&Chosen>)]) {
        let open: Vec<Digest> = wanted
            .iter()
            .filter(|(digest, _)| self.judge_target(index, digest).outcome() != Outcome::Verified)
            .flat_map(|(digest, _)| [*index, *digest])
            .collect();
        if !open.is_empty() {
            let places = look_up(&self.judge, &mut self.proofs, &open);
            self.places.extend(places);
        }
    }

    /// The verdict about a manifest by its own proofs and those of the index.
    fn judge_target(&self, index: &Digest, digest: &Digest) -> Verdict {
        self.judge_by(digest, &[*digest, *index]).0
    }

    /// The verdict by the proofs of these manifests, and the position of the place that decided.
    fn judge_by(&self, digest: &Digest, subjects: &[Digest]) -> (Verdict, Option<usize>) {
        let proofs: Vec<&Proof> = self
            .proofs
            .iter()
            .filter(|proof| subjects.contains(&proof.subject))
            .collect();
        let failures: Vec<Failure> = self
            .failures
            .iter()
            .filter(|(subject, _)| subjects.contains(subject))
            .map(|(_, failure)| failure.clone())
            .collect();
        self.judge.decide(digest, &proofs, &failures)
    }

    fn target(&self, index: &Digest, digest: &Digest, chosen: Option<&Chosen>) -> Target {
        let (verdict, place) = self.judge_by(digest, &[*digest, *index]);
        let alone = |subject: &Digest| {
            let (verdict, _) = self.judge_by(digest, std::slice::from_ref(subject));
            verdict.outcome() == Outcome::Verified
        };
        let proved_by = match verdict.outcome() {
            Outcome::Verified if alone(digest) => Some(ProvedBy::Own),
            Outcome::Verified if alone(index) => Some(ProvedBy::Index),
            Outcome::Verified => Some(ProvedBy::Both),
            _ => None,
        };
        Target {
            digest: *digest,
            platform: chosen.and_then(|chosen| chosen.platform.clone()),
            verdict,
            proved_by,
            place,
        }
    }

    /// The worst target decides; among equals the first.
    fn conclude(
        &mut self,
        resolved: Option<&Resolved>,
        targets: Vec<Target>,
        failure: Option<Failure>,
    ) -> ImageVerdict {
        describe(&mut self.places, &self.proofs);
        let pinned = resolved.map_or_else(Vec::new, |resolved| self.pinned(resolved, &targets));
        let request = self.judge.request;
        let digest = resolved.map(|resolved| resolved.digest);
        let mut worst: Option<&Target> = None;
        for target in &targets {
            if worst.is_none_or(|worst| target.verdict.outcome() > worst.verdict.outcome()) {
                worst = Some(target);
            }
        }
        if failure.is_none()
            && let Some(place) = worst.and_then(|worst| worst.place)
            && let Some(place) = self.places.get_mut(place)
        {
            place.decided = true;
        }
        let verdict = match (failure, worst) {
            (Some(failure), _) => self.judge.failed(failure, digest.as_ref()),
            (None, Some(worst)) => worst.verdict.clone(),
            (None, None) => {
                let failure = Failure::new(Reason::NoProofFound);
                self.judge.failed(failure, digest.as_ref())
            }
        };
        let places = std::mem::take(&mut self.places);
        let proofs = std::mem::take(&mut self.proofs);
        let reference = resolved.and_then(|resolved| resolved.reference.clone());
        let facts = image_facts(
            request,
            reference.as_ref(),
            digest.as_ref(),
            &targets,
            &proofs,
            &places,
        );
        ImageVerdict {
            verdict: verdict
                .with_artifact_name(&request.image.to_string())
                .with_trusted_root_source(&self.judge.engine.trust.source)
                .with_image(facts)
                .with_places(places),
            reference,
            pinned,
            digest,
            targets,
            proofs,
        }
    }

    /// What the targets prove: the index with all that it lists, or no more than the images that were looked at.
    fn pinned(&self, resolved: &Resolved, targets: &[Target]) -> Vec<Reference> {
        let index = resolved.digest;
        let is_proved = match &self.judge.request.platforms {
            Platforms::AsGiven => true,
            Platforms::One(_) => false,
            Platforms::All => lists_only(resolved, targets),
        };
        let mut digests: Vec<Digest> = Vec::new();
        if is_proved || self.judge_target(&index, &index).outcome() == Outcome::Verified {
            digests.push(index);
        } else {
            for target in targets {
                if !digests.contains(&target.digest) {
                    digests.push(target.digest);
                }
            }
        }
        let name = resolved.name.iter();
        name.flat_map(|name| digests.iter().map(|digest| name.with_digest(*digest)))
            .collect()
    }
}

/// That an image is not there whose tag is: nobody has mistyped it.
fn behind_its_tag(image: &ImageSource, failure: Failure) -> Failure {
    let has_tag = match image {
        ImageSource::Registry(reference) => reference.digest().is_none(),
        ImageSource::Layout { .. } => false,
    };
    match failure.reason {
        Reason::ImageNotFound if has_tag => Failure {
            reason: Reason::ArtifactUnreadable,
            ..failure.detail("the registry has the tag, and not the manifest that it leads to")
        },
        _ => failure,
    }
}

/// Whether an index lists nothing but these. What is marked as BuildKit's attestation is none of the images for all
/// platforms, and can be something else.
fn lists_only(resolved: &Resolved, targets: &[Target]) -> bool {
    let index = resolved
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.index());
    index.is_none_or(|index| {
        let is_target = |child: &Descriptor| targets.iter().any(|it| it.digest == child.digest);
        index.manifests.iter().all(is_target)
    })
}

fn is_unsigned(target: &Target) -> bool {
    target.verdict.outcome() == Outcome::Unsigned
}

/// Images of an index that are looked at together. Each is four requests or more.
const SUBJECTS_AT_ONE_TIME: usize = 4;
