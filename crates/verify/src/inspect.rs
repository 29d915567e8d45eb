//! What a file contains, **without verifying anything**: for people who look into a proof.

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::certificate::{Certificate, Claims, Name};
use crate::evidence::FormatFacts;
use crate::log::LogEntry;
use crate::log::checkpoint::Checkpoint;
use crate::material::{SignedMaterial, VerifierMaterial};
use crate::timestamp::{self, Token, TokenCheck};
use crate::trusted_root::{Log, TrustedRoot};
use crate::{
    Digest, Failure, Material, PublicKey, Reason, Result, Time, Window, cosign, limits, pem, sct,
};

/// The contents of a file. Nothing in it is proved.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Inspection {
    /// A Sigstore bundle, or cosign's legacy bundle for blobs.
    Bundle(Box<BundleContents>),
    /// A DSSE envelope.
    Envelope(Box<BundleContents>),
    /// One or more certificates.
    Certificates {
        /// In the order of the file.
        certificates: Vec<CertificateContents>,
    },
    /// A public key.
    PublicKey(KeyContents),
    /// A trusted root.
    TrustedRoot(TrustedRootContents),
    /// A checkpoint of a log.
    Checkpoint(CheckpointContents),
    /// An RFC 3161 timestamp.
    Timestamp(TimestampContents),
    /// What can only be a bare signature.
    Signature {
        /// `base64` or `raw`.
        encoding: &'static str,
        /// Its length in bytes, decoded.
        length: usize,
        /// Whether it has the form of an ECDSA signature (a SEQUENCE of two INTEGERs).
        ecdsa: bool,
    },
}

/// What a bundle contains.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleContents {
    /// The format, as in evidence.
    #[serde(flatten)]
    pub format: FormatFacts,
    /// The digest that the bundle says the artifact has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_digest: Option<Digest>,
    /// The statement, when it is an attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementContents>,
    /// The signing certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateContents>,
    /// The number of further certificates.
    pub intermediates: usize,
    /// The public key that the bundle names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<KeyContents>,
    /// The log entries.
    pub log_entries: Vec<LogEntryContents>,
    /// The timestamps.
    pub timestamps: Vec<TimestampContents>,
}

/// What a statement says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementContents {
    /// The predicate's type.
    pub predicate_type: Box<str>,
    /// Names and digests (`algorithm:hex`) of the subjects.
    pub subjects: Vec<SubjectContents>,
}

/// One subject of a statement.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectContents {
    /// The name.
    pub name: Box<str>,
    /// The digests.
    pub digests: Vec<String>,
}

/// What a certificate contains.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateContents {
    /// SHA-256 of the certificate, in hex.
    pub sha256: String,
    /// The serial number, in hex.
    pub serial: String,
    /// The subject's name; empty in Fulcio's certificates.
    pub subject: String,
    /// The name of the authority that issued it.
    pub issued_by: String,
    /// The first moment of its validity.
    pub not_before: Time,
    /// The last moment of its validity.
    pub not_after: Time,
    /// Whether it is an authority's certificate.
    pub authority: bool,
    /// The key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyContents>,
    /// The number of embedded signed certificate timestamps.
    pub scts: usize,
    /// Identity, issuer and every Fulcio extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
}

/// A public key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyContents {
    /// The kind, for example `ecdsa-p256`.
    pub algorithm: String,
    /// SHA-256 of the SubjectPublicKeyInfo, in hex.
    pub sha256: String,
}

/// A log entry.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntryContents {
    /// Kind and version.
    pub entry: String,
    /// The log's id, in hex.
    pub log_id: String,
    /// The entry's number.
    pub log_index: u64,
    /// The time that the entry claims.
    pub integrated_time: Option<Time>,
    /// Whether there is a promise (SET).
    pub promise: bool,
    /// The checkpoint of the inclusion proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointContents>,
}

/// A checkpoint.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointContents {
    /// The log's name.
    pub origin: String,
    /// The number of leaves.
    pub tree_size: u64,
    /// The root hash, in hex.
    pub root_hash: String,
    /// The names in the signature lines.
    pub signers: Vec<String>,
}

/// A timestamp.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimestampContents {
    /// The time.
    pub time: Time,
    /// The issuer of the signer's certificate, or its key identifier.
    pub signer: String,
    /// The serial number of the signer's certificate, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// A trusted root.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustedRootContents {
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// The transparency logs.
    pub logs: Vec<LogContents>,
    /// The certificate-transparency logs.
    pub ct_logs: Vec<LogContents>,
    /// The certificate authorities.
    pub certificate_authorities: Vec<AuthorityContents>,
    /// The timestamp authorities.
    pub timestamp_authorities: Vec<AuthorityContents>,
    /// What is left out because its algorithm is not supported.
    pub skipped: Vec<String>,
}

/// A log of a trusted root.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogContents {
    /// The address.
    pub url: String,
    /// The id, in hex.
    pub log_id: String,
    /// The key.
    pub key: KeyContents,
    /// When it is believed.
    pub valid: String,
    /// Who runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<Box<str>>,
}

/// An authority of a trusted root.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorityContents {
    /// The address or the subject's name.
    pub name: String,
    /// When it is believed.
    pub valid: String,
    /// The subjects of its certificates, the lowest one first.
    pub chain: Vec<String>,
}

/// Recognises what `bytes` are and lists what they contain.
///
/// # Errors
/// The failure of the format that the bytes look most like.
pub fn inspect(bytes: &[u8]) -> Result<Inspection> {
    limits::BUNDLE_BYTES.check(bytes.len(), "")?;
    let text = std::str::from_utf8(bytes).ok();
    let contains = |needle: &str| text.is_some_and(|text| text.contains(needle));
    if text.is_some_and(|text| text.trim_start().starts_with('{')) {
        return match () {
            () if contains("trustedroot") => {
                TrustedRoot::from_json(bytes).map(|root| Inspection::TrustedRoot((&root).into()))
            }
            () if contains("\"payloadType\"") && !contains("\"mediaType\"") => {
                Material::detached_envelope(bytes, None)
                    .map(|material| Inspection::Envelope(Box::new((&material).into())))
            }
            () => Material::from_bundle(bytes)
                .map(|material| Inspection::Bundle(Box::new((&material).into()))),
        };
    }
    if contains("\n\n\u{2014} ") {
        return text.map_or_else(
            || Err(unrecognised()),
            |note| {
                Checkpoint::parse(note)
                    .map(|checkpoint| Inspection::Checkpoint((&checkpoint).into()))
            },
        );
    }
    binary(bytes)
}

/// PEM, DER, base64 of either, or a bare signature.
fn binary(bytes: &[u8]) -> Result<Inspection> {
    let decoded = cosign::base64_or_raw(bytes);
    let encoding = if decoded == bytes { "raw" } else { "base64" };
    let is_pem = pem::looks_like_pem(&decoded);
    if let Ok(key) = PublicKey::parse(&decoded) {
        return Ok(Inspection::PublicKey((&key).into()));
    }
    let certificates = cosign::certificates(bytes).and_then(|ders| {
        ders.iter()
            .map(|der| Certificate::parse(der).map(|certificate| (&certificate).into()))
            .collect::<Result<Vec<_>>>()
    });
    match certificates {
        Ok(certificates) => return Ok(Inspection::Certificates { certificates }),
        Err(failure) if is_pem => return Err(failure),
        Err(_) => {}
    }
    if let Ok(token) = Token::parse(&decoded) {
        return TimestampContents::read(&token).map(Inspection::Timestamp);
    }
    if decoded.is_empty() || decoded.len() > MAX_SIGNATURE {
        return Err(unrecognised());
    }
    Ok(Inspection::Signature {
        encoding,
        length: decoded.len(),
        ecdsa: is_ecdsa(&decoded),
    })
}

fn is_ecdsa(signature: &[u8]) -> bool {
    let read = || {
        let mut sequence = crate::asn1::Der::only_sequence(signature)?;
        sequence.expect(der::Tag::Integer)?;
        sequence.expect(der::Tag::Integer)?;
        sequence.finish()
    };
    read().is_ok()
}

fn unrecognised() -> Failure {
    Failure::new(Reason::MaterialMalformed)
        .expected("a bundle, certificate, key, signature, timestamp, checkpoint or trusted root")
        .found("none of them")
}

impl From<&Material> for BundleContents {
    fn from(material: &Material) -> Self {
        let (certificate, intermediates, public_key) = match &material.verifier {
            VerifierMaterial::Certificate {
                leaf,
                intermediates,
            } => (
                Certificate::parse(leaf).ok().map(|leaf| (&leaf).into()),
                intermediates.len(),
                None,
            ),
            VerifierMaterial::PublicKey(key) => (None, 0, Some(key.into())),
            VerifierMaterial::Hint => (None, 0, None),
        };
        Self {
            format: FormatFacts {
                format: material.format().as_str(),
            },
            message_digest: match &material.content {
                SignedMaterial::Message { digest, .. } => *digest,
                _ => None,
            },
            statement: material
                .unverified_statement()
                .map(|statement| StatementContents {
                    predicate_type: statement.predicate_type().into(),
                    subjects: statement
                        .subjects()
                        .iter()
                        .map(|subject| SubjectContents {
                            name: subject.name().into(),
                            digests: subject
                                .digests()
                                .map(|(algorithm, value)| format!("{algorithm}:{value}"))
                                .collect(),
                        })
                        .collect(),
                }),
            certificate,
            intermediates,
            public_key,
            log_entries: material.entries.iter().map(Into::into).collect(),
            timestamps: material
                .timestamps
                .iter()
                .filter_map(|der| TimestampContents::read(&Token::parse(der).ok()?).ok())
                .collect(),
        }
    }
}

impl From<&Certificate<'_>> for CertificateContents {
    fn from(certificate: &Certificate<'_>) -> Self {
        Self {
            sha256: HEXLOWER.encode(&certificate.fingerprint()),
            serial: HEXLOWER.encode(certificate.serial),
            subject: Name(certificate.subject).to_string(),
            issued_by: Name(certificate.issuer).to_string(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            authority: certificate.is_ca().unwrap_or(false),
            key: certificate.public_key().ok().map(|key| (&key).into()),
            scts: sct::count(certificate),
            claims: certificate.claims().ok(),
        }
    }
}

impl From<&PublicKey> for KeyContents {
    fn from(key: &PublicKey) -> Self {
        Self {
            algorithm: key.kind().to_string(),
            sha256: HEXLOWER.encode(&key.fingerprint()),
        }
    }
}

impl From<&LogEntry> for LogEntryContents {
    fn from(entry: &LogEntry) -> Self {
        Self {
            entry: format!("{} {}", entry.kind.name(), entry.kind.version()),
            log_id: HEXLOWER.encode(&entry.log_id),
            log_index: entry.log_index,
            integrated_time: entry.time(),
            promise: entry.promise.is_some(),
            checkpoint: entry
                .proof
                .as_ref()
                .and_then(|proof| Checkpoint::parse(proof.checkpoint()).ok())
                .map(|checkpoint| (&checkpoint).into()),
        }
    }
}

impl From<&Checkpoint<'_>> for CheckpointContents {
    fn from(checkpoint: &Checkpoint<'_>) -> Self {
        Self {
            origin: checkpoint.origin.to_owned(),
            tree_size: checkpoint.size,
            root_hash: HEXLOWER.encode(&checkpoint.root_hash),
            signers: checkpoint.signers().map(str::to_owned).collect(),
        }
    }
}

impl TimestampContents {
    /// With no authority to compare with, a token only says what it names.
    fn read(token: &Token<'_>) -> Result<Self> {
        match timestamp::check(token, &[], &[])? {
            TokenCheck::UnknownAuthority {
                issuer,
                serial,
                time,
            } => Ok(Self {
                time,
                signer: issuer,
                serial,
            }),
            TokenCheck::Verified(facts) => Ok(Self {
                time: facts.time,
                signer: facts.authority,
                serial: None,
            }),
        }
    }
}

impl From<&TrustedRoot> for TrustedRootContents {
    fn from(root: &TrustedRoot) -> Self {
        let authority = |name: &str, window: Window, chain: Vec<String>| AuthorityContents {
            name: name.to_owned(),
            valid: window.to_string(),
            chain,
        };
        Self {
            sha256: root.digest().hex(),
            logs: root.logs().iter().map(Into::into).collect(),
            ct_logs: root.ct_logs().iter().map(Into::into).collect(),
            certificate_authorities: root
                .certificate_authorities()
                .iter()
                .map(|ca| authority(ca.name(), ca.window(), ca.subjects()))
                .collect(),
            timestamp_authorities: root
                .timestamp_authorities()
                .iter()
                .map(|tsa| authority(tsa.name(), *tsa.window(), tsa.subjects()))
                .collect(),
            skipped: root.skipped().map(str::to_owned).collect(),
        }
    }
}

impl From<&Log> for LogContents {
    fn from(log: &Log) -> Self {
        Self {
            url: log.base_url.clone(),
            log_id: HEXLOWER.encode(&log.id),
            key: (&log.key).into(),
            valid: log.window.to_string(),
            operator: log.operator.clone(),
        }
    }
}

/// RSA-4096 is 512 bytes; nothing that signs makes longer ones.
const MAX_SIGNATURE: usize = 1024;

#[cfg(test)]
mod tests {
    use sealcheck_testkit::Instance;

    use super::{Inspection, inspect};

    #[test]
    fn every_kind_of_file_is_recognised() {
        let sigstore = Instance::new();
        let signed = sigstore.sign_blob(b"hello");
        let kind = |bytes: &[u8]| {
            serde_json::to_value(inspect(bytes).unwrap()).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(kind(&signed.bundle_bytes()), "bundle");
        assert_eq!(
            kind(sigstore.trusted_root_bytes().as_slice()),
            "trusted-root"
        );
        assert_eq!(kind(signed.sig_file().as_bytes()), "signature");
        assert_eq!(kind(signed.cert_file().as_bytes()), "certificates");
        let bundle = signed.bundle();
        let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
        let note = entry["inclusionProof"]["checkpoint"]["envelope"]
            .as_str()
            .unwrap();
        assert_eq!(kind(note.as_bytes()), "checkpoint");
        let attestation = sigstore.attest_blob(b"hello");
        assert_eq!(kind(&attestation.bundle_bytes()), "bundle");
        assert_eq!(
            kind(attestation.bundle()["dsseEnvelope"].to_string().as_bytes()),
            "envelope"
        );
    }

    #[test]
    fn a_bundle_shows_who_claims_to_have_signed() {
        let bytes = Instance::new().sign_blob(b"hello").bundle_bytes();
        let Ok(Inspection::Bundle(contents)) = inspect(&bytes) else {
            panic!("no bundle")
        };
        let certificate = contents.certificate.unwrap();
        assert_eq!(certificate.scts, 1);
        assert!(certificate.claims.unwrap().subject().is_some());
        assert!(contents.log_entries[0].promise && contents.log_entries[0].checkpoint.is_some());
    }

    #[test]
    fn anything_else_is_refused() {
        for bytes in [
            &b""[..],
            &[0xff; 2000],
            b"{}",
            b"-----BEGIN X-----\nAA==\n-----END X-----",
        ] {
            assert!(inspect(bytes).is_err(), "{bytes:?}");
        }
    }
}
