//! What the evidence says about demands, and what a failed one does to the verdict.

use sealcheck_policy::judge;
use sealcheck_verify::evidence::PredicateFacts;
use sealcheck_verify::{Outcome, Reason, Verdict};
use serde_json::{Value, json};

use crate::attested::{
    COMMIT, V1, WORKFLOW, attested, demands, judge_by, person, provenance_v1, workflow,
};

const REPOSITORY: &str = "github.com/example/project";

fn provenance() -> Value {
    provenance_v1(WORKFLOW, REPOSITORY, "refs/heads/main", COMMIT)
}

fn outcomes(verdict: &Verdict) -> Value {
    let policies = serde_json::to_value(&verdict.evidence().policies).unwrap();
    policies
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| {
            json!([
                policy["kind"],
                policy["name"],
                policy["outcome"],
                policy["failure"]["reason"]
            ])
        })
        .collect()
}

#[test]
fn each_demand_stands_in_the_evidence() {
    let verdict = attested(V1, provenance(), workflow(&[]));
    let verdict = judge(
        verdict,
        &demands(Some(WORKFLOW), Some("github.com/example/other")),
    );
    assert_eq!(verdict.outcome(), Outcome::Rejected);
    assert_eq!(
        outcomes(&verdict),
        json!([
            ["slsa-builder", WORKFLOW, "passed", null],
            [
                "slsa-source",
                "github.com/example/other",
                "failed",
                "source-mismatch"
            ],
            [
                "slsa-certificate",
                "builder, repository, ref, commit",
                "passed",
                null
            ],
        ])
    );
    let PredicateFacts::SlsaProvenance(facts) = verdict.evidence().predicate.as_ref().unwrap()
    else {
        panic!("provenance is summarised");
    };
    assert_eq!(&*facts.builder, WORKFLOW);
    assert!(
        verdict.statement().is_none(),
        "what is refused is not handed out"
    );
}

#[test]
fn all_policies_must_accept() {
    let verdict = || attested(V1, provenance(), workflow(&[]));
    let yes = ("yes.cel", "predicateType.endsWith('/v1')");
    let no = ("no.cel", "predicate.runDetails.builder.id == 'x'");
    let broken = ("broken.cel", "predicate.missing == 'x'");
    let wrong = ("wrong.cel", "predicate");
    let verified = judge_by(verdict(), &[yes, yes]);
    assert_eq!(verified.outcome(), Outcome::Verified);
    assert_eq!(verified.evidence().policies.len(), 2);
    let sha256 = sealcheck_verify::Digest::sha256(yes.1.as_bytes()).hex();
    assert_eq!(
        verified.evidence().policies[0].sha256.as_deref(),
        Some(&*sha256)
    );
    for (policies, outcome, reason) in [
        (&[yes, no][..], Outcome::Rejected, Reason::PolicyRefused),
        (&[no, yes], Outcome::Rejected, Reason::PolicyRefused),
        (&[yes, broken], Outcome::Rejected, Reason::PolicyUndecided),
        (&[yes, wrong, no], Outcome::Usage, Reason::PolicyInvalid),
    ] {
        let verdict = judge_by(verdict(), policies);
        assert_eq!(verdict.outcome(), outcome, "{policies:?}");
        assert_eq!(verdict.failure().unwrap().reason, reason, "{policies:?}");
        assert_eq!(
            verdict.evidence().policies.len(),
            policies.len(),
            "none is left out"
        );
    }
}

#[test]
fn what_policies_see_is_what_was_verified() {
    let verdict = attested(V1, provenance(), workflow(&[]));
    let policy = format!(
        "signer == '{WORKFLOW}' && issuer == 'https://token.actions.githubusercontent.com'
         && claims['source-repository-digest'] == '{COMMIT}' && claims['runner-environment'] == 'github-hosted'
         && artifact.name == 'app' && subject.exists(s, s.name == 'app' && s.digest.sha256 == artifact.digest.sha256)
         && signedAt == timestamp('2026-01-02T03:04:05Z') && verifiedAt - signedAt <= duration('1h')"
    );
    let verdict = judge_by(verdict, &[("facts.cel", &policy)]);
    assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
    let verdict = attested(V1, provenance(), person());
    let verdict = judge_by(
        verdict,
        &[(
            "facts.cel",
            "signer == 'signer@example.com' && claims == {}",
        )],
    );
    assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
}

#[test]
fn a_predicate_that_cannot_be_read_is_refused_only_when_it_is_judged() {
    let verdict = || attested(V1, json!({"builder": "me"}), person());
    let summarised = judge(verdict(), &demands(None, None));
    assert_eq!(summarised.outcome(), Outcome::Verified);
    assert!(matches!(
        summarised.evidence().predicate,
        Some(PredicateFacts::Unreadable { .. })
    ));
    let refused = judge(verdict(), &demands(Some("me"), Some(REPOSITORY)));
    assert_eq!(
        refused.failure().unwrap().reason,
        Reason::PredicateMalformed
    );
    let other = attested("https://spdx.dev/Document", provenance(), person());
    let refused = judge(other, &demands(Some(WORKFLOW), None));
    assert_eq!(
        refused.failure().unwrap().reason,
        Reason::PredicateTypeMismatch
    );
}

#[test]
fn what_is_not_verified_is_not_judged() {
    let verdict = attested(V1, provenance(), person());
    let failed = verdict.with_failure(sealcheck_verify::Failure::new(Reason::Offline));
    let judged = judge_by(failed, &[("yes.cel", "true")]);
    assert_eq!(judged.outcome(), Outcome::Unavailable);
    assert!(judged.evidence().policies.is_empty());
    assert!(judged.evidence().predicate.is_none());
}
