//! What an image must consist of: the layers that the SBOM lists for it.

use std::collections::{BTreeSet, HashSet};

use sealcheck_engine::{Composed, Composition, normal_architecture};
use sealcheck_registry::Platform;
use sealcheck_verify::evidence::Listed;
use sealcheck_verify::{Digest, Failure, Reason};

use super::ReleaseImage;
use crate::spdx::{Certainty, ImageReference};

/// What the SBOM says of the image for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// By the name that Go has for it; `None` where the SBOM does not say it.
    architecture: Option<Box<str>>,
    os: Option<Box<str>>,
    /// Whether it was read from an identifier, as SBOMs of Kubernetes have them.
    is_of_identifier: bool,
    /// The digest of its manifest, which SBOMs of Kubernetes do not have.
    digest: Option<Digest>,
    layers: HashSet<Digest>,
}

impl Expected {
    pub(super) fn of(image: &ImageReference) -> Self {
        Self {
            architecture: image
                .architecture
                .as_deref()
                .map(|own| normal_architecture(own).into()),
            os: image.os.as_deref().map(|os| os.to_ascii_lowercase().into()),
            is_of_identifier: image.certainty != Certainty::Exact,
            digest: image.digest,
            layers: image.layers.clone(),
        }
    }

    /// Whether a user of this platform needs it. Words that nobody knows exclude nothing: what is left out is not proved.
    pub(super) fn may_be_for(&self, platform: &crate::Platform) -> bool {
        let own = self.architecture.as_deref();
        // In an identifier only an architecture that the release has programs for is recognised as one.
        let known = own.filter(|own| self.is_of_identifier || ARCHITECTURES.contains(own));
        let os = match self.os.as_deref() {
            // Kubernetes keeps these images under `bin/linux`.
            None if self.is_of_identifier && own.is_some() => Some("linux"),
            os => os.filter(|os| SYSTEMS.contains(os)),
        };
        known.is_none_or(|own| own == normal_architecture(platform.arch()))
            && os.is_none_or(|os| os == platform.os())
    }

    fn is_for(&self, platform: &Platform) -> bool {
        let (own, os) = (self.architecture.as_deref(), self.os.as_deref());
        own.is_none_or(|own| own == normal_architecture(&platform.architecture))
            && os.is_none_or(|os| os.eq_ignore_ascii_case(&platform.os))
    }

    /// As far as it is stated.
    fn platform(&self) -> Option<String> {
        match (self.os.as_deref(), self.architecture.as_deref()) {
            (Some(os), Some(architecture)) => Some(format!("{os}/{architecture}")),
            (one, other) => one.or(other).map(str::to_owned),
        }
    }

    /// Whether the image has these layers and no others. What lay in an archive is mostly not compressed, and what lies in a
    /// registry is; either digest binds the layer. The SBOM has them in no order.
    fn is_made_of(&self, image: &Composed) -> bool {
        let mut seen: HashSet<&Digest> = HashSet::new();
        let is_listed = image.layers.iter().all(|layer| {
            let listed = [&layer.content, &layer.blob].map(|digest| self.layers.get(digest));
            let mut listed = listed.into_iter().flatten();
            let first = listed.next();
            seen.extend(first);
            first.is_some()
        });
        is_listed && seen.len() == self.layers.len()
    }

    fn says_what_is_in_it(&self) -> bool {
        self.digest.is_some() || !self.layers.is_empty()
    }
}

/// Whether one name is that of images for several platforms: it leads to an index over them.
pub(super) fn is_for_several(expected: &[Expected]) -> bool {
    let several = |part: fn(&Expected) -> Option<&str>| {
        let parts = expected.iter().filter_map(part);
        parts.collect::<BTreeSet<_>>().len() > 1
    };
    several(|it| it.architecture.as_deref()) || several(|it| it.os.as_deref())
}

impl ReleaseImage {
    /// What the SBOM says of what is there. `absent`: it lists nothing that could be compared.
    pub(super) fn standing(&self, found: &Composition) -> (Listed, Option<Failure>) {
        match self.difference(found) {
            Some(failure) => (Listed::Other, Some(failure.at(&*self.name))),
            None if self.expected.iter().all(Expected::says_what_is_in_it) => (Listed::Same, None),
            None => (Listed::Absent, None),
        }
    }

    fn difference(&self, found: &Composition) -> Option<Failure> {
        let failure = || Failure::new(Reason::ReleaseMismatch);
        if self.is_index && !found.is_index {
            let failure = failure().expected("an index over several architectures");
            return Some(failure.found("one image"));
        }
        // Some tools push an image in an index of its own.
        if !self.is_index && found.images.len() != 1 {
            let failure = failure().expected("one image");
            return Some(failure.found(format!("an index with {}", found.images.len())));
        }
        let mut open: Vec<&Expected> = self.expected.iter().collect();
        for image in &found.images {
            let platform = &image.platform;
            let is_listed_as = |listed: &Platform| {
                let own = [&platform.os, &platform.architecture];
                let listed = [&listed.os, &listed.architecture];
                let mut pairs = listed.into_iter().zip(own);
                pairs.all(|(listed, own)| listed.eq_ignore_ascii_case(own))
            };
            if let Some(listed) = image.listed.as_ref().filter(|it| !is_listed_as(it)) {
                let failure = failure().expected(listed).found(platform);
                return Some(failure.detail("the index gives it another platform than it has"));
            }
            let expected: Vec<&Expected> = self
                .expected
                .iter()
                .filter(|it| it.is_for(platform))
                .collect();
            if expected.is_empty() {
                let known = self.expected.iter().filter_map(Expected::platform);
                let known: Vec<String> = known.collect();
                let has_os = self.expected.iter().any(|it| it.os.is_some());
                let failure = failure().expected(known.join(", "));
                return Some(match has_os {
                    true => failure.found(platform),
                    false => failure.found(&platform.architecture),
                });
            }
            open.retain(|it| !it.is_for(platform));
            // A digest without an architecture may be that of the index.
            let is_other = |it: &&&Expected| {
                let is_whole = !self.is_index || it.architecture.is_none();
                it.digest.is_some_and(|digest| {
                    digest != image.digest && !(is_whole && digest == found.digest)
                })
            };
            let other = expected.iter().find(is_other);
            if let Some(digest) = other.and_then(|it| it.digest) {
                return Some(failure().expected(digest).found(image.digest));
            }
            // What is said for this architecture says more than what is said for any.
            let is_stated = expected.iter().any(|it| it.architecture.is_some());
            let mut stated = expected
                .iter()
                .filter(|it| it.architecture.is_some() || !is_stated);
            if stated.any(|it| !it.layers.is_empty() && !it.is_made_of(image)) {
                let detail = format!(
                    "the SBOM lists other layers for {}: it is another version, or another image",
                    platform.architecture
                );
                return Some(failure().found(image.digest).detail(detail));
            }
        }
        let missing = open.first().and_then(|it| it.platform());
        missing.map(|missing| {
            failure()
                .expected(missing)
                .detail("the SBOM lists an image for this platform, and the index does not")
        })
    }
}

/// The names that Go has for what images are made for.
const ARCHITECTURES: [&str; 13] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x",
];
const SYSTEMS: [&str; 4] = ["darwin", "freebsd", "linux", "windows"];
