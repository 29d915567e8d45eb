//! The table as a page: `docs/release-tampering.md`.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::Thing;
use super::table::{Cell, Expected, cell};
use super::tamper::Act;
use crate::Run;

/// Fails when the page is not what the table says; with `SEALCHECK_WRITE_DOCS` set, writes it first.
pub(crate) fn check(_: &Run) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/release-tampering.md");
    let expected = render();
    if env::var_os("SEALCHECK_WRITE_DOCS").is_some() {
        fs::write(&page, &expected).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&page).unwrap_or_default(),
        expected,
        "docs/release-tampering.md is not what the table says; this test with SEALCHECK_WRITE_DOCS=1 writes it"
    );
}

fn render() -> String {
    let mut page = INTRODUCTION.to_owned();
    let columns = Act::ALL.map(Act::name);
    let _ = writeln!(page, "| | {} |", columns.join(" | "));
    let _ = writeln!(page, "| --- |{}", " --- |".repeat(columns.len()));
    for thing in Thing::ALL {
        let _ = write!(page, "| {} |", thing.name());
        for act in Act::ALL {
            let Cell { online, kit } = cell(thing, act);
            let (online, kit) = (shown(&online), shown(&kit));
            let _ = match online == kit {
                true => write!(page, " {online} |"),
                false => write!(page, " {online}; from the kit {kit} |"),
            };
        }
        page += "\n";
    }
    page += NOTES;
    page
}

fn shown(expected: &Expected) -> String {
    let Expected {
        outcome,
        reason,
        words,
    } = expected;
    match (reason.as_str(), outcome.as_str()) {
        ("", "verified") => format!("verified, the checksum `{words}`"),
        ("", outcome) => outcome.to_owned(),
        (reason, outcome) => format!("{outcome} `{reason}`"),
    }
}

const INTRODUCTION: &str = "\
# What becomes of a release that was tampered with

Each cell is a run of sealcheck on a small but complete release, signed by real cosign with the names of Kubernetes' signers,
in which one thing is not what it was. It is proved twice: as it is published, with the log asked, and from a kit without
network, where every attempt at a connection would be noticed. Each run also shows that everything else is proved as before.

- `flip`: one byte is another one; of a file with its proof, one of the file and one of its signature. In the list of layers it
  is their order.
- `other artifact`: what belongs to another artifact of the same release stands in its place, genuine by itself.
- `other version`: the same for another version of the same artifact.
- `remove`: it is gone.

";

const NOTES: &str = "
- A binary with its proof: the signature is good and is that of another file. The SBOM gives it away, which lists other
  content under this path.
- A tarball member is altered in the tarball. One that was unpacked is proved by `release sbom --check`; here a program that
  was unpacked stands for the one that is published alone, and the reason is what the report says of the file.
- Where the SBOM is not proved, nothing else is looked at. The SBOM of the sources is signed like that of the release, and is
  told from it by its namespace.
- A checksum file proves nothing. What it is about stays verified, and the report says what the checksum file says.
- An image manifest of another artifact or version comes with its own good signatures. Those of another artifact have its name,
  and the layers of another version are not those that the SBOM lists for the image. A list of layers that was altered stands under the tag with the signatures of the real one.
- In a kit signature, certificate and log entry are parts of one bundle; where the signature is removed, the bundle is.
  Online the log's answers are altered on the way.

This page is written by the test, which fails when a run does not end as it says here:
`SEALCHECK_WRITE_DOCS=1 cargo test -p sealcheck-testbed --test release`. What is expected stands in
`testbed/tests/release/matrix/table.txt`, together with words that the reports must have.
";
