//! `docs/dependencies.md` names every direct dependency, and no other.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process;

pub(super) fn check() -> Result<()> {
    let metadata = process::output(&mut process::cargo([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let used = direct(&serde_json::from_str(&metadata)?)?;
    let page = super::read(&process::root().join("docs/dependencies.md"))?;
    let listed = listed(&page);
    let missing: Vec<_> = used.difference(&listed).cloned().collect();
    ensure!(
        missing.is_empty(),
        "docs/dependencies.md does not say what these are for: {}",
        missing.join(", ")
    );
    let gone: Vec<_> = listed.difference(&used).cloned().collect();
    ensure!(
        gone.is_empty(),
        "docs/dependencies.md lists what is no longer used: {}",
        gone.join(", ")
    );
    println!(
        "docs/dependencies.md lists all {} direct dependencies",
        used.len()
    );
    Ok(())
}

/// The packages from a registry that a member of the workspace names.
fn direct(metadata: &Value) -> Result<BTreeSet<String>> {
    let packages = metadata["packages"].as_array().context("no packages")?;
    let dependencies = packages
        .iter()
        .filter_map(|package| package["dependencies"].as_array())
        .flatten();
    Ok(dependencies
        .filter(|dependency| !dependency["source"].is_null())
        .filter_map(|dependency| dependency["name"].as_str())
        .map(str::to_owned)
        .collect())
}

/// The names in the first column of the page's tables.
fn listed(page: &str) -> BTreeSet<String> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{direct, listed};

    #[test]
    fn names_are_read_from_both_sides() {
        let metadata = json!({"packages": [{"dependencies": [
            {"name": "der", "source": "registry"},
            {"name": "sealcheck-verify", "source": null},
        ]}]});
        let used = direct(&metadata).unwrap();
        assert_eq!(
            listed("| crate | for |\n| --- | --- |\n| `der` | DER |\n"),
            used
        );
    }
}
