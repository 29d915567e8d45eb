//! `sealcheck release fetch`.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sealcheck_engine::ordered;
use sealcheck_release::catalogue::{FindError, Kind, Lookup};
use sealcheck_release::prove::{Target, extract, this_machine, unpacked};
use sealcheck_release::{Artifact, Catalogue};
use sealcheck_verify::{Outcome, Reason};

use super::{GOES_ON, Project, artifact_name, not_proved, require_folder_to_fill, tell_sbom};
use crate::args::ReleaseFetchArgs;
use crate::output::{self, Report, Shape, Watch};
use crate::problem::{Problem, Result};
use crate::registry::Access;
use crate::session::shown;
use crate::{CommandLine, signals};

/// Downloads and proves.
pub(super) fn run(args: &ReleaseFetchArgs, line: &CommandLine<'_>) -> Result<u8> {
    require_folder_to_fill(&args.to)?;
    let project = Project::open(
        &args.version,
        &args.release,
        Access::default(),
        args.output.verbose,
        line,
    )?;
    let release = project.release(line)?;
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &args.output, line),
    };
    let catalogue = sbom.catalogue(release.profile())?;
    let mut targets = BTreeSet::new();
    let mut wanted: Vec<(Artifact, PathBuf)> = Vec::new();
    for name in &args.names {
        let artifact = find(&catalogue, &artifact_name(name, &release)?, args)?;
        if wanted.iter().any(|(known, _)| *known == artifact) {
            continue;
        }
        let target = PathBuf::from(match args.tree {
            true => artifact.path.as_str(),
            false => artifact.path.file_name(),
        });
        if args.extract && artifact.kind != Kind::Tarball {
            return Err(
                Problem::argument(format!("--extract: {} is no tarball", artifact.path))
                    .with_hint("Fetch it without --extract."),
            );
        }
        if args.extract {
            require_room(&args.to.join(&target))?;
        }
        if !targets.insert(target.clone()) {
            return Err(Problem::argument(format!(
                "two of these would both become {}",
                shown(&args.to.join(&target))
            ))
            .with_hint("Give --tree to keep the folders of the release."));
        }
        wanted.push((artifact, target));
    }
    let output = args.output.output_file.as_deref();
    let written = targets.iter().map(|target| args.to.join(target));
    project.refuse_overwriting(output, written)?;
    let count = wanted.len();
    if count > 1 {
        tell_sbom(&sbom, &release, line);
    }
    let shape = Shape {
        several: count > 1,
        aside: false,
    };
    signals::last_words(match args.extract {
        true => GOES_ON_UNPACKING,
        false => GOES_ON,
    });
    let mut report = Report::begin(&args.output, line, shape, false)?;
    let bar = output::bar(line.console, count);
    let watch = Watch(bar.as_ref());
    let work = |(artifact, target): (Artifact, PathBuf)| {
        let there = Target {
            root: &args.to,
            below: &target,
        };
        let verdict = release.fetch(&sbom, &artifact, there, false, &watch);
        if !(args.extract && verdict.outcome() == Outcome::Verified) {
            return (verdict, None);
        }
        match extract(&args.to.join(&target), &verdict) {
            Ok(folder) => (verdict, Some(folder)),
            Err(failure) => (verdict.with_failure(failure), None),
        }
    };
    ordered(
        wanted,
        output::jobs(args.output.jobs),
        work,
        |_, (verdict, folder)| {
            let told = line.console.discreet(verdict);
            let next = report.take(bar.as_ref(), &told, || Ok(()));
            if let Some(folder) = folder {
                tell_unpacked(&folder, line);
            }
            next
        },
    );
    report.end(bar.as_ref(), count)
}

/// Refuses a tarball whose folder is taken, before anything is downloaded. The rest is seen where it is unpacked.
fn require_room(tarball: &Path) -> Result<()> {
    let Some(folder) = unpacked(tarball) else {
        return Ok(());
    };
    let is_free = match fs::read_dir(&folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    match is_free {
        true => Ok(()),
        false => Err(
            Problem::argument(format!("--extract: {} is there already", shown(&folder)))
                .with_hint("Remove it, or leave out --extract: the tarball is proved without it."),
        ),
    }
}

fn tell_unpacked(folder: &Path, line: &CommandLine<'_>) {
    line.console
        .note(&format!("unpacked into {}.", shown(folder)));
}

/// The artifact that a name means: for the platform that was asked for, or else for this machine.
fn find(catalogue: &Catalogue<'_>, name: &str, args: &ReleaseFetchArgs) -> Result<Artifact> {
    let lookup = Lookup {
        file: Path::new(name),
        exactly: None,
        platform: args.platform.as_ref(),
    };
    let found = match catalogue.find(&lookup) {
        Err(FindError::Ambiguous { .. }) if args.platform.is_none() => {
            let here = this_machine();
            catalogue.find(&Lookup {
                platform: here.as_ref(),
                ..lookup
            })
        }
        found => found,
    };
    let found = found.map_err(|error| {
        let failure = error.failure(Reason::ArtifactUnknown);
        match error {
            FindError::Ambiguous { .. } => Problem::from(failure)
                .with_hint("Name one of them by its path below the release, or give --platform."),
            FindError::Side { .. } => Problem::from(failure).with_hint(
                "Name the artifact: what proves it is fetched with it, and what proves nothing is not needed.",
            ),
            _ => Problem::from(failure),
        }
    })?;
    Ok(found.clone())
}

/// For whoever interrupts while tarballs are unpacked too: none is unpacked over an earlier one.
const GOES_ON_UNPACKING: &str =
    "what was reported as verified is proved and unpacked; name only the rest to go on.";
