//! `sealcheck release images`.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;

use sealcheck_engine::{ImageSource, ordered};
use sealcheck_record::{
    AttestationReport, ImageReport, NameCertainty, RELEASE_IMAGES_SCHEMA, ReleaseImages,
};
use sealcheck_registry::Reference;
use sealcheck_release::prove::{ProvedImage, ReleaseImage};
use sealcheck_release::spdx::Certainty;
use sealcheck_release::{ProvedSbom, Purpose, Release};
use sealcheck_verify::evidence::{Evidence, Listed};
use sealcheck_verify::{Outcome, Verdict, printable};

use super::{NOT_REPORTED, Project, about, catalogue, head, not_proved};
use crate::args::{RegistryArgs, ReleaseImagesArgs};
use crate::output::{self, Publication, reported_as_output};
use crate::problem::{Problem, Result};
use crate::registry::{self, Access};
use crate::report::colour;
use crate::report::text::Summary;
use crate::report::wrap::paragraph;
use crate::{CommandLine, signals};

/// What of an image was verified, with its signatures first, each with the evidence.
pub(super) fn verified(image: &ImageReport) -> impl Iterator<Item = (&'static str, &Evidence)> {
    let attestations = image.attestations.iter();
    let attestations = attestations.map(|attestation| (attestation.what, &attestation.evidence));
    let all = std::iter::once((IMAGE, &image.evidence)).chain(attestations);
    all.filter(|(_, evidence)| evidence.outcome == Outcome::Verified)
}

/// Proves the images of a release.
pub(super) fn run(args: &ReleaseImagesArgs, line: &CommandLine<'_>) -> Result<u8> {
    let (project, access) = (&args.release, access(args, line)?);
    let project = Project::open(&args.version, project, access, false, line)?;
    let read = files_read(&args.access);
    project.refuse_overwriting(args.report.output_file.as_deref(), read)?;
    let release = with_proofs(project.release(line)?, args, line)?;
    signals::last_words(NOT_REPORTED);
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &reported_as_output(&args.report), line),
    };
    if args.platform.is_some() {
        catalogue(&release, &sbom, args.platform.as_ref())?;
    }
    let publication = Publication::begin(&args.report, line.console)?;
    let (images, summary) = summed(args, &release, &sbom, line)?;
    if images.is_empty() {
        return Err(Problem::argument(format!(
            "the SBOM of {} names no images{}",
            release.version(),
            match &args.platform {
                Some(platform) => format!(" for {platform}"),
                None => String::new(),
            }
        )));
    }
    let outcome = images.iter().map(|image| image.outcome).max();
    let outcome = outcome.unwrap_or(Outcome::Verified);
    let document = ReleaseImages {
        schema: RELEASE_IMAGES_SCHEMA,
        about: about(&release, &sbom, outcome),
        images,
    };
    publication.end(outcome, |_| text(&document, &summary), &document)
}

fn text(document: &ReleaseImages, summary: &Summary) -> String {
    let images = &document.images;
    let outcome = document.about.outcome;
    let mut out = head(&document.about, "images");
    images.iter().for_each(|image| row(&mut out, image, true));
    let good = images.iter().filter(|it| it.outcome == Outcome::Verified);
    let style = colour::of(outcome);
    let sum = format!(
        "{style}{outcome}{style:#}: {} of {} images of {} are verified",
        good.count(),
        images.len(),
        document.about.version
    );
    writeln!(out, "{}", paragraph(&sum, 0, 2)).ok();
    out.push_str(&summary.hints());
    out
}

/// How registries are spoken to. Secrets are for the registry that is named: no profile is shown them.
pub(super) fn access(args: &ReleaseImagesArgs, line: &CommandLine<'_>) -> Result<Access> {
    let named = args.registry.as_deref().map(anything_in).transpose()?;
    if named.is_none()
        && let Some(flag) = registry::secret(&args.access, line.matches)
    {
        return Err(Problem::argument(format!("{flag} is for a registry, and none is named"))
            .with_hint("Name it with --registry, or log in to it (docker login): a secret is shown to one registry only."));
    }
    registry::read(
        &args.access,
        &args.deprecated_registry,
        line,
        named.as_slice(),
    )
}

/// An image in a registry, whichever.
fn anything_in(registry: &str) -> Result<ImageSource> {
    let image = format!("{}/any:any", registry.trim_end_matches('/'));
    match Reference::parse(&image) {
        Ok(reference) => Ok(ImageSource::Registry(reference)),
        Err(error) => Err(Problem::argument(format!("--registry {registry}: {error}"))),
    }
}

/// The release, whose images have their proofs where the flags say.
pub(super) fn with_proofs<'r>(
    release: Release<'r>,
    args: &ReleaseImagesArgs,
    line: &CommandLine<'_>,
) -> Result<Release<'r>> {
    let repositories = registry::repositories(&args.access, line.matches)?;
    Ok(release.with_proofs_in(repositories))
}

/// The files with what is said of registries.
pub(super) fn files_read(args: &RegistryArgs) -> impl Iterator<Item = PathBuf> {
    let files = [&args.registry_config, &args.pull_secret];
    files.into_iter().flatten().cloned()
}

/// What of the images is meant.
pub(super) fn selected(
    args: &ReleaseImagesArgs,
    mut images: Vec<ReleaseImage>,
) -> Vec<ReleaseImage> {
    if let Some(platform) = &args.platform {
        images.retain(|image| image.is_for(platform));
    }
    images
}

/// Proves all images, in order.
pub(super) fn prove(
    args: &ReleaseImagesArgs,
    release: &Release<'_>,
    sbom: &ProvedSbom,
    line: &CommandLine<'_>,
) -> Result<Vec<ImageReport>> {
    summed(args, release, sbom, line).map(|(images, _)| images)
}

/// The same, with what to do about those that are not verified.
fn summed(
    args: &ReleaseImagesArgs,
    release: &Release<'_>,
    sbom: &ProvedSbom,
    line: &CommandLine<'_>,
) -> Result<(Vec<ImageReport>, Summary)> {
    let images = release.images(sbom, args.registry.as_deref())?;
    let images = selected(args, images);
    let bar = output::bar(line.console, images.len());
    let mut out = Vec::new();
    let mut summary = Summary::default();
    let work = |image: ReleaseImage| {
        let proved = release.prove_image(sbom, &image);
        (image, proved)
    };
    ordered(
        images,
        output::jobs(args.jobs),
        work,
        |_, (image, proved)| {
            if let Some(bar) = &bar {
                bar.done();
            }
            summary.add(&line.console.discreet(proved.decisive().clone()));
            out.push(reported(image, proved, line));
            ControlFlow::Continue(())
        },
    );
    if let Some(bar) = &bar {
        bar.clear();
    }
    Ok((out, summary))
}

fn reported(image: ReleaseImage, proved: ProvedImage, line: &CommandLine<'_>) -> ImageReport {
    let told = |verdict: Verdict| line.console.discreet(verdict);
    let outcome = proved.decisive().outcome();
    let verdict = told(proved.verdict);
    let attestations = proved.attestations.into_iter().map(|attested| {
        let verdict = told(attested.verdict);
        AttestationReport {
            what: word(attested.purpose),
            present: verdict.outcome() != Outcome::Unsigned,
            levels: attested.levels,
            evidence: verdict.evidence().clone(),
        }
    });
    let attestations = attestations.collect();
    ImageReport {
        name: image.name,
        certainty: certainty(image.certainty),
        outcome,
        evidence: verdict.evidence().clone(),
        attestations,
    }
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::PromotionRecords => "promotion record",
        Purpose::VerificationSummaries => "verification summary",
        Purpose::Files => "files",
        Purpose::Images => "images",
    }
}

/// The lines about an image. Those about signers can be left out, where the report names them for all images.
pub(super) fn row(out: &mut String, image: &ImageReport, with_signers: bool) {
    let style = colour::of(image.outcome);
    let word = image.outcome.as_str();
    let padding = " ".repeat(WORDS.saturating_sub(word.len()));
    writeln!(
        out,
        "{style}{word}{style:#}{padding}{}",
        printable(&image.name)
    )
    .ok();
    let mut add = |text: &str| {
        let text = paragraph(&printable(text), WORDS, WORDS);
        writeln!(out, "{}{text}", " ".repeat(WORDS)).ok();
    };
    if let Some(digest) = image.evidence.image.as_ref().and_then(|it| it.digest) {
        add(&digest.to_string());
    }
    if image.certainty == NameCertainty::Guessed {
        add("the SBOM has this name only in an identifier, so it is a guess");
    }
    match (why(&image.evidence), &image.evidence.signer) {
        (Some(why), _) => add(&why),
        (None, Some(signer)) if with_signers => add(signer),
        (None, _) => {}
    }
    let listed = image.evidence.release.as_ref().map(|it| it.listed);
    if image.outcome == Outcome::Verified && listed == Some(Listed::Absent) {
        add("the SBOM does not list what it consists of: only its signature was proved");
    }
    for attestation in image.attestations.iter().filter(|it| it.present) {
        let evidence = &attestation.evidence;
        let what = attestation.what;
        match (why(evidence), &evidence.signer) {
            (Some(why), _) => add(&format!("{what}: {}: {why}", evidence.outcome)),
            (None, Some(signer)) if with_signers => add(&format!("{what}: verified, {signer}")),
            (None, _) => add(&format!("{what}: verified")),
        }
        if !attestation.levels.is_empty() {
            add(&format!("levels: {}", attestation.levels.join(", ")));
        }
    }
}

/// As documents say it.
pub(super) fn certainty(certainty: Certainty) -> NameCertainty {
    match certainty {
        Certainty::Exact => NameCertainty::Exact,
        Certainty::Certain => NameCertainty::Certain,
        Certainty::Guessed => NameCertainty::Guessed,
    }
}

/// Why something is not verified: the code of the reason, and what happened.
fn why(evidence: &Evidence) -> Option<String> {
    let message = evidence.message.as_ref()?;
    Some(format!("{}: {message}", evidence.reason?))
}

/// What the signatures of an image are about.
const IMAGE: &str = "image";
/// The longest outcome and two spaces.
const WORDS: usize = 13;
