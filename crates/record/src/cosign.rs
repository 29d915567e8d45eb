//! What cosign prints for `verify-blob` and `verify-blob-attestation`.

use sealcheck_verify::{Outcome, Verdict, printable};

/// The text that cosign writes to standard error for one artifact; to standard output it writes nothing.
///
/// Success is `Verified OK`. A failure is said twice, as cosign does: by the command line, and by the logger. The words
/// are those of this product; scripts find `Error:` at the beginning of a line.
#[must_use]
pub fn cosign_text(verdict: &Verdict) -> String {
    if verdict.outcome() == Outcome::Verified {
        return "Verified OK\n".to_owned();
    }
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
