//! Recipes and tests share their builds: a crate that only tests want with one more feature would be compiled twice, and so would
//! all that depend on it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::process;

/// Checks that the recipes' dependencies have no feature fewer than in the tests.
pub(super) fn check() -> Result<()> {
    let recipes = tree(&["--package", "xtask", "--edges", "normal"])?;
    let without_tests = tree(&["--workspace", "--edges", "normal"])?;
    let with_tests = tree(&["--workspace", "--edges", "normal,dev"])?;
    let missing = missing(&recipes, &without_tests, &with_tests);
    ensure!(
        missing.is_empty(),
        "tests want more features of these crates than recipes, so that they are compiled twice: name the features in \
         xtask/Cargo.toml\n{}",
        missing.join("\n")
    );
    println!("recipes and tests share their builds");
    Ok(())
}

/// What `cargo tree` has: a line for each crate, with its version and all features.
fn tree(which: &[&str]) -> Result<String> {
    process::output(
        process::cargo(["tree", "--all-features", "--prefix", "none"])
            .args(["--format", "{p}|{f}"])
            .args(which),
    )
}

/// The crates of `recipes` with the features that they only have in the tests.
fn missing(recipes: &str, without_tests: &str, with_tests: &str) -> Vec<String> {
    let recipes = features(recipes);
    let without = features(without_tests);
    let with = features(with_tests);
    let of = |name: &str| {
        let known = without.get(name)?;
        let more: Vec<&str> = with.get(name)?.difference(known).copied().collect();
        (!more.is_empty()).then(|| format!("{name}: {}", more.join(", ")))
    };
    recipes.keys().filter_map(|name| of(name)).collect()
}

/// The features of each crate. One that is built for the recipes and for build scripts has two lines, and those of both.
fn features(tree: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in tree.lines() {
        // Where a crate stands a second time, it has a star.
        let line = line.strip_suffix(" (*)").unwrap_or(line);
        if let Some((name, features)) = line.split_once('|') {
            let features = features.split(',').filter(|feature| !feature.is_empty());
            all.entry(name).or_default().extend(features);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn features_that_only_tests_want_are_named() {
        let recipes = "xtask v0.1.0|\nmemchr v2.8.3|std\ntar v0.4.46|\n";
        let without = "memchr v2.8.3|std\nmemchr v2.8.3|std (*)\ntar v0.4.46|\ncel v0.15.0|\n";
        let with = "memchr v2.8.3|default,std (*)\ntar v0.4.46|\ncel v0.15.0|regex\n";
        assert_eq!(missing(recipes, without, with), ["memchr v2.8.3: default"]);
        assert_eq!(missing(recipes, with, with), Vec::<String>::new());
    }
}
