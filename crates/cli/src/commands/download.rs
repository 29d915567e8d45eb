//! `sealcheck download`.

use data_encoding::BASE64;
use pki_types::CertificateDer;
use pki_types::pem::PemObject;
use sealcheck_engine::{Attachment, AttachmentKind, Inventory};
use sealcheck_policy::PredicateType;
use sealcheck_record::{escaped, one_line};
use sealcheck_verify::{COSIGN_SIGNATURE, Failure, Material, Outcome, Reason, Statement};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::CommandLine;
use crate::args::{DownloadArgs, DownloadKind};
use crate::cosign::StartedAs;
use crate::demands::predicate_type;
use crate::image_session::{incomplete, one_or_given};
use crate::problem::{Problem, Result};
use crate::{image_source, output, registry, setup};

/// Prints what is attached to an image, without verifying it.
pub(crate) fn run(args: &DownloadArgs, line: &CommandLine<'_>) -> Result<u8> {
    let wanted = match (&args.predicate_type, args.what) {
        (None, _) => None,
        (Some(name), DownloadKind::Attestation) => Some(predicate_type(name)?),
        (Some(_), _) => {
            return Err(Problem::argument("--predicate-type is for attestations")
                .with_hint("Write `sealcheck download attestation`, or drop the flag."));
        }
    };
    let image = image_source::one(&args.image, args.local_image)?;
    let repositories = registry::repositories(&args.registry, line.matches)?;
    let images = std::slice::from_ref(&image);
    let access = registry::read(&args.registry, &args.deprecated_registry, line, images)?;
    let engine = setup::reading_engine(&args.network, access, None)?;
    let platforms = one_or_given(args.platform.as_ref());
    let inventory = engine.inventory(&image, &platforms, &repositories)?;
    let mut printed = 0usize;
    let mut left_out: Option<Failure> = None;
    for attachment in meant(&inventory, args)
        .filter(|it| is_wanted(it, args.what, wanted.as_ref().map(PredicateType::uri)))
    {
        match documents(attachment) {
            Ok(documents) => {
                for document in documents {
                    output::print(line.console, &(document + "\n"))?;
                    printed = printed.saturating_add(1);
                }
            }
            Err(failure) => {
                line.console.warning(&format!("left out: {failure}."));
                left_out.get_or_insert(failure);
            }
        }
    }
    if let Some(failure) = left_out {
        return Err(Problem::from(failure).with_line("There is more than was printed."));
    }
    if let Some(problem) = incomplete(&inventory) {
        return Err(problem.with_line(match printed {
            0 => "Nothing was found where there was an answer.",
            _ => "There may be more than was printed.",
        }));
    }
    // cosign prints nothing where it finds no attestation, and is content unless one type is wanted.
    let is_content = line.started_as == StartedAs::Cosign
        && args.what == DownloadKind::Attestation
        && wanted.is_none();
    if printed == 0 && is_content {
        return Ok(0);
    }
    if printed == 0 {
        let failure = Failure::new(Reason::NoProofFound).detail(match args.what {
            DownloadKind::Signature => "no signature is attached",
            DownloadKind::Attestation if wanted.is_some() => {
                "no attestation of this type is attached"
            }
            DownloadKind::Attestation => "no attestation is attached",
            DownloadKind::Bundle => "no bundle is attached",
        });
        return Err(Problem::from(failure)
            .with_hint("`sealcheck tree IMAGE` lists everything that is attached."));
    }
    line.console.note(&format!(
        "{printed} printed, none of them verified: that is what `sealcheck verify` does."
    ));
    Ok(0)
}

/// What is attached to the image that is meant: the platform's, or what the reference leads to.
fn meant<'i>(
    inventory: &'i Inventory,
    args: &DownloadArgs,
) -> impl Iterator<Item = &'i Attachment> {
    let several = args.platform.is_some() && inventory.manifests.len() > 1;
    let meant = match several {
        // Behind the index come the images that fit.
        true => inventory.manifests.get(1..),
        false => inventory.manifests.get(..1),
    };
    meant
        .unwrap_or_default()
        .iter()
        .flat_map(|it| &it.attachments)
}

fn is_wanted(attachment: &Attachment, what: DownloadKind, kind: Option<&str>) -> bool {
    let predicates: Vec<&str> = attachment
        .materials
        .iter()
        .flatten()
        .filter_map(Material::unverified_statement)
        .map(Statement::predicate_type)
        .collect();
    let is_of_kind = kind.is_none_or(|kind| predicates.contains(&kind));
    // cosign's own signatures are statements as well.
    let attests = predicates
        .iter()
        .any(|predicate| *predicate != COSIGN_SIGNATURE);
    match (what, attachment.kind) {
        (DownloadKind::Bundle, AttachmentKind::Bundle)
        | (DownloadKind::Signature, AttachmentKind::Signature) => true,
        (DownloadKind::Signature, AttachmentKind::Bundle) => !attests,
        (DownloadKind::Attestation, AttachmentKind::Attestation) => is_of_kind,
        (DownloadKind::Attestation, AttachmentKind::Bundle) => attests && is_of_kind,
        _ => false,
    }
}

/// A line each: bundles and envelopes as they are, legacy signatures as cosign prints them.
fn documents(attachment: &Attachment) -> std::result::Result<Vec<String>, Failure> {
    let content = match &attachment.content {
        None => return Ok(Vec::new()),
        Some(Err(failure)) => return Err(unreadable(failure.clone())),
        Some(Ok(content)) => content,
    };
    if attachment.kind == AttachmentKind::Signature {
        let payload = SignedPayload::new(attachment, content);
        let json = serde_json::to_string(&payload);
        return json
            .map(|json| vec![escaped(json)])
            .map_err(|error| malformed(attachment, &error));
    }
    let text = std::str::from_utf8(content).map_err(|error| malformed(attachment, &error))?;
    let check =
        |text: &str| serde_json::from_str::<IgnoredAny>(text).map(|_| escaped(one_line(text)));
    if let Ok(document) = check(text) {
        let envelope = match attachment.kind {
            AttachmentKind::Attestation => serde_json::from_str::<Envelope>(text).ok(),
            _ => None,
        };
        let as_cosign = envelope.and_then(|it| serde_json::to_string(&it).ok().map(escaped));
        return Ok(vec![as_cosign.unwrap_or(document)]);
    }
    // A file of JSON lines.
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| check(line).map_err(|error| malformed(attachment, &error)))
        .collect()
}

/// What cannot be printed leaves a question open; nothing was verified that could be rejected.
fn unreadable(failure: Failure) -> Failure {
    match failure.outcome() {
        Outcome::Unavailable => failure,
        _ => Failure {
            reason: Reason::ProofUnreadable,
            ..failure
        },
    }
}

fn malformed(attachment: &Attachment, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Reason::ProofUnreadable)
        .at(format!(
            "{}, layer {}",
            attachment.manifest, attachment.layer
        ))
        .detail(error)
}

/// A legacy attestation as `cosign download attestation` prints it: with a `keyid`, be it empty.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// A legacy signature as `cosign download signature` prints it. Of certificates only `Raw` is there: the DER from which
/// cosign makes the rest.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SignedPayload {
    base64_signature: String,
    payload: String,
    cert: Option<Raw>,
    chain: Option<Vec<Raw>>,
    bundle: Option<Value>,
    #[serde(rename = "RFC3161Timestamp")]
    timestamp: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    raw: String,
}

impl SignedPayload {
    fn new(attachment: &Attachment, payload: &[u8]) -> Self {
        let annotation = |name: &str| attachment.descriptor.annotation(name);
        let json = |name: &str| serde_json::from_str(annotation(name)?).ok();
        let certificates = |name: &str| annotation(name).map(certificates);
        // A signature file has no payload beside it: it is about the manifest itself.
        let (signature, payload) = match annotation("dev.cosignproject.cosign/signature") {
            Some(signature) => (signature.to_owned(), BASE64.encode(payload)),
            None => (
                String::from_utf8_lossy(payload).trim().to_owned(),
                String::new(),
            ),
        };
        Self {
            base64_signature: signature,
            payload,
            cert: certificates("dev.sigstore.cosign/certificate")
                .and_then(|all| all.into_iter().next()),
            chain: certificates("dev.sigstore.cosign/chain").filter(|all| !all.is_empty()),
            bundle: json("dev.sigstore.cosign/bundle"),
            timestamp: json("dev.sigstore.cosign/rfc3161timestamp"),
        }
    }
}

fn certificates(pem: &str) -> Vec<Raw> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .filter_map(std::result::Result::ok)
        .map(|der| Raw {
            raw: BASE64.encode(&der),
        })
        .collect()
}
