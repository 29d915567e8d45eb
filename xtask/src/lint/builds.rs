//! Recipes and tests share their builds: a crate that only tests want with one more feature would be compiled twice, and so would
//! all that depend on it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::process;

/// Checks that no dependency of recipes and program has more features where tests are built.
pub(super) fn check() -> Result<()> {
    let missing = missing(&tree("normal")?, &tree("normal,dev")?);
    ensure!(
        missing.is_empty(),
        "tests want more features of these crates than recipes and program, so that they are compiled twice: name the features in \
         xtask/Cargo.toml\n{}",
        missing.join("\n")
    );
    println!("recipes and tests share their builds");
    Ok(())
}

/// What `cargo tree` has: a line for each crate, with its version and all features.
fn tree(edges: &str) -> Result<String> {
    process::output(
        process::cargo(["tree", "--workspace", "--all-features", "--prefix", "none"])
            .args(["--format", "{p}|{f}", "--edges", edges]),
    )
}

/// The crates of the first tree with the features that they only have in the second one.
fn missing(without_tests: &str, with_tests: &str) -> Vec<String> {
    let with = features(with_tests);
    let more = |(name, known): (&str, BTreeSet<&str>)| {
        let more: Vec<&str> = with.get(name)?.difference(&known).copied().collect();
        (!more.is_empty()).then(|| format!("{name}: {}", more.join(", ")))
    };
    features(without_tests)
        .into_iter()
        .filter_map(more)
        .collect()
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
        let without = "memchr v2.8.3|std\nmemchr v2.8.3|std (*)\ntar v0.4.46|\n";
        let with = "memchr v2.8.3|default,std (*)\ntar v0.4.46|\nh2 v0.4.15|stream\n";
        assert_eq!(missing(without, with), ["memchr v2.8.3: default"]);
        assert_eq!(missing(with, with), Vec::<String>::new());
    }
}
