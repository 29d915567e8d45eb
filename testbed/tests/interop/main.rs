//! Cosign signs, we verify; both are then shown the same damage, and must agree that it is damage.
//!
//! What was found is a page, `docs/interop.md`; where the two differ has its reason in
//! `docs/differences-from-cosign.md`. The files of a surprise are left below `target/tmp/interop`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test program"
)]

mod authorities;
mod case;
mod damage;
mod difference;
mod image;
mod judge;
mod lifecycle;
mod online;
mod proof;
mod proxy;
mod registries;
mod requests;
mod saved;
mod sealcheck;
mod sign;
mod signers;
mod table;
mod tuf;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck_testbed::{Part, Testbed};

use case::Case;
use damage::{DAMAGE, Proofs};
use difference::Difference;
use judge::Says;
use online::BEHAVIOURS;
use sign::Who;
use table::{Online, Verdicts};

/// What all trials share.
struct Run {
    testbed: Testbed,
    listed: Vec<Difference>,
    verdicts: Mutex<Verdicts>,
    online: Mutex<BTreeMap<usize, Online>>,
}

fn main() {
    if let Ok(parts) = std::env::var(lifecycle::HOLD) {
        return lifecycle::hold(&parts);
    }
    let mut arguments = Arguments::from_args();
    if arguments.list {
        libtest_mimic::run(&arguments, trials(|_| Ok(()))).exit();
    }
    let Some(testbed) = Testbed::for_tests(Part::ALL).expect("the testbed starts") else {
        return;
    };
    sign::prepare(&testbed);
    let run = Arc::new(Run {
        testbed,
        listed: Difference::all(),
        verdicts: Mutex::default(),
        online: Mutex::default(),
    });
    // Much of the time is spent waiting for the logs.
    arguments.test_threads.get_or_insert_with(|| {
        2 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    });
    let shared = Arc::clone(&run);
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty();
    let mut conclusion = libtest_mimic::run(
        &arguments,
        trials(move |subject| match subject {
            Subject::Proof(case) => check(&shared, case),
            Subject::Log(index) => {
                let row = online::check(&shared.testbed, &BEHAVIOURS[*index])?;
                shared.online.lock().unwrap().insert(*index, row);
                Ok(())
            }
            Subject::Refused(case, words) => refuse(&shared.testbed, case, words),
            Subject::Peers(act) => {
                act(&shared.testbed);
                Ok(())
            }
        }),
    );
    if is_whole && !conclusion.has_failed() {
        let mut wrong: Vec<String> = Difference::unseen(&run.listed)
            .into_iter()
            .map(|row| format!("listed as a difference, but not found: {row}"))
            .collect();
        let (verdicts, online) = (run.verdicts.lock().unwrap(), run.online.lock().unwrap());
        let online: Vec<Online> = online.values().cloned().collect();
        wrong.extend(table::check(&verdicts, &online).err());
        for wrong in wrong {
            println!("{wrong}");
            conclusion.num_failed += 1;
        }
    }
    drop(run);
    conclusion.exit();
}

/// What a trial is about.
enum Subject {
    /// A way to use cosign.
    Proof(Case),
    /// What cosign fails to make, and says so in these words.
    Refused(Case, &'static str),
    /// A way for the log to behave, by its index.
    Log(usize),
    /// The testbed itself.
    Peers(Check),
}

type Check = fn(&Testbed);

/// All trials, each made by `act` from its subject.
fn trials(act: impl Fn(&Subject) -> Result<(), Failed> + Clone + Send + 'static) -> Vec<Trial> {
    let peers: [(&str, Check); 10] = [
        (
            "testbeds-end-without-a-trace",
            lifecycle::nothing_survives_and_nobody_notices,
        ),
        (
            "tuf-repository-for-cosign",
            tuf::cosign_signs_and_verifies_with_it,
        ),
        (
            "tuf-repository-for-us",
            tuf::we_load_the_trusted_root_from_it,
        ),
        ("registry-of-crane", registries::cranes),
        ("registry-of-distribution", registries::distributions),
        ("registry-with-referrers", registries::referrers),
        ("requests", requests::cosigns_are_counted),
        ("kept-bundles", saved::cosign_accepts_what_we_keep),
        ("several-signers", signers::each_is_known_among_several),
        ("authorities-by-flags", authorities::flags_name_an_authority),
    ];
    let peers = peers.map(|(name, act)| (name.to_owned(), Subject::Peers(act)));
    let logs = BEHAVIOURS.iter().enumerate().map(|(index, log)| {
        (
            format!("log-{}", log.name.replace(' ', "-")),
            Subject::Log(index),
        )
    });
    let proofs = Case::all()
        .into_iter()
        .map(|case| (case.name(), Subject::Proof(case)));
    let refused = Case::refused().into_iter().map(|(case, words)| {
        (
            format!("refused-{}", case.name()),
            Subject::Refused(case, words),
        )
    });
    peers
        .into_iter()
        .chain(logs)
        .chain(refused)
        .chain(proofs)
        .map(|(name, subject)| {
            let act = act.clone();
            Trial::test(name, move || act(&subject))
        })
        .collect()
}

/// Cosign still cannot make it. When it can, it is a case like the others.
fn refuse(testbed: &Testbed, case: &Case, words: &str) -> Result<(), Failed> {
    let folder = testbed
        .folder
        .join("interop")
        .join("refused")
        .join(case.name());
    match sign::sign(testbed, case, Who::Alice, "refused", &folder) {
        Err(told) if told.contains(words) => Ok(()),
        Err(told) => Err(told.into()),
        Ok(_) => Err("cosign made it".into()),
    }
}

/// Signs, and compares the verdicts on what was signed and on everything that can be broken in it.
fn check(run: &Run, case: &Case) -> Result<(), Failed> {
    let name = case.name();
    let testbed = &run.testbed;
    let folder = testbed.folder.join("interop").join(&name);
    let artifact = format!("an artifact of {name}\n");
    let sign = |who, artifact: &str, place: &str| {
        sign::sign(testbed, case, who, artifact, &folder.join(place))
    };
    let proofs = Proofs {
        proof: sign(Who::Alice, &artifact, "proof")?,
        sibling: sign(Who::Alice, &format!("another {artifact}"), "sibling")?,
        other: sign(Who::Bob, &artifact, "other")?,
    };
    let mut surprises = String::new();
    for damage in DAMAGE {
        let Some(damaged) = damage.apply(testbed, &proofs) else {
            continue;
        };
        let place = folder.join(damage.name);
        let (cosign, ours) = judge::both(testbed, &damaged, &place, "60s");
        let verdicts = (cosign.says, ours.says);
        run.verdicts
            .lock()
            .unwrap()
            .insert((name.clone(), damage.name), verdicts);
        let is_expected = match Difference::find(&run.listed, &name, damage.name) {
            Some(row) => row.cosign == cosign.says.to_string() && row.ours == ours.says.to_string(),
            None if damage.is_none() => verdicts == (Says::Accepts, Says::Accepts),
            None => {
                cosign.says == Says::Rejects
                    && matches!(ours.says, Says::Rejects | Says::Unavailable)
            }
        };
        if !is_expected {
            keep(&place, &name, damage.name);
            let line = cosign.text.lines().rfind(|line| !line.trim().is_empty());
            writeln!(
                surprises,
                "{} × {}: cosign {}, sealcheck {} ({})\n  {}",
                name,
                damage.name,
                cosign.says,
                ours.says,
                ours.reason,
                line.unwrap_or_default()
            )
            .unwrap();
        }
        // There is nothing to break in what is not whole.
        if damage.is_none() && cosign.says != Says::Accepts && ours.says != Says::Accepts {
            break;
        }
    }
    match surprises.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(surprises)),
    }
}

/// Copies the files of a surprise to where they outlive the testbed.
fn keep(folder: &Path, case: &str, damage: &str) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("interop")
        .join(case)
        .join(damage);
    std::fs::create_dir_all(&kept).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.is_dir() {
            continue;
        }
        std::fs::copy(&file, kept.join(file.file_name().unwrap())).unwrap();
    }
}
