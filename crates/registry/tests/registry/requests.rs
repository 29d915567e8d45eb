//! How often what is asked.

use std::time::Duration;

use sealcheck_registry::double::{Access, At, Fault, RegistryDouble};
use sealcheck_registry::{Attached, Reference};
use tokio::task::JoinSet;

use crate::support::{anonymous, count};

#[tokio::test]
async fn five_hundred_questions_for_one_image_are_one_request() {
    let registry = RegistryDouble::start();
    registry.access(Access::anonymous_tokens());
    let image = registry.image("app", "v1");
    registry.fault(At::Registry, Fault::Slow(Duration::from_millis(20)));
    let client = anonymous();
    let reference = registry.reference("app:v1");
    let mut tasks = JoinSet::new();
    for number in 0..500 {
        let (client, reference) = (client.clone(), reference.clone());
        tasks.spawn(async move {
            match number % 2 {
                0 => {
                    let found = client.resolve(&reference).await.unwrap().found();
                    found.unwrap().digest
                }
                _ => {
                    let found = client.manifest(&reference).await.unwrap().found();
                    *found.unwrap().digest()
                }
            }
        });
    }
    while let Some(digest) = tasks.join_next().await {
        assert_eq!(digest.unwrap(), image.digest);
    }
    // The first question is refused, whichever it is; then a HEAD and a GET can be under way together.
    assert!(count(&registry, "HEAD", "/v1") <= 2);
    assert!(count(&registry, "GET", "/v1") <= 2);
    assert_eq!(count(&registry, "GET", "/token"), 1);
    assert!(registry.requests().len() <= 4, "{:?}", registry.lines());
}

#[tokio::test]
async fn absences_and_lists_are_remembered_for_the_run_and_errors_are_not() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let reference = registry.reference("app:v1");
    let signature = reference
        .repository()
        .attached(&image.digest, Attached::Signature)
        .unwrap();
    let client = anonymous();
    for _ in 0..3 {
        assert!(client.manifest(&signature).await.unwrap().is_absent());
        let list = client.referrers(reference.repository(), &image.digest, None);
        assert!(list.await.unwrap().found().unwrap().descriptors.is_empty());
    }
    assert_eq!(registry.requests().len(), 2, "{:?}", registry.lines());
    registry.fault_once(At::Tag("v1".to_owned()), Fault::ServerError);
    assert!(client.manifest(&reference).await.is_err());
    assert!(client.manifest(&reference).await.is_ok());
}

#[tokio::test]
async fn questions_that_do_not_depend_on_each_other_are_under_way_together() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let client = anonymous();
    let reference = registry.reference("app:v1");
    let repository = reference.repository();
    client.resolve(&reference).await.unwrap();
    registry.fault(At::Registry, Fault::Slow(Duration::from_millis(60)));
    let attached = |what| repository.attached(&image.digest, what).unwrap();
    let (signature, attestation) = (
        attached(Attached::Signature),
        attached(Attached::Attestation),
    );
    let (one, two, three, four) = tokio::join!(
        client.referrers(repository, &image.digest, None),
        client.referrers_by_tag(repository, &image.digest),
        client.manifest(&signature),
        client.manifest(&attestation),
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok() && four.is_ok());
    assert_eq!(registry.http().most_in_flight(), 4);
    assert_eq!(registry.requests().len(), 5);
}

#[tokio::test]
async fn the_first_question_teaches_the_others_what_the_registry_wants() {
    let registry = RegistryDouble::start();
    registry.access(Access::anonymous_tokens());
    let client = anonymous();
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let tag = format!("v{number}");
        registry.image("app", &tag);
        let (client, reference) = (client.clone(), registry.reference(&format!("app:{tag}")));
        tasks.spawn(async move { client.manifest(&reference).await });
    }
    while let Some(answer) = tasks.join_next().await {
        assert!(!answer.unwrap().unwrap().is_absent());
    }
    // One is refused; then there is a token.
    assert_eq!(count(&registry, "GET", "/token"), 1);
    assert_eq!(count(&registry, "GET", "/manifests/"), 9);
}

#[tokio::test]
async fn a_token_for_another_repository_of_a_known_registry_costs_no_refusal() {
    let registry = RegistryDouble::start();
    registry.access(Access::anonymous_tokens());
    registry.image("one", "v1");
    registry.image("two", "v1");
    let client = anonymous();
    for name in ["one:v1", "two:v1"] {
        let reference: Reference = registry.reference(name);
        assert!(!client.manifest(&reference).await.unwrap().is_absent());
    }
    assert_eq!(count(&registry, "GET", "/one/"), 2);
    assert_eq!(count(&registry, "GET", "/two/"), 1);
    assert_eq!(count(&registry, "GET", "/token"), 2);
}

#[tokio::test]
async fn when_the_first_question_fails_the_others_do_not_wait_for_each_other() {
    let registry = RegistryDouble::start();
    registry.repository("app");
    registry.fault_once(At::Registry, Fault::ServerError);
    registry.fault(At::Registry, Fault::Slow(Duration::from_millis(50)));
    let client = anonymous();
    let mut tasks = JoinSet::new();
    for number in 0..6 {
        let (client, reference) = (
            client.clone(),
            registry.reference(&format!("app:v{number}")),
        );
        tasks.spawn(async move { client.manifest(&reference).await });
    }
    let mut failed = 0;
    while let Some(answer) = tasks.join_next().await {
        match answer.unwrap() {
            Ok(answer) => assert!(answer.is_absent()),
            Err(_) => failed += 1,
        }
    }
    assert_eq!(failed, 1);
    assert_eq!(registry.http().most_in_flight(), 5);
}

#[tokio::test]
async fn every_question_can_be_asked_from_a_task_of_its_own() {
    let registry = RegistryDouble::start();
    let image = registry.image("app", "v1");
    let blob = registry.blob("app", "application/json", b"{}");
    let reference = registry.reference("app:v1");
    let client = anonymous();
    let task = tokio::spawn(async move {
        let repository = reference.repository();
        client.resolve(&reference).await.unwrap();
        client.manifest(&reference).await.unwrap();
        client
            .referrers(repository, &image.digest, None)
            .await
            .unwrap();
        client
            .referrers_by_tag(repository, &image.digest)
            .await
            .unwrap();
        let limit = sealcheck_verify::limits::BUNDLE_BYTES;
        client.blob(repository, &blob, limit).await.unwrap();
        let mut opened = client
            .open_blob(repository, &blob)
            .await
            .unwrap()
            .found()
            .unwrap();
        while opened.chunk().await.unwrap().is_some() {}
    });
    task.await.unwrap();
}
