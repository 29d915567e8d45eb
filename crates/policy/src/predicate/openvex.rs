//! OpenVEX (github.com/openvex/spec).

use std::collections::BTreeMap;

use sealcheck_verify::Result;
use sealcheck_verify::evidence::OpenVexFacts;
use serde::Deserialize;

use crate::json::{self, malformed};

#[derive(Deserialize)]
struct Document {
    #[serde(default, rename = "@id")]
    id: Option<Box<str>>,
    #[serde(default)]
    author: Option<Box<str>>,
    #[serde(default)]
    timestamp: Option<Box<str>>,
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    status: Box<str>,
}

pub(super) fn read(predicate: &str) -> Result<OpenVexFacts> {
    let document: Document = json::read(predicate)?;
    let mut by_status = BTreeMap::new();
    for (index, statement) in document.statements.iter().enumerate() {
        let status = STATUSES
            .into_iter()
            .find(|status| *status == &*statement.status)
            .ok_or_else(|| {
                malformed(&format!("statements[{index}].status"))
                    .expected(STATUSES.join(", "))
                    .found(&statement.status)
            })?;
        *by_status.entry(status).or_default() += 1;
    }
    Ok(OpenVexFacts {
        id: document.id,
        author: document.author,
        time: document.timestamp,
        statements: document.statements.len(),
        by_status,
    })
}

const STATUSES: [&str; 4] = ["not_affected", "affected", "fixed", "under_investigation"];

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn statements_are_counted_by_status() {
        let document = json!({
            "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://x.test/vex", "author": "team", "version": 1,
            "statements": [
                {"vulnerability": {"name": "CVE-1"}, "status": "not_affected"},
                {"vulnerability": "CVE-2", "status": "fixed"},
                {"vulnerability": {"name": "CVE-3"}, "status": "fixed"},
            ],
        });
        let facts = read(&document.to_string()).unwrap();
        assert_eq!(facts.statements, 3);
        assert_eq!(facts.by_status.get("fixed"), Some(&2));
        assert_eq!(facts.by_status.get("affected"), None);
    }

    #[test]
    fn an_unknown_status_is_no_status() {
        let failure =
            read(r#"{"statements": [{"status": "fixed"}, {"status": "Fixed"}]}"#).unwrap_err();
        assert_eq!(
            failure.field.as_deref(),
            Some("predicate.statements[1].status")
        );
        assert!(read("{}").is_err());
    }
}
