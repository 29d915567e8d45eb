//! What is asked again, when, and what is not.

use std::time::Duration;

use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{Client, Config, NetError, RetryPolicy};

use crate::{client, config};

#[tokio::test]
async fn transient_statuses_are_retried_and_then_it_works() {
    for status in [429, 502, 503, 504] {
        let double = Double::start();
        double
            .expect(Ask::get("/x"))
            .answer(Answer::status(status))
            .answer(Answer::ok("fine"));
        let response = client().get(double.url("/x")).send().await.unwrap();
        assert_eq!(response.body(), b"fine");
    }
}

#[tokio::test]
async fn retries_end_and_the_last_status_is_reported() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .forever(Answer::status(503).with_body("come\u{1b}[31m back\n later"));
    let error = client().get(double.url("/x")).send().await.unwrap_err();
    let NetError::Status {
        status: 503,
        attempts: 3,
        ref excerpt,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(excerpt, "come [31m back later");
    assert_eq!(double.hits("GET", "/x"), 3);
    assert_eq!(error.kind(), "status");
}

#[tokio::test]
async fn other_statuses_are_not_retried_and_can_be_accepted() {
    for status in [206, 304, 400, 401, 403, 404, 500, 501] {
        let double = Double::start();
        double
            .expect(Ask::get("/x"))
            .answer(Answer::status(status))
            .answer(Answer::status(status));
        let error = client().get(double.url("/x")).send().await.unwrap_err();
        assert!(
            matches!(error, NetError::Status { status: s, attempts: 1, .. } if s == status),
            "{error:?}"
        );
        assert!(!error.hint().is_empty());
        let response = client()
            .get(double.url("/x"))
            .accept(status)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn retry_after_is_honoured_over_the_backoff() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .answer(Answer::status(429).header("retry-after", "0"))
        .answer(Answer::status(503).header("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"))
        .answer(Answer::ok("fine"));
    // With this backoff, only the server's words let the retries happen before the deadline.
    let long = Duration::from_secs(100_000_000);
    let retry = RetryPolicy {
        attempts: 3,
        base: long,
        cap: long,
    };
    let client = Client::new(Config { retry, ..config() }).unwrap();
    assert_eq!(
        client.get(double.url("/x")).send().await.unwrap().body(),
        b"fine"
    );
}

#[tokio::test]
async fn a_retry_after_beyond_the_deadline_is_not_waited_for() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .answer(Answer::status(429).header("retry-after", "3600"));
    let error = client().get(double.url("/x")).send().await.unwrap_err();
    let NetError::Status {
        status: 429,
        attempts: 1,
        retry_after,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn a_truncated_body_is_retried_and_never_taken_for_a_whole_one() {
    let double = Double::start();
    double
        .expect(Ask::get("/once"))
        .answer(Answer::ok("0123456789").cut_after(5))
        .answer(Answer::ok("0123456789"));
    assert_eq!(
        client()
            .get(double.url("/once"))
            .send()
            .await
            .unwrap()
            .body(),
        b"0123456789"
    );
    for answer in [Answer::ok("0123456789"), Answer::ok("0123456789").chunked()] {
        double
            .expect(Ask::get("/always"))
            .answer(answer.clone().cut_after(5))
            .answer(answer.clone().cut_after(5))
            .answer(answer.cut_after(5));
        let error = client()
            .get(double.url("/always"))
            .send()
            .await
            .unwrap_err();
        assert!(
            matches!(error, NetError::Interrupted { received: 5, .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_retried() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .answer(Answer::silence())
        .answer(Answer::ok("fine"));
    assert_eq!(
        client().get(double.url("/x")).send().await.unwrap().body(),
        b"fine"
    );
    double.expect(Ask::get("/y")).forever(Answer::silence());
    let error = client().get(double.url("/y")).send().await.unwrap_err();
    assert_eq!(error.kind(), "interrupted");
    assert_eq!(double.hits("GET", "/y"), 3);
}
