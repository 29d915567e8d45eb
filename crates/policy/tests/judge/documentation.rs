//! Every policy in `docs/policies.md`, evaluated: it accepts what it is for, and refuses what it is against.

use std::path::Path;

use sealcheck_verify::{Outcome, Reason};
use serde_json::{Value, json};

use crate::attested::{COMMIT, V1, V02, WORKFLOW, attested, judge_by, provenance_v1, workflow};

/// The attestation that a policy is for, and a like one that it must refuse. A policy says in a comment before it which
/// one: `<!-- accepts NAME -->`.
fn attestations(name: &str) -> (&'static str, Value, Value) {
    let spdx = |license: &str| {
        json!({
            "spdxVersion": "SPDX-2.3", "name": "app", "creationInfo": {"created": "2026-01-01T00:00:00Z"},
            "packages": [
                {"name": "app", "licenseConcluded": "Apache-2.0"},
                {"name": "lib", "licenseConcluded": license},
            ],
        })
    };
    let vex = |status: &str| {
        json!({
            "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://x.test", "author": "team",
            "statements": [{"vulnerability": {"name": "CVE-2026-0001"}, "status": status}],
        })
    };
    let scan = |severity: &str| {
        json!({
            "scanner": {"uri": "pkg:github/aquasecurity/trivy", "result": {"Results": [
                {"Target": "app", "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "Severity": severity}]},
                {"Target": "os"},
            ]}},
            "metadata": {"scanFinishedOn": "2026-01-02T03:00:00Z"},
        })
    };
    let summary = |level: &str, time: &str| {
        json!({
            "verifier": {"id": "https://k8s.io/promo-tools/verifier/v1"},
            "timeVerified": time,
            "resourceUri": "registry.k8s.io/app",
            "policy": {"uri": "https://k8s.io/policy"},
            "verificationResult": "PASSED",
            "verifiedLevels": [level],
        })
    };
    let v1 =
        |reference: &str| provenance_v1(WORKFLOW, "github.com/example/project", reference, COMMIT);
    let v02 = |entry: &str| {
        json!({
            "builder": {"id": "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.9.0"},
            "invocation": {"configSource": {"uri": "git+https://github.com/example/project@refs/heads/main", "entryPoint": entry}},
        })
    };
    match name {
        "provenance" => (V1, v1("refs/heads/main"), v1("refs/heads/test")),
        "provenance-v0.2" => (
            V02,
            v02(".github/workflows/publish.yaml"),
            v02(".github/workflows/test.yaml"),
        ),
        "spdx" => (
            "https://spdx.dev/Document",
            spdx("MIT"),
            spdx("GPL-3.0-only"),
        ),
        "openvex" => (
            "https://openvex.dev/ns",
            vex("not_affected"),
            vex("affected"),
        ),
        "scan" => (
            "https://cosign.sigstore.dev/attestation/vuln/v1",
            scan("LOW"),
            scan("CRITICAL"),
        ),
        "summary" => (
            "https://slsa.dev/verification_summary/v1",
            summary("SLSA_BUILD_LEVEL_3", "2026-01-02T00:00:00Z"),
            summary("SLSA_BUILD_LEVEL_UNEVALUATED", "2026-01-02T00:00:00Z"),
        ),
        "fresh-summary" => (
            "https://slsa.dev/verification_summary/v1",
            summary("SLSA_BUILD_LEVEL_3", "2026-01-02T00:00:00Z"),
            summary("SLSA_BUILD_LEVEL_3", "2025-11-01T00:00:00Z"),
        ),
        "custom" => (
            "https://cosign.sigstore.dev/attestation/v1",
            json!({"reviewed": true, "reviewers": ["a", "b"]}),
            json!({"reviewed": true, "reviewers": ["a"]}),
        ),
        other => panic!("the documentation names {other}, which the test does not know"),
    }
}

/// The fenced blocks of CEL, each with the name in the comment before it.
fn policies(page: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut name = None;
    let mut block: Option<String> = None;
    for line in page.lines() {
        match (&mut block, line) {
            (Some(_), "```") => {
                let name = name.take().expect("a policy says what it accepts");
                out.push((name, block.take().unwrap()));
            }
            (Some(text), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, "```cel") => block = Some(String::new()),
            (None, line) => {
                if let Some(accepts) = line.strip_prefix("<!-- accepts ") {
                    name = accepts.strip_suffix(" -->").map(ToOwned::to_owned);
                }
            }
        }
    }
    assert!(block.is_none());
    out
}

#[test]
fn documented_policies_do_what_they_say() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policies.md");
    let page = std::fs::read_to_string(page).unwrap();
    let policies = policies(&page);
    assert!(policies.len() >= 8, "{}", policies.len());
    for (name, policy) in policies {
        let (predicate_type, good, bad) = attestations(&name);
        let judged = |predicate| {
            judge_by(
                attested(predicate_type, predicate, workflow(&[])),
                &[("documented.cel", &policy)],
            )
        };
        let verdict = judged(good);
        assert_eq!(
            verdict.outcome(),
            Outcome::Verified,
            "{name}\n{policy}\n{verdict}"
        );
        let verdict = judged(bad);
        let reason = verdict.failure().map(|failure| failure.reason);
        assert_eq!(
            reason,
            Some(Reason::PolicyRefused),
            "{name}\n{policy}\n{verdict}"
        );
    }
}
