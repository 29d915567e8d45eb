//! The layouts of a kit: what other tools take from one is what was proved.

use sealcheck_engine::{ImageRun, ImageSource};
use sealcheck_registry::Reference;
use sealcheck_verify::{Digest, Failure, Reason, Result, printable};

use super::ReleaseImage;

/// Refuses a layout with another image that can be taken for this one: under its name, under one of another repository, or
/// under none. Those under other tags are of other versions, and have their own proofs.
pub(super) fn require_alone(
    run: &ImageRun<'_>,
    image: &ReleaseImage,
    source: &ImageSource,
    digest: Digest,
) -> Result<()> {
    let name = Reference::parse(&image.name).map_err(|error| {
        Failure::new(Reason::SbomMalformed)
            .at(printable(&image.name))
            .detail(error)
    })?;
    for found in run.registered(source)? {
        let mut names = found.names.iter().map(|text| tag_in(text, &name));
        let is_known = match found.digest == digest {
            true => names.all(|tag| tag.is_some()),
            false if found.names.is_empty() => image.neighbours.contains(&found.digest),
            false => names.all(|tag| tag.is_some() && tag.as_deref() != name.tag()),
        };
        if !is_known {
            let names: Vec<String> = found.names.iter().map(|it| printable(it)).collect();
            return Err(Failure::new(Reason::LayoutMalformed)
                .at(printable(&source.to_string()))
                .expected(format!("no images but {name} and those under other tags"))
                .found(match names.is_empty() {
                    true => found.digest.to_string(),
                    false => format!("{} as {}", found.digest, names.join(" and ")),
                }));
        }
    }
    Ok(())
}

/// The tag in a name that a layout has; `None` in one of another repository, whatever the registry.
fn tag_in(text: &str, name: &Reference) -> Option<String> {
    if !text.contains(['/', ':']) {
        return Some(text.to_owned());
    }
    let whole = Reference::parse(text).ok()?;
    let path = name.repository().path();
    let above = whole.repository().path().strip_suffix(path)?;
    let is_of = above.is_empty() || above.ends_with('/');
    whole.tag().filter(|_| is_of).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_repository_have_its_path() {
        let name = Reference::parse("registry.k8s.io/kube-apiserver:v1.36.0").unwrap();
        for (text, tag) in [
            ("v1.36.0", Some("v1.36.0")),
            ("latest", Some("latest")),
            ("registry.k8s.io/kube-apiserver:v1.36.0", Some("v1.36.0")),
            (
                "mirror.test:5000/k8s/kube-apiserver:v1.35.0",
                Some("v1.35.0"),
            ),
            ("mirror.test/not-kube-apiserver:v1.36.0", None),
            ("registry.k8s.io/kube-apiserver-amd64:v1.36.0", None),
            ("registry.k8s.io/kube-apiserver", Some("latest")),
            ("not a name: x", None),
        ] {
            assert_eq!(tag_in(text, &name).as_deref(), tag, "{text}");
        }
    }
}
