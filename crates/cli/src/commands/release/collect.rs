//! `sealcheck release collect`.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use sealcheck_engine::{Progress, ordered};
use sealcheck_record::{KIT_SCHEMA, KitFile, KitGap, KitImage, KitIndex};
use sealcheck_release::prove::{ReleaseImage, Target};
use sealcheck_release::{Artifact, Catalogue, Platform, ProvedSbom, Release};
use sealcheck_verify::{Outcome, Verdict, printable};

use super::images::{self, access};
use super::kit::{self, Listed};
use super::{GOES_ON, Project, catalogue, is_for, not_proved, require_folder_to_fill, tell_sbom};
use crate::args::ReleaseCollectArgs;
use crate::environment::{Origin, origin, spoken};
use crate::output::{self, Report, Shape, Watch, reported_as_output};
use crate::problem::{Problem, Result};
use crate::report::progress::Bar;
use crate::session::{is_within, read_and_written, shown};
use crate::suggestion::quoted;
use crate::{CommandLine, precedence, signals};

/// Collects a release with its proofs.
pub(super) fn run(args: &ReleaseCollectArgs, line: &CommandLine<'_>) -> Result<u8> {
    let (common, kit) = (&args.images, &args.to);
    require_folder_to_fill(kit)?;
    let access = access(common, line)?;
    let project = Project::open(&common.version, &common.release, access, false, line)?;
    let output = common.report.output_file.as_deref();
    project.refuse_overwriting(output, images::files_read(&common.access))?;
    // Whatever lies in a kit is to be proved, or is what it is proved by.
    if let Some(output) = output.filter(|output| is_within(output, kit)) {
        return Err(read_and_written(output));
    }
    let release = images::with_proofs(project.release(line)?, common, line)?;
    let shown_output = reported_as_output(&common.report);
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &shown_output, line),
    };
    tell_sbom(&sbom, &release, line);
    let platform = common.platform.as_ref();
    let catalogue = catalogue(&release, &sbom, platform)?;
    let wanted = |artifact: &&Artifact| is_for(artifact, platform);
    let artifacts: Vec<Artifact> = catalogue.artifacts().filter(wanted).cloned().collect();
    let images = release.images(&sbom, common.registry.as_deref())?;
    let all_images = images.iter().map(|image| image.name.clone()).collect();
    let images = images::selected(common, images);
    let count = artifacts.len().saturating_add(images.len());
    let _lock = kit::begin(kit, &release.version().to_string())?;
    signals::last_words(GOES_ON);
    let shape = Shape {
        several: true,
        aside: false,
    };
    let report = Report::begin(&shown_output, line, shape, false)?;
    let bar = output::bar(line.console, count);
    let mut collection = Collection {
        release: &release,
        sbom: &sbom,
        kit,
        line,
        report,
        bar: bar.as_ref(),
        index: KitIndex {
            schema: KIT_SCHEMA.to_owned(),
            project: release.profile().name.clone(),
            version: release.version().to_string(),
            files: Vec::new(),
            images: Vec::new(),
            not_collected: Vec::new(),
            trusted_root: None,
        },
    };
    let jobs = output::jobs(common.jobs);
    collection.files(artifacts, jobs, &Watch(bar.as_ref()));
    collection.images(images, jobs);
    let Collection {
        report, mut index, ..
    } = collection;
    let listed = Listed {
        engine: &project.opened.engine,
        files: &sbom.listing,
        images: all_images,
    };
    let kept = kit::keep(&mut index, kit, &listed, jobs);
    // The report is one document, whatever came of the index.
    let code = report.end(bar.as_ref(), count)?;
    for note in kept.map_err(Problem::late)? {
        line.console.note(&note);
    }
    let of_one = platform.filter(|platform| has_only(&index, &catalogue, platform));
    match index.not_collected.is_empty() {
        true => tell(&index, of_one, kit, line),
        false => line.console.note(&format!(
            "The kit is not complete: {} lists under notCollected what is missing, and why. Once that is mended, the same command goes on.",
            shown(&kit.join(kit::file_name(&index.version)))
        )),
    }
    Ok(code)
}

/// What is collected, and how far it has come.
struct Collection<'c> {
    release: &'c Release<'c>,
    sbom: &'c ProvedSbom,
    kit: &'c Path,
    line: &'c CommandLine<'c>,
    report: Report<'c>,
    bar: Option<&'c Bar>,
    index: KitIndex,
}

impl Collection<'_> {
    fn files(
        &mut self,
        artifacts: Vec<Artifact>,
        jobs: NonZeroUsize,
        watch: &(dyn Progress + Sync),
    ) {
        let (release, sbom, kit) = (self.release, self.sbom, self.kit);
        let folder = PathBuf::from(release.version().to_string());
        let work = |artifact: Artifact| {
            let target = Target {
                root: kit,
                below: &folder.join(artifact.path.as_str()),
            };
            let verdict = release.fetch(sbom, &artifact, target, true, watch);
            (artifact, verdict)
        };
        ordered(artifacts, jobs, work, |_, (artifact, verdict)| {
            let path = artifact.path.to_string();
            let sha256 = verdict.evidence().artifact.digests.get("sha256").cloned();
            let kept = sha256.map(|sha256| KitFile {
                path: path.clone(),
                sha256: sha256.into(),
            });
            let (kept, next) = self.take(path, verdict, kept);
            self.index.files.extend(kept);
            next
        });
    }

    fn images(&mut self, images: Vec<ReleaseImage>, jobs: NonZeroUsize) {
        let (release, sbom, kit) = (self.release, self.sbom, self.kit);
        let work = |image: ReleaseImage| {
            let (verdict, kept) = release.keep_image(sbom, &image, kit);
            (image.name, verdict, kept)
        };
        ordered(images, jobs, work, |_, (name, verdict, kept)| {
            let kept = kept.map(|kept| KitImage {
                name: name.clone(),
                layout: kept.layout.display().to_string(),
                digest: kept.digest.to_string(),
            });
            let (kept, next) = self.take(name, verdict, kept);
            self.index.images.extend(kept);
            next
        });
    }

    /// Reports a verdict, and what is missing where it is not `verified`.
    fn take<T>(
        &mut self,
        name: String,
        verdict: Verdict,
        kept: Option<T>,
    ) -> (Option<T>, ControlFlow<()>) {
        let told = self.line.console.discreet(verdict);
        let kept = kept.filter(|_| told.outcome() == Outcome::Verified);
        if let Some(failure) = told.failure() {
            self.index.not_collected.push(KitGap {
                name,
                outcome: told.outcome().to_string(),
                reason: failure.reason.to_string(),
                message: failure.to_string(),
            });
        }
        (kept, self.report.take(self.bar, &told, || Ok(())))
    }
}

/// Whether a kit has nothing for another platform.
fn has_only(index: &KitIndex, catalogue: &Catalogue<'_>, platform: &Platform) -> bool {
    let mut others = catalogue
        .artifacts()
        .filter(|artifact| !is_for(artifact, Some(platform)));
    let has = |artifact: &Artifact| {
        let path = artifact.path.as_str();
        // They are sorted by their paths.
        let found = index.files.binary_search_by(|file| (*file.path).cmp(path));
        found.is_ok()
    };
    !others.any(has)
}

fn tell(index: &KitIndex, platform: Option<&Platform>, kit: &Path, line: &CommandLine<'_>) {
    let advice = kit::advice(index.trusted_root.as_ref(), kit);
    line.console.note(&advice);
    let platform = platform
        .map(|platform| format!(" --platform {platform}"))
        .unwrap_or_default();
    line.console.note(&format!(
        "Prove the kit without network: sealcheck release verify-all {} --from {} --offline{platform}{}",
        index.version,
        quoted(&shown(kit)),
        given_again(line.matches),
    ));
}

/// The flags that say who must have signed, what is trusted and what is required: a kit answers none of that.
fn given_again(matches: &ArgMatches) -> String {
    let mut out = String::new();
    for id in GIVEN_AGAIN.iter().chain(precedence::FILES) {
        // From a variable it is there again.
        if origin(matches, id) != Some(Origin::Flag) {
            continue;
        }
        let flag = spoken(matches, id);
        if matches!(matches.try_get_one::<bool>(id), Ok(Some(_))) {
            write!(out, " {flag}").ok();
            continue;
        }
        for value in matches.get_raw(id).into_iter().flatten() {
            let value = printable(&value.to_string_lossy());
            write!(out, " {flag} {}", quoted(&value)).ok();
        }
    }
    out
}

/// By their names as arguments, in the order in which they are told.
const GIVEN_AGAIN: [&str; 18] = [
    "profile",
    "key",
    "identity",
    "certificate_identity",
    "certificate_identity_regexp",
    "issuer",
    "certificate_oidc_issuer",
    "certificate_oidc_issuer_regexp",
    "no_issuer",
    "claim",
    "require",
    "use_signed_timestamps",
    "allow_certificate_chain",
    "insecure_ignore_tlog",
    "insecure_ignore_sct",
    "instance",
    "trusted_root",
    "tuf_root",
];
