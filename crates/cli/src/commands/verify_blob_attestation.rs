//! `sealcheck verify-blob-attestation`.

use sealcheck_engine::ArtifactSource;
use sealcheck_verify::{Content, Verdict};

use crate::args::{AttestationArgs, StatementArgs};
use crate::argv::truth;
use crate::environment::{Origin, origin};
use crate::output;
use crate::problem::{Problem, Result};
use crate::session::{Session, artifact, digest_source, tell_pipe};
use crate::{CommandLine, setup};

/// Verifies an attestation about one artifact.
pub(crate) fn run(args: &AttestationArgs, line: &CommandLine<'_>) -> Result<u8> {
    let statement = &args.statement;
    if truth(&statement.check_claims) != Some(true) {
        return Err(Problem::argument(format!("--check-claims={} is refused", statement.check_claims)).with_hint(
            "Without that check any attestation by the signer would do, also one about another artifact. Use `sealcheck inspect` to look at an attestation without its artifact.",
        ));
    }
    let digest = digest(statement, line)?;
    let source = match (&args.artifact, digest) {
        (Some(_), Some(_)) if origin(line.matches, "digest") == Some(Origin::Flag) => {
            return Err(setup::exclusive(line.matches, "digest", "artifact")
                .with_hint("Give the file or its digest: the digest is computed from the file."));
        }
        (Some(name), _) => artifact(name)?,
        (None, Some(digest)) => digest_source(&digest)?,
        (None, None) => {
            return Err(
                Problem::argument("no artifact is named").with_hint("Give a file or --digest.")
            );
        }
    };
    if let ArtifactSource::File(path) = &source
        && path.is_dir()
    {
        return Err(Problem::argument(format!("{} is a folder", path.display()))
            .with_hint("Name one file: an attestation is about one artifact at a time."));
    }
    if let ArtifactSource::File(path) = &source {
        tell_pipe(line.console, path);
    }
    let content = Content::Attestation(predicate_type(&statement.predicate_type)?.into());
    let names: Vec<String> = args.artifact.iter().cloned().collect();
    let session = Session::open(&args.verify, line, &names, content)?;
    session.run(
        source.into(),
        statement.print_predicate,
        |verdict| match statement.print_predicate {
            true => print_predicate(verdict),
            false => Ok(()),
        },
    )
}

/// The predicate as it stands in the signed payload; nothing at all unless it is verified.
fn print_predicate(verdict: &Verdict) -> Result<()> {
    let Some(statement) = verdict.statement() else {
        return Ok(());
    };
    let predicate = statement.predicate().unwrap_or("null");
    output::print_signed(&format!("{predicate}\n"))
}

/// The digest as `ALG:HEX`.
fn digest(args: &StatementArgs, line: &CommandLine<'_>) -> Result<Option<String>> {
    let Some(digest) = &args.digest else {
        return Ok(None);
    };
    match (&args.digest_alg, digest.split_once(':')) {
        (None, Some(_)) => Ok(Some(digest.clone())),
        (Some(algorithm), Some((own, _))) if own == algorithm => Ok(Some(digest.clone())),
        (Some(_), Some(_)) => Err(setup::exclusive(line.matches, "digest", "digest_alg")
            .with_hint("The digest already names its algorithm.")),
        (Some(algorithm), None) => Ok(Some(format!("{algorithm}:{digest}"))),
        // cosign's default.
        (None, None) => Ok(Some(format!("sha256:{digest}"))),
    }
}

/// cosign's short names for predicate types, or a URI.
fn predicate_type(name: &str) -> Result<&str> {
    if let Some((_, uri)) = PREDICATE_TYPES.iter().find(|(short, _)| *short == name) {
        return Ok(uri);
    }
    match name.contains(':') {
        true => Ok(name),
        false => {
            let short: Vec<&str> = PREDICATE_TYPES.iter().map(|(short, _)| *short).collect();
            Err(
                Problem::argument(format!("--type {name} is neither a known name nor a URI"))
                    .with_hint(format!("Give a URI, or one of {}.", short.join(", "))),
            )
        }
    }
}

const PREDICATE_TYPES: [(&str, &str); 10] = [
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("link", "https://in-toto.io/Link/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("openvex", "https://openvex.dev/ns"),
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
];

#[cfg(test)]
mod tests {
    use super::predicate_type;

    #[test]
    fn short_names_are_cosigns() {
        assert_eq!(
            predicate_type("slsaprovenance1").unwrap(),
            "https://slsa.dev/provenance/v1"
        );
        assert_eq!(
            predicate_type("https://x.test/y").unwrap(),
            "https://x.test/y"
        );
        assert_eq!(predicate_type("urn:x").unwrap(), "urn:x");
        assert_eq!(predicate_type("sbom").unwrap_err().exit_code(), 2);
    }
}
