//! `sealcheck release verify-all`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use sealcheck_engine::ordered;
use sealcheck_record::{ImageReport, RELEASE_REPORT_SCHEMA, ReleaseReport};
use sealcheck_release::{Artifact, Origin, ProvedSbom, Release, ReleaseFile};
use sealcheck_verify::{Outcome, Time, Verdict, printable};

use super::images::{self, access};
use super::{NOT_REPORTED, Project, about, catalogue, head, is_for, not_proved};
use crate::args::ReleaseImagesArgs;
use crate::output::{self, Extent, Publication, Watch, reported_as_output};
use crate::problem::Result;
use crate::report::wrap::paragraph;
use crate::report::{colour, counted, text};
use crate::{CommandLine, signals};

/// Proves everything.
pub(super) fn run(args: &ReleaseImagesArgs, line: &CommandLine<'_>) -> Result<u8> {
    let (project, access) = (&args.release, access(args, line)?);
    let project = Project::open(&args.version, project, access, false, line)?;
    let read = images::files_read(&args.access);
    project.refuse_overwriting(args.report.output_file.as_deref(), read)?;
    let release = images::with_proofs(project.release(line)?, args, line)?;
    signals::last_words(NOT_REPORTED);
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &reported_as_output(&args.report), line),
    };
    let publication = Publication::begin(&args.report, line.console)?;
    let files = files(args, &release, &sbom, line)?;
    let images = images::prove(args, &release, &sbom, line)?;
    let summary = |counts: &Counts| summary(counts, &project, &release, args);
    let document = document(&release, &sbom, (&files, images), summary);
    let text = |extent| report(&document, &files, extent);
    publication.end(document.about.outcome, text, &document)
}

/// Every file that should have a signature, proved.
fn files(
    args: &ReleaseImagesArgs,
    release: &Release<'_>,
    sbom: &ProvedSbom,
    line: &CommandLine<'_>,
) -> Result<Vec<Verdict>> {
    let catalogue = catalogue(release, sbom, args.platform.as_ref())?;
    let is_wanted = |artifact: &&Artifact| {
        is_for(artifact, args.platform.as_ref())
            && release
                .profile()
                .unsigned_by_design(&artifact.path)
                .is_none()
    };
    let files: Vec<ReleaseFile> = catalogue
        .artifacts()
        .filter(is_wanted)
        .map(|artifact| ReleaseFile {
            path: artifact.path.clone(),
            local: None,
        })
        .collect();
    let bar = output::bar(line.console, files.len());
    let watch = Watch(bar.as_ref());
    let mut verdicts = Vec::new();
    let work = |file: ReleaseFile| release.prove(sbom, &file, true, &watch);
    ordered(files, output::jobs(args.jobs), work, |_, verdict| {
        if let Some(bar) = &bar {
            bar.done();
        }
        verdicts.push(line.console.discreet(verdict));
        ControlFlow::Continue(())
    });
    if let Some(bar) = &bar {
        bar.clear();
    }
    Ok(verdicts)
}

/// By outcome.
type Counts = BTreeMap<&'static str, usize>;

fn document(
    release: &Release<'_>,
    sbom: &ProvedSbom,
    (files, images): (&[Verdict], Vec<ImageReport>),
    summary: impl FnOnce(&Counts) -> String,
) -> ReleaseReport {
    let outcomes = files.iter().map(Verdict::outcome);
    let outcomes = outcomes.chain(images.iter().map(|image| image.outcome));
    let mut counts = Counts::new();
    let mut worst = Outcome::Verified;
    for outcome in outcomes {
        *counts.entry(outcome.as_str()).or_insert(0) += 1;
        worst = worst.max(outcome);
    }
    let unsigned = release.profile().unsigned.iter();
    let unsigned = unsigned.map(|unsigned| {
        let path = unsigned.path.to_string();
        let path = path.strip_prefix("glob:").unwrap_or(&path);
        path.strip_prefix("**/").unwrap_or(path).to_owned()
    });
    ReleaseReport {
        schema: RELEASE_REPORT_SCHEMA,
        about: about(release, sbom, worst),
        summary: summary(&counts),
        counts,
        files: files.iter().map(|it| it.evidence().clone()).collect(),
        images,
        unsigned_by_design: unsigned.collect(),
    }
}

/// What a person does now.
fn summary(
    counts: &Counts,
    project: &Project,
    release: &Release<'_>,
    args: &ReleaseImagesArgs,
) -> String {
    let count = |outcome: Outcome| counts.get(outcome.as_str()).copied().unwrap_or(0);
    let version = match &args.platform {
        Some(platform) => format!("{} for {platform}", release.version()),
        None => release.version().to_string(),
    };
    let (rejected, missing, unsigned) = (
        count(Outcome::Rejected),
        count(Outcome::Unavailable) + count(Outcome::Usage),
        count(Outcome::Unsigned),
    );
    let mut parts = Vec::new();
    if rejected > 0 {
        // The fault can be that of a mirror or a copy.
        let then = match args.release.from.is_some() || args.registry.is_some() {
            false => "and report it to the project",
            true => {
                "get it again from another place, and report it to the project if it is rejected there too"
            }
        };
        parts.push(format!("do not use what is rejected ({rejected}), {then}"));
    }
    if missing > 0 {
        parts.push(format!(
            "{missing} could not be judged: nothing is known about them, so mend what is said above and run this again"
        ));
    }
    if unsigned > 0 {
        parts.push(format!(
            "{unsigned} have no signature: ask the project, or prove them by the SBOM (release sbom --check)"
        ));
    }
    let beside = match project.origin {
        Origin::Folder { .. } => " What else lies in the folder was not looked at.",
        Origin::Published => "",
    };
    match parts.is_empty() {
        true => format!("Everything of {version} is proved: it can be used.{beside}"),
        false => format!("Not all of {version} is proved: {}.", parts.join("; ")),
    }
}

/// The outcome first, then what is wrong, what is right and who signed it; at the end what to do.
fn report(document: &ReleaseReport, files: &[Verdict], extent: Extent) -> String {
    let mut out = String::new();
    let outcome = document.about.outcome;
    let is_shown = |outcome: Outcome| extent == Extent::Whole || outcome != Outcome::Verified;
    let counts = match outcome {
        Outcome::Verified if document.images.is_empty() => counted(files.len(), "file"),
        Outcome::Verified => [
            counted(files.len(), "file"),
            counted(document.images.len(), "image"),
        ]
        .join(", "),
        _ => {
            let counts = document.counts.iter();
            let counts = counts.map(|(outcome, count)| format!("{count} {outcome}"));
            counts.collect::<Vec<_>>().join(", ")
        }
    };
    out.push_str(&head(&document.about, &counts));
    let mut files: Vec<&Verdict> = files.iter().filter(|it| is_shown(it.outcome())).collect();
    if !files.is_empty() {
        writeln!(out, "\nfiles").ok();
    }
    files.sort_by_key(|verdict| Reverse(verdict.outcome()));
    for verdict in files {
        let evidence = verdict.evidence();
        let path = evidence.release.as_ref().map(|release| &*release.path);
        match (path, verdict.failure()) {
            // One line for what is right; whoever signed it signed them all.
            (Some(path), None) => {
                let style = colour::of(Outcome::Verified);
                writeln!(out, "{style}verified{style:#}     {}", printable(path)).ok();
                out.push_str(&text::bad_checksums(evidence));
            }
            _ => out.push_str(&text::line(verdict)),
        }
    }
    let images = document.images.iter();
    let mut images: Vec<&ImageReport> = images.filter(|it| is_shown(it.outcome)).collect();
    if !images.is_empty() {
        writeln!(out, "\nimages").ok();
    }
    images.sort_by_key(|image| Reverse(image.outcome));
    for image in images {
        images::row(&mut out, image, false);
    }
    let summary = paragraph(&document.summary, 0, 0);
    if extent == Extent::Failures {
        writeln!(out, "\n{summary}").ok();
        return out;
    }
    let signers = signers(document);
    if !signers.is_empty() {
        writeln!(out, "\nsigned").ok();
    }
    for ((what, signer), signatures) in signers {
        let count = counted(signatures.count, what);
        let time = match signatures.between {
            None => String::new(),
            Some((first, last)) if first == last => format!(", {first}"),
            Some((first, last)) => format!(", {first} to {last}"),
        };
        writeln!(out, "{INDENT}{count}{time}").ok();
        writeln!(out, "{INDENT}by {}", printable(signer)).ok();
    }
    let by_design = document.unsigned_by_design.join(", ");
    let by_design = format!("not signed, on purpose: {}", printable(&by_design));
    writeln!(out, "\n{}", paragraph(&by_design, 0, 2)).ok();
    writeln!(out, "\n{summary}").ok();
    out
}

/// What one signer signed.
#[derive(Default)]
struct Signatures {
    count: usize,
    /// The times of the first and the last.
    between: Option<(Time, Time)>,
}

/// Who signed what was verified, by what it is.
fn signers(document: &ReleaseReport) -> BTreeMap<(&'static str, &str), Signatures> {
    let mut signers: BTreeMap<(&str, &str), Signatures> = BTreeMap::new();
    let files = document.files.iter().map(|file| ("file", file));
    let files = files.filter(|(_, evidence)| evidence.outcome == Outcome::Verified);
    let images = document.images.iter().flat_map(images::verified);
    for (what, evidence) in files.chain(images) {
        let Some(signer) = &evidence.signer else {
            continue;
        };
        let signatures = signers.entry((what, signer)).or_default();
        signatures.count += 1;
        if let Some(time) = evidence.signed_at {
            let (first, last) = signatures.between.unwrap_or((time, time));
            signatures.between = Some((first.min(time), last.max(time)));
        }
    }
    signers
}

/// Of what stands below a heading and has no column of outcomes: that of the names.
const INDENT: &str = "             ";
