//! Evidence: the facts of a verification, for programs and auditors (`sealcheck/evidence/v1`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use serde::{Serialize, Serializer};

use crate::certificate::Claims;
use crate::log::LogEntry;
use crate::log::checkpoint::Checkpoint;
use crate::sct::SctFacts;
use crate::timestamp::TimestampFacts;
use crate::trusted_root::Log;
use crate::{Failure, Identities, Outcome, Pattern, Reason, Threshold, Time};

mod image;

pub use image::{ImageFacts, ImageSignatureFacts, PlatformFacts, ProvedBy};

mod policy;
mod predicate;
mod release;

pub use policy::{PolicyFacts, PolicyKind, PolicyOutcome};
pub use predicate::{
    CycloneDxFacts, LinkFacts, OpenVexFacts, PredicateFacts, ProvenanceFacts, SourceFacts,
    SpdxFacts, SpdxForm, VerificationSummaryFacts, VulnerabilityScanFacts,
};

pub use release::{ChecksumFacts, ChecksumState, Listed, OtherVersion, ReleaseFacts, SbomFacts};

/// The name of the JSON schema that [`Evidence`] serialises to.
pub const SCHEMA: &str = "sealcheck/evidence/v1";

/// What was verified, how it ended, and every fact that was used.
///
/// It is enough, with the artifact's digest and the trusted root, to repeat the verification.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Evidence {
    /// `sealcheck/evidence/v1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = SCHEMA)))]
    pub schema: &'static str,
    /// The artifact.
    pub artifact: ArtifactFacts,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it is not verified.
    pub reason: Option<Reason>,
    /// The same as a sentence.
    pub message: Option<Box<str>>,
    /// What to do about it.
    pub hint: Option<Box<str>>,
    /// Where the decisive check failed, what it expected and what it found.
    pub failure: Option<Failure>,
    /// The subject alternative name in the certificate, or the fingerprint of the caller's key.
    /// Proved only when the outcome is `verified`.
    pub signer: Option<Box<str>>,
    /// The OIDC issuer in the certificate. Proved only when the outcome is `verified`.
    pub issuer: Option<Box<str>>,
    /// The earliest trusted time at which the signature existed.
    pub signed_at: Option<Time>,
    /// Who vouches for that time.
    pub time_source: Option<TimeSource>,
    /// The steps of the verification, in their order.
    pub checks: Checks,
    /// What was required.
    pub required: RequiredFacts,
    /// What is special about a container image: digest, platforms, and every signature that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageFacts>,
    /// What is special about a file of a release: which of its artifacts it is, and what the proved SBOM says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseFacts>,
    /// What the attestation says, in short. Present only when the proof of the attestation holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate: Option<PredicateFacts>,
    /// What the attestation had to say, beyond the proof: each demand and policy, with its outcome.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyFacts>,
    /// The trusted root that was used.
    pub trusted_root: Option<TrustedRootFacts>,
    /// The proof itself.
    pub material: Option<MaterialFacts>,
    /// Every place that was looked at for a proof.
    pub places: Vec<Place>,
    /// When the verification was made.
    pub verified_at: Time,
}

/// The artifact's name and digests.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ArtifactFacts {
    /// How the caller named it: a path, an address or a digest.
    pub name: Option<Box<str>>,
    /// Its digests in lower-case hex, by in-toto's algorithm names.
    pub digests: BTreeMap<&'static str, Box<str>>,
}

/// The numbered steps of a verification.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// 1: the material is well-formed and complete.
    pub material: Check<FormatFacts>,
    /// 2: the key: the certificate's or the caller's.
    pub key: Check<KeyFacts>,
    /// 3: the transparency log.
    pub log: Check<LogFacts>,
    /// 4: trusted time.
    pub time: Check<TimeFacts>,
    /// 5: the certificate.
    pub certificate: Check<CertificateFacts>,
    /// 6: the signature.
    pub signature: Check<SignatureFacts>,
    /// 7: the subject is the artifact.
    pub subject: Check<SubjectFacts>,
    /// 8: the signer is who was required.
    pub identity: Check<IdentityFacts>,
}

/// How a step ended, with its facts.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Check<T> {
    /// The step holds.
    Passed(T),
    /// The step does not hold.
    Failed(Failure),
    /// The step does not apply or was waived.
    NotRequired,
    /// The step could not be made, because another one failed.
    #[default]
    NotReached,
}

/// How a step ended, without its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// The step holds.
    Passed,
    /// The step does not hold.
    Failed,
    /// The step does not apply or was waived.
    NotRequired,
    /// The step could not be made, because another one failed.
    NotReached,
}

impl Checks {
    /// The steps by their names, in their order, and how each ended.
    #[must_use]
    pub fn states(&self) -> [(&'static str, CheckState); 8] {
        [
            ("material", self.material.state()),
            ("key", self.key.state()),
            ("log", self.log.state()),
            ("time", self.time.state()),
            ("certificate", self.certificate.state()),
            ("signature", self.signature.state()),
            ("subject", self.subject.state()),
            ("identity", self.identity.state()),
        ]
    }
}

impl<T> Check<T> {
    /// How the step ended.
    #[must_use]
    pub fn state(&self) -> CheckState {
        match self {
            Self::Passed(_) => CheckState::Passed,
            Self::Failed(_) => CheckState::Failed,
            Self::NotRequired => CheckState::NotRequired,
            Self::NotReached => CheckState::NotReached,
        }
    }

    /// Whether the step holds.
    pub fn passed(&self) -> bool {
        matches!(self, Self::Passed(_))
    }

    pub(crate) fn failure_mut(&mut self) -> Option<&mut Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// The facts of a step that holds.
    pub fn facts(&self) -> Option<&T> {
        match self {
            Self::Passed(facts) => Some(facts),
            _ => None,
        }
    }
}

/// Step 1.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FormatFacts {
    /// The format, for example `sigstore-bundle-v0.3`.
    pub format: &'static str,
}

/// Step 2.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyFacts {
    /// `certificate` or `caller`.
    pub source: &'static str,
    /// The kind, for example `ecdsa-p256`.
    pub kind: Box<str>,
    /// SHA-256 of the SubjectPublicKeyInfo, in hex.
    pub sha256: Box<str>,
}

/// Step 3.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogFacts {
    /// The verified entries.
    pub entries: Vec<LogEntryFacts>,
}

/// One verified log entry.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogEntryFacts {
    /// The log's address in the trusted root.
    pub log: Box<str>,
    /// The log's id, in hex.
    pub log_id: Box<str>,
    /// Who runs the log, when the trusted root says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<Box<str>>,
    /// The entry's kind.
    pub kind: &'static str,
    /// The version of the kind.
    pub version: &'static str,
    /// The entry's number in the log.
    pub log_index: u64,
    /// When the log says that it took the entry in. Proved only by a promise.
    pub integrated_time: Option<Time>,
    /// What proves that the entry is in the log.
    pub proof: LogProof,
    /// The checkpoint that the inclusion proof leads to.
    pub checkpoint: Option<CheckpointFacts>,
}

/// What proves that an entry is in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LogProof {
    /// The log's promise only: it signed that it would include the entry.
    Promise,
    /// A Merkle proof to a signed checkpoint.
    Inclusion,
    /// Both.
    PromiseAndInclusion,
}

/// The checkpoint of an inclusion proof.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckpointFacts {
    /// The log's name in the checkpoint.
    pub origin: Box<str>,
    /// The entry's number in this tree.
    pub index: u64,
    /// The number of leaves.
    pub tree_size: u64,
    /// The root hash, in hex.
    pub root_hash: Box<str>,
    /// The number of further signature lines (cosignatures), which were not checked.
    pub other_signatures: usize,
}

impl LogEntryFacts {
    pub(crate) fn new(entry: &LogEntry, log: &Log, time: Option<Time>) -> Self {
        Self {
            log: log.base_url.as_str().into(),
            log_id: HEXLOWER.encode(&log.id).into(),
            operator: log.operator.clone(),
            kind: entry.kind.name(),
            version: entry.kind.version(),
            log_index: entry.log_index,
            // Rekor v2 vouches for no time, whatever the entry says.
            integrated_time: time.filter(|_| !entry.kind.is_v2()),
            proof: LogProof::Promise,
            checkpoint: None,
        }
    }

    pub(crate) fn add_checkpoint(
        &mut self,
        index: u64,
        checkpoint: &Checkpoint<'_>,
        promised: bool,
    ) {
        self.proof = match promised {
            true => LogProof::PromiseAndInclusion,
            false => LogProof::Inclusion,
        };
        self.checkpoint = Some(CheckpointFacts {
            origin: checkpoint.origin.into(),
            index,
            tree_size: checkpoint.size,
            root_hash: HEXLOWER.encode(&checkpoint.root_hash).into(),
            other_signatures: checkpoint.signers().count().saturating_sub(1),
        });
    }
}

/// Who vouches for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TimeSource {
    /// A Rekor v1 log, by its promise.
    LogEntry,
    /// A timestamp authority, by an RFC 3161 token.
    Timestamp,
    /// Nobody: the caller accepted the time of the verification.
    Now,
}

/// Step 4.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TimeFacts {
    /// Every accepted time with its source.
    pub accepted: Vec<AcceptedTime>,
    /// The verified timestamps.
    pub timestamps: Vec<TimestampFacts>,
    /// Timestamps that do not count, because their authority is not in the trusted root.
    pub unknown_authorities: Vec<Box<str>>,
}

/// A time that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AcceptedTime {
    /// The time.
    pub time: Time,
    /// Who vouches for it.
    pub source: TimeSource,
}

/// Step 5.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// SHA-256 of the certificate, in hex.
    pub sha256: Box<str>,
    /// The serial number, in hex.
    pub serial: Box<str>,
    /// The first moment of its validity.
    pub not_before: Time,
    /// The last moment of its validity.
    pub not_after: Time,
    /// The certificate authority of the trusted root that issued it.
    pub authority: Box<str>,
    /// The times at which the chain was valid.
    pub checked_at: Vec<Time>,
    /// The verified signed certificate timestamps.
    pub scts: Vec<SctFacts>,
    /// Identity, issuer and every Fulcio extension.
    pub claims: Claims,
}

/// Step 6.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignatureFacts {
    /// The scheme, for example `ecdsa-sha256`.
    pub scheme: Box<str>,
    /// What was signed: `artifact`, `dsse-envelope` or `simple-signing-payload`.
    pub over: &'static str,
}

/// Step 7.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SubjectFacts {
    /// The statement's predicate type; absent for simple-signing payloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<Box<str>>,
    /// The name of the subject that matched. Nothing is proved by it.
    pub name: Box<str>,
    /// The annotations that were signed, as far as their values are text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<Box<str>, Box<str>>,
}

/// Step 8.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct IdentityFacts {
    /// The position of the required identity that matched, from 0.
    pub matched: usize,
}

/// What was required.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RequiredFacts {
    /// The acceptable identities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<Identities>,
    /// SHA-256 of the required key's SubjectPublicKeyInfo, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Box<str>>,
    /// `signature`, `attestation` or `any`.
    pub content: &'static str,
    /// The required predicate type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<Box<str>>,
    /// Distinct transparency logs.
    pub log_entries: Threshold,
    /// Whether a promise was not enough.
    pub inclusion_proof: bool,
    /// Distinct timestamp authorities.
    pub timestamps: Threshold,
    /// Distinct certificate-transparency logs.
    pub scts: Threshold,
    /// Whether now was accepted as the signing time.
    pub now_is_signing_time: bool,
    /// Whether a chain was accepted where the format allows only one certificate.
    pub certificate_chain: bool,
    /// The digest that the signature had to be over, when the caller said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest_algorithm: Option<&'static str>,
    /// The annotations that had to be signed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<Box<str>, Box<str>>,
    /// The name under which the artifact had to be signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_name: Option<Pattern>,
}

/// The trusted root.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TrustedRootFacts {
    /// Where it came from, for example `embedded:public-good`, `tuf:ADDRESS` or `file:PATH`.
    pub source: Option<Box<str>>,
    /// SHA-256 of the trusted root's JSON, in hex.
    pub sha256: Box<str>,
}

/// The proof, byte for byte.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MaterialFacts {
    /// The format, as in step 1.
    pub format: &'static str,
    /// The files or annotations that it was made of.
    pub parts: Vec<Part>,
}

/// One file, annotation or log answer of the proof.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// `bundle`, `signature`, `certificate`, `chain`, `envelope`, `payload`, `rekor-bundle`, `log-entry`, `timestamp`
    /// or `sct`.
    pub role: &'static str,
    /// Its bytes, in base64.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    #[serde(serialize_with = "base64")]
    pub content: Arc<[u8]>,
}

/// One place that was looked at for a proof.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// A path, an address, a tag.
    pub place: Box<str>,
    /// What was there.
    pub found: Found,
    /// More about it: which part it is, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<str>>,
    /// What came of the proof there; absent where there is none, or a part that was not used. A proof of another kind than
    /// was required is `rejected` with that as its reason only when it holds as what it is, whoever made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why the proof there is not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Whether the outcome for the artifact is that of this place.
    pub decided: bool,
}

impl Place {
    /// A place of which nothing was judged yet.
    pub fn new(place: impl Into<Box<str>>, found: Found, detail: Option<Box<str>>) -> Self {
        Self {
            place: place.into(),
            found,
            detail,
            outcome: None,
            reason: None,
            decided: false,
        }
    }
}

/// The answer of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// A proof, or a part of one.
    Present,
    /// Nothing, by an answer that can be relied on.
    Absent,
    /// No answer.
    Failed,
}

pub(crate) fn text<S: Serializer>(
    value: &impl fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn base64<S: Serializer>(value: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&BASE64.encode_display(value))
}
