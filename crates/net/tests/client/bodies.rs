//! Bodies, whole or in pieces: their limits and encodings.

use std::time::Duration;

use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{Client, Config, NetError, Phase};

use crate::{client, config};

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
    // A body that never stands still and never comes to anything is one that stalls.
    double
        .expect(Ask::get("/drip"))
        .answer(Answer::ok(vec![0; 10_000]).drip(1, Duration::from_millis(20)));
    for path in ["/stall", "/drip"] {
        let error = drain(&client, double.url(path), 10_000).await;
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
}
