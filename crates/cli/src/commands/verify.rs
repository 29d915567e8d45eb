//! `sealcheck verify`.

use sealcheck_engine::ImageVerdict;
use sealcheck_verify::{Content, Outcome};

use crate::CommandLine;
use crate::args::{RefusedArgs, VerifyImageArgs};
use crate::commands::verify_blob_attestation::require_claims;
use crate::image_session::{self, ImageSession, nameless};
use crate::output;
use crate::problem::{Problem, Result};

/// Verifies signatures of images.
pub(crate) fn run(args: &VerifyImageArgs, line: &CommandLine<'_>) -> Result<u8> {
    refuse(&args.refused, args)?;
    let annotations = annotations(&args.annotations)?;
    let session = ImageSession::open(&args.images, &args.verify, line, |requirements| {
        let requirements = requirements.content(Content::Signature);
        annotations
            .iter()
            .fold(requirements, |requirements, (name, value)| {
                requirements.annotation(name, value)
            })
    })?;
    if args.pin {
        session.require_names()?;
    }
    session.run(None, args.pin, |verdict| match args.pin {
        true => pin(verdict, line),
        false => Ok(()),
    })
}

/// The reference with the digest that was proved; nothing at all unless it was.
fn pin(verdict: &ImageVerdict, line: &CommandLine<'_>) -> Result<()> {
    if verdict.outcome() != Outcome::Verified {
        return Ok(());
    }
    match verdict.pinned() {
        [reference] => output::print(line.console, &format!("{reference}\n")),
        // It was there when the command began.
        [] => {
            let name = verdict.verdict().evidence().artifact.name.as_deref();
            Err(nameless(name.unwrap_or_default()))
        }
        several => Err(Problem::argument(format!(
            "{} images were proved, and their index is not signed, so that no one digest is proved",
            several.len()
        ))
        .with_hint("Name one platform with its variant, as in --platform linux/arm/v7.")),
    }
}

/// `NAME=VALUE`, as in cosign; the value may have further `=`.
fn annotations(texts: &[String]) -> Result<Vec<(&str, &str)>> {
    texts
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name, value)),
            _ => Err(
                Problem::argument(format!("--annotations {text} is not NAME=VALUE"))
                    .with_hint("Write each annotation on its own: -a env=prod -a team=a."),
            ),
        })
        .collect()
}

fn refuse(refused: &RefusedArgs, args: &VerifyImageArgs) -> Result<()> {
    require_claims(&refused.check_claims)?;
    image_session::refuse(&refused.attestation)?;
    if let Some(kind) = &refused.attachment {
        let image = args.images.images.first().map_or("REPOSITORY", |image| {
            image.split(['@']).next().unwrap_or(image)
        });
        return Err(Problem::argument(format!("--attachment {kind} is refused"))
            .with_hint(format!("An attached SBOM is an image of its own: find its digest with `sealcheck tree {image}` and verify it as {image}@sha256:HEX. An SBOM attestation is verified with `sealcheck verify-attestation --type spdxjson`.")));
    }
    if refused.signature.is_some() || refused.payload.is_some() {
        return Err(Problem::argument("--signature and --payload are refused: signatures of images are looked for where they are attached")
            .with_hint("Verify a payload and its signature as files, with `sealcheck verify-blob PAYLOAD --signature FILE`, and compare the digest in the payload with the image's."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::annotations;

    #[test]
    fn annotations_are_names_with_values() {
        let read = |text: &str| annotations(&[text.to_owned()]).map(|read| format!("{read:?}"));
        assert_eq!(read("a=b=c").unwrap(), r#"[("a", "b=c")]"#);
        assert_eq!(read("a=").unwrap(), r#"[("a", "")]"#);
        assert!(read("a").is_err());
        assert!(read("=b").is_err());
    }
}
