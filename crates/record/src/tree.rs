//! The list of everything that is attached to an image (`sealcheck/tree/v1`).

use sealcheck_verify::evidence::Place;
use sealcheck_verify::{Digest, Failure, Reason, Time};
use serde::Serialize;

/// The name of the JSON schema that [`TreeDocument`] serialises to.
pub const TREE_SCHEMA: &str = "sealcheck/tree/v1";

/// What is attached to an image and to the images that it lists.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TreeDocument {
    /// `sealcheck/tree/v1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = TREE_SCHEMA)))]
    pub schema: &'static str,
    /// How the user named the image.
    pub name: String,
    /// The canonical reference with the digest; absent for a layout, whose names are its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whether a signer was named, by whom proofs must be. Without one nothing is verified.
    pub signer_named: bool,
    /// What the reference leads to, first; then the images that it lists.
    pub manifests: Vec<TreeManifest>,
    /// Every place that was looked at. Where one failed there may be more.
    pub places: Vec<Place>,
}

/// One manifest with what is attached to it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TreeManifest {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// The platform that it is for, where an index says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// What is attached to it, in the order of the places.
    pub attachments: Vec<TreeAttachment>,
    /// Why the image itself could not be had: its index lists it, and nothing says what may be attached to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Failure>,
}

/// One thing that is attached.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TreeAttachment {
    /// `signature`, `attestation`, `bundle`, `sbom` or `other`.
    pub kind: &'static str,
    /// Where it was found, as in `places`.
    pub place: Box<str>,
    /// The digest of the manifest that holds it.
    pub manifest: Digest,
    /// The artifact type of that manifest, where there is one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub artifact_type: String,
    /// The layer that holds it, from 0.
    pub layer: usize,
    /// The digest of the layer.
    pub digest: Digest,
    /// The media type of the layer.
    pub media_type: String,
    /// The size of the layer, in bytes.
    pub size: u64,
    /// Whether it is proved.
    pub state: TreeState,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The same as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Who signed it. Proved only when the state is `verified`; otherwise what its certificate claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<Box<str>>,
    /// Who vouches for the signer's name, as far as `signer` is proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Box<str>>,
    /// The earliest trusted time at which the signature existed; only when the state is `verified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Time>,
    /// The type of its predicate, as far as it is readable. Proved only when the state is `verified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
}

/// Whether something that is attached is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TreeState {
    /// It holds, and is by who was named.
    Verified,
    /// It does not hold, or is not by who was named.
    Rejected,
    /// The question could not be answered.
    Unavailable,
    /// No signer was named.
    NotVerified,
    /// It is nothing that proves anything: an SBOM without a signature, for example.
    NoProof,
}

impl TreeState {
    /// The word for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
            Self::NotVerified => "not verified",
            Self::NoProof => "no proof",
        }
    }
}
