//! Predicates, read into types of what is judged and shown.
//!
//! Unknown fields are passed over: predicates are other people's documents. A field that is read must be what its
//! type requires.

mod cyclonedx;
mod link;
mod openvex;
pub(crate) mod provenance;
mod provenance_v02;
mod provenance_v1;
mod spdx;
mod verification_summary;
mod vulnerabilities;

use sealcheck_verify::Result;
use sealcheck_verify::evidence::PredicateFacts;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::PredicateKind;

/// Reads a predicate of this kind and sums it up.
///
/// # Errors
/// [`Reason::PredicateMalformed`](sealcheck_verify::Reason::PredicateMalformed) with the path of the field that is not
/// what the type requires.
pub fn summarise(kind: PredicateKind, predicate: &str) -> Result<PredicateFacts> {
    Ok(match kind {
        PredicateKind::SlsaProvenanceV02 | PredicateKind::SlsaProvenanceV1 => {
            PredicateFacts::SlsaProvenance(provenance::read(kind, predicate)?.facts())
        }
        PredicateKind::SlsaVerificationSummary => {
            PredicateFacts::SlsaVerificationSummary(verification_summary::read(predicate)?)
        }
        PredicateKind::Spdx => PredicateFacts::Spdx(spdx::read(predicate)?),
        PredicateKind::CycloneDx => PredicateFacts::CycloneDx(cyclonedx::read(predicate)?),
        PredicateKind::OpenVex => PredicateFacts::OpenVex(openvex::read(predicate)?),
        PredicateKind::CosignVulnerabilities => {
            PredicateFacts::VulnerabilityScan(vulnerabilities::read_cosign(predicate)?)
        }
        PredicateKind::InTotoVulnerabilities => {
            PredicateFacts::VulnerabilityScan(vulnerabilities::read_in_toto(predicate)?)
        }
        PredicateKind::Link => PredicateFacts::Link(link::read(predicate)?),
        PredicateKind::Other => PredicateFacts::Other,
    })
}

/// cosign before 2.0 put SBOMs into an object of its own: `{"Data": …, "Timestamp": …}`.
fn unwrapped(predicate: &str) -> &str {
    #[derive(Deserialize)]
    struct Wrapper<'a> {
        #[serde(borrow, rename = "Data")]
        data: &'a RawValue,
    }
    match serde_json::from_str::<Wrapper<'_>>(predicate) {
        Ok(wrapper) => wrapper.data.get(),
        Err(_) => predicate,
    }
}
