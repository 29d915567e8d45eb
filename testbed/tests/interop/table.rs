//! Both verdicts side by side, as a page: `docs/interop.md`.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::case::Case;
use crate::damage::{Area, DAMAGE};
use crate::judge::Says;

/// The verdicts of cosign and of sealcheck, by case and damage.
pub(crate) type Verdicts = BTreeMap<(String, &'static str), (Says, Says)>;

/// One row of the second part: how the log behaves, and what both say.
#[derive(Clone, Debug)]
pub(crate) struct Online {
    pub log: &'static str,
    pub cosign: Says,
    pub ours: Says,
    pub reason: String,
}

/// Writes the page with `SEALCHECK_WRITE_DOCS` set; otherwise says what is wrong with it.
pub(crate) fn check(verdicts: &Verdicts, online: &[Online]) -> Result<(), String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/interop.md");
    let expected = render(verdicts, online);
    if env::var_os("SEALCHECK_WRITE_DOCS").is_some() {
        fs::write(&page, &expected).unwrap();
    }
    let found = fs::read_to_string(&page).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    let mut report =
        "docs/interop.md is not what was found; this test with SEALCHECK_WRITE_DOCS=1 writes it:\n"
            .to_owned();
    for (found, expected) in found.lines().zip(expected.lines()) {
        if found != expected {
            let _ = writeln!(report, "- {found}\n+ {expected}");
        }
    }
    Err(report)
}

fn render(verdicts: &Verdicts, online: &[Online]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (area, title) in AREAS {
        let columns: Vec<&'static str> = DAMAGE
            .iter()
            .filter(|damage| damage.area == area)
            .map(|damage| damage.name)
            .collect();
        let _ = write!(page, "\n## {title}\n\n| produced by cosign |");
        for column in &columns {
            let _ = write!(page, " {column} |");
        }
        page += "\n| --- |";
        page += &" --- |".repeat(columns.len());
        page += "\n";
        for case in Case::all() {
            let name = case.name();
            let verdict = |column: &&'static str| verdicts.get(&(name.clone(), *column));
            if columns.iter().all(|column| verdict(column).is_none()) {
                continue;
            }
            let _ = write!(page, "| `{name}` |");
            for column in &columns {
                match verdict(column) {
                    Some((cosign, ours)) => {
                        let cell = format!("{} {}", cosign.letter(), ours.letter());
                        let _ = match (*cosign == Says::Accepts) == (*ours == Says::Accepts) {
                            true => write!(page, " {cell} |"),
                            false => write!(page, " **{cell}** |"),
                        };
                    }
                    None => page += " |",
                }
            }
            page += "\n";
        }
    }
    page += ONLINE;
    for row in online {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            row.log,
            row.cosign,
            row.ours,
            match row.reason.as_str() {
                "" => String::new(),
                reason => format!("`{reason}`"),
            }
        );
    }
    page
}

const AREAS: [(Area, &str); 6] = [
    (Area::Told, "What the verifier is told"),
    (Area::Trust, "What the verifier trusts"),
    (Area::Signed, "Signature, certificate and content"),
    (Area::Entry, "The log entry"),
    (Area::Inclusion, "The proof of inclusion"),
    (Area::Time, "Time"),
];

const INTRODUCTION: &str = "\
# What cosign makes, and what both make of it

Rows are what cosign 3.1.3 produced against real peers on loopback, columns are what was damaged. In a cell stands what
cosign says and then what sealcheck says of the same files with the same arguments: `a` accepts, `r` rejects, `u` cannot be
answered (`unavailable`; cosign does not tell it from a rejection). Where there is nothing of the kind to damage, the cell
is empty; what neither accepts intact is not damaged further. Cells in bold differ, and
[differences-from-cosign.md](differences-from-cosign.md) has the reason of each.

`sibling` is the genuine part of another artifact's proof by the same signer, `other` that of another signer's proof for the
same artifact.

This page is written by the test (`testbed/tests/interop`), which fails when a verdict is not the one that stands here:
`SEALCHECK_WRITE_DOCS=1 cargo test -p sealcheck-testbed --test interop`.
";

const ONLINE: &str = "
## A bare signature and certificate, with the log asked

As Kubernetes publishes them: `.sig` and `.cert` beside the file, and nothing else. The log is the real one behind a proxy
that changes what it says.

| the log | cosign | sealcheck | reason |
| --- | --- | --- | --- |
";
