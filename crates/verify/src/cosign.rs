//! Material in the forms that cosign wrote before Sigstore bundles: detached files, the legacy bundle for blobs,
//! and simple-signing payloads with annotations.

use data_encoding::HEXLOWER;
use serde::Deserialize;

use crate::bundle::{certificate_chain, signed_envelope};
use crate::dsse::Envelope;
use crate::json::{self, Base64, Natural};
use crate::key::PublicKey;
use crate::limits::{BUNDLE_BYTES, CERTIFICATE_BYTES, DSSE_PAYLOAD_BYTES, SIGNATURE_BYTES};
use crate::log::LogEntry;
use crate::log::body::EntryKind;
use crate::material::{Format, Material, SignedMaterial, VerifierMaterial};
use crate::statement::{Annotations, or_default};
use crate::{Digest, Failure, Reason, Result, pem};

/// The annotations of a signature layer, by what they hold (`dev.cosignproject.cosign/signature`,
/// `dev.sigstore.cosign/certificate`, `…/chain`, `…/bundle`, `…/rfc3161timestamp`).
#[derive(Clone, Copy, Debug, Default)]
pub struct SignatureAnnotations<'a> {
    /// The signature in base64.
    pub signature: &'a str,
    /// The certificate in PEM.
    pub certificate: Option<&'a str>,
    /// The certificate chain in PEM, issuing authority first.
    pub chain: Option<&'a str>,
    /// The log entry with its promise, in JSON.
    pub bundle: Option<&'a str>,
    /// The RFC 3161 timestamp, in JSON.
    pub timestamp: Option<&'a str>,
}

impl Material {
    /// A signature file with a certificate file, or with none when the caller has the key.
    ///
    /// The signature is base64 or raw, the certificate PEM, base64 of PEM (as Kubernetes publishes it) or DER.
    ///
    /// # Errors
    /// [`Reason::MaterialMalformed`], [`Reason::LimitExceeded`].
    pub fn detached(signature: &[u8], certificate: Option<&[u8]>) -> Result<Self> {
        SIGNATURE_BYTES.check(signature.len(), "signature")?;
        let decoded = base64_or_raw(signature);
        if let Some(found) = not_a_signature(signature, &decoded) {
            return Err(malformed("signature")
                .expected("a signature, in base64 or raw")
                .found(found));
        }
        let mut material = Self::new(
            Format::Detached,
            SignedMaterial::Message {
                signature: decoded,
                digest: None,
            },
        );
        material.add_part("signature", signature);
        match certificate {
            None => Ok(material),
            Some(certificate) => material.with_certificate(certificate),
        }
    }

    /// A DSSE envelope file with a certificate file, or with none when the caller has the key.
    ///
    /// # Errors
    /// As [`Material::detached`].
    pub fn detached_envelope(envelope: &[u8], certificate: Option<&[u8]>) -> Result<Self> {
        DSSE_PAYLOAD_BYTES.check(envelope.len(), "dsseEnvelope")?;
        let parsed: Envelope = json::parse(envelope, Reason::MaterialMalformed)?;
        let mut material = Self::new(Format::DetachedEnvelope, signed_envelope(parsed)?);
        material.add_part("envelope", envelope);
        match certificate {
            None => Ok(material),
            Some(certificate) => material.with_certificate(certificate),
        }
    }

    /// A container image's signature: the simple-signing payload and the annotations of its layer.
    ///
    /// # Errors
    /// As [`Material::from_bundle`].
    pub fn simple_signing(payload: &[u8], annotations: SignatureAnnotations<'_>) -> Result<Self> {
        DSSE_PAYLOAD_BYTES.check(payload.len(), "payload")?;
        annotations.check_sizes()?;
        json::check_depth(payload, "payload")?;
        let wire: PayloadWire = json::parse(payload, Reason::MaterialMalformed)
            .map_err(|failure| failure.within("payload"))?;
        if wire.critical.kind != COSIGN_SIGNATURE {
            return Err(malformed("payload.critical.type")
                .expected(COSIGN_SIGNATURE)
                .found(wire.critical.kind));
        }
        // Manifests are named by the digests that also sign; the others could only be taken on trust.
        let image = wire.critical.image.digest.parse::<Digest>().ok();
        let image = image.filter(|digest| digest.algorithm().signs());
        let image = image.ok_or_else(|| {
            malformed("payload.critical.image.docker-manifest-digest")
                .expected("a digest by sha256, sha384 or sha512")
                .found(&wire.critical.image.digest)
        })?;
        let signature =
            json::base64(annotations.signature.trim()).filter(|signature| !signature.is_empty());
        let mut material = Self::new(
            Format::SimpleSigning,
            SignedMaterial::SimpleSigning {
                payload: payload.to_vec(),
                signature: signature.ok_or_else(|| malformed("signature").expected("base64"))?,
                image,
                reference: wire.critical.identity.reference.into(),
                annotations: wire.optional,
            },
        );
        material.add_part("payload", payload);
        material.add_part("signature", annotations.signature.as_bytes());
        material.with_annotations(annotations)
    }

    /// A container image's attestation as cosign attached them before bundles: the DSSE envelope and the annotations of its
    /// layer. The signature stands in the envelope; the annotation for it is empty and not looked at.
    ///
    /// # Errors
    /// As [`Material::from_bundle`].
    pub fn attestation_layer(
        envelope: &[u8],
        annotations: SignatureAnnotations<'_>,
    ) -> Result<Self> {
        DSSE_PAYLOAD_BYTES.check(envelope.len(), "dsseEnvelope")?;
        annotations.check_sizes()?;
        let parsed: Envelope = json::parse(envelope, Reason::MaterialMalformed)?;
        let mut material = Self::new(Format::AttestationLayer, signed_envelope(parsed)?);
        material.add_part("envelope", envelope);
        material.with_annotations(annotations)
    }

    /// What the annotations of a layer hold beside the signature.
    fn with_annotations(self, annotations: SignatureAnnotations<'_>) -> Result<Self> {
        let mut material = self;
        if let Some(certificate) = annotations.certificate {
            let mut chain = certificates(certificate.as_bytes())?;
            chain.extend(
                annotations
                    .chain
                    .map_or(Ok(Vec::new()), |text| certificates(text.as_bytes()))?,
            );
            material.verifier =
                certificate_chain(chain).map_err(|failure| failure.within("certificate"))?;
            material.add_part("certificate", certificate.as_bytes());
            if let Some(chain) = annotations.chain {
                material.add_part("chain", chain.as_bytes());
            }
        }
        if let Some(text) = annotations.bundle {
            let wire: RekorBundleWire = json::parse(text.as_bytes(), Reason::LogEntryMalformed)
                .map_err(|failure| failure.within("bundle"))?;
            material
                .entries
                .push(wire.read().map_err(|failure| failure.within("bundle"))?);
            material.add_part("rekor-bundle", text.as_bytes());
        }
        if let Some(text) = annotations.timestamp {
            let wire: TimestampWire = json::parse(text.as_bytes(), Reason::TimestampMalformed)?;
            material = material.with_timestamp(&wire.token.0)?;
        }
        Ok(material)
    }

    fn new(format: Format, content: SignedMaterial) -> Self {
        Self {
            format,
            content,
            verifier: VerifierMaterial::Hint,
            entries: Vec::new(),
            timestamps: Vec::new(),
            scts: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn with_certificate(mut self, certificate: &[u8]) -> Result<Self> {
        CERTIFICATE_BYTES.check(certificate.len(), "certificate")?;
        self.verifier = certificate_chain(certificates(certificate)?)
            .map_err(|failure| failure.within("certificate"))?;
        self.add_part("certificate", certificate);
        Ok(self)
    }
}

impl SignatureAnnotations<'_> {
    fn check_sizes(&self) -> Result<()> {
        let length = |text: Option<&str>| text.map_or(0, str::len);
        SIGNATURE_BYTES.check(self.signature.len(), "signature")?;
        CERTIFICATE_BYTES.check(length(self.certificate), "certificate")?;
        CERTIFICATE_BYTES.check(length(self.chain), "chain")?;
        BUNDLE_BYTES.check(length(self.bundle), "bundle")?;
        BUNDLE_BYTES.check(length(self.timestamp), "timestamp")
    }
}

/// Reads cosign's legacy bundle, of a signature or of an attestation.
pub(crate) fn parse_bundle(bytes: &[u8]) -> Result<Material> {
    let wire: BundleWire = json::parse(bytes, Reason::MaterialMalformed)?;
    if wire.signature.0.is_empty() {
        return Err(Failure::new(Reason::MaterialIncomplete)
            .at("base64Signature")
            .expected("a signature")
            .found("nothing"));
    }
    let content = match is_json(&wire.signature.0) {
        // What `cosign attest-blob` puts there is the whole envelope.
        true => json::parse::<Envelope>(&wire.signature.0, Reason::MaterialMalformed)
            .and_then(signed_envelope)
            .map_err(|failure| failure.within("base64Signature"))?,
        false => SignedMaterial::Message {
            signature: wire.signature.0,
            digest: None,
        },
    };
    let mut material = Material::new(Format::CosignBundle, content);
    if let Some(certificate) = wire.certificate.filter(|text| !text.is_empty()) {
        material.verifier =
            certificate_or_key(certificate.as_bytes()).map_err(|failure| failure.within("cert"))?;
    }
    if let Some(entry) = wire.rekor_bundle {
        material.entries.push(
            entry
                .read()
                .map_err(|failure| failure.within("rekorBundle"))?,
        );
    }
    material.add_part("bundle", bytes);
    Ok(material)
}

/// The `cert` field holds a certificate, or a bare public key when a key signed. The key is never believed
/// (GHSA-fx35-mq7g-6g98): it may only repeat the one that the caller gave.
fn certificate_or_key(text: &[u8]) -> Result<VerifierMaterial> {
    let text = base64_or_raw(text);
    if let Ok(blocks) = pem::decode(&text)
        && let [(label, spki)] = blocks.as_slice()
        && label == "PUBLIC KEY"
    {
        return PublicKey::from_spki(spki)
            .map(VerifierMaterial::PublicKey)
            .map_err(|failure| Failure {
                reason: Reason::MaterialMalformed,
                ..failure
            });
    }
    certificate_chain(certificates(&text)?)
}

/// The certificates in PEM, base64 of PEM, base64 of DER, or DER.
pub(crate) fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let file = bytes;
    let bytes = match pem::looks_like_pem(file) {
        true => file.to_vec(),
        false => base64_or_raw(file),
    };
    if !pem::looks_like_pem(&bytes)
        && bytes.first().is_some_and(|first| *first != SEQUENCE)
        && is_text(file)
    {
        return Err(malformed("certificate")
            .expected("a certificate, in PEM or DER")
            .found("text that is no certificate, such as a server's message"));
    }
    if bytes.is_empty() {
        return Err(malformed("certificate")
            .expected("a certificate")
            .found("an empty file"));
    }
    if !pem::looks_like_pem(&bytes) {
        return Ok(vec![bytes]);
    }
    let blocks = pem::decode(&bytes).map_err(|problem| malformed("certificate").detail(problem))?;
    blocks
        .into_iter()
        .map(|(label, der)| match label.as_str() {
            "CERTIFICATE" => Ok(der),
            other => Err(malformed("certificate")
                .expected("CERTIFICATE blocks only")
                .found(other)),
        })
        .collect()
}

/// Decodes base64 with white space around and between lines; anything else is taken as it is.
pub(crate) fn base64_or_raw(bytes: &[u8]) -> Vec<u8> {
    // The dashes of its boundary lines are letters of the URL alphabet.
    if pem::looks_like_pem(bytes) {
        return bytes.to_vec();
    }
    let compact: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    std::str::from_utf8(&compact)
        .ok()
        .and_then(json::base64)
        .unwrap_or_else(|| bytes.to_vec())
}

/// Whether it is the text of a JSON object. No signature of any length in use is all text by chance.
fn is_json(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.trim_start().starts_with('{'))
}

/// What a file holds that was taken for a signature and is none, as when names were swapped or a server's message was
/// saved under its name. Raw signatures are DER (ECDSA), 64 octets (Ed25519) or as long as the modulus (RSA).
fn not_a_signature(file: &[u8], decoded: &[u8]) -> Option<&'static str> {
    if decoded.trim_ascii().is_empty() {
        return Some("an empty file");
    }
    match (pem::looks_like_pem(decoded), is_json(decoded)) {
        (true, _) => Some("PEM text, such as a certificate"),
        (_, true) => Some("a JSON document, such as a bundle"),
        // A short message can be base64 by chance, but not of anything that is as long as a signature.
        _ if is_text(decoded) || is_text(file) && decoded.len() < SHORTEST_SIGNATURE => {
            Some("text that is no signature, such as a server's message")
        }
        _ => None,
    }
}

/// Whether the bytes are text for people. No signature or certificate is, by chance: it has too many octets.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .all(|character| !character.is_control() || character.is_ascii_whitespace())
    })
}

fn malformed(field: &'static str) -> Failure {
    Failure::new(Reason::MaterialMalformed).at(field)
}

const COSIGN_SIGNATURE: &str = "cosign container image signature";

/// ECDSA on P-256 has about 70 octets in DER. One of fewer than 40 would need numbers with 15 leading zero octets each.
const SHORTEST_SIGNATURE: usize = 40;

/// The first octet of a certificate: SEQUENCE (X.690, section 8.9).
const SEQUENCE: u8 = 0x30;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BundleWire {
    #[serde(rename = "base64Signature")]
    signature: Base64,
    #[serde(default, rename = "cert")]
    certificate: Option<String>,
    #[serde(default)]
    rekor_bundle: Option<RekorBundleWire>,
}

/// cosign's `RekorBundle`: an entry with its promise and without a proof.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RekorBundleWire {
    #[serde(rename = "SignedEntryTimestamp")]
    promise: Base64,
    #[serde(rename = "Payload")]
    payload: RekorPayloadWire,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RekorPayloadWire {
    body: Base64,
    integrated_time: Natural,
    log_index: Natural,
    #[serde(rename = "logID")]
    log_id: String,
}

impl RekorBundleWire {
    fn read(self) -> Result<LogEntry> {
        let log_id = HEXLOWER
            .decode(self.payload.log_id.as_bytes())
            .ok()
            .and_then(|id| id.try_into().ok())
            .ok_or_else(|| {
                Failure::new(Reason::LogEntryMalformed)
                    .at("Payload.logID")
                    .expected("64 hex digits")
                    .found(&self.payload.log_id)
            })?;
        crate::limits::LOG_BODY_BYTES.check(self.payload.body.0.len(), "Payload.body")?;
        Ok(LogEntry {
            log_index: self.payload.log_index.0,
            log_id,
            kind: EntryKind::of_body(&self.payload.body.0)
                .map_err(|failure| failure.within("Payload.body"))?,
            integrated_time: Some(self.payload.integrated_time.0),
            promise: Some(self.promise.0),
            proof: None,
            body: self.payload.body.0,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimestampWire {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: Base64,
}

/// A simple-signing payload (containers/image, `docs/containers-signature.5.md`).
#[derive(Deserialize)]
struct PayloadWire {
    critical: CriticalWire,
    #[serde(default, deserialize_with = "or_default")]
    optional: Annotations,
}

#[derive(Deserialize)]
struct CriticalWire {
    identity: ReferenceWire,
    image: ImageWire,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct ReferenceWire {
    #[serde(default, rename = "docker-reference")]
    reference: String,
}

#[derive(Deserialize)]
struct ImageWire {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}
