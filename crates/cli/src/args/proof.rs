//! Where the proof is, and what it must show.

use std::num::NonZeroU8;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

/// Where the proof of a file is.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Proof")]
pub(crate) struct MaterialArgs {
    /// The bundle: a Sigstore bundle or cosign's legacy one. Without it and --signature, the proof is looked for beside
    /// the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<String>,
    /// The signature, or for attestations the DSSE envelope: a file, an address, or base64 text.
    #[arg(long, visible_alias = "sig", value_name = "FILE")]
    pub(crate) signature: Option<String>,
    /// The signer's certificate: PEM, base64 of PEM, or DER.
    #[arg(long, visible_alias = "cert", value_name = "FILE")]
    pub(crate) certificate: Option<String>,
    /// An RFC 3161 timestamp of the signature.
    #[arg(long, value_name = "FILE")]
    pub(crate) rfc3161_timestamp: Option<String>,
    /// A certificate timestamp (SCT) that does not stand in the certificate.
    #[arg(long, value_name = "FILE")]
    pub(crate) sct: Option<String>,
    /// Write the verified proof here as a Sigstore bundle of version 0.3, so that it can be verified offline.
    #[arg(long, value_name = "FILE")]
    pub(crate) save_bundle: Option<PathBuf>,
}

/// What each proof must show.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Proof")]
pub(crate) struct RequireArgs {
    /// The digest that the signature was made over: sha256, sha384 or sha512.
    #[arg(long, value_name = "ALG")]
    pub(crate) signature_digest_algorithm: Option<String>,
    /// What the proof must show beyond the usual: inclusion-proof, timestamp, or a number of distinct log=N,
    /// timestamps=N or scts=N; for images also signers=N, distinct signers, which N alone means as well. May be
    /// repeated.
    #[arg(long, value_name = "WHAT")]
    pub(crate) require: Vec<Require>,
    /// Require a trusted RFC 3161 timestamp.
    #[arg(long)]
    pub(crate) use_signed_timestamps: bool,
    /// Accept a certificate chain in a bundle of version 0.3.
    #[arg(long)]
    pub(crate) allow_certificate_chain: bool,
    /// Do not require an entry in a transparency log. Without any trusted time, now is taken as the signing time.
    #[arg(long)]
    pub(crate) insecure_ignore_tlog: bool,
    /// Do not require that the certificate was published in a certificate-transparency log.
    #[arg(long)]
    pub(crate) insecure_ignore_sct: bool,
}

/// One `--require`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Require {
    /// A promise of the log is not enough.
    InclusionProof,
    /// This many distinct logs.
    Log(NonZeroU8),
    /// This many distinct timestamp authorities.
    Timestamps(NonZeroU8),
    /// This many distinct certificate-transparency logs.
    Scts(NonZeroU8),
    /// This many distinct signers of an image.
    Signers(NonZeroU8),
}

impl RequireArgs {
    /// How many distinct signers are required, when that is said: the greatest of what was said.
    pub(crate) fn signers(&self) -> Option<NonZeroU8> {
        let counts = self.require.iter().filter_map(|require| match require {
            Require::Signers(count) => Some(*count),
            _ => None,
        });
        counts.max()
    }
}

impl FromStr for Require {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |count: &str| {
            count
                .parse()
                .map_err(|_| format!("`{count}` is not a number from 1 to 255"))
        };
        match text.split_once('=') {
            None if text == "inclusion-proof" => Ok(Self::InclusionProof),
            None if text == "timestamp" => Ok(Self::Timestamps(NonZeroU8::MIN)),
            Some(("log", count)) => number(count).map(Self::Log),
            Some(("timestamps", count)) => number(count).map(Self::Timestamps),
            Some(("scts", count)) => number(count).map(Self::Scts),
            Some(("signers", count)) => number(count).map(Self::Signers),
            None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                number(text).map(Self::Signers)
            }
            _ => Err(
                "expected inclusion-proof, timestamp, log=N, timestamps=N, scts=N or signers=N"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU8;

    use super::Require;

    #[test]
    fn requirements_cannot_be_lowered_to_nothing() {
        assert_eq!("inclusion-proof".parse(), Ok(Require::InclusionProof));
        assert_eq!("timestamp".parse(), Ok(Require::Timestamps(NonZeroU8::MIN)));
        assert_eq!(
            "log=2".parse(),
            Ok(Require::Log(NonZeroU8::new(2).unwrap()))
        );
        let two = Ok(Require::Signers(NonZeroU8::new(2).unwrap()));
        assert_eq!("signers=2".parse(), two);
        assert_eq!("2".parse(), two);
        for wrong in [
            "log=0",
            "log",
            "log=",
            "scts=256",
            "timestamp=1",
            "",
            "0",
            "256",
            "-1",
            "signers",
            "+2",
        ] {
            assert!(wrong.parse::<Require>().is_err(), "{wrong}");
        }
    }
}
