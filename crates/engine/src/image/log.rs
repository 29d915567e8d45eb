//! Asking the log for entries that signatures do not bring.

use std::collections::BTreeMap;

use sealcheck_verify::evidence::{Found, Place};
use sealcheck_verify::{
    Artifact, Digest, Failure, Material, Outcome, Reason, Requirements, Result, Verdict,
};

use super::judge::Judge;
use super::verdict::Proof;
use crate::lookup::{self, Answer, Tried, open_question};

/// Tries the log's entries with those proofs about `subjects` that lack only an entry. Gives the log as a place, if it could
/// have been of use.
pub(crate) fn look_up(
    judge: &Judge<'_>,
    proofs: &mut [Proof],
    subjects: &[Digest],
) -> Option<Place> {
    let url = &judge.engine.rekor_url;
    let not_asked = |why: &str| Some(lookup::place(url, Found::Failed, why));
    let mut open: Vec<&mut Proof> = proofs
        .iter_mut()
        .filter(|proof| subjects.contains(&proof.subject) && question(proof).is_some())
        .collect();
    if open.is_empty() {
        return None;
    }
    if !judge.request.lookup {
        return not_asked("not asked: the request forbids it");
    }
    if judge.engine.link.is_offline() {
        for proof in open {
            // That too few entries are there is no answer while the log was not asked.
            if question(proof) == Some(Reason::LogEntriesInsufficient) {
                let failure = Failure::new(Reason::Offline).detail(
                    "the log was not asked for the entry that the signature does not bring",
                );
                replace(proof, Reason::LogEntriesInsufficient, failure);
            }
        }
        return not_asked("not asked: offline");
    }
    let mut searches: BTreeMap<String, Result<Answer>> = BTreeMap::new();
    let mut seen = (Found::Absent, String::new());
    for proof in &mut open {
        let Some((reason, material)) = question(proof).zip(proof.material.clone()) else {
            continue;
        };
        // What the log has the entry for: the payload, or for a plain signature the manifest.
        let digest = material.payload_digest().unwrap_or(proof.subject);
        let key = digest.to_string();
        if !searches.contains_key(&key) {
            let answer = match searches.len() < SEARCHES {
                true => lookup::ask(&judge.engine.link, url, &Artifact::from_digest(digest)),
                false => Err(Failure::new(Reason::LogUnavailable).detail(format_args!(
                    "the log was asked for {SEARCHES} signatures without an entry, and there are more"
                ))),
            };
            searches.insert(key.clone(), answer);
        }
        let tried = match searches.get(&key) {
            Some(Ok(answer)) => best(judge, answer, &material, &proof.subject),
            Some(Err(failure)) => Tried::Nothing(failure.clone()),
            None => continue,
        };
        match tried {
            Tried::Entry(with_entry, verdict) => {
                seen = (Found::Present, "an entry of a signature".to_owned());
                proof.material = Some(*with_entry);
                proof.verdict = judge.with_demand(*verdict);
            }
            Tried::Nothing(failure) => {
                if seen.0 != Found::Present {
                    let found = match failure.reason {
                        Reason::LogEntryNotFound => Found::Absent,
                        _ => Found::Failed,
                    };
                    seen = (found, failure.to_string());
                }
                replace(proof, reason, failure);
            }
        }
    }
    Some(lookup::place(url, seen.0, &seen.1))
}

/// The entry by the first of the requirements that it satisfies.
fn best(judge: &Judge<'_>, answer: &Answer, material: &Material, subject: &Digest) -> Tried {
    let artifact = Artifact::from_digest(*subject);
    let mut first = None;
    for requirements in judge.alternatives() {
        let requirements: &Requirements = requirements;
        let root = &judge.engine.trust.root;
        let tried = lookup::apply(answer, material, &artifact, root, requirements, judge.now);
        match &tried {
            Tried::Entry(_, verdict) if verdict.outcome() == Outcome::Verified => return tried,
            _ => {
                first.get_or_insert(tried);
            }
        }
    }
    first.unwrap_or_else(|| Tried::Nothing(Failure::new(Reason::LogEntryNotFound)))
}

fn question(proof: &Proof) -> Option<Reason> {
    open_question(proof.material.as_ref()?, &proof.verdict)
}

fn replace(proof: &mut Proof, reason: Reason, failure: Failure) {
    let verdict: Verdict = proof.verdict.clone();
    proof.verdict = verdict.with_failure_for(reason, failure);
}

/// Searches of the log for one image. Signatures of one image usually share a payload, and so a search.
const SEARCHES: usize = 16;
