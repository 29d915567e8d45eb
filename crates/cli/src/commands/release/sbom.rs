//! `sealcheck release sbom`.

use sealcheck_engine::expand;
use sealcheck_release::ProvedSbom;
use sealcheck_verify::printable;

use super::check::check;
use super::{NOT_REPORTED, Project, kit, not_proved, require_folder};
use crate::args::{OutputArgs, ReleaseSbomArgs};
use crate::output::{self, Report, Shape, reported_as_output};
use crate::problem::Result;
use crate::registry::Access;
use crate::{CommandLine, signals};

/// Proves an SBOM, and what it is used for.
pub(super) fn run(args: &ReleaseSbomArgs, line: &CommandLine<'_>) -> Result<u8> {
    if let Some(folder) = &args.check {
        let hint = "Name the folder that holds the files of the release.";
        require_folder("--check", folder, hint)?;
    }
    let project = Project::open(&args.version, &args.release, Access::default(), false, line)?;
    if let Some(folder) = &args.check {
        kit::refuse_whole(folder, &args.version)?;
        signals::last_words(NOT_REPORTED);
    }
    // What lies in the folder is not to become a report about it.
    let read = args.check.iter().flat_map(|folder| {
        let expansion = expand(std::slice::from_ref(folder));
        let proofs = expansion.proofs.into_iter().map(|proof| proof.path);
        expansion.files.into_iter().chain(proofs)
    });
    project.refuse_overwriting(args.report.output_file.as_deref(), read)?;
    let release = project.release(line)?;
    let output = reported_as_output(&args.report);
    let sbom = match release.sbom(&args.name) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &output, line),
    };
    match &args.check {
        Some(folder) => check(&project, &release, &sbom, folder, args, line),
        None if args.print => {
            let text = String::from_utf8_lossy(&sbom.bytes);
            output::print_signed(&text)?;
            Ok(0)
        }
        None => tell(&sbom, &output, line),
    }
}

/// The verdict, and how much it lists.
fn tell(sbom: &ProvedSbom, output: &OutputArgs, line: &CommandLine<'_>) -> Result<u8> {
    let shape = Shape {
        several: false,
        aside: false,
    };
    let mut report = Report::begin(output, line, shape, false)?;
    let told = line.console.discreet(sbom.verdict.clone());
    let _ = report.take(None, &told, || Ok(()));
    let code = report.end(None, 1)?;
    line.console.note(&format!(
        "{} ({}) lists {} files and {} packages.",
        printable(sbom.document.name()),
        sbom.document.version(),
        sbom.listing.entries().len(),
        sbom.document.packages().len(),
    ));
    Ok(code)
}
