//! Content.

use sealcheck_registry::double::{At, Fault, RegistryDouble};
use sealcheck_registry::{Descriptor, RegistryError};
use sealcheck_verify::Digest;
use sealcheck_verify::limits::{BUNDLE_BYTES, Limit};

use crate::support::{anonymous, code, count};

const TEXT: &str = "application/json";

#[tokio::test]
async fn a_blob_is_read_whole_and_in_pieces() {
    let registry = RegistryDouble::start();
    let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_be_bytes).collect();
    let blob = registry.blob("app", TEXT, &content);
    let reference = registry.reference("app");
    let client = anonymous();
    let whole = client
        .blob(reference.repository(), &blob, BUNDLE_BYTES)
        .await
        .unwrap();
    assert_eq!(whole.found().unwrap(), content);
    let mut opened = client
        .open_blob(reference.repository(), &blob)
        .await
        .unwrap()
        .found()
        .unwrap();
    let mut read = Vec::new();
    while let Some(piece) = opened.chunk().await.unwrap() {
        read.extend_from_slice(&piece);
    }
    assert_eq!(read, content);
}

#[tokio::test]
async fn content_of_another_digest_or_size_is_refused_whole_and_in_pieces() {
    let registry = RegistryDouble::start();
    let blob = registry.blob("app", TEXT, b"0123456789");
    let reference = registry.reference("app");
    let repository = reference.repository();
    let larger = Descriptor::new(TEXT, blob.digest, 11);
    let smaller = Descriptor::new(TEXT, blob.digest, 9);
    let client = anonymous();
    for descriptor in [&larger, &smaller] {
        let error = client
            .blob(repository, descriptor, BUNDLE_BYTES)
            .await
            .unwrap_err();
        assert!(
            matches!(error, RegistryError::SizeMismatch { .. }),
            "{error}"
        );
        let mut opened = client
            .open_blob(repository, descriptor)
            .await
            .unwrap()
            .found()
            .unwrap();
        let error = loop {
            match opened.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the size was not checked"),
                Err(error) => break error,
            }
        };
        assert!(
            matches!(error, RegistryError::SizeMismatch { .. }),
            "{error}"
        );
    }
    registry.fault(At::Blob(blob.digest), Fault::Garbage);
    let garbage = Descriptor::new(TEXT, blob.digest, 18);
    let error = client
        .blob(repository, &garbage, BUNDLE_BYTES)
        .await
        .unwrap_err();
    assert!(
        matches!(error, RegistryError::DigestMismatch { .. }),
        "{error}"
    );
    let opened = client.open_blob(repository, &garbage).await.unwrap();
    let mut opened = opened.found().unwrap();
    assert!(opened.chunk().await.unwrap().is_some());
    let error = opened.chunk().await.unwrap_err();
    assert!(
        matches!(error, RegistryError::DigestMismatch { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn what_the_caller_cannot_hold_is_not_asked_for() {
    let registry = RegistryDouble::start();
    let blob = registry.blob("app", TEXT, &[0; 100]);
    let limit = Limit {
        name: "test-bytes",
        max: 99,
    };
    let error = anonymous()
        .blob(registry.reference("app").repository(), &blob, limit)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "limit-exceeded");
    assert!(error.to_string().contains("test-bytes"), "{error}");
    assert!(registry.lines().is_empty());
}

#[tokio::test]
async fn a_blob_that_is_not_there_is_absent() {
    let registry = RegistryDouble::start();
    registry.repository("app");
    let missing = Descriptor::new(TEXT, Digest::sha256(b"x"), 1);
    let reference = registry.reference("app");
    let client = anonymous();
    let answer = client
        .blob(reference.repository(), &missing, BUNDLE_BYTES)
        .await;
    assert!(answer.unwrap().is_absent());
    let answer = client.open_blob(reference.repository(), &missing).await;
    assert!(answer.unwrap().is_absent());
}

#[tokio::test]
async fn storage_on_another_host_is_followed_without_credentials() {
    let registry = RegistryDouble::start();
    let blob = registry.blob("app", TEXT, b"content");
    registry.access(sealcheck_registry::double::Access::Basic {
        username: "user".to_owned(),
        password: "hunter2".to_owned(),
    });
    let storage = sealcheck_net::double::Double::start();
    storage
        .expect(sealcheck_net::double::Ask::get("/content?X-Sig=secret").without("authorization"))
        .answer(sealcheck_net::double::Answer::ok("content"));
    registry.fault(
        At::Blob(blob.digest),
        Fault::RedirectTo(storage.url("/content?X-Sig=secret")),
    );
    let host = registry.host();
    let keychain = sealcheck_registry::Keychain::anonymous().with_given(
        &[&host],
        sealcheck_registry::Credential::basic("user", "hunter2".to_owned()),
    );
    let client = crate::support::with_keychain(keychain);
    let found = client
        .blob(registry.reference("app").repository(), &blob, BUNDLE_BYTES)
        .await
        .unwrap();
    assert_eq!(found.found().unwrap(), "content");
}

#[tokio::test]
async fn small_blobs_are_fetched_once() {
    let registry = RegistryDouble::start();
    let blob = registry.blob("app", TEXT, b"content");
    let reference = registry.reference("app");
    let client = anonymous();
    let ask = || client.blob(reference.repository(), &blob, BUNDLE_BYTES);
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    for answer in [one, two, three, ask().await] {
        assert_eq!(answer.unwrap().found().unwrap(), "content");
    }
    assert_eq!(count(&registry, "GET", "/blobs/"), 1);
}
