//! A release in numbers: two gigabytes of local files, and a folder of as many files as Kubernetes publishes.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sealcheck_testkit::{Content, Instance, LeafRequest, Plan, San};
use sealcheck_verify::{Digest, DigestAlgorithm};

use super::figure::Figure;
use super::measure::{count, cpu, mebibytes, release, usage};
use crate::process;

/// Proves them as the program does it, beside a bare loop of SHA-256 on all cores.
pub(crate) fn folders() -> Result<Vec<Figure>> {
    let folder = process::target().join("bench-release");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let large = Published::new(&folder.join("large"), LARGE_FILES, LARGE_BYTES, ONE)?;
    let full = Published::new(&folder.join("full"), LARGE_FILES, LARGE_BYTES, ALL)?;
    let many = Published::new(&folder.join("many"), MANY_FILES, MANY_BYTES, ALL)?;
    let fewer = Published::new(&folder.join("fewer"), FEWER_FILES, MANY_BYTES, ALL)?;

    let mut figures = Vec::new();
    let few = usage(many.check())?.maxrss;
    let runs: [(&str, &Published, Job); 4] = [
        ("verify", &large, Published::verify),
        ("sbom --check", &large, Published::check),
        ("verify with SHA-512 too", &full, Published::verify),
        ("sbom --check with SHA-512 too", &full, Published::check),
    ];
    for (what, published, command) in runs {
        let (ours, bare) = race(|| command(published), || published.hash())?;
        println!(
            "release {what}, {LARGE_FILES} files of {} MiB: wall {:.2} s, CPU {:.2} s; bare SHA-256 on all cores: wall {:.2} s, CPU {:.2} s; ratio of wall {:.2}, of CPU {:.2}; peak {:.1} MiB",
            LARGE_BYTES >> 20,
            ours.wall.as_secs_f64(),
            ours.cpu.as_secs_f64(),
            bare.wall.as_secs_f64(),
            bare.cpu.as_secs_f64(),
            ours.wall.as_secs_f64() / bare.wall.as_secs_f64(),
            ours.cpu.as_secs_f64() / bare.cpu.as_secs_f64(),
            mebibytes(ours.peak),
        );
        figures.push(Figure::new(
            format!("peak bytes, release {what} of 2 GiB"),
            ours.peak,
            Some(few + FLAT_BYTES),
        ));
    }

    // One thread after another counts nearly the same each time.
    let alone = |mut command: Command| {
        command.args(["--jobs", "1"]);
        count(&command)
    };
    let sbom = count(&many.sbom())?;
    let check = alone(many.check())?;
    let verify = alone(many.verify())?;
    println!(
        "a release of {MANY_FILES} small files: {sbom} instructions to prove its SBOM, {check} to check all files by it (one signature), {verify} to verify all files (a signature each)"
    );
    let count_of = |files: usize| u64::try_from(files);
    // What a verification costs beside reading and hashing, and what a file costs that is only hashed.
    let each = verify.saturating_sub(check) / count_of(MANY_FILES)?;
    let beside = check.saturating_sub(sbom);
    let beside_fewer = alone(fewer.check())?.saturating_sub(count(&fewer.sbom())?);
    let hashed = beside.saturating_sub(beside_fewer) / count_of(MANY_FILES - FEWER_FILES)?;
    let fixed = beside.saturating_sub(hashed * count_of(MANY_FILES)?);
    figures.push(Figure::new(
        "verifications, release sbom --check beside that of the SBOM and hashing",
        fixed / each.max(1),
        Some(0),
    ));
    fs::remove_dir_all(&folder)?;
    Ok(figures)
}

/// What something cost, of the fastest run.
struct Cost {
    wall: Duration,
    cpu: Duration,
    peak: u64,
}

/// In turns, so that noise falls on both alike.
fn race(ours: impl Fn() -> Command, bare: impl Fn() -> Command) -> Result<(Cost, Cost)> {
    let (mut best_ours, mut best_bare) = (Cost::of(ours())?, Cost::of(bare())?);
    for _ in 1..ROUNDS {
        best_ours = best_ours.or(Cost::of(ours())?);
        best_bare = best_bare.or(Cost::of(bare())?);
    }
    Ok((best_ours, best_bare))
}

impl Cost {
    fn of(command: Command) -> Result<Self> {
        let started = Instant::now();
        let used = usage(command)?;
        Ok(Self {
            wall: started.elapsed(),
            cpu: cpu(&used),
            peak: used.maxrss,
        })
    }

    /// The better of two runs, but the larger memory.
    fn or(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            peak: self.peak.max(other.peak),
        }
    }
}

/// What a release is told to do.
type Job = fn(&Published) -> Command;

/// A release in a folder, with a bundle beside each file.
struct Published {
    folder: PathBuf,
    paths: Vec<String>,
}

impl Published {
    fn new(folder: &Path, files: usize, bytes: usize, sums: &[DigestAlgorithm]) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let sigstore = Instance::new();
        fs::write(folder.join("root.json"), sigstore.trusted_root_bytes())?;
        let place = folder.join(VERSION);
        let publish = |path: &str, content: &[u8]| -> Result<()> {
            let file = place.join(path);
            fs::create_dir_all(file.parent().context("a file has a folder")?)?;
            File::create(&file)
                .and_then(|mut file| file.write_all(content))
                .with_context(|| format!("cannot write {}", file.display()))?;
            let leaf = LeafRequest::new(San::Email(SIGNER.to_owned()), ISSUER);
            let signed = sigstore.sign(Content::message(content), &Plan::keyless(leaf));
            let bundle = place.join(format!("{path}.sigstore.json"));
            Ok(fs::write(bundle, signed.bundle_bytes())?)
        };
        let mut spdx = format!(
            "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\n\
             DocumentName: Kubernetes Release {VERSION}\n\
             DocumentNamespace: https://sbom.k8s.io/{VERSION}/release\n\
             Creator: Tool: bench\nCreated: 2026-01-01T00:00:00Z\n\n"
        );
        let mut content = vec![0; bytes];
        let mut paths = Vec::new();
        for number in 0..files {
            let path = format!("bin/linux/amd64/program-{number:03}");
            // Each its own content.
            for (byte, of_number) in content.iter_mut().zip(number.to_be_bytes()) {
                *byte = of_number;
            }
            publish(&path, &content)?;
            writeln!(spdx, "FileName: {path}\nSPDXID: SPDXRef-File-{number}")?;
            for algorithm in sums {
                let digest = Digest::of(*algorithm, &content).context("no such digest")?;
                let name = algorithm.as_str().to_uppercase();
                writeln!(spdx, "FileChecksum: {name}: {}", digest.hex())?;
            }
            spdx.push('\n');
            paths.push(path);
        }
        publish("kubernetes-release.spdx", spdx.as_bytes())?;
        Ok(Self {
            folder: folder.to_owned(),
            paths,
        })
    }

    fn verify(&self) -> Command {
        let mut command = self.release("verify");
        command.arg(self.folder.join(VERSION).join("bin"));
        command
    }

    fn sbom(&self) -> Command {
        self.release("sbom")
    }

    fn check(&self) -> Command {
        let mut command = self.release("sbom");
        command.arg("--check").arg(self.folder.join(VERSION));
        command
    }

    fn release(&self, what: &str) -> Command {
        let mut command = Command::new(release().join("sealcheck"));
        command.args(["release", what, VERSION, "--offline", "-o", "json"]);
        command.arg("--from").arg(&self.folder);
        command
            .arg("--trusted-root")
            .arg(self.folder.join("root.json"));
        command
    }

    fn hash(&self) -> Command {
        let mut command = Command::new(release().join("examples").join("hash_file"));
        let place = self.folder.join(VERSION);
        command.args(self.paths.iter().map(|path| place.join(path)));
        command
    }
}

const VERSION: &str = "v1.36.0";
const SIGNER: &str = "krel-staging@k8s-releng-prod.iam.gserviceaccount.com";
const ISSUER: &str = "https://accounts.google.com";
/// What some SBOMs list, and what those of Kubernetes list beside SHA-1.
const ONE: &[DigestAlgorithm] = &[DigestAlgorithm::Sha256];
const ALL: &[DigestAlgorithm] = &[DigestAlgorithm::Sha256, DigestAlgorithm::Sha512];
/// Two gibibytes.
const LARGE_FILES: usize = 16;
const LARGE_BYTES: usize = 128 << 20;
/// As many as Kubernetes 1.25.4 published.
const MANY_FILES: usize = 113;
const FEWER_FILES: usize = 56;
const MANY_BYTES: usize = 1000;
const ROUNDS: usize = 3;
/// How much more memory large files may take than small ones: a few buffers.
const FLAT_BYTES: u64 = 2 << 20;
