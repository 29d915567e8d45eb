//! The program under the name `cosign`: cosign's defaults for output and exit codes.

use std::ffi::OsStr;
use std::path::Path;

use sealcheck_verify::{Outcome, Reason, Verdict};

use crate::args::Command;
use crate::problem::{Problem, Result};

/// Under which name the program was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartedAs {
    /// Its own.
    Sealcheck,
    /// cosign's.
    Cosign,
}

impl StartedAs {
    /// From the first word of the command line.
    pub(crate) fn of(program: Option<&OsStr>) -> Self {
        match program.and_then(|program| Path::new(program).file_stem()) {
            Some(stem) if stem == "cosign" => Self::Cosign,
            _ => Self::Sealcheck,
        }
    }

    /// How it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sealcheck => "sealcheck",
            Self::Cosign => "cosign",
        }
    }

    /// The exit code of a problem of the command itself.
    pub(crate) fn failed(self, problem: &Problem) -> u8 {
        match self {
            Self::Sealcheck => problem.exit_code(),
            Self::Cosign => 1,
        }
    }

    /// The exit code of one verdict.
    pub(crate) fn exit_code(self, verdict: &Verdict) -> u8 {
        match self {
            Self::Sealcheck => verdict.outcome().exit_code(),
            Self::Cosign => exit_code(verdict),
        }
    }
}

/// What is said instead of running a command that only cosign has; `None` for a command that is here too. `next` is the word
/// behind it.
pub(crate) fn alone(command: &str, next: &str) -> Option<Result<String>> {
    match (command, next) {
        ("version" | "--version", _) => Some(Ok(format!(
            "sealcheck {}, started as cosign\n",
            env!("CARGO_PKG_VERSION")
        ))),
        ("download", "sbom") => missing("download sbom").map(Err),
        (command, _) => missing(command).map(Err),
    }
}

/// Why a command of cosign's is not there; `None` when it is.
fn missing(command: &str) -> Option<Problem> {
    let (_, why) = MISSING.iter().find(|(names, _)| names.contains(&command))?;
    Some(
        Problem::argument(format!(
            "sealcheck was started as cosign and has no `{command}`: {why}"
        ))
        .with_hint("Under this name it has verify, verify-attestation, verify-blob, verify-blob-attestation, tree and download. For everything else use cosign itself."),
    )
}

/// The command line under this name: help without the commands that cosign does not have, and with its exit codes. `name` is
/// the command that was given, if it is one.
pub(crate) fn in_its_words(root: clap::Command, name: &str) -> clap::Command {
    let mut root = help(root);
    for own in OWN {
        root = root.mut_subcommand(own, |command| command.hide(true));
    }
    match Command::NAMES.contains(&name) && !OWN.contains(&name) {
        true => root.mut_subcommand(name, help),
        false => root,
    }
}

/// A help text for this name.
fn help(command: clap::Command) -> clap::Command {
    let renamed = |text: &str| text.replace("sealcheck ", "cosign ");
    let command = command.mut_args(|arg| match arg.get_help().map(ToString::to_string) {
        Some(text) if text.contains("sealcheck ") => arg.help(renamed(&text)),
        _ => arg,
    });
    let Some(text) = command.get_after_help().map(ToString::to_string) else {
        return command;
    };
    let of_root = command.get_name() == StartedAs::Sealcheck.name();
    let is_own = |paragraph: &&str| paragraph.starts_with("Exit codes");
    let codes = match (of_root, command.get_name()) {
        (true, _) | (false, "verify") => VERIFY_CODES,
        (false, _) => CODES,
    };
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| match is_own(&paragraph) {
            true => codes.to_owned(),
            false => renamed(paragraph),
        })
        .collect();
    command.after_help(paragraphs.join("\n\n"))
}

/// The commands that cosign does not have, which its help need not list.
const OWN: [&str; 5] = ["copy", "release", "inspect", "explain", "completions"];

const CODES: &str = "\
Exit codes are cosign's: 0 when it is proved or printed, otherwise 1.";
const VERIFY_CODES: &str = "\
Exit codes are cosign's: 0 when it is proved or printed, otherwise 1; of
`verify`, for images with signatures of the old form, also 10 no signature,
11 no such image, 12 no signature that fits.";

/// cosign has codes of its own for `verify` with signatures of the old form; everything else is 1. One more (13, no
/// certificate) is in cosign's source, and no image of 3.1.3 gives it: a signature by a key alone is 12.
fn exit_code(verdict: &Verdict) -> u8 {
    let evidence = verdict.evidence();
    let Some(failure) = verdict.failure() else {
        return 0;
    };
    if failure.reason == Reason::ImageNotFound && evidence.required.content == SIGNATURE {
        return NON_EXISTENT_TAG;
    }
    let Some(image) = &evidence.image else {
        return 1;
    };
    let is_bundle = |format: Option<&str>| format.is_some_and(|format| format.starts_with(BUNDLE));
    let bundles = image
        .signatures
        .iter()
        .any(|signature| is_bundle(signature.format));
    match verdict.outcome() {
        _ if bundles || evidence.required.content != SIGNATURE => 1,
        Outcome::Unsigned => IMAGE_WITHOUT_SIGNATURE,
        // Attestations are no signatures to cosign either.
        Outcome::Rejected if failure.reason == Reason::NotASignature => IMAGE_WITHOUT_SIGNATURE,
        Outcome::Rejected => NO_MATCHING_SIGNATURE,
        _ => 1,
    }
}

/// cosign's commands that are not here, with the reason.
const MISSING: [(&[&str], &str); 7] = [
    (
        &["download sbom"],
        "an attached SBOM is signed by nobody (`sealcheck tree` lists it; one that was attested comes by `download attestation`)",
    ),
    (
        &[
            "sign",
            "sign-blob",
            "attest",
            "attest-blob",
            "generate",
            "bundle",
            "signing-config",
        ],
        "it verifies and does not sign",
    ),
    (
        &[
            "generate-key-pair",
            "import-key-pair",
            "public-key",
            "piv-tool",
            "pkcs11-tool",
        ],
        "it makes and holds no private keys",
    ),
    (
        &["attach", "clean", "copy", "load", "upload"],
        "it writes nothing to registries (`sealcheck copy` writes an image with its proofs into a folder)",
    ),
    (
        &["save"],
        "`sealcheck copy IMAGE FOLDER` writes what it does",
    ),
    (
        &["dockerfile", "manifest", "triangulate"],
        "cosign itself is about to drop it; `sealcheck verify --images-from` takes a list of images",
    ),
    (
        &[
            "completion",
            "debug",
            "env",
            "initialize",
            "login",
            "trusted-root",
        ],
        "it is not about verification",
    ),
];

const SIGNATURE: &str = "signature";
const BUNDLE: &str = "sigstore-bundle";
const IMAGE_WITHOUT_SIGNATURE: u8 = 10;
const NON_EXISTENT_TAG: u8 = 11;
const NO_MATCHING_SIGNATURE: u8 = 12;

#[cfg(test)]
mod tests {
    use super::{StartedAs, alone, missing};

    #[test]
    fn the_name_is_that_of_the_file() {
        let started = |program: &str| StartedAs::of(Some(program.as_ref()));
        assert_eq!(started("/usr/bin/cosign"), StartedAs::Cosign);
        assert_eq!(started("cosign.exe"), StartedAs::Cosign);
        assert_eq!(started("cosign-like"), StartedAs::Sealcheck);
        assert_eq!(started("/opt/cosign/sealcheck"), StartedAs::Sealcheck);
        assert_eq!(StartedAs::of(None), StartedAs::Sealcheck);
    }

    #[test]
    fn what_is_there_is_not_missing() {
        for there in ["verify", "verify-blob", "tree", "download", "no-such-thing"] {
            assert!(missing(there).is_none(), "{there}");
        }
        for gone in ["sign", "attest", "copy", "save", "initialize"] {
            assert!(missing(gone).is_some(), "{gone}");
        }
        assert!(alone("download", "sbom").unwrap().is_err());
        assert!(alone("download", "signature").is_none());
    }
}
