//! Where credentials are found: Docker configurations, pull secrets, settings.

use std::path::Path;

use data_encoding::BASE64;
use sealcheck_registry::double::{Access, RegistryDouble};
use sealcheck_registry::{Credential, Keychain, Settings};

use crate::support::{
    ask, auth, basic, client, code, docker, registries, with_image, with_keychain,
};

/// The Docker configurations that all mean the same credentials.
#[tokio::test]
async fn docker_configurations_are_read_in_all_their_forms() {
    let encoded = auth("user", "hunter2");
    let padded = BASE64.encode(b"user:hunter2\0\0");
    let unpadded = encoded.trim_end_matches('=').to_owned();
    for (name, entry) in [
        ("auth", format!(r#""KEY":{{"auth":"{encoded}"}}"#)),
        (
            "auth with zero bytes",
            format!(r#""KEY":{{"auth":"{padded}"}}"#),
        ),
        (
            "auth without padding",
            format!(r#""KEY":{{"auth":"{unpadded}"}}"#),
        ),
        (
            "name and password",
            r#""KEY":{"username":"user","password":"hunter2"}"#.to_owned(),
        ),
        ("https", format!(r#""https://KEY":{{"auth":"{encoded}"}}"#)),
        (
            "version 1",
            format!(r#""https://KEY/v1/":{{"auth":"{encoded}"}}"#),
        ),
        (
            "version 2",
            format!(r#""http://KEY/v2/":{{"auth":"{encoded}"}}"#),
        ),
        ("by folder", format!(r#""KEY/team":{{"auth":"{encoded}"}}"#)),
        (
            "by repository",
            format!(r#""KEY/team/app":{{"auth":"{encoded}"}}"#),
        ),
        (
            "the longest path first",
            format!(
                r#""KEY":{{"auth":"d3Jvbmc6d3Jvbmc="}},"KEY/team":{{"auth":"{encoded}"}},"KEY/te":{{"auth":"d3Jvbmc6d3Jvbmc="}},"KEY/team/other":{{"auth":"d3Jvbmc6d3Jvbmc="}}"#
            ),
        ),
        (
            "an empty entry before",
            format!(r#""KEY/team":{{}},"KEY":{{"auth":"{encoded}","email":null}}"#),
        ),
    ] {
        let registry = with_image(basic("user", "hunter2"));
        let folder = tempfile::tempdir().unwrap();
        let entry = entry.replace("KEY", &registry.host());
        let config = format!(r#"{{"auths":{{{entry}}},"HttpHeaders":{{}},"currentContext":"x"}}"#);
        let client = with_keychain(docker(folder.path(), &config));
        let answer = ask(&client, &registry).await;
        assert!(answer.is_ok(), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn tokens_stand_in_docker_configurations_too() {
    let access = Access::Token {
        user: Some(("nobody".to_owned(), "nothing".to_owned())),
        identity_token: Some("hunter2".to_owned()),
        registry_token: Some("hunter3".to_owned()),
        expires_in: 300,
    };
    for entry in [
        r#"{"auth":"MDAwMDA6","identitytoken":"hunter2"}"#,
        r#"{"registrytoken":"hunter3"}"#,
    ] {
        let registry = with_image(access.clone());
        let folder = tempfile::tempdir().unwrap();
        let config = format!(r#"{{"auths":{{"{}":{entry}}}}}"#, registry.host());
        let client = with_keychain(docker(folder.path(), &config));
        ask(&client, &registry).await.unwrap();
    }
}

#[tokio::test]
async fn a_broken_configuration_is_an_error_that_shows_no_secret() {
    let registry = with_image(basic("user", "hunter2"));
    for config in [
        "{\"auths\":{\"KEY\":{\"auth\":\"hunter2!\"}}}",
        "{\"auths\":{\"KEY\":{\"auth\":\"aHVudGVyMg==\"}}}",
        "{\"auths\":{\"KEY\":{\"auth\":7}}}",
        "{\"auths\":{\"KEY\":\"hunter2\"}}",
        "{\"auths\":{\"KEY\":{\"auth\":\"hunter2",
        "hunter2",
        "",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = config.replace("KEY", &registry.host());
        let client = with_keychain(docker(folder.path(), &config));
        let error = ask(&client, &registry).await.unwrap_err();
        assert_eq!(code(&error), "registry-credentials-unavailable", "{config}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("config.json"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(!text.contains("aHVudGVyMg"), "{text}");
    }
    // Who needs no credentials does not look for them.
    registry.access(Access::Open);
    let folder = tempfile::tempdir().unwrap();
    let client = with_keychain(docker(folder.path(), "hunter2"));
    ask(&client, &registry).await.unwrap();
}

fn write(path: &Path, registry: &RegistryDouble, username: &str, password: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let config = format!(
        r#"{{"auths":{{"{}":{{"auth":"{}"}}}}}}"#,
        registry.host(),
        auth(username, password)
    );
    std::fs::write(path, config).unwrap();
}

#[tokio::test]
async fn files_are_looked_for_in_their_order() {
    let registry = with_image(basic("user", "hunter2"));
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let places = [
        "docker/config.json",
        "named.json",
        "home/.docker/config.json",
        "run/containers/auth.json",
        "home/.config/containers/auth.json",
    ];
    let keychain = || {
        let root = root.clone();
        Keychain::from_variables(move |name| {
            let path = match name {
                "DOCKER_CONFIG" => "docker",
                "REGISTRY_AUTH_FILE" => "named.json",
                "HOME" => "home",
                "XDG_RUNTIME_DIR" => "run",
                _ => return None,
            };
            Some(root.join(path).into_os_string())
        })
    };
    // A file that was named must be there.
    let error = ask(&with_keychain(keychain()), &registry)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "registry-credentials-unavailable");
    let named = format!(
        "REGISTRY_AUTH_FILE={}: there is no such file",
        root.join("named.json").display()
    );
    // Once, and no more.
    assert!(error.to_string().ends_with(&named), "{error}");
    for place in places {
        write(&root.join(place), &registry, "user", "wrong");
    }
    for place in places {
        let error = ask(&with_keychain(keychain()), &registry)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(place), "{place}: {error}");
        write(&root.join(place), &registry, "user", "hunter2");
        ask(&with_keychain(keychain()), &registry).await.unwrap();
        // One that has nothing for this registry is passed over.
        std::fs::write(
            root.join(place),
            "{\"auths\":{\"other.example\":{\"auth\":\"eDp5\"}}}",
        )
        .unwrap();
    }
    let error = ask(&with_keychain(keychain()), &registry)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("no credentials were found"),
        "{error}"
    );
}

#[tokio::test]
async fn pull_secrets_are_read_in_all_their_forms() {
    let registry = with_image(basic("user", "hunter2"));
    let config = format!(
        r#"{{"auths":{{"{}":{{"username":"user","password":"hunter2"}}}}}}"#,
        registry.host()
    );
    let legacy = format!(
        r#"{{"{}":{{"auth":"{}"}}}}"#,
        registry.host(),
        auth("user", "hunter2")
    );
    let encoded = BASE64.encode(config.as_bytes());
    let folded = format!("{}\n    {}", &encoded[..20], &encoded[20..]);
    for (name, text) in [
        ("plain", config.clone()),
        (
            "YAML",
            format!(
                "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\nmetadata: {{name: x}}\ndata:\n  .dockerconfigjson: {encoded}\n"
            ),
        ),
        (
            "folded",
            format!("kind: Secret\ndata:\n  .dockerconfigjson: |\n    {folded}\n"),
        ),
        (
            "JSON",
            format!(r#"{{"kind":"Secret","data":{{".dockerconfigjson":"{encoded}"}}}}"#),
        ),
        (
            "stringData",
            format!("kind: Secret\nstringData:\n  .dockerconfigjson: '{config}'\n"),
        ),
        (
            "legacy",
            format!(
                "kind: Secret\ntype: kubernetes.io/dockercfg\ndata:\n  .dockercfg: {}\n",
                BASE64.encode(legacy.as_bytes())
            ),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.yaml");
        std::fs::write(&path, text).unwrap();
        let keychain = Keychain::anonymous().with_pull_secret(&path).unwrap();
        let answer = ask(&with_keychain(keychain), &registry).await;
        assert!(answer.is_ok(), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn what_is_no_pull_secret_is_refused_without_showing_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.yaml");
    for text in [
        "kind: ConfigMap\ndata: {x: hunter2}",
        "kind: Secret\ndata: {password: hunter2}",
        "kind: Secret\ndata: {.dockerconfigjson: hunter2!}",
        "kind: Secret\ndata: {.dockerconfigjson: aHVudGVyMg==}",
        "kind: Secret\ndata: [hunter2]",
        "hunter2",
        "hunter2: [",
        "",
        "{}",
    ] {
        std::fs::write(&path, text).unwrap();
        let failure = Keychain::anonymous().with_pull_secret(&path).unwrap_err();
        assert_eq!(failure.reason.code(), "configuration-invalid", "{text}");
        assert!(failure.to_string().contains("secret.yaml"), "{failure}");
        assert!(
            !format!("{failure} {failure:?}").contains("hunter2"),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn settings_of_the_registry_come_before_the_keychain() {
    let registry = with_image(basic("user", "hunter2"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "hunter2\n").unwrap();
    let host = registry.host();
    let yaml = format!(
        "registries:\n  '{host}':\n    credentials: {{username: user, password-file: '{}'}}\n",
        folder.path().join("password").display()
    );
    let wrong =
        Keychain::anonymous().with_given(&[&host], Credential::basic("user", "wrong".to_owned()));
    let with_both = client(Settings {
        registries: registries(&yaml),
        keychain: wrong.clone(),
        allow_http: false,
    });
    ask(&with_both, &registry).await.unwrap();
    let nobody = client(Settings {
        registries: registries(&format!(
            "registries:\n  '{host}': {{credentials: {{anonymous: true}}}}\n"
        )),
        keychain: wrong,
        allow_http: false,
    });
    let error = ask(&nobody, &registry).await.unwrap_err();
    assert!(
        error.to_string().contains("no credentials were found"),
        "{error}"
    );
}

#[test]
fn nothing_secret_can_be_printed() {
    let credential = Credential::basic("user", "hunter2".to_owned());
    let keychain = Keychain::anonymous().with_given(&["r.example"], credential.clone());
    let settings = Settings {
        keychain,
        ..Settings::default()
    };
    let text = format!("{credential:?} {settings:?} {:?}", client(settings.clone()));
    assert!(!text.contains("hunter2"), "{text}");
}
