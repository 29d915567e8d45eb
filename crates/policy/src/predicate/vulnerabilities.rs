//! Results of vulnerability scans: cosign's predicate (specs/COSIGN_VULN_ATTESTATION_SPEC.md) and in-toto's
//! (spec/predicates/vuln.md).
//!
//! cosign's holds whatever the scanner wrote. Trivy's, Grype's and SARIF results are counted; of others it is only
//! said that they are there.

use std::collections::BTreeMap;

use sealcheck_verify::Result;
use sealcheck_verify::evidence::VulnerabilityScanFacts;
use serde::Deserialize;

use super::provenance::present;
use crate::json::{self, Count, Perhaps};

#[derive(Deserialize)]
struct Wire<R> {
    scanner: Scanner<R>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Scanner<R> {
    #[serde(default)]
    uri: Option<Box<str>>,
    #[serde(default)]
    version: Option<Box<str>>,
    #[serde(default = "nothing")]
    result: Option<R>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, rename = "scanFinishedOn")]
    finished: Option<Box<str>>,
}

/// What scanners write into cosign's predicate.
#[derive(Clone, Debug, Deserialize)]
struct Report {
    #[serde(default, rename = "Results")]
    trivy: Perhaps<Vec<TrivyTarget>>,
    #[serde(default, rename = "matches")]
    grype: Perhaps<Vec<GrypeMatch>>,
    #[serde(default, rename = "runs")]
    sarif: Perhaps<Vec<SarifRun>>,
}

#[derive(Clone, Debug, Deserialize)]
struct TrivyTarget {
    #[serde(default, rename = "Vulnerabilities")]
    vulnerabilities: Option<Vec<TrivyVulnerability>>,
}

#[derive(Clone, Debug, Deserialize)]
struct TrivyVulnerability {
    #[serde(default, rename = "Severity")]
    severity: Option<Box<str>>,
}

#[derive(Clone, Debug, Deserialize)]
struct GrypeMatch {
    vulnerability: GrypeVulnerability,
}

#[derive(Clone, Debug, Deserialize)]
struct GrypeVulnerability {
    #[serde(default)]
    severity: Option<Box<str>>,
}

#[derive(Clone, Debug, Deserialize)]
struct SarifRun {
    #[serde(default)]
    results: Count,
}

/// One element of in-toto's result.
#[derive(Deserialize)]
struct Finding {
    #[serde(default)]
    severity: Perhaps<Vec<Score>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Score {
    #[serde(default)]
    score: Perhaps<Box<str>>,
}

pub(super) fn read_cosign(predicate: &str) -> Result<VulnerabilityScanFacts> {
    let wire: Wire<Perhaps<Report>> = json::read(predicate)?;
    let report = wire.scanner.result.and_then(|result| result.0);
    let severities = report.and_then(Report::severities);
    facts(
        wire.scanner.uri,
        wire.scanner.version,
        wire.metadata,
        severities,
    )
}

pub(super) fn read_in_toto(predicate: &str) -> Result<VulnerabilityScanFacts> {
    let wire: Wire<Vec<Finding>> = json::read(predicate)?;
    let severities = wire.scanner.result.map(|findings| {
        findings
            .into_iter()
            .map(|finding| finding.severity.0?.into_iter().next()?.score.0)
            .collect()
    });
    facts(
        wire.scanner.uri,
        wire.scanner.version,
        wire.metadata,
        severities,
    )
}

/// `severities` has one element for each finding.
fn facts(
    scanner: Option<Box<str>>,
    version: Option<Box<str>>,
    metadata: Option<Metadata>,
    severities: Option<Vec<Option<Box<str>>>>,
) -> Result<VulnerabilityScanFacts> {
    let mut by_severity: BTreeMap<Box<str>, usize> = BTreeMap::new();
    for severity in severities.iter().flatten().flatten() {
        // Scores are numbers or vectors in some results, and no names to count by.
        if severity.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            *by_severity
                .entry(severity.to_ascii_lowercase().into())
                .or_default() += 1;
        }
    }
    Ok(VulnerabilityScanFacts {
        scanner: present(scanner, "scanner.uri")?,
        version,
        finished: metadata.unwrap_or_default().finished,
        findings: severities.map(|severities| severities.len()),
        by_severity,
    })
}

impl Report {
    /// The severity of each finding; `None` when the form of the results is not known.
    fn severities(self) -> Option<Vec<Option<Box<str>>>> {
        if let Some(targets) = self.trivy.0 {
            return Some(
                targets
                    .into_iter()
                    .flat_map(|target| target.vulnerabilities.unwrap_or_default())
                    .map(|vulnerability| vulnerability.severity)
                    .collect(),
            );
        }
        if let Some(matches) = self.grype.0 {
            let severities = matches
                .into_iter()
                .map(|found| found.vulnerability.severity);
            return Some(severities.collect());
        }
        let runs = self.sarif.0?;
        let count = runs.iter().map(|run| run.results.0).sum();
        Some(vec![None; count])
    }
}

fn nothing<R>() -> Option<R> {
    None
}

#[cfg(test)]
mod tests {
    use super::{read_cosign, read_in_toto};
    use serde_json::{Value, json};

    fn cosign(result: Value) -> String {
        json!({
            "invocation": {"uri": "https://ci.test/1"},
            "scanner": {"uri": "pkg:github/aquasecurity/trivy@0.44", "version": "0.44", "db": {}, "result": result},
            "metadata": {"scanStartedOn": "2026-01-01T00:00:00Z", "scanFinishedOn": "2026-01-01T00:01:00Z"},
        })
        .to_string()
    }

    #[test]
    fn findings_of_known_scanners_are_counted() {
        for (result, findings, high) in [
            (
                json!({"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"Severity": "HIGH"}, {"Severity": "LOW"}]}, {"Target": "x"}]}),
                Some(2),
                Some(&1),
            ),
            (
                json!({"matches": [{"vulnerability": {"severity": "High"}}]}),
                Some(1),
                Some(&1),
            ),
            (json!({"runs": [{"results": [1, 2]}, {}]}), Some(2), None),
            (json!({"unknown": []}), None, None),
            (json!("text"), None, None),
            (Value::Null, None, None),
        ] {
            let facts = read_cosign(&cosign(result.clone())).unwrap();
            assert_eq!(facts.findings, findings, "{result}");
            assert_eq!(facts.by_severity.get("high"), high, "{result}");
        }
    }

    #[test]
    fn in_toto_lists_its_findings() {
        let predicate = json!({
            "scanner": {"uri": "https://x.test", "result": [{"id": "CVE-1", "severity": [{"method": "nvd", "score": "7.5"}]}, {"id": "CVE-2"}]},
            "metadata": {},
        });
        assert_eq!(
            read_in_toto(&predicate.to_string()).unwrap().findings,
            Some(2)
        );
        let broken = json!({"scanner": {"uri": "https://x.test", "result": {}}});
        let failure = read_in_toto(&broken.to_string()).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("predicate.scanner.result"));
    }

    #[test]
    fn a_scan_names_its_scanner() {
        let failure = read_cosign(r#"{"scanner": {"result": {}}}"#).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("predicate.scanner.uri"));
    }
}
