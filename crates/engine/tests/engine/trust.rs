//! How an engine gets its trusted root.

use sealcheck_engine::{Clock, Config, Engine, Network, TrustSource};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_trust::{Instance, Mirror, Repository, SNAPSHOT_TAKEN, Source, Warning};
use sealcheck_verify::{Reason, Time};

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
