//! What a verification costs beside the signature checks that it cannot do without, and beside the oracle.
//!
//! `cargo bench -p sealcheck-conformance --bench verify`. Everything that is compared is measured in turns within one
//! run, so that noise falls on all alike, and what is measured is CPU time. The figures are printed and never asserted:
//! machines are shared.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    reason = "a benchmark prints figures and stops when its material is not what it must be"
)]

mod cases;
mod floor;
mod hashing;
mod many;
mod oracle;

use std::time::Duration;

use cpu_time::ThreadTime;

use cases::Case;
use oracle::Oracle;

fn main() {
    println!(
        "one bundle, parsed and verified with a prepared trusted root; CPU time, medians of {ROUNDS} rounds in turns"
    );
    println!(
        "{:<14} {:>7} {:>10} {:>10} {:>7} {:>11} {:>10}",
        "case", "checks", "floor", "sealcheck", "ratio", "bar", "oracle"
    );
    for case in cases::all() {
        compare(&case);
    }
    many::run();
    trusted_root();
    hashing::run();
}

fn compare(case: &Case) {
    let oracle = Oracle::new(case);
    let mut figures = [const { Vec::new() }; 3];
    let [floor, ours, theirs] = &mut figures;
    for _ in 0..ROUNDS {
        floor.push(each(|| case.floor.run()));
        ours.push(each(|| case.verify()));
        if let Ok(oracle) = &oracle {
            theirs.push(each(|| oracle.verify(case).unwrap()));
        }
    }
    let ratio = ratio(ours, floor);
    let bar = match case.bar {
        Some(bar) if ratio <= bar => format!("{bar} PASS"),
        Some(bar) => format!("{bar} OVER"),
        None => "none".to_owned(),
    };
    let theirs = match oracle {
        Ok(_) => micros(median(theirs)),
        Err(_) => "refuses".to_owned(),
    };
    println!(
        "{:<14} {:>7} {:>10} {:>10} {ratio:>7.3} {bar:>11} {theirs:>10}",
        case.name,
        case.floor.checks(),
        micros(median(floor)),
        micros(median(ours)),
    );
}

fn trusted_root() {
    println!(
        "\ntrusted root: from its JSON, and with the links of its chains, which the first use verifies"
    );
    for case in cases::all().iter().take(1) {
        let mut read: Vec<Duration> = (0..ROUNDS).map(|_| each(|| drop(case.root()))).collect();
        let mut first: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let root = case.root();
                once(|| case.verify_with(&root))
            })
            .collect();
        println!(
            "  read {}, first verification {}",
            micros(median(&mut read)),
            micros(median(&mut first))
        );
    }
}

/// The time of one run, from several at once.
fn each(mut work: impl FnMut()) -> Duration {
    once(|| (0..REPEATS).for_each(|_| work())) / REPEATS
}

/// The CPU time that this thread spends on it.
fn once(work: impl FnOnce()) -> Duration {
    let start = ThreadTime::now();
    work();
    start.elapsed()
}

fn median(figures: &mut [Duration]) -> Duration {
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// The median of the ratios within each round.
fn ratio(figures: &[Duration], to: &[Duration]) -> f64 {
    let mut ratios: Vec<f64> = figures
        .iter()
        .zip(to)
        .map(|(figure, to)| figure.as_secs_f64() / to.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap()
}

fn micros(time: Duration) -> String {
    format!("{:.1} us", time.as_secs_f64() * 1e6)
}

const ROUNDS: usize = 201;
const REPEATS: u32 = 10;
