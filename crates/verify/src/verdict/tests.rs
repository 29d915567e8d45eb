//! What can be added to a verdict: nothing of it makes the outcome better, and all of it can be told in other words.

use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::sign::{StatementVersion, statement};
use sealcheck_testkit::{Content as Signable, Instance, Plan};

use super::Verdict;
use crate::evidence::{
    Found, ImageFacts, ImageSignatureFacts, Place, PolicyFacts, PolicyKind, PolicyOutcome,
};
use crate::{
    Artifact, Content, Digest, Failure, Identities, Identity, Material, Outcome, Pattern, Reason,
    Requirements, TrustedRoot, verify,
};

/// The verdict on an attestation about `it`.
fn attested(artifact: &[u8]) -> Verdict {
    let sigstore = Instance::new();
    let root = TrustedRoot::from_json(&sigstore.trusted_root_bytes()).unwrap();
    let subjects = [("secret", &b"it"[..])];
    let about = statement(StatementVersion::V1, &subjects, "t", serde_json::json!({}));
    let signed = sigstore.sign(Signable::statement(&about), &Plan::default());
    let material = Material::from_bundle(&signed.bundle_bytes()).unwrap();
    let requirements = Requirements::identity(Identities::one(Identity::new(
        Pattern::exact(DEFAULT_IDENTITY).unwrap(),
        Pattern::exact(DEFAULT_ISSUER).unwrap(),
    )))
    .content(Content::AnyAttestation);
    let now = "2026-02-02T03:04:05Z".parse().unwrap();
    let artifact = Artifact::from_bytes(artifact);
    verify(&material, &artifact, &root, &requirements, now)
}

fn reasons(verdict: &Verdict) -> Vec<Reason> {
    let failures = verdict.failures().iter();
    failures.map(|failure| failure.reason).collect()
}

#[test]
fn a_failure_of_what_was_to_be_done_around_it_counts() {
    let sound = attested(b"it");
    assert_eq!(sound.outcome(), Outcome::Verified);
    assert!(sound.statement().is_some() && sound.failure().is_none());
    let failed = sound.with_failure(Failure::new(Reason::LogUnavailable));
    assert_eq!(failed.outcome(), Outcome::Unavailable);
    assert_eq!(failed.evidence().reason, Some(Reason::LogUnavailable));
    assert!(failed.statement().is_none());
    // The gravest one decides.
    let rejected = failed.with_failure(Failure::new(Reason::ArtifactMismatch));
    assert_eq!(rejected.outcome(), Outcome::Rejected);
    let both = [Reason::ArtifactMismatch, Reason::LogUnavailable];
    assert_eq!(reasons(&rejected), both);
}

#[test]
fn a_failure_that_settles_a_reason_takes_the_place_of_that_one_alone() {
    let open = attested(b"it")
        .with_failure(Failure::new(Reason::NoTrustedTime))
        .with_failure(Failure::new(Reason::ProofUnreadable));
    let answer = Failure::new(Reason::LogUnavailable);
    let settled = open.with_failure_for(Reason::NoTrustedTime, answer);
    let mut left = reasons(&settled);
    left.sort_by_key(|reason| reason.code());
    assert_eq!(left, [Reason::LogUnavailable, Reason::ProofUnreadable]);
    assert_eq!(settled.outcome(), Outcome::Unavailable);
}

#[test]
fn a_policy_that_failed_makes_the_verdict_a_failure() {
    let with = |outcome: PolicyOutcome| {
        attested(b"it").with_policies(vec![PolicyFacts {
            kind: PolicyKind::Cel,
            name: "p.cel".into(),
            sha256: None,
            outcome,
        }])
    };
    assert_eq!(with(PolicyOutcome::Passed).outcome(), Outcome::Verified);
    let failure = Failure::new(Reason::PolicyRefused);
    let outcome = failure.outcome();
    let failed = with(PolicyOutcome::Failed { failure });
    assert_eq!(failed.outcome(), outcome);
    assert_eq!(reasons(&failed), [Reason::PolicyRefused]);
    assert_eq!(failed.evidence().policies.len(), 1);
}

/// Of failures that are as grave, the one that says most, in whatever order they were found.
#[test]
fn the_failure_that_says_most_decides() {
    use Reason::{
        ArtifactMismatch, CertificateUntrusted, LimitExceeded, LogEntryMismatch,
        MaterialIncomplete, SignatureInvalid,
    };
    for (more, less) in [
        (MaterialIncomplete, ArtifactMismatch),
        (LimitExceeded, ArtifactMismatch),
        (ArtifactMismatch, SignatureInvalid),
        (SignatureInvalid, CertificateUntrusted),
        (CertificateUntrusted, LogEntryMismatch),
    ] {
        assert_eq!(more.outcome(), less.outcome());
        for order in [[more, less], [less, more]] {
            let add = |verdict: Verdict, reason| verdict.with_failure(Failure::new(reason));
            let verdict = order.into_iter().fold(attested(b"it"), add);
            assert_eq!(reasons(&verdict), [more, less]);
        }
    }
}

/// A verdict that quotes the word wherever one of the caller's can stand.
fn quoting() -> Verdict {
    let digest = Digest::sha256(b"it");
    let failure = || Failure::new(Reason::ProofUnreadable).detail("secret");
    let signature = ImageSignatureFacts {
        subject: digest,
        place: "secret".into(),
        layer: 0,
        digest,
        format: None,
        outcome: Outcome::Unavailable,
        reason: Some(Reason::ProofUnreadable),
        message: Some(failure().to_string().into()),
        failure: Some(failure()),
        signer: None,
        issuer: None,
        signed_at: None,
        time_source: None,
        predicate_type: None,
        name: None,
        annotations: Default::default(),
        checks: None,
        material: None,
    };
    // Another artifact: the failure of step 7 names the subject.
    attested(b"another")
        .with_failure(failure())
        .with_artifact_name("secret")
        .with_trusted_root_source("secret.json")
        .with_image(ImageFacts {
            reference: None,
            digest: None,
            required_signers: 1,
            platforms: Vec::new(),
            signatures: vec![signature],
        })
        .with_places(vec![Place {
            place: "secret".into(),
            found: Found::Failed,
            detail: Some("secret".into()),
            outcome: None,
            reason: None,
            decided: false,
        }])
}

#[test]
fn no_word_stays_that_must_not_be_printed() {
    let text = |verdict: &Verdict| {
        let evidence = serde_json::to_string(verdict.evidence()).unwrap();
        format!("{evidence} {:?}", verdict.failures())
    };
    assert!(text(&quoting()).contains("secret"));
    let told = quoting().with_words(&|text| text.replace("secret", "***"));
    assert!(!text(&told).contains("secret"), "{}", text(&told));
    assert!(told.evidence().checks.subject.facts().is_none());
    // What the certificate says of its owner is no word of the caller.
    let signer = attested(b"it")
        .with_failure(Failure::new(Reason::IdentityMismatch).found("secret"))
        .with_words(&|text| text.replace("secret", "***"));
    assert!(text(&signer).contains("secret"));
}
