//! From what was found to proofs with verdicts, and from those to the verdict about an image.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use sealcheck_verify::evidence::{Found, Place};
use sealcheck_verify::{
    Artifact, COSIGN_SIGNATURE, Digest, Failure, Material, Outcome, Reason, Requirements,
    Statement, Time, Verdict, verify,
};

use super::layers::Item;
use super::request::ImageRequest;
use super::signers::distinct;
use super::verdict::Proof;
use crate::candidate::{closeness, is_by_required, weight};
use crate::engine::Engine;

/// Judges proofs of one image.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'j> {
    pub(crate) engine: &'j Engine,
    pub(crate) request: &'j ImageRequest,
    pub(crate) now: Time,
}

impl Judge<'_> {
    /// Every proof in these layers with its verdict, in their order. Many are judged on several threads.
    pub(crate) fn proofs(&self, items: &[Item]) -> Vec<Proof> {
        let threads = match items.len() < MANY {
            true => 1,
            false => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        };
        if threads == 1 {
            return items.iter().flat_map(|item| self.item(item)).collect();
        }
        let share = items.len().div_ceil(threads);
        thread::scope(|scope| {
            let workers: Vec<_> = items
                .chunks(share)
                .map(|share| {
                    scope.spawn(move || -> Vec<Proof> {
                        share.iter().flat_map(|item| self.item(item)).collect()
                    })
                })
                .collect();
            let mut proofs = Vec::new();
            for worker in workers {
                match worker.join() {
                    Ok(judged) => proofs.extend(judged),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            proofs
        })
    }

    fn item(&self, item: &Item) -> Vec<Proof> {
        let by_identity = self
            .alternatives()
            .any(|requirements| requirements.identities().is_some());
        item.materials(by_identity)
            .into_iter()
            .map(|material| {
                let (material, verdict) = match material {
                    Ok(material) => {
                        let verdict = self.verdict(&material, &item.subject);
                        (Some(material), verdict)
                    }
                    Err(failure) => (None, self.failed(failure, Some(&item.subject))),
                };
                Proof {
                    subject: item.subject,
                    verdict,
                    place: item.place,
                    manifest: item.manifest,
                    layer: item.layer,
                    digest: item.descriptor.digest,
                    material,
                }
            })
            .collect()
    }

    /// The verdict about one proof: by the first of the requirements that it meets, or else by those that it comes closest to.
    pub(crate) fn verdict(&self, material: &Material, subject: &Digest) -> Verdict {
        let artifact = Artifact::from_digest(*subject);
        let mut best: Option<Verdict> = None;
        for requirements in self.alternatives() {
            let verdict = self.with_demand(self.one(material, &artifact, requirements));
            if verdict.outcome() == Outcome::Verified {
                return verdict;
            }
            if best
                .as_ref()
                .is_none_or(|best| weight(&verdict) < weight(best))
            {
                best = Some(verdict);
            }
        }
        best.unwrap_or_else(|| self.failed(Failure::new(Reason::IdentityRequired), Some(subject)))
    }

    fn one(
        &self,
        material: &Material,
        artifact: &Artifact<'_>,
        requirements: &Requirements,
    ) -> Verdict {
        let root = &self.engine.trust.root;
        let verdict = verify(material, artifact, root, requirements, self.now);
        let needs_bytes = verdict
            .failures()
            .iter()
            .any(|failure| failure.reason == Reason::MessageRequired);
        match needs_bytes {
            // For images only the digest is at hand: such a signature is of a kind that cannot be used, not a wrong command.
            true => verdict.with_failure_for(
                Reason::MessageRequired,
                Failure::new(Reason::AlgorithmUnsupported)
                    .at("signature")
                    .detail("it is over the whole manifest or by another digest, and images are known by their digest"),
            ),
            false => verdict,
        }
    }

    pub(crate) fn with_demand(&self, verdict: Verdict) -> Verdict {
        match &self.request.demand {
            Some(demand) if verdict.outcome() == Outcome::Verified => demand.judge(verdict),
            _ => verdict,
        }
    }

    /// The first is that of failures that are nobody's.
    pub(crate) fn alternatives(&self) -> impl Iterator<Item = &Arc<Requirements>> {
        std::iter::once(&self.request.requirements).chain(&self.request.alternatives)
    }

    pub(crate) fn failed(&self, failure: Failure, subject: Option<&Digest>) -> Verdict {
        let artifact = subject.map(|digest| Artifact::from_digest(*digest));
        Verdict::failed(
            failure,
            artifact.as_ref(),
            &self.request.requirements,
            self.now,
        )
    }

    /// The verdict about a manifest: that of the first proof that holds when there are enough signers, or else what says most
    /// about why there are not. `failures` are the places that gave no answer. Beside it, the position of the place that
    /// decided, when a proof did.
    pub(crate) fn decide(
        &self,
        subject: &Digest,
        proofs: &[&Proof],
        failures: &[Failure],
    ) -> (Verdict, Option<usize>) {
        let accepted: Vec<&Proof> = proofs
            .iter()
            .copied()
            .filter(|proof| proof.is_accepted())
            .collect();
        let wanted = self.request.signers.get();
        let found = distinct(accepted.iter().map(|proof| &proof.verdict));
        let open = failures.first().cloned().or_else(|| {
            let mut refused = proofs.iter().map(|proof| &proof.verdict);
            let unread = refused.find(|verdict| verdict.outcome() == Outcome::Unavailable)?;
            unread.failure().cloned()
        });
        if let Some(first) = accepted.first() {
            let verdict = first.verdict.clone();
            if found >= wanted {
                return (verdict, Some(first.place));
            }
            let few = format!("{found} of {wanted} signers were found");
            let verdict = verdict.with_failure(match open {
                // The others may be where no answer came from.
                Some(open) => {
                    let detail = match &open.detail {
                        Some(detail) => format!("{few}, and {detail}"),
                        None => few,
                    };
                    open.detail(detail)
                }
                None => Failure::new(Reason::SignersInsufficient)
                    .at("signatures")
                    .expected(format_args!("{wanted} distinct signers"))
                    .found(found),
            });
            return (verdict, None);
        }
        let heaviest = proofs.iter().map(|proof| weight(&proof.verdict)).max();
        let unanswered = failures
            .first()
            .map(|failure| self.failed(failure.clone(), Some(subject)));
        match (closest(proofs.iter().copied()), unanswered) {
            (_, Some(unanswered)) if heaviest.is_none_or(|it| weight(&unanswered) > it) => {
                (unanswered, None)
            }
            (Some(best), _) => (with_types(best, proofs), Some(best.place)),
            (None, _) => {
                let failure = Failure::new(Reason::NoProofFound);
                (self.failed(failure, Some(subject)), None)
            }
        }
    }
}

/// Of refused proofs the one that tells why. Registries list them in any order, so that of equals the digest decides.
fn closest<'p>(proofs: impl Iterator<Item = &'p Proof> + Clone) -> Option<&'p Proof> {
    let outcome = proofs
        .clone()
        .map(|proof| weight(&proof.verdict))
        .max()
        .map(|(_, _, outcome)| outcome)?;
    proofs
        .filter(|proof| proof.verdict.outcome() == outcome)
        .max_by_key(|proof| {
            let order = Reverse((proof.digest.to_string(), proof.layer));
            (closeness(&proof.verdict), order)
        })
}

/// The verdict about a proof. When those by whom was required are of other types, it names every one of these.
fn with_types(best: &Proof, proofs: &[&Proof]) -> Verdict {
    let failure = best.verdict.failure();
    let Some(failure) = failure.filter(|it| it.reason == Reason::PredicateTypeMismatch) else {
        return best.verdict.clone();
    };
    let types: BTreeSet<&str> = proofs
        .iter()
        .filter(|proof| is_by_required(proof.verdict.evidence()))
        .filter_map(|proof| proof.material.as_ref()?.unverified_statement())
        .map(Statement::predicate_type)
        // A signature of cosign's is a statement as well, and no attestation.
        .filter(|kind| *kind != COSIGN_SIGNATURE)
        .collect();
    if types.is_empty() {
        return best.verdict.clone();
    }
    let types: Vec<&str> = types.into_iter().collect();
    let failure = failure.clone().found(types.join(", "));
    let verdict = best.verdict.clone();
    verdict.with_failure_for(Reason::PredicateTypeMismatch, failure)
}

/// Says at each place what became of the proofs there.
pub(crate) fn describe(places: &mut [Place], proofs: &[Proof]) {
    for (index, place) in places.iter_mut().enumerate() {
        if place.found != Found::Present {
            continue;
        }
        let here = || proofs.iter().filter(|proof| proof.place == index);
        let best = here().find(|proof| proof.is_accepted());
        let Some(best) = best.or_else(|| closest(here())) else {
            continue;
        };
        let format = match &best.material {
            Some(material) => format!("{}, ", material.format().as_str()),
            None => String::new(),
        };
        let layer = match here().count() {
            1 => String::new(),
            count => format!("layer {} of {count} proofs: ", best.layer),
        };
        place.detail = Some(format!("{layer}{format}{}", best.verdict).into());
    }
}

/// From here on threads cost less than they save; a verification takes about 0.3 ms.
const MANY: usize = 32;
