//! `cargo xtask fuzz`: the targets of fuzz/, each for a bounded time.

mod policies;
mod seeds;
mod vectors;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::process;
use crate::tools::CARGO_FUZZ;

#[derive(Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    seconds: u32,
    /// Make the seeds and the fixed material anew instead of fuzzing; earlier findings no longer apply to it
    #[arg(long)]
    seeds: bool,
    /// The targets; all when none is named
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.seeds {
        return seeds::write();
    }
    let folder = process::root().join("fuzz");
    let known = targets(&folder)?;
    if let Some(unknown) = options.targets.iter().find(|name| !known.contains(name)) {
        bail!(
            "there is no fuzz target {unknown}; there are {}",
            known.join(", ")
        );
    }
    let chosen = match options.targets.is_empty() {
        true => known,
        false => options.targets.clone(),
    };
    let path = CARGO_FUZZ.install()?;
    let build = process::target().join("fuzz");
    let work = build.join("work");

    let cargo_fuzz = |command: &str| {
        let mut cargo = process::nightly(["fuzz", command]);
        cargo.env("PATH", &path).env_remove("CARGO_TARGET_DIR");
        cargo.arg("--fuzz-dir").arg(&folder);
        cargo.arg("--target-dir").arg(&build);
        cargo
    };
    process::run(&mut cargo_fuzz("build")).context(
        "the fuzz targets cannot be built; they need the nightly toolchain (rustup toolchain install nightly)",
    )?;
    for target in &chosen {
        println!("\n{target}, {} s", options.seconds);
        // libFuzzer writes to the first folder only, and reads the others.
        let grown = work.join(target).join("corpus");
        let published = work.join(target).join("vectors");
        fs::create_dir_all(&grown)?;
        vectors::collect(target, &published)?;
        let seeds = folder.join("seeds").join(match target.as_str() {
            "verify" => "bundle",
            // It tells the formats apart, so it gets all of them.
            "inspect" => "",
            other => other,
        });
        ensure!(
            fs::read_dir(&seeds).is_ok_and(|mut files| files.next().is_some()),
            "{} has no seeds; `cargo xtask fuzz --seeds` makes them",
            target
        );
        let mut fuzz = cargo_fuzz("run");
        fuzz.arg(target).arg(grown).arg(seeds).arg(published);
        fuzz.arg("--")
            .arg(format!("-max_total_time={}", options.seconds))
            .args(LIMITS);
        process::run(&mut fuzz).with_context(|| {
            format!("{target} has a finding; its input is below fuzz/artifacts/{target}")
        })?;
    }
    println!("\n{} fuzz targets, no finding", chosen.len());
    Ok(())
}

/// The names of the targets, from their files.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for file in fs::read_dir(folder.join("fuzz_targets"))? {
        let path = file?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// An input that takes five seconds or half a gigabyte is a finding too; statistics only at the end.
const LIMITS: [&str; 6] = [
    "-timeout=5",
    "-rss_limit_mb=1024",
    "-malloc_limit_mb=512",
    "-verbosity=0",
    "-print_funcs=0",
    "-print_final_stats=1",
];
