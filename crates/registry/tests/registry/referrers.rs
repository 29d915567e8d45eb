//! Lists of what is attached.

use sealcheck_net::double::{Answer, Double};
use sealcheck_registry::double::{At, Fault, RegistryDouble};
use sealcheck_registry::{
    Attached, Descriptor, Lookup, OCI_INDEX, OCI_MANIFEST, Referrers, RegistryError,
};
use sealcheck_verify::Digest;

use crate::support::{anonymous, code, count};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SBOM: &str = "application/spdx+json";

/// A registry with an image to which three things are attached.
fn with_three() -> (RegistryDouble, Descriptor, Vec<Descriptor>) {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let attached = [
        (BUNDLE, b"{\"n\":1}"),
        (SBOM, b"{\"n\":2}"),
        (BUNDLE, b"{\"n\":3}"),
    ]
    .map(|(artifact_type, content)| {
        registry.attach(
            "app",
            &image,
            artifact_type,
            &[(artifact_type, content, &[])],
        )
    });
    (registry, image, attached.to_vec())
}

fn digests(list: &Referrers) -> Vec<Digest> {
    list.descriptors
        .iter()
        .map(|listed| listed.digest)
        .collect()
}

async fn ask(
    registry: &RegistryDouble,
    image: &Descriptor,
    filter: Option<&str>,
) -> Result<Vec<Digest>, RegistryError> {
    let reference = registry.reference("app");
    let answer = anonymous()
        .referrers(reference.repository(), &image.digest, filter)
        .await?;
    Ok(digests(&answer.found().unwrap()))
}

#[tokio::test]
async fn what_is_attached_is_listed_in_order() {
    let (registry, image, attached) = with_three();
    let expected: Vec<Digest> = attached.iter().map(|one| one.digest).collect();
    assert_eq!(ask(&registry, &image, None).await.unwrap(), expected);
    assert_eq!(
        registry.lines(),
        [format!("GET /v2/app/referrers/{}", image.digest)]
    );
}

#[tokio::test]
async fn an_image_without_anything_has_an_empty_list() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    assert_eq!(ask(&registry, &image, None).await.unwrap(), []);
}

#[tokio::test]
async fn a_filter_holds_whether_or_not_the_registry_applies_it() {
    let (registry, image, attached) = with_three();
    let expected = [attached[0].digest, attached[2].digest];
    assert_eq!(
        ask(&registry, &image, Some(BUNDLE)).await.unwrap(),
        expected
    );
    registry.filters(false);
    assert_eq!(
        ask(&registry, &image, Some(BUNDLE)).await.unwrap(),
        expected
    );
    let target = &registry.requests()[0].target;
    assert!(
        target.ends_with("?artifactType=application%2Fvnd.dev.sigstore.bundle.v0.3%2Bjson"),
        "{target}"
    );
}

#[tokio::test]
async fn pages_are_read_to_the_last() {
    let (registry, image, attached) = with_three();
    registry.page_size(1);
    let expected: Vec<Digest> = attached.iter().map(|one| one.digest).collect();
    assert_eq!(ask(&registry, &image, None).await.unwrap(), expected);
    assert_eq!(count(&registry, "GET", "/referrers/"), 3);
    assert_eq!(
        ask(&registry, &image, Some(BUNDLE)).await.unwrap(),
        [expected[0], expected[2]]
    );
}

#[tokio::test]
async fn pages_that_lead_in_a_circle_are_an_error() {
    let (registry, image, _) = with_three();
    registry.fault(At::Referrers, Fault::PagingLoop);
    let error = ask(&registry, &image, None).await.unwrap_err();
    assert_eq!(code(&error), "registry-answer-invalid");
    assert!(error.to_string().contains("link"), "{error}");
    assert_eq!(count(&registry, "GET", "/referrers/"), 2);
}

#[tokio::test]
async fn a_page_on_another_host_is_not_asked_for() {
    let (registry, image, _) = with_three();
    // It would fail the test if it were asked.
    let elsewhere = Double::start();
    for url in [
        elsewhere.url("/v2/app/referrers/x"),
        "//127.0.0.1:1/x".to_owned(),
        "https://[".to_owned(),
    ] {
        registry.heal();
        registry.fault(At::Referrers, Fault::PageElsewhere(url));
        let error = ask(&registry, &image, None).await.unwrap_err();
        assert!(
            matches!(&error, RegistryError::Malformed { field, .. } if field == "link"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_page_that_fails_spoils_the_list() {
    let (registry, image, _) = with_three();
    registry.page_size(2);
    registry.fault_once(At::Referrers, Fault::Slow(std::time::Duration::ZERO));
    for (fault, expected) in [
        (Fault::Forbidden, "registry-forbidden"),
        (Fault::ServerError, "registry-unavailable"),
        (Fault::Truncated, "registry-unavailable"),
        // The API was there a page ago.
        (Fault::PageNotFound, "registry-answer-invalid"),
        (Fault::Absent, "registry-answer-invalid"),
        (Fault::Status(405), "registry-unavailable"),
    ] {
        registry.heal();
        registry.fault_once(At::Referrers, Fault::Slow(std::time::Duration::ZERO));
        registry.fault(At::Referrers, fault.clone());
        let error = ask(&registry, &image, None).await.unwrap_err();
        assert_eq!(code(&error), expected, "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn a_thousand_are_listed_and_one_more_is_too_many() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    registry.fault(At::Referrers, Fault::Entries(1000));
    assert_eq!(ask(&registry, &image, None).await.unwrap().len(), 1000);
    registry.heal();
    registry.fault(At::Referrers, Fault::Entries(1001));
    let error = ask(&registry, &image, None).await.unwrap_err();
    assert_eq!(code(&error), "limit-exceeded");
    assert!(error.to_string().contains("1000 (referrers)"), "{error}");
}

#[tokio::test]
async fn empty_pages_without_an_end_are_too_many() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let endless = Double::start();
    endless.respond(|asked| {
        let page: usize = asked
            .target
            .rsplit_once('=')
            .and_then(|(_, page)| page.parse().ok())
            .unwrap_or(0);
        let body = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[]}}"#,
            OCI_INDEX
        );
        let path = asked.target.split('?').next().unwrap();
        Some(
            Answer::ok(body)
                .header("content-type", OCI_INDEX)
                .header("link", &format!("<{path}?p={}>; rel=\"next\"", page + 1)),
        )
    });
    let reference =
        sealcheck_registry::Reference::parse(&format!("127.0.0.1:{}/app", endless.port())).unwrap();
    let error = anonymous()
        .referrers(reference.repository(), &image.digest, None)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "limit-exceeded");
    assert!(error.to_string().contains("referrer-pages"), "{error}");
    assert_eq!(endless.requests().len(), 100);
}

#[tokio::test]
async fn a_broken_entry_is_told_and_hides_nothing() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let good = registry.attach("app", &image, BUNDLE, &[(BUNDLE, b"{}", &[])]);
    let list = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{{"digest":"md5:x"}},{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":{}}},7]}}"#,
        OCI_INDEX, good.digest, good.size
    );
    let index = registry.manifest("app", OCI_INDEX, list.as_bytes());
    registry.tag(
        "app",
        &Attached::Referrers.tag(&image.digest),
        &index.digest,
    );
    let reference = registry.reference("app");
    let answer = anonymous()
        .referrers_by_tag(reference.repository(), &image.digest)
        .await
        .unwrap()
        .found()
        .unwrap();
    assert_eq!(digests(&answer), [good.digest]);
    assert_eq!(answer.broken.len(), 2);
}

#[tokio::test]
async fn the_index_under_the_tag_is_a_list_as_well() {
    let (registry, image, attached) = with_three();
    let mut wrong_type = attached[0].clone();
    wrong_type.artifact_type = String::new();
    registry.list_by_tag("app", &image, &[&wrong_type, &attached[1], &attached[1]]);
    let reference = registry.reference("app");
    let client = anonymous();
    let answer = client
        .referrers_by_tag(reference.repository(), &image.digest)
        .await
        .unwrap()
        .found()
        .unwrap();
    // Each digest once, whatever type the entry claims.
    assert_eq!(digests(&answer), [attached[0].digest, attached[1].digest]);
    let other = client
        .referrers_by_tag(reference.repository(), &Digest::sha256(b"x"))
        .await
        .unwrap();
    assert!(other.is_absent());
}

#[tokio::test]
async fn an_image_under_the_referrers_tag_is_no_list() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    registry.attach_by_tag("app", &image, Attached::Referrers, &[]);
    let error = anonymous()
        .referrers_by_tag(registry.reference("app").repository(), &image.digest)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "manifest-malformed");
}

#[tokio::test]
async fn too_many_under_the_tag_are_too_many() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let many: Vec<Descriptor> = (0..=1000_u64)
        .map(|number| Descriptor::new(OCI_MANIFEST, Digest::sha256(&number.to_be_bytes()), 1))
        .collect();
    registry.list_by_tag("app", &image, &many.iter().collect::<Vec<_>>());
    let error = anonymous()
        .referrers_by_tag(registry.reference("app").repository(), &image.digest)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "limit-exceeded");
}

#[tokio::test]
async fn a_registry_without_the_api_is_told_from_one_without_referrers() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    registry.fault(At::Referrers, Fault::PageNotFound);
    let reference = registry.reference("app");
    let answer = anonymous()
        .referrers(reference.repository(), &image.digest, None)
        .await
        .unwrap();
    match answer {
        Lookup::Absent(absence) => assert_eq!(absence.code, "status 404"),
        Lookup::Found(found) => panic!("{found:?}"),
    }
}

/// What comes of a list when something answers in this way.
async fn answered_by(answer: impl Fn() -> Answer + Send + 'static) -> &'static str {
    let http = Double::start();
    http.respond(move |_| Some(answer()));
    let reference =
        sealcheck_registry::Reference::parse(&format!("127.0.0.1:{}/app", http.port())).unwrap();
    let listed = anonymous()
        .referrers(reference.repository(), &Digest::sha256(b"x"), None)
        .await;
    match listed {
        Ok(Lookup::Found(_)) => "found",
        Ok(Lookup::Absent(_)) => "absent",
        Err(error) => code(&error),
    }
}

#[tokio::test]
async fn a_404_that_refuses_is_not_a_registry_without_the_api() {
    for body in [
        r#"{"errors":[{"code":"DENIED","message":"no"}]}"#,
        r#"{"errors":[{"code":"denied"}]}"#,
        r#"{"errors":[{"code":"FORBIDDEN"}]}"#,
        r#"{"errors":[{"code":"NAME_UNKNOWN"},{"code":"DENIED"}]}"#,
    ] {
        let found = answered_by(move || Answer::status(404).with_body(body)).await;
        assert_eq!(found, "registry-forbidden", "{body}");
    }
}

#[tokio::test]
async fn a_page_for_people_is_not_a_registry_without_the_api() {
    for status in [404, 400, 405] {
        let page = move || Answer::status(status).with_body("<html>blocked by proxy");
        assert_eq!(answered_by(page).await, "registry-answer-invalid");
        let typed = move || Answer::status(status).header("content-type", "text/html");
        assert_eq!(answered_by(typed).await, "registry-answer-invalid");
        let plain = move || Answer::status(status).with_body("404 page not found");
        assert_eq!(answered_by(plain).await, "absent");
    }
}

#[tokio::test]
async fn a_refusal_in_plain_words_is_not_a_registry_without_the_api() {
    for (status, body) in [
        (404, "proxy: access denied by policy"),
        (404, r#"{"message":"You are not authorized"}"#),
        (400, "unauthorized: authentication required"),
        (405, "Forbidden"),
    ] {
        let plain = move || Answer::status(status).with_body(body);
        assert_eq!(answered_by(plain).await, "registry-forbidden", "{body}");
        let as_registry = move || plain().header("docker-distribution-api-version", "registry/2.0");
        assert_eq!(
            answered_by(as_registry).await,
            "registry-forbidden",
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_registry_without_the_api_is_known_by_its_answer() {
    for status in [404, 400, 405, 406, 501] {
        for (body, expected) in [
            ("", "absent"),
            ("404 page not found\n", "absent"),
            ("Method Not Allowed", "absent"),
            (
                r#"{"errors":[{"code":"NOT_FOUND","message":"no"}]}"#,
                "absent",
            ),
            (r#"{"errors":[{"code":"UNSUPPORTED"}]}"#, "absent"),
            ("blocked", INVALID),
            (r#"{"detail":"nothing here"}"#, INVALID),
            (r#"{"errors":[]}"#, INVALID),
        ] {
            let plain = move || Answer::status(status).with_body(body);
            assert_eq!(answered_by(plain).await, expected, "{status} {body}");
            let as_registry =
                move || plain().header("docker-distribution-api-version", "registry/2.0");
            assert_eq!(answered_by(as_registry).await, "absent", "{status} {body}");
        }
    }
}

#[tokio::test]
async fn only_a_200_is_a_list() {
    for (status, expected) in [
        (200, "found"),
        (203, INVALID),
        (206, "registry-unavailable"),
        (226, INVALID),
    ] {
        let list = move || {
            let body = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[]}}"#);
            let answer = Answer::status(status).with_body(body);
            answer.header("content-type", OCI_INDEX)
        };
        assert_eq!(answered_by(list).await, expected, "{status}");
    }
}

#[tokio::test]
async fn a_link_that_cannot_be_read_is_not_the_end_of_the_list() {
    for (link, expected) in [
        ("/v2/app/referrers/x?last=1; rel=\"next\"", INVALID),
        ("</v2/app/referrers/x?last=1; rel=\"next\"", INVALID),
        ("nonsense", INVALID),
        ("</v2/app/referrers/x>; rel*=UTF-8''next", INVALID),
        // Read as it is meant, and then the page comes again and again.
        ("</v2/app/referrers/x?last=1>; rel='next'", INVALID),
        ("<https://docs.example>; rel=help", "found"),
        ("", "found"),
    ] {
        let list = move || {
            let body = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[]}}"#);
            Answer::ok(body)
                .header("content-type", OCI_INDEX)
                .header("link", link)
        };
        assert_eq!(answered_by(list).await, expected, "{link}");
    }
}

const INVALID: &str = "registry-answer-invalid";
