//! `cargo xtask fuzz`: the targets of fuzz/, each for a bounded time.

mod documents;
mod policies;
mod releases;
mod report;
mod seeds;
mod tuf;
mod vectors;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::report::Figures;
use crate::process;
use crate::tools::CARGO_FUZZ;

#[derive(Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    seconds: u64,
    /// How long all targets run together, instead of each; however many there are, the time stays the same
    #[arg(long, value_name = "SECONDS", conflicts_with = "seconds")]
    total: Option<u64>,
    /// How many targets run at the same time
    #[arg(long, default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=64))]
    jobs: u64,
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
    let programs = build(&folder)?;
    let count = u64::try_from(chosen.len())?;
    let seconds = match options.total {
        Some(total) => (total * options.jobs).div_ceil(count).max(1),
        None => options.seconds,
    };
    println!("{count} targets, {seconds} s each");
    let runs = chosen
        .iter()
        .map(|target| prepare(&folder, &programs, target, seconds))
        .collect::<Result<Vec<_>>>()?;
    let figures = run_all(&runs, options.jobs)?;
    println!("\n{}", report::table(&figures));
    let blind: Vec<&str> = figures
        .iter()
        .filter(|figures| figures.is_blind())
        .map(|figures| figures.target.as_str())
        .collect();
    ensure!(
        blind.is_empty(),
        "no input of these targets reaches more than any other, so they test nothing: {}",
        blind.join(", ")
    );
    let found: Vec<&str> = figures
        .iter()
        .filter(|figures| figures.found)
        .map(|figures| figures.target.as_str())
        .collect();
    ensure!(
        found.is_empty(),
        "there are findings; their inputs are below fuzz/artifacts: {}",
        found.join(", ")
    );
    Ok(())
}

/// Builds the targets, and returns where they lie.
fn build(folder: &Path) -> Result<PathBuf> {
    let build = process::target().join("fuzz");
    let mut cargo = process::nightly(["fuzz", "build"]);
    cargo.env("PATH", CARGO_FUZZ.install()?);
    cargo.env_remove("CARGO_TARGET_DIR");
    cargo.arg("--fuzz-dir").arg(folder);
    cargo.arg("--target-dir").arg(&build);
    process::run(&mut cargo).context(
        "the fuzz targets cannot be built; they need the nightly toolchain (rustup toolchain install nightly)",
    )?;
    let version = process::output(Command::new("rustup").args(["run", "nightly", "rustc", "-vV"]))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not name its host")?;
    Ok(build.join(host).join("release"))
}

/// A run of one target.
struct Run {
    target: String,
    command: Command,
    log: PathBuf,
}

fn prepare(folder: &Path, programs: &Path, target: &str, seconds: u64) -> Result<Run> {
    let work = process::target().join("fuzz/work").join(target);
    // libFuzzer writes to the first folder only, and reads the others.
    let grown = work.join("corpus");
    let published = work.join("vectors");
    let artifacts = folder.join("artifacts").join(target);
    fs::create_dir_all(&grown)?;
    fs::create_dir_all(&artifacts)?;
    vectors::collect(target, &published)?;
    let seeds = folder.join("seeds").join(match target {
        "verify" => "bundle",
        // It tells the formats apart, so it gets all of them.
        "inspect" => "",
        other => other,
    });
    ensure!(
        fs::read_dir(&seeds).is_ok_and(|mut files| files.next().is_some()),
        "{target} has no seeds; `cargo xtask fuzz --seeds` makes them"
    );
    let dictionary = work.join("dictionary");
    let mut words = String::new();
    for name in dictionaries(target) {
        let path = folder.join("dictionaries").join(format!("{name}.dict"));
        words += &fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    fs::write(&dictionary, words)?;

    let mut command = Command::new(programs.join(target));
    command
        .args([&grown, &seeds, &published])
        .args(LIMITS)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-dict={}", dictionary.display()));
    Ok(Run {
        target: target.to_owned(),
        command,
        log: work.join("log"),
    })
}

/// Runs the targets, `jobs` at a time; the figures come in the order of the runs.
fn run_all(runs: &[Run], jobs: u64) -> Result<Vec<Figures>> {
    let next = Mutex::new(runs.iter().enumerate());
    let (done, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs {
            let done = done.clone();
            let next = &next;
            scope.spawn(move || {
                loop {
                    let run = next.lock().ok().and_then(|mut runs| runs.next());
                    let Some((index, run)) = run else { break };
                    let _ = done.send((index, run.finish()));
                }
            });
        }
        drop(done);
        let mut figures = Vec::with_capacity(runs.len());
        for (index, result) in results {
            let result = result?;
            println!("{}", result.line());
            figures.push((index, result));
        }
        figures.sort_by_key(|(index, _)| *index);
        Ok(figures.into_iter().map(|(_, figures)| figures).collect())
    })
}

impl Run {
    fn finish(&self) -> Result<Figures> {
        let log = File::create(&self.log)?;
        let mut command = Command::new(self.command.get_program());
        let status = command
            .args(self.command.get_args())
            .stdout(log.try_clone()?)
            .stderr(log)
            .status()
            .with_context(|| format!("cannot start {}", self.target))?;
        let said = fs::read(&self.log)?;
        let said = String::from_utf8_lossy(&said);
        if !status.success() {
            let end = said.len().saturating_sub(SHOWN);
            let shown = said.get(said.ceil_char_boundary(end)..).unwrap_or(&said);
            println!("{} failed ({status}):\n{shown}", self.target);
        }
        Ok(Figures::read(&self.target, &said, !status.success()))
    }
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

/// The dictionaries in fuzz/dictionaries that a target's inputs are written with.
fn dictionaries(target: &str) -> &'static [&'static str] {
    match target {
        "bundle" | "verify" => &["bundle", "log_entry", "der"],
        "certificate" | "key" | "timestamp" => &["der", "pem"],
        "checkpoint" => &["checkpoint"],
        "cosign_bundle" | "simple_signing" => &["cosign", "pem"],
        "detached" => &["pem"],
        "digest" => &["digest"],
        "envelope" | "statement" => &["statement", "digest"],
        "http" => &["http"],
        "inspect" => &["bundle", "cosign", "statement", "trusted_root", "pem"],
        "log_entry" => &["log_entry", "checkpoint"],
        "pattern" => &["pattern"],
        "policy" => &["policy"],
        "predicate" => &["predicate", "statement"],
        "profile" => &["profile"],
        "proof_files" => &["bundle", "statement", "cosign", "pem"],
        "rekor" => &["rekor", "log_entry"],
        "sct" => &["sct"],
        "spdx" => &["spdx"],
        "trusted_root" => &["trusted_root"],
        "tuf" | "tuf_cache" => &["tuf"],
        "unpack" => &["unpack"],
        _ => &[],
    }
}

/// An input that takes 25 seconds (by the clock, and the machine may be busy) or half a gigabyte is a finding too.
const LIMITS: [&str; 5] = [
    "-timeout=25",
    "-rss_limit_mb=1024",
    "-malloc_limit_mb=512",
    "-print_funcs=0",
    "-print_final_stats=1",
];
/// So much of a log is shown when there is a finding.
const SHOWN: usize = 6000;
