//! How an engine gets its trusted root.

use sealcheck_engine::Silent;
use sealcheck_engine::{Clock, Config, Engine, Network, TrustSource};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_trust::{Instance, Mirror, Repository, SNAPSHOT_TAKEN, Source, Warning};
use sealcheck_verify::{Outcome, Reason, Time};

use crate::support::*;

fn config(source: Source, network: Network) -> Config {
    Config {
        trust: TrustSource::Load(source),
        network,
        clock: Clock::Fixed(Time::from_unix_seconds(SNAPSHOT_TAKEN + 86_400).unwrap()),
        ..Config::offline()
    }
}

#[test]
fn embedded_roots_need_nothing() {
    for instance in Instance::ALL {
        let engine = Engine::new(config(Source::Embedded(instance), Network::Offline)).unwrap();
        let trust = engine.trust();
        assert_eq!(trust.source, format!("embedded:{}", instance.name()));
        assert_eq!(trust.warnings, []);
        assert_eq!(trust.age.unwrap().as_secs(), 86_400);
    }
}

#[test]
fn a_file_is_named_when_it_cannot_be_used() {
    let world = World::new();
    let load = || {
        let source = Source::File(world.path("root.json"));
        Engine::new(config(source, Network::Offline))
    };
    let failure = load().unwrap_err();
    assert_eq!(failure.reason, Reason::TrustRootNotFound);
    assert!(failure.to_string().contains("root.json"), "{failure}");
    for content in ["", "{}", "[]", "{\"mediaType\": \"x\"}"] {
        world.write("root.json", content);
        let failure = load().unwrap_err();
        assert_eq!(failure.reason, Reason::TrustRootInvalid, "{content:?}");
        assert!(failure.to_string().contains("root.json"), "{failure}");
    }
    world.write("root.json", world.sigstore.trusted_root_bytes());
    assert!(load().unwrap().trust().source.starts_with("file:"));
}

#[test]
fn a_mirror_that_is_down_leaves_the_embedded_root_with_a_warning() {
    let double = Double::start();
    let root: serde_json::Value = serde_json::from_slice(Instance::PublicGood.tuf_root()).unwrap();
    let next = root["signed"]["version"].as_u64().unwrap() + 1;
    double
        .expect(Ask::get(format!("/{next}.root.json")))
        .forever(Answer::status(503));
    let mut repository = Repository::of(Instance::PublicGood);
    repository.mirror = Mirror::Url(double.url(""));
    let source = Source::Tuf(repository);
    let engine = Engine::new(config(source.clone(), Network::Lazy(net()))).unwrap();
    assert_eq!(engine.trust().source, "embedded:public-good");
    assert!(matches!(
        engine.trust().warnings.as_slice(),
        [Warning::EmbeddedLastResort { .. }]
    ));
    let asked = double.connections();
    let engine = Engine::new(config(source, Network::Offline)).unwrap();
    assert_eq!(engine.trust().warnings.len(), 1);
    assert_eq!(double.connections(), asked);
}

/// A mirror that has nothing to say about the root after the embedded one.
fn down(double: &Double) -> Source {
    let root: serde_json::Value = serde_json::from_slice(Instance::PublicGood.tuf_root()).unwrap();
    let next = root["signed"]["version"].as_u64().unwrap() + 1;
    double
        .expect(Ask::get(format!("/{next}.root.json")))
        .forever(Answer::ok(b"<html>sign in</html>".to_vec()));
    let mut repository = Repository::of(Instance::PublicGood);
    repository.mirror = Mirror::Url(double.url(""));
    Source::Tuf(repository)
}

#[test]
fn what_an_outdated_root_does_not_know_is_an_open_question() {
    let double = Double::start();
    let world = World::with_artifact();
    world.write("app.sigstore.json", world.sign().bundle_bytes());
    let source = down(&double);
    let engine = Engine::new(config(source.clone(), Network::Lazy(net()))).unwrap();
    let verdict = engine.verify_blob(&world.app(), &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::TrustRootUnavailable);
    let told = verdict.to_string();
    assert!(told.contains("a log that is not trusted"), "{told}");
    assert!(told.contains("a web page"), "{told}");
    // Who is offline asked for nothing, and an artifact that was altered is so under every root.
    let offline = Engine::new(config(source, Network::Offline)).unwrap();
    let verdict = offline.verify_blob(&world.app(), &Silent);
    assert_failed(&verdict, Outcome::Rejected, Reason::LogUnknown);
    world.write("app", b"altered");
    let verdict = engine.verify_blob(&world.app(), &Silent);
    assert_eq!(verdict.outcome(), Outcome::Rejected, "{verdict}");
}

#[test]
fn a_root_that_is_at_hand_is_not_asked_for() {
    let double = Double::start();
    let config = Config {
        trust: TrustSource::AtHand(down(&double)),
        ..config(Source::Embedded(Instance::Staging), Network::Lazy(net()))
    };
    let engine = Engine::new(config).unwrap();
    assert_eq!(engine.trust().source, "embedded:public-good");
    assert_eq!(engine.trust().warnings, []);
    assert_eq!(double.connections(), 0);
    double.forgive();
}

#[test]
fn a_client_that_cannot_be_set_up_is_a_mistake_of_the_caller() {
    let mut net = net();
    net.extra_ca_files.push("/does/not/exist.pem".into());
    let source = Source::Tuf(Repository::of(Instance::Staging));
    let failure = Engine::new(config(source, Network::Lazy(net.clone()))).unwrap_err();
    assert_eq!(failure.reason, Reason::ArgumentInvalid);
    // It is not even looked at while nothing has to be fetched.
    let source = Source::Embedded(Instance::Staging);
    Engine::new(config(source, Network::Lazy(net))).unwrap();
}
