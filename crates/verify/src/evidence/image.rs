//! What is special about a container image.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Checks, MaterialFacts, TimeSource};
use crate::{Digest, Failure, Outcome, Reason, Time};

/// An image: its digest, its platforms, and every signature that was found.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImageFacts {
    /// The canonical reference with the digest; absent for a layout, whose names are its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Box<str>>,
    /// The digest that the reference led to, once; absent when it could not be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// How many distinct signers were required.
    pub required_signers: usize,
    /// What had to be proved, when single platforms of an index were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<PlatformFacts>,
    /// Every signature and attestation that was found, in the order of the places.
    pub signatures: Vec<ImageSignatureFacts>,
}

/// One platform of an index.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlatformFacts {
    /// For example `linux/arm64/v8`; absent where the index does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Box<str>>,
    /// The digest of its manifest.
    pub digest: Digest,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it is not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Whose signatures proved it; absent when it is not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved_by: Option<ProvedBy>,
}

/// Whose signatures proved a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProvedBy {
    /// Its own.
    Own,
    /// Those of the index, which lists it by digest.
    Index,
    /// Its own and the index's together: neither were enough alone.
    Both,
}

/// One signature or attestation of an image.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImageSignatureFacts {
    /// The manifest that it was found for: the index's or a platform's.
    pub subject: Digest,
    /// Where it was found, as in `places`.
    pub place: Box<str>,
    /// The layer that holds it, from 0.
    pub layer: usize,
    /// The digest of that layer.
    pub digest: Digest,
    /// Its format, when it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    /// How its verification ended.
    pub outcome: Outcome,
    /// Why it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The same as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<str>>,
    /// Where the decisive check failed, what it expected and what it found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The subject alternative name in its certificate, or the fingerprint of the caller's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<Box<str>>,
    /// The OIDC issuer in its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Box<str>>,
    /// The earliest trusted time at which it existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Time>,
    /// Who vouches for that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_source: Option<TimeSource>,
    /// The predicate type, when it is a statement about this manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<Box<str>>,
    /// The name under which it was signed. Nothing is proved by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// The annotations that were signed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<Box<str>, Box<str>>,
    /// The steps of its verification; present when it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
    /// The proof itself, so that it can be verified again; present when it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub material: Option<MaterialFacts>,
}
