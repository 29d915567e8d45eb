//! A repository over HTTP, through the product's own client, against the scripted server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::time::Duration;

use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{Client, Config, Proxies, RetryPolicy};
use sealcheck_trust::{Http, Loaded, Mirror, Opened, TrustError, open};
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
    assert_eq!(error.reason().code(), "trust-root-invalid", "{error}");
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
