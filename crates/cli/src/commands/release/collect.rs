//! `sealcheck release collect`.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sealcheck_engine::{CopyRequest, Platforms, Silent, create_folders, ordered, unwritable};
use sealcheck_release::prove::{ReleaseImage, Target};
use sealcheck_release::{Artifact, ProvedSbom, Release};
use sealcheck_verify::{Outcome, Verdict};

use super::images::{self, access};
use super::kit::{self, IMAGES, Index, Kept, KeptImage, KeptTrust};
use super::{Project, catalogue, not_proved, tell_sbom};
use crate::CommandLine;
use crate::args::{ReleaseCollectArgs, ReleaseImagesArgs};
use crate::output::{self, Report, Shape, Watch, shown_as_output};
use crate::problem::{Problem, Result};
use crate::session::shown;

/// Collects a release with its proofs.
pub(super) fn run(args: &ReleaseCollectArgs, line: &CommandLine<'_>) -> Result<u8> {
    let (common, kit) = (&args.images, &args.to);
    let access = access(common, line)?;
    let project = Project::open(&common.version, &common.release, access, false, line)?;
    let release = project.release(line)?;
    let shown_output = shown_as_output(&common.shown);
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &shown_output, line),
    };
    tell_sbom(&sbom, &release, line);
    let catalogue = catalogue(&release, &sbom, common.platform.as_ref())?;
    let wanted = |artifact: &&Artifact| match (&common.platform, &artifact.platform) {
        (Some(wanted), Some(own)) => wanted == own,
        _ => true,
    };
    let artifacts: Vec<Artifact> = catalogue.artifacts().filter(wanted).cloned().collect();
    let images = images::selected(common, &release, &sbom)?;
    let count = artifacts.len().saturating_add(images.len());
    let shape = Shape {
        several: true,
        aside: false,
    };
    let _lock = kit::begin(kit)?;
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
    let mut files = Vec::new();
    ordered(
        artifacts,
        output::jobs(common.jobs),
        work,
        |_, (artifact, verdict)| {
            if verdict.outcome() == Outcome::Verified
                && let Some(sha256) = verdict.evidence().artifact.digests.get("sha256")
            {
                files.push(Kept {
                    path: artifact.path.to_string(),
                    sha256: sha256.to_string(),
                });
            }
            let told = line.console.discreet(verdict);
            report.take(bar.as_ref(), &told, || Ok(()))
        },
    );
    let mut kept_images = Vec::new();
    for image in images {
        let (verdict, kept) = keep_image(&project, (&release, &sbom), &image, kit);
        kept_images.extend(kept);
        let told = line.console.discreet(verdict);
        if report.take(bar.as_ref(), &told, || Ok(())) == ControlFlow::Break(()) {
            break;
        }
    }
    let keep = || {
        let index = Index {
            schema: "sealcheck/kit/v1",
            project: &release.profile().name,
            version: release.version().to_string(),
            files,
            images: kept_images,
            trusted_root: KeptTrust::keep(project.opened.engine.trust(), kit)?,
        };
        let name = format!("{}.kit.json", release.version());
        kit::write(kit, &name, output::json(&index)?.as_bytes())?;
        Ok(index)
    };
    let index = keep();
    // The report is one document, whatever came of the index.
    let code = report.end(bar.as_ref(), count)?;
    let index = index.map_err(|problem: Problem| problem.late())?;
    match code {
        0 => tell(&index, common, kit, line),
        _ => line
            .console
            .note("The kit is not complete: what is missing is told above. Once that is mended, the same command goes on."),
    }
    Ok(code)
}

fn tell(index: &Index<'_>, args: &ReleaseImagesArgs, kit: &Path, line: &CommandLine<'_>) {
    let advice = KeptTrust::advice(index.trusted_root.as_ref(), kit);
    line.console.note(&advice);
    let mut given = String::new();
    for (flag, file) in [
        ("--profile", &args.release.profile),
        ("--trusted-root", &args.release.trust.trusted_root),
    ] {
        if let Some(file) = file {
            write!(given, " {flag} {}", shown(file)).ok();
        }
    }
    line.console.note(&format!(
        "Prove the kit without network: sealcheck release verify-all {} --from {} --offline{given}",
        index.version,
        shown(kit),
    ));
}

/// Proves an image and copies it with all that is attached to it. What is not verified is not copied.
fn keep_image(
    project: &Project,
    (release, sbom): (&Release<'_>, &ProvedSbom),
    image: &ReleaseImage,
    kit: &Path,
) -> (Verdict, Option<KeptImage>) {
    let proved = release.prove_image(sbom, image).verdict;
    if proved.outcome() != Outcome::Verified {
        return (proved, None);
    }
    let digest = proved.evidence().image.as_ref().and_then(|it| it.digest);
    let Some(digest) = digest else {
        return (proved, None);
    };
    let path = image
        .name
        .split_once('/')
        .and_then(|(_, path)| path.rsplit_once(':'))
        .map_or(&*image.name, |(path, _)| path);
    let layout = PathBuf::from(IMAGES).join(path);
    let target = kit.join(&layout);
    // The layout itself follows no links either.
    let copied = create_folders(kit, &layout)
        .map_err(|error| unwritable(&target, error))
        .and_then(|()| {
            let request = CopyRequest {
                image: image.at(digest),
                layout: target,
                platforms: Platforms::AsGiven,
                repositories: Vec::new(),
            };
            project.opened.engine.copy_image(&request, &Silent)
        });
    match copied {
        Ok(_) => {
            let kept = KeptImage {
                name: image.name.clone(),
                layout: layout.display().to_string(),
                digest,
            };
            (proved, Some(kept))
        }
        Err(failure) => (proved.with_failure(failure), None),
    }
}
