//! Amazon's private registries (ECR), with the keys of the environment, the workload or the machine.

use std::path::PathBuf;

use data_encoding::BASE64;
use sealcheck_net::{Client, Redacted, Response};
use serde::Deserialize;

use super::Talk;
use super::sigv4::{Keys, Unsigned};
use crate::auth::form;
use crate::credentials::{Found, read_file};
use crate::limits::CREDENTIALS_BYTES;
use crate::{Credential, RegistryError};

/// Where keys may come from, in the order of AWS's own libraries: variables, web identity (IRSA), the container's service
/// (ECS, EKS pod identity), the machine's service (IMDS version 2). Profiles in files are not read.
#[derive(Clone)]
pub(crate) struct Aws {
    keys: Option<Keys>,
    web_identity: Option<WebIdentity>,
    container: Option<Container>,
    metadata: Option<String>,
    /// Instead of the services' own addresses.
    ecr: Option<String>,
    sts: Option<String>,
}

#[derive(Clone)]
struct WebIdentity {
    role: String,
    token_file: PathBuf,
}

#[derive(Clone)]
struct Container {
    url: String,
    token: Option<Redacted>,
    token_file: Option<PathBuf>,
}

/// A registry's name, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EcrHost {
    region: String,
    endpoint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleKeys {
    access_key_id: String,
    secret_access_key: String,
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorizations {
    authorization_data: Vec<AuthorizationData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationData {
    authorization_token: String,
}

impl Aws {
    /// The variables of AWS's own libraries.
    pub(crate) fn new(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let keys = variable("AWS_ACCESS_KEY_ID")
            .zip(variable("AWS_SECRET_ACCESS_KEY"))
            .map(|(access_key, secret_key)| Keys {
                access_key,
                secret_key: secret_key.into(),
                session_token: variable("AWS_SESSION_TOKEN").map(Redacted::from),
            });
        let web_identity = variable("AWS_ROLE_ARN")
            .zip(variable("AWS_WEB_IDENTITY_TOKEN_FILE"))
            .map(|(role, file)| WebIdentity {
                role,
                token_file: file.into(),
            });
        let container = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").or_else(|| {
            variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
                .map(|path| format!("http://169.254.170.2{path}"))
        });
        let is_disabled = variable("AWS_EC2_METADATA_DISABLED")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let metadata = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            .unwrap_or_else(|| "http://169.254.169.254".to_owned());
        Self {
            keys,
            web_identity,
            container: container.map(|url| Container {
                url,
                token: variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Redacted::from),
                token_file: variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(PathBuf::from),
            }),
            metadata: (!is_disabled).then(|| metadata.trim_end_matches('/').to_owned()),
            ecr: variable("AWS_ENDPOINT_URL_ECR"),
            sts: variable("AWS_ENDPOINT_URL_STS"),
        }
    }

    pub(crate) async fn find(
        &self,
        http: &Client,
        registry: &str,
    ) -> Result<Option<Found>, RegistryError> {
        let Some(host) = EcrHost::parse(registry) else {
            return Ok(None);
        };
        let Some(keys) = self.keys(http, registry, &host).await? else {
            return Ok(None);
        };
        let credential = self.authorization(http, registry, &host, &keys).await?;
        Ok(Some(Found {
            credential,
            source: "the identity in AWS".to_owned(),
        }))
    }

    async fn keys(
        &self,
        http: &Client,
        registry: &str,
        host: &EcrHost,
    ) -> Result<Option<Keys>, RegistryError> {
        if let Some(keys) = &self.keys {
            return Ok(Some(keys.clone()));
        }
        if let Some(identity) = &self.web_identity {
            let keys = self.assume_role(http, registry, host, identity);
            return keys.await.map(Some);
        }
        if let Some(container) = &self.container {
            return container.keys(http, registry).await.map(Some);
        }
        match &self.metadata {
            Some(service) => machine_keys(http, registry, service).await,
            None => Ok(None),
        }
    }

    /// Keys for the token that Kubernetes put into a file (STS `AssumeRoleWithWebIdentity`).
    async fn assume_role(
        &self,
        http: &Client,
        registry: &str,
        host: &EcrHost,
        identity: &WebIdentity,
    ) -> Result<Keys, RegistryError> {
        let talk = Talk {
            registry,
            service: "the web identity of AWS",
        };
        let token = secret_in(&identity.token_file, &talk)?;
        let url = self
            .sts
            .clone()
            .unwrap_or_else(|| format!("https://sts.{}.{}", host.region, suffix(&host.region)));
        let body = form(&[
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &identity.role),
            ("RoleSessionName", "sealcheck"),
            ("WebIdentityToken", token.expose()),
        ]);
        let request = http
            .post(url, "application/x-www-form-urlencoded", body)
            .secret_in_body(&token);
        let response = talk.ask(request).await?;
        let text = String::from_utf8_lossy(response.body());
        let field = |name: &str| {
            element(&text, name)
                .map(str::to_owned)
                .ok_or_else(|| talk.failed("its answer is not what its interface says"))
        };
        Ok(Keys {
            access_key: field("AccessKeyId")?,
            secret_key: field("SecretAccessKey")?.into(),
            session_token: Some(field("SessionToken")?.into()),
        })
    }

    /// ECR's `GetAuthorizationToken`: a name and a password for twelve hours.
    async fn authorization(
        &self,
        http: &Client,
        registry: &str,
        host: &EcrHost,
        keys: &Keys,
    ) -> Result<Credential, RegistryError> {
        let talk = Talk {
            registry,
            service: "the API of ECR",
        };
        let url = self
            .ecr
            .clone()
            .unwrap_or_else(|| format!("https://{}", host.endpoint));
        let url = format!("{}/", url.trim_end_matches('/'));
        let parsed = sealcheck_net::Url::parse(&url)
            .map_err(|error| talk.failed(&format!("{url}: {error}")))?;
        let name = parsed.host_str().unwrap_or_default();
        let name = match parsed.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        let time = jiff::Timestamp::now()
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let session = keys.session_token.as_ref();
        let mut headers = vec![
            ("content-type", JSON),
            ("host", name.as_str()),
            ("x-amz-date", time.as_str()),
        ];
        if let Some(session) = session {
            headers.push(("x-amz-security-token", session.expose()));
        }
        headers.push(("x-amz-target", TARGET));
        let unsigned = Unsigned {
            method: "POST",
            path: "/",
            headers: &headers,
            body: b"{}",
            region: &host.region,
            service: "ecr",
            time: &time,
        };
        let mut request = http
            .post(&url, JSON, "{}")
            .header("x-amz-date", &time)
            .header("x-amz-target", TARGET)
            .secret_header("authorization", &unsigned.authorization(keys));
        if let Some(session) = session {
            request = request.secret_header("x-amz-security-token", session);
        }
        let response = talk.ask(request).await?;
        let answer: Authorizations = talk.json(&response)?;
        let pair = answer
            .authorization_data
            .first()
            .and_then(|data| BASE64.decode(data.authorization_token.as_bytes()).ok())
            .and_then(|pair| String::from_utf8(pair).ok());
        let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
        match pair {
            Some((username, password)) => Ok(Credential::basic(username, password.to_owned())),
            None => Err(talk.failed("its answer has no authorization token")),
        }
    }
}

impl Container {
    async fn keys(&self, http: &Client, registry: &str) -> Result<Keys, RegistryError> {
        let talk = Talk {
            registry,
            service: "the credentials service of the container",
        };
        let token = match &self.token_file {
            Some(file) => Some(secret_in(file, &talk)?),
            None => self.token.clone(),
        };
        let mut request = http.get(&self.url);
        if let Some(token) = &token {
            request = request.secret_header("authorization", token);
        }
        let response = talk.ask(request).await?;
        role_keys(&response, &talk)
    }
}

/// Keys of the machine's role (IMDS version 2). A machine without a role has none.
async fn machine_keys(
    http: &Client,
    registry: &str,
    service: &str,
) -> Result<Option<Keys>, RegistryError> {
    let talk = Talk {
        registry,
        service: "the metadata service of AWS",
    };
    let request = http
        .put(format!("{service}/latest/api/token"))
        .header("x-aws-ec2-metadata-token-ttl-seconds", "300");
    let Some(response) = talk.ask_if_there(request).await? else {
        return Ok(None);
    };
    let session = Redacted::new(String::from_utf8_lossy(response.body()));
    let folder = format!("{service}/latest/meta-data/iam/security-credentials/");
    let request = http
        .get(&folder)
        .secret_header(SESSION, &session)
        .accept(404);
    let response = talk.ask(request).await?;
    let roles = String::from_utf8_lossy(response.body()).into_owned();
    let role = roles.lines().next().unwrap_or_default().trim();
    if response.status() == 404 || role.is_empty() {
        return Ok(None);
    }
    let request = http
        .get(format!("{folder}{role}"))
        .secret_header(SESSION, &session);
    let response = talk.ask(request).await?;
    role_keys(&response, &talk).map(Some)
}

fn role_keys(response: &Response, talk: &Talk<'_>) -> Result<Keys, RegistryError> {
    let keys: RoleKeys = talk.json(response)?;
    Ok(Keys {
        access_key: keys.access_key_id,
        secret_key: keys.secret_access_key.into(),
        session_token: Some(keys.token.into()),
    })
}

fn secret_in(file: &std::path::Path, talk: &Talk<'_>) -> Result<Redacted, RegistryError> {
    let content =
        read_file(file, CREDENTIALS_BYTES).map_err(|failure| talk.failed(&failure.to_string()))?;
    match String::from_utf8(content) {
        Ok(text) => Ok(Redacted::new(text.trim())),
        Err(_) => Err(talk.failed(&format!("{} is not text", file.display()))),
    }
}

impl EcrHost {
    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, also in China and with `ecr-fips`.
    pub(super) fn parse(registry: &str) -> Option<Self> {
        let (account, rest) = registry.split_once(".dkr.")?;
        let (service, rest) = rest.split_once('.')?;
        let (region, domain) = rest.split_once('.')?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_region = !region.is_empty()
            && region
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_account || !is_region || domain != suffix(region) {
            return None;
        }
        let endpoint = match service {
            "ecr" => format!("api.ecr.{region}.{domain}"),
            "ecr-fips" => format!("ecr-fips.{region}.{domain}"),
            _ => return None,
        };
        Some(Self {
            region: region.to_owned(),
            endpoint,
        })
    }
}

/// The domain of a region's services.
fn suffix(region: &str) -> &'static str {
    match region.starts_with("cn-") {
        true => "amazonaws.com.cn",
        false => "amazonaws.com",
    }
}

/// The text of the first element of this name. STS has no JSON for this call, and its values are of characters that XML
/// does not escape.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    Some(value.trim()).filter(|value| !value.is_empty() && !value.contains(['<', '&']))
}

const JSON: &str = "application/x-amz-json-1.1";

const TARGET: &str = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";

const SESSION: &str = "x-aws-ec2-metadata-token";
