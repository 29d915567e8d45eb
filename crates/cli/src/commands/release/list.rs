//! `sealcheck release list`.

use std::fmt::Write as _;

use sealcheck_release::catalogue::Kind;
use sealcheck_release::{Artifact, ReleasePath};
use sealcheck_verify::{Outcome, printable};
use serde::Serialize;

use super::{About, Project, catalogue, not_proved};
use crate::CommandLine;
use crate::args::{DocumentFormat, ReleaseListArgs};
use crate::output::{self, shown_as_output};
use crate::problem::Result;
use crate::registry::Access;
use crate::report::colour;
use crate::report::wrap::paragraph;

/// What a release holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(flatten)]
    about: About<'a>,
    artifacts: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    path: &'a ReleasePath,
    kind: Kind,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
}

/// Lists a release.
pub(super) fn run(args: &ReleaseListArgs, line: &CommandLine<'_>) -> Result<u8> {
    let project = Project::open(&args.version, &args.release, Access::default(), false, line)?;
    let release = project.release(line)?;
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &shown_as_output(&args.shown), line),
    };
    let catalogue = catalogue(&release, &sbom, args.platform.as_ref())?;
    let wanted = |artifact: &&Artifact| {
        args.platform.is_none() || artifact.platform.as_ref() == args.platform.as_ref()
    };
    let artifacts: Vec<&Artifact> = catalogue.artifacts().filter(wanted).collect();
    let text = match output::document_format(args.shown.output, line.console) {
        DocumentFormat::Text => {
            let mut out = String::new();
            let widest = artifacts.iter().map(|it| it.path.as_str().len()).max();
            let widest = widest.unwrap_or_default().min(WIDEST);
            for artifact in &artifacts {
                let path = printable(artifact.path.as_str());
                let padding = " ".repeat(widest.saturating_sub(path.len()));
                let dim = colour::LABEL;
                writeln!(out, "{path}{padding}  {dim}{}{dim:#}", word(artifact.kind)).ok();
            }
            let evidence = sbom.verdict.evidence();
            let signer = evidence.signer.as_deref().unwrap_or("the given key");
            let sum = format!(
                "{} artifacts of {}, says its SBOM, signed by {}",
                artifacts.len(),
                release.version(),
                printable(signer)
            );
            writeln!(out, "{}", paragraph(&sum, 0, 2)).ok();
            out
        }
        DocumentFormat::Json => output::json(&Document {
            about: About::new(&release, &sbom, Outcome::Verified),
            artifacts: artifacts
                .iter()
                .map(|artifact| Listed {
                    path: &artifact.path,
                    kind: artifact.kind,
                    name: &artifact.name,
                    platform: artifact.platform.as_ref().map(ToString::to_string),
                })
                .collect(),
        })?,
    };
    output::print(line.console, &text)?;
    Ok(0)
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
