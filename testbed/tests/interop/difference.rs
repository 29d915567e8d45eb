//! The verdicts that are not the obvious ones, as `docs/differences-from-cosign.md` lists them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// A row of the document.
pub(crate) struct Difference {
    cases: Vec<String>,
    damage: Vec<String>,
    pub cosign: String,
    pub ours: String,
    was_seen: AtomicBool,
}

impl Difference {
    /// The rows of the document's tables whose first cell is code.
    pub(crate) fn all() -> Vec<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/differences-from-cosign.md");
        let text = std::fs::read_to_string(file).unwrap();
        let row = |line: &str| {
            let mut cells = line
                .split('|')
                .skip(1)
                .map(|cell| cell.trim().replace('`', ""));
            let mut list = || Some(cells.next()?.split(", ").map(str::to_owned).collect());
            Some(Self {
                cases: list()?,
                damage: list()?,
                cosign: cells.next()?,
                ours: cells.next()?,
                was_seen: AtomicBool::new(false),
            })
        };
        text.lines()
            .filter(|line| line.starts_with("| `"))
            .filter_map(row)
            .collect()
    }

    /// The row about this, which is then one that was found.
    pub(crate) fn find<'a>(all: &'a [Self], case: &str, damage: &str) -> Option<&'a Self> {
        let found = all.iter().find(|difference| difference.is(case, damage))?;
        found.was_seen.store(true, Ordering::Relaxed);
        Some(found)
    }

    /// What is listed and was not found.
    pub(crate) fn unseen(all: &[Self]) -> Vec<String> {
        all.iter()
            .filter(|row| !row.was_seen.load(Ordering::Relaxed))
            .map(|row| format!("{} × {}", row.cases.join(", "), row.damage.join(", ")))
            .collect()
    }

    /// Whether this row is about it; each `*` in the row stands for anything.
    fn is(&self, case: &str, damage: &str) -> bool {
        self.damage.iter().any(|listed| listed == damage)
            && self.cases.iter().any(|pattern| matches(pattern, case))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).any(|at| tail.get(at..).is_some_and(|tail| matches(rest, tail)))
        }),
    }
}
