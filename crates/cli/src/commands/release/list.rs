//! `sealcheck release list`.

use std::fmt::Write as _;

use sealcheck_record::{
    ListedArtifact, ListedImage, NameCertainty, RELEASE_LIST_SCHEMA, ReleaseList,
};
use sealcheck_release::Artifact;
use sealcheck_release::catalogue::Kind;
use sealcheck_verify::{Outcome, printable};

use super::{Project, about, catalogue, head, images, is_for, not_proved};
use crate::CommandLine;
use crate::args::ReleaseListArgs;
use crate::output::{Publication, reported_as_output};
use crate::problem::Result;
use crate::registry::Access;
use crate::report::wrap::paragraph;
use crate::report::{colour, counted};

/// Lists a release.
pub(super) fn run(args: &ReleaseListArgs, line: &CommandLine<'_>) -> Result<u8> {
    let project = Project::open(&args.version, &args.release, Access::default(), false, line)?;
    project.refuse_overwriting(args.report.output_file.as_deref(), std::iter::empty())?;
    let release = project.release(line)?;
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &reported_as_output(&args.report), line),
    };
    let catalogue = catalogue(&release, &sbom, args.platform.as_ref())?;
    let publication = Publication::begin(&args.report, line.console)?;
    let wanted = |artifact: &&Artifact| is_for(artifact, args.platform.as_ref());
    let artifacts: Vec<&Artifact> = catalogue.artifacts().filter(wanted).collect();
    let listed = artifacts.iter().map(|artifact| ListedArtifact {
        path: artifact.path.to_string(),
        kind: artifact.kind.as_str(),
        name: artifact.name.clone(),
        platform: artifact.platform.as_ref().map(ToString::to_string),
    });
    let mut images = release.images(&sbom, None)?;
    if let Some(platform) = &args.platform {
        images.retain(|image| image.is_for(platform));
    }
    let images = images.into_iter().map(|image| ListedImage {
        name: image.name,
        certainty: images::certainty(image.certainty),
    });
    let document = ReleaseList {
        schema: RELEASE_LIST_SCHEMA,
        about: about(&release, &sbom, Outcome::Verified),
        artifacts: listed.collect(),
        images: images.collect(),
    };
    let text = |_| text(&document, &artifacts);
    publication.end(Outcome::Verified, text, &document)
}

fn text(document: &ReleaseList, artifacts: &[&Artifact]) -> String {
    let mut out = head(&document.about, "what its SBOM lists");
    let widest = artifacts.iter().map(|it| it.path.as_str().len()).max();
    let widest = widest.unwrap_or_default().min(WIDEST);
    for artifact in artifacts {
        let path = printable(artifact.path.as_str());
        let padding = " ".repeat(widest.saturating_sub(path.len()));
        let dim = colour::LABEL;
        writeln!(out, "{path}{padding}  {dim}{}{dim:#}", word(artifact.kind)).ok();
    }
    let mut counts = counted(artifacts.len(), "artifact");
    if !document.images.is_empty() {
        writeln!(out, "\nimages").ok();
        counts = format!("{counts} and {}", counted(document.images.len(), "image"));
    }
    for image in &document.images {
        let dim = colour::LABEL;
        let guess = match image.certainty {
            NameCertainty::Guessed => "  the name is a guess",
            NameCertainty::Exact | NameCertainty::Certain => "",
        };
        writeln!(out, "{}{dim}{guess}{dim:#}", printable(&image.name)).ok();
    }
    if !document.images.is_empty() {
        out.push('\n');
    }
    let signer = document.about.sbom.signer.as_deref();
    let sum = format!(
        "{counts} of {}, says its SBOM, signed by {}",
        document.about.version,
        printable(signer.unwrap_or("the given key"))
    );
    writeln!(out, "{}", paragraph(&sum, 0, 2)).ok();
    out
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Binary => "program",
        Kind::Tarball => "tarball",
        Kind::ImageArchive => "image archive",
        Kind::ImageTag => "tag of an image archive",
        Kind::Sbom => "SBOM",
        Kind::ChecksumList => "checksums",
        Kind::Provenance => "provenance",
        Kind::Document => "document",
        Kind::Other => "file",
    }
}

/// Longer paths push their column.
const WIDEST: usize = 60;
