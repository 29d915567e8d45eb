//! Cosign signs, we verify; both are then shown the same damage, and must agree that it is damage.
//!
//! Needs `SEALCHECK_TESTBED=1`: the peers take long to build. What cosign produced and what both said is kept in the
//! testbed's cache folder, under `interop`.

#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test program"
)]

mod cases;
mod damage;
mod judges;
mod tuf;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck_testbed::{Part, Testbed};

use cases::Case;
use damage::DAMAGE;
use judges::{cosign_says, we_say};

fn main() {
    let arguments = Arguments::from_args();
    if std::env::var_os("SEALCHECK_TESTBED").is_none_or(|value| value != "1") {
        println!("skipped, nothing was tested against real cosign: it needs SEALCHECK_TESTBED=1");
        return;
    }
    if arguments.list {
        let trials = Case::all()
            .into_iter()
            .map(|case| Trial::test(case.name, || Ok(())));
        libtest_mimic::run(&arguments, trials.collect()).exit();
    }
    let testbed = Arc::new(Testbed::start(Part::ALL).expect("the testbed starts"));
    cases::prepare(&testbed);
    let table = Arc::new(Mutex::new(String::from(
        "| produced by cosign | damage | cosign | sealcheck | sealcheck's reason |\n| --- | --- | --- | --- | --- |\n",
    )));
    let listed = Arc::new(Difference::all());
    let mut trials: Vec<Trial> = Vec::new();
    for case in Case::all() {
        let (testbed, table, listed) = (
            Arc::clone(&testbed),
            Arc::clone(&table),
            Arc::clone(&listed),
        );
        trials.push(Trial::test(case.name, move || {
            check(&testbed, &case, &table, &listed)
        }));
    }
    let peer = Arc::clone(&testbed);
    trials.push(Trial::test("tuf-repository", move || {
        tuf::cosign_signs_and_verifies_with_it(&peer);
        tuf::we_load_the_trusted_root_from_it(&peer);
        Ok(())
    }));
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty();
    let mut conclusion = libtest_mimic::run(&arguments, trials);
    if is_whole && !conclusion.has_failed() {
        for row in listed
            .iter()
            .filter(|row| !row.was_seen.load(Ordering::Relaxed))
        {
            println!(
                "listed as a difference, but not found: {:?} {}",
                row.cases, row.damage
            );
            conclusion.num_failed += 1;
        }
    }
    let file = kept("table.md");
    std::fs::write(&file, &*table.lock().unwrap()).unwrap();
    println!("both verdicts, side by side: {}", file.display());
    drop(testbed);
    conclusion.exit();
}

/// Signs, and compares the verdicts on what was signed and on everything that can be broken in it.
fn check(
    testbed: &Testbed,
    case: &Case,
    table: &Mutex<String>,
    listed: &[Difference],
) -> Result<(), Failed> {
    let proof = case.sign(testbed, "a");
    // Another artifact, signed the same way by the same signer: a source of genuine parts in the wrong place.
    let sibling = case.sign(testbed, "b");
    let mut surprises = String::new();
    for damage in DAMAGE {
        let Some(damaged) = damage.apply(testbed, &proof, &sibling) else {
            continue;
        };
        let folder = kept(case.name).join(damage.name);
        damaged.keep(&folder);
        let (cosign, we) = (cosign_says(testbed, &damaged), we_say(testbed, &damaged));
        std::fs::write(folder.join("cosign.txt"), &cosign.text).unwrap();
        std::fs::write(folder.join("sealcheck.txt"), &we.text).unwrap();
        let row = format!(
            "| {} | {} | {cosign} | {we} | {} |",
            case.name, damage.name, we.reason
        );
        writeln!(table.lock().unwrap(), "{row}").unwrap();
        let difference = listed
            .iter()
            .find(|difference| difference.is(case.name, damage.name));
        let expected = match difference {
            Some(difference) => {
                difference.was_seen.store(true, Ordering::Relaxed);
                (difference.cosign.as_str(), difference.we.as_str())
            }
            None if damage.is_none() => ("accepts", "accepts"),
            None => ("rejects", "rejects"),
        };
        if (cosign.to_string().as_str(), we.to_string().as_str()) != expected {
            let last = cosign.text.lines().rfind(|line| !line.trim().is_empty());
            let last = last.unwrap_or_default();
            writeln!(
                surprises,
                "{row}\n  cosign: {last}\n  sealcheck: {}",
                we.text
            )
            .unwrap();
        }
    }
    match surprises.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(surprises)),
    }
}

/// What the verdicts are where they are not the obvious ones, as the documentation lists it.
struct Difference {
    cases: Vec<String>,
    damage: String,
    cosign: String,
    we: String,
    was_seen: AtomicBool,
}

impl Difference {
    /// The rows of the document's table whose first cell is code.
    fn all() -> Vec<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/differences-from-cosign.md");
        let text = std::fs::read_to_string(file).unwrap();
        let row = |line: &str| {
            let mut cells = line
                .split('|')
                .skip(1)
                .map(|cell| cell.trim().replace('`', ""));
            Some(Self {
                cases: cells.next()?.split(", ").map(str::to_owned).collect(),
                damage: cells.next()?,
                cosign: cells.next()?,
                we: cells.next()?,
                was_seen: AtomicBool::new(false),
            })
        };
        text.lines()
            .filter(|line| line.starts_with("| `"))
            .filter_map(row)
            .collect()
    }

    /// Whether this row is about it; `*` in the row stands for anything.
    fn is(&self, case: &str, damage: &str) -> bool {
        let is_case = |pattern: &String| match pattern.split_once('*') {
            Some((start, end)) => case.starts_with(start) && case.ends_with(end),
            None => case == pattern,
        };
        damage == self.damage && self.cases.iter().any(is_case)
    }
}

/// A place in the folder of what is kept for people to look at.
fn kept(name: &str) -> PathBuf {
    let folder = Testbed::cache_folder().unwrap().join("interop");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}
