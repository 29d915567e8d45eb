//! The log is asked for the entry that the material does not bring.

use std::fs;
use std::time::Duration;

use sealcheck_engine::{Engine, Network, Silent};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_testkit::rekor::LogEntry;
use sealcheck_testkit::{DEFAULT_TIME, EntryKind, Key, KeyKind, Signed};
use sealcheck_verify::evidence::{Found, TimeSource};
use sealcheck_verify::{Digest, Outcome, Reason, Verdict};
use serde_json::{Value, json};

use crate::support::*;

const SEARCH: &str = "/api/v1/index/retrieve";
const RETRIEVE: &str = "/api/v1/log/entries/retrieve";

/// A world with the artifact, its signature and its certificate, and the entry only in the log.
fn bare() -> (World, Signed) {
    let world = World::with_artifact();
    let signed = world.sign();
    world.write("app.sig", signed.sig_file());
    world.write("app.cert", signed.cert_file());
    (world, signed)
}

/// A log that lists these entries for the artifact, and gives them.
fn log(entries: &[Value]) -> Double {
    let double = Double::start();
    let ids: Vec<&String> = entries
        .iter()
        .map(|entry| entry.as_object().unwrap().keys().next().unwrap())
        .collect();
    let digest = Digest::sha256(ARTIFACT).to_string();
    double
        .expect(Ask::post(SEARCH).body(move |body| {
            serde_json::from_slice::<Value>(body).unwrap() == json!({ "hash": digest })
        }))
        .answer(Answer::json(json!(ids).to_string()));
    for batch in entries.chunks(10) {
        double
            .expect(Ask::post(RETRIEVE))
            .answer(Answer::json(json!(batch).to_string()));
    }
    double
}

fn verify(world: &World, double: &Double) -> Verdict {
    world
        .online(&double.url(""))
        .verify_blob(&world.app(), &Silent)
}

fn of(signed: &Signed) -> Value {
    signed.entries[0].api_json()
}

/// The entry with one of its fields changed by `edit`.
fn altered(entry: &LogEntry, edit: impl FnOnce(&mut Value)) -> Value {
    let mut json = entry.api_json();
    edit(&mut json[entry.uuid()]);
    json
}

/// What a stranger logged for the same artifact.
fn strangers(world: &World) -> Value {
    of(&world.sign())
}

#[test]
fn the_entry_is_found_among_those_of_others_and_gives_the_time() {
    let (world, signed) = bare();
    let double = log(&[strangers(&world), of(&signed), strangers(&world)]);
    let verdict = verify(&world, &double);
    assert_verified(&verdict);
    let evidence = verdict.evidence();
    assert_eq!(evidence.time_source, Some(TimeSource::LogEntry));
    assert_eq!(
        evidence.signed_at.unwrap().unix_seconds(),
        DEFAULT_TIME.as_second()
    );
    assert_eq!(evidence.checks.log.facts().unwrap().entries.len(), 1);
    assert!(
        evidence
            .places
            .last()
            .unwrap()
            .place
            .starts_with(&double.url(""))
    );
    assert_eq!(evidence.places.last().unwrap().found, Found::Present);
}

#[test]
fn an_entry_of_a_key_is_found() {
    let world = World::with_artifact();
    let key = Key::generate(KeyKind::P256);
    let signed = world.sign_with_key(&key);
    world.write("app.sig", signed.sig_file());
    let mut request = world.app();
    request.requirements = by_key(&key).into();
    let double = log(&[of(&signed)]);
    let engine = world.online(&double.url(""));
    assert_verified(&engine.verify_blob(&request, &Silent));
    let double = log(&[]);
    let engine = world.online(&double.url(""));
    let verdict = engine.verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::LogEntryNotFound);
}

#[test]
fn no_entry_of_this_signature_is_an_answer_without_a_time() {
    let (world, _) = bare();
    for entries in [vec![], vec![strangers(&world), strangers(&world)]] {
        let double = log(&entries);
        let verdict = verify(&world, &double);
        assert_failed(&verdict, Outcome::Unavailable, Reason::LogEntryNotFound);
        assert_eq!(
            verdict.evidence().places.last().unwrap().found,
            Found::Absent
        );
        let checks = &verdict.evidence().checks;
        assert!(checks.signature.passed() && checks.identity.passed());
    }
}

#[test]
fn an_entry_that_does_not_hold_is_no_entry() {
    let (world, signed) = bare();
    let entry = &signed.entries[0];
    let foreign_log = World::new();
    let foreign = foreign_log.sigstore.rekor.record(
        EntryKind::HashedRekordV001,
        &signed.signed,
        DEFAULT_TIME,
    );
    for bad in [
        // The wrong promise.
        altered(entry, |json| {
            json["verification"]["signedEntryTimestamp"] = world.sign().entries[0]
                .api_json()
                .as_object()
                .unwrap()
                .values()
                .next()
                .unwrap()["verification"]["signedEntryTimestamp"]
                .clone();
        }),
        // Another time than the promised one.
        altered(entry, |json| {
            json["integratedTime"] = (DEFAULT_TIME.as_second() + 1).into();
        }),
        // The wrong proof.
        altered(entry, |json| {
            json["verification"]["inclusionProof"]["hashes"][0] = "11".repeat(32).into();
        }),
        altered(entry, |json| {
            json["verification"]["inclusionProof"]["rootHash"] = "11".repeat(32).into();
        }),
        // No proof: what the log promised it need not have kept.
        altered(entry, |json| {
            let verification = json["verification"].as_object_mut().unwrap();
            verification.remove("inclusionProof").unwrap();
        }),
        // A log that nobody trusts.
        foreign.api_json(),
    ] {
        let double = log(&[strangers(&world), bad.clone()]);
        let verdict = verify(&world, &double);
        assert_failed(&verdict, Outcome::Unavailable, Reason::LogAnswerInvalid);
        assert_eq!(
            verdict.evidence().places.last().unwrap().found,
            Found::Failed
        );
        // It does not hide one that holds.
        if bad.as_object().unwrap().keys().next() != of(&signed).as_object().unwrap().keys().next()
        {
            assert_verified(&verify(&world, &log(&[bad, of(&signed)])));
        }
    }
}

#[test]
fn an_entry_that_was_made_after_the_certificate_had_expired_rejects() {
    let (world, signed) = bare();
    let late = world.sigstore.rekor.record(
        EntryKind::HashedRekordV001,
        &signed.signed,
        DEFAULT_TIME + Duration::from_secs(1800),
    );
    let verdict = verify(&world, &log(&[late.api_json()]));
    assert_failed(
        &verdict,
        Outcome::Rejected,
        Reason::CertificateNotValidAtTime,
    );
    // Anybody can log a signature again; that takes nothing from the first entry. Both have one body, hence one leaf
    // hash, so the log keeps them in two trees.
    let mut again = late.api_json();
    let fields = again.as_object_mut().unwrap().remove(&late.uuid()).unwrap();
    let other_tree = format!("00000000000000ff{}", &late.uuid()[16..]);
    let verdict = verify(&world, &log(&[json!({ other_tree: fields }), of(&signed)]));
    assert_verified(&verdict);
}

#[test]
fn a_log_that_does_not_answer_is_unavailable() {
    for answer in [
        Answer::status(429),
        Answer::status(500),
        Answer::status(404),
        Answer::silence(),
    ] {
        let (world, _) = bare();
        let double = Double::start();
        double.expect(Ask::post(SEARCH)).forever(answer);
        let verdict = verify(&world, &double);
        assert_failed(&verdict, Outcome::Unavailable, Reason::LogUnavailable);
        assert_eq!(
            verdict.evidence().places.last().unwrap().found,
            Found::Failed
        );
        assert!(verdict.evidence().checks.signature.passed());
    }
}

#[test]
fn a_key_is_not_rejected_because_the_log_is_down() {
    let world = World::with_artifact();
    let key = Key::generate(KeyKind::P256);
    world.write("app.sig", world.sign_with_key(&key).sig_file());
    let double = Double::start();
    double
        .expect(Ask::post(SEARCH))
        .forever(Answer::status(500));
    let mut request = world.app();
    request.requirements = by_key(&key).into();
    let verdict = world.online(&double.url("")).verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::LogUnavailable);
}

#[test]
fn nonsense_is_no_answer() {
    for answer in ["", "{}", "[1]", "[\"x\"]", "<html>"] {
        let (world, _) = bare();
        let double = Double::start();
        double
            .expect(Ask::post(SEARCH))
            .answer(Answer::json(answer));
        let verdict = verify(&world, &double);
        assert_failed(&verdict, Outcome::Unavailable, Reason::LogAnswerInvalid);
    }
}

#[test]
fn part_of_an_answer_never_says_that_there_is_none() {
    // An entry is listed that is then not given.
    let (world, signed) = bare();
    let stranger = strangers(&world);
    let double = Double::start();
    let ids = [&stranger, &of(&signed)]
        .map(|entry| entry.as_object().unwrap().keys().next().unwrap().clone());
    double
        .expect(Ask::post(SEARCH))
        .answer(Answer::json(json!(ids).to_string()));
    double
        .expect(Ask::post(RETRIEVE))
        .answer(Answer::json(json!([stranger]).to_string()));
    let verdict = verify(&world, &double);
    assert_failed(&verdict, Outcome::Unavailable, Reason::LogAnswerInvalid);
    // More are listed than are looked at.
    let many: Vec<Value> = (0..101).map(|_| strangers(&world)).collect();
    let double = log(&many);
    let verdict = verify(&world, &double);
    double.forgive();
    assert_failed(&verdict, Outcome::Unavailable, Reason::LogUnavailable);
    assert!(verdict.to_string().contains("101"), "{verdict}");
    assert_eq!(double.requests().len(), 1 + 10);
}

#[test]
fn a_slow_log_ends_at_the_deadline() {
    let (world, _) = bare();
    let double = Double::start();
    double
        .expect(Ask::post(SEARCH))
        .answer(Answer::json("[]").after(Duration::from_secs(30)));
    let mut config = world.config(Network::Lazy(net()));
    config.rekor_url = double.url("");
    if let Network::Lazy(net) = &mut config.network {
        net.total_deadline = Duration::from_millis(200);
    }
    let verdict = Engine::new(config)
        .unwrap()
        .verify_blob(&world.app(), &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::LogUnavailable);
}

#[test]
fn the_log_is_not_asked_where_it_cannot_help() {
    let double = Double::start();
    let ask = |world: &World, edit: &dyn Fn(&mut sealcheck_engine::BlobRequest)| {
        let mut request = world.app();
        edit(&mut request);
        world.online(&double.url("")).verify_blob(&request, &Silent)
    };
    let (world, signed) = bare();
    // Offline, and when the request forbids it.
    let mut config = world.config(Network::Offline);
    config.rekor_url = double.url("");
    let verdict = Engine::new(config)
        .unwrap()
        .verify_blob(&world.app(), &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
    let verdict = ask(&world, &|request| request.lookup = false);
    assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
    // Waived.
    let waived = by_identity().log_entries(sealcheck_verify::Threshold::Waived);
    let verdict = ask(&world, &|request| {
        request.requirements = waived.clone().into()
    });
    assert_failed(&verdict, Outcome::Unavailable, Reason::NoTrustedTime);
    // Already rejected.
    let verdict = ask(&world, &|request| {
        request.requirements = by("x@example.com").into()
    });
    assert_failed(&verdict, Outcome::Rejected, Reason::IdentityMismatch);
    // Verified by another proof.
    world.write("app.bundle", signed.bundle_bytes());
    assert_verified(&ask(&world, &|_| ()));
    // A bundle that has an entry which does not hold.
    fs::remove_file(world.path("app.sig")).unwrap();
    let mut broken = signed.bundle();
    broken["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]["signedEntryTimestamp"] =
        "AAAA".into();
    world.write("app.bundle", broken.to_string());
    assert_eq!(ask(&world, &|_| ()).outcome(), Outcome::Rejected);
    assert_eq!(double.connections(), 0);
}

#[test]
fn a_log_at_no_address_is_refused_and_not_unavailable() {
    let (world, _) = bare();
    for address in [
        "https://user:s3cret@rekor.test",
        "https://token@rekor.test",
        "user:s3cret@rekor.test",
        "rekor.test",
        "ftp://rekor.test",
        "https://",
        "",
    ] {
        let mut config = world.config(Network::Offline);
        config.rekor_url = address.to_owned();
        let failure = Engine::new(config).unwrap_err();
        assert_eq!(failure.reason, Reason::ArgumentInvalid, "{address}");
        assert!(!failure.to_string().contains("s3cret"), "{failure}");
    }
}
