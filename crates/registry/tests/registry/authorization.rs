//! Challenges, tokens and credentials.

use std::path::Path;

use data_encoding::BASE64;
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_registry::double::{Access, At, Fault, RegistryDouble};
use sealcheck_registry::{Credential, Keychain, Reference, Registry, RegistryError, Settings};

use crate::support::{
    anonymous, client, code, count, docker, registries, with_keychain, with_registries,
};

fn basic(username: &str, password: &str) -> Access {
    Access::Basic {
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

fn given(registry: &RegistryDouble, credential: Credential) -> Registry {
    let host = registry.host();
    with_keychain(Keychain::anonymous().with_given(&[&host], credential))
}

async fn ask(client: &Registry, registry: &RegistryDouble) -> Result<(), RegistryError> {
    let answer = client.manifest(&registry.reference("team/app:v1")).await?;
    assert!(!answer.is_absent());
    Ok(())
}

fn with_image(access: Access) -> RegistryDouble {
    let registry = RegistryDouble::start();
    registry.image("team/app", "v1");
    registry.access(access);
    registry
}

fn auth(username: &str, password: &str) -> String {
    BASE64.encode(format!("{username}:{password}").as_bytes())
}

#[tokio::test]
async fn anonymous_tokens_are_fetched_without_credentials() {
    let registry = with_image(Access::anonymous_tokens());
    ask(&anonymous(), &registry).await.unwrap();
    let asked = registry.requests();
    let token = asked
        .iter()
        .find(|asked| asked.target.starts_with("/token"))
        .unwrap();
    assert_eq!(
        token.target,
        "/token?service=double&scope=repository%3Ateam%2Fapp%3Apull"
    );
    assert_eq!(token.header("authorization"), None);
}

#[tokio::test]
async fn each_kind_of_credential_is_used_as_it_is_meant() {
    let identity = Access::Token {
        user: Some(("nobody".to_owned(), "nothing".to_owned())),
        identity_token: Some("identity+hunter2/=".to_owned()),
        registry_token: Some("registry-hunter2".to_owned()),
        expires_in: 300,
    };
    for (access, credential) in [
        (
            basic("user", "hunter2"),
            Credential::basic("user", "hunter2".to_owned()),
        ),
        (
            Access::tokens_for("user", "hunter2"),
            Credential::basic("user", "hunter2".to_owned()),
        ),
        (
            identity.clone(),
            Credential::IdentityToken("identity+hunter2/=".to_owned().into()),
        ),
        (
            identity,
            Credential::RegistryToken("registry-hunter2".to_owned().into()),
        ),
    ] {
        let registry = with_image(access);
        ask(&given(&registry, credential), &registry).await.unwrap();
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_named_by_their_source() {
    for access in [basic("user", "right"), Access::tokens_for("user", "right")] {
        let registry = with_image(access);
        let client = given(&registry, Credential::basic("user", "hunter2".to_owned()));
        let error = ask(&client, &registry).await.unwrap_err();
        assert_eq!(code(&error), "registry-unauthorized");
        let text = error.to_string();
        assert!(text.contains("the command line"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let registry = with_image(basic("user", "right"));
    let error = ask(&anonymous(), &registry).await.unwrap_err();
    assert!(
        error.to_string().contains("no credentials were found"),
        "{error}"
    );
    let token = Credential::IdentityToken("hunter2".to_owned().into());
    let error = ask(&given(&registry, token), &registry).await.unwrap_err();
    assert!(error.to_string().contains("identity token"), "{error}");
    let token = Credential::RegistryToken("hunter2".to_owned().into());
    let error = ask(&given(&registry, token), &registry).await.unwrap_err();
    assert_eq!(code(&error), "registry-unauthorized");
}

#[tokio::test]
async fn credentials_for_one_registry_are_not_shown_to_another() {
    let registry = with_image(basic("user", "hunter2"));
    let keychain = Keychain::anonymous().with_given(
        &["other.example"],
        Credential::basic("user", "hunter2".to_owned()),
    );
    let error = ask(&with_keychain(keychain), &registry).await.unwrap_err();
    assert_eq!(code(&error), "registry-unauthorized");
    assert!(
        registry
            .requests()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[tokio::test]
async fn a_token_that_ends_mid_way_is_renewed_once() {
    let registry = with_image(Access::anonymous_tokens());
    registry.image("team/app", "v2");
    let client = anonymous();
    ask(&client, &registry).await.unwrap();
    registry.expire_tokens();
    let second = client.manifest(&registry.reference("team/app:v2")).await;
    assert!(!second.unwrap().is_absent());
    assert_eq!(count(&registry, "GET", "/token"), 2);
    assert_eq!(count(&registry, "GET", "/v2/team/app/manifests/v2"), 2);
}

#[tokio::test]
async fn a_token_whose_time_is_over_is_not_tried() {
    let registry = with_image(Access::Token {
        user: None,
        identity_token: None,
        registry_token: None,
        expires_in: 1,
    });
    registry.image("team/app", "v2");
    let client = anonymous();
    ask(&client, &registry).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(950)).await;
    let second = client.manifest(&registry.reference("team/app:v2")).await;
    assert!(!second.unwrap().is_absent());
    assert_eq!(count(&registry, "GET", "manifests/v2"), 1);
    assert_eq!(count(&registry, "GET", "/token"), 2);
}

#[tokio::test]
async fn a_registry_that_refuses_every_token_is_not_asked_for_ever() {
    let registry = with_image(Access::anonymous_tokens());
    registry.fault(At::Registry, Fault::Unauthorized);
    let client = anonymous();
    for _ in 0..2 {
        let error = ask(&client, &registry).await.unwrap_err();
        assert_eq!(code(&error), "registry-unauthorized");
        assert!(error.to_string().contains("token"), "{error}");
    }
    assert!(count(&registry, "GET", "manifests") <= 4);
}

#[tokio::test]
async fn each_fault_of_the_token_service_has_its_outcome() {
    for (fault, expected) in [
        (Fault::Unauthorized, "registry-unauthorized"),
        (Fault::Forbidden, "registry-forbidden"),
        (Fault::TooManyRequests(None), "registry-rate-limited"),
        (Fault::TooManyRequests(Some(3600)), "registry-rate-limited"),
        (Fault::ServerError, "registry-unavailable"),
        (Fault::PageNotFound, "registry-unavailable"),
        (Fault::Absent, "registry-unavailable"),
        (Fault::Silence, "registry-unavailable"),
        (Fault::Truncated, "registry-unavailable"),
        (Fault::Garbage, "registry-answer-invalid"),
        (Fault::Status(204), "registry-answer-invalid"),
        (Fault::GzipBomb, "limit-exceeded"),
        (Fault::Huge, "limit-exceeded"),
        (Fault::RedirectLoop, "registry-unavailable"),
    ] {
        let registry = with_image(Access::anonymous_tokens());
        registry.fault(At::Token, fault.clone());
        let error = ask(&anonymous(), &registry).await.unwrap_err();
        assert_eq!(code(&error), expected, "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn a_token_service_that_gives_no_token_is_told_without_its_words() {
    let service = Double::start();
    service.respond(|_| Some(Answer::json(r#"{"tokenn":"hunter2"}"#)));
    let registry = with_image(Access::Challenge(format!(
        "Bearer realm=\"{}\"",
        service.url("/t")
    )));
    let error = ask(&anonymous(), &registry).await.unwrap_err();
    assert_eq!(code(&error), "registry-answer-invalid");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn of_several_challenges_the_one_that_can_be_met_is() {
    let service = Double::start();
    service
        .expect(Ask::get("/t?service=s&scope=a&scope=b&account=user").with(
            "authorization",
            &format!("Basic {}", auth("user", "hunter2")),
        ))
        .answer(Answer::json(r#"{"access_token":"good"}"#));
    let http = Double::start();
    let challenge = format!(
        "Negotiate, Basic realm=\"x\", Bearer realm=\"{}\", service=\"s\", scope=\"a b\"",
        service.url("/t")
    );
    http.expect(Ask::get("/v2/app/manifests/v1").without("authorization"))
        .answer(Answer::status(401).header("www-authenticate", &challenge));
    http.expect(Ask::get("/v2/app/manifests/v1").with("authorization", "Bearer good"))
        .answer(Answer::status(404).with_body(r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#));
    // The scope that it wants is kept, so that the next question is not refused.
    http.expect(Ask::get("/v2/app/manifests/v2").with("authorization", "Bearer good"))
        .answer(Answer::status(404).with_body(r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#));
    let host = format!("127.0.0.1:{}", http.port());
    let client = with_keychain(
        Keychain::anonymous().with_given(&[&host], Credential::basic("user", "hunter2".to_owned())),
    );
    for tag in ["v1", "v2"] {
        let reference = Reference::parse(&format!("{host}/app:{tag}")).unwrap();
        assert!(client.manifest(&reference).await.unwrap().is_absent());
    }
}

#[tokio::test]
async fn a_challenge_that_nobody_can_meet_is_told() {
    for (challenge, word) in [
        ("Negotiate", "negotiate"),
        ("Bearer service=\"x\"", "bearer"),
        ("Bearer realm=\"no url\"", "not a URL"),
        ("Bearer realm=\"ftp://x.example/\"", "not on https"),
        ("Bearer realm=\"http://auth.example/\"", "not on https"),
    ] {
        let registry = with_image(Access::Challenge(challenge.to_owned()));
        let error = ask(&anonymous(), &registry).await.unwrap_err();
        assert_eq!(code(&error), "registry-unauthorized");
        assert!(error.to_string().contains(word), "{challenge}: {error}");
    }
}

#[tokio::test]
async fn a_registry_with_tls_cannot_send_credentials_to_a_place_without() {
    let registry = RegistryDouble::start_tls("r.example");
    registry.image("team/app", "v1");
    // It would fail the test if it were asked.
    let service = Double::start();
    registry.access(Access::Challenge(format!(
        "Bearer realm=\"{}\",service=\"s\"",
        service.url("/t")
    )));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("ca.pem"),
        registry.http().ca_pem().unwrap(),
    )
    .unwrap();
    std::fs::write(folder.path().join("password"), "hunter2").unwrap();
    let path = folder.path().join("registries.yaml");
    let yaml = format!(
        "registries:\n  '{}':\n    http: false\n    ca-files: [ca.pem]\n    credentials: {{username: user, password-file: password}}\n",
        registry.host()
    );
    std::fs::write(&path, yaml).unwrap();
    let client = client(Settings {
        registries: sealcheck_registry::Registries::read(&path).unwrap(),
        ..Settings::default()
    });
    let error = ask(&client, &registry).await.unwrap_err();
    assert!(error.to_string().contains("not on https"), "{error}");
}

#[tokio::test]
async fn credentials_go_only_to_the_token_hosts_that_are_listed() {
    let service = Double::start();
    let challenge = format!("Bearer realm=\"{}\",service=\"s\"", service.url("/t"));
    // The same address under another name, so that it is another host.
    let challenge = challenge.replace("127.0.0.1", "localhost");
    let registry = with_image(Access::Challenge(challenge));
    let client = with_registries(&format!(
        "registries:\n  '{}': {{token-hosts: [auth.example]}}\n",
        registry.host()
    ));
    let error = ask(&client, &registry).await.unwrap_err();
    assert!(error.to_string().contains("localhost"), "{error}");
}

#[tokio::test]
async fn another_server_that_the_registry_leads_to_is_shown_nothing() {
    let registry = with_image(Access::anonymous_tokens());
    let elsewhere = Double::start();
    elsewhere
        .expect(Ask::get("/x").without("authorization"))
        .answer(Answer::status(401).header(
            "www-authenticate",
            &format!("Bearer realm=\"{}\"", elsewhere.url("/t")),
        ));
    registry.fault(At::Registry, Fault::RedirectTo(elsewhere.url("/x")));
    let error = ask(&anonymous(), &registry).await.unwrap_err();
    assert_eq!(code(&error), "registry-unauthorized");
    assert!(error.to_string().contains("another server"), "{error}");
}

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
    assert!(error.to_string().contains("named.json"), "{error}");
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
