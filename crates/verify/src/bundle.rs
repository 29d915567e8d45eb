//! Sigstore bundles, version 0.1 to 0.3 (`dev.sigstore.bundle.v1.Bundle` in protobuf JSON).

use std::borrow::Cow;

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::json;

use crate::certificate::Certificate;
use crate::digest::{Digest, DigestAlgorithm};
use crate::dsse::{Envelope, IN_TOTO};
use crate::json::{self, Base64};
use crate::limits::{CHAIN_CERTIFICATES, LOG_ENTRIES, TIMESTAMP_BYTES, TIMESTAMPS};
use crate::log::{LogEntry, LogEntryWire};
use crate::material::{Format, Material, SignedMaterial, VerifierMaterial};
use crate::statement::Statement;
use crate::{Artifact, Failure, Reason, Result};

/// Reads a bundle.
pub(crate) fn parse(bytes: &[u8]) -> Result<Material> {
    let wire: Wire<'_> = json::parse(bytes, Reason::MaterialMalformed)?;
    let format = match &*wire.media_type {
        "application/vnd.dev.sigstore.bundle+json;version=0.1" => Format::BundleV01,
        "application/vnd.dev.sigstore.bundle+json;version=0.2" => Format::BundleV02,
        "application/vnd.dev.sigstore.bundle+json;version=0.3" | MEDIA_TYPE => Format::BundleV03,
        other => {
            return Err(Failure::new(Reason::MediaTypeUnsupported)
                .at("mediaType")
                .expected(MEDIA_TYPE)
                .found(other));
        }
    };
    let content = match (wire.message_signature, wire.dsse_envelope) {
        (Some(message), None) => message
            .read()
            .map_err(|failure| failure.within("messageSignature"))?,
        (None, Some(envelope)) => signed_envelope(envelope)?,
        (message, _) => {
            return Err(Failure::new(Reason::MaterialIncomplete)
                .expected("either messageSignature or dsseEnvelope")
                .found(if message.is_some() { "both" } else { "neither" }));
        }
    };
    let material = wire.verification_material;
    let (entries, timestamps) = (material.tlog_entries, material.timestamp_verification_data);
    let within = |failure: Failure| failure.within("verificationMaterial");
    let mut material = Material {
        format,
        content,
        verifier: verifier(
            material.certificate,
            material.x509_certificate_chain,
            material.public_key,
            format,
        )
        .map_err(within)?,
        entries: log_entries(entries).map_err(within)?,
        timestamps: timestamps.unwrap_or_default().read().map_err(within)?,
        scts: Vec::new(),
        parts: Vec::with_capacity(1),
    };
    material.add_part("bundle", bytes);
    Ok(material)
}

/// Reads the statement in an envelope and checks the envelope's shape.
pub(crate) fn signed_envelope(envelope: Envelope) -> Result<SignedMaterial> {
    envelope.check()?;
    let statement = match envelope.payload_type.as_str() {
        IN_TOTO => Statement::parse(&envelope.payload.0),
        other => Err(Failure::new(Reason::StatementMalformed)
            .at("payloadType")
            .expected(IN_TOTO)
            .found(other)),
    };
    Ok(SignedMaterial::Envelope {
        envelope,
        statement: statement.map_err(|failure| failure.within("dsseEnvelope")),
    })
}

/// The digest algorithm with this name in protobuf-specs (`HashAlgorithm`).
pub(crate) fn hash_algorithm(name: &str) -> Option<DigestAlgorithm> {
    match name {
        "SHA2_256" => Some(DigestAlgorithm::Sha256),
        "SHA2_384" => Some(DigestAlgorithm::Sha384),
        "SHA2_512" => Some(DigestAlgorithm::Sha512),
        _ => None,
    }
}

fn verifier(
    certificate: Option<CertificateWire>,
    chain: Option<ChainWire>,
    public_key: Option<HintWire<'_>>,
    format: Format,
) -> Result<VerifierMaterial> {
    match (certificate, chain, public_key) {
        (Some(certificate), None, None) if format == Format::BundleV03 => {
            Ok(VerifierMaterial::Certificate {
                leaf: certificate.raw_bytes.0,
                intermediates: Vec::new(),
                chain: false,
            })
        }
        (Some(_), None, None) => Err(Failure::new(Reason::MaterialMalformed)
            .at("certificate")
            .expected("x509CertificateChain before bundle version 0.3")
            .found("certificate")),
        (None, Some(chain), None) => certificate_chain(
            chain
                .certificates
                .into_iter()
                .map(|certificate| certificate.raw_bytes.0),
        )
        .map_err(|failure| failure.within("x509CertificateChain.certificates")),
        (None, None, Some(_)) => Ok(VerifierMaterial::Hint),
        _ => Err(Failure::new(Reason::MaterialIncomplete)
            .expected("exactly one of certificate, x509CertificateChain and publicKey")),
    }
}

/// The leaf, and the intermediates that may help to find the path.
///
/// A root proves nothing here. The format forbids it, but npm's first bundles and cosign's annotations bring it along,
/// so it is left out.
pub(crate) fn certificate_chain(
    certificates: impl IntoIterator<Item = Vec<u8>>,
) -> Result<VerifierMaterial> {
    let mut certificates = certificates.into_iter();
    let Some(leaf) = certificates.next() else {
        return Err(Failure::new(Reason::MaterialIncomplete)
            .expected("a certificate")
            .found("an empty chain"));
    };
    let mut intermediates = Vec::new();
    for (index, der) in certificates.enumerate() {
        CHAIN_CERTIFICATES.check(index + 2, "")?;
        let certificate = Certificate::parse(&der)
            .map_err(|failure| failure.within(&format!("[{}]", index + 1)))?;
        if certificate.issuer != certificate.subject {
            intermediates.push(der);
        }
    }
    Ok(VerifierMaterial::Certificate {
        leaf,
        intermediates,
        chain: true,
    })
}

fn log_entries(wires: Vec<LogEntryWire<'_>>) -> Result<Vec<LogEntry>> {
    LOG_ENTRIES.check(wires.len(), "tlogEntries")?;
    let mut entries = Vec::with_capacity(wires.len());
    for (index, wire) in wires.into_iter().enumerate() {
        entries.push(
            LogEntry::from_wire(wire)
                .map_err(|failure| failure.within(&format!("tlogEntries[{index}]")))?,
        );
    }
    Ok(entries)
}

impl Material {
    /// The proof as a Sigstore bundle of version 0.3, which keeps the log entries that were found for it.
    /// `None` when a part has no place in that format: no inclusion proof, no certificate or key hint, simple signing.
    pub fn to_bundle(&self, artifact: &Artifact<'_>) -> Option<String> {
        let mut verification = serde_json::Map::new();
        match &self.verifier {
            VerifierMaterial::Certificate { leaf, .. } => {
                verification.insert(
                    "certificate".into(),
                    json!({ "rawBytes": BASE64.encode(leaf) }),
                );
            }
            VerifierMaterial::PublicKey(key) => {
                verification.insert(
                    "publicKey".into(),
                    json!({ "hint": BASE64.encode(&key.fingerprint()) }),
                );
            }
            VerifierMaterial::Hint => {
                verification.insert("publicKey".into(), json!({ "hint": "" }));
            }
        }
        let entries: Option<Vec<_>> = self.entries.iter().map(LogEntry::to_json).collect();
        verification.insert("tlogEntries".into(), entries?.into());
        if !self.timestamps.is_empty() {
            let tokens: Vec<_> = self
                .timestamps
                .iter()
                .map(|token| json!({ "signedTimestamp": BASE64.encode(token) }))
                .collect();
            verification.insert(
                "timestampVerificationData".into(),
                json!({ "rfc3161Timestamps": tokens }),
            );
        }
        let (field, content) = match &self.content {
            SignedMaterial::Message { signature, digest } => {
                let digest = digest.or_else(|| artifact.digest(DigestAlgorithm::Sha256))?;
                let algorithm = match digest.algorithm() {
                    DigestAlgorithm::Sha384 => "SHA2_384",
                    DigestAlgorithm::Sha512 => "SHA2_512",
                    _ => "SHA2_256",
                };
                let digest =
                    json!({ "algorithm": algorithm, "digest": BASE64.encode(digest.as_bytes()) });
                (
                    "messageSignature",
                    json!({ "messageDigest": digest, "signature": BASE64.encode(signature) }),
                )
            }
            SignedMaterial::Envelope { envelope, .. } => (
                "dsseEnvelope",
                json!({
                    "payload": BASE64.encode(&envelope.payload.0),
                    "payloadType": envelope.payload_type,
                    "signatures": [{ "sig": BASE64.encode(envelope.signature()) }],
                }),
            ),
            SignedMaterial::SimpleSigning { .. } => return None,
        };
        let bundle = json!({ "mediaType": MEDIA_TYPE, "verificationMaterial": verification, field: content });
        Some(format!("{bundle:#}\n"))
    }
}

/// The media type of version 0.3.
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    media_type: Cow<'a, str>,
    #[serde(borrow)]
    verification_material: VerificationMaterialWire<'a>,
    #[serde(borrow, default)]
    message_signature: Option<MessageWire<'a>>,
    #[serde(default)]
    dsse_envelope: Option<Envelope>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VerificationMaterialWire<'a> {
    #[serde(default)]
    certificate: Option<CertificateWire>,
    #[serde(default)]
    x509_certificate_chain: Option<ChainWire>,
    #[serde(borrow, default)]
    public_key: Option<HintWire<'a>>,
    #[serde(borrow, default)]
    tlog_entries: Vec<LogEntryWire<'a>>,
    #[serde(default)]
    timestamp_verification_data: Option<TimestampsWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CertificateWire {
    raw_bytes: Base64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainWire {
    #[serde(default)]
    certificates: Vec<CertificateWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HintWire<'a> {
    #[serde(borrow, default, rename = "hint")]
    _hint: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TimestampsWire {
    #[serde(default)]
    rfc3161_timestamps: Vec<TimestampWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TimestampWire {
    signed_timestamp: Base64,
}

impl TimestampsWire {
    fn read(self) -> Result<Vec<Vec<u8>>> {
        const FIELD: &str = "timestampVerificationData.rfc3161Timestamps";
        TIMESTAMPS.check(self.rfc3161_timestamps.len(), FIELD)?;
        let mut tokens = Vec::with_capacity(self.rfc3161_timestamps.len());
        for (index, wire) in self.rfc3161_timestamps.into_iter().enumerate() {
            TIMESTAMP_BYTES.check(
                wire.signed_timestamp.0.len(),
                &format!("{FIELD}[{index}].signedTimestamp"),
            )?;
            tokens.push(wire.signed_timestamp.0);
        }
        Ok(tokens)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MessageWire<'a> {
    #[serde(borrow, default)]
    message_digest: Option<MessageDigestWire<'a>>,
    signature: Base64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageDigestWire<'a> {
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    digest: Base64,
}

impl MessageWire<'_> {
    fn read(self) -> Result<SignedMaterial> {
        let digest = match self.message_digest {
            None => None,
            Some(wire) => {
                let algorithm = hash_algorithm(&wire.algorithm).ok_or_else(|| {
                    Failure::new(Reason::AlgorithmUnsupported)
                        .at("messageDigest.algorithm")
                        .expected("SHA2_256, SHA2_384 or SHA2_512")
                        .found(&wire.algorithm)
                })?;
                Some(Digest::new(algorithm, &wire.digest.0).ok_or_else(|| {
                    Failure::new(Reason::MaterialMalformed)
                        .at("messageDigest.digest")
                        .expected(format!("a {algorithm} digest"))
                        .found(format!("{} bytes", wire.digest.0.len()))
                })?)
            }
        };
        match self.signature.0.is_empty() {
            true => Err(Failure::new(Reason::MaterialIncomplete)
                .at("signature")
                .expected("a signature")
                .found("nothing")),
            false => Ok(SignedMaterial::Message {
                signature: self.signature.0,
                digest,
            }),
        }
    }
}
