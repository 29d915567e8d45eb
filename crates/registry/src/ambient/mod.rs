//! Credentials that the place where a program runs has: a cloud's identity of the machine or the workload.
//!
//! Each provider is asked only for registries of its own cloud, and only when these want credentials. Where it is not at hand
//! (another cloud, no identity) there are none, which is no error; what it answers wrongly is one.

#[cfg(feature = "ecr")]
mod aws;
#[cfg(feature = "acr")]
mod azure;
#[cfg(feature = "ghcr")]
mod github;
#[cfg(feature = "gcr")]
mod google;
#[cfg(feature = "ecr")]
mod sigv4;

use std::ffi::OsString;

use sealcheck_net::Client;
#[cfg(any(feature = "acr", feature = "ecr", feature = "gcr"))]
use sealcheck_net::{NetError, Phase, Request, Response};

use crate::RegistryError;
use crate::credentials::Found;

/// A cloud.
#[derive(Clone)]
pub(crate) enum Provider {
    #[cfg(feature = "ghcr")]
    GitHub(github::GitHub),
    #[cfg(feature = "gcr")]
    Google(google::Google),
    #[cfg(feature = "acr")]
    Azure(azure::Azure),
    #[cfg(feature = "ecr")]
    Aws(Box<aws::Aws>),
}

/// All that this program was built with.
pub(crate) fn providers(variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<Provider> {
    let text = |name: &str| {
        variable(name)
            .and_then(|value| value.into_string().ok())
            .filter(|value| !value.is_empty())
    };
    vec![
        #[cfg(feature = "ghcr")]
        Provider::GitHub(github::GitHub::new(&text)),
        #[cfg(feature = "gcr")]
        Provider::Google(google::Google::new(&text)),
        #[cfg(feature = "acr")]
        Provider::Azure(azure::Azure::new(&text)),
        #[cfg(feature = "ecr")]
        Provider::Aws(Box::new(aws::Aws::new(&text))),
    ]
}

impl Provider {
    /// The credential for a registry, if it is one of this cloud and there is an identity.
    pub(crate) async fn find(
        &self,
        http: &Client,
        registry: &str,
    ) -> Result<Option<Found>, RegistryError> {
        #[cfg(not(any(feature = "acr", feature = "ecr", feature = "gcr")))]
        let _ = http;
        match self {
            #[cfg(feature = "ghcr")]
            Self::GitHub(provider) => Ok(provider.find(registry)),
            #[cfg(feature = "gcr")]
            Self::Google(provider) => provider.find(http, registry).await,
            #[cfg(feature = "acr")]
            Self::Azure(provider) => provider.find(http, registry).await,
            #[cfg(feature = "ecr")]
            Self::Aws(provider) => provider.find(http, registry).await,
        }
    }
}

/// A conversation with a cloud, for its errors.
#[cfg(any(feature = "acr", feature = "ecr", feature = "gcr"))]
pub(crate) struct Talk<'a> {
    pub(crate) registry: &'a str,
    /// The service, in words.
    pub(crate) service: &'static str,
}

#[cfg(any(feature = "acr", feature = "ecr", feature = "gcr"))]
impl Talk<'_> {
    /// An answer that is needed.
    #[cfg(any(feature = "acr", feature = "ecr"))]
    pub(crate) async fn ask(&self, request: Request<'_>) -> Result<Response, RegistryError> {
        let response = request.limit(ANSWER_BYTES).deadline(DEADLINE).send().await;
        response.map_err(|error| self.failed(&error.to_string()))
    }

    /// An answer of something that may not be there: `None` when nobody answers.
    pub(crate) async fn ask_if_there(
        &self,
        request: Request<'_>,
    ) -> Result<Option<Response>, RegistryError> {
        let request = request.limit(ANSWER_BYTES).deadline(NEARBY);
        match request.send().await {
            Ok(response) => Ok(Some(response)),
            Err(
                NetError::Dns { .. }
                | NetError::Connect { .. }
                | NetError::Timeout {
                    phase: Phase::Connect | Phase::Total,
                    ..
                },
            ) => Ok(None),
            Err(error) => Err(self.failed(&error.to_string())),
        }
    }

    /// The JSON of an answer. What does not fit is not shown: it may be the secret.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(
        &self,
        response: &Response,
    ) -> Result<T, RegistryError> {
        serde_json::from_slice(response.body())
            .map_err(|_| self.failed("its answer is not what its interface says"))
    }

    pub(crate) fn failed(&self, detail: &str) -> RegistryError {
        RegistryError::Credentials {
            registry: self.registry.to_owned(),
            source_name: self.service.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// The largest answer; tokens of clouds have at most 16 KB.
#[cfg(any(feature = "acr", feature = "ecr", feature = "gcr"))]
const ANSWER_BYTES: u64 = 256 << 10;

/// How long a service of a cloud may take.
#[cfg(any(feature = "acr", feature = "ecr"))]
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(15);

/// How long the metadata service of a machine may take, which is on the machine or next to it, or nowhere.
#[cfg(any(feature = "acr", feature = "ecr", feature = "gcr"))]
const NEARBY: std::time::Duration = std::time::Duration::from_secs(3);

#[cfg(test)]
#[cfg(all(feature = "acr", feature = "ecr", feature = "gcr", feature = "ghcr"))]
mod tests;
