//! The part of a report that is special about images: digest, platforms, and every signature.

use std::borrow::Cow;

use sealcheck_engine::ImageSource;
use sealcheck_verify::evidence::{ImageFacts, ImageSignatureFacts, ProvedBy, RequiredFacts};
use sealcheck_verify::{
    COSIGN_SIGNATURE, Evidence, Failure, Format, Outcome, Reason, Verdict, printable,
};

use crate::image_source;

use super::text::{CLAIMED_SIGNER, KEY, Lines, SIGNER, log, name, said, signed_at, what_failed};

/// Digest, platforms and signatures: those that are accepted whole, the others in short. `all`: however many there are.
pub(super) fn signatures(out: &mut Lines, verdict: &Verdict, image: &ImageFacts, all: bool) {
    let evidence = verdict.evidence();
    if let Some(digest) = &image.digest {
        out.add("digest", &digest.to_string());
    }
    if let Some(failure) = verdict.failure() {
        what_failed(out, failure);
    }
    platforms(out, image);
    let (accepted, refused): (Vec<_>, Vec<_>) = image
        .signatures
        .iter()
        .partition(|signature| signature.outcome == Outcome::Verified);
    let by_key = evidence.required.key.is_some();
    let label = if by_key { KEY } else { SIGNER };
    for signature in shown(&accepted, all) {
        add_signer(out, signature, label);
        signed_at(out, signature.signed_at, signature.time_source);
        if let Some(checks) = &signature.checks {
            log(out, checks);
        }
        add_content(out, signature, image);
    }
    add_rest(out, accepted.len(), all, "accepted");
    // Beside proofs of the kind that was asked for, others are what is usual.
    let is_other =
        |signature: &ImageSignatureFacts| is_of_another_kind(signature, &evidence.required);
    let has_some = !accepted.is_empty() || !refused.iter().all(|it| is_other(it));
    let (others, refused): (Vec<_>, Vec<_>) = refused
        .into_iter()
        .partition(|signature| has_some && !all && is_other(signature));
    // What decided about the image is told already.
    let mut decisive = verdict.failure();
    for signature in shown(&refused, all) {
        let message = signature.message.as_deref().unwrap_or_default();
        let is_told = |told: &mut &Failure| {
            told.to_string() == message
                // The types of several proofs are told together.
                || (told.reason == Reason::PredicateTypeMismatch
                    && signature.reason == Some(told.reason))
        };
        if decisive.take_if(is_told).is_none() {
            let reason = signature.reason.map_or("", Reason::code);
            out.add("refused", &printable(&format!("{reason}: {message}")));
        }
        if signature.issuer.is_some() || !by_key {
            add_signer(out, signature, CLAIMED_SIGNER);
        }
        add_content(out, signature, image);
    }
    add_rest(out, refused.len(), all, "refused");
    if !others.is_empty() {
        let noun = if others.len() == 1 { "proof" } else { "proofs" };
        out.add(
            "left out",
            &format!(
                "{} {noun} of another kind (--verbose lists them)",
                others.len()
            ),
        );
    }
    said(out, evidence);
}

/// The image with the digest that was proved, or was to be.
pub(super) fn pinned(evidence: &Evidence, image: &ImageFacts) -> String {
    match (&image.reference, &image.digest) {
        (Some(reference), _) => printable(reference),
        (None, Some(digest)) => {
            let name = name(evidence);
            match image_source::one(&name, false) {
                Ok(ImageSource::Layout { path, .. }) => {
                    printable(&format!("oci:{}@{digest}", path.display()))
                }
                _ => format!("{name}@{digest}"),
            }
        }
        (None, None) => name(evidence),
    }
}

/// Who signed, each once.
pub(super) fn signers(image: &ImageFacts) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for signature in &image.signatures {
        let Some(signer) = signature.signer.as_deref() else {
            continue;
        };
        if signature.outcome != Outcome::Verified {
            continue;
        }
        let text = match &signature.issuer {
            Some(issuer) => format!("{} by {}", printable(signer), printable(issuer)),
            None => printable(signer),
        };
        if !out.contains(&text) {
            out.push(text);
        }
    }
    let more = out.len().saturating_sub(SHOWN);
    out.truncate(SHOWN);
    if more > 0 {
        out.push(format!("and {more} more"));
    }
    out
}

/// What to do, where images need another answer than files.
pub(super) fn hint(evidence: &Evidence, reason: Reason) -> Option<Cow<'static, str>> {
    evidence.image.as_ref()?;
    Some(match reason {
        Reason::NoProofFound => match (elsewhere(evidence), &evidence.release) {
            (Some(elsewhere), _) => elsewhere.into(),
            // Of one of many the places are not told.
            (None, Some(_)) => ELSEWHERE_HINT.into(),
            (None, None) => "The report lists the places. If the proofs lie in another repository, name it with --signature-repository.".into(),
        },
        Reason::ImageNotFound => match &evidence.failure {
            Some(failure) if is_other_name(failure) => NAMES_HINT.into(),
            Some(_) if has_no_manifest(evidence) => PLATFORM_HINT.into(),
            _ => return None,
        },
        Reason::CertificateRequired => CERTIFICATE_HINT.into(),
        Reason::Offline => OFFLINE_HINT.into(),
        Reason::FileNotFound => LAYOUT_HINT.into(),
        Reason::NotASignature => "Only attestations are attached. `sealcheck verify-attestation --type TYPE` proves those; a signature must come from the publisher.".into(),
        Reason::NotAnAttestation if has_other_types(evidence) => "Attestations of other types are attached. Name the one that you need with --type; --verbose lists them.".into(),
        Reason::NotAnAttestation => "Only signatures are attached. `sealcheck verify` proves those; an attestation must come from the publisher.".into(),
        Reason::RegistryUnauthorized => {
            let name = evidence.artifact.name.as_deref()?;
            let registry = name.split('/').next().unwrap_or_default();
            format!(
                "Log in with `docker login {0}` (or podman login {0}), or give --registry-username and --registry-password; then check the repository's name.",
                printable(registry)
            )
            .into()
        }
        _ => return None,
    })
}

/// Whether a layout does not have the name: only layouts can tell what else there is.
pub(crate) fn is_other_name(failure: &Failure) -> bool {
    failure.reason == Reason::ImageNotFound && failure.found.is_some()
}

/// What to say when the image's own repository was not looked at.
pub(super) fn elsewhere(evidence: &Evidence) -> Option<String> {
    let reference = evidence.image.as_ref()?.reference.as_deref()?;
    let mut looked: Vec<&str> = evidence
        .places
        .iter()
        .filter_map(|place| place.place.split_once("/referrers/"))
        .map(|(repository, _)| repository)
        .collect();
    looked.dedup();
    let own = |repository: &&str| {
        let rest = reference.strip_prefix(*repository);
        rest.is_some_and(|rest| rest.starts_with([':', '@']))
    };
    if looked.is_empty() || looked.iter().any(own) {
        return None;
    }
    Some(format!(
        "Only {} was looked at, as COSIGN_REPOSITORY or --signature-repository says; without it the image's own repository is.",
        printable(&looked.join(", "))
    ))
}

/// Whether the index is there, and an image that it lists is not.
fn has_no_manifest(evidence: &Evidence) -> bool {
    let mut platforms = evidence.image.iter().flat_map(|image| &image.platforms);
    platforms.any(|platform| platform.reason == Some(Reason::ImageNotFound))
}

fn has_other_types(evidence: &Evidence) -> bool {
    let mut signatures = evidence.image.iter().flat_map(|image| &image.signatures);
    signatures.any(|it| {
        let kind = it.predicate_type.as_deref();
        kind.is_some_and(|kind| kind != COSIGN_SIGNATURE)
    })
}

fn platforms(out: &mut Lines, image: &ImageFacts) {
    for (index, platform) in image.platforms.iter().enumerate() {
        let label = if index == 0 { "platforms" } else { "" };
        let name = platform.platform.as_deref().unwrap_or("no platform");
        let state = match (platform.proved_by, platform.reason) {
            (Some(ProvedBy::Own), _) => "verified by its own signatures".to_owned(),
            (Some(ProvedBy::Index), _) => "verified by the index's signatures".to_owned(),
            (Some(ProvedBy::Both), _) => "verified by its own and the index's together".to_owned(),
            (None, Some(reason)) => format!("{}, {reason}", platform.outcome),
            (None, None) => platform.outcome.to_string(),
        };
        out.add(
            label,
            &format!("{}: {state} {}", printable(name), platform.digest),
        );
    }
}

fn add_signer(out: &mut Lines, signature: &ImageSignatureFacts, label: &str) {
    if let Some(signer) = &signature.signer {
        out.add(label, &printable(signer));
    }
    if let Some(issuer) = &signature.issuer {
        out.add("issuer", &printable(issuer));
    }
}

/// What was signed, and where it was found.
fn add_content(out: &mut Lines, signature: &ImageSignatureFacts, image: &ImageFacts) {
    if image
        .digest
        .is_some_and(|digest| digest != signature.subject)
    {
        out.add("about", &about(signature, image));
    }
    if let Some(kind) = &signature.predicate_type {
        out.add("predicate", &printable(kind));
    }
    for (name, value) in &signature.annotations {
        out.add("annotation", &printable(&format!("{name}={value}")));
    }
    let format = signature.format.unwrap_or("not readable");
    out.add(
        "proof",
        &printable(&format!(
            "{}, layer {} ({format})",
            signature.place, signature.layer
        )),
    );
}

/// The manifest that a signature is about, when it is not what the reference leads to.
fn about(signature: &ImageSignatureFacts, image: &ImageFacts) -> String {
    let platform = image
        .platforms
        .iter()
        .find(|platform| platform.digest == signature.subject)
        .and_then(|platform| platform.platform.as_deref());
    match platform {
        Some(platform) => format!("{} {}", printable(platform), signature.subject),
        None => signature.subject.to_string(),
    }
}

/// Whether it is another thing than what was asked for, whoever made it: an attestation beside signatures, another type of
/// attestation.
fn is_of_another_kind(signature: &ImageSignatureFacts, required: &RequiredFacts) -> bool {
    match (required.content, signature.predicate_type.as_deref()) {
        ("signature", Some(kind)) => kind != COSIGN_SIGNATURE,
        ("attestation", Some(kind)) => match required.predicate_type.as_deref() {
            Some(wanted) => kind != wanted,
            None => kind == COSIGN_SIGNATURE,
        },
        ("attestation", None) => signature.format == Some(Format::SimpleSigning.as_str()),
        _ => false,
    }
}

fn shown<'s, 'f>(
    signatures: &'s [&'f ImageSignatureFacts],
    all: bool,
) -> impl Iterator<Item = &'s &'f ImageSignatureFacts> {
    signatures.iter().take(if all { usize::MAX } else { SHOWN })
}

fn add_rest(out: &mut Lines, count: usize, all: bool, what: &str) {
    let rest = count.saturating_sub(SHOWN);
    if rest > 0 && !all {
        out.add(
            "",
            &format!("and {rest} more {what} (--verbose lists them)"),
        );
    }
}

/// Signatures of one kind that are told without `--verbose`.
const SHOWN: usize = 10;
/// The short report does not list the places.
pub(super) const NO_PROOF_HINT: &str = "If the proofs lie in another repository, name it with --signature-repository. --verbose lists the places that were looked at.";
const ELSEWHERE_HINT: &str =
    "If the proofs lie in another repository, name it with --signature-repository.";
const CERTIFICATE_HINT: &str = "A plain key signed, which proves no identity. If you trust the key, give it with --key instead of an identity.";
pub(crate) const NAMES_HINT: &str =
    "Name one that the layout has: oci:FOLDER:NAME or oci:FOLDER@DIGEST.";
pub(crate) const PLATFORM_HINT: &str =
    "Copy the image again with this platform, or name the registry that has it.";
const LAYOUT_HINT: &str =
    "Check the path. `sealcheck copy IMAGE FOLDER` and `cosign save` write such folders.";
const OFFLINE_HINT: &str = "Without network an image is verified from a copy: make it with `sealcheck copy IMAGE FOLDER` where there is a network, then run `sealcheck verify oci:FOLDER --offline`.";
