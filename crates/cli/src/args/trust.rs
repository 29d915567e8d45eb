//! Whom to trust: the Sigstore instance.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Trust")]
pub(crate) struct TrustArgs {
    /// The Sigstore instance whose authorities and logs are trusted. github has neither a public log nor certificate
    /// logs, so both are waived and one timestamp is required.
    #[arg(long, value_name = "NAME", default_value = "public-good")]
    pub(crate) instance: InstanceName,
    /// A trusted_root.json file, instead of an instance's.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<PathBuf>,
    /// The TUF repository of the trusted root: an address or a folder.
    #[arg(long, value_name = "URL")]
    pub(crate) tuf_mirror: Option<String>,
    /// The root.json that the TUF repository is trusted by, instead of the instance's.
    #[arg(long, value_name = "FILE")]
    pub(crate) tuf_root: Option<PathBuf>,
    /// The folder in which trusted roots are kept between runs.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Certificate authorities in PEM: the issuing one first, the root last. Replaces those of the trusted root.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate_chain: Option<PathBuf>,
    /// Root certificates in PEM. Replaces the certificate authorities of the trusted root.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_roots: Option<PathBuf>,
    /// Intermediate certificates in PEM, between the signer's certificate and --ca-roots.
    #[arg(long, value_name = "FILE", requires = "ca_roots")]
    pub(crate) ca_intermediates: Option<PathBuf>,
    /// A timestamp authority's certificates in PEM, the root last. Replaces those of the trusted root.
    #[arg(long, value_name = "FILE")]
    pub(crate) timestamp_certificate_chain: Option<PathBuf>,
    /// The public key of the transparency log. Replaces the logs of the trusted root.
    #[arg(long, value_name = "FILE")]
    pub(crate) rekor_public_key: Option<PathBuf>,
    /// The public key of the certificate-transparency log. Replaces those of the trusted root.
    #[arg(long, value_name = "FILE")]
    pub(crate) ct_log_public_key: Option<PathBuf>,
}

/// A public Sigstore instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InstanceName {
    /// The public instance, which signs Kubernetes releases.
    PublicGood,
    /// Its staging twin.
    Staging,
    /// GitHub's own, for artifact attestations of private repositories.
    Github,
}
