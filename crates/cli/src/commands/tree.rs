//! `sealcheck tree`.

use sealcheck_engine::{Attachment, Engine, ImageSource, Inventory, Platforms};
use sealcheck_record::{TREE_SCHEMA, TreeAttachment, TreeDocument, TreeManifest, TreeState};
use sealcheck_verify::{Content, Failure, Material, Outcome, Requirements, Verdict};

use crate::args::{DocumentFormat, TreeArgs};
use crate::cosign::StartedAs;
use crate::image_session::incomplete;
use crate::opened::Opened;
use crate::problem::{Problem, Result};
use crate::signer::Given;
use crate::{CommandLine, image_source, output, registry, report, setup, signer, suggestion};

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
    let access = registry::read(&args.registry, &args.deprecated_registry, line, images)?;
    let platforms = match &args.platform {
        Some(platform) => Platforms::One(platform.clone()),
        None => Platforms::All,
    };
    let read = |engine: &Engine| engine.inventory(&image, &platforms, &repositories);
    let (tree, inventory) = match names_signer(args, line)? {
        true => {
            let missing = |identity, issuer| Err(suggestion::missing(line, &[], identity, issuer));
            let demand =
                |requirements: Requirements| requirements.content(Content::SignatureOrAttestation);
            let opened = Opened::new(args.common(), access, line, demand, missing)?;
            let inventory = read(&opened.engine)?;
            (document(&image, &inventory, Some(&opened)), inventory)
        }
        false => {
            let inventory = read(&setup::reading_engine(&args.network, access, None)?)?;
            (document(&image, &inventory, None), inventory)
        }
    };
    let format = match (args.shown.output, line.started_as) {
        // cosign prints its tree wherever it goes.
        (None, StartedAs::Cosign) => DocumentFormat::Text,
        (wanted, _) => output::document_format(wanted, line.console),
    };
    let text = match format {
        DocumentFormat::Text => report::tree::text(&tree),
        DocumentFormat::Json => output::json(&tree)?,
    };
    output::print(line.console, &text)?;
    let attachments = inventory.manifests.iter().flat_map(|it| &it.attachments);
    let mut unread = attachments
        .filter_map(Attachment::failure)
        .filter(|failure| failure.outcome() == Outcome::Unavailable);
    let (problem, line) = match (incomplete(&inventory), unread.next()) {
        (None, None) => return Ok(0),
        (Some(problem), _) => (problem, "There may be more than is listed."),
        (None, Some(failure)) => (failure.clone().into(), "What is in it could not be read."),
    };
    Err(problem.late().with_line(line))
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

/// The list. With `judge` each proof is held against what it requires.
fn document(image: &ImageSource, inventory: &Inventory, judge: Option<&Opened>) -> TreeDocument {
    let manifests = inventory.manifests.iter().map(|manifest| TreeManifest {
        digest: manifest.descriptor.digest,
        media_type: manifest.descriptor.media_type.clone(),
        platform: manifest.platform.as_ref().map(ToString::to_string),
        attachments: manifest
            .attachments
            .iter()
            .flat_map(|attachment| entries(attachment, inventory, judge))
            .collect(),
        missing: manifest.missing.clone(),
    });
    TreeDocument {
        schema: TREE_SCHEMA,
        name: image.to_string(),
        reference: inventory.reference.as_ref().map(ToString::to_string),
        signer_named: judge.is_some(),
        manifests: manifests.collect(),
        places: inventory.places.clone(),
    }
}

/// One entry for each proof that an attachment holds, or one for what holds none.
fn entries(
    attachment: &Attachment,
    inventory: &Inventory,
    judge: Option<&Opened>,
) -> Vec<TreeAttachment> {
    let place = inventory.places.get(attachment.place);
    let place: Box<str> = place.map_or_else(|| "".into(), |place| place.place.clone());
    if let Some(failure) = attachment.failure() {
        let entry = plain(attachment, place, state(failure.outcome()));
        return vec![with_failure(entry, Some(failure))];
    }
    if attachment.materials.is_empty() {
        return vec![plain(attachment, place, TreeState::NoProof)];
    }
    let verdicts: Vec<Option<Verdict>> = match judge {
        None => vec![None; attachment.materials.len()],
        Some(opened) => opened
            .engine
            .verify_attachment(attachment, &opened.requirements)
            .into_iter()
            .map(Some)
            .collect(),
    };
    let each = attachment.materials.iter().zip(verdicts);
    each.map(|(material, verdict)| {
        let entry = plain(attachment, place.clone(), TreeState::NotVerified);
        match (material, verdict) {
            (Err(failure), None) => with_failure(entry, Some(failure)),
            (material, verdict) => with_proof(entry, material.as_ref().ok(), verdict.as_ref()),
        }
    })
    .collect()
}

fn state(outcome: Outcome) -> TreeState {
    match outcome {
        Outcome::Verified => TreeState::Verified,
        Outcome::Rejected => TreeState::Rejected,
        Outcome::Usage | Outcome::Unavailable | Outcome::Unsigned => TreeState::Unavailable,
    }
}

fn with_failure(mut entry: TreeAttachment, failure: Option<&Failure>) -> TreeAttachment {
    entry.reason = failure.map(|failure| failure.reason);
    entry.message = failure.map(ToString::to_string);
    entry
}

fn plain(attachment: &Attachment, place: Box<str>, state: TreeState) -> TreeAttachment {
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
        reason: None,
        message: None,
        signer: None,
        issuer: None,
        signed_at: None,
        predicate_type: None,
    }
}

/// What a proof claims, and what became of it when a signer was named.
fn with_proof(
    mut entry: TreeAttachment,
    material: Option<&Material>,
    verdict: Option<&Verdict>,
) -> TreeAttachment {
    let claims = material.and_then(Material::unverified_claims);
    entry.signer = claims
        .as_ref()
        .and_then(|claims| claims.subject().map(Into::into));
    entry.issuer = claims.and_then(|claims| claims.issuer);
    let statement = material.and_then(Material::unverified_statement);
    entry.predicate_type = statement.map(|statement| statement.predicate_type().to_owned());
    let Some(verdict) = verdict else {
        return entry;
    };
    entry.state = state(verdict.outcome());
    let mut entry = with_failure(entry, verdict.failure());
    if entry.state == TreeState::Verified {
        let evidence = verdict.evidence();
        // Of a key there is nothing in a certificate.
        entry.signer.clone_from(&evidence.signer);
        entry.issuer.clone_from(&evidence.issuer);
        entry.signed_at = evidence.signed_at;
    }
    entry
}
