use std::collections::HashMap;
use std::time::Duration;

use data_encoding::BASE64;
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{Config, Proxies, Redacted, RetryPolicy};

use super::aws::EcrHost;
use super::*;
use crate::Credential;

const ECR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const ACR: &str = "acme.azurecr.io";
const GAR: &str = "europe-docker.pkg.dev";

fn http() -> Client {
    Client::new(Config {
        total_deadline: Duration::from_secs(5),
        retry: RetryPolicy {
            attempts: 1,
            base: Duration::from_millis(1),
            cap: Duration::from_millis(1),
        },
        proxies: Proxies::none(),
        ..Config::default()
    })
    .unwrap()
}

/// What all providers together find with these variables.
async fn find(
    variables: &[(&str, String)],
    registry: &str,
) -> Result<Option<Credential>, RegistryError> {
    let variables: HashMap<&str, &String> = variables
        .iter()
        .map(|(name, value)| (*name, value))
        .collect();
    let providers = providers(&|name| variables.get(name).map(OsString::from));
    let http = http();
    for provider in providers {
        if let Some(found) = provider.find(&http, registry).await? {
            return Ok(Some(found.credential));
        }
    }
    Ok(None)
}

fn nowhere() -> String {
    "http://127.0.0.1:1".to_owned()
}

#[tokio::test]
async fn nobody_is_asked_for_registries_of_others() {
    // Each would be an error if it were asked.
    let trap = Double::start();
    let variables = [
        ("GITHUB_TOKEN", "hunter2".to_owned()),
        ("GCE_METADATA_HOST", format!("127.0.0.1:{}", trap.port())),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", trap.url("")),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", trap.url("")),
    ];
    for registry in [
        "docker.io",
        "ghcr.io.evil.example",
        "evil-gcr.io",
        "gcr.io.evil.example",
        "azurecr.io",
        "acme.azurecr.io.evil.example",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
        "123456789012.dkr.ecr.eu-west-1.evil.example",
        "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
    ] {
        assert_eq!(find(&variables, registry).await, Ok(None), "{registry}");
    }
}

#[tokio::test]
async fn where_there_is_no_cloud_there_are_no_credentials() {
    let variables = [
        ("GCE_METADATA_HOST", "127.0.0.1:1".to_owned()),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", nowhere()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", nowhere()),
    ];
    for registry in ["ghcr.io", GAR, "gcr.io", ACR, ECR] {
        assert_eq!(find(&variables, registry).await, Ok(None), "{registry}");
    }
}

#[tokio::test]
async fn a_workflow_has_a_token_for_github() {
    let variables = [
        ("GITHUB_TOKEN", "hunter2".to_owned()),
        ("GITHUB_ACTOR", "octocat".to_owned()),
    ];
    assert_eq!(
        find(&variables, "ghcr.io").await,
        Ok(Some(Credential::basic("octocat", "hunter2".to_owned())))
    );
}

#[tokio::test]
async fn googles_metadata_service_gives_a_token() {
    let service = Double::start();
    let path = "/computeMetadata/v1/instance/service-accounts/default/token";
    service
        .expect(Ask::get(path).with("metadata-flavor", "Google"))
        .answer(
            Answer::json(r#"{"access_token":"hunter2","expires_in":3599}"#)
                .header("metadata-flavor", "Google"),
        )
        .answer(Answer::status(404).header("metadata-flavor", "Google"))
        .answer(Answer::json(r#"{"access_token":"of something else"}"#))
        .answer(Answer::json("hunter2").header("metadata-flavor", "Google"))
        .answer(Answer::status(500));
    let variables = [("GCE_METADATA_HOST", format!("127.0.0.1:{}", service.port()))];
    let expected = Credential::basic("oauth2accesstoken", "hunter2".to_owned());
    assert_eq!(find(&variables, GAR).await, Ok(Some(expected)));
    assert_eq!(find(&variables, GAR).await, Ok(None));
    assert_eq!(find(&variables, GAR).await, Ok(None));
    for _ in 0..2 {
        let error = find(&variables, GAR).await.unwrap_err().to_string();
        assert!(error.contains("metadata service of Google"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn azures_identities_give_a_token_that_the_registry_exchanges() {
    let service = Double::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "assertion\n").unwrap();
    let has = |parts: &'static [&'static str]| {
        move |body: &[u8]| {
            let body = String::from_utf8_lossy(body);
            parts.iter().all(|part| body.contains(part))
        }
    };
    service
        .expect(Ask::post("/tenant/oauth2/v2.0/token").body(has(&[
            "client_assertion=assertion",
            "client_id=client",
            "scope=https%3A%2F%2Fmanagement.azure.com%2F.default",
        ])))
        .answer(Answer::json(r#"{"access_token":"workload"}"#));
    service
        .expect(Ask::get("/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F").with("metadata", "true"))
        .answer(Answer::json(r#"{"access_token":"machine"}"#))
        .answer(Answer::status(400));
    service
        .expect(Ask::post("/oauth2/exchange").body(has(&[
            "grant_type=access_token",
            "service=acme.azurecr.io",
            "access_token=workload",
            "tenant=tenant",
        ])))
        .answer(Answer::json(r#"{"refresh_token":"hunter2"}"#))
        .answer(Answer::json(r#"{"refresh":"hunter2"}"#));
    let variable = |name: &str| match name {
        "AZURE_CLIENT_ID" => Some("client".to_owned()),
        "AZURE_TENANT_ID" => Some("tenant".to_owned()),
        "AZURE_FEDERATED_TOKEN_FILE" => Some(file.display().to_string()),
        "AZURE_AUTHORITY_HOST" => Some(service.url("/")),
        _ => None,
    };
    let workload = azure::Azure::new(&variable);
    let http = http();
    let token = workload.access_token(&http, ACR).await.unwrap().unwrap();
    assert_eq!(token.expose(), "workload");
    let url = service.url("/oauth2/exchange");
    let refresh = workload.exchange(&http, ACR, &url, &token).await.unwrap();
    assert_eq!(refresh, Redacted::new("hunter2"));
    let error = workload.exchange(&http, ACR, &url, &token).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("token exchange") && !error.contains("hunter2"),
        "{error}"
    );

    let machine = azure::Azure::new(&|name| {
        (name == "AZURE_POD_IDENTITY_AUTHORITY_HOST").then(|| service.url(""))
    });
    let token = machine.access_token(&http, ACR).await.unwrap().unwrap();
    assert_eq!(token.expose(), "machine");
    assert!(machine.access_token(&http, ACR).await.is_err());
}

/// An ECR API; whether a session's token must come with the request.
fn ecr(service: &Double, session: bool) {
    let pair = BASE64.encode(b"AWS:hunter2");
    let answer = format!(r#"{{"authorizationData":[{{"authorizationToken":"{pair}"}}]}}"#);
    let mut ask = Ask::post("/")
        .with(
            "x-amz-target",
            "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
        )
        .body(|body| body == b"{}");
    ask = match session {
        true => ask.with("x-amz-security-token", "session"),
        false => ask.without("x-amz-security-token"),
    };
    service.expect(ask).answer(Answer::json(answer));
}

fn signed_by(service: &Double) -> String {
    let asked = service.requests().into_iter().next_back().unwrap();
    asked.header("authorization").unwrap().to_owned()
}

#[tokio::test]
async fn keys_in_the_environment_open_ecr() {
    let service = Double::start();
    ecr(&service, false);
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKID".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_ENDPOINT_URL_ECR", service.url("")),
    ];
    assert_eq!(
        find(&variables, ECR).await,
        Ok(Some(Credential::basic("AWS", "hunter2".to_owned())))
    );
    let authorization = signed_by(&service);
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/")
            && authorization.contains("/eu-west-1/ecr/aws4_request")
            && authorization.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-target,"),
        "{authorization}"
    );
}

#[tokio::test]
async fn a_web_identity_is_changed_into_keys() {
    let service = Double::start();
    ecr(&service, true);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "web-token\n").unwrap();
    let answer = "<AssumeRoleWithWebIdentityResponse><Credentials><AccessKeyId>ASIA</AccessKeyId>\n<SecretAccessKey>s/+=</SecretAccessKey><SessionToken>session</SessionToken></Credentials></AssumeRoleWithWebIdentityResponse>";
    service
        .expect(Ask::post("/sts").body(|body| {
            let body = String::from_utf8_lossy(body);
            body.contains("WebIdentityToken=web-token")
                && body.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr")
        }))
        .answer(Answer::ok(answer))
        .answer(Answer::ok("<Error>hunter2</Error>"));
    let variables = [
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r".to_owned()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.display().to_string()),
        ("AWS_ENDPOINT_URL_STS", service.url("/sts")),
        ("AWS_ENDPOINT_URL_ECR", service.url("")),
    ];
    assert!(find(&variables, ECR).await.unwrap().is_some());
    assert!(signed_by(&service).contains("Credential=ASIA/"));
    let error = find(&variables, ECR).await.unwrap_err().to_string();
    assert!(
        error.contains("web identity") && !error.contains("hunter2"),
        "{error}"
    );
}

const ROLE: &str =
    r#"{"Code":"Success","AccessKeyId":"ROLE","SecretAccessKey":"s","Token":"session"}"#;

#[tokio::test]
async fn a_containers_service_gives_keys() {
    let service = Double::start();
    ecr(&service, true);
    service
        .expect(Ask::get("/credentials").with("authorization", "pod-token"))
        .answer(Answer::json(ROLE));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "pod-token").unwrap();
    let variables = [
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            service.url("/credentials"),
        ),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            file.display().to_string(),
        ),
        ("AWS_ENDPOINT_URL_ECR", service.url("")),
    ];
    assert!(find(&variables, ECR).await.unwrap().is_some());
    assert!(signed_by(&service).contains("Credential=ROLE/"));
}

#[tokio::test]
async fn a_machines_service_gives_keys_of_its_role() {
    let service = Double::start();
    ecr(&service, true);
    let folder = "/latest/meta-data/iam/security-credentials/";
    service
        .expect(
            Ask::new("PUT", "/latest/api/token")
                .with("x-aws-ec2-metadata-token-ttl-seconds", "300"),
        )
        .forever(Answer::ok("imds"));
    service
        .expect(Ask::get(folder).with("x-aws-ec2-metadata-token", "imds"))
        .answer(Answer::ok("my-role\n"))
        .answer(Answer::status(404));
    service
        .expect(Ask::get(format!("{folder}my-role")).with("x-aws-ec2-metadata-token", "imds"))
        .answer(Answer::json(ROLE));
    let variables = [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url("/")),
        ("AWS_ENDPOINT_URL_ECR", service.url("")),
    ];
    assert!(find(&variables, ECR).await.unwrap().is_some());
    // A machine without a role.
    assert_eq!(find(&variables, ECR).await, Ok(None));
    let disabled = [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url("/")),
        ("AWS_EC2_METADATA_DISABLED", "TRUE".to_owned()),
    ];
    assert_eq!(find(&disabled, ECR).await, Ok(None));
}

#[test]
fn ecrs_names_are_taken_apart() {
    let parsed = |registry: &str| EcrHost::parse(registry).map(|host| format!("{host:?}"));
    assert!(
        parsed(ECR)
            .unwrap()
            .contains("\"api.ecr.eu-west-1.amazonaws.com\"")
    );
    let fips = "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com";
    assert!(
        parsed(fips)
            .unwrap()
            .contains("\"ecr-fips.us-gov-west-1.amazonaws.com\"")
    );
    let china = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn";
    assert!(
        parsed(china)
            .unwrap()
            .contains("\"api.ecr.cn-north-1.amazonaws.com.cn\"")
    );
    for other in [
        "public.ecr.aws",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
        "123456789012.dkr.s3.eu-west-1.amazonaws.com",
        "x23456789012.dkr.ecr.eu-west-1.amazonaws.com",
    ] {
        assert_eq!(parsed(other), None, "{other}");
    }
}
