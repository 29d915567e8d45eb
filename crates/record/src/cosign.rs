//! What cosign prints for `verify-blob` and `verify-blob-attestation`.

use sealcheck_verify::Verdict;

/// The text that cosign writes to standard error for this verdict; to standard output it writes nothing.
#[must_use]
pub fn cosign_text(verdict: &Verdict) -> String {
    match verdict.failure() {
        None => "Verified OK\n".to_owned(),
        Some(failure) => format!("Error: {failure}\n"),
    }
}
