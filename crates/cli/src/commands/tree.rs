//! `sealcheck tree`.

use sealcheck_engine::{
    Attachment, AttachmentKind, Engine, ImageRequest, ImageSource, ImageVerdict, Inventory,
    Platforms, Proof, Silent,
};
use sealcheck_record::{TREE_SCHEMA, TreeAttachment, TreeDocument, TreeManifest, TreeState};
use sealcheck_registry::Repository;
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Content, Digest, Failure, Outcome, Reason};

use crate::args::{DocumentFormat, TreeArgs};
use crate::opened::Opened;
use crate::problem::{Problem, Result};
use crate::registry::{self, Access};
use crate::signer::Given;
use crate::{CommandLine, image_source, output, report, setup, signer, suggestion};

/// Lists what is attached to an image.
pub(crate) fn run(args: &TreeArgs, line: &CommandLine<'_>) -> Result<u8> {
    if args.require.signers().is_some() {
        return Err(
            Problem::argument("--require signers=N is about the image as a whole").with_hint(
                "`sealcheck verify` counts signers; the tree says of each proof whether it holds.",
            ),
        );
    }
    let image = image_source::one(&args.image, args.local_image)?;
    let repositories = registry::repositories(&args.registry, line.matches)?;
    let images = std::slice::from_ref(&image);
    let access = registry::read(&args.registry, line.matches, line.console, images)?;
    let platforms = match &args.platform {
        Some(platform) => Platforms::One(platform.clone()),
        None => Platforms::All,
    };
    let asked = Asked {
        image,
        platforms,
        repositories,
    };
    let tree = match names_signer(args, line)? {
        true => asked.verified(args, access, line)?,
        false => {
            let engine = setup::reading_engine(&args.network, access, None)?;
            asked.document(&asked.inventory(&engine)?, None)
        }
    };
    let text = match output::document_format(args.shown.output, line.console) {
        DocumentFormat::Text => report::tree::text(&tree),
        DocumentFormat::Json => output::json(&tree)?,
    };
    output::print(line.console, &text)?;
    let failed = tree
        .places
        .iter()
        .find(|place| place.found == Found::Failed);
    match failed {
        None => Ok(0),
        Some(place) => {
            let failure = Failure::new(Reason::ProofUnreadable)
                .at(&*place.place)
                .detail("this place did not answer, so there may be more than is listed");
            Err(failure.into())
        }
    }
}

/// Whether the flags say who must have signed, be it incompletely.
fn names_signer(args: &TreeArgs, line: &CommandLine<'_>) -> Result<bool> {
    Ok(!matches!(
        signer::read(&args.signer, line.matches)?,
        Given::Incomplete {
            identity: None,
            issuer: None
        }
    ))
}

/// What is asked for.
struct Asked {
    image: ImageSource,
    platforms: Platforms,
    repositories: Vec<Repository>,
}

impl Asked {
    fn inventory(&self, engine: &Engine) -> Result<Inventory> {
        let inventory = engine.inventory(&self.image, &self.platforms, &self.repositories);
        inventory.map_err(Problem::from)
    }

    /// The list, with the state of each proof.
    fn verified(
        &self,
        args: &TreeArgs,
        access: Access,
        line: &CommandLine<'_>,
    ) -> Result<TreeDocument> {
        let missing = |identity, issuer| suggestion::missing(line, &[], identity, issuer);
        let demand = |requirements: sealcheck_verify::Requirements| {
            requirements.content(Content::SignatureOrAttestation)
        };
        let opened = Opened::new(&args.common(), access, line, demand, missing)?;
        let inventory = self.inventory(&opened.engine)?;
        // The digest that the list is about, also when the tag has moved since.
        let image = match (&self.image, &inventory.reference) {
            (ImageSource::Registry(_), Some(reference)) => ImageSource::Registry(reference.clone()),
            (image, _) => image.clone(),
        };
        let request = ImageRequest {
            platforms: self.platforms.clone(),
            repositories: self.repositories.clone(),
            lookup: !args.require.ignores_log(),
            ..ImageRequest::new(image, opened.requirements)
        };
        let verdict = opened.engine.verify_image(&request, &Silent);
        Ok(self.document(&inventory, Some(&verdict)))
    }

    fn document(&self, inventory: &Inventory, verdict: Option<&ImageVerdict>) -> TreeDocument {
        let attachment = |attachment: &Attachment, subject: &Digest| {
            let proof = verdict.and_then(|verdict| {
                verdict
                    .proofs()
                    .iter()
                    .find(|proof| is_about(proof, attachment, subject))
            });
            let place = inventory.places.get(attachment.place);
            let place = place.map_or_else(|| "".into(), |place| place.place.clone());
            entry(attachment, place, verdict, proof)
        };
        TreeDocument {
            schema: TREE_SCHEMA,
            name: self.image.to_string(),
            reference: inventory.reference.as_ref().map(ToString::to_string),
            signer_named: verdict.is_some(),
            manifests: inventory
                .manifests
                .iter()
                .map(|manifest| TreeManifest {
                    digest: manifest.descriptor.digest,
                    media_type: manifest.descriptor.media_type.clone(),
                    platform: manifest.platform.as_ref().map(ToString::to_string),
                    attachments: manifest
                        .attachments
                        .iter()
                        .map(|it| attachment(it, &manifest.descriptor.digest))
                        .collect(),
                })
                .collect(),
            places: inventory.places.clone(),
        }
    }
}

/// Whether a proof is what an attachment of this subject holds.
fn is_about(proof: &Proof, attachment: &Attachment, subject: &Digest) -> bool {
    proof.subject == *subject
        && proof.manifest == attachment.manifest
        && proof.layer == attachment.layer
}

fn entry(
    attachment: &Attachment,
    place: Box<str>,
    verdict: Option<&ImageVerdict>,
    proof: Option<&Proof>,
) -> TreeAttachment {
    let evidence = proof.map(|proof| proof.verdict.evidence());
    let failure = proof.and_then(|proof| proof.verdict.failure());
    let unreadable = match &attachment.material {
        Some(Err(failure)) => Some(failure),
        _ => None,
    };
    let failure = failure.or(unreadable.filter(|_| verdict.is_some()));
    let material = attachment.material.as_ref().and_then(|it| it.as_ref().ok());
    let claims = material.and_then(sealcheck_verify::Material::unverified_claims);
    let state = match (evidence.map(|evidence| evidence.outcome), verdict, failure) {
        _ if !is_proof(attachment.kind) => TreeState::NoProof,
        (Some(Outcome::Verified), ..) => TreeState::Verified,
        (Some(Outcome::Rejected), ..) => TreeState::Rejected,
        (Some(_), ..) => TreeState::Unavailable,
        (None, Some(_), Some(failure)) if failure.outcome() == Outcome::Rejected => {
            TreeState::Rejected
        }
        (None, Some(_), _) => TreeState::Unavailable,
        (None, None, _) => TreeState::NotVerified,
    };
    let signer = evidence
        .and_then(|evidence| evidence.signer.clone())
        .or_else(|| Some(claims.as_ref()?.subject()?.into()));
    let issuer = evidence
        .and_then(|evidence| evidence.issuer.clone())
        .or_else(|| claims.as_ref()?.issuer.clone());
    let statement = material.and_then(sealcheck_verify::Material::unverified_statement);
    TreeAttachment {
        kind: attachment.kind.as_str(),
        place,
        manifest: attachment.manifest,
        artifact_type: attachment.artifact_type.clone(),
        layer: attachment.layer,
        digest: attachment.descriptor.digest,
        media_type: attachment.descriptor.media_type.clone(),
        size: attachment.descriptor.size,
        state,
        reason: failure.map(|failure| failure.reason),
        message: failure.map(ToString::to_string),
        signer,
        issuer,
        signed_at: evidence
            .filter(|evidence| evidence.outcome == Outcome::Verified)
            .and_then(|evidence| evidence.signed_at),
        predicate_type: statement.map(|statement| statement.predicate_type().to_owned()),
    }
}

fn is_proof(kind: AttachmentKind) -> bool {
    matches!(
        kind,
        AttachmentKind::Signature | AttachmentKind::Attestation | AttachmentKind::Bundle
    )
}
