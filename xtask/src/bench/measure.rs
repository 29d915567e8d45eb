//! Measuring: instructions by callgrind, allocations by the test that limits them, memory and CPU time by the kernel.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use wait4::{ResourceUsage, Wait4};

use super::figure::Figure;
use crate::process;

/// Builds what is measured, as it is released, and measures it.
pub(crate) fn all() -> Result<Vec<Figure>> {
    process::run(&mut process::cargo([
        "build",
        "--release",
        "--locked",
        "--package",
        "sealcheck",
        "--bin",
        "sealcheck",
    ]))?;
    process::run(&mut process::cargo([
        "build",
        "--release",
        "--locked",
        "--package",
        "sealcheck-conformance",
        "--example",
        "verify_one",
        "--example",
        "hash_file",
    ]))?;
    let mut figures = allocations()?;
    for case in CASES {
        let once = instructions(|| verify_one(case, 1))?;
        let often = instructions(|| verify_one(case, 1 + REPEATS))?;
        let each = often.saturating_sub(once) / u64::from(REPEATS);
        figures.push(Figure::new(
            format!("instructions, one verification, {case}"),
            each,
            None,
        ));
    }
    figures.extend(cold_start()?);
    large_file()?;
    let program = release().join(format!("sealcheck{}", std::env::consts::EXE_SUFFIX));
    let size = fs::metadata(&program)
        .with_context(|| program.display().to_string())?
        .len();
    figures.push(Figure::new(
        "program, stripped, bytes",
        size,
        Some(PROGRAM_BYTES),
    ));
    Ok(figures)
}

/// The counts that the test prints; the test itself holds them to its bar.
fn allocations() -> Result<Vec<Figure>> {
    let said = process::output(&mut process::cargo([
        "test",
        "--quiet",
        "--locked",
        // As all tests are built.
        "--workspace",
        "--all-features",
        "--test",
        "allocations",
        "--",
        "--nocapture",
    ]))?;
    let mut figures: Vec<Figure> = said
        .lines()
        .filter_map(|line| {
            // `allocations CASE COUNT of BAR, …`; what is not ours to publish is not in the baseline.
            // The test runner's own words may stand before it on the line.
            let (_, said) = line.split_once("allocations ")?;
            let mut words = said.split([' ', ',']);
            let (case, count, _of, bar) =
                (words.next()?, words.next()?, words.next()?, words.next()?);
            (case != "published").then(|| {
                let name = format!("allocations, one verification, {case}");
                Some(Figure::new(name, count.parse().ok()?, bar.parse().ok()))
            })?
        })
        .collect();
    ensure!(
        figures.len() == ALLOCATION_CASES,
        "the allocation test printed {} counts instead of {ALLOCATION_CASES}",
        figures.len()
    );
    figures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(figures)
}

/// The cases of the allocation test that need no material of others.
const ALLOCATION_CASES: usize = 4;

/// The program from its start to its end, for a small file, offline.
fn cold_start() -> Result<Vec<Figure>> {
    let command = || verify_blob(&material("rekor-v1.sigstore.json"), &material("artifact"));
    let count = instructions(command)?;
    let mut used = Vec::new();
    for _ in 0..COLD_RUNS {
        used.push(usage(command())?);
    }
    used.sort_by_key(cpu);
    let cpu = used.get(used.len() / 2).map(cpu).unwrap_or_default();
    let peak = used
        .iter()
        .map(|used| used.maxrss)
        .max()
        .unwrap_or_default();
    println!(
        "\ncold verify-blob of a small file: CPU {:.1} ms (median of {COLD_RUNS}; bar {:.1} ms, not gated)",
        cpu.as_secs_f64() * 1e3,
        COLD_CPU.as_secs_f64() * 1e3
    );
    Ok(vec![
        Figure::new(
            "instructions, cold verify-blob",
            count,
            Some(COLD_INSTRUCTIONS),
        ),
        Figure::new("peak bytes, cold verify-blob", peak, Some(PEAK_BYTES)),
    ])
}

/// 500 MiB through the program and through a bare loop of the same hash, in turns.
fn large_file() -> Result<()> {
    let path = process::target().join("bench-large-file");
    let mut file = File::create(&path).with_context(|| path.display().to_string())?;
    let block: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    for _ in 0..LARGE_MEBIBYTES {
        file.write_all(&block)?;
    }
    drop(file);
    let small = usage(verify_blob(
        &material("rekor-v1.sigstore.json"),
        &material("artifact"),
    ))?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..LARGE_RUNS {
        ours.push(usage(verify_blob(&material("large.sigstore.json"), &path))?);
        let mut hash = Command::new(release().join("examples").join("hash_file"));
        hash.arg(&path);
        bare.push(usage(hash)?);
    }
    fs::remove_file(&path)?;
    let median = |used: &mut Vec<ResourceUsage>| {
        used.sort_by_key(cpu);
        used.get(used.len() / 2)
            .map(cpu)
            .unwrap_or_default()
            .as_secs_f64()
    };
    let peak = ours
        .iter()
        .map(|used| used.maxrss)
        .max()
        .unwrap_or_default();
    let (ours, bare) = (median(&mut ours), median(&mut bare));
    println!(
        "verify-blob of {LARGE_MEBIBYTES} MiB: CPU {:.0} ms, bare hashing {:.0} ms, ratio {:.3} (bar {LARGE_RATIO}, not gated); peak {:.1} MiB, with a small file {:.1} MiB",
        ours * 1e3,
        bare * 1e3,
        ours / bare,
        mebibytes(peak),
        mebibytes(small.maxrss),
    );
    // Twice the difference that page granularity makes.
    ensure!(
        peak <= small.maxrss + (1 << 20),
        "a large file takes more memory than a small one: {peak} bytes, not {}",
        small.maxrss
    );
    Ok(())
}

/// The instructions of a run, which must not change from run to run.
fn instructions(command: impl Fn() -> Command) -> Result<u64> {
    let counts = [count(&command())?, count(&command())?];
    let [low, high] =
        [counts.iter().min(), counts.iter().max()].map(|count| count.copied().unwrap_or(0));
    ensure!(
        high - low <= low / STABLE,
        "the count is not stable: {low} and {high} instructions"
    );
    Ok(low)
}

/// The instructions of one run.
pub(super) fn count(command: &Command) -> Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .current_dir(process::root())
        // A larger environment costs instructions before main begins.
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(command.get_program())
        .args(command.get_args());
    let output = valgrind
        .output()
        .context("cannot start valgrind, which counts the instructions (Debian: valgrind)")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "the measured program failed:\n{said}"
    );
    said.lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .with_context(|| format!("valgrind printed no count:\n{said}"))
}

/// What a run cost, which must succeed.
pub(super) fn usage(mut command: Command) -> Result<ResourceUsage> {
    // A child begins with the peak of its parent (getrusage(2)), and here much may have been made before: from now on, proc(5).
    if cfg!(target_os = "linux") {
        fs::write("/proc/self/clear_refs", "5")?;
    }
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let used = child
        .with_context(|| format!("cannot start {command:?}"))?
        .wait4()?;
    ensure!(
        used.status.success(),
        "{command:?} failed ({})",
        used.status
    );
    Ok(used.rusage)
}

pub(super) fn cpu(used: &ResourceUsage) -> Duration {
    used.utime + used.stime
}

fn verify_one(case: &str, times: u32) -> Command {
    let mut command = Command::new(release().join("examples").join("verify_one"));
    command
        .arg(material("trusted_root.json"))
        .arg(material(&format!("{case}.sigstore.json")))
        .arg(material("artifact"))
        .args([IDENTITY, ISSUER, &times.to_string()]);
    command
}

fn verify_blob(bundle: &Path, file: &Path) -> Command {
    let mut command = Command::new(release().join("sealcheck"));
    command
        .args(["verify-blob", "--offline", "--trusted-root"])
        .arg(material("trusted_root.json"))
        .arg("--bundle")
        .arg(bundle)
        .args(["--certificate-identity", IDENTITY])
        .args(["--certificate-oidc-issuer", ISSUER])
        .arg(file);
    command
}

pub(super) fn release() -> PathBuf {
    process::target().join("release")
}

fn material(name: &str) -> PathBuf {
    process::root().join("benches/material").join(name)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "only shown"
)]
pub(super) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

const CASES: [&str; 4] = ["rekor-v1", "promise-only", "intoto", "rekor-v2"];
const REPEATS: u32 = 10;
/// Who signed the material.
const IDENTITY: &str = "signer@example.com";
const ISSUER: &str = "https://accounts.example.com";
/// Two counts may differ by one in a thousand.
const STABLE: u64 = 1_000;
const COLD_RUNS: usize = 25;
const COLD_INSTRUCTIONS: u64 = 12_000_000;
const COLD_CPU: Duration = Duration::from_millis(3);
const PEAK_BYTES: u64 = 11 << 20;
const PROGRAM_BYTES: u64 = 15_000_000;
const LARGE_MEBIBYTES: usize = 500;
const LARGE_RUNS: usize = 5;
const LARGE_RATIO: f64 = 1.05;
