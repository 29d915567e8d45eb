//! `sealcheck copy`.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sealcheck_engine::{Copied, CopyRequest, ImageSource};
use sealcheck_verify::printable;
use serde::Serialize;

use crate::args::{CopyArgs, DocumentFormat};
use crate::image_session::one_or_given;
use crate::output::Watch;
use crate::problem::{Problem, Result};
use crate::report::wrap::paragraph;
use crate::report::{colour, counted};
use crate::suggestion::quoted;
use crate::{CommandLine, image_source, output, registry, setup};

/// Copies an image with its proofs into a layout.
pub(crate) fn run(args: &CopyArgs, line: &CommandLine<'_>) -> Result<u8> {
    let layout = folder(&args.layout)?;
    let image = image_source::one(&args.image, args.local_image)?;
    let repositories = registry::repositories(&args.registry, line.matches)?;
    let images = std::slice::from_ref(&image);
    let access = registry::read(&args.registry, &args.deprecated_registry, line, images)?;
    let engine = setup::reading_engine(&args.network, access, None)?;
    let request = CopyRequest {
        image,
        layout,
        platforms: one_or_given(args.platform.as_ref()),
        repositories,
        name: None,
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

/// The folder to write, which may be named as the other commands name it: oci:FOLDER.
fn folder(target: &Path) -> Result<PathBuf> {
    let refused = |detail: String| Err(Problem::argument(detail).with_hint(FOLDER_HINT));
    let text = target.to_str().unwrap_or_default();
    let scheme = text.split_once(':').filter(|_| !target.exists());
    let folder = match scheme {
        Some(("oci", "")) => return refused("oci: names no folder".to_owned()),
        Some(("oci", rest)) => match image_source::layout_at(rest) {
            ImageSource::Layout { path, image: None } => path,
            _ => {
                return refused(
                    "a copy keeps the names of the image: none can be given".to_owned(),
                );
            }
        },
        Some((scheme @ ("oci-archive" | "docker-archive" | "docker" | "dir"), _)) => {
            return refused(format!(
                "a copy is written into a folder, and {scheme}: is something else"
            ));
        }
        _ => target.to_owned(),
    };
    let name = folder.display();
    if folder.is_file() {
        return refused(format!("{name} is a file, not a folder"));
    }
    let is_archive = |extension: &OsStr| ARCHIVES.iter().any(|archive| extension == *archive);
    if !folder.exists() && folder.extension().is_some_and(is_archive) {
        return refused(format!(
            "{name} is the name of an archive, and a copy is written into a folder"
        ));
    }
    Ok(folder)
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
        let source = match &copied.name {
            // What stands behind the first colon would be the name.
            Some(name) if !layout.contains(':') => format!("oci:{layout}:{name}"),
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
            "{}, {} of them proofs or other attachments; {}; {}",
            counted(copied.manifests, "manifest"),
            copied.attachments,
            counted(copied.blobs, "blob"),
            counted(copied.bytes, "byte"),
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

const FOLDER_HINT: &str = "Name a folder: a new or an empty one, or an image layout. `tar -cf FILE -C FOLDER .` makes an archive of it, which is read as oci-archive:FILE.";
/// How files are called that would not be taken for folders.
const ARCHIVES: [&str; 3] = ["tar", "tgz", "gz"];
/// The longest label and two spaces.
const LABELS: usize = 9;
/// The column of the values.
const VALUES: usize = LABELS + 2;
