//! What cosign prints: for files, for images, for attestations.

mod image;

use sealcheck_verify::{Outcome, Verdict, printable};

/// What is said about one artifact, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
}

/// What cosign says about one artifact.
///
/// About a file it is `Verified OK`, to standard error. About an image it is which checks were made, to standard error;
/// and to standard output an array of the accepted signatures, or with `text` their payloads; of attestations the
/// envelopes, one a line.
///
/// A failure is said twice, as cosign does: by the command line, and by the logger. The words are those of this product;
/// scripts find `Error:` at the beginning of a line.
#[must_use]
pub fn said(verdict: &Verdict, text: bool) -> Said {
    let evidence = verdict.evidence();
    match (&evidence.image, verdict.outcome()) {
        (Some(image), Outcome::Verified) => image::said(evidence, image, text),
        (None, Outcome::Verified) => Said {
            stdout: String::new(),
            stderr: "Verified OK\n".to_owned(),
        },
        _ => Said {
            stdout: String::new(),
            stderr: failure(verdict),
        },
    }
}

fn failure(verdict: &Verdict) -> String {
    let words = match verdict.failure() {
        Some(failure) => failure.to_string(),
        None => verdict.outcome().to_string(),
    };
    let words = match &verdict.evidence().artifact.name {
        Some(name) => format!("{}: {words}", printable(name)),
        None => words,
    };
    format!("Error: {words}\nerror during command execution: {words}\n")
}
