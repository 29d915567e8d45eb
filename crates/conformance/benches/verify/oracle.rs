//! The same work by `sigstore-verify`.

use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::Bundle;
use sigstore_verify::{VerificationPolicy, Verifier};

use crate::cases::{ARTIFACT, Case};

/// A verifier of the oracle, prepared once.
pub(crate) struct Oracle {
    verifier: Verifier,
    policy: VerificationPolicy,
}

impl Oracle {
    /// Prepared for the case's trusted root; an error when the oracle does not accept the case.
    pub(crate) fn new(case: &Case) -> Result<Self, String> {
        let root = TrustedRoot::from_json(&case.trusted_root).map_err(|e| e.to_string())?;
        let oracle = Self {
            verifier: Verifier::new(&root).map_err(|e| e.to_string())?,
            policy: VerificationPolicy::new(DEFAULT_IDENTITY, DEFAULT_ISSUER),
        };
        oracle.verify(case).map(|()| oracle)
    }

    /// Parses and verifies.
    pub(crate) fn verify(&self, case: &Case) -> Result<(), String> {
        let bundle = Bundle::from_json(&case.bundle).map_err(|e| e.to_string())?;
        self.verifier
            .verify(ARTIFACT, &bundle, &self.policy)
            .map(drop)
            .map_err(|e| e.to_string())
    }
}
