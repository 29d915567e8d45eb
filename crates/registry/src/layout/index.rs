//! The file `index.json`: the images of a layout, their names, and what is attached to them by name
//! (image-spec 1.1, "Image Layout", "index.json").

use sealcheck_verify::{Digest, Failure, Reason, printable};

use crate::manifest::List;
use crate::{Attached, Descriptor, Reference};

/// The entries of `index.json`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    pub(crate) descriptors: Vec<Descriptor>,
    /// Entries that are no descriptors.
    pub(crate) broken: Vec<Failure>,
}

/// Which image of a layout is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// The only one.
    Only,
    /// The one with this digest.
    Digest(&'a Digest),
    /// The one that is registered under this name in the layout: a tag, or a whole reference.
    Name(&'a str),
    /// The one with this reference. Its digest decides if it has one, else its name.
    Reference(&'a Reference),
}

impl Entries {
    /// Reads `index.json`. A broken entry does not hide the others.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let list = List::read(bytes).map_err(of_layout)?;
        Ok(Self {
            descriptors: list.descriptors,
            broken: list
                .broken
                .into_iter()
                .map(|failure| of_layout(failure).within(INDEX_JSON))
                .collect(),
        })
    }

    /// What `cosign save` wrote, which has neither names nor referrers here.
    pub(crate) fn are_cosigns(&self) -> bool {
        self.descriptors.iter().any(|entry| kind(entry).is_some())
    }

    /// The entries that were registered under a name, several when they have different digests.
    pub(crate) fn named(&self, name: &str) -> Vec<&Descriptor> {
        let reference = Reference::parse(name).ok();
        let exact = |entry: &&Descriptor| {
            [REF_NAME, CONTAINERD_NAME]
                .iter()
                .any(|key| entry.annotation(key) == Some(name))
        };
        let found = distinct(self.descriptors.iter().filter(exact));
        match (found.is_empty(), &reference) {
            (true, Some(reference)) => self.whole(reference),
            _ => found,
        }
    }

    /// The entries whose name is that of a reference: registered with the whole name, or else with its tag alone.
    pub(crate) fn referenced(&self, reference: &Reference) -> Vec<&Descriptor> {
        let found = self.whole(reference);
        if !found.is_empty() {
            return found;
        }
        let by_tag = |entry: &&Descriptor| {
            whole_name(entry).is_none()
                && reference.tag().is_some()
                && entry.annotation(REF_NAME) == reference.tag()
        };
        distinct(self.descriptors.iter().filter(by_tag))
    }

    fn whole(&self, reference: &Reference) -> Vec<&Descriptor> {
        distinct(self.descriptors.iter().filter(|entry| {
            whole_name(entry).is_some_and(|name| {
                name.repository() == reference.repository() && name.tag() == reference.tag()
            })
        }))
    }

    /// The entries that can be images by what stands here: not those that cosign's names or annotations say are attached
    /// to something. Where `cosign save` or this program said which are images, those alone.
    pub(crate) fn images(&self) -> Vec<&Descriptor> {
        let said = distinct(
            self.descriptors
                .iter()
                .filter(|e| kind(e) == Some(Kind::Image)),
        );
        if !said.is_empty() {
            return said;
        }
        distinct(self.descriptors.iter().filter(|entry| {
            kind(entry).is_none()
                && !entry.annotation(REF_NAME).is_some_and(is_attached)
                && entry.annotation(DOCKER_REFERENCE_TYPE).is_none()
        }))
    }

    /// The entries that are attached to the image with this digest, under the tag that a registry would have for them or
    /// by the annotations of `cosign save`.
    pub(crate) fn attached(&self, digest: &Digest, what: Attached) -> Vec<&Descriptor> {
        let tag = what.tag(digest);
        let is_saved_image = self
            .descriptors
            .iter()
            .any(|entry| kind(entry) == Some(Kind::Image) && entry.digest == *digest);
        distinct(self.descriptors.iter().filter(|entry| {
            let named = entry.annotation(REF_NAME).map(tag_of);
            match named {
                Some(named) => named == tag,
                None => is_saved_image && kind(entry) == Some(Kind::Attached(what)),
            }
        }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Attached(Attached),
}

/// A failure of a manifest as one of the layout, which has another cure.
fn of_layout(failure: Failure) -> Failure {
    match failure.reason {
        Reason::ManifestMalformed | Reason::ManifestUnsupported => Failure {
            reason: Reason::LayoutMalformed,
            ..failure
        },
        _ => failure,
    }
}

/// What `cosign save` says that an entry is.
fn kind(entry: &Descriptor) -> Option<Kind> {
    match entry.annotation(KIND)? {
        KIND_IMAGE | KIND_INDEX => Some(Kind::Image),
        KIND_SIGNATURES => Some(Kind::Attached(Attached::Signature)),
        KIND_ATTESTATIONS => Some(Kind::Attached(Attached::Attestation)),
        _ => None,
    }
}

/// The whole name of an entry: containerd's annotation, or a `ref.name` that is more than a tag.
fn whole_name(entry: &Descriptor) -> Option<Reference> {
    let containerd = entry
        .annotation(CONTAINERD_NAME)
        .and_then(|name| Reference::parse(name).ok());
    containerd.or_else(|| {
        let name = entry.annotation(REF_NAME)?;
        match name.contains(['/', ':']) {
            true => Reference::parse(name).ok(),
            false => None,
        }
    })
}

/// How people would call an entry.
pub(crate) fn shown(entry: &Descriptor) -> String {
    match name(entry) {
        Some(name) => format!("{} ({})", printable(name), entry.digest),
        None => entry.digest.to_string(),
    }
}

/// The name that an entry was registered under.
pub(crate) fn name(entry: &Descriptor) -> Option<&str> {
    [CONTAINERD_NAME, REF_NAME]
        .iter()
        .find_map(|key| entry.annotation(key))
}

/// The tag of a name that may be a whole reference.
fn tag_of(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => tag,
        _ => name,
    }
}

/// Whether a name is one under which something is attached to an image: `sha256-HEX`, with or without a suffix.
fn is_attached(name: &str) -> bool {
    let tag = tag_of(name);
    let tag = ATTACHED_SUFFIXES
        .iter()
        .find_map(|suffix| tag.strip_suffix(suffix))
        .unwrap_or(tag);
    let Some((algorithm, hex)) = tag.split_once('-') else {
        return false;
    };
    ALGORITHM_NAMES.contains(&algorithm)
        && hex.len() >= SHORTEST_HEX
        && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The first entry of each digest.
fn distinct<'a>(entries: impl Iterator<Item = &'a Descriptor>) -> Vec<&'a Descriptor> {
    let mut out: Vec<&Descriptor> = Vec::new();
    for entry in entries {
        if !out.iter().any(|seen| seen.digest == entry.digest) {
            out.push(entry);
        }
    }
    out
}

pub(crate) const INDEX_JSON: &str = "index.json";
/// The name of an entry; by the specification a tag, by many tools a whole reference.
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The whole name of an entry, by containerd and Docker.
pub(crate) const CONTAINERD_NAME: &str = "io.containerd.image.name";
/// What an entry is, by `cosign save`.
pub(crate) const KIND: &str = "kind";
pub(crate) const KIND_IMAGE: &str = "dev.cosignproject.cosign/image";
pub(crate) const KIND_INDEX: &str = "dev.cosignproject.cosign/imageIndex";
pub(crate) const KIND_SIGNATURES: &str = "dev.cosignproject.cosign/sigs";
pub(crate) const KIND_ATTESTATIONS: &str = "dev.cosignproject.cosign/atts";
/// What BuildKit marks its own attestations with, which are no images.
const DOCKER_REFERENCE_TYPE: &str = "vnd.docker.reference.type";
const ATTACHED_SUFFIXES: [&str; 3] = [".sig", ".att", ".sbom"];
const ALGORITHM_NAMES: [&str; 3] = ["sha256", "sha384", "sha512"];
/// Hex digits of the shortest digest (SHA-256), to which the referrers tag cuts the longer ones.
const SHORTEST_HEX: usize = 64;
