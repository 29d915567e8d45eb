//! `sealcheck release verify`.

use std::path::{Path, PathBuf};

use sealcheck_engine::{Progress, Skipped, expand, ordered, proof_paths, with_suffix};
use sealcheck_record::LeftOut;
use sealcheck_release::catalogue::Lookup;
use sealcheck_release::{Catalogue, Local, ProvedSbom, Release};
use sealcheck_verify::{Failure, Reason, Verdict};

use super::{Project, artifact_name, kit, not_proved, tell_sbom};
use crate::CommandLine;
use crate::args::ReleaseVerifyArgs;
use crate::output::{self, Report, Shape, Watch};
use crate::problem::{Problem, Result};
use crate::registry::Access;
use crate::session::shown;
use crate::suggestion::quoted;

/// Proves local files.
pub(super) fn run(args: &ReleaseVerifyArgs, line: &CommandLine<'_>) -> Result<u8> {
    let project = Project::open(
        &args.version,
        &args.release,
        Access::default(),
        args.output.verbose,
        line,
    )?;
    let Named {
        files,
        left_out,
        skipped,
    } = files(args)?;
    let output = args.output.output_file.as_deref();
    let beside = files.iter().flat_map(|file| {
        let sums = project.profile.files.checksums.iter();
        let sums = sums.map(|sum| with_suffix(file, &sum.suffix));
        proof_paths(file).chain(sums)
    });
    project.refuse_overwriting(output, files.iter().cloned().chain(beside))?;
    let release = project.release(line)?;
    let sbom = match release.sbom(project.list()) {
        Ok(sbom) => sbom,
        Err(verdict) => return not_proved(&verdict, &args.output, line),
    };
    let catalogue = sbom.catalogue(release.profile())?;
    let exactly = args.artifact.as_deref();
    let exactly = exactly.map(|name| artifact_name(name, &release));
    let exactly = exactly.transpose()?;
    let count = files.len().saturating_add(skipped.len());
    let several = count > 1 || args.paths.iter().any(|path| path.is_dir());
    if several {
        tell_sbom(&sbom, &release, line);
    }
    let shape = Shape {
        several,
        aside: false,
    };
    let mut report = Report::begin(&args.output, line, shape, false)?;
    left_out.into_iter().for_each(|left| report.leave_out(left));
    let bar = output::bar(line.console, count);
    let watch = Watch(bar.as_ref());
    let work = |file: PathBuf| {
        let lookup = Lookup {
            file: &file,
            exactly: exactly.as_deref(),
            platform: args.platform.as_ref(),
        };
        prove(&release, &sbom, &catalogue, &lookup, &watch)
    };
    let mut aside = Vec::new();
    let mut taken = 0_usize;
    // Of what was not looked at nobody knows whether it is genuine.
    for skipped in skipped {
        taken = taken.saturating_add(1);
        let verdict = release.not_looked_at(&skipped.path, skipped.why);
        let told = line.console.discreet(verdict);
        let _ = report.take(bar.as_ref(), &told, || Ok(()));
    }
    ordered(
        files,
        output::jobs(args.output.jobs),
        work,
        |_, done| match done {
            Done::Verdict(verdict) => {
                taken = taken.saturating_add(1);
                let told = line.console.discreet(*verdict);
                report.take(bar.as_ref(), &told, || Ok(()))
            }
            Done::Aside(left, is_usual) => {
                aside.push((left, is_usual));
                std::ops::ControlFlow::Continue(())
            }
        },
    );
    if let Some(bar) = &bar {
        bar.clear();
    }
    for (LeftOut { path, why }, is_usual) in &aside {
        // Whoever names such a file is told; in a folder there are proofs and checksums of everything.
        let named = args.paths.iter().any(|named| shown(named) == *path);
        if named || !is_usual || args.output.verbose {
            line.console.note(&format!("{path} is left out: {why}."));
        }
    }
    if taken == 0 && !aside.is_empty() {
        return Err(
            Problem::argument("none of these files can be proved by itself")
                .with_hint("Name the files that they belong to."),
        );
    }
    let aside = aside.into_iter().map(|(left, _)| left);
    aside.for_each(|left| report.leave_out(left));
    report.end(bar.as_ref(), taken)
}

enum Done {
    Verdict(Box<Verdict>),
    /// What is left out, and whether a count is enough for it.
    Aside(LeftOut, bool),
}

fn prove(
    release: &Release<'_>,
    sbom: &ProvedSbom,
    catalogue: &Catalogue<'_>,
    lookup: &Lookup<'_>,
    watch: &dyn Progress,
) -> Done {
    match release.local(sbom, catalogue, lookup, watch) {
        Local::File(file) => Done::Verdict(Box::new(release.prove(sbom, &file, true, watch))),
        Local::Unknown(verdict) => Done::Verdict(verdict),
        Local::Aside { path, beside } => {
            let left = LeftOut {
                path: shown(&path),
                why: beside.why,
            };
            Done::Aside(left, beside.is_usual)
        }
    }
}

/// What the paths name.
struct Named {
    files: Vec<PathBuf>,
    /// The proofs of these files.
    left_out: Vec<LeftOut>,
    /// What lies in the folders and is no file.
    skipped: Vec<Skipped>,
}

/// Refuses an address: only what is there already is proved here.
fn refuse_address(path: &Path, version: &str) -> Result<()> {
    let name = shown(path);
    if !name.contains("://") || path.exists() {
        return Ok(());
    }
    let address = quoted(&name);
    let hint = format!(
        "`sealcheck release fetch {version} {address}` gets and proves it; `sealcheck release verify {version} FILE --as {address}` proves a file that you have."
    );
    Err(Problem::from(Failure::new(Reason::FileNotFound).at(name)).with_hint(hint))
}

fn files(args: &ReleaseVerifyArgs) -> Result<Named> {
    for path in &args.paths {
        refuse_address(path, &args.version)?;
        kit::refuse_whole(path, &args.version)?;
    }
    let expansion = expand(&args.paths);
    if args.artifact.is_some() && expansion.files.len() > 1 {
        return Err(Problem::argument(format!(
            "--as says what one file is, and there are {}",
            expansion.files.len()
        ))
        .with_hint("Name one file."));
    }
    if expansion.files.is_empty() && expansion.skipped.is_empty() {
        return Err(Problem::argument("there is no file to prove")
            .with_hint("Name files of the release, or a folder with files of it."));
    }
    let proofs = expansion.proofs.iter().map(|proof| LeftOut {
        path: shown(&proof.path),
        why: format!("a proof of {}", shown(&proof.of)),
    });
    Ok(Named {
        left_out: proofs.collect(),
        files: expansion.files,
        skipped: expansion.skipped,
    })
}
