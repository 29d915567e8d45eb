//! `sealcheck verify-blob-attestation`.

use sealcheck_engine::ArtifactSource;
use sealcheck_policy::judge;
use sealcheck_verify::{Content, Verdict};

use crate::args::{AttestationArgs, SubjectArgs};
use crate::argv::truth;
use crate::demands::{self, predicate_type};
use crate::environment::{Origin, origin};
use crate::output;
use crate::problem::{Problem, Result};
use crate::session::{Session, artifact, digest_source, tell_pipe};
use crate::{CommandLine, setup};

/// Verifies an attestation about one artifact.
pub(crate) fn run(args: &AttestationArgs, line: &CommandLine<'_>) -> Result<u8> {
    let predicate = &args.predicate;
    require_claims(&predicate.check_claims)?;
    let digest = digest(&args.subject, line)?;
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
    let predicate_type = predicate_type(&predicate.predicate_type)?;
    let output = args.verify.output.output_file.as_deref();
    let demands = demands::read(predicate, &predicate_type, output)?;
    let content = Content::Attestation(predicate_type.uri().into());
    let names: Vec<String> = args.artifact.iter().cloned().collect();
    let session = Session::open(&args.verify, line, &names, content)?;
    session.run(
        source.into(),
        predicate.print_predicate,
        false,
        |verdict| judge(verdict, &demands),
        |verdict| match predicate.print_predicate {
            true => print_predicate(verdict),
            false => Ok(()),
        },
    )
}

/// Refuses `--check-claims=false`.
pub(crate) fn require_claims(text: &str) -> Result<()> {
    match truth(text) {
        Some(true) => Ok(()),
        _ => Err(Problem::argument(format!("--check-claims={text} is refused")).with_hint(
            "Without that check any attestation by the signer would do, also one about another artifact. Use `sealcheck inspect` to look at an attestation without its artifact.",
        )),
    }
}

/// The predicate as it stands in the signed payload; nothing at all unless it is verified.
pub(crate) fn print_predicate(verdict: &Verdict) -> Result<()> {
    let Some(statement) = verdict.statement() else {
        return Ok(());
    };
    let predicate = statement.predicate().unwrap_or("null");
    output::print_signed(&format!("{predicate}\n"))
}

/// The digest as `ALG:HEX`.
fn digest(args: &SubjectArgs, line: &CommandLine<'_>) -> Result<Option<String>> {
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
