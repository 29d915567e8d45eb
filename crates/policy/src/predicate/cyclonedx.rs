//! CycloneDX 1.x as JSON (cyclonedx.org/docs/1.6/json).

use sealcheck_verify::Result;
use sealcheck_verify::evidence::CycloneDxFacts;
use serde::Deserialize;

use crate::json::{self, Count, Perhaps, malformed};

#[derive(Deserialize)]
struct Document {
    #[serde(default, rename = "bomFormat")]
    format: Option<Box<str>>,
    #[serde(rename = "specVersion")]
    version: Box<str>,
    #[serde(default, rename = "serialNumber")]
    serial: Option<Box<str>>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Option<Vec<Component>>,
    #[serde(default)]
    services: Count,
    #[serde(default)]
    dependencies: Count,
    #[serde(default)]
    vulnerabilities: Count,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    timestamp: Option<Box<str>>,
    #[serde(default)]
    component: Perhaps<Described>,
}

#[derive(Clone, Debug, Deserialize)]
struct Described {
    name: Box<str>,
    #[serde(default)]
    version: Option<Box<str>>,
}

/// Components can stand in each other; reading stops at the depth that statements may have.
#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    components: Option<Vec<Component>>,
}

pub(super) fn read(predicate: &str) -> Result<CycloneDxFacts> {
    let document: Document = json::read(super::unwrapped(predicate))?;
    if document.format.as_deref() != Some(FORMAT) {
        return Err(malformed("bomFormat")
            .expected(FORMAT)
            .found(document.format.as_deref().unwrap_or("nothing")));
    }
    let minor = document.version.strip_prefix("1.");
    if !minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit())) {
        return Err(malformed("specVersion")
            .expected("1.0 to 1.6")
            .found(&document.version));
    }
    let (created, described) = match document.metadata {
        Some(metadata) => (metadata.timestamp, metadata.component.0),
        None => (None, None),
    };
    Ok(CycloneDxFacts {
        version: document.version,
        serial: document.serial,
        created,
        describes: described.map(|component| match component.version {
            Some(version) => format!("{} {version}", component.name).into(),
            None => component.name,
        }),
        components: count(document.components.as_deref()),
        services: document.services.0,
        dependencies: document.dependencies.0,
        vulnerabilities: document.vulnerabilities.0,
    })
}

fn count(components: Option<&[Component]>) -> usize {
    components
        .unwrap_or_default()
        .iter()
        .map(|component| 1 + count(component.components.as_deref()))
        .sum()
}

const FORMAT: &str = "CycloneDX";

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn components_in_components_are_counted() {
        let document = json!({
            "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:x",
            "metadata": {"timestamp": "2026-01-01T00:00:00Z", "component": {"name": "app", "version": "1.2"}, "tools": []},
            "components": [{"name": "a"}, {"name": "b", "components": [{"name": "c"}]}],
            "dependencies": [{"ref": "a"}], "services": [],
        });
        for predicate in [document.clone(), json!({"Data": document})] {
            let facts = read(&predicate.to_string()).unwrap();
            assert_eq!((facts.components, facts.dependencies), (3, 1));
            assert_eq!(facts.describes.as_deref(), Some("app 1.2"));
        }
    }

    #[test]
    fn other_documents_are_refused() {
        for (predicate, field) in [
            (json!({"specVersion": "1.5"}), "predicate.bomFormat"),
            (
                json!({"bomFormat": "CycloneDX", "specVersion": "2.0"}),
                "predicate.specVersion",
            ),
            (
                json!({"bomFormat": "CycloneDX", "specVersion": "1."}),
                "predicate.specVersion",
            ),
            (
                json!({"bomFormat": "CycloneDX", "specVersion": 1.5}),
                "predicate.specVersion",
            ),
            (
                json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"components": 1}]}),
                "predicate.components[0].components",
            ),
            (json!("<bom/>"), "predicate"),
        ] {
            let failure = read(&predicate.to_string()).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some(field), "{predicate}");
        }
    }
}
