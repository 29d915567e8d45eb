//! Who must have signed.

use clap::Args;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Who must have signed")]
pub(crate) struct SignerArgs {
    /// The signer's name in the certificate: an e-mail address or a URI. Exact, or a pattern for the whole name after
    /// `glob:` (`*` stays between two slashes, `**` does not) or `regex:`. Repeat it with --issuer to accept any of
    /// several signers.
    #[arg(long, value_name = "IDENTITY")]
    pub(crate) identity: Vec<String>,
    /// Who vouches for that name: the OIDC issuer. Exact, or a pattern after `glob:` or `regex:`.
    #[arg(long, value_name = "ISSUER")]
    pub(crate) issuer: Vec<String>,
    /// The certificate must name no issuer, as those of GitHub's own attestations of releases, instead of --issuer. The
    /// authority alone then vouches for the name.
    #[arg(long)]
    pub(crate) no_issuer: bool,
    /// A further certificate claim and the value that it must have, for example
    /// source-repository-uri=https://github.com/org/repo. May be repeated: all must match.
    #[arg(long, value_name = "NAME=PATTERN")]
    pub(crate) claim: Vec<String>,
    /// The public key that must have signed: a file, an address, or env://NAME. Excludes an identity.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// cosign's name for an exact --identity.
    #[arg(long, value_name = "IDENTITY")]
    pub(crate) certificate_identity: Option<String>,
    /// A regular expression that must match the whole identity, not only a part of it as in cosign.
    #[arg(long, value_name = "REGEX")]
    pub(crate) certificate_identity_regexp: Option<String>,
    /// cosign's name for an exact --issuer.
    #[arg(long, value_name = "ISSUER")]
    pub(crate) certificate_oidc_issuer: Option<String>,
    /// A regular expression that must match the whole issuer.
    #[arg(long, value_name = "REGEX")]
    pub(crate) certificate_oidc_issuer_regexp: Option<String>,
    /// The name of the GitHub workflow.
    #[arg(long, value_name = "NAME")]
    pub(crate) certificate_github_workflow_name: Option<String>,
    /// The git ref on which the GitHub workflow ran.
    #[arg(long, value_name = "REF")]
    pub(crate) certificate_github_workflow_ref: Option<String>,
    /// The repository of the GitHub workflow, as ORG/NAME.
    #[arg(long, value_name = "REPOSITORY")]
    pub(crate) certificate_github_workflow_repository: Option<String>,
    /// The commit on which the GitHub workflow ran.
    #[arg(long, value_name = "COMMIT")]
    pub(crate) certificate_github_workflow_sha: Option<String>,
    /// The event that started the GitHub workflow.
    #[arg(long, value_name = "EVENT")]
    pub(crate) certificate_github_workflow_trigger: Option<String>,
}
