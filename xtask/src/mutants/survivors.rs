//! The changes that no test notices, and those of them that `docs/mutants.md` explains.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::process;

/// One change to the core, named so that it is the same one after lines have moved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mutant {
    /// The file, below `crates/verify/src`.
    pub(super) file: String,
    /// What is changed.
    pub(super) change: String,
    /// The line of the source where it is changed.
    pub(super) line: String,
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "- `{}` `{}`\n  at `{}`",
            self.file, self.change, self.line
        )
    }
}

/// What became of the changes of one run.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) survived: Vec<Mutant>,
    pub(super) caught: Vec<Mutant>,
}

impl Outcome {
    /// Compares the survivors with the list.
    ///
    /// # Errors
    /// When one survived that is not listed. A listed one that is noticed is only told: the list is then too long.
    pub(super) fn judge(&self) -> Result<()> {
        let path = process::root().join(LIST);
        let page =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let listed = listed(&page)?;
        let (unlisted, noticed) = compare(self, &listed);
        for mutant in &noticed {
            println!("{LIST} calls this equivalent, and a test notices it:\n{mutant}");
        }
        for mutant in &unlisted {
            println!("no test notices this:\n{mutant}");
        }
        println!(
            "{} changes: {} noticed, {} equivalent, {} not noticed",
            self.caught.len() + self.survived.len(),
            self.caught.len(),
            self.survived.len() - unlisted.len(),
            unlisted.len()
        );
        ensure!(
            unlisted.is_empty(),
            "either a test is missing, or {LIST} must say why the change makes no difference"
        );
        Ok(())
    }
}

/// The survivors that are not in the list, and the entries of the list that were noticed.
fn compare(outcome: &Outcome, listed: &[Mutant]) -> (Vec<Mutant>, Vec<Mutant>) {
    // Counted, because the same change can be made at two equal lines.
    let mut left: BTreeMap<&Mutant, usize> = BTreeMap::new();
    for mutant in listed {
        *left.entry(mutant).or_default() += 1;
    }
    let mut take = |mutant: &Mutant| match left.get_mut(mutant) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    let unlisted: Vec<Mutant> = outcome
        .survived
        .iter()
        .filter(|mutant| !take(mutant))
        .cloned()
        .collect();
    let noticed = outcome
        .caught
        .iter()
        .filter(|mutant| take(mutant))
        .cloned()
        .collect();
    (unlisted, noticed)
}

/// The entries of the page: a file and a change, the line, and then the reason.
fn listed(page: &str) -> Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((file, change)) = line
            .strip_prefix("- `")
            .and_then(|rest| rest.strip_suffix('`')?.split_once("` `"))
        else {
            continue;
        };
        let at = lines
            .next()
            .and_then(|line| line.strip_prefix("  at `")?.strip_suffix('`'))
            .with_context(|| format!("no line of source below {line}"))?;
        ensure!(
            lines.peek().is_some_and(|reason| reason.starts_with("  ")),
            "no reason below {line}"
        );
        mutants.push(Mutant {
            file: file.to_owned(),
            change: change.to_owned(),
            line: at.to_owned(),
        });
    }
    Ok(mutants)
}

/// The page that says why some changes make no difference.
pub(super) const LIST: &str = "docs/mutants.md";

#[cfg(test)]
mod tests {
    use super::{Mutant, Outcome, compare, listed};

    fn mutant(line: &str) -> Mutant {
        Mutant {
            file: "log/merkle.rs".into(),
            change: "replace || with && in root".into(),
            line: line.into(),
        }
    }

    #[test]
    fn what_is_printed_can_be_read_with_a_reason() {
        let page = format!(
            "# Title\n\n{}\n  Why.\n- other `list`\n",
            mutant("if `a` || b {")
        );
        assert_eq!(listed(&page).unwrap(), [mutant("if `a` || b {")]);
        assert!(listed(&mutant("a").to_string()).is_err());
        assert!(listed("- `a` `b`\n  Why.\n").is_err());
    }

    #[test]
    fn each_entry_explains_one_survivor() {
        let outcome = Outcome {
            survived: vec![mutant("a"), mutant("a"), mutant("b")],
            caught: vec![mutant("c"), mutant("d")],
        };
        let (unlisted, noticed) = compare(&outcome, &[mutant("a"), mutant("b"), mutant("c")]);
        assert_eq!(unlisted, [mutant("a")]);
        assert_eq!(noticed, [mutant("c")]);
    }
}
