//! Asking the log for the entry that the material does not bring.

use sealcheck_transparency::{LogError, RawEntry, RekorClient};
use sealcheck_verify::evidence::{Check, Found, Place};
use sealcheck_verify::{
    Artifact, Digest, DigestAlgorithm, Failure, Format, Material, Outcome, Reason, Requirements,
    Result, Time, TrustedRoot, Verdict, printable, verify,
};

use crate::link::Link;

/// What the log gave for an artifact; asked once, however many proofs need it.
#[derive(Debug)]
pub(crate) struct Answer {
    entries: Vec<RawEntry>,
    /// Why the answer is not all that the log has for the artifact.
    partial: Option<Failure>,
}

/// What came of trying the log's entries with one proof.
#[derive(Debug)]
pub(crate) enum Tried {
    /// The log has this signature's entry; with it, this is the verdict.
    Entry(Box<Material>, Box<Verdict>),
    /// No entry decides.
    Nothing(Failure),
}

/// The failure of this verdict that an entry of the log could settle, if there is one.
///
/// A Sigstore bundle must bring its entries itself; only where it has nothing that gives a time, which is no answer yet,
/// the log is asked for it as well.
pub(crate) fn open_question(material: &Material, verdict: &Verdict) -> Option<Reason> {
    let reason = verdict.failure()?.reason;
    let complete_by_itself = matches!(
        material.format(),
        Format::BundleV01 | Format::BundleV02 | Format::BundleV03
    );
    let is_open = match reason {
        Reason::NoTrustedTime => true,
        Reason::LogEntriesInsufficient => !complete_by_itself,
        _ => false,
    };
    let is_waived = verdict.evidence().required.log_entries.count() == 0;
    (is_open && !is_waived && !material.has_log_entry()).then_some(reason)
}

/// Asks the log for all entries with the artifact's digest.
///
/// # Errors
/// `log-unavailable`, `log-answer-invalid`, `offline`.
pub(crate) fn ask(link: &Link, rekor_url: &str, artifact: &Artifact<'_>) -> Result<Answer> {
    let Some(digest) = searchable(artifact) else {
        return Err(Failure::new(Reason::LogUnavailable)
            .detail("the log's index knows no digest of the kind that is known of the artifact"));
    };
    let online = link.online()?;
    let log = RekorClient::new(online.client().clone(), rekor_url);
    let answer: std::result::Result<Answer, LogError> = online.wait(async {
        let hits = log.search(&digest).await?;
        let listed = hits.uuids.len().saturating_add(hits.omitted);
        let looked_at = hits.uuids.get(..MAX_ENTRIES).unwrap_or(&hits.uuids);
        let entries = log.entries(looked_at).await?;
        let partial = if let Some(missing) = entries.missing.first() {
            Some(Failure::new(Reason::LogAnswerInvalid).detail(format!(
                "the log lists the entry {missing} and then says that it has none"
            )))
        } else if listed > looked_at.len() {
            Some(Failure::new(Reason::LogUnavailable).detail(format!(
                "the log lists {listed} entries for the artifact, of which {MAX_ENTRIES} were looked at"
            )))
        } else {
            None
        };
        Ok(Answer {
            entries: entries.found,
            partial,
        })
    });
    answer.map_err(|error| Failure::from(&error))
}

/// Tries each entry with the proof. An entry that makes it `verified` wins; then one that holds and shows that the proof
/// does not.
pub(crate) fn apply(
    answer: &Answer,
    material: &Material,
    artifact: &Artifact<'_>,
    root: &TrustedRoot,
    requirements: &Requirements,
    now: Time,
) -> Tried {
    let mut decided: Option<Tried> = None;
    let mut invalid: Option<Failure> = None;
    for entry in &answer.entries {
        // A log always has the proof of what is in it. One that keeps it back may have promised, and nothing more.
        if entry.inclusion_proof.is_none() {
            invalid.get_or_insert_with(|| {
                Failure::new(Reason::LogProofMissing)
                    .at("inclusionProof")
                    .detail(format!("of the entry {}", entry.uuid))
            });
            continue;
        }
        let json = entry.to_bundle_tlog_entry().to_string();
        let with_entry = match material.clone().with_log_entry(json.as_bytes()) {
            Ok(material) => material,
            // A kind that no signature of ours has.
            Err(failure) if failure.reason == Reason::LogEntryUnsupported => continue,
            Err(failure) => {
                invalid.get_or_insert(failure);
                continue;
            }
        };
        let verdict = verify(&with_entry, artifact, root, requirements, now);
        if verdict.outcome() == Outcome::Verified {
            return Tried::Entry(Box::new(with_entry), Box::new(verdict));
        }
        match &verdict.evidence().checks.log {
            // Somebody else's entry for the same artifact.
            Check::Failed(failure)
                if matches!(
                    failure.reason,
                    Reason::LogEntryMismatch | Reason::LogEntryUnsupported
                ) => {}
            // The entry holds; it is not enough.
            Check::Failed(failure)
                if matches!(
                    failure.reason,
                    Reason::LogEntriesInsufficient | Reason::LogProofMissing
                ) =>
            {
                decided.get_or_insert(Tried::Entry(Box::new(with_entry), Box::new(verdict)));
            }
            Check::Failed(failure) => {
                invalid.get_or_insert(failure.clone());
            }
            _ => {
                decided.get_or_insert(Tried::Entry(Box::new(with_entry), Box::new(verdict)));
            }
        }
    }
    if let Some(decided) = decided {
        return decided;
    }
    Tried::Nothing(if let Some(failure) = invalid {
        Failure {
            reason: Reason::LogAnswerInvalid,
            detail: Some(failure.to_string().into()),
            expected: None,
            found: None,
            field: failure.field,
        }
    } else if let Some(partial) = &answer.partial {
        partial.clone()
    } else {
        Failure::new(Reason::LogEntryNotFound).detail(match answer.entries.len() {
            0 => "it has none for this artifact".to_owned(),
            count => format!("its {count} for this artifact are of other signatures"),
        })
    })
}

/// The log as a place that was looked at.
pub(crate) fn place(rekor_url: &str, found: Found, detail: &str) -> Place {
    let url = crate::input::shown_url(rekor_url);
    Place::new(url, found, Some(printable(detail).into()))
}

/// The digest by which the log's index is asked: SHA-256 of every artifact, others of few.
fn searchable(artifact: &Artifact<'_>) -> Option<Digest> {
    [
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha512,
        DigestAlgorithm::Sha1,
    ]
    .into_iter()
    .find_map(|algorithm| artifact.digest(algorithm))
}

/// The most entries that are fetched for one artifact. Releases have one for each signer.
const MAX_ENTRIES: usize = 100;
