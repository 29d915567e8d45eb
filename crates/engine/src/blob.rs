//! One artifact: its material, its bytes, the verdict.

use std::path::PathBuf;
use std::sync::Arc;

use sealcheck_verify::evidence::{Found, Place};
use sealcheck_verify::{
    Artifact, Content, DigestAlgorithm, Failure, Material, Needs, Outcome, Reason, Requirements,
    Result, Time, Verdict, verify,
};

use crate::artifact::ArtifactSource;
use crate::candidate::{Candidate, is_other_kind, weight};
use crate::discover::Discovery;
use crate::engine::Engine;
use crate::input::MaterialSource;
use crate::lookup::{self, Tried};
use crate::progress::Progress;
use crate::save;

/// What is to be verified, and how.
#[derive(Debug)]
pub struct BlobRequest {
    /// The artifact.
    pub artifact: ArtifactSource,
    /// Where its proof is.
    pub material: MaterialSource,
    /// Digests that the caller wants to know besides those that the proofs need; they are in the evidence.
    pub digests: Vec<DigestAlgorithm>,
    /// What the proof must show. [`Requirements::content`] says whether a signature or an attestation is wanted.
    pub requirements: Arc<Requirements>,
    /// Whether the log may be asked for an entry that the material does not bring; only when the network is allowed.
    pub lookup: bool,
    /// Where to write the proof as a Sigstore bundle of version 0.3, after it was verified. When that fails, the verdict
    /// is no longer `verified` but says so (`argument-invalid`, `result-unwritable`); its checks show what held.
    pub save_bundle: Option<PathBuf>,
}

impl BlobRequest {
    /// A request with the proof beside the artifact, with lookup, and without saving a bundle.
    #[must_use]
    pub fn new(artifact: ArtifactSource, requirements: impl Into<Arc<Requirements>>) -> Self {
        Self {
            artifact,
            material: MaterialSource::Beside,
            digests: Vec::new(),
            requirements: requirements.into(),
            lookup: true,
            save_bundle: None,
        }
    }
}

impl Engine {
    /// Verifies one artifact. There is always a verdict: what fails on the way is one with its reason.
    pub fn verify_blob(&self, request: &BlobRequest, progress: &dyn Progress) -> Verdict {
        let mut session = Session {
            engine: self,
            request,
            now: self.clock.now(),
            places: Vec::new(),
        };
        let verdict = session
            .run(progress)
            .unwrap_or_else(|failure| session.failed(failure, None));
        self.trust
            .settle(verdict)
            .with_artifact_name(&request.artifact.name())
            .with_places(session.places)
            .with_trusted_root_source(&self.trust.source)
    }
}

/// One verification.
struct Session<'e> {
    engine: &'e Engine,
    request: &'e BlobRequest,
    now: Time,
    places: Vec<Place>,
}

/// A proof with its verdict so far.
struct Judged {
    place: usize,
    certificate: Option<usize>,
    line: Option<usize>,
    material: Option<Material>,
    verdict: Verdict,
}

impl Session<'_> {
    fn run(&mut self, progress: &dyn Progress) -> Result<Verdict> {
        if let Some(path) = &self.request.save_bundle {
            save::check_target(path)?;
        }
        let requirements = &self.request.requirements;
        let link = &self.engine.link;
        let mut discovery = Discovery::default();
        let discovered = match &self.request.material {
            MaterialSource::Beside => {
                let by_identity = requirements.identities().is_some();
                discovery.beside(&self.request.artifact, link, by_identity)
            }
            MaterialSource::At(places) => {
                let by_identity = requirements.identities().is_some();
                discovery.at(places, link, by_identity);
                Ok(())
            }
            MaterialSource::Named(named) => discovery.named(named, link),
        };
        self.places = discovery.places;
        discovered?;
        let needs = discovery
            .candidates
            .iter()
            .filter_map(|candidate| candidate.material.as_ref().ok())
            .map(|material| material.needs(requirements))
            .fold(Needs::sha256(), Needs::and);
        let wanted = self.request.digests.iter().copied();
        let needs = wanted.fold(needs, Needs::with);
        let artifact = self.request.artifact.read(&needs, link, progress)?;
        if discovery.candidates.is_empty() {
            let failure = discovery
                .failures
                .into_iter()
                .next()
                .unwrap_or_else(|| Failure::new(Reason::NoProofFound));
            return Ok(self.failed(failure, Some(&artifact)));
        }
        let judged = self.judge(discovery.candidates, &artifact);
        let judged = self.look_up(judged, &artifact);
        self.describe(&judged, &artifact);
        let (verdict, decisive) = self.decide(judged, discovery.failures, &artifact);
        if let Some(place) = decisive.and_then(|index| self.places.get_mut(index)) {
            place.decided = true;
        }
        Ok(verdict)
    }

    /// Verifies every proof that was found.
    fn judge(&self, candidates: Vec<Candidate>, artifact: &Artifact<'_>) -> Vec<Judged> {
        candidates
            .into_iter()
            .map(|candidate| {
                let (material, verdict) = match candidate.material {
                    Ok(material) => {
                        let verdict = self.verify(&material, artifact);
                        (Some(material), verdict)
                    }
                    Err(failure) => (None, self.failed(failure, Some(artifact))),
                };
                Judged {
                    place: candidate.place,
                    certificate: candidate.certificate,
                    line: candidate.line,
                    material,
                    verdict,
                }
            })
            .collect()
    }

    /// When nothing is verified, asks the log on behalf of the proofs that lack only an entry.
    fn look_up(&mut self, mut judged: Vec<Judged>, artifact: &Artifact<'_>) -> Vec<Judged> {
        if judged.iter().any(Judged::is_verified)
            || judged.iter().all(|judged| judged.open_question().is_none())
        {
            return judged;
        }
        let url = &self.engine.rekor_url;
        if !self.request.lookup {
            let place = lookup::place(url, Found::Failed, "not asked: the request forbids it");
            self.places.push(place);
            return judged;
        }
        if self.engine.link.is_offline() {
            self.places
                .push(lookup::place(url, Found::Failed, "not asked: offline"));
            for judged in &mut judged {
                // That too few entries are there is no answer while the log was not asked.
                if judged.open_question() == Some(Reason::LogEntriesInsufficient) {
                    let failure = Failure::new(Reason::Offline).detail(
                        "the log was not asked for the entry that the proof does not bring",
                    );
                    judged.replace(Reason::LogEntriesInsufficient, failure);
                }
            }
            return judged;
        }
        let answer = lookup::ask(&self.engine.link, url, artifact);
        let mut seen = (Found::Absent, String::new());
        for judged in &mut judged {
            let (Some(open), Some(material)) = (judged.open_question(), &judged.material) else {
                continue;
            };
            let tried = match &answer {
                Ok(answer) => lookup::apply(
                    answer,
                    material,
                    artifact,
                    &self.engine.trust.root,
                    &self.request.requirements,
                    self.now,
                ),
                Err(failure) => Tried::Nothing(failure.clone()),
            };
            match tried {
                Tried::Entry(with_entry, verdict) => {
                    seen = (Found::Present, "the entry of this signature".to_owned());
                    judged.material = Some(*with_entry);
                    judged.verdict = *verdict;
                }
                Tried::Nothing(failure) => {
                    if seen.0 != Found::Present {
                        let found = match failure.reason {
                            Reason::LogEntryNotFound => Found::Absent,
                            _ => Found::Failed,
                        };
                        seen = (found, failure.to_string());
                    }
                    judged.replace(open, failure);
                }
            }
        }
        self.places.push(lookup::place(url, seen.0, &seen.1));
        judged
    }

    /// Says at each place what became of the proof there.
    fn describe(&mut self, judged: &[Judged], artifact: &Artifact<'_>) {
        let mut places = std::mem::take(&mut self.places);
        for (index, place) in places.iter_mut().enumerate() {
            let here = || judged.iter().filter(|judged| judged.place == index);
            let with = || {
                judged
                    .iter()
                    .filter(|judged| judged.certificate == Some(index))
            };
            if let Some(best) = most_telling(here()) {
                let format = match &best.material {
                    Some(material) => format!("{}, ", material.format().as_str()),
                    None => String::new(),
                };
                let line = match best.line {
                    Some(line) => format!("line {line} of {}: ", here().count()),
                    None => String::new(),
                };
                place.detail = Some(format!("{line}{format}{}", best.verdict).into());
            }
            if let Some(best) = most_telling(here().chain(with())) {
                let (outcome, reason) = self.standing(best, artifact);
                place.outcome = Some(outcome);
                place.reason = reason;
            }
        }
        self.places = places;
    }

    /// What a proof is worth. One of another kind than required is judged as what it is, so that whatever merely looks
    /// like it can be told from it; whoever made it.
    fn standing(&self, judged: &Judged, artifact: &Artifact<'_>) -> (Outcome, Option<Reason>) {
        let reason = judged.verdict.failure().map(|failure| failure.reason);
        let (Some(kind), Some(material)) = (reason.filter(|r| is_other_kind(*r)), &judged.material)
        else {
            return (judged.verdict.outcome(), reason);
        };
        let required = (*self.request.requirements).clone();
        let verdict = verify(
            material,
            artifact,
            &self.engine.trust.root,
            &required.content(Content::SignatureOrAttestation),
            self.now,
        );
        let by_another = |failure: &Failure| {
            matches!(
                failure.reason,
                Reason::IdentityMismatch | Reason::IssuerMismatch | Reason::ClaimMismatch
            )
        };
        match verdict
            .failures()
            .iter()
            .find(|failure| !by_another(failure))
        {
            None => (judged.verdict.outcome(), Some(kind)),
            Some(failure) => (failure.outcome(), Some(failure.reason)),
        }
    }

    /// The verdict, with the position of its place: the first proof that is verified, or else what says most about why
    /// there is none.
    fn decide(
        &self,
        judged: Vec<Judged>,
        failures: Vec<Failure>,
        artifact: &Artifact<'_>,
    ) -> (Verdict, Option<usize>) {
        let mut best: Option<Judged> = None;
        for judged in judged {
            if judged.is_verified() {
                let place = judged.place;
                return (self.keep(judged, artifact), Some(place));
            }
            let heavier = best
                .as_ref()
                .is_none_or(|best| weight(&judged.verdict) > weight(&best.verdict));
            if heavier {
                best = Some(judged);
            }
        }
        let unread = failures.into_iter().next().map(|failure| {
            let failed = |place: &Place| place.found == Found::Failed;
            let place = self.places.iter().position(failed);
            (self.failed(failure, Some(artifact)), place)
        });
        match (best, unread) {
            (Some(best), Some(unread)) if weight(&unread.0) > weight(&best.verdict) => unread,
            (Some(best), _) => (best.verdict, Some(best.place)),
            (None, Some(unread)) => unread,
            (None, None) => {
                let failure = Failure::new(Reason::NoProofFound);
                (self.failed(failure, Some(artifact)), None)
            }
        }
    }

    fn keep(&self, judged: Judged, artifact: &Artifact<'_>) -> Verdict {
        let (Some(path), Some(material)) = (&self.request.save_bundle, &judged.material) else {
            return judged.verdict;
        };
        let saved = save::save(
            path,
            material,
            artifact,
            &self.engine.trust.root,
            &self.request.requirements,
            self.now,
        );
        match saved {
            Ok(()) => judged.verdict,
            Err(failure) => judged.verdict.with_failure(failure),
        }
    }

    fn verify(&self, material: &Material, artifact: &Artifact<'_>) -> Verdict {
        let root = &self.engine.trust.root;
        verify(
            material,
            artifact,
            root,
            &self.request.requirements,
            self.now,
        )
    }

    fn failed(&self, failure: Failure, artifact: Option<&Artifact<'_>>) -> Verdict {
        Verdict::failed(failure, artifact, &self.request.requirements, self.now)
    }
}

/// The proof that says most of a place with many.
fn most_telling<'j>(judged: impl Iterator<Item = &'j Judged> + Clone) -> Option<&'j Judged> {
    let verified = judged.clone().find(|judged| judged.is_verified());
    verified.or_else(|| judged.max_by_key(|judged| weight(&judged.verdict)))
}

impl Judged {
    /// What an entry of the log could settle.
    fn open_question(&self) -> Option<Reason> {
        lookup::open_question(self.material.as_ref()?, &self.verdict)
    }

    fn replace(&mut self, open: Reason, failure: Failure) {
        self.verdict = self.verdict.clone().with_failure_for(open, failure);
    }

    fn is_verified(&self) -> bool {
        self.verdict.outcome() == Outcome::Verified
    }
}
