//! SLSA verification summary v1 (slsa.dev/spec/v1.1/verification_summary).

use sealcheck_verify::evidence::VerificationSummaryFacts;
use sealcheck_verify::{Result, Time};
use serde::Deserialize;

use super::provenance::present;
use crate::json::{self, Count, Object, malformed};

#[derive(Deserialize)]
struct Wire {
    verifier: Object<Verifier>,
    #[serde(default, rename = "timeVerified")]
    time_verified: Option<Box<str>>,
    #[serde(default, rename = "resourceUri")]
    resource_uri: Option<Box<str>>,
    policy: Object<Policy>,
    #[serde(default, rename = "inputAttestations")]
    input_attestations: Count,
    #[serde(rename = "verificationResult")]
    verification_result: Box<str>,
    #[serde(rename = "verifiedLevels")]
    verified_levels: Vec<Box<str>>,
    #[serde(default, rename = "slsaVersion")]
    slsa_version: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Verifier {
    #[serde(default)]
    id: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Policy {
    #[serde(default)]
    uri: Option<Box<str>>,
}

pub(super) fn read(predicate: &str) -> Result<VerificationSummaryFacts> {
    let wire: Wire = json::read(predicate)?;
    let result = RESULTS
        .into_iter()
        .find(|result| *result == &*wire.verification_result)
        .ok_or_else(|| {
            malformed("verificationResult")
                .expected(RESULTS.join(" or "))
                .found(&wire.verification_result)
        })?;
    let time_verified = wire
        .time_verified
        .map(|text| {
            text.parse::<Time>()
                .map_err(|error| malformed("timeVerified").detail(error).found(&text))
        })
        .transpose()?;
    Ok(VerificationSummaryFacts {
        verifier: present(wire.verifier.0.id, "verifier.id")?,
        resource_uri: present(wire.resource_uri, "resourceUri")?,
        policy: present(wire.policy.0.uri, "policy.uri")?,
        result,
        levels: wire.verified_levels,
        time_verified,
        input_attestations: wire.input_attestations.0,
        slsa_version: wire.slsa_version,
    })
}

const RESULTS: [&str; 2] = ["PASSED", "FAILED"];

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::{Value, json};

    fn summary() -> Value {
        json!({
            "verifier": {"id": "https://k8s.io/promo-tools/verifier/v1", "version": {"x": "1"}},
            "timeVerified": "2026-10-01T12:00:00Z",
            "resourceUri": "registry.k8s.io/security-profiles-operator",
            "policy": {"uri": "https://k8s.io/policy", "digest": {"sha256": "00"}},
            "inputAttestations": [{"digest": {"sha256": "00"}}],
            "verificationResult": "PASSED",
            "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
            "slsaVersion": "1.1",
        })
    }

    #[test]
    fn a_summary_is_read() {
        let facts = read(&summary().to_string()).unwrap();
        assert_eq!(facts.result, "PASSED");
        assert_eq!(facts.levels, ["SLSA_BUILD_LEVEL_3".into()]);
        assert_eq!(facts.time_verified.unwrap().unix_seconds(), 1_790_856_000);
        assert_eq!(facts.input_attestations, 1);
    }

    #[test]
    fn what_the_specification_demands_must_be_there() {
        for (field, value) in [
            ("verificationResult", json!("passed")),
            ("verificationResult", json!("PASSED ")),
            ("verifiedLevels", json!("SLSA_BUILD_LEVEL_3")),
            ("timeVerified", json!("yesterday")),
            ("verifier.id", json!("")),
            ("policy.uri", Value::Null),
            ("resourceUri", Value::Null),
        ] {
            let mut broken = summary();
            match field.split_once('.') {
                Some((outer, inner)) => broken[outer][inner] = value,
                None => broken[field] = value,
            }
            let failure = read(&broken.to_string()).unwrap_err();
            assert_eq!(
                failure.field.as_deref(),
                Some(&*format!("predicate.{field}")),
                "{broken}"
            );
        }
    }
}
