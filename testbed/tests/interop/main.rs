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

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck_testbed::{Part, Testbed};

use cases::Case;
use damage::DAMAGE;
use judges::{Judgement, cosign_says, we_say};

fn main() {
    let arguments = Arguments::from_args();
    if std::env::var_os("SEALCHECK_TESTBED").is_none_or(|value| value != "1") {
        println!("skipped: interoperability with real cosign needs SEALCHECK_TESTBED=1");
        let trials = Case::all().into_iter().map(|case| {
            Trial::test(case.name, || Ok(())).with_ignored_flag(true)
        });
        libtest_mimic::run(&arguments, trials.collect()).exit();
    }
    if arguments.list {
        let trials = Case::all().into_iter().map(|case| Trial::test(case.name, || Ok(())));
        libtest_mimic::run(&arguments, trials.collect()).exit();
    }
    let testbed = Arc::new(Testbed::start(Part::ALL).expect("the testbed starts"));
    cases::prepare(&testbed);
    let table = Arc::new(Mutex::new(String::from(
        "| produced by cosign | damage | cosign | sealcheck | sealcheck's reason |\n| --- | --- | --- | --- | --- |\n",
    )));
    let trials = Case::all().into_iter().map(|case| {
        let (testbed, table) = (Arc::clone(&testbed), Arc::clone(&table));
        Trial::test(case.name, move || check(&testbed, &case, &table))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let file = kept("table.md");
    std::fs::write(&file, &*table.lock().unwrap()).unwrap();
    println!("both verdicts, side by side: {}", file.display());
    drop(testbed);
    conclusion.exit();
}

/// Signs, and compares the verdicts on what was signed and on everything that can be broken in it.
fn check(testbed: &Testbed, case: &Case, table: &Mutex<String>) -> Result<(), Failed> {
    let proof = case.sign(testbed, "a");
    // Another artifact, signed the same way by the same signer: a source of genuine parts in the wrong place.
    let sibling = case.sign(testbed, "b");
    let mut differences = String::new();
    let listed = Difference::all();
    for damage in DAMAGE {
        let Some(damaged) = damage.apply(testbed, &proof, &sibling) else {
            continue;
        };
        damaged.keep(&kept(case.name).join(damage.name));
        let (cosign, we) = (cosign_says(testbed, &damaged), we_say(testbed, &damaged));
        let folder = kept(case.name).join(damage.name);
        std::fs::write(folder.join("cosign.txt"), &cosign.text).unwrap();
        std::fs::write(folder.join("sealcheck.txt"), &we.text).unwrap();
        let row = format!("| {} | {} | {cosign} | {we} | {} |", case.name, damage.name, we.reason);
        writeln!(table.lock().unwrap(), "{row}").unwrap();
        // Cosign may be more generous where the list says so, and then it must be. We never are.
        let is_listed = listed.iter().any(|difference| difference.is(case.name, damage.name));
        let expected = damage.is_none();
        if cosign.accepts != (expected || is_listed) || we.accepts != expected {
            writeln!(differences, "{row}\n  cosign: {}\n  sealcheck: {}", last(&cosign), we.text).unwrap();
        }
    }
    match differences.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(differences)),
    }
}

/// Damage that cosign accepts and we do not, as the documentation lists it.
struct Difference {
    cases: String,
    damage: String,
}

impl Difference {
    /// The rows of the document's table whose first two cells are code.
    fn all() -> Vec<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/differences-from-cosign.md");
        let text = std::fs::read_to_string(file).unwrap();
        let row = |line: &str| {
            let mut cells = line.split('|').map(|cell| cell.trim().trim_matches('`'));
            let (_, cases, damage) = (cells.next()?, cells.next()?, cells.next()?);
            Some(Self {
                cases: cases.to_owned(),
                damage: damage.to_owned(),
            })
        };
        text.lines().filter(|line| line.starts_with("| `")).filter_map(row).collect()
    }

    /// Whether this row is about it; `*` in the row stands for any beginning of the case's name.
    fn is(&self, case: &str, damage: &str) -> bool {
        damage == self.damage
            && match self.cases.strip_prefix('*') {
                Some(end) => case.ends_with(end),
                None => case == self.cases,
            }
    }
}

fn last(judgement: &Judgement) -> &str {
    judgement.text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// A place in the folder of what is kept for people to look at.
fn kept(name: &str) -> PathBuf {
    let folder = Testbed::cache_folder().unwrap().join("interop");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}
