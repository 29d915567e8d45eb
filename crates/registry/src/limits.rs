//! The sizes and counts beyond which a registry's answer is refused, each with its reason.
//!
//! Crossing one is `limit-exceeded`, with the limit's name in the failure.

use sealcheck_verify::limits::Limit;

/// An image manifest. Registries themselves refuse more than 4 MiB (distribution-spec 1.1, "Pushing Manifests").
pub const MANIFEST_BYTES: Limit = Limit {
    name: "manifest-bytes",
    max: 4 << 20,
};
/// An index: an image index, or one page of a list of referrers (a thousand descriptors with annotations are 1 MB).
pub const INDEX_BYTES: Limit = Limit {
    name: "index-bytes",
    max: 8 << 20,
};
/// Referrers of one image; each costs a request.
pub const REFERRERS: Limit = Limit {
    name: "referrers",
    max: 1000,
};
/// Pages of a list of referrers; bounds what a server can do with empty pages.
pub const REFERRER_PAGES: Limit = Limit {
    name: "referrer-pages",
    max: 100,
};
/// Layers of a manifest. cosign writes at most this many signatures into one; images have at most 127 layers.
pub const SIGNATURE_LAYERS: Limit = Limit {
    name: "signature-layers",
    max: 1000,
};
/// Manifests of an image index.
pub const INDEX_MANIFESTS: Limit = Limit {
    name: "index-manifests",
    max: 4096,
};
/// Blobs up to this size are remembered for the run.
pub const REMEMBERED_BLOB_BYTES: Limit = Limit {
    name: "remembered-blob-bytes",
    max: 1 << 20,
};
/// Manifests and blobs that are remembered for the run, together (a thousand images with their proofs are 20 MB).
pub const REMEMBERED_BYTES: Limit = Limit {
    name: "remembered-bytes",
    max: 64 << 20,
};
/// A file with credentials (Docker's, podman's, a pull secret). Kubernetes' secrets have at most 1 MiB.
pub const CREDENTIALS_BYTES: Limit = Limit {
    name: "credentials-bytes",
    max: 1 << 20,
};
/// A file with settings of registries.
pub const CONFIGURATION_BYTES: Limit = Limit {
    name: "configuration-bytes",
    max: 1 << 20,
};
/// What a credential helper may print.
pub const HELPER_BYTES: Limit = Limit {
    name: "helper-bytes",
    max: 64 << 10,
};
/// A token service's answer; tokens have 1 to 8 KB.
pub const TOKEN_BYTES: Limit = Limit {
    name: "token-bytes",
    max: 256 << 10,
};
