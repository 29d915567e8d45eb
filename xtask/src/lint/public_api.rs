//! The core's public API speaks in its own types and the standard library's: no type of a dependency, so that a
//! dependency can change without a break for whoever uses the core. The exceptions stand in `docs/architecture.md`.
//!
//! rustdoc knows every public item and writes them as JSON, on the nightly toolchain only.

#![expect(
    clippy::indexing_slicing,
    reason = "a field that a JSON value does not have is null, and no panic"
)]

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process;

/// Checks the public API of the core.
pub(super) fn check() -> Result<()> {
    let folder = process::target().join("nightly");
    process::run(
        process::nightly(["rustdoc", "--package", PACKAGE, "--lib", "--target-dir"])
            .arg(&folder)
            .args(["--", "-Zunstable-options", "--output-format", "json"]),
    )
    .context(
        "rustdoc writes JSON on the nightly toolchain only (rustup toolchain install nightly)",
    )?;
    let file = folder.join("doc").join(PACKAGE.replace('-', "_") + ".json");
    let documentation: Value = serde_json::from_slice(&fs::read(&file)?)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let foreign = foreign_types(&documentation)?;
    ensure!(
        foreign.is_empty(),
        "the public API of {PACKAGE} names types of its dependencies:\n  {}",
        Vec::from_iter(foreign).join("\n  ")
    );
    println!("the public API of {PACKAGE} is its own");
    Ok(())
}

/// The types of other crates that public items name, each with the item.
fn foreign_types(documentation: &Value) -> Result<BTreeSet<String>> {
    let items = documentation["index"]
        .as_object()
        .context("rustdoc's JSON has no index: its format has changed")?;
    let mut foreign = BTreeSet::new();
    for item in items.values().filter(|item| item["crate_id"] == 0) {
        let implementation = &item["inner"]["impl"];
        // `impl<T> Trait for T` of any dependency is listed with every type.
        if !implementation["blanket_impl"].is_null() || implementation["is_synthetic"] == true {
            continue;
        }
        let mut named = BTreeSet::new();
        walk(&item["inner"], documentation, &mut named);
        let name = item["name"].as_str().unwrap_or("an implementation");
        foreign.extend(named.iter().map(|path| format!("{path} in {name}")));
    }
    Ok(foreign)
}

/// Collects every path below `value` that leads to another crate.
fn walk(value: &Value, documentation: &Value, named: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => {
            for value in values {
                walk(value, documentation, named);
            }
        }
        Value::Object(fields) => {
            if let (Some(id), true) = (fields.get("id"), fields.contains_key("path")) {
                let path = &documentation["paths"][id.to_string()];
                let home = &documentation["external_crates"][path["crate_id"].to_string()]["name"];
                let home = home.as_str().unwrap_or("core");
                let full = path["path"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let full: Vec<&str> = full.iter().filter_map(Value::as_str).collect();
                let full = full.join("::");
                if !STANDARD.contains(&home) && !EXCEPTIONS.contains(&full.as_str()) {
                    named.insert(full);
                }
            }
            for value in fields.values() {
                walk(value, documentation, named);
            }
        }
        _ => {}
    }
}

/// The package that others build on.
const PACKAGE: &str = "sealcheck-verify";

const STANDARD: [&str; 3] = ["alloc", "core", "std"];

/// Evidence is data, and serde is how data is written in Rust.
const EXCEPTIONS: [&str; 2] = ["serde_core::ser::Serialize", "serde_core::ser::Serializer"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::foreign_types;

    #[test]
    fn a_type_of_a_dependency_is_found_inside_a_signature() {
        let documentation = json!({
            "index": {
                "1": {"crate_id": 0, "name": "parse", "inner": {"function": {"sig": {"output": {
                    "resolved_path": {"path": "Option", "id": 7, "args": {"angle_bracketed": {"args": [
                        {"type": {"resolved_path": {"path": "Certificate", "id": 8, "args": null}}},
                    ]}}},
                }}}}},
                "2": {"crate_id": 0, "name": null, "inner": {"impl": {
                    "blanket_impl": {"generic": "T"}, "trait": {"path": "Certificate", "id": 8},
                }}},
            },
            "paths": {
                "7": {"crate_id": 2, "path": ["core", "option", "Option"]},
                "8": {"crate_id": 5, "path": ["webpki", "Certificate"]},
            },
            "external_crates": {"2": {"name": "core"}, "5": {"name": "webpki"}},
        });
        let found = foreign_types(&documentation).unwrap();
        assert_eq!(Vec::from_iter(found), ["webpki::Certificate in parse"]);
    }
}
