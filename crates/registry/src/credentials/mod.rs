//! Where credentials come from.

use sealcheck_net::Redacted;

/// Sources of credentials, asked in order.
#[derive(Clone, Debug, Default)]
pub struct Keychain {}

/// What a registry is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// A name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: Redacted,
    },
    /// An identity token (OAuth 2 refresh token), which a token service changes into access tokens.
    IdentityToken(Redacted),
    /// A token that the registry itself takes.
    RegistryToken(Redacted),
}

impl Keychain {
    /// No credentials: every registry is asked anonymously.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {}
    }

    /// Docker's and podman's files, where their variables and habits put them.
    #[must_use]
    pub fn from_environment() -> Self {
        Self {}
    }
}
