//! Layers of manifests that are attached to images, and what proofs they hold.

use bytes::Bytes;
use sealcheck_registry::Descriptor;
use sealcheck_verify::limits::{
    BUNDLE_BYTES, CERTIFICATE_BYTES, DSSE_PAYLOAD_BYTES, Limit, SIGNATURE_BYTES,
};
use sealcheck_verify::{Digest, Failure, Material, Result, SignatureAnnotations};

use crate::candidate::{bundles, detached};

/// One layer.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The image that it is attached to.
    pub(crate) subject: Digest,
    /// What it is.
    pub(crate) kind: Kind,
    /// The position of its place in the list of places.
    pub(crate) place: usize,
    /// The manifest that holds it.
    pub(crate) manifest: Digest,
    /// The artifact type of that manifest.
    pub(crate) artifact_type: String,
    /// Its position, from 0.
    pub(crate) layer: usize,
    pub(crate) descriptor: Descriptor,
    /// Its content; not fetched for what is no proof.
    pub(crate) content: Option<Result<Bytes>>,
    /// The certificates that lie beside a signature file.
    pub(crate) certificates: Vec<Bytes>,
}

/// What a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A simple-signing payload, with the rest in annotations.
    SimpleSigning,
    /// A DSSE envelope, with the rest in annotations.
    Envelope,
    /// A Sigstore bundle, or cosign's legacy one.
    Bundle,
    /// JSON lines of bundles and envelopes.
    Lines,
    /// A signature file.
    Signature,
    /// The certificate file of one.
    Certificate,
    /// An SBOM without signature.
    Sbom,
    Other,
}

/// Where a manifest was found, which says what its layers are when they do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Referrer,
    SignatureTag,
    AttestationTag,
    SbomTag,
}

impl Kind {
    /// What a layer is, by its own words, those of its manifest (`types`), and where it was found.
    pub(crate) fn of(layer: &Descriptor, types: &[&str], origin: Origin) -> Self {
        let media_type = layer.media_type.as_str();
        match media_type {
            SIMPLE_SIGNING => return Self::SimpleSigning,
            DSSE_ENVELOPE => return Self::Envelope,
            _ if media_type.starts_with(BUNDLE_PREFIX) => return Self::Bundle,
            _ if is_sbom(media_type) => return Self::Sbom,
            _ => {}
        }
        if let Some(title) = layer.annotation(TITLE)
            && let Some((_, kind)) = TITLES.iter().find(|(end, _)| is_title(title, end))
        {
            return *kind;
        }
        match origin {
            Origin::SignatureTag => Self::SimpleSigning,
            Origin::AttestationTag => Self::Envelope,
            Origin::SbomTag => Self::Sbom,
            Origin::Referrer if types.iter().any(|kind| kind.starts_with(BUNDLE_PREFIX)) => {
                Self::Bundle
            }
            Origin::Referrer
                if layer
                    .annotation(SIGNATURE)
                    .is_some_and(|text| !text.is_empty()) =>
            {
                Self::SimpleSigning
            }
            Origin::Referrer => Self::Other,
        }
    }

    /// The largest content that is fetched; `None` for what is no proof.
    pub(crate) fn limit(self) -> Option<Limit> {
        match self {
            Self::SimpleSigning => Some(PAYLOAD_BYTES),
            Self::Envelope => Some(DSSE_PAYLOAD_BYTES),
            Self::Bundle | Self::Lines => Some(BUNDLE_BYTES),
            Self::Signature => Some(SIGNATURE_BYTES),
            Self::Certificate => Some(CERTIFICATE_BYTES),
            Self::Sbom | Self::Other => None,
        }
    }

    /// The word for it in evidence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::SimpleSigning | Self::Signature => "signature",
            Self::Envelope | Self::Lines => "attestation",
            Self::Bundle => "bundle",
            Self::Certificate => "certificate",
            Self::Sbom => "SBOM",
            Self::Other => "no proof",
        }
    }
}

impl Item {
    /// The proofs that it holds, each read or with the reason why it cannot be. `with_certificates` is off when a key is
    /// required: then the certificate beside a signature file says nothing.
    pub(crate) fn materials(&self, with_certificates: bool) -> Vec<Result<Material>> {
        let bytes = match &self.content {
            Some(Ok(bytes)) => bytes,
            Some(Err(failure)) if self.kind != Kind::Certificate => {
                return vec![Err(failure.clone())];
            }
            _ => return Vec::new(),
        };
        let lines = |lines| {
            let candidates = bundles(self.place, bytes, lines);
            candidates
                .into_iter()
                .map(|candidate| candidate.material)
                .collect()
        };
        match self.kind {
            Kind::SimpleSigning => vec![Material::simple_signing(bytes, self.annotations())],
            Kind::Envelope => vec![Material::attestation_layer(bytes, self.annotations())],
            Kind::Bundle => lines(false),
            Kind::Lines => lines(true),
            Kind::Signature if with_certificates && !self.certificates.is_empty() => self
                .certificates
                .iter()
                .map(|certificate| detached(bytes, Some(certificate)))
                .collect(),
            Kind::Signature => vec![detached(bytes, None)],
            Kind::Certificate | Kind::Sbom | Kind::Other => Vec::new(),
        }
    }

    fn annotations(&self) -> SignatureAnnotations<'_> {
        let text = |name| {
            let text = self.descriptor.annotation(name);
            text.filter(|text| !text.is_empty())
        };
        SignatureAnnotations {
            signature: text(SIGNATURE).unwrap_or_default(),
            certificate: text("dev.sigstore.cosign/certificate"),
            chain: text("dev.sigstore.cosign/chain"),
            bundle: text("dev.sigstore.cosign/bundle"),
            timestamp: text("dev.sigstore.cosign/rfc3161timestamp"),
        }
    }

    fn title(&self) -> Option<&str> {
        self.descriptor.annotation(TITLE)
    }
}

/// Lays the certificate files of a manifest beside its signature files: by name, or the only one.
pub(crate) fn pair(items: &mut [Item]) {
    let certificates: Vec<(Option<String>, Option<Result<Bytes>>)> = items
        .iter()
        .filter(|item| item.kind == Kind::Certificate)
        .map(|item| {
            (
                item.title().map(|title| stem(title).to_owned()),
                item.content.clone(),
            )
        })
        .collect();
    for item in items.iter_mut().filter(|item| item.kind == Kind::Signature) {
        let own = item.title().map(|title| stem(title).to_owned());
        let same = certificates.iter().filter(|(name, _)| *name == own);
        let beside: Vec<_> = match certificates.as_slice() {
            [only] => vec![only],
            _ => same.collect(),
        };
        let mut failed: Option<Failure> = None;
        for (_, content) in beside {
            match content {
                Some(Ok(bytes)) => item.certificates.push(bytes.clone()),
                Some(Err(failure)) => failed = Some(failure.clone()),
                None => {}
            }
        }
        // Without its certificate nothing can be said about the signature.
        if let (true, Some(failure)) = (item.certificates.is_empty(), failed) {
            item.content = Some(Err(failure));
        }
    }
}

fn stem(title: &str) -> &str {
    TITLES
        .iter()
        .find_map(|(end, _)| title.strip_suffix(end))
        .unwrap_or(title)
}

fn is_title(title: &str, end: &str) -> bool {
    title.len() > end.len() && title.ends_with(end)
}

fn is_sbom(media_type: &str) -> bool {
    ["spdx", "cyclonedx", "syft"]
        .iter()
        .any(|word| media_type.contains(word))
}

/// The names of files that are proofs, in the order in which they are tried.
const TITLES: &[(&str, Kind)] = &[
    (".sigstore.json", Kind::Bundle),
    (".sigstore", Kind::Bundle),
    (".keyless.json", Kind::Bundle),
    (".bundle", Kind::Bundle),
    (".intoto.jsonl", Kind::Lines),
    (".sig", Kind::Signature),
    (".cert", Kind::Certificate),
    (".pem", Kind::Certificate),
    (".crt", Kind::Certificate),
];

/// The annotation that names a layer's file (image-spec 1.1, "Pre-Defined Annotation Keys").
pub(crate) const TITLE: &str = "org.opencontainers.image.title";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// `application/vnd.dev.sigstore.bundle.v0.3+json`, and the older `…bundle+json;version=0.1`.
const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";

/// A simple-signing payload. Real ones have 300 bytes, and some annotations.
pub(crate) const PAYLOAD_BYTES: Limit = Limit {
    name: "signature-payload-bytes",
    max: 1 << 20,
};

#[cfg(test)]
mod tests {
    use sealcheck_registry::Descriptor;
    use sealcheck_verify::Digest;

    use super::{Kind, Origin};

    fn layer(media_type: &str, annotations: &[(&str, &str)]) -> Descriptor {
        let mut layer = Descriptor::new(media_type, Digest::sha256(b""), 0);
        for (name, value) in annotations {
            let replaced = layer
                .annotations
                .insert((*name).to_owned(), (*value).to_owned());
            assert_eq!(replaced, None);
        }
        layer
    }

    #[test]
    fn a_layer_is_known_by_its_type_its_title_its_manifest_or_its_place() {
        let of = |media_type: &str, annotations: &[(&str, &str)], types: &[&str], origin| {
            Kind::of(&layer(media_type, annotations), types, origin)
        };
        let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let title = |name| [(super::TITLE, name)];
        assert_eq!(of(bundle, &[], &[], Origin::Referrer), Kind::Bundle);
        assert_eq!(
            of(
                "application/vnd.dev.sigstore.bundle+json;version=0.1",
                &[],
                &["application/wrong"],
                Origin::Referrer
            ),
            Kind::Bundle
        );
        assert_eq!(
            of("application/json", &[], &["", bundle], Origin::Referrer),
            Kind::Bundle
        );
        assert_eq!(
            of("application/json", &[], &[""], Origin::Referrer),
            Kind::Other
        );
        for (name, kind) in [
            ("a.sigstore.json", Kind::Bundle),
            ("a.keyless.json", Kind::Bundle),
            ("a.sig", Kind::Signature),
            ("a.cert", Kind::Certificate),
            ("a.pem", Kind::Certificate),
            ("a.intoto.jsonl", Kind::Lines),
            (".sig", Kind::Other),
            ("a.sig.txt", Kind::Other),
        ] {
            let found = of(
                "application/octet-stream",
                &title(name),
                &[],
                Origin::Referrer,
            );
            assert_eq!(found, kind, "{name}");
        }
        assert_eq!(
            of("text/plain", &[], &[], Origin::SignatureTag),
            Kind::SimpleSigning
        );
        assert_eq!(
            of(super::DSSE_ENVELOPE, &[], &[], Origin::SignatureTag),
            Kind::Envelope
        );
        assert_eq!(
            of("text/plain", &[], &[], Origin::AttestationTag),
            Kind::Envelope
        );
        assert_eq!(
            of("application/spdx+json", &[], &[], Origin::Referrer),
            Kind::Sbom
        );
        assert_eq!(
            of(
                "text/plain",
                &[(super::SIGNATURE, "x")],
                &[],
                Origin::Referrer
            ),
            Kind::SimpleSigning
        );
    }
}
