//! Deadlines, and connections that fail or are shared.

use std::net::TcpListener;
use std::time::Duration;

use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{Client, Config, NetError, Phase};

use crate::{client, config};

#[tokio::test]
async fn a_slow_answer_or_body_hits_the_deadline() {
    let slow = Duration::from_secs(20);
    for answer in [Answer::ok("x").after(slow), Answer::ok("xyz").drip(1, slow)] {
        let double = Double::start();
        double.expect(Ask::get("/x")).answer(answer);
        let error = client()
            .get(double.url("/x"))
            .deadline(Duration::from_millis(300))
            .send()
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                NetError::Timeout {
                    phase: Phase::Total,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_timeout_during_a_retry_says_what_went_wrong_before() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .answer(Answer::status(503))
        .answer(Answer::ok("x").after(Duration::from_secs(20)));
    let error = client()
        .get(double.url("/x"))
        .deadline(Duration::from_millis(500))
        .send()
        .await
        .unwrap_err();
    let NetError::Timeout {
        last: Some(last), ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert!(matches!(**last, NetError::Status { status: 503, .. }));
    assert!(error.to_string().contains("503"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_error() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let error = client().get(&url).send().await.unwrap_err();
    assert_eq!(error.kind(), "connect", "{error:?}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_error() {
    let error = client()
        .get("http://does-not-exist.invalid/x")
        .send()
        .await
        .unwrap_err();
    assert!(
        matches!(&error, NetError::Dns { host, .. } if host == "does-not-exist.invalid"),
        "{error:?}"
    );
}

#[tokio::test]
async fn at_most_so_many_requests_to_a_host_are_under_way() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .forever(Answer::ok("x").after(Duration::from_millis(30)));
    let client = Client::new(Config {
        max_in_flight_per_host: 2,
        ..config()
    })
    .unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (client, url) = (client.clone(), double.url("/x"));
            tokio::spawn(async move { client.get(url).send().await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(double.hits("GET", "/x"), 8);
    assert!(double.most_in_flight() <= 2);
}

#[tokio::test]
async fn a_host_that_lets_questions_wait_is_not_asked_a_thousand_times() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .forever(Answer::ok("x").after(Duration::from_secs(20)));
    let other = Double::start();
    other.expect(Ask::get("/x")).answer(Answer::ok("x"));
    let client = Client::new(Config {
        total_deadline: Duration::from_millis(300),
        max_in_flight_per_host: 4,
        ..config()
    })
    .unwrap();
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (client, url) = (client.clone(), double.url("/x"));
            tokio::spawn(async move { client.get(url).send().await.unwrap_err() })
        })
        .collect();
    for task in tasks {
        // Those that wait for their turn learn it when it comes, if not at their own deadline.
        let error = task.await.unwrap();
        assert!(["timeout", "given-up"].contains(&error.kind()), "{error}");
    }
    let before = double.hits("GET", "/x");
    for _ in 0..1000 {
        let error = client.get(double.url("/x")).send().await.unwrap_err();
        assert_eq!(error.kind(), "given-up", "{error}");
        assert!(error.to_string().contains("took longer than"), "{error}");
    }
    let error = client.get(double.url("/x")).stream().await.unwrap_err();
    assert_eq!(error.kind(), "given-up", "{error}");
    // None of them was asked.
    assert_eq!(double.hits("GET", "/x"), before);
    assert!(before <= 6);
    client.get(other.url("/x")).send().await.unwrap();
}

#[tokio::test]
async fn connections_are_kept_alive() {
    let double = Double::start();
    double.expect(Ask::get("/x")).forever(Answer::ok("x"));
    let client = client();
    for _ in 0..3 {
        client.get(double.url("/x")).send().await.unwrap();
    }
    assert_eq!(double.connections(), 1);
}
