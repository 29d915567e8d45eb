//! Tags and manifests.

use sealcheck_net::double::{Answer, Double};
use sealcheck_registry::double::{At, Fault, RegistryDouble};
use sealcheck_registry::{
    Attached, DOCKER_LIST, DOCKER_MANIFEST, Lookup, Reference, RegistryError,
};
use sealcheck_verify::{Digest, DigestAlgorithm, Reason};

use crate::support::{anonymous, code, count};

#[tokio::test]
async fn a_tag_is_resolved_with_one_head() {
    let registry = RegistryDouble::start();
    let image = registry.image("team/app", "v1");
    let reference = registry.reference("team/app:v1");
    let resolved = anonymous().resolve(&reference).await.unwrap();
    let resolved = resolved.found().unwrap();
    assert_eq!(resolved.digest, image.digest);
    assert_eq!(resolved.reference, reference.with_digest(image.digest));
    assert_eq!(registry.lines(), ["HEAD /v2/team/app/manifests/v1"]);
}

#[tokio::test]
async fn where_head_gives_no_digest_the_body_does() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    for fault in [Fault::Status(405), Fault::Status(501), Fault::Status(204)] {
        registry.fault_once(At::Tag("v1".to_owned()), fault);
        let resolved = anonymous()
            .resolve(&registry.reference("app:v1"))
            .await
            .unwrap();
        assert_eq!(resolved.found().unwrap().digest, image.digest);
    }
    assert_eq!(count(&registry, "HEAD", "/v1"), 3);
    assert_eq!(count(&registry, "GET", "/v1"), 3);
}

#[tokio::test]
async fn a_digest_is_its_own_answer() {
    let registry = RegistryDouble::start();
    let digest = Digest::sha256(b"x");
    let reference = registry.reference("app:v1").with_digest(digest);
    let resolved = anonymous().resolve(&reference).await.unwrap();
    assert_eq!(resolved.found().unwrap().digest, digest);
    assert!(registry.lines().is_empty());
}

#[tokio::test]
async fn manifests_are_fetched_by_tag_and_by_digest() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let index = registry.index("app", "all", &[(&image, "linux/amd64")]);
    let client = anonymous();
    let by_tag = client
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap();
    let by_tag = by_tag.found().unwrap();
    assert_eq!(by_tag.digest(), &image.digest);
    assert_eq!(by_tag.image().unwrap().layers.len(), 1);
    let pinned = registry.reference("app").with_digest(index.digest);
    let by_digest = client.manifest(&pinned).await.unwrap().found().unwrap();
    let children = &by_digest.index().unwrap().manifests;
    assert_eq!(children[0].digest, image.digest);
    assert_eq!(
        children[0].platform.as_ref().unwrap().to_string(),
        "linux/amd64"
    );
}

#[tokio::test]
async fn docker_manifests_are_read_and_all_kinds_are_asked_for() {
    let registry = RegistryDouble::start();
    let config = registry.blob(
        "app",
        "application/vnd.docker.container.image.v1+json",
        b"{}",
    );
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"mediaType":"{}","digest":"{}","size":2}},"layers":[]}}"#,
        config.media_type, config.digest
    );
    let child = registry.manifest("app", DOCKER_MANIFEST, manifest.as_bytes());
    let list = format!(
        r#"{{"schemaVersion":2,"mediaType":"{DOCKER_LIST}","manifests":[{{"mediaType":"{DOCKER_MANIFEST}","digest":"{}","size":{}}}]}}"#,
        child.digest, child.size
    );
    let list = registry.manifest("app", DOCKER_LIST, list.as_bytes());
    registry.tag("app", "v1", &list.digest);
    let client = anonymous();
    let found = client
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap();
    let found = found.found().unwrap();
    assert_eq!(found.media_type(), DOCKER_LIST);
    let child = registry.reference("app").with_digest(child.digest);
    let found = client.manifest(&child).await.unwrap().found().unwrap();
    assert!(found.image().unwrap().layers.is_empty());
    let accept = registry.requests()[0].header("accept").unwrap().to_owned();
    for media_type in [
        DOCKER_LIST,
        DOCKER_MANIFEST,
        sealcheck_registry::OCI_INDEX,
        sealcheck_registry::OCI_MANIFEST,
    ] {
        assert!(accept.contains(media_type), "{accept}");
    }
}

#[tokio::test]
async fn what_a_registry_does_not_have_is_absent() {
    let registry = RegistryDouble::start();
    registry.repository("app");
    let client = anonymous();
    for reference in [
        registry.reference("app:v1"),
        registry
            .reference("app")
            .with_digest(Digest::sha256(b"nothing")),
    ] {
        match client.manifest(&reference).await.unwrap() {
            Lookup::Absent(absence) => {
                assert_eq!(absence.code, "MANIFEST_UNKNOWN");
                assert!(absence.asked[0].ends_with(&format!(
                    "/v2/app/manifests/{}",
                    reference
                        .digest()
                        .map_or_else(|| "v1".to_owned(), Digest::to_string)
                )));
            }
            Lookup::Found(found) => panic!("{found:?}"),
        }
    }
    let other = registry.reference("app:v2");
    // A HEAD has no body that could tell a registry's 404 from another's: one GET makes sure.
    assert!(client.resolve(&other).await.unwrap().is_absent());
    assert_eq!(count(&registry, "HEAD", "/v2"), 1);
    assert_eq!(count(&registry, "GET", "manifests/v2"), 1);
}

#[tokio::test]
async fn a_404_that_refuses_or_is_a_page_is_no_absence_whatever_header_it_has() {
    for (content_type, body, expected) in [
        (
            "application/json",
            r#"{"errors":[{"code":"insufficient_scope","message":"authorization failed"}]}"#,
            "registry-forbidden",
        ),
        (
            "application/json",
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN"},{"code":"DENIED"}]}"#,
            "registry-forbidden",
        ),
        ("text/html", "<html>proxy error", "registry-answer-invalid"),
        ("text/plain", "<!DOCTYPE html>", "registry-answer-invalid"),
    ] {
        let http = Double::start();
        http.respond(move |_| {
            Some(
                Answer::status(404)
                    .with_body(body)
                    .header("content-type", content_type)
                    .header("docker-distribution-api-version", "registry/2.0"),
            )
        });
        let reference = Reference::parse(&format!("127.0.0.1:{}/app:v1", http.port())).unwrap();
        let error = anonymous().manifest(&reference).await.unwrap_err();
        assert_eq!(code(&error), expected, "{body}: {error}");
        // A HEAD shows the page only by its type.
        if content_type == "text/html" {
            let error = anonymous().resolve(&reference).await.unwrap_err();
            assert_eq!(code(&error), expected, "{body}: {error}");
        }
    }
}

#[tokio::test]
async fn content_that_is_not_that_of_the_digest_is_refused() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    registry.fault(At::Registry, Fault::WrongDigest);
    let client = anonymous();
    for reference in [
        // By the digest that the registry itself names, and by the one asked for.
        registry.reference("app:v1"),
        registry.reference("app").with_digest(image.digest),
    ] {
        let error = client.manifest(&reference).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::DigestMismatch { .. }),
            "{error}"
        );
        assert_eq!(code(&error), "registry-answer-invalid");
        assert!(error.to_string().contains(&image.digest.to_string()));
    }
}

#[tokio::test]
async fn other_digest_algorithms_are_checked_with_their_own() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let client = anonymous();
    let found = client
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap();
    let bytes = found.found().unwrap().bytes().clone();
    let sha512 = Digest::of(DigestAlgorithm::Sha512, &bytes).unwrap();
    let pinned = registry.reference("app").with_digest(sha512);
    let target = format!("/v2/app/manifests/{sha512}");
    registry
        .http()
        .expect(sealcheck_net::double::Ask::get(&target));
    // The double has no SHA-512 digests, and says so.
    assert!(client.manifest(&pinned).await.unwrap().is_absent());
    registry.tag("app", &format!("x{}", image.size), &image.digest);
    assert_eq!(
        sealcheck_registry::Manifest::read(bytes, None, Some(&sha512))
            .unwrap()
            .digest(),
        &sha512
    );
}

#[tokio::test]
async fn docker_schema_1_is_refused_by_name() {
    let registry = RegistryDouble::start();
    let old = registry.manifest(
        "app",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        br#"{"schemaVersion":1,"name":"app","tag":"v1","fsLayers":[]}"#,
    );
    registry.tag("app", "v1", &old.digest);
    let error = anonymous()
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap_err();
    assert_eq!(code(&error), "manifest-unsupported");
    assert!(error.to_string().contains("schema 1"), "{error}");
}

#[tokio::test]
async fn one_digest_is_not_an_image_to_one_and_an_index_to_another() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let client = anonymous();
    let bytes = client
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap();
    let bytes = bytes.found().unwrap().bytes().clone();
    // The same bytes, served as an index.
    registry.manifest("app", sealcheck_registry::OCI_INDEX, &bytes);
    let error = client
        .fresh()
        .manifest(&registry.reference("app").with_digest(image.digest))
        .await
        .unwrap_err();
    assert_eq!(code(&error), "manifest-malformed");
}

#[tokio::test]
async fn a_tag_that_moves_means_what_it_meant_first() {
    let registry = RegistryDouble::start();
    let first = registry.image("app", "first");
    let second = registry.image("app", "second");
    registry.tag_moves("app", "v1", &[first.digest, second.digest]);
    let client = anonymous();
    let reference = registry.reference("app:v1");
    let resolved = client.resolve(&reference).await.unwrap().found().unwrap();
    assert_eq!(resolved.digest, first.digest);
    let manifest = client.manifest(&reference).await.unwrap().found().unwrap();
    assert_eq!(manifest.digest(), &first.digest);
    assert_eq!(
        client
            .resolve(&reference)
            .await
            .unwrap()
            .found()
            .unwrap()
            .digest,
        first.digest
    );
    // Another run sees the tag as it is then.
    let later = client.fresh().manifest(&reference).await.unwrap();
    assert_eq!(later.found().unwrap().digest(), &second.digest);
}

#[tokio::test]
async fn who_resolves_and_who_fetches_at_one_time_see_one_digest() {
    let registry = RegistryDouble::start();
    let first = registry.image("app", "first");
    let second = registry.image("app", "second");
    registry.tag_moves("app", "v1", &[first.digest, second.digest, first.digest]);
    let client = anonymous();
    let reference = registry.reference("app:v1");
    let (resolved, manifest) =
        tokio::join!(client.resolve(&reference), client.manifest(&reference));
    let resolved = resolved.unwrap().found().unwrap();
    let manifest = manifest.unwrap().found().unwrap();
    assert_eq!(&resolved.digest, manifest.digest());
}

#[tokio::test]
async fn a_tag_that_is_deleted_after_it_was_resolved_does_not_matter() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let client = anonymous();
    let reference = registry.reference("app:v1");
    let resolved = client.resolve(&reference).await.unwrap().found().unwrap();
    registry.untag("app", "v1");
    let manifest = client.manifest(&resolved.reference).await.unwrap();
    assert_eq!(manifest.found().unwrap().digest(), &image.digest);
    registry.delete("app", &image.digest);
    let gone = client.fresh().manifest(&resolved.reference).await.unwrap();
    assert!(gone.is_absent());
}

#[tokio::test]
async fn cosigns_tags_are_found() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let signature = registry.attach_by_tag(
        "app",
        &image,
        Attached::Signature,
        &[(
            "application/vnd.dev.cosign.simplesigning.v1+json",
            b"{}",
            &[("dev.cosignproject.cosign/signature", "c2ln")],
        )],
    );
    let reference = registry.reference("app");
    let tag = reference
        .repository()
        .attached(&image.digest, Attached::Signature)
        .unwrap();
    let manifest = anonymous().manifest(&tag).await.unwrap().found().unwrap();
    assert_eq!(manifest.digest(), &signature.digest);
    let layer = &manifest.image().unwrap().layers[0];
    assert_eq!(
        layer.annotation("dev.cosignproject.cosign/signature"),
        Some("c2ln")
    );
}

#[tokio::test]
async fn an_ipv6_registry_is_asked_at_its_address() {
    let reference = Reference::parse("[::1]:1/app:v1").unwrap();
    let error = anonymous().resolve(&reference).await.unwrap_err();
    assert_eq!(error.reason(), Reason::RegistryUnavailable);
    assert!(
        error.to_string().contains("http://[::1]:1/v2/app/"),
        "{error}"
    );
}
