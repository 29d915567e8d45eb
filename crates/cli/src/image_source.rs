//! Images as the user names them: references, layouts, archives, lists.

use std::path::{Path, PathBuf};

use sealcheck_engine::ImageSource;
use sealcheck_registry::{InvalidReference, Reference};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, Failure, Reason, printable};

use crate::args::ImagesArgs;
use crate::files;
use crate::problem::{Problem, Result};

/// Every image that the flags name, in their order.
pub(crate) fn all(args: &ImagesArgs) -> Result<Vec<ImageSource>> {
    let mut out = Vec::new();
    for text in &args.images {
        out.push(one(text, args.local_image)?);
    }
    let Some(list) = &args.images_from else {
        return Ok(out);
    };
    let name = list.display().to_string();
    if list.is_dir() {
        return Err(
            Problem::argument(format!("{name} is a folder, not a list of images")).with_hint(
                format!("--images-from takes a file with one image a line; an image layout is named as oci:{name}."),
            ),
        );
    }
    let bytes = files::read(list, LIST_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Problem::argument(format!("{name} is not text"))
            .with_hint("--images-from takes a list of images, one a line.")
    })?;
    // Editors of Windows put a byte-order mark before the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    for (number, line) in text.lines().enumerate() {
        let image = line.split_once('#').map_or(line, |(image, _)| image).trim();
        if image.is_empty() {
            continue;
        }
        let in_list = |problem: Problem| problem.within(&format!("{name}, line {}", number + 1));
        out.push(one(image, args.local_image).map_err(in_list)?);
    }
    match out.is_empty() {
        true => Err(Problem::argument(format!("{name} names no image"))
            .with_hint("Write one image a line: registry.example/app:v1.")),
        false => Ok(out),
    }
}

/// One image. `local`: it is a path.
pub(crate) fn one(text: &str, local: bool) -> Result<ImageSource> {
    let layout = SCHEMES
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme)?.strip_prefix(':'));
    match (layout, local) {
        (Some(rest), _) => Ok(layout_at(rest)),
        (None, true) => there(text),
        (None, false) => Reference::parse(text)
            .map_err(|error| not_a_reference(text, &error))
            .and_then(|reference| match alone(text) {
                Some(problem) => Err(problem),
                None => Ok(ImageSource::Registry(reference)),
            }),
    }
}

/// A layout with what may stand behind its path: `@` and a digest, or `:` and a name. A path that is there as a whole
/// is taken as it is.
pub(crate) fn layout_at(text: &str) -> ImageSource {
    let whole = || ImageSource::Layout {
        path: text.into(),
        image: None,
    };
    if Path::new(text).exists() {
        return whole();
    }
    if let Some((path, digest)) = text.rsplit_once('@')
        && digest.parse::<Digest>().is_ok()
    {
        return ImageSource::Layout {
            path: path.into(),
            image: Some(digest.to_owned()),
        };
    }
    // The colon behind a drive's letter belongs to the path.
    let drive = match text.as_bytes() {
        [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic() => 2,
        _ => 0,
    };
    let (start, rest) = text.split_at_checked(drive).unwrap_or(("", text));
    match rest.split_once(':') {
        Some((path, name)) if !name.is_empty() => ImageSource::Layout {
            path: PathBuf::from(format!("{start}{path}")),
            image: Some(name.to_owned()),
        },
        _ => whole(),
    }
}

/// `--local-image`: the path, which must be there.
fn there(text: &str) -> Result<ImageSource> {
    let source = layout_at(text);
    let ImageSource::Layout { path, .. } = &source else {
        return Ok(source);
    };
    if path.exists() {
        return Ok(source);
    }
    let problem = Problem::from(
        Failure::new(Reason::FileNotFound)
            .at(path.display().to_string())
            .expected("an image layout: a folder or an archive"),
    );
    Err(match Reference::parse(text) {
        Ok(_) => problem.with_hint(
            "With --local-image an image is a path. Drop the flag for an image in a registry.",
        ),
        Err(_) => problem.with_hint(
            "Check the path. `sealcheck copy IMAGE FOLDER` and `cosign save` write such folders.",
        ),
    })
}

/// What reads like a reference and cannot be meant as one: a digest alone.
fn alone(text: &str) -> Option<Problem> {
    text.parse::<Digest>().ok()?;
    Some(
        Problem::from(
            Failure::new(Reason::ReferenceMalformed)
                .at("repository")
                .expected("a repository before the digest")
                .found(printable(text)),
        )
        .with_hint(format!(
            "A digest alone says not where the image is: write REGISTRY/REPOSITORY@{}.",
            printable(text)
        )),
    )
}

/// The hint for an image of Docker Hub that was not had, where what was written may be meant as a path: `name` is the reference
/// or what stands for it on the command line.
pub(crate) fn also_here(name: &str) -> Option<String> {
    let text = name.strip_prefix(DOCKER_LIBRARY).unwrap_or(name);
    let text = text.strip_suffix(":latest").unwrap_or(text);
    let (path, image) = match text.split_once(':') {
        Some((path, image)) => (path, Some(image)),
        None => (text, None),
    };
    if path.is_empty() || text.contains(['/', '@']) || SCHEMES.contains(&path) {
        return None;
    }
    let behind = image.map(|image| format!(":{image}")).unwrap_or_default();
    let is_archive = [".tar", ".tgz", ".tar.gz"]
        .iter()
        .any(|end| path.ends_with(end));
    let path = Path::new(path);
    let shown = printable(&path.display().to_string());
    match (path.is_dir(), path.is_file()) {
        (true, _) => Some(format!(
            "{shown} is also a folder here: oci:{shown}{behind}."
        )),
        (_, true) if is_archive => Some(format!(
            "{shown} is also a file here: oci-archive:{shown}{behind}."
        )),
        (_, true) if image.is_none() => Some(format!(
            "{shown} is also a file here: a list of images is given as --images-from {shown}, an archive as oci-archive:{shown}."
        )),
        _ => None,
    }
}

/// A problem with an image, with [`also_here`] behind its hint. `local`: it is a path anyway.
pub(crate) fn or_path(problem: Problem, text: &str, local: bool) -> Problem {
    let is_of_image = !local && problem.failure.reason != Reason::ArgumentInvalid;
    match also_here(text).filter(|_| is_of_image) {
        Some(also) => {
            let hint = format!("{} {also}", problem.hint());
            problem.with_hint(hint)
        }
        None => problem,
    }
}

fn not_a_reference(text: &str, error: &InvalidReference) -> Problem {
    let problem = Problem::from(
        Failure::new(Reason::ReferenceMalformed)
            .at(error.part)
            .expected(error.expected)
            .found(&error.found),
    );
    let path = Path::new(text);
    if path.is_dir() {
        return problem.with_hint(format!(
            "{} is a folder: for an image layout write oci:{0}, for files `sealcheck verify-blob {0}`.",
            printable(text)
        ));
    }
    if path.is_file() {
        return problem.with_hint(format!(
            "{} is a file: verify it with `sealcheck verify-blob {0}`; for an archive of an image write oci-archive:{0}.",
            printable(text)
        ));
    }
    if text.starts_with(['.', '/', '~']) {
        return problem.with_hint(
            "This looks like a path, and nothing is there. An image is REGISTRY/REPOSITORY:TAG, a layout oci:FOLDER.",
        );
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        // What is more than an image may be a password.
        let rest = match Reference::parse(rest) {
            Ok(_) => rest,
            Err(_) => "REGISTRY/REPOSITORY:TAG",
        };
        return problem.with_hint(match scheme {
            "docker" => format!("Write the image without a scheme: {rest}."),
            "http" => format!("Write the image without a scheme: {rest}; --allow-http-registry allows a registry without TLS."),
            _ => format!("Write the image without a scheme: {rest}. For a file at an address there is `sealcheck verify-blob`."),
        });
    }
    let lower = text.to_ascii_lowercase();
    if lower != text && Reference::parse(&lower).is_ok() {
        return problem.with_hint(format!(
            "Repositories are in lower case. Did you mean {}?",
            printable(&lower)
        ));
    }
    problem
}

const SCHEMES: [&str; 3] = ["oci", "oci-archive", "docker-archive"];

/// What the names of Docker Hub's own images begin with, which nobody writes.
const DOCKER_LIBRARY: &str = "docker.io/library/";

/// A list of images; a line of one is at most some 400 bytes long.
const LIST_BYTES: Limit = Limit {
    name: "image-list-bytes",
    max: 16 << 20,
};

#[cfg(test)]
mod tests {
    use sealcheck_engine::ImageSource;
    use sealcheck_verify::Digest;

    use super::{also_here, one};

    fn layout(text: &str) -> (String, Option<String>) {
        match one(text, false).unwrap() {
            ImageSource::Layout { path, image } => (path.display().to_string(), image),
            ImageSource::Registry(reference) => panic!("{reference}"),
        }
    }

    #[test]
    fn layouts_are_named_as_other_tools_name_them() {
        let digest = Digest::sha256(b"x").to_string();
        for (text, path, image) in [
            ("oci:no-such", "no-such", None),
            ("oci:no-such:v1", "no-such", Some("v1")),
            (
                "oci:no-such:registry.example/app:v1",
                "no-such",
                Some("registry.example/app:v1"),
            ),
            ("oci-archive:a/b.tar:v1", "a/b.tar", Some("v1")),
            ("docker-archive:b.tar", "b.tar", None),
            (r"oci:C:\images\app:v1", r"C:\images\app", Some("v1")),
            ("oci:no-such:", "no-such:", None),
        ] {
            assert_eq!(
                layout(text),
                (path.to_owned(), image.map(str::to_owned)),
                "{text}"
            );
        }
        let by_digest = format!("oci:no-such@{digest}");
        assert_eq!(layout(&by_digest), ("no-such".to_owned(), Some(digest)));
    }

    #[test]
    fn a_name_that_is_a_path_too_gets_a_hint() {
        // Tests run in the folder of their crate.
        let src = Some("src is also a folder here: oci:src.".to_owned());
        assert_eq!(also_here("src"), src);
        assert_eq!(also_here("docker.io/library/src:latest"), src);
        let tagged = also_here("docker.io/library/src:v1").unwrap();
        assert!(tagged.ends_with(" oci:src:v1."), "{tagged}");
        let file = also_here("Cargo.toml").unwrap();
        assert!(file.contains("--images-from Cargo.toml"), "{file}");
        for other in [
            "no-such",
            "registry.example/src",
            "oci:src",
            "src/cosign.rs",
            "",
        ] {
            assert_eq!(also_here(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_no_reference_gets_a_hint_that_fits() {
        let digest = Digest::sha256(b"x").to_string();
        for (text, hint) in [
            ("registry.example/App:v1", "registry.example/app:v1"),
            (digest.as_str(), "REGISTRY/REPOSITORY@sha256:"),
            ("https://registry.example/app", "without a scheme"),
            ("docker://app", "without a scheme"),
            ("./no-such", "looks like a path"),
            ("/", "is a folder"),
        ] {
            let problem = one(text, false).unwrap_err();
            assert!(problem.hint().contains(hint), "{text}: {}", problem.hint());
            assert_eq!(problem.exit_code(), 2);
        }
        assert!(one("registry.example/app:v1", true).is_err());
        let problem = one("https://user:s3cret@registry.example/app", false).unwrap_err();
        assert!(!problem.hint().contains("s3cret"), "{}", problem.hint());
        let problem = one("https://registry.example/app", false).unwrap_err();
        assert!(problem.hint().contains(" registry.example/app."));
    }
}
