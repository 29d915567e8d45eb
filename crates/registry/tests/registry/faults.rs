//! Every way to fail, and what becomes of it. "Could not ask" is never "there is none".

use std::time::Duration;

use sealcheck_net::{Client, Config, double::Double};
use sealcheck_registry::double::{At, Fault, RegistryDouble};
use sealcheck_registry::{Lookup, Registry, RegistryError, Settings};
use sealcheck_verify::{Failure, Outcome, limits::BUNDLE_BYTES};

use crate::support::{anonymous, code, count, net};

/// What is expected of one question under one fault: `found`, `absent`, or the code of the reason.
struct Row {
    name: &'static str,
    fault: Fault,
    head: &'static str,
    manifest: &'static str,
    blob: &'static str,
    referrers: &'static str,
}

fn row(
    name: &'static str,
    fault: Fault,
    [head, manifest, blob, referrers]: [&'static str; 4],
) -> Row {
    Row {
        name,
        fault,
        head,
        manifest,
        blob,
        referrers,
    }
}

const FOUND: &str = "found";
const ABSENT: &str = "absent";
const UNAUTHORIZED: &str = "registry-unauthorized";
const FORBIDDEN: &str = "registry-forbidden";
const LIMITED: &str = "registry-rate-limited";
const UNAVAILABLE: &str = "registry-unavailable";
const INVALID: &str = "registry-answer-invalid";
const LIMIT: &str = "limit-exceeded";

fn table(elsewhere: &Double) -> Vec<Row> {
    vec![
        row("absent", Fault::Absent, [ABSENT; 4]),
        // Something that is no registry, or a registry that has not this API.
        row(
            "page not found",
            Fault::PageNotFound,
            [INVALID, INVALID, INVALID, ABSENT],
        ),
        row("401", Fault::Unauthorized, [UNAUTHORIZED; 4]),
        row("403", Fault::Forbidden, [FORBIDDEN; 4]),
        row("429", Fault::TooManyRequests(None), [LIMITED; 4]),
        row(
            "429 for an hour",
            Fault::TooManyRequests(Some(3600)),
            [LIMITED; 4],
        ),
        row("500", Fault::ServerError, [UNAVAILABLE; 4]),
        row("502", Fault::Status(502), [UNAVAILABLE; 4]),
        row("418", Fault::Status(418), [UNAVAILABLE; 4]),
        row(
            "405",
            Fault::Status(405),
            [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, ABSENT],
        ),
        row(
            "206",
            Fault::Status(206),
            [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE],
        ),
        row("silence", Fault::Silence, [UNAVAILABLE; 4]),
        row(
            "truncated",
            Fault::Truncated,
            [FOUND, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE],
        ),
        row(
            "wrong digest",
            Fault::WrongDigest,
            // A HEAD is believed: what the tag means is the registry's word. A list is one too.
            [FOUND, INVALID, INVALID, FOUND],
        ),
        row(
            "wrong media type",
            Fault::WrongMediaType,
            // What a blob is said to be does not matter.
            [FOUND, INVALID, FOUND, INVALID],
        ),
        row(
            "redirect to another host",
            Fault::RedirectTo(elsewhere.url("/elsewhere")),
            [INVALID, INVALID, INVALID, ABSENT],
        ),
        row("redirect loop", Fault::RedirectLoop, [UNAVAILABLE; 4]),
        row("gzip bomb", Fault::GzipBomb, [FOUND, LIMIT, INVALID, LIMIT]),
        row("huge", Fault::Huge, [FOUND, LIMIT, INVALID, LIMIT]),
        row(
            "garbage",
            Fault::Garbage,
            [FOUND, INVALID, INVALID, INVALID],
        ),
        row(
            "10,000 entries",
            Fault::Entries(10_000),
            // The HEAD of such an answer has no digest, so that its body is looked at.
            [LIMIT, LIMIT, INVALID, LIMIT],
        ),
    ]
}

/// A server that is no registry.
fn elsewhere() -> Double {
    let elsewhere = Double::start();
    elsewhere.respond(|_| {
        Some(
            sealcheck_net::double::Answer::status(404)
                .with_body("<html>not here</html>")
                .header("content-type", "text/html"),
        )
    });
    elsewhere
}

fn said<T>(answer: Result<Lookup<T>, RegistryError>) -> String {
    match answer {
        Ok(Lookup::Found(_)) => FOUND.to_owned(),
        Ok(Lookup::Absent(_)) => ABSENT.to_owned(),
        Err(error) => {
            assert_eq!(Failure::from(&error).reason, error.reason());
            assert!(!error.hint().is_empty());
            code(&error).to_owned()
        }
    }
}

#[tokio::test]
async fn each_fault_has_its_outcome_at_each_place() {
    let elsewhere = elsewhere();
    let mut wrong = Vec::new();
    for row in table(&elsewhere) {
        let registry = RegistryDouble::start();
        let image = registry.image("app", "v1");
        let attached = registry.attach(
            "app",
            &image,
            "application/vnd.example",
            &[("application/json", b"{\"a\":1}", &[])],
        );
        let tag = registry.reference("app:v1");
        let repository = tag.repository().clone();
        let client = anonymous();
        let manifest = client
            .manifest(&repository.with_digest(attached.digest))
            .await
            .unwrap();
        let layer = manifest.found().unwrap().image().unwrap().layers[0].clone();
        registry.fault(At::Registry, row.fault.clone());
        let client = client.fresh();
        for (question, expected, found) in [
            ("head", row.head, said(client.resolve(&tag).await)),
            (
                "manifest",
                row.manifest,
                said(client.fresh().manifest(&tag).await),
            ),
            (
                "blob",
                row.blob,
                said(client.blob(&repository, &layer, BUNDLE_BYTES).await),
            ),
            (
                "referrers",
                row.referrers,
                said(client.referrers(&repository, &image.digest, None).await),
            ),
        ] {
            if found != expected {
                wrong.push(format!(
                    "{}, {question}: expected {expected}, found {found}",
                    row.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nothing_that_could_not_be_asked_is_called_unsigned() {
    let elsewhere = elsewhere();
    for row in table(&elsewhere) {
        let registry = RegistryDouble::start();
        let image = registry.image("app", "v1");
        registry.list_by_tag("app", &image, &[]);
        registry.fault(At::ReferrersTag, row.fault.clone());
        let reference = registry.reference("app");
        let answer = anonymous()
            .referrers_by_tag(reference.repository(), &image.digest)
            .await;
        match answer {
            Ok(answer) => assert_eq!(
                answer.is_absent(),
                row.fault == Fault::Absent,
                "{}",
                row.name
            ),
            Err(error) => assert_ne!(error.reason().outcome(), Outcome::Unsigned, "{}", row.name),
        }
    }
}

#[tokio::test]
async fn a_failure_that_passes_is_asked_again() {
    let registry = RegistryDouble::start();
    registry.image("app", "v1");
    for fault in [
        Fault::TooManyRequests(Some(0)),
        Fault::TooManyRequests(None),
        Fault::Status(503),
        Fault::Silence,
        Fault::Truncated,
    ] {
        let name = format!("{fault:?}");
        registry.fault_once(At::Tag("v1".to_owned()), fault);
        let answer = anonymous().manifest(&registry.reference("app:v1")).await;
        assert!(answer.is_ok(), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_slow_registry_costs_no_more_than_the_deadline() {
    // The answer would be a right one, but nobody waits a minute for it.
    let registry = RegistryDouble::start();
    registry.image("app", "v1");
    registry.fault(At::Registry, Fault::Slow(Duration::from_secs(60)));
    let http = Client::new(Config {
        total_deadline: Duration::from_millis(100),
        ..net()
    });
    let client = Registry::new(http.unwrap(), Settings::default());
    let error = client
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap_err();
    assert_eq!(code(&error), "registry-unavailable");
    assert!(error.to_string().contains("took longer"), "{error}");
    assert_eq!(count(&registry, "GET", "manifests"), 1);
}

#[tokio::test]
async fn the_wait_that_was_asked_for_is_told() {
    let registry = RegistryDouble::start();
    registry.repository("app");
    registry.fault(At::Registry, Fault::TooManyRequests(Some(77)));
    let error = anonymous()
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("77 s"), "{error}");
}

#[tokio::test]
async fn what_the_registry_says_is_told() {
    let registry = RegistryDouble::start();
    registry.repository("app");
    registry.fault(At::Registry, Fault::Forbidden);
    let error = anonymous()
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("DENIED: requested access"), "{text}");
    assert!(text.contains("/v2/app/manifests/v1"), "{text}");
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_unavailable() {
    let client = anonymous();
    let reference = sealcheck_registry::Reference::parse("127.0.0.1:1/app:v1").unwrap();
    let error = client.resolve(&reference).await.unwrap_err();
    assert_eq!(code(&error), "registry-unavailable");
}
