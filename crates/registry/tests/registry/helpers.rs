//! Credential helpers, played by shell scripts.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use sealcheck_registry::double::{Access, RegistryDouble};
use sealcheck_registry::{Keychain, RegistryError};
use tokio::task::JoinSet;

use crate::support::{client, code, docker, registries, with_keychain};

fn registry() -> RegistryDouble {
    let registry = RegistryDouble::start();
    registry.image("app", "v1");
    registry.access(Access::Basic {
        username: "user".to_owned(),
        password: "hunter2".to_owned(),
    });
    registry
}

fn helper(folder: &Path, name: &str, script: &str) {
    let path = folder.join(format!("docker-credential-{name}"));
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A keychain with the helper `test`, which is this script.
fn keychain(folder: &Path, script: &str) -> Keychain {
    helper(folder, "test", script);
    docker(folder, r#"{"credsStore":"test"}"#).with_helper_deadline(Duration::from_millis(700))
}

async fn ask(keychain: Keychain, registry: &RegistryDouble) -> Result<(), RegistryError> {
    let answer = with_keychain(keychain)
        .manifest(&registry.reference("app:v1"))
        .await?;
    assert!(!answer.is_absent());
    Ok(())
}

const GOOD: &str = r#"printf '{"ServerURL":"x","Username":"user","Secret":"hunter2"}'"#;

#[tokio::test]
async fn a_helper_is_asked_for_the_registry() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "read server\n[ \"$1 $server\" = 'get {}' ] || exit 9\n{GOOD}",
        registry.host()
    );
    // `read` fails at the end of an input without a line break, and still reads it.
    let script = script.replace("read server\n", "read server || true\n");
    ask(keychain(folder.path(), &script), &registry)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_helper_for_one_registry_comes_before_entries_and_the_store() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    helper(folder.path(), "mine", GOOD);
    let config = format!(
        r#"{{"auths":{{"{0}":{{"auth":"d3Jvbmc6d3Jvbmc="}}}},"credsStore":"missing","credHelpers":{{"{0}":"mine"}}}}"#,
        registry.host()
    );
    ask(docker(folder.path(), &config), &registry)
        .await
        .unwrap();
    // Without it, the entry comes before the store.
    let config = format!(
        r#"{{"auths":{{"{0}":{{"auth":"dXNlcjpodW50ZXIy"}}}},"credsStore":"missing"}}"#,
        registry.host()
    );
    ask(docker(folder.path(), &config), &registry)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_settings_of_a_registry_can_name_a_helper() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    helper(folder.path(), "mine", GOOD);
    let registries = registries(&format!(
        "registries:\n  '{}': {{credentials: {{helper: mine}}}}\n",
        registry.host()
    ));
    let client = client(sealcheck_registry::Settings {
        registries,
        keychain: docker(folder.path(), "{}"),
        allow_http: false,
    });
    let answer = client.manifest(&registry.reference("app:v1")).await;
    assert!(!answer.unwrap().is_absent());
}

#[tokio::test]
async fn a_helper_that_has_nothing_is_no_failure() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    for script in [
        "echo 'credentials not found in native keychain'; exit 1",
        r#"echo '{"ServerURL":"","Username":"","Secret":""}'"#,
    ] {
        let error = ask(keychain(folder.path(), script), &registry)
            .await
            .unwrap_err();
        assert_eq!(code(&error), "registry-unauthorized", "{script}: {error}");
    }
}

#[tokio::test]
async fn an_identity_token_comes_from_helpers_too() {
    let registry = registry();
    registry.access(Access::Token {
        user: Some(("nobody".to_owned(), "nothing".to_owned())),
        identity_token: Some("hunter2".to_owned()),
        registry_token: None,
        expires_in: 300,
    });
    let folder = tempfile::tempdir().unwrap();
    let script = r#"printf '{"Username":"<token>","Secret":"hunter2"}'"#;
    ask(keychain(folder.path(), script), &registry)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_helper_that_fails_is_named_and_its_words_are_not_shown() {
    let registry = registry();
    for (script, word) in [
        // Were it waited for instead of ended, the test would not end either.
        ("exec sleep 86400", "took longer than 0.7 seconds"),
        ("echo hunter2; exec 1>&-; exec sleep 86400", "took longer"),
        ("echo hunter2; echo hunter2 >&2; exit 1", "exit status: 1"),
        ("exit 3", "exit status: 3"),
        ("echo hunter2", "no JSON object"),
        ("echo '{\"Username\":\"hunter2\"}'", "no JSON object"),
        (
            "echo '{\"Username\":\"hunter2\",\"Secret\":7}'",
            "no JSON object",
        ),
        (
            "echo '{\"Username\":\"hunter2\",\"Secret\":\"\"}'",
            "without a secret",
        ),
        ("true", "no JSON object"),
        ("kill -9 $$", "signal"),
        ("head -c 70000 /dev/zero", "helper-bytes"),
        ("exec cat /dev/zero", "helper-bytes"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = ask(keychain(folder.path(), script), &registry)
            .await
            .unwrap_err();
        assert_eq!(code(&error), "registry-credentials-unavailable", "{script}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("docker-credential-test"), "{text}");
        assert!(text.contains(word), "{script}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// A batch of images of one registry: a helper that hangs costs its time once.
#[tokio::test]
async fn a_helper_that_failed_is_not_asked_again_for_every_image() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let script = format!("echo run >> {}\nexec sleep 86400", log.display());
    let client = with_keychain(keychain(folder.path(), &script));
    for number in 0..4 {
        let mut together = JoinSet::new();
        for half in ["a", "b"] {
            let tag = format!("v{number}{half}");
            registry.image("app", &tag);
            let (client, reference) = (client.clone(), registry.reference(&format!("app:{tag}")));
            together.spawn(async move { client.manifest(&reference).await });
        }
        while let Some(answer) = together.join_next().await {
            let error = answer.unwrap().unwrap_err();
            assert_eq!(code(&error), "registry-credentials-unavailable");
            assert!(error.to_string().contains("took longer"), "{error}");
        }
    }
    assert_eq!(std::fs::read_to_string(log).unwrap(), "run\n");
}

#[tokio::test]
async fn a_helper_that_is_ended_takes_along_what_it_started() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    // The kernel closes it when the last of those has ended that hold it.
    let (sender, closed) = std::sync::mpsc::channel();
    let reading = pipe.clone();
    std::thread::spawn(move || sender.send(std::fs::read(reading).unwrap()));
    let script = format!("exec 3> {}\nsleep 60 &\nwait", pipe.display());
    ask(keychain(folder.path(), &script), &registry)
        .await
        .unwrap_err();
    let left = closed.recv_timeout(Duration::from_secs(20));
    assert_eq!(left, Ok(Vec::new()), "something of the helper still runs");
}

#[tokio::test]
async fn a_helper_that_is_missing_or_is_no_name_is_told() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    for (name, word) in [
        ("missing", "no such program"),
        ("../evil", "not the name of a program"),
        ("a\\\\b", "not the name of a program"),
    ] {
        let config = format!(r#"{{"credsStore":"{name}"}}"#);
        let error = ask(docker(folder.path(), &config), &registry)
            .await
            .unwrap_err();
        assert_eq!(code(&error), "registry-credentials-unavailable");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_slow_helper_does_not_hold_up_other_work() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    // The helper answers when the other work is done, and not before.
    let done = folder.path().join("done");
    let script = format!(
        "while [ ! -e {0} ]; do sleep 0.01; done; {GOOD}",
        done.display()
    );
    helper(folder.path(), "test", &script);
    let keychain = docker(folder.path(), r#"{"credsStore":"test"}"#);
    let open = RegistryDouble::start();
    open.image("app", "v1");
    let client = with_keychain(keychain);
    let slow = {
        let (client, reference) = (client.clone(), registry.reference("app:v1"));
        tokio::spawn(async move { client.manifest(&reference).await })
    };
    // The helper is asked after the challenge.
    while registry.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // This test has one thread: were it blocked, this would wait for the helper, which waits for this.
    client.manifest(&open.reference("app:v1")).await.unwrap();
    assert!(!slow.is_finished());
    std::fs::write(done, "").unwrap();
    assert!(!slow.await.unwrap().unwrap().is_absent());
}

#[tokio::test]
async fn helpers_run_one_at_a_time_and_once_for_each_registry() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    // Two of them at one time would find the folder of the other.
    let script = format!(
        "mkdir {0}/lock || exit 7\necho run >> {1}\nsleep 0.05\nrmdir {0}/lock\n{GOOD}",
        folder.path().display(),
        log.display()
    );
    let client = with_keychain(keychain(folder.path(), &script));
    let registries = [registry(), registry(), registry()];
    let mut tasks = JoinSet::new();
    for registry in &registries {
        for number in 0..4 {
            registry.image("app", &format!("v{number}"));
            let (client, reference) = (
                client.clone(),
                registry.reference(&format!("app:v{number}")),
            );
            tasks.spawn(async move { client.manifest(&reference).await });
        }
    }
    while let Some(answer) = tasks.join_next().await {
        assert!(!answer.unwrap().unwrap().is_absent());
    }
    let runs = std::fs::read_to_string(log).unwrap().lines().count();
    assert_eq!(runs, 3);
}

#[tokio::test]
async fn credentials_that_were_renewed_are_asked_for_again() {
    let registry = registry();
    registry.image("app", "v2");
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hunter2").unwrap();
    let script = format!(
        r#"printf '{{"Username":"user","Secret":"%s"}}' "$(cat {})""#,
        secret.display()
    );
    let client = with_keychain(keychain(folder.path(), &script));
    let first = client.manifest(&registry.reference("app:v1")).await;
    assert!(!first.unwrap().is_absent());
    registry.access(Access::Basic {
        username: "user".to_owned(),
        password: "hunter3".to_owned(),
    });
    std::fs::write(&secret, "hunter3").unwrap();
    let second = client.manifest(&registry.reference("app:v2")).await;
    assert!(!second.unwrap().is_absent());
}
