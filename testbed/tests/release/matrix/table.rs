//! The table of what is expected: `table.txt`.

use std::fmt;
use std::fs;

use super::Thing;
use super::tamper::Act;

/// What is expected of one thing that was tampered with in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) online: Expected,
    pub(crate) kit: Expected,
}

/// How it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) outcome: String,
    /// Empty where there is nothing to give a reason for.
    pub(crate) reason: String,
    /// What must be told about it; may be empty.
    pub(crate) words: String,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.outcome, self.reason, self.words)
    }
}

/// The cell of the table.
pub(crate) fn cell(thing: Thing, act: Act) -> Cell {
    let table = fs::read_to_string(TABLE).unwrap();
    let mut rows = table.lines().filter(|line| !line.starts_with('#'));
    let row = rows.find_map(|line| {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        match columns.as_slice() {
            [own, done, online, kit] if *own == thing.name() && *done == act.name() => {
                Some((*online, *kit))
            }
            _ => None,
        }
    });
    let (online, kit) = row.unwrap_or_else(|| panic!("no row for {thing:?} and {act:?}"));
    let online = expected(online);
    let kit = match kit {
        "the same" => online.clone(),
        kit => expected(kit),
    };
    Cell { online, kit }
}

/// `OUTCOME REASON: WORDS`, the last two as far as there are any.
fn expected(text: &str) -> Expected {
    let (judged, words) = text.split_once(": ").unwrap_or((text, ""));
    let (outcome, reason) = judged.split_once(' ').unwrap_or((judged, ""));
    Expected {
        outcome: outcome.to_owned(),
        reason: reason.to_owned(),
        words: words.to_owned(),
    }
}

const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/release/matrix/table.txt"
);
