//! The list as a page: `docs/differences-from-oracle.md`.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use libtest_mimic::Failed;

use crate::differences::DIFFERENCES;
use crate::judge::Direction;

/// Fails when the page is not what the list says; with `SEALCHECK_WRITE_DOCS` set, writes it first.
pub(crate) fn agrees() -> Result<(), Failed> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/differences-from-oracle.md");
    let expected = render();
    if env::var_os("SEALCHECK_WRITE_DOCS").is_some() {
        fs::write(&page, &expected).unwrap();
    }
    match fs::read_to_string(&page) {
        Ok(found) if found == expected => Ok(()),
        Ok(_) => Err("docs/differences-from-oracle.md is not what the list says; run this test with SEALCHECK_WRITE_DOCS=1".into()),
        Err(error) => Err(format!("docs/differences-from-oracle.md: {error}").into()),
    }
}

fn render() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (direction, title) in [
        (Direction::WeAccept, "We accept, the oracle rejects"),
        (Direction::OracleAccepts, "We reject, the oracle accepts"),
    ] {
        let _ = write!(
            page,
            "\n## {title}\n\n| id | what | why |\n| --- | --- | --- |\n"
        );
        for known in DIFFERENCES
            .iter()
            .filter(|known| known.direction() == direction)
        {
            let _ = writeln!(page, "| `{}` | {} | {} |", known.id, known.what, known.why);
        }
    }
    page
}

const INTRODUCTION: &str = "\
# Differences from the oracle

The differential test puts every published vector, vectors that it signs itself, and at least 20,000 seeded changes of
the accepted ones to our core and to an independent implementation, `sigstore-verify` 0.15.1. Where the two disagree,
one of the entries below must explain it, or the test fails; so does an entry that no vector shows.

This page is written from the list that the test uses (`crates/conformance/tests/differential/differences.rs`):
`SEALCHECK_WRITE_DOCS=1 cargo test -p sealcheck-conformance --test differential document`.

A longer run: `SEALCHECK_DIFFERENTIAL_SEED=7 SEALCHECK_DIFFERENTIAL_COUNT=300000 cargo test --release -p
sealcheck-conformance --test differential`. Each finding is written to a folder with bundle, artifact, trusted root and
signer, because what the test signs itself has new keys in every run.
";
