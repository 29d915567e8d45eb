//! GitHub's registry, with the token of a workflow.

use sealcheck_net::Redacted;

use crate::Credential;
use crate::credentials::Found;

/// `GITHUB_TOKEN`, as workflows have it.
#[derive(Clone)]
pub(crate) struct GitHub {
    actor: Option<String>,
    token: Option<Redacted>,
}

impl GitHub {
    pub(crate) fn new(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            actor: variable("GITHUB_ACTOR"),
            token: variable("GITHUB_TOKEN").map(Redacted::from),
        }
    }

    pub(crate) fn find(&self, registry: &str) -> Option<Found> {
        let token = self.token.clone().filter(|_| registry == "ghcr.io")?;
        // The name is not looked at, but must not be empty.
        let actor = self.actor.as_deref().unwrap_or("token");
        Some(Found {
            credential: Credential::basic(actor, token),
            source: "GITHUB_TOKEN".to_owned(),
        })
    }
}
