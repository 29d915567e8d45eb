//! What can be required: several identities, patterns, claims, several logs, inclusion proofs, chains.

use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::{BundleVersion, EntryKind, LeafRequest, Plan, TokenOptions};
use sealcheck_verify::{Claim, Identities, Identity, Pattern, Reason, Requirements, Threshold};

use crate::stage::{Stage, default_signer, exact};

#[test]
fn the_identity_that_matched_is_named() {
    let identities = Identities::one(exact("other@example.com", DEFAULT_ISSUER))
        .or(exact(DEFAULT_IDENTITY, "https://other.example"))
        .or(exact(DEFAULT_IDENTITY, DEFAULT_ISSUER))
        .or(Identity::new(
            Pattern::glob("**").unwrap(),
            Pattern::exact(DEFAULT_ISSUER).unwrap(),
        ));
    let stage = Stage::new().requiring(Requirements::identity(identities));
    let evidence = stage.accept(&stage.sign(&Plan::default()).bundle());
    assert_eq!(evidence.checks.identity.facts().unwrap().matched, 2);
    assert_eq!(evidence.required.identities.unwrap().iter().count(), 4);
}

#[test]
fn patterns_over_name_issuer_and_claims() {
    let mut stage = Stage::new();
    let bundle = stage
        .sign(&Plan::keyless(LeafRequest::github_workflow()))
        .bundle();
    let subjects = [
        Pattern::glob("https://github.com/example/project/.github/workflows/*@refs/heads/*")
            .unwrap(),
        Pattern::regex(
            "https://github\\.com/example/[a-z]+/\\.github/workflows/release\\.yml@refs/heads/main",
        )
        .unwrap(),
    ];
    for subject in subjects {
        let identity = |claim: &str| {
            Identity::new(
                subject.clone(),
                Pattern::regex("https://token\\.actions\\..*").unwrap(),
            )
            .with_claim(
                Claim::SourceRepositoryUri,
                Pattern::glob("https://github.com/example/*").unwrap(),
            )
            .with_claim(Claim::BuildTrigger, Pattern::exact(claim).unwrap())
        };
        stage.requirements = Requirements::identity(Identities::one(identity("push")));
        stage.accept(&bundle);
        stage.requirements = Requirements::identity(Identities::one(identity("pull_request")));
        let verdict = stage.judge(&bundle).unwrap();
        let failure = verdict.failure().unwrap();
        assert_eq!(failure.reason, Reason::ClaimMismatch);
        assert_eq!(failure.field.as_deref(), Some("build-trigger"));
        assert_eq!(
            (failure.expected.as_deref(), failure.found.as_deref()),
            (Some("pull_request"), Some("push"))
        );
    }
}

#[test]
fn two_distinct_logs() {
    let two = Threshold::AtLeast(2.try_into().unwrap());
    let stage = Stage::new().requiring(default_signer().log_entries(two));
    let plan = Plan::default()
        .with_entries(&[EntryKind::HashedRekordV001, EntryKind::HashedRekordV002])
        .with_timestamp(TokenOptions::default());
    let evidence = stage.accept(&stage.sign(&plan).bundle());
    assert_eq!(evidence.checks.log.facts().unwrap().entries.len(), 2);
    assert_eq!(evidence.required.log_entries, two);
}

#[test]
fn an_inclusion_proof_can_be_required() {
    let stage = Stage::new().requiring(default_signer().require_inclusion_proof());
    let signed = stage.sign(&Plan::default());
    assert!(stage.accept(&signed.bundle()).required.inclusion_proof);
    for promise_only in [signed.bundle_as(BundleVersion::V01), signed.legacy_bundle()] {
        assert_eq!(stage.why(&promise_only), Some(Reason::LogProofMissing));
    }
}

#[test]
fn a_chain_in_version_0_3_can_be_accepted() {
    let stage = Stage::new();
    let mut bundle = stage.sign(&Plan::default()).bundle_with_chain();
    bundle["mediaType"] = BundleVersion::V03.media_type().into();
    let chain = &mut bundle["verificationMaterial"]["x509CertificateChain"]["certificates"];
    chain.as_array_mut().unwrap().truncate(2);
    assert_eq!(stage.why(&bundle), Some(Reason::MaterialMalformed));
    let stage = stage.requiring(default_signer().accept_certificate_chain());
    assert!(stage.accept(&bundle).required.certificate_chain);
}
