//! Proofs that lie beside the artifact.

use std::fs;

use crate::support::*;
use sealcheck_engine::{ArtifactSource, BlobRequest, Silent, Stream};
use sealcheck_testkit::{EntryKind, Key, KeyKind, Plan};
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Outcome, Reason, Requirements, Threshold};

#[test]
fn each_place_is_looked_at_and_a_proof_is_found_in_each() {
    for suffix in [
        ".sigstore.json",
        ".sigstore",
        ".bundle",
        ".keyless.json",
        ".intoto.jsonl",
    ] {
        let world = World::with_artifact();
        let signed = world.sign();
        let content = match suffix {
            ".keyless.json" => signed.legacy_bundle().to_string(),
            _ => signed.bundle().to_string(),
        };
        world.write(&format!("app{suffix}"), content);
        let verdict = world.verify();
        assert_verified(&verdict);
        let places: Vec<(String, Found)> = verdict
            .evidence()
            .places
            .iter()
            .map(|place| {
                let name = place.place.rsplit_once('/').unwrap().1.to_owned();
                (name, place.found)
            })
            .collect();
        let expected = [
            ".sigstore.json",
            ".sigstore",
            ".bundle",
            ".keyless.json",
            ".intoto.jsonl",
            ".sig",
            ".cert",
            ".pem",
            ".crt",
        ]
        .map(|place| {
            let found = match place == suffix {
                true => Found::Present,
                false => Found::Absent,
            };
            (format!("app{place}"), found)
        });
        assert_eq!(places, expected);
        assert_place(&verdict, suffix, Found::Present, "verified");
        let evidence = verdict.evidence();
        assert!(evidence.artifact.name.as_deref().unwrap().ends_with("/app"));
        assert_eq!(
            evidence.trusted_root.as_ref().unwrap().source.as_deref(),
            Some("test")
        );
    }
}

#[test]
fn a_signature_with_its_certificate_in_each_form_has_no_time_offline() {
    for suffix in [".cert", ".pem", ".crt"] {
        let world = World::with_artifact();
        let signed = world.sign();
        world.write("app.sig", signed.sig_file());
        let leaf = signed.signed.leaf.clone().unwrap();
        match suffix {
            ".cert" => world.write("app.cert", signed.cert_file()),
            ".pem" => world.write("app.pem", leaf.pem()),
            _ => world.write("app.crt", &leaf.der),
        };
        let verdict = world.verify();
        assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
        let checks = &verdict.evidence().checks;
        assert!(checks.certificate.passed() && checks.signature.passed());
        assert!(checks.identity.passed());
        assert!(
            verdict
                .evidence()
                .hint
                .as_deref()
                .unwrap()
                .contains("--offline")
        );
        assert_place(&verdict, "rekor.sigstore.dev/", Found::Failed, "offline");
        assert_place(&verdict, suffix, Found::Present, "certificate");
    }
}

#[test]
fn a_signature_without_its_certificate_proves_no_identity() {
    let world = World::with_artifact();
    world.write("app.sig", world.sign().sig_file());
    assert_failed(
        &world.verify(),
        Outcome::Rejected,
        Reason::CertificateRequired,
    );
}

#[test]
fn a_certificate_alone_is_no_proof() {
    let world = World::with_artifact();
    world.write("app.cert", world.sign().cert_file());
    let verdict = world.verify();
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    assert_place(&verdict, ".cert", Found::Present, "certificate");
}

#[test]
fn nothing_anywhere_is_unsigned() {
    let world = World::with_artifact();
    let verdict = world.verify();
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    let evidence = verdict.evidence();
    assert_eq!(evidence.places.len(), 9);
    assert!(
        evidence
            .places
            .iter()
            .all(|place| place.found == Found::Absent)
    );
    assert_eq!(evidence.artifact.digests.len(), 1);
}

#[test]
fn a_key_verifies_the_signature_and_leaves_certificates_aside() {
    let world = World::with_artifact();
    let key = Key::generate(KeyKind::P256);
    let signed = world.sign_with_key(&key);
    world.write("app.sig", signed.sig_file());
    world.write("app.pem", world.sign().signed.leaf.unwrap().pem());
    let request = |requirements: Requirements| {
        BlobRequest::new(ArtifactSource::File(world.path("app")), requirements)
    };
    let engine = world.engine();
    let without_log = by_key(&key).log_entries(Threshold::Waived);
    let verdict = engine.verify_blob(&request(without_log), &Silent);
    assert_verified(&verdict);
    assert_place(&verdict, ".pem", Found::Present, "not used");
    // The log may have the entry, and cannot be asked.
    let verdict = engine.verify_blob(&request(by_key(&key)), &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::Offline);
    let other = by_key(&Key::generate(KeyKind::P256)).log_entries(Threshold::Waived);
    let verdict = engine.verify_blob(&request(other), &Silent);
    assert_failed(&verdict, Outcome::Rejected, Reason::SignatureInvalid);
}

#[test]
fn a_broken_or_foreign_proof_does_not_hide_a_good_one() {
    let world = World::with_artifact();
    let good = world.sign().bundle().to_string();
    let foreign = World::new().sign().bundle().to_string();
    let other_file = world.sigstore.sign_blob(b"another").bundle().to_string();
    for (bad, words) in [
        ("", "cannot be read"),
        ("# v2 git bundle\n", "cannot be read"),
        ("{\"mediaType\": 1}", "cannot be read"),
        (good.get(..good.len() / 2).unwrap(), "cannot be read"),
        (foreign.as_str(), "rejected"),
        (other_file.as_str(), "another artifact"),
    ] {
        for (bad_suffix, good_suffix) in [(".sigstore.json", ".bundle"), (".bundle", ".sigstore")] {
            let bad_path = world.write(&format!("app{bad_suffix}"), bad);
            let verdict = world.verify();
            assert_eq!(verdict.outcome(), Outcome::Rejected, "{verdict}");
            let good_path = world.write(&format!("app{good_suffix}"), &good);
            let verdict = world.verify();
            assert_verified(&verdict);
            assert_place(&verdict, bad_suffix, Found::Present, words);
            assert_place(&verdict, good_suffix, Found::Present, "verified");
            fs::remove_file(bad_path).unwrap();
            fs::remove_file(good_path).unwrap();
        }
    }
}

#[test]
fn the_first_of_several_good_proofs_is_the_one_in_the_evidence() {
    let world = World::with_artifact();
    world.write("app.bundle", world.sign().legacy_bundle().to_string());
    world.write("app.sigstore", world.sign().bundle().to_string());
    let verdict = world.verify();
    assert_verified(&verdict);
    let material = verdict.evidence().material.as_ref().unwrap();
    assert_eq!(material.format, "sigstore-bundle-v0.3");
    assert_place(
        &verdict,
        ".bundle",
        Found::Present,
        "cosign-bundle, verified",
    );
}

#[test]
fn what_says_most_stands_when_none_is_good() {
    let world = World::with_artifact();
    let signed = world.sign();
    world.write("app.sig", signed.sig_file());
    world.write("app.cert", signed.cert_file());
    assert_failed(&world.verify(), Outcome::Unavailable, Reason::NoTrustedTime);
    // What is no proof at all does not answer the question that the signature leaves open.
    world.write("app.bundle", "not a bundle");
    assert_failed(&world.verify(), Outcome::Unavailable, Reason::NoTrustedTime);
    let other = world.sigstore.sign_blob(b"another").bundle();
    world.write("app.sigstore", other.to_string());
    assert_failed(&world.verify(), Outcome::Rejected, Reason::ArtifactMismatch);
    world.write("app.bundle", world.sign().bundle_bytes());
    assert_verified(&world.verify());
}

#[test]
fn by_somebody_else_is_rejected() {
    let world = World::with_artifact();
    world.write("app.sigstore.json", world.sign().bundle_bytes());
    let mut request = world.app();
    request.requirements = by("other@example.com").into();
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Rejected, Reason::IdentityMismatch);
}

#[cfg(unix)]
#[test]
fn a_place_that_cannot_be_read_is_not_a_place_without_a_proof() {
    use std::os::unix::fs::symlink;

    let world = World::with_artifact();
    // A loop of links fails for everybody, also for root, who may read every file.
    symlink("app.bundle", world.path("app.bundle")).unwrap();
    let verdict = world.verify();
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
    assert_place(&verdict, ".bundle", Found::Failed, "symbolic link");
    // An attestation is no signature: the question stays open.
    let attestation = world.sigstore.attest_blob(ARTIFACT).bundle().to_string();
    world.write("app.intoto.jsonl", &attestation);
    assert_failed(
        &world.verify(),
        Outcome::Unavailable,
        Reason::ProofUnreadable,
    );
    // So it does beside what is no proof at all.
    world.write("app.sigstore", "not a bundle");
    assert_failed(
        &world.verify(),
        Outcome::Unavailable,
        Reason::ProofUnreadable,
    );
    // A proof elsewhere decides.
    world.write("app.sigstore", world.sign().bundle_bytes());
    let verdict = world.verify();
    assert_verified(&verdict);
    assert_place(&verdict, ".bundle", Found::Failed, "symbolic link");
    fs::remove_file(world.path("app.sigstore")).unwrap();
    fs::remove_file(world.path("app.bundle")).unwrap();
    // Without its certificate nothing can be said about a signature.
    world.write("app.sig", world.sign().sig_file());
    symlink("app.pem", world.path("app.pem")).unwrap();
    let verdict = world.verify();
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
    assert_place(&verdict, ".sig", Found::Present, "could not be read");
}

#[test]
fn a_folder_or_device_in_the_place_of_a_proof_is_not_the_absence_of_a_proof() {
    let world = World::with_artifact();
    // A mount whose source is missing makes such a folder.
    fs::create_dir(world.path("app.sigstore.json")).unwrap();
    let verdict = world.verify();
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
    assert_place(&verdict, ".sigstore.json", Found::Failed, "a folder");
    fs::remove_dir(world.path("app.sigstore.json")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", world.path("app.sig")).unwrap();
        let verdict = world.verify();
        assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
        assert_place(&verdict, ".sig", Found::Failed, "a device");
    }
    world.write("app.bundle", world.sign().bundle_bytes());
    assert_verified(&world.verify());
}

#[test]
fn a_proof_beyond_the_limit_is_not_read_whole() {
    let world = World::with_artifact();
    let file = fs::File::create(world.path("app.sig")).unwrap();
    file.set_len(65 << 10).unwrap();
    let verdict = world.verify();
    assert_failed(&verdict, Outcome::Rejected, Reason::LimitExceeded);
    assert_place(&verdict, ".sig", Found::Present, "signature-bytes");
}

#[test]
fn attestations_are_passed_over_when_a_signature_is_wanted_and_the_reverse() {
    let world = World::with_artifact();
    let attestation = world.sigstore.attest_blob(ARTIFACT).bundle().to_string();
    world.write("app.sigstore.json", &attestation);
    assert_failed(&world.verify(), Outcome::Rejected, Reason::NotASignature);
    world.write("app.sigstore", world.sign().bundle_bytes());
    let verdict = world.verify();
    assert_verified(&verdict);
    assert_place(
        &verdict,
        ".sigstore.json",
        Found::Present,
        "not a signature",
    );
    let mut request = world.app();
    request.requirements = attested().into();
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_verified(&verdict);
    assert_eq!(verdict.statement().unwrap().predicate_type(), SLSA);
    fs::remove_file(world.path("app.sigstore.json")).unwrap();
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Rejected, Reason::NotAnAttestation);
}

#[test]
fn one_line_of_many_is_enough() {
    let world = World::with_artifact();
    let good = world.sigstore.attest_blob(ARTIFACT).bundle().to_string();
    let other = world.sigstore.attest_blob(b"another").bundle().to_string();
    let mut request = world.app();
    request.requirements = attested().into();
    let engine = world.engine();
    world.write(
        "app.intoto.jsonl",
        format!("{other}\n\n  \r\nnot JSON\n{good}\n"),
    );
    let verdict = engine.verify_blob(&request, &Silent);
    assert_verified(&verdict);
    assert_place(&verdict, ".intoto.jsonl", Found::Present, "line 5 of 3");
    world.write("app.intoto.jsonl", format!("{other}\nnot JSON\n"));
    let verdict = engine.verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Rejected, Reason::SubjectMismatch);
    world.write("app.intoto.jsonl", "\n\n");
    let verdict = engine.verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Rejected, Reason::MaterialMalformed);
    // Another type is no proof of this one.
    request.requirements = by_identity()
        .content(sealcheck_verify::Content::Attestation(
            "https://spdx.dev/Document".into(),
        ))
        .into();
    world.write("app.intoto.jsonl", &good);
    let verdict = engine.verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Rejected, Reason::PredicateTypeMismatch);
}

#[test]
fn more_than_a_thousand_lines_are_refused() {
    let world = World::with_artifact();
    let mut request = world.app();
    request.requirements = attested().into();
    let engine = world.engine();
    let good = world.sigstore.attest_blob(ARTIFACT).bundle().to_string();
    world.write("app.intoto.jsonl", format!("{}{good}", "x\n".repeat(999)));
    assert_verified(&engine.verify_blob(&request, &Silent));
    world.write("app.intoto.jsonl", format!("{}{good}", "x\n".repeat(1000)));
    let verdict = engine.verify_blob(&request, &Silent);
    assert_eq!(verdict.outcome(), Outcome::Rejected);
    world.write(
        "app.intoto.jsonl",
        format!("{good}\n{}", "x\n".repeat(1000)),
    );
    assert_verified(&engine.verify_blob(&request, &Silent));
}

#[test]
fn an_envelope_may_carry_its_certificate_as_the_slsa_generator_writes_it() {
    let world = World::with_artifact();
    let signed = world.sigstore.attest_blob(ARTIFACT);
    let mut envelope = signed.signed.envelope_json();
    envelope["signatures"][0]["cert"] = signed.signed.leaf.as_ref().unwrap().pem().into();
    world.write("app.intoto.jsonl", envelope.to_string());
    let mut request = world.app();
    request.requirements = attested().into();
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
    assert!(verdict.evidence().checks.signature.passed());
    // With a key, the envelope stands alone.
    let key = Key::generate(KeyKind::P256);
    let signed = world
        .sigstore
        .sign(signed.signed.content, &Plan::key(key.clone()));
    world.write(
        "app.intoto.jsonl",
        signed.signed.envelope_json().to_string(),
    );
    request.requirements = by_key(&key)
        .log_entries(Threshold::Waived)
        .content(sealcheck_verify::Content::Attestation(SLSA.into()))
        .into();
    assert_verified(&world.engine().verify_blob(&request, &Silent));
}

#[test]
fn two_ed25519_signatures_are_checked_in_one_pass() {
    let world = World::with_artifact();
    let keys = [
        Key::generate(KeyKind::Ed25519),
        Key::generate(KeyKind::Ed25519),
    ];
    let bundles = keys.clone().map(|key| {
        let plan = Plan::key(key)
            .with_entries(&[EntryKind::RekordV001])
            .with_scheme(sealcheck_testkit::Scheme::Ed25519);
        world
            .sigstore
            .sign(sealcheck_testkit::Content::message(ARTIFACT), &plan)
    });
    world.write("app.bundle", bundles[0].legacy_bundle().to_string());
    world.write("app.sig", bundles[1].sig_file());
    for key in &keys {
        let mut request = world.app();
        request.requirements = by_key(key).log_entries(Threshold::Waived).into();
        assert_verified(&world.engine().verify_blob(&request, &Silent));
    }
}

#[test]
fn streams_and_digests_have_nothing_beside_them() {
    let world = World::new();
    for artifact in [
        ArtifactSource::Stream(Stream::new("-", ARTIFACT)),
        ArtifactSource::parse(&format!("sha256:{}", "00".repeat(32))).unwrap(),
    ] {
        let request = BlobRequest::new(artifact, by_identity());
        let verdict = world.engine().verify_blob(&request, &Silent);
        assert_failed(&verdict, Outcome::Usage, Reason::ArgumentInvalid);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_not_the_absence_of_a_proof() {
    let world = World::with_artifact();
    std::os::unix::fs::symlink("gone", world.path("app.sigstore.json")).unwrap();
    assert_failed(
        &world.verify(),
        Outcome::Unavailable,
        Reason::ProofUnreadable,
    );
}
