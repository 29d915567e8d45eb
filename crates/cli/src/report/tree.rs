//! What is attached to an image, as a tree.

use std::fmt::Write as _;

use anstyle::Style;
use sealcheck_record::{TreeAttachment, TreeDocument, TreeManifest, TreeState};
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Failure, Reason, printable};

use super::colour;
use super::wrap::paragraph;

/// The tree, and under it what it adds up to.
pub(crate) fn text(tree: &TreeDocument) -> String {
    let mut out = String::new();
    let name = tree.reference.as_deref().unwrap_or(&tree.name);
    writeln!(out, "{}", printable(name)).ok();
    let last = tree.manifests.len().saturating_sub(1);
    let failed = || {
        tree.places
            .iter()
            .filter(|place| place.found == Found::Failed)
    };
    let nothing = nothing(failed().count());
    for (index, manifest) in tree.manifests.iter().enumerate() {
        let (branch, indent) = branches(index == last);
        write_manifest(&mut out, manifest, index == 0, &nothing, branch, indent);
    }
    for place in failed() {
        let why = place.detail.as_deref().unwrap_or("no reason given");
        let style = colour::DOUBT;
        let text = printable(&format!("{}: {why}", place.place));
        let text = paragraph(&text, ANSWER, ANSWER);
        writeln!(out, "{style}no answer{style:#}  {text}").ok();
    }
    writeln!(out, "{}", sum(tree, failed().count())).ok();
    out
}

/// What is said where nothing was found. While a place has not answered, something may be attached.
fn nothing(failed: usize) -> String {
    match failed {
        0 => "nothing attached".to_owned(),
        failed => format!("nothing found; {}", unanswered(failed)),
    }
}

/// What is said of an image that could not be had.
fn missing(failure: &Failure) -> String {
    match failure.reason {
        Reason::ImageNotFound => "not here".to_owned(),
        reason => format!("could not be looked at, {reason}"),
    }
}

fn unanswered(failed: usize) -> String {
    match failed {
        1 => "1 place did not answer".to_owned(),
        failed => format!("{failed} places did not answer"),
    }
}

fn write_manifest(
    out: &mut String,
    manifest: &TreeManifest,
    first: bool,
    nothing: &str,
    branch: &str,
    indent: &str,
) {
    let label = colour::LABEL;
    let what = match (&manifest.platform, first) {
        (Some(platform), _) => printable(platform),
        (None, true)
            if manifest.media_type.contains("index") || manifest.media_type.contains("list") =>
        {
            "index".to_owned()
        }
        (None, true) => "image".to_owned(),
        (None, false) => "no platform".to_owned(),
    };
    writeln!(out, "{branch}{what}  {label}{}{label:#}", manifest.digest).ok();
    let last = manifest.attachments.len().saturating_sub(1);
    for (index, attachment) in manifest.attachments.iter().enumerate() {
        let (branch, inner) = branches(index == last);
        write_attachment(
            out,
            attachment,
            &format!("{indent}{branch}"),
            &format!("{indent}{inner}"),
        );
    }
    if manifest.attachments.is_empty() {
        let (branch, _) = branches(true);
        match &manifest.missing {
            None => writeln!(out, "{indent}{branch}{label}{nothing}{label:#}").ok(),
            Some(failure) => {
                let style = colour::DOUBT;
                let what = missing(failure);
                writeln!(out, "{indent}{branch}{style}{what}{style:#}").ok()
            }
        };
    }
}

fn write_attachment(out: &mut String, attachment: &TreeAttachment, branch: &str, indent: &str) {
    let style = style(attachment.state);
    let state = attachment.state.as_str();
    let reason = attachment
        .reason
        .map(|reason| format!(", {reason}"))
        .unwrap_or_default();
    writeln!(
        out,
        "{branch}{}  {style}{state}{style:#}{reason}",
        attachment.kind
    )
    .ok();
    let mut add = |label: &str, value: &str| {
        let dim = colour::LABEL;
        let padding = " ".repeat(LABELS.saturating_sub(label.len()));
        writeln!(
            out,
            "{indent}  {dim}{label}{dim:#}{padding}{}",
            printable(value)
        )
        .ok();
    };
    if let Some(signer) = &attachment.signer {
        let label = match attachment.state {
            TreeState::Verified => "signer",
            _ => "claims to be",
        };
        add(label, signer);
    }
    if let Some(issuer) = &attachment.issuer {
        add("issuer", issuer);
    }
    if let Some(time) = attachment.signed_at {
        add("signed at", &time.to_string());
    }
    if let Some(kind) = &attachment.predicate_type {
        add("predicate", kind);
    }
    if attachment.kind == "other" || attachment.kind == "sbom" {
        // The type of the manifest that holds an SBOM is often that of its configuration.
        let kind = match attachment.kind == "sbom" || attachment.artifact_type.is_empty() {
            true => &attachment.media_type,
            false => &attachment.artifact_type,
        };
        add("type", kind);
    }
    let place = format!(
        "{}, layer {} ({} bytes)",
        attachment.place, attachment.layer, attachment.size
    );
    add("found at", &place);
}

fn sum(tree: &TreeDocument, failed: usize) -> String {
    let all: Vec<&TreeAttachment> = tree
        .manifests
        .iter()
        .flat_map(|manifest| &manifest.attachments)
        .collect();
    let missing = tree.manifests.iter().filter(|it| it.missing.is_some());
    let missing = match missing.count() {
        0 => String::new(),
        1 => "; 1 image is not here".to_owned(),
        count => format!("; {count} images are not here"),
    };
    if all.is_empty() {
        let nothing = match (failed, missing.is_empty()) {
            (0, true) => "nothing is attached".to_owned(),
            (0, false) => "nothing found".to_owned(),
            (failed, _) => nothing(failed),
        };
        return format!("{nothing}{missing}");
    }
    let mut parts = Vec::new();
    for state in STATES {
        let count = all.iter().filter(|it| it.state == state).count();
        if count > 0 {
            let style = style(state);
            parts.push(format!("{style}{count} {}{style:#}", state.as_str()));
        }
    }
    let is_open = all.iter().any(|it| it.state == TreeState::NotVerified);
    let why = match is_open && !tree.signer_named {
        true => " (no signer was named)",
        false => "",
    };
    let open = match failed {
        0 => String::new(),
        failed => format!("; {}", unanswered(failed)),
    };
    format!(
        "{} attached: {}{why}{open}{missing}",
        all.len(),
        parts.join(", ")
    )
}

fn style(state: TreeState) -> Style {
    match state {
        TreeState::Verified => colour::PROVED,
        TreeState::Rejected => colour::FAILED,
        TreeState::Unavailable | TreeState::NotVerified => colour::DOUBT,
        TreeState::NoProof => Style::new(),
    }
}

/// What stands before an entry, and before the lines below it.
fn branches(last: bool) -> (&'static str, &'static str) {
    match last {
        true => ("└── ", "    "),
        false => ("├── ", "│   "),
    }
}

const STATES: [TreeState; 5] = [
    TreeState::Verified,
    TreeState::Rejected,
    TreeState::Unavailable,
    TreeState::NotVerified,
    TreeState::NoProof,
];
/// The longest label and two spaces.
const LABELS: usize = 14;
/// The label of a place without an answer, and two spaces.
const ANSWER: usize = 11;
