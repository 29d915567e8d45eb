//! How registries are spoken to.

use std::path::PathBuf;

use clap::Args;
use sealcheck_engine::Redacted;

#[derive(Debug, Args)]
#[command(next_help_heading = "Registry")]
pub(crate) struct RegistryArgs {
    /// Look for proofs in this repository instead of the image's own (cosign's COSIGN_REPOSITORY). May be repeated.
    #[arg(long, value_name = "REPOSITORY")]
    pub(crate) signature_repository: Vec<String>,
    /// Mirrors, rewrites, certificates, credentials and rates of registries: a YAML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry_config: Option<PathBuf>,
    /// A Kubernetes pull secret with credentials: the secret as YAML or JSON, or only what is in it.
    #[arg(long, value_name = "FILE")]
    pub(crate) pull_secret: Option<PathBuf>,
    /// The name for the images' registry, instead of what Docker's and podman's files say.
    #[arg(long, value_name = "NAME")]
    pub(crate) registry_username: Option<String>,
    /// The password for the images' registry. Other users see it in the list of processes: prefer
    /// SEALCHECK_REGISTRY_PASSWORD.
    #[arg(long, value_name = "PASSWORD", value_parser = secret, hide_env_values = true)]
    pub(crate) registry_password: Option<Redacted>,
    /// A token that the images' registry takes, instead of a name and a password.
    #[arg(long, value_name = "TOKEN", value_parser = secret, hide_env_values = true)]
    pub(crate) registry_token: Option<Redacted>,
    /// CA certificates in PEM that are trusted for TLS besides the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry_cacert: Option<PathBuf>,
    /// The client certificate in PEM for the images' registry.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry_client_cert: Option<PathBuf>,
    /// The private key of the client certificate, in PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry_client_key: Option<PathBuf>,
    /// Speak to registries without TLS where they have none. Addresses of this machine are in any case.
    #[arg(long)]
    pub(crate) allow_http_registry: bool,
}

/// What cosign has and sealcheck has no use for.
#[derive(Debug, Args)]
#[command(next_help_heading = super::DEPRECATED)]
pub(crate) struct DeprecatedRegistryArgs {
    /// Has no effect: certificates are always checked. Use --registry-cacert or --allow-http-registry.
    #[arg(long)]
    pub(crate) allow_insecure_registry: bool,
    /// Is refused: a registry is known by the name in its certificate. Use a rewrite in --registry-config.
    #[arg(long, value_name = "NAME")]
    pub(crate) registry_server_name: Option<String>,
    /// Has no effect: Docker's and podman's files with their helpers are always used, and ambient credentials of those
    /// clouds that the program was built for. For others use their helper programs, or --pull-secret.
    #[arg(long)]
    pub(crate) k8s_keychain: bool,
    /// Is refused: such tags are not looked at.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) attachment_tag_prefix: Option<String>,
    /// Has no effect: what was attached in this way is always looked at.
    #[arg(long)]
    pub(crate) experimental_oci11: bool,
}

fn secret(text: &str) -> Result<Redacted, std::convert::Infallible> {
    Ok(Redacted::new(text))
}

/// Flags whose values are never shown again.
pub(crate) const SECRETS: [&str; 2] = ["--registry-password", "--registry-token"];
