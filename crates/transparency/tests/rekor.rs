//! The Rekor client against a scripted log.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::path::PathBuf;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{Client, Config, NetError, Proxies, RetryPolicy};
use sealcheck_transparency::{LogError, RekorClient, Uuid};
use sealcheck_verify::{Digest, Failure, Reason};
use serde_json::{Value, json};

const TREE: &str = "24296fb24b8ad77a";
const OTHER_TREE: &str = "362f8ecba72f4326";
const SEARCH: &str = "/api/v1/index/retrieve";
const RETRIEVE: &str = "/api/v1/log/entries/retrieve";

fn log(double: &Double) -> RekorClient {
    log_within(double, Duration::from_secs(60))
}

fn log_within(double: &Double, total_deadline: Duration) -> RekorClient {
    let retry = RetryPolicy {
        attempts: 2,
        base: Duration::from_millis(1),
        cap: Duration::from_millis(1),
    };
    let http = Client::new(Config {
        total_deadline,
        retry,
        proxies: Proxies::none(),
        ..Config::default()
    })
    .unwrap();
    RekorClient::new(http, &double.url("/"))
}

fn body(number: usize) -> Vec<u8> {
    json!({ "apiVersion": "0.0.1", "kind": "hashedrekord", "spec": { "number": number } })
        .to_string()
        .into_bytes()
}

fn leaf(body: &[u8]) -> String {
    Digest::sha256(&[&[0], body].concat()).hex()
}

fn plain(number: usize) -> Uuid {
    leaf(&body(number)).parse().unwrap()
}

fn sharded(number: usize) -> Uuid {
    format!("{TREE}{}", leaf(&body(number))).parse().unwrap()
}

fn fields(number: usize) -> Value {
    json!({
        "attestation": { "data": "e30=" },
        "body": BASE64.encode(&body(number)),
        "integratedTime": 1_669_834_747,
        "logID": "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d",
        "logIndex": 8_173_886,
        "verification": {
            "inclusionProof": {
                "checkpoint": "rekor.example - 2605736670972794746\n1\nroot=\n\n— rekor.example sig=\n",
                "hashes": ["11".repeat(32), "22".repeat(32)],
                "logIndex": 4_010_455,
                "rootHash": "33".repeat(32),
                "treeSize": 4_010_460,
            },
            "signedEntryTimestamp": "MEUC",
        },
    })
}

fn answer(uuid: Uuid, fields: &Value) -> Answer {
    Answer::json(json!({ uuid.to_string(): fields }).to_string())
}

fn list(entries: &[(Uuid, Value)]) -> Answer {
    let entries: Vec<Value> = entries
        .iter()
        .map(|(uuid, fields)| json!({ uuid.to_string(): fields }))
        .collect();
    Answer::json(json!(entries).to_string())
}

fn ask_for(uuid: Uuid) -> Ask {
    Ask::get(format!("/api/v1/log/entries/{uuid}"))
}

fn ask_for_all(uuids: &[Uuid]) -> Ask {
    let ids: Vec<String> = uuids.iter().map(Uuid::to_string).collect();
    Ask::post(RETRIEVE).body(move |body| {
        serde_json::from_slice::<Value>(body).unwrap() == json!({ "entryUUIDs": ids })
    })
}

#[track_caller]
fn flaw(error: LogError) -> (String, String) {
    assert_eq!(error.reason(), Reason::LogAnswerInvalid);
    match error {
        LogError::AnswerInvalid { field, found, .. } => (field, found),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_search_gives_the_ids_once_each() {
    let double = Double::start();
    let digest = Digest::sha256(b"artifact");
    let question = json!({ "hash": format!("sha256:{}", digest.hex()) });
    let ids = [sharded(1), plain(2), sharded(1), plain(1)].map(|uuid| uuid.to_string());
    double
        .expect(
            Ask::post(SEARCH)
                .body(move |body| serde_json::from_slice::<Value>(body).unwrap() == question),
        )
        .answer(Answer::json(json!(ids).to_string()));
    let hits = log(&double).search(&digest).await.unwrap();
    assert_eq!((hits.uuids, hits.omitted), (vec![sharded(1), plain(2)], 0));
}

#[tokio::test]
async fn a_search_without_result_is_an_empty_answer() {
    let double = Double::start();
    double
        .expect(Ask::post(SEARCH))
        .answer(Answer::json("[]\n"));
    let hits = log(&double).search(&Digest::sha256(b"")).await.unwrap();
    assert!(hits.uuids.is_empty() && hits.omitted == 0);
}

#[tokio::test]
async fn more_ids_than_are_looked_at_are_counted() {
    let double = Double::start();
    let ids: Vec<String> = (0..1200).map(|number| plain(number).to_string()).collect();
    double
        .expect(Ask::post(SEARCH))
        .answer(Answer::json(json!(ids).to_string()));
    let hits = log(&double).search(&Digest::sha256(b"")).await.unwrap();
    assert_eq!(
        (hits.uuids.len(), hits.omitted),
        (RekorClient::MAX_HITS, 200)
    );
}

#[tokio::test]
async fn a_search_that_answers_nonsense_is_invalid_and_not_empty() {
    for (answer, field) in [
        ("", "body"),
        ("null", "body"),
        ("{}", "body"),
        ("[1]", "[0]"),
        (r#"["abc"]"#, "[0]"),
        ("[] []", "body"),
        ("[", "body"),
        ("<html>", "body"),
    ] {
        let double = Double::start();
        double
            .expect(Ask::post(SEARCH))
            .answer(Answer::json(answer));
        let error = log(&double).search(&Digest::sha256(b"")).await.unwrap_err();
        assert!(
            answer != "<html>" || error.to_string().contains("a web page"),
            "{error}"
        );
        assert_eq!(flaw(error).0, field, "{answer}");
    }
}

#[tokio::test]
async fn error_statuses_are_unavailable_and_never_none() {
    for status in [400, 401, 403, 404, 422, 429, 500, 501, 503] {
        let double = Double::start();
        double
            .expect(Ask::post(SEARCH))
            .forever(Answer::status(status));
        double
            .expect(Ask::post(RETRIEVE))
            .forever(Answer::status(status));
        let log = log(&double);
        let search = log.search(&Digest::sha256(b"")).await.unwrap_err();
        let entries = log.entries(&[plain(1)]).await.unwrap_err();
        for error in [search, entries] {
            assert_eq!(error.reason(), Reason::LogUnavailable);
            assert!(
                matches!(error, LogError::Unavailable(NetError::Status { status: s, .. }) if s == status)
            );
        }
    }
    let double = Double::start();
    double
        .expect(ask_for(plain(1)))
        .forever(Answer::status(500));
    let error = log(&double).entry(&plain(1)).await.unwrap_err();
    assert_eq!(Failure::from(&error).reason, Reason::LogUnavailable);
}

#[tokio::test]
async fn an_entry_is_decoded_and_made_a_bundle_element() {
    let double = Double::start();
    double
        .expect(ask_for(sharded(1)))
        .answer(answer(sharded(1), &fields(1)));
    let entry = log(&double).entry(&sharded(1)).await.unwrap().unwrap();
    assert_eq!(entry.uuid, sharded(1));
    assert_eq!(entry.body, body(1));
    let element = entry.to_bundle_tlog_entry();
    let expected = json!({
        "logIndex": "8173886",
        "logId": { "keyId": "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=" },
        "kindVersion": { "kind": "hashedrekord", "version": "0.0.1" },
        "integratedTime": "1669834747",
        "inclusionPromise": { "signedEntryTimestamp": "MEUC" },
        "inclusionProof": {
            "logIndex": "4010455",
            "rootHash": BASE64.encode(&[0x33; 32]),
            "treeSize": "4010460",
            "hashes": [BASE64.encode(&[0x11; 32]), BASE64.encode(&[0x22; 32])],
            "checkpoint": { "envelope": fields(1)["verification"]["inclusionProof"]["checkpoint"] },
        },
        "canonicalizedBody": BASE64.encode(&body(1)),
    });
    assert_eq!(element, expected);
}

#[tokio::test]
async fn an_entry_without_proof_or_promise_has_none_in_the_bundle_element_either() {
    let double = Double::start();
    let mut bare = fields(1);
    bare.as_object_mut().unwrap().remove("verification");
    double
        .expect(ask_for(plain(1)))
        .answer(answer(plain(1), &bare));
    let entry = log(&double).entry(&plain(1)).await.unwrap().unwrap();
    let element = entry.to_bundle_tlog_entry();
    assert!(element.get("inclusionProof").is_none() && element.get("inclusionPromise").is_none());
    let mut unsigned = fields(1);
    unsigned["verification"]["inclusionProof"]
        .as_object_mut()
        .unwrap()
        .remove("checkpoint");
    double
        .expect(ask_for(plain(1)))
        .answer(answer(plain(1), &unsigned));
    let entry = log(&double).entry(&plain(1)).await.unwrap().unwrap();
    assert!(
        entry.to_bundle_tlog_entry()["inclusionProof"]
            .get("checkpoint")
            .is_none()
    );
}

#[tokio::test]
async fn an_answer_may_be_keyed_by_either_form_of_the_id() {
    let double = Double::start();
    for (asked, keyed) in [(plain(1), sharded(1)), (sharded(1), plain(1))] {
        double
            .expect(ask_for(asked))
            .answer(answer(keyed, &fields(1)));
        assert_eq!(
            log(&double).entry(&asked).await.unwrap().unwrap().uuid,
            keyed
        );
    }
}

#[tokio::test]
async fn an_entry_that_the_log_does_not_have_is_none() {
    let double = Double::start();
    double.expect(ask_for(plain(1))).answer(Answer::status(404));
    assert_eq!(log(&double).entry(&plain(1)).await, Ok(None));
}

#[tokio::test]
async fn a_404_that_is_not_rekors_is_not_an_answer() {
    let double = Double::start();
    let page = Answer::status(404).with_body(r#"{"code":404,"message":"path /x was not found"}"#);
    double.expect(ask_for(plain(1))).answer(page);
    flaw(log(&double).entry(&plain(1)).await.unwrap_err());
}

#[tokio::test]
async fn an_answer_to_another_question_is_invalid() {
    let elsewhere: Uuid = format!("{OTHER_TREE}{}", leaf(&body(1))).parse().unwrap();
    for (keyed, number) in [(sharded(2), 2), (elsewhere, 1)] {
        let double = Double::start();
        double
            .expect(ask_for(sharded(1)))
            .answer(answer(keyed, &fields(number)));
        double
            .expect(ask_for_all(&[sharded(1)]))
            .answer(list(&[(keyed, fields(number))]));
        let (field, found) = flaw(log(&double).entry(&sharded(1)).await.unwrap_err());
        assert_eq!((field.as_str(), found), ("(key)", keyed.to_string()));
        let (field, found) = flaw(log(&double).entries(&[sharded(1)]).await.unwrap_err());
        assert_eq!((field.as_str(), found), ("[0]", keyed.to_string()));
    }
}

#[tokio::test]
async fn a_body_that_is_not_the_entrys_is_invalid() {
    let double = Double::start();
    double
        .expect(ask_for(sharded(1)))
        .answer(answer(sharded(1), &fields(2)));
    double
        .expect(ask_for_all(&[sharded(1)]))
        .answer(list(&[(sharded(1), fields(2))]));
    let (field, found) = flaw(log(&double).entry(&sharded(1)).await.unwrap_err());
    assert_eq!(field, "body");
    assert!(found.contains(&leaf(&body(2))), "{found}");
    assert_eq!(
        flaw(log(&double).entries(&[sharded(1)]).await.unwrap_err()).0,
        "[0].body"
    );
}

#[tokio::test]
async fn each_malformed_field_is_named() {
    let proof = "verification.inclusionProof";
    let cases: Vec<(&str, Value, String)> = vec![
        ("/body", json!("!"), "body".into()),
        ("/body", json!(7), "body".into()),
        ("/logID", json!("c0d2"), "logID".into()),
        ("/logIndex", json!(-1), "logIndex".into()),
        ("/logIndex", json!("1"), "logIndex".into()),
        ("/integratedTime", json!(1.5), "integratedTime".into()),
        (
            "/verification/signedEntryTimestamp",
            json!("?"),
            "verification.signedEntryTimestamp".into(),
        ),
        (
            "/verification/inclusionProof/rootHash",
            json!("zz"),
            format!("{proof}.rootHash"),
        ),
        (
            "/verification/inclusionProof/treeSize",
            json!(-5),
            format!("{proof}.treeSize"),
        ),
        (
            "/verification/inclusionProof/hashes/1",
            json!("00"),
            format!("{proof}.hashes[1]"),
        ),
        (
            "/verification/inclusionProof/hashes",
            json!(vec!["11".repeat(32); 65]),
            format!("{proof}.hashes"),
        ),
        (
            "/verification/inclusionProof/checkpoint",
            json!("x".repeat(70_000)),
            format!("{proof}.checkpoint"),
        ),
    ];
    let double = Double::start();
    for (pointer, value, field) in cases {
        let mut wrong = fields(1);
        *wrong.pointer_mut(pointer).unwrap() = value;
        double
            .expect(ask_for(plain(1)))
            .answer(answer(plain(1), &wrong));
        let (at, _) = flaw(log(&double).entry(&plain(1)).await.unwrap_err());
        assert!(at.ends_with(&field), "{pointer}: {at}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_entry_is_invalid_even_under_its_own_hash() {
    for content in [
        "",
        "{}",
        "[]",
        r#"{"kind":"x"}"#,
        r#"{"kind":"a","kind":"b","apiVersion":"1"}"#,
    ] {
        let double = Double::start();
        let uuid: Uuid = leaf(content.as_bytes()).parse().unwrap();
        let mut wrong = fields(1);
        wrong["body"] = json!(BASE64.encode(content.as_bytes()));
        double.expect(ask_for(uuid)).answer(answer(uuid, &wrong));
        assert_eq!(
            flaw(log(&double).entry(&uuid).await.unwrap_err()).0,
            "body",
            "{content}"
        );
    }
}

#[tokio::test]
async fn malformed_json_and_surprising_shapes_are_invalid() {
    let (id, one) = (plain(1).to_string(), fields(1).to_string());
    for answer in [
        String::new(),
        "{".into(),
        "{}".into(),
        "null".into(),
        "[]".into(),
        "<html>hello</html>".into(),
        format!("{{\"{id}\":{one},\"{id}\":{one}}}"),
        format!("{{\"{id}\":{one}}} trailing"),
        format!("{{\"nonsense\":{one}}}"),
        format!(
            "{{\"{id}\":{}}}",
            one.replacen("\"logIndex\"", "\"logIndex\":1,\"logIndex\"", 1)
        ),
        format!(
            "{{\"{id}\":{}{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ),
    ] {
        let double = Double::start();
        double
            .expect(ask_for(plain(1)))
            .answer(Answer::json(answer));
        flaw(log(&double).entry(&plain(1)).await.unwrap_err());
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_invalid() {
    let double = Double::start();
    double
        .expect(ask_for(plain(1)))
        .answer(Answer::json(vec![b' '; (8 << 20) + 1]).chunked());
    double
        .expect(Ask::post(SEARCH))
        .answer(Answer::json(vec![b' '; 64 << 20]).gzip());
    flaw(log(&double).entry(&plain(1)).await.unwrap_err());
    flaw(log(&double).search(&Digest::sha256(b"")).await.unwrap_err());
}

#[tokio::test]
async fn slow_truncated_and_missing_logs_are_unavailable() {
    let double = Double::start();
    double
        .expect(Ask::post(SEARCH))
        .answer(Answer::json("[]").after(Duration::from_secs(20)));
    let error = log_within(&double, Duration::from_millis(200))
        .search(&Digest::sha256(b""))
        .await
        .unwrap_err();
    assert!(
        matches!(error, LogError::Unavailable(NetError::Timeout { .. })),
        "{error:?}"
    );
    double
        .expect(ask_for(plain(1)))
        .forever(answer(plain(1), &fields(1)).cut_after(100));
    let error = log(&double).entry(&plain(1)).await.unwrap_err();
    assert!(
        matches!(error, LogError::Unavailable(NetError::Interrupted { .. })),
        "{error:?}"
    );
    assert!(!error.hint().is_empty());
}

#[tokio::test]
async fn entries_are_fetched_in_batches_and_come_in_the_order_of_the_question() {
    let double = Double::start();
    let uuids: Vec<Uuid> = (0..23).map(sharded).collect();
    for (batch, numbers) in uuids.chunks(10).zip([0..10, 10..20, 20..23]) {
        let backwards: Vec<_> = numbers
            .rev()
            .map(|number| (sharded(number), fields(number)))
            .collect();
        double.expect(ask_for_all(batch)).answer(list(&backwards));
    }
    let twice = [uuids.clone(), uuids.clone()].concat();
    let entries = log(&double).entries(&twice).await.unwrap();
    assert_eq!(
        entries
            .found
            .iter()
            .map(|entry| entry.uuid)
            .collect::<Vec<_>>(),
        uuids
    );
    assert!(entries.missing.is_empty());
    assert_eq!(double.hits("POST", RETRIEVE), 3);
}

#[tokio::test]
async fn entries_that_the_log_leaves_out_are_reported_missing() {
    let double = Double::start();
    let elsewhere: Uuid = format!("{OTHER_TREE}{}", leaf(&body(1))).parse().unwrap();
    let both = [
        (sharded(1), fields(1)),
        (elsewhere, fields(1)),
        (sharded(1), fields(1)),
    ];
    double
        .expect(ask_for_all(&[plain(1), plain(2)]))
        .answer(list(&both));
    let entries = log(&double).entries(&[plain(1), plain(2)]).await.unwrap();
    assert_eq!(
        entries
            .found
            .iter()
            .map(|entry| entry.uuid)
            .collect::<Vec<_>>(),
        [sharded(1), elsewhere]
    );
    assert_eq!(entries.missing, [plain(2)]);
    assert_eq!(log(&double).entries(&[]).await.unwrap().found, []);
}

/// Genuine bundles from the corpora: what the interface says about their entries becomes the same bundle element again.
#[tokio::test]
async fn entries_of_genuine_bundles_round_trip() {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpora = std::env::var_os("SEALCHECK_CORPORA")
        .map_or(workspace.join("../shared/corpora"), PathBuf::from);
    let Ok(files) = std::fs::read_dir(corpora.join("npm-attested/bundles")) else {
        println!(
            "skipped: the corpora are not at {} (set SEALCHECK_CORPORA)",
            corpora.display()
        );
        return;
    };
    let mut compared = 0;
    let double = Double::start();
    for file in files {
        let bundle: Value =
            serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        for element in bundle["verificationMaterial"]["tlogEntries"]
            .as_array()
            .unwrap()
        {
            let (uuid, wire) = as_the_interface_says(element);
            double.expect(ask_for(uuid)).answer(answer(uuid, &wire));
            let entry = log(&double).entry(&uuid).await.unwrap().unwrap();
            let mut expected = element.clone();
            if expected["inclusionProof"].is_null() {
                expected.as_object_mut().unwrap().remove("inclusionProof");
            }
            assert_eq!(entry.to_bundle_tlog_entry(), expected);
            compared += 1;
        }
    }
    assert!(compared > 0, "no bundle in {}", corpora.display());
}

/// The reverse of `to_bundle_tlog_entry`, with Rekor's own encodings.
fn as_the_interface_says(element: &Value) -> (Uuid, Value) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value.as_str().unwrap().parse::<u64>().unwrap();
    let hex = |value: &Value| {
        HEXLOWER.encode(&BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap())
    };
    let mut wire = json!({
        "body": element["canonicalizedBody"],
        "integratedTime": number(&element["integratedTime"]),
        "logID": hex(&element["logId"]["keyId"]),
        "logIndex": number(&element["logIndex"]),
        "verification": { "signedEntryTimestamp": element["inclusionPromise"]["signedEntryTimestamp"] },
    });
    let proof = &element["inclusionProof"];
    if !proof.is_null() {
        wire["verification"]["inclusionProof"] = json!({
            "checkpoint": proof["checkpoint"]["envelope"],
            "hashes": proof["hashes"].as_array().unwrap().iter().map(hex).collect::<Vec<_>>(),
            "logIndex": number(&proof["logIndex"]),
            "rootHash": hex(&proof["rootHash"]),
            "treeSize": number(&proof["treeSize"]),
        });
    }
    let body = BASE64
        .decode(text(&element["canonicalizedBody"]).as_bytes())
        .unwrap();
    (format!("{TREE}{}", leaf(&body)).parse().unwrap(), wire)
}
