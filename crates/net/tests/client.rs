//! The client against the scripted double: statuses, retries, limits, deadlines, bodies.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::TcpListener;
use std::time::Duration;

use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{Client, Config, NetError, Phase, Proxies, Redacted, RetryPolicy};

fn config() -> Config {
    Config {
        retry: RetryPolicy {
            attempts: 3,
            base: Duration::from_millis(1),
            cap: Duration::from_millis(4),
        },
        proxies: Proxies::none(),
        ..Config::default()
    }
}

fn client() -> Client {
    Client::new(config()).unwrap()
}

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

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_not_a_byte_larger() {
    let double = Double::start();
    for answer in [
        Answer::ok("12345678"),
        Answer::ok("12345678").chunked(),
        Answer::ok("12345678").gzip(),
    ] {
        double
            .expect(Ask::get("/x"))
            .answer(answer.clone())
            .answer(answer);
        assert_eq!(
            client()
                .get(double.url("/x"))
                .limit(8)
                .send()
                .await
                .unwrap()
                .body(),
            b"12345678"
        );
        let error = client()
            .get(double.url("/x"))
            .limit(7)
            .send()
            .await
            .unwrap_err();
        assert!(
            matches!(error, NetError::TooLarge { limit: 7, .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_declared_size_is_believed_when_it_is_too_large() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .answer(Answer::ok(vec![0; 5000]));
    let error = client()
        .get(double.url("/x"))
        .limit(4999)
        .send()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            NetError::TooLarge {
                declared: Some(5000),
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_limit() {
    let double = Double::start();
    let bomb = Answer::ok(vec![0; 64 << 20]).gzip();
    double.expect(Ask::get("/x")).answer(bomb);
    let error = client()
        .get(double.url("/x"))
        .limit(1 << 20)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), "too-large");
}

#[tokio::test]
async fn gzip_is_decoded_and_other_or_broken_encodings_are_errors() {
    let double = Double::start();
    double
        .expect(Ask::get("/x"))
        .answer(Answer::ok("hello").gzip());
    assert_eq!(
        client().get(double.url("/x")).send().await.unwrap().body(),
        b"hello"
    );

    let whole = Answer::ok("hello hello hello").gzip();
    let mut stream = Vec::new();
    {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(&mut stream, flate2::Compression::fast());
        encoder.write_all(b"hello hello hello").unwrap();
        encoder.finish().unwrap();
    }
    stream.truncate(stream.len() - 4);
    let broken = [
        whole.clone().with_body("not gzip at all"),
        whole.with_body(stream),
        Answer::ok("x").header("content-encoding", "br"),
        Answer::ok("x")
            .header("content-encoding", "gzip")
            .header("content-encoding", "gzip"),
    ];
    for answer in broken {
        double.expect(Ask::get("/y")).answer(answer.clone());
        let error = client().get(double.url("/y")).send().await.unwrap_err();
        assert_eq!(error.kind(), "encoding", "{answer:?}: {error:?}");
    }
    double
        .expect(Ask::get("/empty"))
        .answer(Answer::ok("").header("content-encoding", "gzip"));
    assert!(
        client()
            .get(double.url("/empty"))
            .send()
            .await
            .unwrap()
            .body()
            .is_empty()
    );
}

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
async fn connections_are_kept_alive() {
    let double = Double::start();
    double.expect(Ask::get("/x")).forever(Answer::ok("x"));
    let client = client();
    for _ in 0..3 {
        client.get(double.url("/x")).send().await.unwrap();
    }
    assert_eq!(double.connections(), 1);
}

#[tokio::test]
async fn a_stream_gives_the_bytes_as_they_are() {
    let double = Double::start();
    let artifact: Vec<u8> = (0..200_000u32).map(|n| n.to_le_bytes()[0]).collect();
    let labelled = Answer::ok(artifact.clone()).header("content-encoding", "gzip");
    double
        .expect(Ask::get("/x").with("accept-encoding", "identity"))
        .answer(Answer::status(503))
        .answer(labelled);
    let client = client();
    let mut download = client
        .get(double.url("/x"))
        .limit(200_000)
        .stream()
        .await
        .unwrap();
    assert_eq!(download.content_length(), Some(200_000));
    let mut bytes = Vec::new();
    while let Some(piece) = download.chunk().await.unwrap() {
        bytes.extend_from_slice(&piece);
    }
    assert!(bytes == artifact);
}

#[tokio::test]
async fn a_stream_is_cut_off_at_its_limit_and_truncation_and_stalls_are_errors() {
    async fn drain(client: &Client, url: String, limit: u64) -> NetError {
        let mut download = match client.get(url).limit(limit).stream().await {
            Ok(download) => download,
            Err(error) => return error,
        };
        loop {
            match download.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("taken for complete"),
                Err(error) => return error,
            }
        }
    }
    let double = Double::start();
    let client = Client::new(Config {
        stall_timeout: Duration::from_millis(200),
        ..config()
    })
    .unwrap();
    double
        .expect(Ask::get("/declared"))
        .answer(Answer::ok(vec![0; 100]));
    assert_eq!(
        drain(&client, double.url("/declared"), 99).await.kind(),
        "too-large"
    );
    double
        .expect(Ask::get("/undeclared"))
        .answer(Answer::ok(vec![0; 100]).chunked());
    assert_eq!(
        drain(&client, double.url("/undeclared"), 99).await.kind(),
        "too-large"
    );
    double
        .expect(Ask::get("/cut"))
        .answer(Answer::ok(vec![0; 100]).cut_after(50));
    assert!(matches!(
        drain(&client, double.url("/cut"), 100).await,
        NetError::Interrupted { received: 50, .. }
    ));
    double
        .expect(Ask::get("/stall"))
        .answer(Answer::ok(vec![0; 100]).drip(50, Duration::from_secs(20)));
    let error = drain(&client, double.url("/stall"), 100).await;
    assert!(
        matches!(
            error,
            NetError::Timeout {
                phase: Phase::Stall,
                ..
            }
        ),
        "{error:?}"
    );
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
