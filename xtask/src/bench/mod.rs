//! `cargo xtask bench`: what verification costs, and whether it has become dearer.
//!
//! Gated are figures that do not depend on how busy the machine is: instructions, allocations, peak memory and the
//! size of the program. Times are printed for people.

mod figure;
mod images;
mod measure;
mod peers;
mod release;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use self::figure::Figure;
use crate::process;

#[derive(Args)]
pub(crate) struct Options {
    /// Fail when a figure crosses its bar or leaves its baseline; measures no times
    #[arg(long)]
    gate: bool,
    /// Write the measured figures to the baseline
    #[arg(long)]
    update: bool,
    /// Race cosign and other peers on the same work, and write docs/benchmarks.md
    #[arg(long, conflicts_with_all = ["gate", "update"])]
    peers: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.peers {
        return peers::run();
    }
    let measured = measure::all()?;
    let baseline = match COMPARABLE {
        true => read_baseline()?,
        false => {
            println!("\nThe baseline is of Linux on x86_64: here only the bars are held.");
            BTreeMap::new()
        }
    };
    println!(
        "\n{:<44} {:>14} {:>14} {:>14}  judgement",
        "figure", "measured", "baseline", "bar"
    );
    let mut refused = Vec::new();
    for figure in &measured {
        let recorded = baseline.get(&figure.name).copied();
        let judgement = figure.judge(recorded);
        println!("{}", figure.row(recorded, &judgement));
        if !judgement.accepted() && (COMPARABLE || figure.crosses_bar()) {
            refused.push(format!("{}: {judgement}", figure.name));
        }
    }
    for name in baseline.keys() {
        if !measured.iter().any(|figure| figure.name == *name) {
            refused.push(format!(
                "{name}: in the baseline, but not measured any more"
            ));
        }
    }
    if options.update {
        ensure!(
            COMPARABLE,
            "the baseline is of Linux on x86_64, and this is not"
        );
        let over: Vec<_> = measured
            .iter()
            .filter(|figure| figure.crosses_bar())
            .collect();
        ensure!(
            over.is_empty(),
            "a figure over its bar cannot become the baseline"
        );
        write_baseline(&measured)?;
        println!("\nwritten: {BASELINE}");
    } else if !refused.is_empty() {
        println!("\nnot accepted:\n  {}", refused.join("\n  "));
        println!("A change that is meant is recorded with: cargo xtask bench --update");
        ensure!(!options.gate, "{} figures are not accepted", refused.len());
    }
    match options.gate || options.update {
        true => Ok(()),
        false => {
            // The one that measures the least memory first: a child begins with its parent's.
            for figure in release::folders()?.into_iter().chain(images::many()?) {
                ensure!(
                    !figure.crosses_bar(),
                    "{} is over its bar: {}",
                    figure.name,
                    figure.measured
                );
            }
            process::run(&mut process::cargo([
                "bench",
                "--package",
                "sealcheck-conformance",
                "--bench",
                "verify",
            ]))
        }
    }
}

fn path() -> PathBuf {
    process::root().join(BASELINE)
}

fn read_baseline() -> Result<BTreeMap<String, u64>> {
    let text = fs::read(path()).with_context(|| format!("cannot read {BASELINE}"))?;
    serde_json::from_slice(&text).with_context(|| format!("{BASELINE} is not an object of numbers"))
}

fn write_baseline(figures: &[Figure]) -> Result<()> {
    let figures: BTreeMap<&str, u64> = figures
        .iter()
        .map(|figure| (figure.name.as_str(), figure.measured))
        .collect();
    let text = serde_json::to_string_pretty(&figures)? + "\n";
    fs::write(path(), text).with_context(|| format!("cannot write {BASELINE}"))
}

/// Instructions of one architecture say nothing about another's.
const COMPARABLE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));
const BASELINE: &str = "benches/baseline.json";
