//! `sealcheck release collect`.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sealcheck_engine::{CopyRequest, Platforms, Silent, create_folders, ordered, unwritable};
use sealcheck_record::{KIT_SCHEMA, KitFile, KitGap, KitImage, KitIndex};
use sealcheck_release::prove::{ReleaseImage, Target};
use sealcheck_release::{Artifact, ProvedSbom, Release};
use sealcheck_verify::{Outcome, Verdict, printable};

use super::images::{self, access};
use super::kit::{self, IMAGES};
use super::{GOES_ON, Project, catalogue, is_for, not_proved, tell_sbom};
use crate::args::ReleaseCollectArgs;
use crate::environment::{Origin, origin, spoken};
use crate::output::{self, Report, Shape, Watch, reported_as_output};
use crate::problem::{Problem, Result};
use crate::session::shown;
use crate::suggestion::quoted;
use crate::{CommandLine, signals};

/// Collects a release with its proofs.
pub(super) fn run(args: &ReleaseCollectArgs, line: &CommandLine<'_>) -> Result<u8> {
    let (common, kit) = (&args.images, &args.to);
    let access = access(common, line)?;
    let project = Project::open(&common.version, &common.release, access, false, line)?;
    project.refuse_overwriting(common.report.output_file.as_deref(), std::iter::empty())?;
    let release = project.release(line)?;
    let shown_output = reported_as_output(&common.report);
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &shown_output, line),
    };
    tell_sbom(&sbom, &release, line);
    let catalogue = catalogue(&release, &sbom, common.platform.as_ref())?;
    let wanted = |artifact: &&Artifact| is_for(artifact, common.platform.as_ref());
    let artifacts: Vec<Artifact> = catalogue.artifacts().filter(wanted).cloned().collect();
    let images = images::selected(common, &release, &sbom)?;
    let count = artifacts.len().saturating_add(images.len());
    let shape = Shape {
        several: true,
        aside: false,
    };
    let _lock = kit::begin(kit)?;
    signals::last_words(GOES_ON);
    let mut report = Report::begin(&shown_output, line, shape, false)?;
    let bar = output::bar(line.console, count);
    let watch = Watch(bar.as_ref());
    let folder = PathBuf::from(release.version().to_string());
    let work = |artifact: Artifact| {
        let target = Target {
            root: kit,
            below: &folder.join(artifact.path.as_str()),
        };
        let verdict = release.fetch(&sbom, &artifact, target, true, &watch);
        (artifact, verdict)
    };
    let (mut files, mut gaps) = (Vec::new(), Vec::new());
    ordered(
        artifacts,
        output::jobs(common.jobs),
        work,
        |_, (artifact, verdict)| {
            let told = line.console.discreet(verdict);
            let path = artifact.path.to_string();
            match told.evidence().artifact.digests.get("sha256") {
                Some(sha256) if told.outcome() == Outcome::Verified => files.push(KitFile {
                    path,
                    sha256: sha256.to_string(),
                }),
                _ => gaps.extend(gap(path, &told)),
            }
            report.take(bar.as_ref(), &told, || Ok(()))
        },
    );
    let mut kept_images = Vec::new();
    for image in images {
        let (verdict, kept) = keep_image(&project, (&release, &sbom), &image, kit);
        let told = line.console.discreet(verdict);
        match kept {
            Some(kept) => kept_images.push(kept),
            None => gaps.extend(gap(image.name, &told)),
        }
        if report.take(bar.as_ref(), &told, || Ok(())) == ControlFlow::Break(()) {
            break;
        }
    }
    let keep = || {
        let mut index = KitIndex {
            schema: KIT_SCHEMA.to_owned(),
            project: release.profile().name.clone(),
            version: release.version().to_string(),
            files,
            images: kept_images,
            not_collected: gaps,
            trusted_root: kit::keep_trust(project.opened.engine.trust(), kit)?,
        };
        kit::with_earlier(&mut index, kit, &project.opened.engine);
        let name = kit::file_name(&index.version);
        kit::write(kit, &name, output::json(&index)?.as_bytes())?;
        Ok(index)
    };
    let index = keep();
    // The report is one document, whatever came of the index.
    let code = report.end(bar.as_ref(), count)?;
    let index = index.map_err(|problem: Problem| problem.late())?;
    match code {
        0 => tell(&index, kit, line),
        _ => line
            .console
            .note("The kit is not complete: what is missing is told above. Once that is mended, the same command goes on."),
    }
    Ok(code)
}

fn tell(index: &KitIndex, kit: &Path, line: &CommandLine<'_>) {
    let advice = kit::advice(index.trusted_root.as_ref(), kit);
    line.console.note(&advice);
    line.console.note(&format!(
        "Prove the kit without network: sealcheck release verify-all {} --from {} --offline{}",
        index.version,
        quoted(&shown(kit)),
        given_again(line),
    ));
}

/// The flags that say who must have signed and what is trusted: a kit answers neither.
fn given_again(line: &CommandLine<'_>) -> String {
    let mut out = String::new();
    for id in GIVEN_AGAIN {
        // From a variable it is there again.
        if origin(line.matches, id) != Some(Origin::Flag) {
            continue;
        }
        let flag = spoken(line.matches, id);
        match line.matches.get_raw(id) {
            Some(values) if id != "no_issuer" => {
                for value in values {
                    let value = printable(&value.to_string_lossy());
                    write!(out, " {flag} {}", quoted(&value)).ok();
                }
            }
            _ => write!(out, " {flag}").unwrap_or_default(),
        }
    }
    out
}

/// What was not proved, and why.
fn gap(name: String, verdict: &Verdict) -> Option<KitGap> {
    let failure = verdict.failure()?;
    Some(KitGap {
        name,
        outcome: verdict.outcome().to_string(),
        reason: failure.reason.to_string(),
        message: failure.to_string(),
    })
}

/// Proves an image and copies it with all that is attached to it. What is not verified is not copied.
fn keep_image(
    project: &Project,
    (release, sbom): (&Release<'_>, &ProvedSbom),
    image: &ReleaseImage,
    kit: &Path,
) -> (Verdict, Option<KitImage>) {
    let proved = release.prove_image(sbom, image).verdict;
    if proved.outcome() != Outcome::Verified {
        return (proved, None);
    }
    let digest = proved.evidence().image.as_ref().and_then(|it| it.digest);
    let Some(digest) = digest else {
        return (proved, None);
    };
    let layout = PathBuf::from(IMAGES).join(image.path());
    let target = kit.join(&layout);
    // The layout itself follows no links either.
    let copied = create_folders(kit, &layout)
        .map_err(|error| unwritable(&target, error))
        .and_then(|()| {
            let request = CopyRequest {
                image: image.at(digest)?,
                layout: target,
                platforms: Platforms::AsGiven,
                repositories: Vec::new(),
            };
            project.opened.engine.copy_image(&request, &Silent)
        });
    match copied {
        Ok(_) => {
            let kept = KitImage {
                name: image.name.clone(),
                layout: layout.display().to_string(),
                digest: digest.to_string(),
            };
            (proved, Some(kept))
        }
        Err(failure) => (proved.with_failure(failure), None),
    }
}

/// By their names as arguments, in the order in which they are told.
const GIVEN_AGAIN: [&str; 19] = [
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
    "instance",
    "trusted_root",
    "tuf_root",
    "certificate_chain",
    "ca_roots",
    "ca_intermediates",
    "timestamp_certificate_chain",
    "rekor_public_key",
    "ct_log_public_key",
];
