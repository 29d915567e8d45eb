//! The commands about container images.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sealcheck_registry::Platform;

use super::{
    BatchArgs, ColorWhen, Common, DEPRECATED, DeprecatedArgs, DeprecatedRegistryArgs,
    DocumentFormat, NetworkArgs, OutputArgs, RegistryArgs, RequireArgs, SignerArgs, TrustArgs,
};

#[derive(Debug, Args)]
pub(crate) struct VerifyImageArgs {
    #[command(flatten)]
    pub(crate) images: ImagesArgs,
    /// An annotation that must have been signed, with exactly this value. May be repeated: all must be there.
    #[arg(
        short,
        long,
        value_name = "NAME=VALUE",
        help_heading = "Proof",
        display_order = 0
    )]
    pub(crate) annotations: Vec<String>,
    #[command(flatten)]
    pub(crate) verify: ImageVerifyArgs,
    /// Print the reference with the digest that was proved, and nothing else to standard output; the report goes to
    /// standard error.
    #[arg(long, help_heading = "Output", display_order = 0)]
    pub(crate) pin: bool,
    #[command(flatten)]
    pub(crate) refused: RefusedArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ImageAttestationArgs {
    #[command(flatten)]
    pub(crate) images: ImagesArgs,
    #[command(flatten)]
    pub(crate) predicate: super::PredicateArgs,
    #[command(flatten)]
    pub(crate) verify: ImageVerifyArgs,
    #[command(flatten)]
    pub(crate) refused: RefusedAttestationArgs,
}

/// Which images.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct ImagesArgs {
    /// The images: REGISTRY/REPOSITORY:TAG or …@sha256:HEX, or a layout as oci:FOLDER, oci-archive:FILE or
    /// docker-archive:FILE, each with :NAME or @sha256:HEX behind it where it has several images.
    #[arg(
        value_name = "IMAGE",
        required_unless_present = "images_from",
        help_heading = "Arguments"
    )]
    pub(crate) images: Vec<String>,
    /// A file with images, one a line, or `-` for standard input. Empty lines and what follows a # are passed over.
    #[arg(long, value_name = "FILE")]
    pub(crate) images_from: Option<PathBuf>,
    /// The images are paths: layouts as `sealcheck copy` and `cosign save` write them, folders or archives.
    #[arg(long)]
    pub(crate) local_image: bool,
    #[command(flatten)]
    pub(crate) platforms: PlatformsArgs,
}

/// Which images of an index.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct PlatformsArgs {
    /// Prove the image for this platform, OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, by its own signatures or by those
    /// of the index that lists it. Without it, what the reference leads to is proved: of an index the index itself.
    #[arg(long, value_name = "PLATFORM", value_parser = platform)]
    pub(crate) platform: Option<Platform>,
    /// Prove the image for every platform that the index lists.
    #[arg(long, conflicts_with = "platform")]
    pub(crate) all_platforms: bool,
}

/// What the commands that verify images take.
#[derive(Debug, Args)]
pub(crate) struct ImageVerifyArgs {
    #[command(flatten)]
    pub(crate) signer: SignerArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
    #[command(flatten)]
    pub(crate) deprecated: DeprecatedArgs,
    #[command(flatten)]
    pub(crate) deprecated_registry: DeprecatedRegistryArgs,
}

impl ImageVerifyArgs {
    pub(crate) fn common(&self) -> Common {
        Common {
            signer: self.signer.clone(),
            require: self.require.clone(),
            trust: self.trust.clone(),
            network: self.network.clone(),
            deprecated: self.deprecated.clone(),
            verbose: self.output.verbose,
            names_timestamp: false,
        }
    }
}

/// What `cosign verify` has and is refused, each with what to do instead.
#[derive(Debug, Args)]
#[command(next_help_heading = DEPRECATED)]
pub(crate) struct RefusedArgs {
    /// Whether the signature must be about this image. Only `true` is accepted.
    #[arg(long, value_name = "BOOL", default_value = "true", hide_default_value = true,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) check_claims: String,
    /// Is refused: signatures are looked for where they are attached.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<String>,
    /// Is refused, as --signature.
    #[arg(long, value_name = "FILE")]
    pub(crate) payload: Option<String>,
    /// Is refused: verify the attached SBOM under its own tag.
    #[arg(long, value_name = "KIND")]
    pub(crate) attachment: Option<String>,
    #[command(flatten)]
    pub(crate) attestation: RefusedAttestationArgs,
}

/// The same of `cosign verify-attestation`.
#[derive(Debug, Args)]
#[command(next_help_heading = DEPRECATED)]
pub(crate) struct RefusedAttestationArgs {
    /// Is refused: certificates are taken from the signatures.
    #[arg(long, visible_alias = "cert", value_name = "FILE")]
    pub(crate) certificate: Option<String>,
    /// Is refused: certificate timestamps are taken from the certificates.
    #[arg(long, value_name = "FILE")]
    pub(crate) sct: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TreeArgs {
    /// The image, as for `sealcheck verify`.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// The image is a path: a layout, as a folder or an archive.
    #[arg(long, help_heading = "Images")]
    pub(crate) local_image: bool,
    /// Show only the image for this platform, and the index that lists it.
    #[arg(long, value_name = "PLATFORM", value_parser = platform, help_heading = "Images")]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    pub(crate) signer: SignerArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) deprecated: DeprecatedArgs,
    #[command(flatten)]
    pub(crate) deprecated_registry: DeprecatedRegistryArgs,
}

impl TreeArgs {
    pub(crate) fn common(&self) -> Common {
        Common {
            signer: self.signer.clone(),
            require: self.require.clone(),
            trust: self.trust.clone(),
            network: self.network.clone(),
            deprecated: self.deprecated.clone(),
            verbose: false,
            names_timestamp: false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct DownloadArgs {
    /// What to print.
    #[arg(value_name = "WHAT")]
    pub(crate) what: DownloadKind,
    /// The image, as for `sealcheck verify`.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// The image is a path: a layout, as a folder or an archive.
    #[arg(long, help_heading = "Images")]
    pub(crate) local_image: bool,
    /// What is attached to the image for this platform, instead of what is attached to the index.
    #[arg(long, value_name = "PLATFORM", value_parser = platform, help_heading = "Images")]
    pub(crate) platform: Option<Platform>,
    /// Only attestations of this type: cosign's names or a URI, as for `sealcheck verify-attestation`.
    #[arg(
        id = "predicate-type",
        long = "predicate-type",
        visible_alias = "type",
        value_name = "TYPE"
    )]
    pub(crate) predicate_type: Option<String>,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// When to use colours.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) color: ColorWhen,
    #[command(flatten)]
    pub(crate) deprecated_registry: DeprecatedRegistryArgs,
}

/// What can be downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DownloadKind {
    // Signatures: bundles as they are, legacy ones as cosign prints them.
    Signature,
    // Attestations: bundles as they are, legacy ones as their envelopes.
    Attestation,
    // Every bundle.
    Bundle,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The image, as for `sealcheck verify`.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// The folder to write: a new or empty one, or an image layout, which then grows. A copy that was interrupted goes
    /// on where it ended.
    #[arg(value_name = "LAYOUT")]
    pub(crate) layout: PathBuf,
    /// The image is a path: a layout, as a folder or an archive.
    #[arg(long, help_heading = "Images")]
    pub(crate) local_image: bool,
    /// Copy only the image for this platform, with the index that lists it.
    #[arg(long, value_name = "PLATFORM", value_parser = platform, help_heading = "Images")]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) deprecated_registry: DeprecatedRegistryArgs,
}

/// The output of a command that gives no verdict.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ShownArgs {
    /// The form of the result [default: text on a terminal and json otherwise]
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<DocumentFormat>,
    /// When to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

fn platform(text: &str) -> Result<Platform, String> {
    let is_word = |word: &&str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [os, architecture] if parts.iter().all(is_word) => Ok(Platform::new(os, architecture, "")),
        [os, architecture, variant] if parts.iter().all(is_word) => {
            Ok(Platform::new(os, architecture, variant))
        }
        _ => Err("expected OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, as linux/arm64".to_owned()),
    }
}

pub(super) const VERIFY_HELP: &str = "\
Examples:
  An image of Kubernetes, wherever its signatures are attached:
    sealcheck verify registry.k8s.io/pause:3.10 \\
      --identity krel-trust@k8s-releng-prod.iam.gserviceaccount.com \\
      --issuer https://accounts.google.com

  Pin what was proved, so that a tag that moves changes nothing:
    image=$(sealcheck verify --pin registry.example/app:v1 --key release.pub)

  Two distinct signers of three; each --identity stands beside its --issuer:
    sealcheck verify registry.example/app:v1 --require signers=2 \\
      --identity build@example.com --issuer https://accounts.example.com \\
      --identity qa@example.com --issuer https://accounts.example.com \\
      --identity security@example.com --issuer https://login.example.net

  Every image of a list, for every platform, one line of JSON each:
    sealcheck verify --images-from images.txt --all-platforms \\
      --key release.pub -o jsonl

  Without network, from a copy with all proofs:
    sealcheck copy registry.example/app:v1 app/
    sealcheck verify oci:app/ --offline --key release.pub

Exit codes: 0 verified, 1 rejected, 2 usage, 3 unavailable, 4 unsigned; the
worst of several images decides. `sealcheck explain CODE` explains the reason
code of a report. Started under the name `cosign`, output and exit codes are
those of cosign.

Environment: SEALCHECK_FLAG for every flag, then cosign's COSIGN_FLAG,
COSIGN_REPOSITORY, SIGSTORE_* and TUF_* variables; DOCKER_CONFIG and
REGISTRY_AUTH_FILE for credentials. A flag comes before any variable.";

pub(super) const ATTESTATION_HELP: &str = "\
Examples:
  SLSA provenance of an image, by a builder and from a source:
    sealcheck verify-attestation registry.example/app:v1 \\
      --type slsaprovenance1 \\
      --slsa-builder https://github.com/actions/runner/github-hosted \\
      --slsa-source github.com/org/repo@tag:v1.2.3 \\
      --identity \\
        'glob:https://github.com/org/repo/.github/workflows/*@refs/tags/v*' \\
      --issuer https://token.actions.githubusercontent.com

  The SBOM that a verified attestation holds:
    sealcheck verify-attestation registry.example/app:v1 --type spdxjson \\
      --print-predicate --key build.pub | jq .packages

Exit codes and environment are those of `sealcheck verify`.";

pub(super) const TREE_HELP: &str = "\
Examples:
  What is attached to an image, and to the images for single platforms:
    sealcheck tree registry.k8s.io/pause:3.10

  The same, saying of each whether it is proved to be by this signer:
    sealcheck tree registry.k8s.io/pause:3.10 \\
      --identity krel-trust@k8s-releng-prod.iam.gserviceaccount.com \\
      --issuer https://accounts.google.com

Exit codes: 0 the list is complete, 2 usage, or an image that the index lists is
not here, 3 a place did not answer. The state of what is attached does not
change it: to decide, use `sealcheck verify`.";

pub(super) const DOWNLOAD_HELP: &str = "\
One JSON document a line. Nothing of it is verified.

Examples:
  sealcheck download signature registry.k8s.io/pause:3.10 |
    jq -r .Base64Signature
  sealcheck download attestation registry.example/app:v1 \\
    --predicate-type slsaprovenance1
  sealcheck download bundle registry.example/app:v1 --platform linux/arm64

Exit codes: 0 printed, 2 usage, 3 a place did not answer or what it has cannot
be read, 4 there is none.";

pub(super) const COPY_HELP: &str = "\
The folder is an OCI image layout, which other tools read as well. Nothing is
verified on the way, but every byte is checked against its digest.

Examples:
  sealcheck copy registry.k8s.io/pause:3.10 pause/
  sealcheck verify oci:pause/ --offline \\
    --identity krel-trust@k8s-releng-prod.iam.gserviceaccount.com \\
    --issuer https://accounts.google.com

Exit codes: 0 copied whole, 2 usage, 3 something could not be fetched.";

#[cfg(test)]
mod tests {
    use super::platform;

    #[test]
    fn platforms_have_two_or_three_parts() {
        assert_eq!(platform("linux/amd64").unwrap().to_string(), "linux/amd64");
        let arm = platform("linux/arm64/v8").unwrap();
        assert_eq!(arm.to_string(), "linux/arm64/v8");
        for wrong in [
            "",
            "amd64",
            "linux/",
            "/amd64",
            "linux/arm/v7/x",
            "linux amd64",
            "linux/a b",
        ] {
            assert!(platform(wrong).is_err(), "{wrong}");
        }
    }
}
