//! The command line: definitions only, no decisions.

mod image;
mod network;
mod output;
mod proof;
mod registry;
mod release;
mod signer;
mod trust;

use std::path::PathBuf;

use clap::{ArgMatches, Args, FromArgMatches};

pub(crate) use image::{
    CopyArgs, DownloadArgs, DownloadKind, ImageAttestationArgs, ImageVerifyArgs, ImagesArgs,
    PlatformsArgs, RefusedArgs, RefusedAttestationArgs, ShownArgs, TreeArgs, VerifyImageArgs,
};
pub(crate) use network::NetworkArgs;
pub(crate) use output::{BatchArgs, ColorWhen, DocumentFormat, Format, OutputArgs};
pub(crate) use proof::{MaterialArgs, Require, RequireArgs};
pub(crate) use registry::{DeprecatedRegistryArgs, RegistryArgs, SECRETS};
pub(crate) use release::{
    ReleaseArgs, ReleaseCollectArgs, ReleaseCommand, ReleaseCommonArgs, ReleaseFetchArgs,
    ReleaseImagesArgs, ReleaseListArgs, ReleaseSbomArgs, ReleaseVerifyArgs, ReportArgs,
};
pub(crate) use signer::SignerArgs;
pub(crate) use trust::{InstanceName, TrustArgs};

/// Defines the commands, each with its flags.
///
/// As clap's derive would, but that the flags of one command can be defined without those of all others: they are most
/// of what a short run computes.
macro_rules! commands {
    ($(#[doc = $about:literal] $name:literal => $variant:ident($args:ty), $help:expr;)+) => {
        /// A command with what was given to it.
        #[derive(Debug)]
        pub(crate) enum Command {
            $(#[doc = $about] $variant(Box<$args>),)+
        }

        impl Command {
            /// The names of all commands.
            pub(crate) const NAMES: &[&str] = &[$($name),+];

            /// The definition of the command line, with the flags of those commands that `has_flags` names.
            pub(crate) fn definition(has_flags: impl Fn(&str) -> bool) -> clap::Command {
                root().subcommands([$({
                    let command = clap::Command::new($name);
                    let command = match has_flags($name) {
                        true => <$args as Args>::augment_args(command).after_help($help),
                        false => command,
                    };
                    command.about($about.trim().trim_end_matches('.'))
                }),+])
            }

            /// What was given, from arguments that fit the definition.
            pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                match matches.subcommand() {
                    $(Some(($name, matches)) => {
                        <$args>::from_arg_matches(matches).map(|args| Self::$variant(Box::new(args)))
                    })+
                    _ => Err(clap::Error::new(clap::error::ErrorKind::MissingSubcommand)),
                }
            }
        }
    };
}

fn root() -> clap::Command {
    clap::Command::new("sealcheck")
        .about("Prove what you run: verify what a Kubernetes platform is made of")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .max_term_width(80)
        .after_help(ROOT_HELP)
}

commands! {
    /// Verify who signed container images: a drop-in for `cosign verify`.
    "verify" => Verify(VerifyImageArgs), image::VERIFY_HELP;
    /// Verify attestations about container images, and show what they attest.
    "verify-attestation" => VerifyAttestation(ImageAttestationArgs), image::ATTESTATION_HELP;
    /// Verify who signed files: a drop-in for `cosign verify-blob`.
    "verify-blob" => VerifyBlob(BlobArgs), BLOB_HELP;
    /// Verify an attestation about a file, and show what it attests.
    "verify-blob-attestation" => VerifyBlobAttestation(AttestationArgs), ATTESTATION_HELP;
    /// List everything that is attached to an image, and whether it is proved.
    "tree" => Tree(TreeArgs), image::TREE_HELP;
    /// Print signatures, attestations or bundles of an image, without verifying them.
    "download" => Download(DownloadArgs), image::DOWNLOAD_HELP;
    /// Copy an image with all its proofs into a folder, where it can be verified without network.
    "copy" => Copy(CopyArgs), image::COPY_HELP;
    /// Prove the releases of Kubernetes, or of a project that publishes like it: files, SBOMs, downloads.
    "release" => Release(ReleaseArgs), release::HELP;
    /// Show what a proof, certificate, key or trusted root contains, without verifying it.
    "inspect" => Inspect(InspectArgs), INSPECT_HELP;
    /// Explain a reason code: its cause and its cure.
    "explain" => Explain(ExplainArgs), EXPLAIN_HELP;
    /// Print a completion script for a shell.
    "completions" => Completions(CompletionsArgs), COMPLETIONS_HELP;
}

#[derive(Debug, Args)]
pub(crate) struct BlobArgs {
    /// What to verify: files, folders, addresses, `-` for standard input, or digests (sha256:HEX). A folder stands for
    /// all files in it but those that hold a proof of a file beside them.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) artifacts: Vec<String>,
    #[command(flatten)]
    pub(crate) verify: VerifyArgs,
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AttestationArgs {
    /// What the attestation is about: a file, an address, `-` for standard input, or a digest.
    #[arg(value_name = "FILE", required_unless_present = "digest")]
    pub(crate) artifact: Option<String>,
    #[command(flatten)]
    pub(crate) predicate: PredicateArgs,
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
    #[command(flatten)]
    pub(crate) verify: VerifyArgs,
}

/// What the attestation must be about, when that is no file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Statement")]
pub(crate) struct SubjectArgs {
    /// The artifact's digest, instead of the file: ALG:HEX with sha256, sha384, sha512, sha1 or gitCommit, or HEX alone
    /// with --digestAlg.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) digest: Option<String>,
    /// The algorithm of --digest, when that is HEX alone.
    #[arg(
        long = "digestAlg",
        visible_alias = "digest-alg",
        value_name = "ALG",
        requires = "digest"
    )]
    pub(crate) digest_alg: Option<String>,
}

/// What the attestation must say.
#[derive(Debug, Args)]
#[command(next_help_heading = "Statement")]
pub(crate) struct PredicateArgs {
    /// The required kind of predicate: slsaprovenance, slsaprovenance02, slsaprovenance1, link, spdx, spdxjson,
    /// cyclonedx, vuln, openvex, custom (cosign's names), vsa, vulns, or a type URI.
    #[arg(long = "type", value_name = "TYPE", default_value = "custom")]
    pub(crate) predicate_type: String,
    /// Whether the statement must be about this artifact. Only `true` is accepted.
    #[arg(long, value_name = "BOOL", default_value = "true", hide_default_value = true,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) check_claims: String,
    /// A policy that the attestation must fulfil: a file with an expression in CEL (.cel). May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Vec<PathBuf>,
    /// The builder that SLSA provenance must name: its whole id, or ID@REF. GitHub's own machines have two ids, with and
    /// without /github-hosted, and either stands for both.
    #[arg(long, value_name = "ID")]
    pub(crate) slsa_builder: Option<String>,
    /// The source that SLSA provenance must name: HOST/ORG/REPO, or with @ and a ref, branch:NAME, tag:NAME,
    /// version:vX.Y or commit:HEX.
    #[arg(long, value_name = "REPO")]
    pub(crate) slsa_source: Option<String>,
    /// Print the predicate, as it was signed, and nothing else to standard output; the report goes to standard error.
    #[arg(long)]
    pub(crate) print_predicate: bool,
}

/// What the commands that verify files take.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) signer: SignerArgs,
    #[command(flatten)]
    pub(crate) material: MaterialArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) deprecated: DeprecatedArgs,
    /// Has no effect: nothing is asked of a registry.
    #[arg(long, help_heading = DEPRECATED)]
    pub(crate) experimental_oci11: bool,
}

/// What every verifying command takes.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) signer: SignerArgs,
    pub(crate) require: RequireArgs,
    pub(crate) trust: TrustArgs,
    pub(crate) network: NetworkArgs,
    pub(crate) deprecated: DeprecatedArgs,
    pub(crate) verbose: bool,
    /// Whether a timestamp is named as a part of the proof.
    pub(crate) names_timestamp: bool,
}

impl Common {
    /// Whether a log entry is waived.
    pub(crate) fn ignores_log(&self) -> bool {
        self.require.insecure_ignore_tlog || self.deprecated.private_infrastructure
    }
}

impl VerifyArgs {
    pub(crate) fn common(&self) -> Common {
        Common {
            signer: self.signer.clone(),
            require: self.require.clone(),
            trust: self.trust.clone(),
            network: self.network.clone(),
            deprecated: self.deprecated.clone(),
            verbose: self.output.verbose,
            names_timestamp: self.material.rfc3161_timestamp.is_some(),
        }
    }
}

/// What cosign has and sealcheck has no use for.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = DEPRECATED)]
pub(crate) struct DeprecatedArgs {
    /// Has no effect: the format of a bundle is recognised.
    #[arg(long)]
    pub(crate) new_bundle_format: bool,
    /// The same as --insecure-ignore-tlog.
    #[arg(long)]
    pub(crate) private_infrastructure: bool,
    /// Is refused: hardware tokens are not supported. Export the public key and use --key.
    #[arg(long)]
    pub(crate) sk: bool,
    /// Is refused, as --sk.
    #[arg(long, value_name = "SLOT")]
    pub(crate) slot: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The file to look at, or `-` for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The form of the output.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DocumentFormat,
    /// When to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The reason code, for example identity-mismatch. Without one, all codes are listed.
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// When to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// The heading of flags that are taken for cosign's sake.
const DEPRECATED: &str = "Deprecated cosign flags";

const ROOT_HELP: &str = "\
Exit codes: 0 verified, 1 rejected, 2 usage, 3 unavailable (could not be
answered), 4 unsigned.

Environment: every flag can be set as SEALCHECK_FLAG (--certificate-identity is
SEALCHECK_CERTIFICATE_IDENTITY); cosign's COSIGN_FLAG, SIGSTORE_* and TUF_*
variables are read too. A flag comes before SEALCHECK_, that before all others.
NO_COLOR switches colours off.";

const BLOB_HELP: &str = "\
Examples:
  The proof lies beside the file (kubectl.sigstore.json, or kubectl.sig with kubectl.cert):
    sealcheck verify-blob kubectl \\
      --identity krel-staging@k8s-releng-prod.iam.gserviceaccount.com \\
      --issuer https://accounts.google.com

  Every file of a folder, signed by any release workflow of one repository:
    sealcheck verify-blob dist/ \\
      --identity \\
        'glob:https://github.com/org/repo/.github/workflows/*@refs/tags/v*' \\
      --issuer https://token.actions.githubusercontent.com

  With a public key, without network:
    sealcheck verify-blob app.tar.gz --bundle app.tar.gz.sigstore.json \\
      --key release.pub --offline

Exit codes: 0 verified, 1 rejected, 2 usage, 3 unavailable, 4 unsigned; the
worst of several artifacts decides. `sealcheck explain CODE` explains the reason
code of a report.

Environment: SEALCHECK_FLAG for every flag, then cosign's COSIGN_FLAG,
SIGSTORE_ROOT_FILE, SIGSTORE_REKOR_PUBLIC_KEY, SIGSTORE_CT_LOG_PUBLIC_KEY_FILE,
SIGSTORE_TSA_CERTIFICATE_FILE, TUF_ROOT, TUF_MIRROR and TUF_ROOT_JSON. A flag
comes before any variable.";

const ATTESTATION_HELP: &str = "\
Examples:
  SLSA provenance of a file; the bundle lies beside it:
    sealcheck verify-blob-attestation app.tar.gz --type slsaprovenance1 \\
      --identity \\
        'glob:https://github.com/org/repo/.github/workflows/*@refs/tags/v*' \\
      --issuer https://token.actions.githubusercontent.com

  Built from a tag of one repository by GitHub's own machines, and as a policy
  of one's own demands:
    sealcheck verify-blob-attestation app.tar.gz --type slsaprovenance1 \\
      --slsa-builder https://github.com/actions/runner/github-hosted \\
      --slsa-source github.com/org/repo@tag:v1.2.3 --policy release.cel …

  The builder that a verified attestation names:
    sealcheck verify-blob-attestation app.tar.gz --type slsaprovenance1 \\
      --print-predicate --key build.pub | jq .runDetails.builder.id

  About a commit instead of a file:
    sealcheck verify-blob-attestation --digest gitCommit:HEX \\
      --bundle vsa.sigstore.json …

Exit codes and environment are those of `sealcheck verify-blob`.";

const INSPECT_HELP: &str = "\
Recognised by content: Sigstore bundles, cosign's legacy bundles, DSSE
envelopes, in-toto statements, signatures, certificates, public keys, RFC 3161
timestamps, checkpoints, trusted roots.

Examples:
  sealcheck inspect kubectl.sigstore.json
  sealcheck inspect kubectl.cert -o json
  curl -sL https://dl.k8s.io/release/v1.33.0/bin/linux/amd64/kubectl.cert |
    sealcheck inspect -";

const EXPLAIN_HELP: &str = "\
Examples:
  sealcheck explain identity-mismatch
  sealcheck explain";

const COMPLETIONS_HELP: &str = "\
Examples:
  sealcheck completions bash \\
    > ~/.local/share/bash-completion/completions/sealcheck
  sealcheck completions zsh > \"${fpath[1]}/_sealcheck\"";
