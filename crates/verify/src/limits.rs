//! The sizes and counts beyond which material is refused, each with its reason.
//!
//! Crossing one is [`Reason::LimitExceeded`](crate::Reason::LimitExceeded), with the limit's name in the failure.

use std::fmt;

/// A named upper bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The name that appears in failures, for example `bundle-bytes`.
    pub name: &'static str,
    /// The greatest value that is still accepted.
    pub max: usize,
}

impl Limit {
    /// A limit; the rooms around the core name theirs with it.
    pub const fn new(name: &'static str, max: usize) -> Self {
        Self { name, max }
    }

    /// Refuses `found` when it is over the limit; `field` says where it was found.
    ///
    /// # Errors
    /// [`Reason::LimitExceeded`](crate::Reason::LimitExceeded) with the limit's name.
    pub fn check(self, found: usize, field: &str) -> crate::Result<()> {
        if found <= self.max {
            return Ok(());
        }
        Err(crate::Failure::new(crate::Reason::LimitExceeded)
            .at(field)
            .expected(self)
            .found(found))
    }
}

/// As failures say it: `at most 10 (chain-certificates)`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} ({})", self.max, self.name)
    }
}

/// A bundle file. Real ones are 4 to 200 KB; attestations with an SBOM inside reach some MB.
pub const BUNDLE_BYTES: Limit = Limit::new("bundle-bytes", 32 << 20);
/// A detached signature file (base64 of RSA-4096 is 684 bytes).
pub const SIGNATURE_BYTES: Limit = Limit::new("signature-bytes", 64 << 10);
/// A certificate, key or checkpoint file (PEM chains of ten stay below 32 KB).
pub const CERTIFICATE_BYTES: Limit = Limit::new("certificate-bytes", 256 << 10);
/// A trusted root file (the public-good one is 7 KB).
pub const TRUSTED_ROOT_BYTES: Limit = Limit::new("trusted-root-bytes", 4 << 20);
/// Certificates in a chain; bounds the work of path building.
pub const CHAIN_CERTIFICATES: Limit = Limit::new("chain-certificates", 10);
/// Extensions of one certificate (Fulcio's have at most 30); bounds the search for duplicates.
pub const CERTIFICATE_EXTENSIONS: Limit = Limit::new("certificate-extensions", 128);
/// Transparency-log entries of one material; bounds the number of signature checks.
pub const LOG_ENTRIES: Limit = Limit::new("log-entries", 32);
/// RFC 3161 timestamps of one material; bounds the number of signature checks.
pub const TIMESTAMPS: Limit = Limit::new("timestamps", 32);
/// One RFC 3161 timestamp (with an embedded chain: 6 KB).
pub const TIMESTAMP_BYTES: Limit = Limit::new("timestamp-bytes", 256 << 10);
/// Signed attributes of a timestamp, and extensions in its content (real ones have 4 and none); bounds the search for
/// duplicates.
pub const TIMESTAMP_ATTRIBUTES: Limit = Limit::new("timestamp-attributes", 32);
/// SCTs of one certificate; bounds the number of signature checks.
pub const SCTS: Limit = Limit::new("scts", 16);
/// Nesting of JSON whose shape we do not know (statements, predicates).
pub const JSON_DEPTH: Limit = Limit::new("json-depth", 64);
/// The payload of a DSSE envelope, decoded.
pub const DSSE_PAYLOAD_BYTES: Limit = Limit::new("dsse-payload-bytes", 128 << 20);
/// Signatures in one DSSE envelope (cosign and the bundle format use one).
pub const DSSE_SIGNATURES: Limit = Limit::new("dsse-signatures", 16);
/// Subjects of one statement (a Kubernetes release has 113).
pub const SUBJECTS: Limit = Limit::new("subjects", 16_384);
/// Hashes in an inclusion proof: a tree of 2^63 leaves needs 63.
pub const PROOF_HASHES: Limit = Limit::new("proof-hashes", 64);
/// A checkpoint (a signed note with several cosignatures is 1 KB).
pub const CHECKPOINT_BYTES: Limit = Limit::new("checkpoint-bytes", 64 << 10);
/// Signature lines of a checkpoint.
pub const CHECKPOINT_SIGNATURES: Limit = Limit::new("checkpoint-signatures", 64);
/// A log entry's canonical body (an `intoto` 0.0.2 body repeats the envelope).
pub const LOG_BODY_BYTES: Limit = Limit::new("log-body-bytes", 32 << 20);
/// Logs, authorities and certificate authorities of each kind in a trusted root.
pub const TRUSTED_ROOT_MEMBERS: Limit = Limit::new("trusted-root-members", 128);
/// An identity pattern; bounds the compiled size of globs and regular expressions.
pub const IDENTITY_PATTERN_BYTES: Limit = Limit::new("identity-pattern-bytes", 4096);
