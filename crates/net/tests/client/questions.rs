//! What is asked, what comes back, and what is never sent or shown.

use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{NetError, Redacted};

use crate::client;

#[tokio::test]
async fn a_get_gives_status_headers_body_and_final_url() {
    let double = Double::start();
    double
        .expect(
            Ask::get("/x?n=1")
                .with("accept", "text/plain")
                .with("accept-encoding", "gzip"),
        )
        .answer(Answer::ok("hello").header("docker-content-digest", "sha256:1"));
    let response = client()
        .get(double.url("/x?n=1"))
        .header("accept", "text/plain")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.header("Docker-Content-Digest"), Some("sha256:1"));
    assert_eq!(response.body(), b"hello");
    assert_eq!(response.final_url().as_str(), double.url("/x?n=1"));
    assert!(
        double.requests()[0]
            .header("user-agent")
            .unwrap()
            .starts_with("sealcheck/")
    );
}

#[tokio::test]
async fn a_future_of_the_client_can_be_spawned() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .answer(Answer::ok("1"))
        .answer(Answer::ok("2"));
    let (client, url) = (client(), double.url("/x"));
    let task = tokio::spawn(async move {
        let body = client.get(&url).send().await.unwrap().into_body();
        let piece = client
            .get(&url)
            .stream()
            .await
            .unwrap()
            .chunk()
            .await
            .unwrap();
        (body, piece.unwrap())
    });
    assert_eq!(task.await.unwrap(), (b"1".to_vec(), "2".into()));
}

#[tokio::test]
async fn a_post_sends_json_and_is_retried() {
    let double = Double::start();
    double
        .expect(
            Ask::post("/q")
                .with("content-type", "application/json")
                .body(|body| body == br#"{"a":1}"#),
        )
        .answer(Answer::status(502))
        .answer(Answer::json("[]"));
    let response = client()
        .post_json(double.url("/q"), r#"{"a":1}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(response.body(), b"[]");
}

#[tokio::test]
async fn a_head_has_no_body_whatever_it_declares() {
    let double = Double::start();
    double
        .expect(Ask::head("/x"))
        .answer(Answer::ok(vec![0; 4096]).header("content-encoding", "gzip"));
    let response = client()
        .head(double.url("/x"))
        .limit(10)
        .send()
        .await
        .unwrap();
    assert_eq!(response.header("content-length"), Some("4096"));
    assert!(response.body().is_empty());
}

#[tokio::test]
async fn requests_that_make_no_sense_are_not_sent() {
    for url in [
        "",
        "x",
        "ftp://h.example/",
        "http://u:hunter2@h.example/",
        "http://",
    ] {
        let error = client().get(url).send().await.unwrap_err();
        assert_eq!(error.kind(), "invalid-request", "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let error = client()
        .get("http://127.0.0.1:1/")
        .header("x", "a\nb")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), "invalid-request");
}

#[tokio::test]
async fn secrets_are_sent_and_not_shown() {
    let double = Double::start();
    double
        .expect(Ask::get("/t").with("authorization", "Bearer hunter2"))
        .answer(Answer::status(403));
    double
        .expect(Ask::get("/b?sig=hunter2").with("authorization", "Basic dTpodW50ZXIy"))
        .answer(Answer::status(401));
    let secret = Redacted::new("hunter2");
    let client = client();
    let request = client.get(double.url("/t")).bearer(&secret);
    assert!(!format!("{request:?}").contains("hunter2"), "{request:?}");
    let error = request.send().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let error = client
        .get(double.url("/b?sig=hunter2"))
        .basic("u", &secret)
        .send()
        .await
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn the_double_complains_about_what_is_not_in_the_script() {
    let double = Double::start();
    double.expect(Ask::get("/never")).answer(Answer::ok(""));
    let error = client()
        .get(double.url("/unknown"))
        .send()
        .await
        .unwrap_err();
    assert!(matches!(error, NetError::Status { status: 418, .. }));
    let complaints = double.complaints().join("\n");
    assert!(
        complaints.contains("GET /unknown") && complaints.contains("GET /never"),
        "{complaints}"
    );
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(double)));
    assert!(outcome.is_err());
}
