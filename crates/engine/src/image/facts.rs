//! What evidence says about an image.

use sealcheck_registry::Reference;
use sealcheck_verify::Digest;
use sealcheck_verify::evidence::{ImageFacts, ImageSignatureFacts, Place, PlatformFacts};

use super::request::{ImageRequest, Platforms};
use super::verdict::{Proof, Target};

pub(crate) fn image_facts(
    request: &ImageRequest,
    reference: Option<&Reference>,
    digest: Option<&Digest>,
    targets: &[Target],
    proofs: &[Proof],
    places: &[Place],
) -> ImageFacts {
    ImageFacts {
        reference: reference.map(|reference| reference.to_string().into()),
        digest: digest.copied(),
        required_signers: request.signers.get(),
        platforms: match request.platforms {
            Platforms::AsGiven => Vec::new(),
            Platforms::One(_) | Platforms::All => targets.iter().map(platform_facts).collect(),
        },
        signatures: proofs
            .iter()
            .map(|proof| signature_facts(proof, places))
            .collect(),
    }
}

fn platform_facts(target: &Target) -> PlatformFacts {
    PlatformFacts {
        platform: target
            .platform
            .as_ref()
            .map(|platform| platform.to_string().into()),
        digest: target.digest,
        outcome: target.verdict.outcome(),
        reason: target.verdict.failure().map(|failure| failure.reason),
        proved_by: target.proved_by,
    }
}

fn signature_facts(proof: &Proof, places: &[Place]) -> ImageSignatureFacts {
    let evidence = proof.verdict.evidence();
    let subject = evidence.checks.subject.facts();
    let statement = proof
        .material
        .as_ref()
        .and_then(|material| material.unverified_statement());
    let accepted = proof.is_accepted();
    ImageSignatureFacts {
        subject: proof.subject,
        place: places
            .get(proof.place)
            .map(|place| place.place.clone())
            .unwrap_or_default(),
        layer: proof.layer,
        digest: proof.digest,
        format: proof
            .material
            .as_ref()
            .map(|material| material.format().as_str()),
        outcome: evidence.outcome,
        reason: evidence.reason,
        message: evidence.message.clone(),
        failure: evidence.failure.clone(),
        signer: evidence.signer.clone(),
        issuer: evidence.issuer.clone(),
        signed_at: evidence.signed_at,
        time_source: evidence.time_source,
        predicate_type: statement.map(|statement| statement.predicate_type().into()),
        name: subject
            .map(|facts| facts.name.clone())
            .filter(|name| !name.is_empty()),
        annotations: subject
            .map(|facts| facts.annotations.clone())
            .unwrap_or_default(),
        checks: accepted.then(|| evidence.checks.clone()),
        material: accepted.then(|| evidence.material.clone()).flatten(),
    }
}
