//! Provenance against the certificate of its signer.

use sealcheck_policy::judge;
use sealcheck_testkit::LeafRequest;
use sealcheck_verify::{Outcome, Reason};
use serde_json::{Value, json};

use crate::attested::{
    COMMIT, V1, V02, WORKFLOW, attested, demands, person, provenance_v1, workflow,
};

const REPOSITORY: &str = "github.com/example/project";
const MAIN: &str = "refs/heads/main";
const HOSTED: &str = "https://github.com/actions/runner/github-hosted";
const GENERATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v1.9.0";
const DELEGATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_generic_slsa3.yml@refs/tags/v1.9.0";

/// The reason for which provenance by this signer is refused to somebody who demands what it says.
#[track_caller]
fn reason(
    predicate_type: &str,
    predicate: Value,
    builder: &str,
    signer: LeafRequest,
) -> Option<Reason> {
    let verdict = attested(predicate_type, predicate, signer);
    let verdict = judge(verdict, &demands(Some(builder), None));
    verdict.failure().map(|failure| failure.reason)
}

fn by(builder: &str, signer: LeafRequest) -> Option<Reason> {
    reason(
        V1,
        provenance_v1(builder, REPOSITORY, MAIN, COMMIT),
        builder,
        signer,
    )
}

const CONTRADICTION: Option<Reason> = Some(Reason::ProvenanceContradictsCertificate);

#[test]
fn the_builder_is_who_signed_or_the_machine_or_the_run() {
    for (builder, changes, expected) in [
        (WORKFLOW, &[][..], None),
        (GENERATOR, &[(9, GENERATOR)], None),
        (HOSTED, &[], None),
        ("https://github.com/actions/runner", &[], None),
        (
            "https://github.com/example/project/actions/runs/3003/attempts/1",
            &[],
            None,
        ),
        (
            "https://github.com/actions/runner/self-hosted",
            &[(11, "self-hosted")],
            None,
        ),
        // Certificates from before there were such claims.
        (HOSTED, &[(11, "")], None),
        (WORKFLOW, &[(9, ""), (10, "")], None),
        // Anybody can write these names.
        (GENERATOR, &[], CONTRADICTION),
        (GENERATOR, &[(9, "")], CONTRADICTION),
        (HOSTED, &[(11, "self-hosted")], CONTRADICTION),
        (
            "https://github.com/actions/runner/self-hosted",
            &[],
            CONTRADICTION,
        ),
        (
            "https://github.com/actions/runner/self-hosted",
            &[(11, "")],
            CONTRADICTION,
        ),
        (
            "https://cloudbuild.googleapis.com/GoogleHostedWorker",
            &[],
            CONTRADICTION,
        ),
        (
            "https://github.com/example/project/actions/runs/3003/attempts/2",
            &[],
            CONTRADICTION,
        ),
        (
            "https://github.com/example/project/.github/workflows/release.yml@refs/tags/v1.0.0",
            &[],
            CONTRADICTION,
        ),
        // The other issuer's workflows run on other machines.
        (
            HOSTED,
            &[(1, "https://gitlab.com"), (8, "https://gitlab.com")],
            CONTRADICTION,
        ),
    ] {
        // A workflow on a branch is demanded with its ref.
        assert_eq!(
            by(builder, workflow(changes)),
            expected,
            "{builder} {changes:?}"
        );
    }
}

#[test]
fn a_delegator_signs_for_other_builders_at_another_commit() {
    let builder = "https://github.com/org/builder/.github/workflows/builder.yml@refs/tags/v2.0.0";
    let other = provenance_v1(builder, REPOSITORY, MAIN, &"1".repeat(40));
    let at = |signer: &str| reason(V1, other.clone(), builder, workflow(&[(9, signer)]));
    assert_eq!(at(DELEGATOR), None);
    assert_eq!(
        at(&DELEGATOR.replace("v1.9.0", "v1.9.0-rc.1")),
        CONTRADICTION
    );
    assert_eq!(
        at(&DELEGATOR.replace("refs/tags/v1.9.0", "refs/heads/main")),
        CONTRADICTION
    );
    assert_eq!(
        at(&DELEGATOR.replace("slsa-framework", "evil")),
        CONTRADICTION
    );
    assert_eq!(at(GENERATOR), CONTRADICTION);
    let elsewhere = provenance_v1(builder, "github.com/example/other", MAIN, COMMIT);
    assert_eq!(
        reason(V1, elsewhere, builder, workflow(&[(9, DELEGATOR)])),
        CONTRADICTION
    );
}

#[test]
fn a_gitlab_runner_is_one_of_the_project() {
    let claims = |project: &'static str| {
        workflow(&[
            (1, "https://gitlab.com"),
            (8, "https://gitlab.com"),
            (
                9,
                "https://gitlab.com/org/project//.gitlab-ci.yml@refs/heads/main",
            ),
            (12, project),
        ])
    };
    let runner = "https://gitlab.com/org/project/-/runners/12270859";
    let provenance = |builder: &str| {
        json!({
            "buildDefinition": {
                "buildType": "https://docs.gitlab.com/ee/ci/runners/configure_runners.html",
                "externalParameters": {"source": "https://gitlab.com/org/project", "entryPoint": "build"},
                "resolvedDependencies": [{"uri": "https://gitlab.com/org/project", "digest": {"sha1": COMMIT}}],
            },
            "runDetails": {"builder": {"id": builder}},
        })
    };
    let at = |builder: &str, project| reason(V1, provenance(builder), builder, claims(project));
    assert_eq!(at(runner, "https://gitlab.com/org/project"), None);
    assert_eq!(at(runner, "https://gitlab.com/org/pro"), CONTRADICTION);
    assert_eq!(
        at(&format!("{runner}/x"), "https://gitlab.com/org/project"),
        CONTRADICTION
    );
}

#[test]
fn repository_ref_and_commit_are_those_of_the_certificate() {
    let tag = "refs/tags/v1.0.0";
    for (repository, reference, commit, expected) in [
        (REPOSITORY, MAIN, COMMIT, None),
        ("github.com/example/other", MAIN, COMMIT, CONTRADICTION),
        (
            "github.com/example/project.git",
            MAIN,
            COMMIT,
            CONTRADICTION,
        ),
        (REPOSITORY, tag, COMMIT, CONTRADICTION),
        (REPOSITORY, MAIN, &"1".repeat(40), CONTRADICTION),
        (REPOSITORY, MAIN, &COMMIT.to_uppercase(), CONTRADICTION),
    ] {
        let predicate = provenance_v1(HOSTED, repository, reference, commit);
        let verdict = attested(V1, predicate, workflow(&[]));
        let source = format!("{repository}@{reference}");
        let verdict = judge(verdict, &demands(None, Some(&source)));
        let found = verdict.failure().map(|failure| failure.reason);
        assert_eq!(found, expected, "{repository} {reference} {commit}");
    }
    // Of the oldest certificates only the first claims are there.
    let old = [(9, ""), (10, ""), (12, ""), (13, ""), (14, ""), (11, "")];
    let predicate = |commit: &str| {
        json!({
            "builder": {"id": WORKFLOW},
            "invocation": {"configSource": {"uri": "git+https://github.com/example/project@refs/heads/main", "digest": {"sha1": commit}}},
            "materials": [{"uri": "git+https://github.com/example/project@refs/heads/main", "digest": {"sha1": commit}}],
        })
    };
    assert_eq!(
        reason(V02, predicate(COMMIT), WORKFLOW, workflow(&old)),
        None
    );
    assert_eq!(
        reason(V02, predicate(&"1".repeat(40)), WORKFLOW, workflow(&old)),
        CONTRADICTION
    );
    let mut other = old.to_vec();
    other.push((5, "example/other"));
    assert_eq!(
        reason(V02, predicate(COMMIT), WORKFLOW, workflow(&other)),
        CONTRADICTION
    );
}

#[test]
fn where_the_certificate_says_nothing_the_signer_is_believed() {
    let builder = "https://builder.example.com/v1";
    assert_eq!(by(builder, person()), None);
    let verdict = attested(
        V1,
        provenance_v1(builder, REPOSITORY, MAIN, COMMIT),
        person(),
    );
    let verdict = judge(verdict, &demands(Some(builder), Some(REPOSITORY)));
    assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
    let names: Vec<&str> = verdict
        .evidence()
        .policies
        .iter()
        .map(|policy| &*policy.name)
        .collect();
    assert_eq!(names, [builder, REPOSITORY, "nothing to compare"]);
}
