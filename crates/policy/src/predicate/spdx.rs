//! SPDX 2.2 and 2.3, as JSON or as text of tags and values (spdx.github.io/spdx-spec/v2.3).

use std::borrow::Cow;

use sealcheck_verify::Result;
use sealcheck_verify::evidence::{SpdxFacts, SpdxForm};
use serde::Deserialize;

use super::provenance::present;
use crate::json::{self, Count, malformed};

#[derive(Deserialize)]
struct Document {
    #[serde(default, rename = "spdxVersion")]
    version: Option<Box<str>>,
    #[serde(default)]
    name: Option<Box<str>>,
    #[serde(default, rename = "documentNamespace")]
    namespace: Option<Box<str>>,
    #[serde(default, rename = "creationInfo")]
    creation_info: Option<CreationInfo>,
    #[serde(default)]
    packages: Count,
    #[serde(default)]
    files: Count,
    #[serde(default)]
    relationships: Count,
}

#[derive(Deserialize)]
struct CreationInfo {
    #[serde(default)]
    created: Option<Box<str>>,
}

pub(super) fn read(predicate: &str) -> Result<SpdxFacts> {
    let predicate = super::unwrapped(predicate);
    if predicate.trim_start().starts_with('"') {
        return tag_value(&json::read_any::<Cow<'_, str>>(predicate)?);
    }
    let document: Document = json::read(predicate)?;
    Ok(SpdxFacts {
        form: SpdxForm::Json,
        version: version(document.version, "spdxVersion")?,
        name: present(document.name, "name")?,
        namespace: document.namespace,
        created: document.creation_info.and_then(|info| info.created),
        packages: document.packages.0,
        files: document.files.0,
        relationships: document.relationships.0,
    })
}

/// Tags and values: one a line, and text over several lines between `<text>` and `</text>`.
fn tag_value(document: &str) -> Result<SpdxFacts> {
    let mut facts = SpdxFacts {
        form: SpdxForm::TagValue,
        version: Box::default(),
        name: Box::default(),
        namespace: None,
        created: None,
        packages: 0,
        files: 0,
        relationships: 0,
    };
    let (mut found, mut name) = (None, None);
    let mut in_text = false;
    for line in document.lines() {
        if in_text {
            in_text = !line.contains("</text>");
            continue;
        }
        let Some((tag, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        in_text = value.starts_with("<text>") && !value.contains("</text>");
        match tag.trim() {
            "SPDXVersion" => once(&mut found, value, "SPDXVersion")?,
            "DocumentName" => once(&mut name, value, "DocumentName")?,
            "DocumentNamespace" => once(&mut facts.namespace, value, "DocumentNamespace")?,
            "Created" => once(&mut facts.created, value, "Created")?,
            "PackageName" => facts.packages += 1,
            "FileName" => facts.files += 1,
            "Relationship" => facts.relationships += 1,
            _ => {}
        }
    }
    facts.version = version(found, "SPDXVersion")?;
    facts.name = present(name, "DocumentName")?;
    Ok(facts)
}

fn once(slot: &mut Option<Box<str>>, value: &str, tag: &str) -> Result<()> {
    match slot.replace(value.into()) {
        None => Ok(()),
        Some(first) => Err(malformed(tag).expected(first).found(value)),
    }
}

fn version(value: Option<Box<str>>, field: &str) -> Result<Box<str>> {
    let version = present(value, field)?;
    match VERSIONS.contains(&&*version) {
        true => Ok(version),
        false => Err(malformed(field)
            .expected(VERSIONS.join(" or "))
            .found(version)),
    }
}

const VERSIONS: [&str; 2] = ["SPDX-2.2", "SPDX-2.3"];

#[cfg(test)]
mod tests {
    use super::read;
    use sealcheck_verify::evidence::SpdxForm;
    use serde_json::json;

    const TEXT: &str = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nDocumentName: release\nDocumentNamespace: https://x.test/sbom\nCreator: Tool: bom\nCreated: 2022-11-09T00:00:00Z\n\n##### Package: kubectl\n\nPackageName: kubectl\nPackageComment: <text>several\nFileName: not a file\nlines</text>\nPackageCopyrightText: <text>one line</text>\nFileName: bin/kubectl\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-Package\n";

    #[test]
    fn a_json_document_is_counted() {
        let document = json!({
            "spdxVersion": "SPDX-2.3", "name": "image", "documentNamespace": "https://x.test",
            "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": []},
            "packages": [{}, {"files": [1]}], "relationships": [1, 2, 3],
        });
        for predicate in [document.clone(), json!({"Data": document, "Timestamp": ""})] {
            let facts = read(&predicate.to_string()).unwrap();
            assert_eq!(
                (facts.packages, facts.files, facts.relationships),
                (2, 0, 3)
            );
            assert_eq!(facts.form, SpdxForm::Json);
            assert_eq!(facts.created.as_deref(), Some("2026-01-01T00:00:00Z"));
        }
    }

    #[test]
    fn text_of_tags_is_counted_and_quoted_text_is_not() {
        for predicate in [json!(TEXT), json!({"Data": TEXT})] {
            let facts = read(&predicate.to_string()).unwrap();
            assert_eq!(
                (facts.packages, facts.files, facts.relationships),
                (1, 1, 1)
            );
            assert_eq!(facts.form, SpdxForm::TagValue);
            assert_eq!(&*facts.name, "release");
        }
    }

    #[test]
    fn other_documents_are_refused() {
        for (predicate, field) in [
            (
                json!({"spdxVersion": "SPDX-3.0", "name": "x"}),
                "predicate.spdxVersion",
            ),
            (
                json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}),
                "predicate.spdxVersion",
            ),
            (json!({"spdxVersion": "SPDX-2.3"}), "predicate.name"),
            (
                json!({"spdxVersion": "SPDX-2.3", "name": "x", "files": 3}),
                "predicate.files",
            ),
            (json!(""), "predicate.SPDXVersion"),
            (
                json!(format!("{TEXT}DocumentName: other\n")),
                "predicate.DocumentName",
            ),
        ] {
            let failure = read(&predicate.to_string()).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some(field), "{predicate}");
        }
    }
}
