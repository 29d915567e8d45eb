//! in-toto link (in-toto attestation framework, spec/predicates/link.md).

use sealcheck_verify::Result;
use sealcheck_verify::evidence::LinkFacts;
use serde::Deserialize;

use super::provenance::present;
use crate::json::{self, Count};

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    name: Option<Box<str>>,
    #[serde(default)]
    command: Option<Vec<Box<str>>>,
    // An array in the attestation framework, an object in links of before.
    #[serde(default)]
    materials: Count,
}

pub(super) fn read(predicate: &str) -> Result<LinkFacts> {
    let wire: Wire = json::read(predicate)?;
    Ok(LinkFacts {
        name: present(wire.name, "name")?,
        command: wire.command.unwrap_or_default(),
        materials: wire.materials.0,
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn both_forms_of_materials_are_counted() {
        for materials in [r#"[{"name": "a"}, {}]"#, r#"{"a": {}, "b": {}}"#] {
            let text = format!(
                r#"{{"name": "build", "command": ["make"], "materials": {materials}, "byproducts": {{}}}}"#
            );
            let facts = read(&text).unwrap();
            assert_eq!(facts.materials, 2);
            assert_eq!(facts.command, ["make".into()]);
        }
        assert_eq!(
            read("{}").unwrap_err().field.as_deref(),
            Some("predicate.name")
        );
    }
}
