//! `sealcheck copy`.

use std::fmt::Write as _;

use sealcheck_engine::{Copied, CopyRequest};
use sealcheck_registry::Reference;
use sealcheck_verify::printable;
use serde::Serialize;

use crate::args::{CopyArgs, DocumentFormat};
use crate::image_session::one_or_given;
use crate::output::Watch;
use crate::problem::{Problem, Result};
use crate::report::colour;
use crate::report::wrap::paragraph;
use crate::suggestion::quoted;
use crate::{CommandLine, image_source, output, registry, setup};

/// Copies an image with its proofs into a layout.
pub(crate) fn run(args: &CopyArgs, line: &CommandLine<'_>) -> Result<u8> {
    if args.layout.is_file() {
        let name = args.layout.display();
        return Err(Problem::argument(format!("{name} is a file, not a folder"))
            .with_hint("Name a folder: a new or an empty one, or an image layout."));
    }
    let image = image_source::one(&args.image, args.local_image)?;
    let repositories = registry::repositories(&args.registry, line.matches)?;
    let images = std::slice::from_ref(&image);
    let access = registry::read(&args.registry, &args.deprecated_registry, line, images)?;
    let engine = setup::reading_engine(&args.network, access, None)?;
    let request = CopyRequest {
        image,
        layout: args.layout.clone(),
        platforms: one_or_given(args.platform.as_ref()),
        repositories,
    };
    let bar = output::bar(line.console, 1);
    let copied = engine.copy_image(&request, &Watch(bar.as_ref()));
    if let Some(bar) = &bar {
        bar.clear();
    }
    let copied = Document::new(&request, &copied?);
    let text = match output::document_format(args.shown.output, line.console) {
        DocumentFormat::Text => text(&copied),
        DocumentFormat::Json => output::json(&copied)?,
    };
    output::print(line.console, &text)?;
    Ok(0)
}

/// What was copied.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    digest: String,
    layout: String,
    /// How the other commands are told of the image, which may not be the only one there.
    #[serde(skip)]
    source: String,
    /// Written now; what was there already is not counted.
    manifests: usize,
    /// Those of proofs among them.
    attachments: usize,
    blobs: usize,
    bytes: u64,
    /// Layers that may not be passed on and were not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

impl Document {
    fn new(request: &CopyRequest, copied: &Copied) -> Self {
        let layout = request.layout.display().to_string();
        let tag = copied.reference.as_ref().and_then(Reference::tag);
        let source = match tag {
            // What stands behind the first colon would be the name.
            Some(tag) if !layout.contains(':') => format!("oci:{layout}:{tag}"),
            _ => format!("oci:{layout}@{}", copied.digest),
        };
        Self {
            image: request.image.to_string(),
            reference: copied.reference.as_ref().map(ToString::to_string),
            digest: copied.digest.to_string(),
            layout,
            source,
            manifests: copied.manifests,
            attachments: copied.attachments,
            blobs: copied.blobs,
            bytes: copied.bytes,
            left_out: copied.left_out.iter().map(ToString::to_string).collect(),
        }
    }
}

fn text(copied: &Document) -> String {
    let mut out = format!("copied  {}\n", printable(&copied.image));
    let mut add = |label: &str, value: &str| {
        let dim = colour::LABEL;
        let padding = " ".repeat(LABELS.saturating_sub(label.len()));
        let value = paragraph(&printable(value), VALUES, VALUES);
        writeln!(out, "  {dim}{label}{dim:#}{padding}{value}").ok();
    };
    add("digest", &copied.digest);
    add("to", &copied.layout);
    add(
        "written",
        &format!(
            "{} manifests, {} of them proofs or other attachments; {} blobs; {} bytes",
            copied.manifests, copied.attachments, copied.blobs, copied.bytes
        ),
    );
    for digest in &copied.left_out {
        let words = "a layer that may not be passed on, and that the registry does not have:";
        add("without", &format!("{words} {digest}"));
    }
    add(
        "hint",
        &format!(
            "Nothing is verified yet: sealcheck verify {} --offline",
            quoted(&copied.source)
        ),
    );
    out
}

/// The longest label and two spaces.
const LABELS: usize = 9;
/// The column of the values.
const VALUES: usize = LABELS + 2;
