//! The commands about whole releases.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sealcheck_release::Platform;

use super::{
    Common, DeprecatedArgs, DeprecatedRegistryArgs, NetworkArgs, OutputArgs, RegistryArgs,
    RequireArgs, ShownArgs, SignerArgs, TrustArgs,
};

#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    #[command(subcommand)]
    pub(crate) command: ReleaseCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseCommand {
    /// Prove files that you have: signed by the project, and listed in the proved SBOM of the version.
    #[command(after_help = VERIFY_HELP)]
    Verify(Box<ReleaseVerifyArgs>),
    /// Download files, and give them their names only when they are proved.
    #[command(after_help = FETCH_HELP)]
    Fetch(Box<ReleaseFetchArgs>),
    /// Prove the SBOM of a version; print it, or prove a whole folder by it.
    #[command(after_help = SBOM_HELP)]
    Sbom(Box<ReleaseSbomArgs>),
    /// Prove the images of a version: their signatures and what is attested about them.
    #[command(after_help = IMAGES_HELP)]
    Images(Box<ReleaseImagesArgs>),
    /// Prove everything that was published for a version, and say what is wrong.
    #[command(after_help = VERIFY_ALL_HELP)]
    VerifyAll(Box<ReleaseImagesArgs>),
    /// Collect a version with all its proofs in a folder, which is proved again without network (an air-gap kit).
    #[command(after_help = COLLECT_HELP)]
    Collect(Box<ReleaseCollectArgs>),
    /// List what a version holds, from its proved SBOM.
    #[command(after_help = LIST_HELP)]
    List(Box<ReleaseListArgs>),
}

/// A registry, perhaps with the path below which the images lie.
fn registry(text: &str) -> Result<String, String> {
    match text.contains("://") {
        true => {
            Err("expected a registry without a scheme, such as registry.example/path".to_owned())
        }
        false => Ok(text.to_owned()),
    }
}

/// What all commands about releases take.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReleaseCommonArgs {
    /// Where the files of the release are, instead of the project's own addresses: the address of a mirror, or a folder.
    /// It holds folders of versions, or one release. Who must have signed stays the same.
    #[arg(long, value_name = "URL|FOLDER", help_heading = "Release")]
    pub(crate) from: Option<String>,
    /// A file that says where another project has its releases and who signs them (docs/releases.md); Kubernetes is built
    /// in.
    #[arg(long, value_name = "FILE", help_heading = "Release")]
    pub(crate) profile: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) signer: SignerArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) deprecated: DeprecatedArgs,
}

impl ReleaseCommonArgs {
    pub(crate) fn common(&self, verbose: bool) -> Common {
        Common {
            signer: self.signer.clone(),
            require: self.require.clone(),
            trust: self.trust.clone(),
            network: self.network.clone(),
            deprecated: self.deprecated.clone(),
            verbose,
            names_timestamp: false,
        }
    }
}

/// The output of a command that reports about a whole release.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    /// Write the result to this file instead of standard output, as JSON unless --output says otherwise.
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseVerifyArgs {
    /// The version: v1.36.0, or a channel such as stable or stable-1.36.
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    /// The files, or folders of them.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The platform of the files, OS/ARCHITECTURE, where their names and content leave it open.
    #[arg(long, value_name = "PLATFORM", help_heading = "Release")]
    pub(crate) platform: Option<Platform>,
    /// What the file is, by its path below the release (bin/linux/amd64/kubectl) or its address.
    #[arg(long = "as", value_name = "ARTIFACT", help_heading = "Release")]
    pub(crate) artifact: Option<String>,
    #[command(flatten)]
    pub(crate) release: ReleaseCommonArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseFetchArgs {
    /// The version: v1.36.0, or a channel such as stable or stable-1.36.
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    /// What to fetch: kubectl, kubernetes-client-linux-amd64.tar.gz, bin/windows/amd64/kubectl.exe, or an address of it.
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// The folder that takes the files.
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = ".",
        help_heading = "Release"
    )]
    pub(crate) to: PathBuf,
    /// The platform, OS/ARCHITECTURE [default: that of this machine]
    #[arg(long, value_name = "PLATFORM", help_heading = "Release")]
    pub(crate) platform: Option<Platform>,
    /// Keep the folders of the release: FOLDER/bin/linux/amd64/kubectl.
    #[arg(long, help_heading = "Release")]
    pub(crate) tree: bool,
    /// Unpack proved tarballs, each into a new folder that is named like it.
    #[arg(long, help_heading = "Release")]
    pub(crate) extract: bool,
    #[command(flatten)]
    pub(crate) release: ReleaseCommonArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseSbomArgs {
    /// The version: v1.36.0, or a channel such as stable or stable-1.36.
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    /// Which SBOM: release or source.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "release",
        help_heading = "Release"
    )]
    pub(crate) name: String,
    /// Prove every file of this folder by its hash, through the SBOM, and name what is missing.
    #[arg(long, value_name = "FOLDER", help_heading = "Release")]
    pub(crate) check: Option<PathBuf>,
    /// With --check: only what is for this platform, OS/ARCHITECTURE, or for any must be there.
    #[arg(
        long,
        value_name = "PLATFORM",
        requires = "check",
        help_heading = "Release"
    )]
    pub(crate) platform: Option<Platform>,
    /// Print the SBOM itself, byte for byte, once it is proved.
    #[arg(long, conflicts_with_all = ["check", "output_file"], help_heading = "Release")]
    pub(crate) print: bool,
    #[command(flatten)]
    pub(crate) release: ReleaseCommonArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// How many files are hashed at one time [default: the number of processors]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
}

/// Also for `verify-all`, which proves the images too.
#[derive(Debug, Args)]
pub(crate) struct ReleaseImagesArgs {
    /// The version: v1.36.0, or a channel such as stable or stable-1.36.
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    /// A registry that has the images under the same paths, instead of the project's own.
    #[arg(long, value_name = "REGISTRY", help_heading = "Release", value_parser = registry)]
    pub(crate) registry: Option<String>,
    /// Only what is for this platform, OS/ARCHITECTURE, or for any.
    #[arg(long, value_name = "PLATFORM", help_heading = "Release")]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    pub(crate) release: ReleaseCommonArgs,
    #[command(flatten)]
    pub(crate) access: RegistryArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) deprecated_registry: DeprecatedRegistryArgs,
    /// How many files and images are verified at one time [default: the number of processors]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseCollectArgs {
    /// The folder that takes the kit; it may have other versions already. A run that was interrupted goes on.
    #[arg(long, value_name = "FOLDER", help_heading = "Release")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) images: ReleaseImagesArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseListArgs {
    /// The version: v1.36.0, or a channel such as stable or stable-1.36.
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    /// Only what is for this platform, OS/ARCHITECTURE, or for any.
    #[arg(long, value_name = "PLATFORM", help_heading = "Release")]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    pub(crate) release: ReleaseCommonArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

pub(super) const HELP: &str = "\
Examples:
  Is this the kubectl of v1.36.0?
    sealcheck release verify v1.36.0 ./kubectl

  Get it, proved:
    sealcheck release fetch v1.36.0 kubectl

`sealcheck release COMMAND --help` has more.";

const VERIFY_HELP: &str = "\
Examples:
  One program; which platform it is for is found out by its content:
    sealcheck release verify v1.36.0 ./kubectl

  A folder as it was downloaded, for one platform:
    sealcheck release verify v1.36.0 downloads/ --platform linux/arm64

  From a mirror, without network to anywhere else but the log:
    sealcheck release verify stable ./kubelet --from https://mirror.example.com/k8s

A file is verified when the project signed it and the proved SBOM of the version
lists it: a signature alone does not say which version a file is of. Checksum
files are compared, and prove nothing, because nobody signs them.

Exit codes: 0 verified, 1 rejected, 2 usage, 3 unavailable, 4 unsigned; the
worst of several files decides.";

const FETCH_HELP: &str = "\
Examples:
  For this machine, into this folder:
    sealcheck release fetch v1.36.0 kubectl

  The latest stable version, for others:
    sealcheck release fetch stable kubelet kubeadm --platform linux/arm64 --to out

  Unpack a tarball, safely and only when it is proved:
    sealcheck release fetch v1.36.0 kubernetes-client-linux-amd64.tar.gz --extract

A file has its name only when it is proved; before that it is .NAME.part, with
which an interrupted run goes on.";

const SBOM_HELP: &str = "\
Examples:
  What is it, and who signed it?
    sealcheck release sbom v1.36.0

  For other tools:
    sealcheck release sbom v1.36.0 --print > kubernetes.spdx

  Prove a mirror of the release with one signature:
    sealcheck release sbom v1.36.0 --check /srv/mirror/v1.36.0
    sealcheck release sbom v1.36.0 --check mirror --platform linux/arm64

With --check: 0 every file that the SBOM lists is there and is what it lists;
1 a file is altered, swapped, missing, or not part of the release.";

const IMAGES_HELP: &str = "\
Examples:
  sealcheck release images v1.36.0
  sealcheck release images v1.36.0 --registry mirror.example.com/k8s

Names come from the proved SBOM. An index is proved by its own signature, with
all images that it lists. Promotion records and verification summaries are
shown where there are any; that there is none is no failure, a wrong one is.";

const VERIFY_ALL_HELP: &str = "\
Examples:
  sealcheck release verify-all v1.36.0
  sealcheck release verify-all v1.36.0 --from /srv/mirror --offline
  sealcheck release verify-all stable --output-file report.json

Every file that the proved SBOM lists, and every image: what was proved by whom
and when, what is unsigned, what could not be reached, what is wrong. The last
line says what to do. Exit codes are those of `sealcheck release verify`.";

const COLLECT_HELP: &str = "\
Examples:
  With network, and then without:
    sealcheck release collect v1.36.0 --to kit
    sealcheck release verify-all v1.36.0 --from kit --offline

The kit has FOLDER/VERSION/PATH with the proof of each file as a bundle beside
it, FOLDER/images with image layouts, FOLDER/VERSION.kit.json that lists them
and what is missing, and trusted_root.json, by which all of it was proved. Take
that file along by a way that you trust, and name it with --trusted-root: a kit
cannot vouch for itself.";

const LIST_HELP: &str = "\
Examples:
  sealcheck release list v1.36.0
  sealcheck release list stable --platform windows/amd64
  sealcheck release list v1.36.0 -o json | jq -r '.artifacts[].path'
  sealcheck release list v1.36.0 -o json | jq -r '.images[].name'";
