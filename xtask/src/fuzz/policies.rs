//! Seeds for what an attestation says and what it must say.

use std::fs;

use anyhow::Result;
use serde_json::json;

use super::seeds::{seed, seed_json};
use crate::process;

/// One predicate of each kind, and the policies of the documentation.
pub(super) fn write() -> Result<()> {
    let source = "git+https://github.com/o/r@refs/tags/v1.2.3";
    let digest = json!({"sha1": "0f".repeat(20), "gitCommit": "0f".repeat(20)});
    let material = json!([{"uri": source, "digest": digest}]);
    let tags = "SPDXVersion: SPDX-2.3\nDocumentName: n\nCreated: 2026-01-01T00:00:00Z\nPackageName: p\nPackageComment: <text>a\nb</text>\nFileName: f\nRelationship: a CONTAINS b\n";
    for (name, predicate) in [
        (
            "provenance-v02",
            json!({
                "builder": {"id": "https://b.test@v1"}, "buildType": "https://t.test",
                "invocation": {"configSource": {"uri": source, "digest": digest, "entryPoint": "w.yml"}},
                "metadata": {"buildInvocationId": "1-1", "buildStartedOn": "2026-01-01T00:00:00Z"},
                "materials": material,
            }),
        ),
        (
            "provenance-v1",
            json!({
                "buildDefinition": {
                    "buildType": "https://t.test",
                    "externalParameters": {"workflow": {"ref": "refs/heads/main", "repository": "https://github.com/o/r", "path": "w.yml"}, "source": {"uri": source}},
                    "internalParameters": {"GITHUB_WORKFLOW_REF": "o/r/w.yml@refs/heads/main"},
                    "resolvedDependencies": material,
                },
                "runDetails": {"builder": {"id": "https://b.test"}, "metadata": {"invocationId": "1"}},
            }),
        ),
        (
            "summary",
            json!({
                "verifier": {"id": "v"}, "timeVerified": "2026-01-01T00:00:00Z", "resourceUri": "r", "policy": {"uri": "p"},
                "inputAttestations": [{}], "verificationResult": "PASSED", "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
            }),
        ),
        (
            "spdx",
            json!({"spdxVersion": "SPDX-2.3", "name": "n", "creationInfo": {"created": "t"}, "packages": [{}], "files": [], "relationships": [1]}),
        ),
        ("spdx-tags", json!(tags)),
        ("spdx-wrapped", json!({"Data": tags, "Timestamp": "t"})),
        (
            "cyclonedx",
            json!({
                "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "s",
                "metadata": {"timestamp": "t", "component": {"name": "n", "version": "1"}},
                "components": [{"components": [{}]}], "services": [], "dependencies": [{}], "vulnerabilities": [{}],
            }),
        ),
        (
            "openvex",
            json!({"@id": "i", "author": "a", "timestamp": "t", "statements": [{"status": "fixed"}, {"status": "affected"}]}),
        ),
        (
            "scan-trivy",
            json!({"scanner": {"uri": "u", "version": "1", "result": {"Results": [{"Vulnerabilities": [{"Severity": "HIGH"}]}]}}, "metadata": {"scanFinishedOn": "t"}}),
        ),
        (
            "scan-grype",
            json!({"scanner": {"uri": "u", "result": {"matches": [{"vulnerability": {"severity": "Low"}}]}}}),
        ),
        (
            "scan-in-toto",
            json!({"scanner": {"uri": "u", "result": [{"id": "c", "severity": [{"score": "7.5"}]}]}}),
        ),
        (
            "link",
            json!({"name": "n", "command": ["make", "all"], "materials": {"a": {}}}),
        ),
    ] {
        seed_json(&format!("predicate/{name}"), &predicate)?;
    }
    let page = fs::read_to_string(process::root().join("docs/policies.md"))?;
    let documented = page.split("```cel\n").skip(1);
    for (number, block) in documented.enumerate() {
        let policy = block.split("```").next().unwrap_or_default();
        seed(&format!("policy/documented-{number}"), policy)?;
    }
    for (name, text) in [
        (
            "builder",
            "https://github.com/o/r/.github/workflows/w.yml@refs/tags/v1.2.3",
        ),
        ("source", "git+https://github.com/o/r@version:v1.2"),
        (
            "functions",
            "type(predicate.?a.orValue({'b': [1u, 2.5, b'x']})) == map && [1].map(x, x > 0, -x)[0] in [0x1] ? true : 'a'.matches('b')",
        ),
    ] {
        seed(&format!("policy/{name}"), text)?;
    }
    Ok(())
}
