//! `cargo xtask bench --peers`: the same work by sealcheck and by its peers, in turns, as a table for
//! `docs/benchmarks.md`.
//!
//! Everything is signed by the real cosign against the testbed just before, so nothing here favours anybody's format.

mod by_hand;
mod machine;
mod race;
mod rates;
mod work;

use std::fs;

use anyhow::{Context, Result};
use sealcheck_testbed::{Part, Testbed};

use self::race::Race;
use crate::process;

/// Measures, prints the tables, and writes them to the document.
pub(crate) fn run() -> Result<()> {
    process::run(&mut process::cargo([
        "build",
        "--release",
        "--locked",
        "--package",
        "sealcheck",
        "--bin",
        "sealcheck",
    ]))?;
    let testbed = Testbed::start(Part::ALL)?;
    let mut lines = vec![Race::HEAD.to_owned()];
    for race in work::prepare(&testbed)? {
        println!("{} ...", race.name);
        lines.push(race.run()?.row());
    }
    let races = lines.join("\n");
    println!("{races}\n");
    let release = by_hand::measure(&testbed)?;
    println!("{release}\n");
    let rates = rates::measure(&testbed)?;
    println!("{rates}");
    write(&document(&races, &release, &rates)?)
}

/// The document: what a reader needs to judge the figures and to repeat them.
fn document(races: &str, release: &str, rates: &str) -> Result<String> {
    Ok(format!(
        "{INTRODUCTION}\n{}\n\n## One process each\n\n{races}\n\n{AFTER_RACES}\n\n## A whole release\n\n{release}\n\n{AFTER_RELEASE}\n\n## Verifications per second, prepared once\n\n{rates}\n\n{AFTER_RATES}",
        machine::description()?
    ))
}

fn write(text: &str) -> Result<()> {
    let path = process::root().join(DOCUMENT);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("written: {DOCUMENT}");
    Ok(())
}

const DOCUMENT: &str = "docs/benchmarks.md";

const INTRODUCTION: &str = "\
# Side by side

sealcheck and its peers on the same work, in turns, on one machine. This page is written by

```sh
cargo xtask bench --peers
```

which signs everything with the real cosign against a private Sigstore on loopback (Fulcio, CT log, Rekor v1 and v2,
timestamp authority, registries), and then has each program verify it with the same trusted root and the same signer.
[performance.md](performance.md) has what is gated; nothing here is.
";

const AFTER_RACES: &str = "\
Medians; CPU is user and system time of the whole process, memory the peak of its resident set, both from the kernel. The
programs take turns, so that noise falls on both alike; the ratio is cosign's CPU time to sealcheck's. cosign is given
`--trusted-root`, or the trust files of its legacy formats, so that it asks no TUF repository.";

const AFTER_RELEASE: &str = "\
Both fetch every file with what proves it from a server on loopback, ask the registry for the images' signatures, promotion
records and verification summaries, and the log for the times. The script is what the recipes of Kubernetes come to when they
are followed to the end: per file the signature, the checksum, and what the SBOM lists; per image the signature and both
attestations. Commands are those that it runs; its memory is the largest of any of them. What it cannot do is to say what is
wrong: it ends at the first thing that is. Bytes are those of the answers' bodies.";

const AFTER_RATES: &str = "\
One thread, CPU time, trusted root prepared before; each verification parses its bundle again. sigstore-python is a library
in an interpreted language over compiled cryptography; its row says what a Python program can expect, no more.
";
