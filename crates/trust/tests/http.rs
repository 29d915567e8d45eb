//! A repository over HTTP, through the product's own client, against the scripted server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use std::time::Duration;

use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{Client, Config, Proxies, RetryPolicy};
use sealcheck_trust::{
    Http, Instance, Loaded, Mirror, Opened, Repository, SNAPSHOT_TAKEN, Source, TrustError,
    Warning, open,
};
use support::{DAY, NOW, World, at};

fn client() -> Client {
    Client::new(Config {
        retry: RetryPolicy {
            attempts: 2,
            base: Duration::from_millis(1),
            cap: Duration::from_millis(2),
        },
        proxies: Proxies::none(),
        ..Config::default()
    })
    .unwrap()
}

/// A world whose mirror is `double`; the base URL has a path and a trailing slash.
fn world(double: &Double) -> World {
    let mut world = World::new();
    world.repository.mirror = Mirror::parse(&double.url("/tuf/")).unwrap();
    world
}

/// Serves every file of the repository, and `after_last_root` for the root that does not exist.
fn serve(double: &Double, world: &World, after_last_root: u16) {
    for (path, bytes) in world.publisher.files() {
        if !path.ends_with(".root.json") {
            double
                .expect(Ask::get(format!("/tuf/{path}")))
                .answer(Answer::ok(bytes));
        }
    }
    double
        .expect(Ask::get("/tuf/2.root.json"))
        .answer(Answer::status(after_last_root));
}

async fn load(world: &World, now: i64) -> Result<Loaded, TrustError> {
    match open(&world.source(), at(now))? {
        Opened::Ready(loaded) => Ok(loaded),
        Opened::RefreshDue(mut refresh) => {
            let http = Http::new(client(), refresh.url());
            refresh.run(http).await
        }
    }
}

#[tokio::test]
async fn each_file_is_asked_for_once_and_then_not_at_all() {
    for after_last_root in [404, 403] {
        let double = Double::start();
        let world = world(&double);
        serve(&double, &world, after_last_root);
        let loaded = load(&world, NOW).await.unwrap();
        assert_eq!(loaded.bytes, world.publisher.target);
        assert_eq!(loaded.source, format!("tuf:{}", double.url("/tuf")));
        load(&world, NOW + DAY - 1).await.unwrap();
        assert_eq!(double.requests().len(), 5);
    }
}

#[tokio::test]
async fn forbidden_and_failing_metadata_are_no_answer() {
    for status in [403, 404, 500] {
        let double = Double::start();
        let world = world(&double);
        double
            .expect(Ask::get("/tuf/2.root.json"))
            .answer(Answer::status(404));
        double
            .expect(Ask::get("/tuf/timestamp.json"))
            .forever(Answer::status(status));
        let error = load(&world, NOW).await.unwrap_err();
        assert_eq!(error.reason().code(), "trust-root-unavailable", "{error}");
        assert!(error.to_string().contains("timestamp.json"), "{error}");
    }
}

#[tokio::test]
async fn metadata_that_is_too_large_is_cut_off() {
    let double = Double::start();
    let world = world(&double);
    double
        .expect(Ask::get("/tuf/2.root.json"))
        .answer(Answer::status(404));
    double
        .expect(Ask::get("/tuf/timestamp.json"))
        .answer(Answer::ok(vec![b' '; 20_000]).chunked());
    let error = load(&world, NOW).await.unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-unavailable", "{error}");
    assert!(error.to_string().contains("16384"), "{error}");
}

#[tokio::test]
async fn the_future_of_a_refresh_can_be_spawned() {
    let double = Double::start();
    let world = world(&double);
    serve(&double, &world, 404);
    let Opened::RefreshDue(mut refresh) = open(&world.source(), at(NOW)).unwrap() else {
        panic!("no refresh was due");
    };
    let http = Http::new(client(), refresh.url());
    let task = tokio::spawn(async move { refresh.run(http).await });
    assert_eq!(task.await.unwrap().unwrap().bytes, world.publisher.target);
}

/// What comes of a public instance whose mirror is `double`.
async fn load_instance(
    double: &Double,
    cache_dir: Option<&std::path::Path>,
    now: i64,
) -> Result<Loaded, TrustError> {
    let mut repository = Repository::of(Instance::PublicGood);
    repository.mirror = Mirror::Url(double.url("/tuf"));
    repository.cache_dir = cache_dir.map(Into::into);
    let Opened::RefreshDue(mut refresh) = open(&Source::Tuf(repository), at(now))? else {
        panic!("no refresh was due");
    };
    let http = Http::new(client(), refresh.url());
    refresh.run(http).await
}

#[tokio::test]
async fn with_nothing_cached_and_no_mirror_the_embedded_snapshot_is_the_last_resort() {
    let double = Double::start();
    double
        .expect(Ask::get(next_root()))
        .forever(Answer::status(503));
    let now = SNAPSHOT_TAKEN + 12 * DAY;
    let dir = tempfile::tempdir().unwrap();
    for cache_dir in [None, Some(dir.path())] {
        let loaded = load_instance(&double, cache_dir, now).await.unwrap();
        assert_eq!(loaded.bytes, Instance::PublicGood.trusted_root());
        assert_eq!(loaded.source, "embedded:public-good");
        let [warning @ Warning::EmbeddedLastResort { .. }] = loaded.warnings.as_slice() else {
            panic!("{:?}", loaded.warnings);
        };
        let words = warning.to_string();
        assert!(
            words.contains("12 days old") && words.contains("503"),
            "{words}"
        );
        assert_eq!(warning.reason().code(), "trust-root-unavailable");
    }
}

#[tokio::test]
async fn a_mirror_that_answers_wrongly_does_not_give_way_to_the_embedded_snapshot() {
    let double = Double::start();
    let world = world(&double);
    // Another repository's metadata, which the embedded root did not sign.
    serve(&double, &world, 404);
    double
        .expect(Ask::get(next_root()))
        .answer(Answer::status(404));
    let error = load_instance(&double, None, SNAPSHOT_TAKEN + DAY)
        .await
        .unwrap_err();
    assert_eq!(error.reason().code(), "trust-metadata-invalid", "{error}");
    double.forgive();
}

/// The target of the root that would follow the embedded one.
fn next_root() -> String {
    let root: serde_json::Value = serde_json::from_slice(Instance::PublicGood.tuf_root()).unwrap();
    let version = root["signed"]["version"].as_u64().unwrap();
    format!("/tuf/{}.root.json", version + 1)
}
