//! The file `index.json`: the images of a layout, their names, and what is attached to them by name
//! (image-spec 1.1, "Image Layout", "index.json").

use sealcheck_verify::{Digest, Failure, Reason, printable};

use super::search::Found;
use crate::manifest::List;
use crate::{Attached, Descriptor, Reference};

/// The entries of `index.json`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    pub(crate) descriptors: Vec<Descriptor>,
    /// Entries that are no descriptors.
    pub(crate) broken: Vec<Failure>,
}

/// An image of a layout, as others find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its digest.
    pub digest: Digest,
    /// Every name that the layout has for it, each a tag or a whole reference. They are claims.
    pub names: Vec<String>,
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

impl Wanted<'_> {
    /// Whether a digest says which one, so that no other can be meant.
    pub(crate) fn has_digest(&self) -> bool {
        match self {
            Self::Digest(_) => true,
            Self::Reference(reference) => reference.digest().is_some(),
            Self::Only | Self::Name(_) => false,
        }
    }
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
        let exact = |entry: &&Descriptor| names(entry).any(|own| own == name);
        let found = distinct(self.descriptors.iter().filter(exact));
        match (found.is_empty(), &reference) {
            (true, Some(reference)) => self.whole(reference),
            _ => found,
        }
    }

    /// The whole name under which an image is registered that was asked for as `wanted`; `None` where there is none, and where
    /// it could be any of several.
    pub(crate) fn whole_name(&self, wanted: &Wanted<'_>, digest: &Digest) -> Option<Reference> {
        let is_meant = |entry: &&Descriptor| {
            entry.digest == *digest
                && match wanted {
                    Wanted::Name(name) => {
                        let whole = Reference::parse(name).ok();
                        names(entry).any(|own| own == *name)
                            || whole.is_some() && whole_name(entry) == whole
                    }
                    _ => true,
                }
        };
        let mut whole = self
            .descriptors
            .iter()
            .filter(is_meant)
            .filter_map(whole_name);
        let first = whole.next()?;
        whole.all(|other| other == first).then_some(first)
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

    /// The entries that can be the image when none is named: all but what is attached to something here, and what another
    /// one contains. `is_here` says whether a tag is one that is made of the digest of something in the layout.
    ///
    /// What an entry says of itself does not exclude it: whoever adds one to a layout would have it run, and not looked at.
    /// Only what can hardly be meant is excluded: what has a subject and no name, what is known under the name of an
    /// attachment alone, and signatures that `cosign save` marked as such; and none of these if cosign would take it for the
    /// image. A subject alone hides nothing that has a name, since that is how others would ask for it.
    pub(crate) fn images(&self, found: &Found, is_here: impl Fn(&str) -> bool) -> Vec<&Descriptor> {
        let is_saved = self.are_cosigns();
        let is_marked = |entry: &&Descriptor| kind(entry) == Some(Kind::Image);
        let is_attached = |entry: &Descriptor| {
            let mut names = names(entry).peekable();
            match names.peek() {
                None if found.attached.contains(&entry.digest) => true,
                None => {
                    is_saved
                        && matches!(kind(entry), Some(Kind::Attached(_)))
                        && found.signatures.contains(&entry.digest)
                }
                Some(_) => names.all(|name| attached_to(name).is_some_and(&is_here)),
            }
        };
        let images: Vec<&Descriptor> = self
            .descriptors
            .iter()
            .filter(|entry| is_marked(entry) || !is_attached(entry))
            .collect();
        let contained = found.below(images.iter().map(|entry| entry.digest));
        let outermost = images.into_iter();
        distinct(outermost.filter(|entry| is_marked(entry) || !contained.contains(&entry.digest)))
    }

    /// Whether a name can be that of the image with this digest, which was asked for as `wanted`: any can where it was asked
    /// for by the digest and the layout has no name for it.
    pub(crate) fn can_be(&self, digest: &Digest, wanted: &str, name: &str) -> bool {
        let own = self.descriptors.iter().filter(|e| e.digest == *digest);
        // Where the whole name is there, the tag alone says less.
        let mut own = own.filter_map(|entry| names(entry).next()).peekable();
        match wanted.parse::<Digest>() {
            Ok(_) => own.peek().is_none() || own.any(|own| is_same(own, name)),
            Err(_) => own.chain([wanted]).any(|own| is_same(own, name)),
        }
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
    names(entry).next()
}

/// The tag of a name that may be a whole reference.
fn tag_of(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => tag,
        _ => name,
    }
}

/// The names of an entry.
pub(crate) fn names(entry: &Descriptor) -> impl Iterator<Item = &str> {
    [CONTAINERD_NAME, REF_NAME]
        .into_iter()
        .filter_map(|key| entry.annotation(key))
}

/// Whether a name with a tag, as Docker has them, can be meant by another one, which may be a tag alone.
fn is_same(name: &str, saved: &str) -> bool {
    let whole = |reference: Reference| {
        let tag = reference.tag().unwrap_or("latest").to_owned();
        (reference.repository().clone(), tag)
    };
    if saved == name || tag_of(saved) == name {
        return true;
    }
    match (Reference::parse(saved), Reference::parse(name)) {
        (Ok(saved), Ok(name)) => whole(saved) == whole(name),
        // What others make of it cannot be known.
        (Err(_), _) => true,
        (Ok(_), Err(_)) => false,
    }
}

/// The digest in a name under which something is attached to an image, as the referrers tag has it: `sha256-HEX`, with or
/// without a suffix.
fn attached_to(name: &str) -> Option<&str> {
    let tag = tag_of(name);
    let tag = ATTACHED_SUFFIXES
        .iter()
        .find_map(|suffix| tag.strip_suffix(suffix))
        .unwrap_or(tag);
    let (algorithm, hex) = tag.split_once('-')?;
    let is_digest = ALGORITHM_NAMES.contains(&algorithm)
        && hex.len() >= SHORTEST_HEX
        && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then_some(tag)
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

/// The file that lists what an image layout has (OCI image-spec, "index.json file").
pub const INDEX_JSON: &str = "index.json";
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
const ATTACHED_SUFFIXES: [&str; 3] = [".sig", ".att", ".sbom"];
const ALGORITHM_NAMES: [&str; 3] = ["sha256", "sha384", "sha512"];
/// Hex digits of the shortest digest (SHA-256), to which the referrers tag cuts the longer ones.
const SHORTEST_HEX: usize = 64;
