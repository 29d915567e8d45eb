//! What a proof must be: a signature and not an attestation, of this type, with these annotations, under this name.

use sealcheck_engine::{Demand, ImageVerdict};
use sealcheck_registry::double::{At, Fault};
use sealcheck_testkit::{Content as Signable, Key, KeyKind, Plan, sign};
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Content, Failure, Outcome, Pattern, Reason, Requirements};
use serde_json::json;

use super::scene::*;
use crate::support::{SLSA, attested, by, by_identity, by_key};

#[test]
fn an_attestation_alone_is_no_signature() {
    for by_tag in [false, true] {
        let mut scene = Scene::new();
        let attestation = scene.attest(SPDX, &scene.image.digest);
        match by_tag {
            true => scene
                .repository
                .attach_attestations(&scene.image, &[attestation]),
            false => scene.repository.attach_bundle(&scene.image, &attestation),
        };
        let verdict = scene.judge();
        assert_failed(&verdict, Outcome::Rejected, Reason::NotASignature);
        let found = verdict.verdict().failure().unwrap().found.clone();
        assert_eq!(found.as_deref(), Some(SPDX));
    }
}

#[test]
fn a_failing_scan_by_the_right_signer_does_not_hide_the_signature() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let scan = scene.attest("https://cosign.sigstore.dev/attestation/vuln/v1", &digest);
    scene.repository.attach_bundle(&scene.image, &scan);
    let signed = scene.sign_as("signer@example.com", &digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let verdict = scene.judge();
    assert_verified(&verdict);
    assert_eq!(
        (verdict.accepted().count(), verdict.refused().count()),
        (1, 1)
    );
}

#[test]
fn a_signature_is_no_attestation_and_another_type_is_not_the_required_one() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let signed = scene.sign_as("signer@example.com", &digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let verdict = scene.verify(&scene.serve(), attested());
    assert_failed(&verdict, Outcome::Rejected, Reason::NotAnAttestation);

    let attestation = scene.attest(SPDX, &digest);
    scene.repository.attach_bundle(&scene.image, &attestation);
    let verdict = scene.verify(&scene.serve(), attested());
    assert_eq!(verdict.outcome(), Outcome::Rejected);
    let reasons: Vec<Reason> = verdict
        .refused()
        .map(|proof| proof.verdict.failure().unwrap().reason)
        .collect();
    assert_eq!(
        reasons,
        [Reason::PredicateTypeMismatch, Reason::NotAnAttestation]
    );

    let attestation = scene.attest(SLSA, &digest);
    scene
        .repository
        .attach_attestations(&scene.image, &[attestation]);
    let verdict = scene.verify(&scene.serve(), attested());
    assert_verified(&verdict);
    assert_eq!(
        verdict.verdict().statement().unwrap().predicate_type(),
        SLSA
    );
    let any = by_identity().content(Content::AnyAttestation);
    assert_eq!(scene.verify(&scene.serve(), any).accepted().count(), 2);
}

#[test]
fn an_attestation_by_somebody_else_does_not_count() {
    let mut scene = Scene::new();
    let attestation = scene.attest(SLSA, &scene.image.digest);
    scene.repository.attach_bundle(&scene.image, &attestation);
    let wanted = by("other@example.com").content(Content::Attestation(SLSA.into()));
    let verdict = scene.verify(&scene.serve(), wanted);
    assert_failed(&verdict, Outcome::Rejected, Reason::IdentityMismatch);
    assert!(verdict.verdict().statement().is_none());
}

/// The registry lists referrers in any order; so that the reason does not depend on it, both orders are tried.
fn in_both_orders(proofs: [Attached; 2], requirements: &Requirements, reason: Reason) -> Failure {
    let mut seen: Vec<Failure> = Vec::new();
    for reversed in [false, true] {
        let mut scene = Scene::new();
        let mut proofs = proofs.clone();
        if reversed {
            proofs.reverse();
        }
        for attached in proofs {
            let mut statement = sign::cosign_statement(&scene.image.digest, &[]);
            statement["predicateType"] = json!(attached.kind);
            let content = Signable::statement(&statement);
            let signed = scene.sigstore.sign(content, &attached.plan);
            scene.repository.attach_bundle(&scene.image, &signed);
        }
        // Of both orders the one in which the digests come, and the other.
        let referrers = scene.repository.referrers(&scene.image.digest);
        for listed in [referrers.clone(), referrers.into_iter().rev().collect()] {
            scene.repository.push_fallback_of(&scene.image, listed);
            let double = scene.serve();
            double.fault(At::Referrers, Fault::Absent);
            let mut request = request(&double, requirements.clone());
            request.demand = Some(Demand::new(|verdict| {
                verdict.with_failure(Failure::new(Reason::SourceMismatch))
            }));
            let verdict = scene.online().verify_image(&request);
            assert_failed(&verdict, Outcome::Rejected, reason);
            seen.push(verdict.verdict().failure().unwrap().clone());
        }
    }
    assert!(seen.iter().all(|it| *it == seen[0]), "{seen:#?}");
    seen.swap_remove(0)
}

#[derive(Clone)]
struct Attached {
    plan: Plan,
    kind: &'static str,
}

#[test]
fn the_reason_is_that_of_the_proof_that_came_closest() {
    let wanted = || Plan::default();
    let key = Key::generate(KeyKind::P256);
    let with_key = || Plan::key(key.clone());
    let of = |plan: Plan, kind: &'static str| Attached { plan, kind };
    let foreign = || by_name("foreign@example.com");
    let cases = [
        (
            [of(wanted(), SLSA), of(with_key(), SLSA)],
            Reason::SourceMismatch,
        ),
        (
            [of(wanted(), SLSA), of(foreign(), SLSA)],
            Reason::SourceMismatch,
        ),
        (
            [of(wanted(), SLSA), of(wanted(), SPDX)],
            Reason::SourceMismatch,
        ),
        (
            [of(wanted(), SPDX), of(with_key(), SLSA)],
            Reason::PredicateTypeMismatch,
        ),
        (
            [of(wanted(), SPDX), of(foreign(), SLSA)],
            Reason::PredicateTypeMismatch,
        ),
        (
            [of(foreign(), SLSA), of(with_key(), SLSA)],
            Reason::IdentityMismatch,
        ),
    ];
    for (proofs, reason) in cases {
        in_both_orders(proofs, &attested(), reason);
    }
    let by_given = by_key(&key).content(Content::Attestation(SLSA.into()));
    const OTHER: &str = "https://example.com/other";
    let types = [of(with_key(), SPDX), of(with_key(), OTHER)];
    let failure = in_both_orders(types, &by_given, Reason::PredicateTypeMismatch);
    let every = format!("{OTHER}, {SPDX}");
    assert_eq!(failure.found.as_deref(), Some(every.as_str()));
    let beside = [of(wanted(), SLSA), of(with_key(), SPDX)];
    let failure = in_both_orders(beside, &by_given, Reason::PredicateTypeMismatch);
    assert_eq!(failure.found.as_deref(), Some(SPDX));
}

#[test]
fn another_type_by_the_right_signer_does_not_answer_for_a_place_that_did_not() {
    let mut scene = Scene::new();
    let attestation = scene.attest(SPDX, &scene.image.digest);
    scene.repository.attach_bundle(&scene.image, &attestation);
    let double = scene.serve();
    double.fault(At::AttestationTag, Fault::Forbidden);
    let verdict = scene.verify(&double, attested());
    assert_failed(&verdict, Outcome::Unavailable, Reason::RegistryForbidden);
}

#[test]
fn the_place_that_decided_is_named() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let foreign = scene.bundle_as("foreign@example.com", &digest);
    scene.repository.attach_bundle(&scene.image, &foreign);
    let decided = |verdict: &ImageVerdict| -> Vec<String> {
        let places = verdict.places().iter().filter(|place| place.decided);
        places.map(|place| place.place.to_string()).collect()
    };
    let verdict = scene.judge();
    assert_failed(&verdict, Outcome::Rejected, Reason::IdentityMismatch);
    assert_eq!(decided(&verdict).len(), 1, "{:#?}", verdict.places());
    assert!(decided(&verdict)[0].contains("/app@sha256:"));
    let signed = scene.sign_as("signer@example.com", &digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let verdict = scene.judge();
    assert_verified(&verdict);
    assert_eq!(decided(&verdict).len(), 1, "{:#?}", verdict.places());
    assert!(decided(&verdict)[0].ends_with(".sig"));
    assert_eq!(decided(&Scene::new().judge()), [""; 0]);
}

#[test]
fn annotations_must_have_been_signed() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let legacy = scene
        .sigstore
        .sign_image("app", &digest, &[("env", "prod")]);
    scene.repository.attach_signatures(&scene.image, &[legacy]);
    let bundle = scene
        .sigstore
        .sign_image_bundle(&digest, &[("env", "test")]);
    scene.repository.attach_bundle(&scene.image, &bundle);
    let double = scene.serve();
    for (value, accepted) in [("prod", "simple-signing"), ("test", "sigstore-bundle-v0.3")] {
        let verdict = scene.verify(&double, by_identity().annotation("env", value));
        assert_verified(&verdict);
        let formats: Vec<&str> = verdict
            .accepted()
            .map(|proof| proof.material.as_ref().unwrap().format().as_str())
            .collect();
        assert_eq!(formats, [accepted]);
        let facts = verdict.verdict().evidence().image.as_ref().unwrap();
        let annotations = facts.signatures.iter().map(|s| s.annotations.clone());
        let env: Vec<String> = annotations
            .filter_map(|annotations| annotations.get("env").map(ToString::to_string))
            .collect();
        assert_eq!(env, [value], "those of a refused signature are not proved");
    }
    let verdict = scene.verify(&double, by_identity().annotation("env", "stage"));
    assert_failed(&verdict, Outcome::Rejected, Reason::AnnotationMismatch);
}

#[test]
fn annotations_of_the_manifest_are_nobodys_word() {
    let mut scene = Scene::new();
    let bundle = scene.bundle_as("signer@example.com", &scene.image.digest);
    let mut referrer = sealcheck_testkit::image::Referrer::bundle(&bundle);
    referrer.annotations.insert("env".into(), json!("prod"));
    scene.repository.attach(&scene.image, &referrer);
    let verdict = scene.verify(&scene.serve(), by_identity().annotation("env", "prod"));
    assert_failed(&verdict, Outcome::Rejected, Reason::AnnotationMismatch);
}

#[test]
fn the_name_in_the_payload_is_reported_and_compared_only_when_asked() {
    let mut scene = Scene::new();
    let payload = sign::simple_signing_payload("mirror.test/app", &scene.image.digest, &[]);
    let signed = scene.sigstore.sign(
        Signable::message(payload.to_string().as_bytes()),
        &Plan::default(),
    );
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let double = scene.serve();
    let verdict = scene.verify(&double, by_identity());
    assert_verified(&verdict);
    let facts = verdict.verdict().evidence().image.as_ref().unwrap();
    assert_eq!(facts.signatures[0].name.as_deref(), Some("mirror.test/app"));
    let named = |name| by_identity().subject_name(Pattern::exact(name).unwrap());
    assert_verified(&scene.verify(&double, named("mirror.test/app")));
    assert_failed(
        &scene.verify(&double, named("registry.test/app")),
        Outcome::Rejected,
        Reason::SubjectNameMismatch,
    );
}

#[test]
fn a_further_demand_is_made_of_each_proof_that_holds() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    for number in 1..=3 {
        let mut statement = sign::cosign_statement(&digest, &[]);
        statement["predicateType"] = json!(SLSA);
        statement["predicate"] = json!({"number": number});
        let attestation = scene
            .sigstore
            .sign(Signable::statement(&statement), &Plan::default());
        scene.repository.attach_bundle(&scene.image, &attestation);
    }
    let double = scene.serve();
    let judged = |wanted: &'static str| {
        let mut request = request(&double, attested());
        request.demand = Some(Demand::new(move |verdict| {
            let predicate = verdict.statement().unwrap().predicate().unwrap();
            match predicate == wanted {
                true => verdict,
                false => verdict.with_failure(Failure::new(Reason::ClaimMismatch)),
            }
        }));
        scene.online().verify_image(&request)
    };
    let verdict = judged(r#"{"number":2}"#);
    assert_verified(&verdict);
    assert_eq!(
        (verdict.accepted().count(), verdict.refused().count()),
        (1, 2)
    );
    assert_failed(
        &judged(r#"{"number":4}"#),
        Outcome::Rejected,
        Reason::ClaimMismatch,
    );
}

#[test]
fn a_broken_and_a_foreign_signature_beside_a_good_one_are_reported_and_do_not_matter() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let good = scene.sign_as("signer@example.com", &digest);
    let foreign = scene.sign_as("foreign@example.com", &digest);
    let mut broken = scene.sign_as("signer@example.com", &digest);
    broken.signed.signature[10] ^= 1;
    scene
        .repository
        .attach_signatures(&scene.image, &[broken, foreign, good]);
    let verdict = scene.judge();
    assert_verified(&verdict);
    let outcomes: Vec<(usize, Option<Reason>)> = verdict
        .proofs()
        .iter()
        .map(|proof| {
            let failure = proof.verdict.failure();
            (proof.layer, failure.map(|failure| failure.reason))
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            (0, Some(Reason::SignatureInvalid)),
            (1, Some(Reason::IdentityMismatch)),
            (2, None)
        ]
    );
    let (answer, detail) = found(&verdict, ".sig");
    assert_eq!(answer, Found::Present);
    assert_eq!(detail, "layer 2 of 3 proofs: simple-signing, verified");
}

#[test]
fn garbage_beside_a_good_signature_does_not_hide_it() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let mut garbage =
        sealcheck_testkit::image::Referrer::bundle(&scene.bundle_as("a@b.c", &digest));
    for content in [&b"garbage"[..], b"", b"{}", b"null", b"[[[[[["] {
        garbage.layers[0].1 = content.to_vec();
        scene.repository.attach(&scene.image, &garbage);
    }
    let verdict = scene.judge();
    assert_failed(&verdict, Outcome::Rejected, Reason::MaterialMalformed);
    let signed = scene.sign_as("signer@example.com", &digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    let verdict = scene.judge();
    assert_verified(&verdict);
    assert_eq!(verdict.refused().count(), 5);
}

#[test]
fn what_is_attached_and_is_no_proof_leaves_an_image_unsigned() {
    let mut scene = Scene::new();
    let other = sealcheck_testkit::image::Referrer {
        layers: vec![("application/spdx+json".into(), b"{}".to_vec())],
        ..sealcheck_testkit::image::Referrer::default()
    };
    scene.repository.attach(
        &scene.image,
        &other.with_artifact_type("application/spdx+json"),
    );
    let verdict = scene.judge();
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    let (answer, detail) = found(&verdict, "app@sha256:");
    assert_eq!(answer, Found::Absent);
    assert_eq!(detail, "no proof in it: application/spdx+json");
}

#[test]
fn a_forged_annotation_that_says_verified_is_ignored() {
    let mut scene = Scene::new();
    let mut forged = sealcheck_testkit::image::Referrer::default();
    for name in [
        "verified",
        "dev.sealcheck/verified",
        "kyverno.io/verify-images",
    ] {
        forged.annotations.insert(name.into(), json!("true"));
    }
    scene.repository.attach(&scene.image, &forged);
    assert_failed(&scene.judge(), Outcome::Unsigned, Reason::NoProofFound);
}
