//! Azure's registries, with the identity of the workload or the machine.

use std::path::{Path, PathBuf};

use sealcheck_net::{Client, Redacted};
use serde::Deserialize;

use super::Talk;
use crate::auth::form;
use crate::credentials::{Found, read_file};
use crate::limits::CREDENTIALS_BYTES;
use crate::{Credential, RegistryError};

/// Workload identity where its variables are set, else the identity of the machine.
#[derive(Clone)]
pub(crate) struct Azure {
    client: Option<String>,
    tenant: Option<String>,
    token_file: Option<PathBuf>,
    authority: String,
    metadata: String,
}

#[derive(Deserialize)]
struct AccessToken {
    access_token: String,
}

#[derive(Deserialize)]
struct RefreshToken {
    refresh_token: String,
}

impl Azure {
    /// The variables of Azure's own libraries.
    pub(crate) fn new(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let trimmed = |url: String| url.trim_end_matches('/').to_owned();
        Self {
            client: variable("AZURE_CLIENT_ID"),
            tenant: variable("AZURE_TENANT_ID"),
            token_file: variable("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
            authority: variable("AZURE_AUTHORITY_HOST")
                .map_or_else(|| "https://login.microsoftonline.com".to_owned(), trimmed),
            metadata: variable("AZURE_POD_IDENTITY_AUTHORITY_HOST")
                .map_or_else(|| "http://169.254.169.254".to_owned(), trimmed),
        }
    }

    pub(crate) async fn find(
        &self,
        http: &Client,
        registry: &str,
    ) -> Result<Option<Found>, RegistryError> {
        if !is_azure(registry) {
            return Ok(None);
        }
        let Some(token) = self.access_token(http, registry).await? else {
            return Ok(None);
        };
        let exchange = format!("https://{registry}/oauth2/exchange");
        let token = self.exchange(http, registry, &exchange, &token).await?;
        Ok(Some(Found {
            credential: Credential::IdentityToken(token),
            source: "the identity in Azure".to_owned(),
        }))
    }

    /// A token of the directory.
    pub(super) async fn access_token(
        &self,
        http: &Client,
        registry: &str,
    ) -> Result<Option<Redacted>, RegistryError> {
        if let (Some(client), Some(tenant), Some(file)) =
            (&self.client, &self.tenant, &self.token_file)
        {
            let token = self.federated(http, registry, client, tenant, file);
            return token.await.map(Some);
        }
        let talk = Talk {
            registry,
            service: "the metadata service of Azure",
        };
        let client = self
            .client
            .as_ref()
            .map(|client| format!("&{}", form(&[("client_id", client)])))
            .unwrap_or_default();
        let url = format!("{}{METADATA_PATH}{client}", self.metadata);
        let request = http.get(url).header("metadata", "true");
        let Some(response) = talk.ask_if_there(request).await? else {
            return Ok(None);
        };
        let token: AccessToken = talk.json(&response)?;
        Ok(Some(token.access_token.into()))
    }

    /// A token of the directory for the token that Kubernetes put into a file.
    async fn federated(
        &self,
        http: &Client,
        registry: &str,
        client: &str,
        tenant: &str,
        file: &Path,
    ) -> Result<Redacted, RegistryError> {
        let talk = Talk {
            registry,
            service: "the workload identity of Azure",
        };
        let assertion = read_file(file, CREDENTIALS_BYTES)
            .map_err(|failure| talk.failed(&failure.to_string()))?;
        let assertion = String::from_utf8(assertion)
            .map_err(|_| talk.failed(&format!("{} is not text", file.display())))?;
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.authority);
        let body = form(&[
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("scope", "https://management.azure.com/.default"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.trim()),
        ]);
        let request = http
            .post(url, FORM, body)
            .secret_in_body(&Redacted::new(assertion.trim()));
        let response = talk.ask(request).await?;
        let token: AccessToken = talk.json(&response)?;
        Ok(token.access_token.into())
    }

    /// The registry's own refresh token for a token of the directory.
    pub(super) async fn exchange(
        &self,
        http: &Client,
        registry: &str,
        url: &str,
        token: &Redacted,
    ) -> Result<Redacted, RegistryError> {
        let talk = Talk {
            registry,
            service: "the token exchange of the registry",
        };
        let mut fields = vec![
            ("grant_type", "access_token"),
            ("service", registry),
            ("access_token", token.expose()),
        ];
        if let Some(tenant) = &self.tenant {
            fields.push(("tenant", tenant));
        }
        let request = http.post(url, FORM, form(&fields)).secret_in_body(token);
        let response = talk.ask(request).await?;
        let token: RefreshToken = talk.json(&response)?;
        Ok(token.refresh_token.into())
    }
}

fn is_azure(registry: &str) -> bool {
    [".azurecr.io", ".azurecr.cn", ".azurecr.us"]
        .iter()
        .any(|suffix| registry.ends_with(suffix))
}

const FORM: &str = "application/x-www-form-urlencoded";

const METADATA_PATH: &str = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F";
