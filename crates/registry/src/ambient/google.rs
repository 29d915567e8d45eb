//! Google's registries, with the identity of the machine or the workload.

use sealcheck_net::{Client, Redacted};
use serde::Deserialize;

use super::Talk;
use crate::credentials::Found;
use crate::{Credential, RegistryError};

/// The metadata service.
#[derive(Clone)]
pub(crate) struct Google {
    host: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

impl Google {
    /// `GCE_METADATA_HOST` is what Google's own libraries take for another host.
    pub(crate) fn new(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            host: variable("GCE_METADATA_HOST")
                .unwrap_or_else(|| "metadata.google.internal".to_owned()),
        }
    }

    pub(crate) async fn find(
        &self,
        http: &Client,
        registry: &str,
    ) -> Result<Option<Found>, RegistryError> {
        if !is_google(registry) {
            return Ok(None);
        }
        let talk = Talk {
            registry,
            service: "the metadata service of Google Cloud",
        };
        let url = format!("http://{}{TOKEN_PATH}", self.host);
        // Without an account, the service says 404.
        let request = http
            .get(url)
            .header("metadata-flavor", "Google")
            .accept(404);
        let Some(response) = talk.ask_if_there(request).await? else {
            return Ok(None);
        };
        // What does not say that it is the service is something else, and its 404 too.
        if response.status() == 404 || response.header("metadata-flavor") != Some("Google") {
            return Ok(None);
        }
        let token: Token = talk.json(&response)?;
        Ok(Some(Found {
            credential: Credential::basic("oauth2accesstoken", Redacted::new(token.access_token)),
            source: talk.service.to_owned(),
        }))
    }
}

/// Container Registry's and Artifact Registry's hosts.
fn is_google(registry: &str) -> bool {
    registry == "gcr.io" || registry.ends_with(".gcr.io") || registry.ends_with(".pkg.dev")
}

const TOKEN_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
