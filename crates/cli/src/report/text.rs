//! The report about one artifact, and the summary of several.

use std::borrow::Cow;
use std::fmt::Write as _;

use sealcheck_policy::lines;
use sealcheck_verify::evidence::{
    CheckState, Checks, ChecksumFacts, ChecksumState, Found, Listed, LogProof, Part, Place,
    PolicyFacts, PolicyOutcome, ReleaseFacts, TimeSource,
};
use sealcheck_verify::{Evidence, Failure, Outcome, Reason, Time, Verdict, printable};

use super::colour;
use super::wrap::paragraph;
use crate::image_source::also_here;
use crate::problem::Problem;

/// The whole report about one artifact.
pub(crate) fn full(verdict: &Verdict, verbose: bool) -> String {
    let evidence = verdict.evidence();
    let mut out = Lines::default();
    let style = colour::of(evidence.outcome);
    let name = name(evidence);
    writeln!(out.0, "{style}{}{style:#}  {name}", evidence.outcome).ok();
    match &evidence.image {
        Some(image) => super::image::signatures(&mut out, verdict, image, verbose),
        None => one_signature(&mut out, verdict),
    }
    let missed = evidence.outcome == Outcome::Unsigned || verbose;
    for (index, place) in evidence.places.iter().filter(|_| missed).enumerate() {
        let label = if index == 0 { "looked at" } else { "" };
        out.add(label, &looked_at(place));
    }
    if !missed {
        unanswered(&mut out, evidence, verdict.failure());
    }
    if verbose {
        details(&mut out, verdict);
    }
    // Which of several proofs agree is what somebody asks who has a file that one of them does not fit.
    if evidence.release.is_some() && evidence.outcome == Outcome::Rejected && !verbose {
        for state in [CheckState::Passed, CheckState::Failed] {
            let names = evidence.checks.states();
            let names: Vec<&str> = names
                .iter()
                .filter(|(_, found)| *found == state)
                .map(|(name, _)| *name)
                .collect();
            if !names.is_empty() {
                out.add(word(state), &names.join(", "));
            }
        }
    }
    let checks = checks(&evidence.checks);
    if checks != NONE_MADE {
        out.add("checks", &checks);
    }
    if let Some(failure) = verdict.failure() {
        out.add("hint", &hint(evidence, failure));
    }
    out.0
}

/// The report of a command that verified nothing.
pub(crate) fn failed(problem: &Problem) -> String {
    let mut out = Lines::default();
    let reason = problem.failure.reason;
    writeln!(out.0, "{}  the command failed", reason.outcome()).ok();
    out.add("reason", reason.code());
    out.add("", &problem.message());
    out.add("hint", problem.hint());
    out.0
}

fn one_signature(out: &mut Lines, verdict: &Verdict) {
    let evidence = verdict.evidence();
    match verdict.failure() {
        None => {
            let by_key = evidence.required.key.is_some();
            signer(out, evidence, if by_key { KEY } else { SIGNER });
            signed_at(out, evidence.signed_at, evidence.time_source);
            log(out, &evidence.checks);
        }
        Some(failure) => {
            what_failed(out, failure);
            // The caller's own key claims nothing; a certificate beside it does.
            let claimed = evidence.issuer.is_some() || evidence.required.key.is_none();
            if evidence.outcome != Outcome::Unsigned && claimed {
                signer(out, evidence, CLAIMED_SIGNER);
            }
        }
    }
    if let Some(subject) = evidence.checks.subject.facts()
        && let Some(kind) = &subject.predicate_type
    {
        out.add("predicate", kind);
    }
    said(out, evidence);
    if let Some(release) = &evidence.release {
        of_release(out, release);
    }
    if let Some(proof) = proof(evidence) {
        out.add("proof", &proof);
    }
}

/// What the release says about one of its files.
fn of_release(out: &mut Lines, release: &ReleaseFacts) {
    out.add(
        "artifact",
        &printable(&format!("{} of {}", release.path, release.version)),
    );
    let listed = match release.listed {
        Listed::Same => "lists this content",
        Listed::Other => "lists other content",
        Listed::Absent => "does not list it",
        Listed::NotCompared => "not compared",
    };
    let signer = match &release.sbom.signer {
        Some(signer) => format!(" (signed by {signer})"),
        None => String::new(),
    };
    out.add("SBOM", &printable(&format!("{listed}{signer}")));
    if let Some(other) = &release.other_version {
        let is = format!("{} of {}, whose SBOM is proved", other.path, other.version);
        out.add("it is", &printable(&is));
    }
    for checksum in &release.checksums {
        if let Some(text) = of_checksum(checksum) {
            out.add("checksum", &text);
        }
    }
}

/// What a checksum file says, unless there is none.
fn of_checksum(checksum: &ChecksumFacts) -> Option<String> {
    let state = match checksum.state {
        ChecksumState::Agrees => "agrees",
        ChecksumState::Differs => "DIFFERS",
        ChecksumState::Absent => return None,
        ChecksumState::Unreadable => "could not be read",
    };
    let name = checksum.place.rsplit('/').next().unwrap_or_default();
    let text = format!("{name} {state}; nobody signs it, so it proves nothing");
    Some(printable(&text))
}

/// The lines about the checksum files of one file of several: of those that do not agree.
pub(crate) fn bad_checksums(evidence: &Evidence) -> String {
    let mut out = String::new();
    let checksums = evidence.release.iter().flat_map(|it| &it.checksums);
    checksums
        .filter(|checksum| checksum.state != ChecksumState::Agrees)
        .filter_map(of_checksum)
        .for_each(|text| indented(&mut out, &text));
    out
}

/// What the attestation says, and which demands it was held against.
pub(super) fn said(out: &mut Lines, evidence: &Evidence) {
    for (label, value) in evidence.predicate.iter().flat_map(lines) {
        out.add(label, &value);
    }
    for policy in &evidence.policies {
        out.add("demand", &demand(policy));
    }
}

/// One line about one artifact of several; a failure also gets its reason.
pub(crate) fn line(verdict: &Verdict) -> String {
    let evidence = verdict.evidence();
    let outcome = evidence.outcome;
    let style = colour::of(outcome);
    let padding = " ".repeat(WORD_COLUMNS.saturating_sub(outcome.as_str().len()));
    let name = match &evidence.image {
        Some(image) => super::image::pinned(evidence, image),
        None => name(evidence),
    };
    let mut out = format!("{style}{outcome}{style:#}{padding}{name}\n");
    match verdict.failure() {
        None if evidence.image.is_some() => {
            for signer in evidence.image.iter().flat_map(super::image::signers) {
                indented(&mut out, &signer);
            }
        }
        None => {
            let by = [&evidence.signer, &evidence.issuer].map(|part| part.as_deref());
            if let [Some(signer), issuer] = by {
                let issuer = issuer
                    .map(|issuer| format!(" by {issuer}"))
                    .unwrap_or_default();
                indented(
                    &mut out,
                    &format!("{}{}", printable(signer), printable(&issuer)),
                );
            }
        }
        Some(failure) => indented(&mut out, &format!("{}: {failure}", failure.reason)),
    }
    out.push_str(&bad_checksums(evidence));
    out
}

/// How many artifacts ended how, and what to do about those that are not verified.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    counts: [usize; 5],
    images: usize,
    /// One for each reason.
    advice: Vec<Advice>,
}

/// What to do about all artifacts with one reason.
#[derive(Debug)]
struct Advice {
    outcome: Outcome,
    reason: Reason,
    first: String,
    others: usize,
    hint: String,
}

impl Summary {
    /// Counts one more.
    pub(crate) fn add(&mut self, verdict: &Verdict) {
        let (outcome, evidence) = (verdict.outcome(), verdict.evidence());
        self.images += usize::from(evidence.image.is_some());
        for (count, known) in self.counts.iter_mut().zip(ORDER) {
            *count += usize::from(known == outcome);
        }
        let Some(failure) = verdict.failure() else {
            return;
        };
        let reason = failure.reason;
        match self.advice.iter_mut().find(|known| known.reason == reason) {
            Some(known) => known.others += 1,
            None => self.advice.push(Advice {
                outcome,
                reason,
                first: name(evidence),
                others: 0,
                hint: match (reason, &evidence.image, &evidence.release) {
                    (Reason::NoProofFound, None, None) => NO_PROOF_HINT.to_owned(),
                    (Reason::NoProofFound, Some(_), None) => super::image::elsewhere(evidence)
                        .unwrap_or_else(|| super::image::NO_PROOF_HINT.to_owned()),
                    _ => hint(evidence, failure).into_owned(),
                },
            }),
        }
    }

    /// The last lines of a report.
    pub(crate) fn text(&self) -> String {
        let total: usize = self.counts.iter().sum();
        let parts: Vec<String> = self
            .counts
            .iter()
            .zip(ORDER)
            .filter(|(count, _)| **count > 0)
            .map(|(count, outcome)| {
                let style = colour::of(outcome);
                format!("{style}{count} {outcome}{style:#}")
            })
            .collect();
        // Files and images together are artifacts.
        let noun = match (self.images == total, total) {
            (true, 1) => "image",
            (true, _) => "images",
            (false, 1) => "artifact",
            (false, _) => "artifacts",
        };
        format!("{total} {noun}: {}\n{}", parts.join(", "), self.hints())
    }

    /// What to do, a paragraph for each reason.
    pub(crate) fn hints(&self) -> String {
        let mut out = String::new();
        // The worst comes last, where it is seen.
        let mut advice: Vec<&Advice> = self.advice.iter().collect();
        advice.sort_by_key(|advice| advice.outcome);
        let hidden = advice.len().saturating_sub(HINTS);
        for advice in advice.into_iter().skip(hidden) {
            out.push_str(&paragraph(&format!("hint: {advice}"), 0, 6));
            out.push('\n');
        }
        out
    }
}

impl std::fmt::Display for Advice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let others = match self.others {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        write!(f, "{}{others} ({}): {}", self.first, self.reason, self.hint)
    }
}

/// Labels in one column, values in the next.
#[derive(Default)]
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn add(&mut self, label: &str, value: &str) {
        let style = colour::LABEL;
        let padding = " ".repeat(VALUE_COLUMN.saturating_sub(INDENT + label.len()));
        let value = paragraph(value, VALUE_COLUMN, VALUE_COLUMN);
        writeln!(self.0, "  {style}{label}{style:#}{padding}{value}").ok();
    }
}

pub(super) fn name(evidence: &Evidence) -> String {
    evidence
        .artifact
        .name
        .as_deref()
        .map_or_else(|| "the artifact".to_owned(), printable)
}

fn signer(out: &mut Lines, evidence: &Evidence, label: &str) {
    if let Some(signer) = &evidence.signer {
        out.add(label, &printable(signer));
    }
    match &evidence.issuer {
        Some(issuer) => out.add("issuer", &printable(issuer)),
        None if evidence.signer.is_some() && evidence.required.key.is_none() => {
            out.add("issuer", "none");
        }
        None => {}
    }
}

pub(super) fn signed_at(out: &mut Lines, time: Option<Time>, source: Option<TimeSource>) {
    let Some(time) = time else {
        return;
    };
    let source = match source {
        Some(TimeSource::LogEntry) => ", says the transparency log",
        Some(TimeSource::Timestamp) => ", says a timestamp authority",
        Some(TimeSource::Now) => ", which is now: nobody vouches for the time",
        None => "",
    };
    out.add("signed at", &format!("{time}{source}"));
}

pub(super) fn log(out: &mut Lines, checks: &Checks) {
    let entries = checks.log.facts().map(|log| log.entries.as_slice());
    for entry in entries.unwrap_or_default() {
        let proof = match entry.proof {
            LogProof::Promise => "promised by the log",
            LogProof::Inclusion | LogProof::PromiseAndInclusion => "inclusion proved",
        };
        let host = entry.log.trim_start_matches("https://");
        out.add(
            "log entry",
            &format!("{} in {}, {proof}", entry.log_index, printable(host)),
        );
    }
}

pub(super) fn what_failed(out: &mut Lines, failure: &Failure) {
    out.add("reason", failure.reason.code());
    let detail = failure.detail.as_ref().map(|detail| format!(": {detail}"));
    out.add(
        "",
        &format!("{}{}", failure.reason.summary(), detail.unwrap_or_default()),
    );
    let facts = [
        ("where", &failure.field),
        ("expected", &failure.expected),
        ("found", &failure.found),
    ];
    for (label, fact) in facts {
        if let Some(fact) = fact {
            out.add(label, &printable(fact));
        }
    }
}

fn demand(policy: &PolicyFacts) -> String {
    let word = match policy.outcome {
        PolicyOutcome::Passed => "met",
        PolicyOutcome::Failed { .. } => "not met",
    };
    format!(
        "{} {}: {word}",
        policy.kind.as_str(),
        printable(&policy.name)
    )
}

/// The format, and the place that decided.
fn proof(evidence: &Evidence) -> Option<String> {
    let format = evidence.material.as_ref()?.format;
    let decisive = evidence.places.iter().find(|place| place.decided);
    Some(match decisive {
        None => format.to_owned(),
        Some(place) => format!("{} ({format})", printable(&place.place)),
    })
}

/// The places that gave no answer. What many of them have in common is said once, and not again when it is the reason.
fn unanswered(out: &mut Lines, evidence: &Evidence, failure: Option<&Failure>) {
    let told = failure.and_then(|failure| failure.detail.as_deref());
    let mut rest: Vec<&Place> = evidence
        .places
        .iter()
        .filter(|place| place.found == Found::Failed)
        .collect();
    // A failure that is of one place tells its answer.
    rest.retain(|place| !failure.is_some_and(|failure| is_told(failure, place)));
    while let Some(first) = rest.first().copied() {
        let (same, others): (Vec<&Place>, Vec<&Place>) = rest
            .into_iter()
            .partition(|place| place.detail == first.detail);
        let why = first.detail.as_deref().unwrap_or("no reason given");
        let silent = told == Some(why);
        for (index, place) in same.iter().enumerate() {
            let label = if index == 0 { "no answer" } else { "" };
            match same.len() {
                1 if !silent => out.add(label, &printable(&format!("{}: {why}", place.place))),
                _ => out.add(label, &printable(&place.place)),
            }
        }
        if same.len() > 1 && !silent {
            out.add("", &printable(why));
        }
        rest = others;
    }
}

fn is_told(failure: &Failure, place: &Place) -> bool {
    let ends = |why: &str, told: &str| why.ends_with(told);
    failure.field.as_deref() == Some(&*place.place)
        && matches!((&place.detail, &failure.detail), (Some(why), Some(told)) if ends(why, told))
}

fn looked_at(place: &Place) -> String {
    let found = match place.found {
        Found::Present => "found",
        Found::Absent => "nothing there",
        Found::Failed => "no answer",
    };
    let detail = place
        .detail
        .as_ref()
        .map(|detail| format!(", {}", printable(detail)));
    format!(
        "{}: {found}{}",
        printable(&place.place),
        detail.unwrap_or_default()
    )
}

/// How many steps passed; the evidence has each of them.
fn checks(checks: &Checks) -> String {
    let all = checks.states();
    let count = |wanted| all.iter().filter(|(_, state)| *state == wanted).count();
    let parts: Vec<String> = [
        CheckState::Passed,
        CheckState::Failed,
        CheckState::NotReached,
        CheckState::NotRequired,
    ]
    .into_iter()
    .filter(|state| count(*state) > 0)
    .map(|state| format!("{} {}", count(state), word(state)))
    .collect();
    parts.join(", ")
}

fn details(out: &mut Lines, verdict: &Verdict) {
    let evidence = verdict.evidence();
    let digests = &evidence.artifact.digests;
    // That of an image is told above.
    for (algorithm, hex) in digests.iter().filter(|_| evidence.image.is_none()) {
        out.add("digest", &format!("{algorithm}:{hex}"));
    }
    if let Some(root) = &evidence.trusted_root {
        let source = root.source.as_deref().unwrap_or("given");
        out.add("trust", &format!("{source} (sha256:{})", root.sha256));
    }
    for Part { role, content } in evidence
        .material
        .iter()
        .flat_map(|material| &material.parts)
    {
        out.add("part", &format!("{role}, {} bytes", content.len()));
    }
    if let Some(certificate) = evidence.checks.certificate.facts() {
        for (claim, value) in certificate.claims.claims.iter() {
            out.add("claim", &format!("{claim}={}", printable(value)));
        }
    }
    for (name, state) in evidence.checks.states() {
        out.add("check", &format!("{name}: {}", word(state)));
    }
    for failure in verdict.failures().iter().skip(1) {
        out.add("also", &format!("{}: {failure}", failure.reason));
    }
}

fn word(state: CheckState) -> &'static str {
    match state {
        CheckState::Passed => "passed",
        CheckState::Failed => "failed",
        CheckState::NotReached => "not made",
        CheckState::NotRequired => "not required",
    }
}

/// The cure, and for an image what may have been meant instead.
fn hint<'e>(evidence: &'e Evidence, failure: &Failure) -> Cow<'e, str> {
    let cure = cure(evidence, failure);
    let name = evidence.artifact.name.as_deref();
    match name
        .filter(|_| evidence.image.is_some())
        .and_then(also_here)
    {
        Some(also) => format!("{cure} {also}").into(),
        None => cure,
    }
}

/// The reason's cure, except where this case is known better.
fn cure<'e>(evidence: &'e Evidence, failure: &Failure) -> Cow<'e, str> {
    let expected = failure.expected.as_deref().unwrap_or_default();
    let by_regex = expected.starts_with("regex:");
    let is_glob = expected.starts_with("glob:");
    match failure.reason {
        Reason::IdentityMismatch | Reason::IssuerMismatch if by_regex => REGEX_HINT.into(),
        Reason::IdentityMismatch if is_glob && !expected.contains("**") => GLOB_HINT.into(),
        Reason::IdentityMismatch if !is_glob && expected.contains('*') => STAR_HINT.into(),
        Reason::NoProofFound if evidence.image.is_none() && evidence.release.is_some() => {
            NO_PROOF_IN_RELEASE_HINT.into()
        }
        reason => super::image::hint(evidence, reason)
            .unwrap_or_else(|| evidence.hint.as_deref().unwrap_or_default().into()),
    }
}

fn indented(out: &mut String, text: &str) {
    out.extend(std::iter::repeat_n(' ', WORD_COLUMNS));
    out.push_str(&paragraph(text, WORD_COLUMNS, WORD_COLUMNS));
    out.push('\n');
}

/// The short report does not list the places.
const NO_PROOF_HINT: &str = "Put the proof beside the file, or verify the file alone with --bundle, or with --signature and --certificate. --verbose lists the places that were looked at.";
/// Commands about releases have no flags for proofs.
const NO_PROOF_IN_RELEASE_HINT: &str = "Get or collect it again with its proof, or prove it by the SBOM (`sealcheck release sbom VERSION --check FOLDER`).";
/// More hints than this are no longer read.
const HINTS: usize = 3;
pub(super) const SIGNER: &str = "signer";
pub(super) const KEY: &str = "key";
/// Nothing is proved about the signer of what is not verified.
pub(super) const CLAIMED_SIGNER: &str = "claims to be";
const REGEX_HINT: &str = "If the signer that was found is the right one, correct the pattern: it must match the whole text (cosign accepts a part of it). Otherwise do not use the artifact.";
const GLOB_HINT: &str = "If the signer that was found is the right one, correct the pattern: in a glob `*` stays between two slashes, and `**` does not. Otherwise do not use the artifact.";
const STAR_HINT: &str = "The name is compared as it is, also its `*`: if a pattern was meant, write `glob:` before it. Otherwise do not use the artifact.";
/// Where there is no proof, there is nothing to check.
const NONE_MADE: &str = "8 not made";
const INDENT: usize = 2;
const VALUE_COLUMN: usize = 16;
/// The longest outcome and two spaces.
const WORD_COLUMNS: usize = 13;
const ORDER: [Outcome; 5] = [
    Outcome::Verified,
    Outcome::Rejected,
    Outcome::Unavailable,
    Outcome::Unsigned,
    Outcome::Usage,
];

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn files_and_images_together_are_artifacts() {
        for (images, words) in [
            (0, "3 artifacts: "),
            (1, "3 artifacts: "),
            (3, "3 images: "),
        ] {
            let summary = Summary {
                counts: [3, 0, 0, 0, 0],
                images,
                advice: Vec::new(),
            };
            let text = summary.text();
            assert!(text.starts_with(words), "{text}");
        }
    }
}
