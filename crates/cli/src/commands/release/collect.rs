//! `sealcheck release collect`.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sealcheck_engine::{CopyRequest, ImageSource, Platforms, Silent, ordered};
use sealcheck_release::prove::ReleaseImage;
use sealcheck_release::{Artifact, Release};
use sealcheck_verify::{Digest, Failure, Outcome, Verdict};
use serde::Serialize;

use super::images::{self, access};
use super::{Project, catalogue, not_proved, tell_sbom};
use crate::CommandLine;
use crate::args::ReleaseCollectArgs;
use crate::output::{self, Report, Shape, Watch, shown_as_output};
use crate::problem::{Problem, Result};
use crate::session::shown;

/// What a kit has of one version (`VERSION.kit.json`). It proves nothing: everything in the kit is proved by itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema: &'static str,
    project: &'a str,
    version: String,
    files: Vec<Kept>,
    images: Vec<KeptImage>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    /// Below the folder of the version.
    path: String,
    sha256: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptImage {
    name: String,
    /// The layout, below the kit.
    layout: String,
    digest: Digest,
}

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
    let mut report = Report::begin(&shown_output, line, shape, false)?;
    let bar = output::bar(line.console, count);
    let watch = Watch(bar.as_ref());
    let folder = kit.join(release.version().to_string());
    let work = |artifact: Artifact| {
        let target = folder.join(artifact.path.as_str());
        let verdict = release.fetch(&sbom, &artifact, &target, true, &watch);
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
        let (verdict, kept) = keep_image(&project, &release, &image, kit);
        kept_images.extend(kept);
        let told = line.console.discreet(verdict);
        if report.take(bar.as_ref(), &told, || Ok(())) == ControlFlow::Break(()) {
            break;
        }
    }
    let index = Index {
        schema: "sealcheck/kit/v1",
        project: &release.profile().name,
        version: release.version().to_string(),
        files,
        images: kept_images,
    };
    write(
        kit,
        &format!("{}.kit.json", release.version()),
        output::json(&index)?.as_bytes(),
    )?;
    if let Some(json) = &project.opened.engine.trust().json {
        write(kit, "trusted_root.json", json)?;
    }
    tell(&release, kit, line);
    report.end(bar.as_ref(), count)
}

fn tell(release: &Release<'_>, kit: &Path, line: &CommandLine<'_>) {
    line.console.note(&format!(
        "Prove the kit without network: sealcheck release verify-all {} --from {} --offline",
        release.version(),
        shown(kit)
    ));
}

/// Proves an image and copies it with all that is attached to it. What is not verified is not copied.
fn keep_image(
    project: &Project,
    release: &Release<'_>,
    image: &ReleaseImage,
    kit: &Path,
) -> (Verdict, Option<KeptImage>) {
    let proved = release.prove_image(image).verdict;
    if proved.outcome() != Outcome::Verified {
        return (proved, None);
    }
    let digest = proved.evidence().image.as_ref().and_then(|it| it.digest);
    let path = image
        .name
        .split_once('/')
        .and_then(|(_, path)| path.rsplit_once(':'))
        .map_or(&*image.name, |(path, _)| path);
    let layout = PathBuf::from("images").join(path);
    let target = kit.join(&layout);
    let copied = fs::create_dir_all(&target)
        .map_err(|error| unwritable(&target, &error))
        .and_then(|()| {
            let request = CopyRequest {
                image: at_digest(&image.source, digest),
                layout: target,
                platforms: Platforms::AsGiven,
                repositories: Vec::new(),
            };
            project.opened.engine.copy_image(&request, &Silent)
        });
    match (copied, digest) {
        (Ok(_), Some(digest)) => {
            let kept = KeptImage {
                name: image.name.clone(),
                layout: layout.display().to_string(),
                digest,
            };
            (proved, Some(kept))
        }
        (Ok(_), None) => (proved, None),
        (Err(failure), _) => (proved.with_failure(failure), None),
    }
}

/// The image with the digest that was proved: its tag may have moved meanwhile.
fn at_digest(source: &ImageSource, digest: Option<Digest>) -> ImageSource {
    match (source, digest) {
        (ImageSource::Registry(reference), Some(digest)) => {
            ImageSource::Registry(reference.with_digest(digest))
        }
        (source, _) => source.clone(),
    }
}

fn unwritable(place: &Path, error: &io::Error) -> Failure {
    Failure::new(sealcheck_verify::Reason::ResultUnwritable)
        .at(shown(place))
        .detail(error)
}

fn write(kit: &Path, name: &str, content: &[u8]) -> Result<()> {
    let path = kit.join(name);
    fs::create_dir_all(kit)
        .and_then(|()| output::write_file(&path, &mut &*content))
        .map_err(|error| Problem::unwritable(&shown(&path), &error))
}
