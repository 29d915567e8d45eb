//! Who signed, as far as the profile knows: whether it was in force at that time, and why it is not accepted.

use sealcheck_verify::{Failure, Outcome, Reason, Verdict};

use super::{Demands, Release};
use crate::profile::Signer;
use crate::{Purpose, Version};

/// The signers that are accepted for a purpose, each at its own time. Given to the engine, which outlives no profile.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    signers: Vec<Signer>,
    purpose: Purpose,
    version: Version,
}

impl InForce {
    /// A proof counts when its signer was accepted at the time of signing.
    pub(super) fn judge(&self, verdict: Verdict) -> Verdict {
        let evidence = verdict.evidence();
        let (Outcome::Verified, Some(subject), Some(issuer), Some(time)) = (
            verdict.outcome(),
            &evidence.signer,
            &evidence.issuer,
            evidence.signed_at,
        ) else {
            return verdict;
        };
        let version = Some(self.version);
        let mut signers = self.signers.iter();
        let is_in_force = signers.any(|signer| {
            signer.is(subject, issuer) && signer.is_accepted(self.purpose, version, Some(time))
        });
        match is_in_force {
            true => verdict,
            false => verdict.with_failure(
                Failure::new(Reason::IdentityMismatch)
                    .at("signed at")
                    .found(time)
                    .detail("the profile accepts this signer, but not for signatures of that time"),
            ),
        }
    }

    /// Whether this signer is accepted at some time.
    fn knows(&self, subject: &str, issuer: &str) -> bool {
        let mut signers = self.signers.iter();
        signers.any(|signer| signer.is(subject, issuer))
    }
}

impl Release<'_> {
    /// The days of the profile's signers; `None` where the profile does not say who signs.
    pub(super) fn in_force(&self, purpose: Purpose) -> Option<InForce> {
        let Demands::OfProfile(_) = self.demands else {
            return None;
        };
        let signers = self.profile.signers.iter();
        let accepted =
            signers.filter(|signer| signer.is_accepted(purpose, Some(self.version), None));
        Some(InForce {
            signers: accepted.cloned().collect(),
            purpose,
            version: self.version,
        })
    }

    /// Adds what the profile knows about the signer of the only proof: that it was not in force at that time, or why it is
    /// not accepted.
    pub(super) fn with_signer(&self, verdict: Verdict, purpose: Purpose) -> Verdict {
        let Some(in_force) = self.in_force(purpose) else {
            return verdict;
        };
        self.with_stranger(in_force.judge(verdict), purpose)
    }

    /// Adds why a signer that the profile knows is not accepted.
    pub(super) fn with_stranger(&self, verdict: Verdict, purpose: Purpose) -> Verdict {
        let evidence = verdict.evidence();
        let (Some(failure), Some(subject), Some(issuer), Some(in_force)) = (
            verdict.failure(),
            &evidence.signer,
            &evidence.issuer,
            self.in_force(purpose),
        ) else {
            return verdict;
        };
        // Who is accepted on other days is no stranger.
        if failure.reason != Reason::IdentityMismatch || in_force.knows(subject, issuer) {
            return verdict;
        }
        let known = self.profile.known(subject, issuer);
        let why = known
            .filter(|signer| signer.signs(purpose))
            .find_map(|signer| signer.not_accepted.clone());
        match why {
            None => verdict,
            Some(why) => {
                let failure = failure.clone().detail(format!(
                    "{subject} is known, and not accepted by itself: {why}"
                ));
                verdict.with_failure_for(Reason::IdentityMismatch, failure)
            }
        }
    }
}
