//! Artifacts and material behind addresses.

use std::time::Duration;

use sealcheck_engine::{
    ArtifactSource, BlobRequest, Engine, Input, MaterialSource, Named, Network, Silent,
};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Outcome, Reason};

use crate::support::*;

const SUFFIXES: [&str; 9] = [
    ".sigstore.json",
    ".sigstore",
    ".bundle",
    ".keyless.json",
    ".intoto.jsonl",
    ".sig",
    ".cert",
    ".pem",
    ".crt",
];

/// Answers for the places beside `/dl/app`; those not named have nothing.
fn beside(double: &Double, answers: &[(&str, Answer)]) {
    for suffix in SUFFIXES {
        let named = answers.iter().find(|(name, _)| *name == suffix);
        let answer = named.map_or_else(|| Answer::status(404), |(_, answer)| answer.clone());
        double
            .expect(Ask::get(format!("/dl/app{suffix}?v=1")))
            .forever(answer);
    }
    double
        .expect(Ask::get("/dl/app?v=1"))
        .forever(Answer::ok(ARTIFACT));
}

fn request(double: &Double) -> BlobRequest {
    let url = double.url("/dl/app?v=1");
    BlobRequest::new(ArtifactSource::Url(url), by_identity())
}

#[test]
fn a_proof_is_looked_for_beside_the_address() {
    let world = World::new();
    let double = Double::start();
    beside(
        &double,
        &[(".sigstore.json", Answer::ok(world.sign().bundle_bytes()))],
    );
    let verdict = world
        .online("http://127.0.0.1:9")
        .verify_blob(&request(&double), &Silent);
    assert_verified(&verdict);
    assert_place(
        &verdict,
        ".sigstore.json?v=[redacted]",
        Found::Present,
        "verified",
    );
    // Each object once.
    assert_eq!(double.requests().len(), 10);
}

#[test]
fn nothing_beside_the_address_is_unsigned() {
    let world = World::new();
    let double = Double::start();
    beside(&double, &[]);
    let verdict = world
        .online("http://127.0.0.1:9")
        .verify_blob(&request(&double), &Silent);
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
}

#[test]
fn an_address_that_does_not_answer_is_not_one_without_a_proof() {
    for answer in [
        Answer::status(403),
        Answer::status(429),
        Answer::status(503),
        Answer::silence(),
        Answer::ok(vec![b'x'; 100]).cut_after(10),
        // A sign-in page or a proxy's message, and nothing, with a status of success.
        Answer::ok("\n<!DOCTYPE HTML><title>Sign in</title>"),
        Answer::ok("<html>"),
        Answer::ok(""),
        Answer::status(204),
    ] {
        let world = World::new();
        let double = Double::start();
        beside(&double, &[(".bundle", answer.clone())]);
        let engine = world.online("http://127.0.0.1:9");
        let verdict = engine.verify_blob(&request(&double), &Silent);
        assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
        assert_place(&verdict, ".bundle?v=[redacted]", Found::Failed, "");
        let double = Double::start();
        let good = Answer::ok(world.sign().bundle_bytes());
        beside(&double, &[(".bundle", answer), (".sigstore", good)]);
        assert_verified(&engine.verify_blob(&request(&double), &Silent));
    }
}

#[test]
fn an_artifact_that_does_not_come_is_told_apart_from_one_that_is_not_there() {
    let world = World::new();
    let proof = world.write("proof", world.sign().bundle_bytes());
    for (answer, outcome, reason) in [
        (Answer::status(404), Outcome::Usage, Reason::FileNotFound),
        (
            Answer::status(403),
            Outcome::Unavailable,
            Reason::ArtifactUnreadable,
        ),
        (
            Answer::status(500),
            Outcome::Unavailable,
            Reason::ArtifactUnreadable,
        ),
        (
            Answer::ok(ARTIFACT).cut_after(5),
            Outcome::Unavailable,
            Reason::ArtifactUnreadable,
        ),
        (
            Answer::ok("altered"),
            Outcome::Rejected,
            Reason::ArtifactMismatch,
        ),
    ] {
        let double = Double::start();
        double.expect(Ask::get("/dl/app?v=1")).forever(answer);
        let mut request = request(&double);
        request.material = bundle(&proof);
        let verdict = world
            .online("http://127.0.0.1:9")
            .verify_blob(&request, &Silent);
        assert_failed(&verdict, outcome, reason);
    }
}

#[test]
fn named_material_may_lie_behind_addresses() {
    let world = World::with_artifact();
    let signed = world.sign();
    let double = Double::start();
    double
        .expect(Ask::get("/b"))
        .answer(Answer::ok(signed.bundle_bytes()));
    double
        .expect(Ask::get("/s"))
        .answer(Answer::ok(signed.sig_file()));
    double
        .expect(Ask::get("/c"))
        .answer(Answer::ok(signed.cert_file()));
    double.expect(Ask::get("/none")).answer(Answer::status(404));
    double
        .expect(Ask::get("/forbidden"))
        .answer(Answer::status(403));
    double
        .expect(Ask::get("/endless"))
        .answer(Answer::ok(vec![b'x'; (32 << 20) + 1]).chunked());
    let engine = world.online("http://127.0.0.1:9");
    let verify = |material: MaterialSource| {
        let mut request = world.app();
        request.material = material;
        request.lookup = false;
        engine.verify_blob(&request, &Silent)
    };
    let at = |path: &str| Input::parse(&double.url(path));
    let named = |path: &str| {
        MaterialSource::Named(Box::new(Named {
            bundle: Some(at(path)),
            ..Named::default()
        }))
    };
    assert_verified(&verify(named("/b")));
    let verdict = verify(detached(at("/s"), Some(at("/c"))));
    assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
    assert_failed(
        &verify(named("/none")),
        Outcome::Usage,
        Reason::FileNotFound,
    );
    let verdict = verify(named("/forbidden"));
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
    let verdict = verify(named("/endless"));
    assert_failed(&verdict, Outcome::Rejected, Reason::LimitExceeded);
}

#[test]
fn a_slow_server_ends_at_the_deadline() {
    let world = World::new();
    let double = Double::start();
    let slow = Answer::ok("{}").after(Duration::from_secs(30));
    beside(&double, &[(".bundle", slow)]);
    let mut config = world.config(Network::Lazy(net()));
    if let Network::Lazy(net) = &mut config.network {
        net.total_deadline = Duration::from_millis(300);
    }
    let engine = Engine::new(config).unwrap();
    let verdict = engine.verify_blob(&request(&double), &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
    assert_place(
        &verdict,
        ".bundle?v=[redacted]",
        Found::Failed,
        "longer than",
    );
}

#[test]
fn offline_nothing_is_ever_connected_to() {
    let world = World::with_artifact();
    let double = Double::start();
    let engine = world.engine();
    let verdict = engine.verify_blob(&request(&double), &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::Offline);
    let mut request = world.app();
    request.material = MaterialSource::Named(Box::new(Named {
        bundle: Some(Input::Url(double.url("/b"))),
        ..Named::default()
    }));
    let verdict = engine.verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::Offline);
    assert_eq!(double.connections(), 0);
}
