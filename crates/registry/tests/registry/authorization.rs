//! Challenges and tokens.

use sealcheck_net::double::{Answer, Ask, Asked, Double};
use sealcheck_registry::double::{Access, At, Fault, RegistryDouble};
use sealcheck_registry::{Credential, Keychain, Reference, Registry, Settings};

use crate::support::{
    anonymous, ask, auth, basic, client, code, count, with_image, with_keychain, with_registries,
};

fn given(registry: &RegistryDouble, credential: Credential) -> Registry {
    let host = registry.host();
    with_keychain(Keychain::anonymous().with_given(&[&host], credential))
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

/// What is said when a server repeats whatever it was sent.
async fn echoed(
    credential: Credential,
    status: u16,
    wrapped: fn(&str) -> String,
    registry: impl Fn(&Asked, &str) -> Option<Answer> + Send + 'static,
) -> String {
    let http = Double::start();
    let base = http.url("");
    http.respond(move |asked| {
        if let Some(answer) = registry(asked, &base) {
            return Some(answer);
        }
        let sent = format!(
            "{} {}",
            asked.header("authorization").unwrap_or_default(),
            String::from_utf8_lossy(&asked.body)
        );
        let text = wrapped(&sent);
        Some(
            Answer::status(status)
                .with_body(text)
                .header("www-authenticate", "Basic realm=x"),
        )
    });
    let host = format!("127.0.0.1:{}", http.port());
    let client = with_keychain(Keychain::anonymous().with_given(&[&host], credential));
    let reference = Reference::parse(&format!("{host}/app:v1")).unwrap();
    let error = client.manifest(&reference).await.unwrap_err();
    let failure = sealcheck_verify::Failure::from(&error);
    format!("{error} {error:?} {failure} {failure:?}")
}

#[tokio::test]
async fn what_was_sent_is_not_told_when_a_server_repeats_it() {
    const PASSWORD: &str = "hunter2-and-more";
    let pair = auth("user", PASSWORD);
    let list: fn(&str) -> String = |sent| {
        format!(
            r#"{{"errors":[{{"code":"UNAUTHORIZED","message":"you sent {sent} which is {PASSWORD}"}}]}}"#
        )
    };
    let plain: fn(&str) -> String = |sent| format!("{PASSWORD} from {sent}, no, {sent}");
    // It ends in the middle of the secret.
    let cut: fn(&str) -> String = |sent| format!("{}{sent}", "x".repeat(180));
    for (status, wrapped) in [
        (401, list),
        (403, list),
        (404, list),
        (500, plain),
        (500, cut),
    ] {
        let basic = || Credential::basic("user", PASSWORD.to_owned());
        let demands = |asked: &Asked, _: &str| {
            let demand = Answer::status(401).header("www-authenticate", "Basic realm=x");
            asked.header("authorization").is_none().then_some(demand)
        };
        let text = echoed(basic(), status, wrapped, demands).await;
        assert!(!text.contains("hunter2"), "{status}: {text}");
        assert!(!text.contains(&pair[..8]), "{status}: {text}");
        // The token service is asked in its own way, and may repeat that.
        let to_service = |asked: &Asked, base: &str| {
            let demand = format!("Bearer realm=\"{base}/token\",service=\"x\"");
            let demand = Answer::status(401).header("www-authenticate", &demand);
            (!asked.target.starts_with("/token")).then_some(demand)
        };
        let text = echoed(basic(), status, wrapped, to_service).await;
        assert!(!text.contains("hunter2"), "{status}: {text}");
        assert!(!text.contains(&pair[..8]), "{status}: {text}");
        let identity = Credential::IdentityToken(PASSWORD.to_owned().into());
        let text = echoed(identity, status, wrapped, to_service).await;
        assert!(!text.contains("hunter2"), "{status}: {text}");
        // A token that the service gave.
        let gives = |asked: &Asked, base: &str| {
            if asked.target.starts_with("/token") {
                return Some(Answer::json(r#"{"token":"hunter2-and-more"}"#));
            }
            let demand = format!("Bearer realm=\"{base}/token\",service=\"x\"");
            let demand = Answer::status(401).header("www-authenticate", &demand);
            asked.header("authorization").is_none().then_some(demand)
        };
        let text = echoed(basic(), status, wrapped, gives).await;
        assert!(!text.contains("hunter2"), "{status}: {text}");
    }
}
