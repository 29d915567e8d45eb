//! The command line of the conformance client: `sealcheck-conformance verify-bundle …`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{ArgGroup, Args, Parser, Subcommand};
use sealcheck_conformance::{FileOrDigest, Request, Signer, Trust};
use sealcheck_trust::Instance;

/// Drives sealcheck the way the public Sigstore conformance suite asks for
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Exits with 0 when the bundle proves that the signer signed the artifact, otherwise with 1
    VerifyBundle(VerifyBundle),
}

#[derive(Args)]
#[command(group = ArgGroup::new("signer").required(true).args(["certificate_identity", "key"]))]
struct VerifyBundle {
    /// The bundle
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// Trust the staging instance, not the public-good one
    #[arg(long, conflicts_with = "trusted_root")]
    staging: bool,
    /// Trust what this file names
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// The subject alternative name that the certificate must have
    #[arg(long, value_name = "IDENTITY", requires = "certificate_oidc_issuer")]
    certificate_identity: Option<String>,
    /// The OIDC issuer that the certificate must name
    #[arg(long, value_name = "URL", requires = "certificate_identity")]
    certificate_oidc_issuer: Option<String>,
    /// The public key that must have signed
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The artifact, or its digest as sha256:HEX
    #[arg(value_name = "FILE_OR_DIGEST")]
    artifact: String,
}

impl VerifyBundle {
    fn request(self) -> anyhow::Result<Request> {
        let trust = match (self.trusted_root, self.staging) {
            (Some(path), _) => Trust::File(path),
            (None, true) => Trust::Embedded(Instance::Staging),
            (None, false) => Trust::Embedded(Instance::PublicGood),
        };
        let signer = match (
            self.key,
            self.certificate_identity,
            self.certificate_oidc_issuer,
        ) {
            (Some(key), None, None) => Signer::Key(key),
            (None, Some(identity), Some(issuer)) => Signer::Identity { identity, issuer },
            _ => anyhow::bail!("give either --key, or --certificate-identity and its issuer"),
        };
        Ok(Request {
            bundle: self.bundle,
            trust,
            signer,
            artifact: FileOrDigest::parse(&self.artifact)?,
        })
    }
}

fn main() -> ExitCode {
    let Command::VerifyBundle(arguments) = Cli::parse().command;
    let now = SystemTime::now().into();
    #[expect(clippy::print_stderr, reason = "the suite shows what the client says")]
    match arguments.request().and_then(|request| request.run(now)) {
        Ok(verdict) => {
            eprintln!("{verdict}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("sealcheck-conformance: {error:#}");
            ExitCode::FAILURE
        }
    }
}
