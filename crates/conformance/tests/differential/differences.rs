//! Where the two differ, and why that is right. `docs/differences-from-oracle.md` is this list as a page.

use sealcheck_verify::{Failure, Reason};
use serde_json::Value;

use Applies::{OracleAccepts, WeAccept};

use crate::judge::{Accepted, Direction, Judgement};

/// A class of disagreements that is understood.
pub(crate) struct Difference {
    pub(crate) id: &'static str,
    pub(crate) applies: Applies,
    /// What differs.
    pub(crate) what: &'static str,
    /// Why ours is right.
    pub(crate) why: &'static str,
}

/// When a difference explains a disagreement; the kind is the direction.
pub(crate) enum Applies {
    /// We accept, and the oracle's error is this.
    WeAccept(fn(&Accepted, &str) -> bool),
    /// We reject for this reason.
    OracleAccepts(fn(&Failure, &Seen<'_>) -> bool),
}

/// A disagreement.
pub(crate) struct Seen<'a> {
    /// The bundle; null when it is no JSON.
    pub(crate) bundle: &'a Value,
    pub(crate) judgement: &'a Judgement,
}

impl Difference {
    pub(crate) fn direction(&self) -> Direction {
        match self.applies {
            WeAccept(_) => Direction::WeAccept,
            OracleAccepts(_) => Direction::OracleAccepts,
        }
    }

    pub(crate) fn explains(&self, seen: &Seen<'_>) -> bool {
        match (&self.applies, &seen.judgement.ours, &seen.judgement.oracle) {
            (WeAccept(applies), Ok(accepted), Err(error)) => applies(accepted, error),
            (OracleAccepts(applies), Err(failure), Ok(())) => applies(failure, seen),
            _ => false,
        }
    }
}

impl Seen<'_> {
    /// Whether the bundle has a log entry of Rekor v2 at the place that the failure names.
    fn v2_entry(&self, failure: &Failure) -> bool {
        let entries = &self.bundle["verificationMaterial"]["tlogEntries"];
        let index = field(failure)
            .split(['[', ']'])
            .nth(1)
            .and_then(|n| n.parse::<usize>().ok());
        let kind = |entry: &Value| {
            entry["kindVersion"]["kind"] == "hashedrekord"
                && entry["kindVersion"]["version"] == "0.0.2"
        };
        index.is_some_and(|index| kind(&entries[index]))
    }
}

fn field(failure: &Failure) -> &str {
    failure.field.as_deref().unwrap_or_default()
}

fn detail(failure: &Failure) -> &str {
    failure.detail.as_deref().unwrap_or_default()
}

fn found(failure: &Failure) -> &str {
    failure.found.as_deref().unwrap_or_default()
}

/// Whether the failure is about a time, not about what was found in its place.
fn expects_time(failure: &Failure) -> bool {
    failure
        .expected
        .as_deref()
        .is_some_and(|expected| expected.starts_with("a time inside"))
}

/// All known differences; the first that applies explains.
pub(crate) const DIFFERENCES: &[Difference] = &[
    // We accept: forms that the oracle does not read at all.
    Difference {
        id: "entry-rekord-0.0.1",
        applies: WeAccept(|_, error| {
            error.contains("unsupported Rekor entry format: rekord/0.0.1")
        }),
        what: "A log entry of kind `rekord` 0.0.1.",
        why: "The oracle does not read this kind; older cosign wrote it for blobs. We compare digest, signature and key as for `hashedrekord`.",
    },
    Difference {
        id: "entry-intoto-0.0.1",
        applies: WeAccept(|_, error| {
            error.contains("unsupported Rekor entry format: intoto/0.0.1")
        }),
        what: "A log entry of kind `intoto` 0.0.1.",
        why: "The oracle does not read this kind; older cosign wrote it for attestations. We bind it by the hash of the whole envelope.",
    },
    Difference {
        id: "entry-dsse-0.0.2",
        applies: WeAccept(|_, error| error.contains("unsupported Rekor entry format: dsse/0.0.2")),
        what: "A log entry of kind `dsse` 0.0.2.",
        why: "The oracle does not read this kind of Rekor v2.",
    },
    Difference {
        id: "entry-other-digest",
        applies: WeAccept(|ours, error| {
            !ours.scheme.ends_with("sha256") && error.contains("SHA-256 hash must be 32 bytes")
        }),
        what: "`hashedrekord` 0.0.1 over a SHA-384 or SHA-512 digest.",
        why: "The oracle reads SHA-256 only. Rekor logs all three, and P-384 and Ed25519ph keys need them.",
    },
    Difference {
        id: "entry-v2-other-key",
        applies: WeAccept(|ours, error| {
            ours.key != "ecdsa-p256" && error.contains("unknown variant `PKIX_")
        }),
        what: "`hashedrekord` 0.0.2 with a key that is not P-256.",
        why: "The oracle knows one value of `keyDetails`. We know all, and they must fit the key.",
    },
    Difference {
        id: "key-p521",
        applies: WeAccept(|ours, error| {
            ours.key == "ecdsa-p521" && error.contains("unsupported or invalid EC curve parameters")
        }),
        what: "A signer's key on P-521.",
        why: "The oracle does not support the curve.",
    },
    Difference {
        id: "scheme-rsa-pss",
        applies: WeAccept(|ours, error| {
            ours.scheme.starts_with("rsa-pss") && error.contains("signature invalid")
        }),
        what: "A signature by RSASSA-PSS.",
        why: "The oracle tries PKCS #1 v1.5 only.",
    },
    Difference {
        id: "scheme-ed25519ph",
        applies: WeAccept(|ours, error| {
            ours.scheme == "ed25519ph" && error.contains("ED25519 signature invalid")
        }),
        what: "A signature by Ed25519ph.",
        why: "The oracle tries pure Ed25519 only.",
    },
    Difference {
        id: "timestamp-signer-rsa",
        applies: WeAccept(|ours, error| {
            ours.timestamp_schemes
                .iter()
                .any(|scheme| scheme.starts_with("rsa"))
                && error.contains("not an EC key")
        }),
        what: "A timestamp that an RSA key signed.",
        why: "The oracle reads ECDSA timestamps only. The largest public authorities sign with RSA.",
    },
    Difference {
        id: "timestamp-signer-p521",
        applies: WeAccept(|ours, error| {
            ours.timestamp_schemes
                .iter()
                .any(|scheme| scheme == "ecdsa-sha512")
                && error.contains("unsupported or invalid EC curve parameters")
        }),
        what: "A timestamp that a P-521 key signed.",
        why: "The oracle does not support the curve.",
    },
    Difference {
        id: "name-kinds",
        applies: WeAccept(|ours, error| {
            matches!(ours.name, "dns" | "ip" | "otherName")
                && error.starts_with("IdentityMismatch")
                && error.ends_with("actual: None }")
        }),
        what: "A certificate whose name is a DNS name, an IP address or Fulcio's user name.",
        why: "The oracle reads e-mail addresses and URIs only.",
    },
    Difference {
        id: "several-scts",
        applies: WeAccept(|_, error| error.contains("certificate contains multiple SCTs")),
        what: "A certificate with several signed certificate timestamps.",
        why: "The oracle takes exactly one. RFC 6962 allows a list; each that counts is verified.",
    },
    Difference {
        id: "unknown-timestamp-authority",
        applies: WeAccept(|ours, error| {
            ours.unknown_authority && error.starts_with("Timestamp(Invalid(")
        }),
        what: "A timestamp of an authority that the trusted root does not know, beside enough trusted time without it.",
        why: "It counts for nothing, as in the Python client: whoever could alter it could as well leave it out. The oracle rejects material with any token that it cannot verify.",
    },
    Difference {
        id: "timestamp-signer-below-root",
        applies: WeAccept(|ours, error| {
            ours.embedded_signer && error.contains("does not match any trusted TSA certificate")
        }),
        what: "A timestamp that brings its signer's certificate along, where the trusted root has only the authorities above it.",
        why: "RFC 3161, section 2.4.1, has tokens bring it; the path to the trusted root is checked. The oracle wants the signer itself in the trusted root.",
    },
    Difference {
        id: "root-unknown-algorithm",
        applies: WeAccept(|ours, error| ours.skipped_log && error.starts_with("trust: ")),
        what: "A trusted root with a log whose key or hash algorithm is not known.",
        why: "The log is left out and named; nothing of it is believed. The oracle refuses the whole root, which would make one new log an outage.",
    },
    Difference {
        id: "root-without-log-id",
        applies: WeAccept(|_, error| {
            error.starts_with("trust: ") && error.contains("missing field `logId`")
        }),
        what: "A trusted root with a log without `logId`.",
        why: "The id is the fingerprint of the key, so nothing else can be meant.",
    },
    Difference {
        id: "root-log-twice",
        applies: WeAccept(|_, error| {
            error.starts_with("trust: InvalidTrustRoot(\"duplicate trusted log ID")
        }),
        what: "A trusted root that names one log twice, with the same key.",
        why: "A key may have several windows. The same id with another key is refused.",
    },
    Difference {
        id: "root-names",
        applies: WeAccept(|_, error| {
            error.starts_with("trust: ")
                && [
                    "missing field `uri`",
                    "missing field `baseUrl`",
                    "invalid type: null",
                ]
                .iter()
                .any(|text| error.contains(text))
        }),
        what: "A trusted root without, or with `null` for, a name or an address.",
        why: "In protobuf JSON, `null` is the same as absent, and names decide nothing: keys and certificates do.",
    },
    // The oracle accepts: where we are stricter.
    Difference {
        id: "unknown-field",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::MaterialMalformed && detail(ours).starts_with("unknown field")
        }),
        what: "A field in the bundle that the format does not have.",
        why: "A field that one verifier skips may be what another one reads. Nothing that is not understood is passed over.",
    },
    Difference {
        id: "duplicate-field",
        applies: OracleAccepts(|ours, _| {
            matches!(
                ours.reason,
                Reason::MaterialMalformed | Reason::LogEntryMalformed
            ) && detail(ours).starts_with("duplicate field")
        }),
        what: "A field that stands twice, in the bundle or in a log body.",
        why: "Which of the two counts depends on the reader.",
    },
    Difference {
        id: "no-media-type",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::MaterialMalformed
                && detail(ours).starts_with("missing field `mediaType`")
        }),
        what: "A bundle without `mediaType`.",
        why: "The version decides what must be there, so it must be said.",
    },
    Difference {
        id: "certificate-before-0.3",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::MaterialMalformed
                && field(ours) == "verificationMaterial.certificate"
        }),
        what: "A bundle of version 0.1 or 0.2 with `certificate`.",
        why: "The field came with version 0.3; before it is `x509CertificateChain`.",
    },
    Difference {
        id: "log-id-length",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::MaterialMalformed && field(ours).ends_with("logId.keyId")
        }),
        what: "A log id that is not 32 octets.",
        why: "It can be no log's. The oracle ignores the id of entries without a promise.",
    },
    Difference {
        id: "log-id",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::LogUnknown
                && field(ours).ends_with("logId.keyId")
                && !expects_time(ours)
        }),
        what: "An entry whose log id is no log of the trusted root, with a checkpoint of one that is.",
        why: "The log that an entry names must be the one that vouches for it. The oracle ignores the id of entries without a promise.",
    },
    Difference {
        id: "log-window",
        applies: OracleAccepts(|ours, _| ours.reason == Reason::LogUnknown && expects_time(ours)),
        what: "An entry of a log whose validity does not cover the trusted time.",
        why: "The window says when the key is believed. The oracle compares the keys of checkpoints with the present time instead.",
    },
    Difference {
        id: "checkpoint-origin",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::CheckpointInvalid && field(ours).ends_with("checkpoint")
        }),
        what: "A checkpoint whose origin, or the name on its signature line, is not the log's, or that another trusted log signed.",
        why: "One log must not speak for another. The oracle takes any trusted key whose hint matches.",
    },
    Difference {
        id: "checkpoint-form",
        applies: OracleAccepts(|ours, _| ours.reason == Reason::CheckpointMalformed),
        what: "A checkpoint that is not written as signed notes are.",
        why: "The form is exact, so that there is one reading.",
    },
    Difference {
        id: "proof-index",
        applies: OracleAccepts(|ours, seen| {
            ours.reason == Reason::LogProofInvalid
                && field(ours).ends_with("inclusionProof.logIndex")
                && seen.v2_entry(ours)
        }),
        what: "A Rekor v2 entry whose index is not its proof's.",
        why: "In one log of one shard both are the same number. The oracle ignores the proof's.",
    },
    Difference {
        id: "proof-root",
        applies: OracleAccepts(|ours, seen| {
            matches!(
                ours.reason,
                Reason::LogProofInvalid | Reason::CheckpointMismatch
            ) && seen.v2_entry(ours)
        }),
        what: "A Rekor v2 entry whose proof names another root hash or tree size than its checkpoint.",
        why: "A proof that contradicts its checkpoint was altered. The oracle ignores what the proof says.",
    },
    Difference {
        id: "proof-size",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::CheckpointMismatch && field(ours).ends_with("treeSize")
        }),
        what: "A checkpoint whose tree size is not the proof's.",
        why: "The signed size says where the leaf stands. The oracle compares root hashes only.",
    },
    Difference {
        id: "body-kind",
        applies: OracleAccepts(|ours, _| match ours.reason {
            Reason::LogEntryMismatch => field(ours).ends_with("kindVersion"),
            Reason::LogEntryMalformed => {
                field(ours).ends_with("canonicalizedBody.kind")
                    || field(ours).ends_with("canonicalizedBody.apiVersion")
                    || detail(ours).starts_with("missing field `kind`")
                    || detail(ours).starts_with("missing field `apiVersion`")
            }
            _ => false,
        }),
        what: "A log body that says another kind or version than the entry, or none.",
        why: "The log signed the body, and the bundle must not rename it. The oracle reads the body as what the bundle says.",
    },
    Difference {
        id: "body-algorithm",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::LogEntryUnsupported
                && field(ours).contains("canonicalizedBody.spec")
        }),
        what: "A log body that spells its hash algorithm unusually, such as `SHA256`.",
        why: "The log writes one spelling.",
    },
    Difference {
        id: "body-envelope-hash",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::LogEntryMalformed
                && (field(ours).ends_with("envelopeHash") || field(ours).ends_with("content.hash"))
        }),
        what: "A `dsse` 0.0.1 or `intoto` 0.0.2 body whose hash of the envelope is no digest.",
        why: "Nobody can compute this hash again, but the log writes one. The oracle takes any text.",
    },
    Difference {
        id: "body-pem",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::LogEntryMalformed
                && field(ours).ends_with("canonicalizedBody.spec.publicKey")
        }),
        what: "A log body whose certificate or key is not quite PEM, such as with a foreign character between the lines.",
        why: "The log writes PEM as the standard has it. The oracle reads around what does not belong there.",
    },
    Difference {
        id: "body-certificate",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::LogEntryMismatch
                && field(ours).ends_with("canonicalizedBody.spec.publicKey")
        }),
        what: "An `intoto` 0.0.2 entry with another certificate for the same key.",
        why: "The entry must be of this very certificate, or its time is borrowed. The oracle compares the keys.",
    },
    Difference {
        id: "entry-twice",
        applies: OracleAccepts(|ours, _| ours.reason == Reason::LogEntryDuplicate),
        what: "The same log entry twice.",
        why: "One of them proves nothing.",
    },
    Difference {
        id: "proof-missing",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::MaterialIncomplete && field(ours).ends_with("inclusionProof")
        }),
        what: "A bundle from version 0.2 on with several entries, one of them without inclusion proof.",
        why: "The format demands one for each. The oracle is content with one.",
    },
    Difference {
        id: "v0.1-without-promise",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::MaterialIncomplete && field(ours).ends_with("inclusionPromise")
        }),
        what: "A bundle of version 0.1 with an entry without promise.",
        why: "The format demands it in this version.",
    },
    Difference {
        id: "promise-without-time",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::LogEntryMalformed && field(ours).ends_with("integratedTime")
        }),
        what: "A promise of an entry without a time, or at time 0.",
        why: "A promise is about a time. In protobuf JSON, 0 is the same as absent.",
    },
    Difference {
        id: "timestamp-attributes",
        applies: OracleAccepts(|ours, _| {
            matches!(
                ours.reason,
                Reason::TimestampInvalid | Reason::TimestampMalformed
            )
        }),
        what: "A timestamp without content type or signing certificate among its attributes, with wrong ones, with several signers, or with an embedded certificate that is not the authority's.",
        why: "RFC 3161 and RFC 5816 demand them; they tie the signature to the authority's certificate.",
    },
    Difference {
        id: "timestamp-in-future",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::TimeInFuture && field(ours).contains("rfc3161Timestamps")
        }),
        what: "A timestamp from the future beside a signature by a plain key.",
        why: "It is wrong whatever it is needed for.",
    },
    Difference {
        id: "issuers-disagree",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::CertificateMalformed && field(ours) == "extensions.issuer"
        }),
        what: "A certificate whose two issuer extensions differ.",
        why: "It is not clear who vouched. The oracle reads the newer one.",
    },
    Difference {
        id: "extension-twice",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::CertificateMalformed
                && detail(ours) == "an extension stands twice"
        }),
        what: "A certificate with the same extension twice.",
        why: "RFC 5280, section 4.2, forbids it.",
    },
    Difference {
        id: "several-names",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::CertificateMalformed
                && field(ours) == "extensions.subjectAltName"
                && found(ours) == "several names"
        }),
        what: "A certificate with several names.",
        why: "It is not clear which one is the signer's; Fulcio issues one. The oracle reads the first.",
    },
    Difference {
        id: "certificate-der",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::CertificateMalformed && field(ours).contains("extensions")
        }),
        what: "A certificate with an extension that is not DER or not of its type.",
        why: "A certificate is DER to its last octet, and each standard extension is what RFC 5280 says; Fulcio's are text. The oracle reads those that it uses.",
    },
    Difference {
        id: "certificate-in-chain",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::CertificateMalformed
                && field(ours).contains("x509CertificateChain.certificates[")
        }),
        what: "A chain with something that is no certificate.",
        why: "The material is damaged. The oracle skips what it does not need.",
    },
    Difference {
        id: "sct-window",
        applies: OracleAccepts(|ours, _| ours.reason == Reason::SctUntrusted),
        what: "A certificate timestamp of a CT log at a time outside the log's window, or of a log whose algorithm the trusted root does not name.",
        why: "The window says when the key is believed; a key without a known algorithm is not.",
    },
    Difference {
        id: "statement-types",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::StatementMalformed
                && (field(ours).ends_with("_type") || field(ours).ends_with("predicateType"))
        }),
        what: "A statement whose `_type` is not in-toto's, or whose predicate type is empty.",
        why: "What a statement means depends on both. The oracle reads neither.",
    },
    Difference {
        id: "authority-certificates",
        applies: OracleAccepts(|ours, _| {
            ours.reason == Reason::CertificateUntrusted
                || ours.reason == Reason::CertificateNotValidAtTime
                    && detail(ours).starts_with("the authority's certificate")
        }),
        what: "An authority whose own certificates were not valid at the signing time, or whose chain in the trusted root lacks its root.",
        why: "The path is checked up to the root. The oracle trusts every certificate of the chain by itself.",
    },
    Difference {
        id: "root-strict",
        applies: OracleAccepts(|ours, _| ours.reason == Reason::TrustRootInvalid),
        what: "A trusted root with another media type, unknown or missing fields, keys or certificates that cannot be used, or chains that do not hold together.",
        why: "Believing less or more than was configured would go unnoticed.",
    },
];
