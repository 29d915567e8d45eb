//! The fault matrix: every way in which a registry fails, at every place, with and without proof at the others. What must come
//! of each cell stands in `matrix.txt`; each line of it is a test.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cell;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

use cell::{Cell, Line};
use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck_verify::evidence::Found;
use world::World;

fn main() {
    let world = Arc::new(World::new());
    let lines: Vec<Line> = MATRIX.lines().filter_map(Line::read).collect();
    let mut trials = vec![Trial::test("every cell stands in the table once", {
        let listed: Vec<Cell> = lines.iter().map(|line| line.cell.clone()).collect();
        move || complete(&listed)
    })];
    for line in lines {
        let world = Arc::clone(&world);
        trials.push(Trial::test(line.cell.to_string(), move || {
            judge(&world, &line)
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn complete(listed: &[Cell]) -> Result<(), Failed> {
    let unique: BTreeSet<String> = listed.iter().map(ToString::to_string).collect();
    let all: BTreeSet<String> = Cell::all().iter().map(ToString::to_string).collect();
    if unique != all || unique.len() != listed.len() {
        let missing: Vec<_> = all.difference(&unique).collect();
        let foreign: Vec<_> = unique.difference(&all).collect();
        return Err(format!("missing: {missing:?}, unknown: {foreign:?}").into());
    }
    Ok(())
}

fn judge(world: &World, line: &Line) -> Result<(), Failed> {
    let (verdict, asked) = world.verify(&line.cell);
    let reason = verdict
        .verdict()
        .failure()
        .map(|failure| failure.reason.code());
    let found = (verdict.outcome().as_str(), reason.unwrap_or("-"));
    let report = || format!("{verdict}\n{:#?}\n{asked:#?}", verdict.places());
    if found != (&line.outcome, &line.reason) {
        return Err(format!(
            "expected {} {}, found {found:?}: {}",
            line.outcome,
            line.reason,
            report()
        )
        .into());
    }
    // What failed is said, also where it did not matter.
    let failed = verdict
        .places()
        .iter()
        .filter(|place| place.found == Found::Failed)
        .count();
    let unread = verdict
        .refused()
        .filter(|proof| proof.material.is_none())
        .count();
    if (failed + unread > 0) != line.cell.fails() {
        return Err(format!("{failed} places failed: {}", report()).into());
    }
    Ok(())
}

const MATRIX: &str = include_str!("matrix.txt");
