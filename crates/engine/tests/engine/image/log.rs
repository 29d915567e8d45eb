//! The log is asked for what signatures do not bring.

use sealcheck_engine::{Engine, ImageRequest, Network};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::Referrer;
use sealcheck_testkit::{Content as Signable, Key, KeyKind, Plan, Signed};
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Content, Digest, Outcome, Reason};
use serde_json::{Value, json};

use super::scene::*;
use crate::support::{SLSA, by_identity, by_key, net};

/// The signature without its entry, which only the log has.
fn without_entry(signed: &Signed) -> Signed {
    let mut bare = signed.clone();
    bare.entries.clear();
    bare
}

/// A log that has these signatures' entries for a digest, and expects to be asked for it once.
fn log(digest: &Digest, signed: &[&Signed]) -> Double {
    let double = Double::start();
    expect(&double, digest, signed);
    double
}

fn expect(double: &Double, digest: &Digest, signed: &[&Signed]) {
    let entries: Vec<Value> = signed
        .iter()
        .map(|signed| signed.entries[0].api_json())
        .collect();
    let ids: Vec<&String> = entries
        .iter()
        .map(|entry| entry.as_object().unwrap().keys().next().unwrap())
        .collect();
    let hash = digest.to_string();
    double
        .expect(Ask::post("/api/v1/index/retrieve").body(move |body| {
            serde_json::from_slice::<Value>(body).unwrap() == json!({ "hash": hash })
        }))
        .answer(Answer::json(json!(ids).to_string()));
    if !entries.is_empty() {
        double
            .expect(Ask::post("/api/v1/log/entries/retrieve"))
            .answer(Answer::json(json!(entries).to_string()));
    }
}

fn payload(signed: &Signed) -> Digest {
    match &signed.signed.content {
        Signable::Message(bytes) => Digest::sha256(bytes),
        Signable::Dsse(envelope) => Digest::sha256(&envelope.payload),
    }
}

fn engine(scene: &Scene, log: &Double) -> Engine {
    let mut config = scene.config(Network::Lazy(net()));
    config.rekor_url = log.url("");
    Engine::new(config).unwrap()
}

fn by_anyone(double: &RegistryDouble) -> ImageRequest {
    request(double, by_identity())
}

#[test]
fn a_signature_without_its_entry_is_found_in_the_log_by_its_payload() {
    let mut scene = Scene::new();
    let signed = scene.sign_as("signer@example.com", &scene.image.digest);
    let bare = without_entry(&signed);
    scene.repository.attach_signatures(&scene.image, &[bare]);
    let log = log(&payload(&signed), &[&signed]);
    let double = scene.serve();
    let verdict = engine(&scene, &log).verify_image(&by_anyone(&double));
    assert_verified(&verdict);
    assert_eq!(found(&verdict, &log.url("")).0, Found::Present);
    let facts = verdict.verdict().evidence().image.as_ref().unwrap();
    let parts = &facts.signatures[0].material.as_ref().unwrap().parts;
    assert!(parts.iter().any(|part| part.role == "log-entry"));
}

#[test]
fn signatures_with_one_payload_are_one_search() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let signed = ["a@x", "b@x", "signer@example.com"].map(|name| scene.sign_as(name, &digest));
    let bare: Vec<Signed> = signed.iter().map(without_entry).collect();
    scene.repository.attach_signatures(&scene.image, &bare);
    let all: Vec<&Signed> = signed.iter().collect();
    let log = log(&payload(&signed[0]), &all);
    let double = scene.serve();
    assert_verified(&engine(&scene, &log).verify_image(&by_anyone(&double)));
}

#[test]
fn an_attestation_without_its_entry_is_found_by_its_payload() {
    let mut scene = Scene::new();
    let signed = scene.attest(SLSA, &scene.image.digest);
    let bare = without_entry(&signed);
    scene.repository.attach_attestations(&scene.image, &[bare]);
    let log = log(&payload(&signed), &[&signed]);
    let double = scene.serve();
    let mut request = by_anyone(&double);
    request.requirements = by_identity().content(Content::AnyAttestation).into();
    assert_verified(&engine(&scene, &log).verify_image(&request));
}

#[test]
fn titled_signature_and_certificate_files_are_found_by_the_manifest() {
    let mut scene = Scene::new();
    let manifest = scene.repository.objects[&scene.image.digest].bytes.clone();
    let signed = scene.sigstore.sign_blob(&manifest);
    let other = scene.sigstore.sign_blob(b"another");
    let titled = Referrer::default()
        .with_titled_layer("text/plain", "manifest.sig", signed.sig_file().as_bytes())
        .with_titled_layer("text/plain", "other.cert", other.cert_file().as_bytes())
        .with_titled_layer("text/plain", "manifest.cert", signed.cert_file().as_bytes());
    scene.repository.attach(&scene.image, &titled);
    let log = log(&digest(&scene.image), &[&other, &signed]);
    let double = scene.serve();
    let verdict = engine(&scene, &log).verify_image(&by_anyone(&double));
    assert_verified(&verdict);
    assert_eq!(verdict.proofs().len(), 1);
}

#[test]
fn the_log_is_not_asked_when_there_is_proof_enough() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let good = scene.sign_as("signer@example.com", &digest);
    let bare = without_entry(&scene.sign_as("signer@example.com", &digest));
    scene
        .repository
        .attach_signatures(&scene.image, &[bare, good]);
    let log = Double::start();
    let double = scene.serve();
    let verdict = engine(&scene, &log).verify_image(&by_anyone(&double));
    assert_verified(&verdict);
    assert_eq!(verdict.accepted().count(), 1);
}

#[test]
fn an_entry_that_the_log_does_not_have_leaves_the_question_open() {
    let mut scene = Scene::new();
    let signed = scene.sign_as("signer@example.com", &scene.image.digest);
    let bare = without_entry(&signed);
    scene.repository.attach_signatures(&scene.image, &[bare]);
    let stranger = scene.sign_as("signer@example.com", &scene.image.digest);
    let double = scene.serve();
    let log = log(&payload(&signed), &[]);
    let verdict = engine(&scene, &log).verify_image(&by_anyone(&double));
    assert_failed(&verdict, Outcome::Unavailable, Reason::LogEntryNotFound);
    let log = self::log(&payload(&signed), &[&stranger]);
    let verdict = engine(&scene, &log).verify_image(&by_anyone(&double));
    assert_failed(&verdict, Outcome::Unavailable, Reason::LogEntryNotFound);
}

#[test]
fn a_log_that_does_not_answer_is_unavailable() {
    let mut scene = Scene::new();
    let bare = without_entry(&scene.sign_as("signer@example.com", &scene.image.digest));
    scene.repository.attach_signatures(&scene.image, &[bare]);
    let log = Double::start();
    log.expect(Ask::post("/api/v1/index/retrieve"))
        .answer(Answer::status(503))
        .answer(Answer::status(503));
    let double = scene.serve();
    let verdict = engine(&scene, &log).verify_image(&by_anyone(&double));
    assert_failed(&verdict, Outcome::Unavailable, Reason::LogUnavailable);
}

#[test]
fn the_log_is_not_asked_offline_or_when_the_request_forbids_it() {
    let mut scene = Scene::new();
    let key = Key::generate(KeyKind::P256);
    let digest = scene.image.digest.clone();
    let bare = without_entry(&scene.signed_with(&Plan::key(key.clone()), &digest));
    scene.repository.attach_signatures(&scene.image, &[bare]);
    let path = scene.layout();
    let mut request = in_layout(&path, by_key(&key));
    let verdict = scene.offline().verify_image(&request);
    assert_failed(&verdict, Outcome::Unavailable, Reason::Offline);
    let log = Double::start();
    request.lookup = false;
    let verdict = engine(&scene, &log).verify_image(&request);
    assert_failed(&verdict, Outcome::Rejected, Reason::LogEntriesInsufficient);
}

#[test]
fn many_payloads_without_entries_do_not_become_many_searches() {
    let mut scene = Scene::new();
    let digest = scene.image.digest.clone();
    let bare: Vec<Signed> = (0..20)
        .map(|number| {
            let number = number.to_string();
            let signed = scene.sigstore.sign_image("app", &digest, &[("n", &number)]);
            without_entry(&signed)
        })
        .collect();
    scene.repository.attach_signatures(&scene.image, &bare);
    let log = Double::start();
    let searches = log.expect(Ask::post("/api/v1/index/retrieve"));
    let _ = (0..16).fold(searches, |searches, _| searches.answer(Answer::json("[]")));
    let double = scene.serve();
    let verdict = engine(&scene, &log).verify_image(&by_anyone(&double));
    assert_eq!(verdict.outcome(), Outcome::Unavailable, "{verdict}");
}
