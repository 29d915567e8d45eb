//! Attestations by a private Sigstore, verified.

use std::collections::BTreeMap;

use sealcheck_policy::{Demands, Policy, judge};
use sealcheck_testkit::sign::{self, StatementVersion};
use sealcheck_testkit::{Content, DEFAULT_TIME, Instance, LeafRequest, Plan, San};
use sealcheck_verify::{
    Artifact, Content as Required, Identities, Identity, Material, Outcome, Pattern, Requirements,
    Time, TrustedRoot, Verdict, verify,
};
use serde_json::{Value, json};

pub(crate) const V02: &str = "https://slsa.dev/provenance/v0.2";
pub(crate) const V1: &str = "https://slsa.dev/provenance/v1";
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// The workflow that signs in [`workflow`].
pub(crate) const WORKFLOW: &str =
    "https://github.com/example/project/.github/workflows/release.yml@refs/heads/main";
const ARTIFACT: &[u8] = b"hello";

/// The verdict on an attestation by this signer: `verified`, whatever it says.
pub(crate) fn attested(predicate_type: &str, predicate: Value, signer: LeafRequest) -> Verdict {
    let sigstore = Instance::new();
    let root = TrustedRoot::from_json(&sigstore.trusted_root_bytes()).unwrap();
    let statement = sign::statement(
        StatementVersion::V1,
        &[("app", ARTIFACT)],
        predicate_type,
        predicate,
    );
    let plan = Plan::keyless(signer);
    let signed = sigstore.sign(Content::statement(&statement), &plan);
    let material = Material::from_bundle(&signed.bundle_bytes()).unwrap();
    let anybody = Identity::new(Pattern::regex(".*").unwrap(), Pattern::regex(".*").unwrap());
    let requirements = Requirements::identity(Identities::one(anybody))
        .content(Required::Attestation(predicate_type.into()));
    let now = Time::from_unix_seconds(DEFAULT_TIME.as_second() + 3600).unwrap();
    let artifact = Artifact::from_bytes(ARTIFACT);
    let verdict = verify(&material, &artifact, &root, &requirements, now);
    assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
    verdict.with_artifact_name("app")
}

/// By a person, whose certificate says nothing about a build.
pub(crate) fn person() -> LeafRequest {
    LeafRequest::new(
        San::Email("signer@example.com".into()),
        "https://accounts.example.com",
    )
}

/// By a GitHub workflow, with some claims changed; an empty one is left out.
pub(crate) fn workflow(changes: &[(u32, &str)]) -> LeafRequest {
    let mut request = LeafRequest::github_workflow();
    let changes: BTreeMap<u32, &str> = changes.iter().copied().collect();
    for (arc, value) in changes {
        match value {
            "" => request.claims.remove(&arc),
            value => request.claims.insert(arc, value.to_owned()),
        };
        if arc == 9 && !value.is_empty() {
            request.sans = vec![San::Uri(value.to_owned())];
        }
    }
    request
}

/// Provenance v1 as GitHub's own action writes it.
pub(crate) fn provenance_v1(
    builder: &str,
    repository: &str,
    reference: &str,
    commit: &str,
) -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {
                "ref": reference,
                "repository": format!("https://{repository}"),
                "path": ".github/workflows/release.yml",
            }},
            "internalParameters": {"github": {"event_name": "push"}},
            "resolvedDependencies": [{
                "uri": format!("git+https://{repository}@{reference}"),
                "digest": {"gitCommit": commit},
            }],
        },
        "runDetails": {
            "builder": {"id": builder},
            "metadata": {"invocationId": "https://github.com/example/project/actions/runs/3003/attempts/1"},
        },
    })
}

/// The demands that these texts make.
pub(crate) fn demands(builder: Option<&str>, source: Option<&str>) -> Demands {
    Demands {
        builder: builder.map(|text| text.parse().unwrap()),
        source: source.map(|text| text.parse().unwrap()),
        policies: Vec::new(),
    }
}

/// Judges by policies in CEL.
pub(crate) fn judge_by(verdict: Verdict, policies: &[(&str, &str)]) -> Verdict {
    let policies = policies
        .iter()
        .map(|(name, text)| Policy::load(name, text.as_bytes()).unwrap())
        .collect();
    let demands = Demands {
        policies,
        ..Demands::default()
    };
    judge(verdict, &demands)
}
