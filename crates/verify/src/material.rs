//! The proof, read into types: what every format comes down to.

use std::sync::Arc;

use crate::artifact::Needs;
use crate::certificate::{Certificate, Claims};
use crate::digest::{Digest, DigestAlgorithm};
use crate::dsse::Envelope;
use crate::evidence::{MaterialFacts, Part};
use crate::key::{KeyKind, PublicKey, SignatureScheme};
use crate::limits::{LOG_ENTRIES, TIMESTAMP_BYTES, TIMESTAMPS};
use crate::log::LogEntry;
use crate::requirements::{Requirements, Signer};
use crate::statement::{Annotations, Statement};
use crate::{Failure, Reason, Result, json};

/// The format that a proof was published in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Sigstore bundle of version 0.1.
    BundleV01,
    /// Sigstore bundle of version 0.2.
    BundleV02,
    /// Sigstore bundle of version 0.3.
    BundleV03,
    /// cosign's legacy bundle for blobs.
    CosignBundle,
    /// A signature file, with a certificate file or a key.
    Detached,
    /// A DSSE envelope file, with a certificate file or a key.
    DetachedEnvelope,
    /// cosign's simple-signing payload with annotations.
    SimpleSigning,
    /// A DSSE envelope with annotations, as cosign attached attestations before bundles.
    AttestationLayer,
}

impl Format {
    /// The name in evidence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BundleV01 => "sigstore-bundle-v0.1",
            Self::BundleV02 => "sigstore-bundle-v0.2",
            Self::BundleV03 => "sigstore-bundle-v0.3",
            Self::CosignBundle => "cosign-bundle",
            Self::Detached => "detached-signature",
            Self::DetachedEnvelope => "detached-envelope",
            Self::SimpleSigning => "simple-signing",
            Self::AttestationLayer => "attestation-layer",
        }
    }

    /// Whether every log entry must carry an inclusion proof.
    pub(crate) fn requires_proof(self) -> bool {
        matches!(self, Self::BundleV02 | Self::BundleV03)
    }
}

/// A proof: signature, certificate or key hint, log entries and timestamps. Read, but not yet verified.
///
/// ```
/// # fn main() -> Result<(), sealcheck_verify::Failure> {
/// use sealcheck_verify::{Material, Reason};
///
/// let failure = Material::from_bundle(b"{}").unwrap_err();
/// assert_eq!(failure.reason, Reason::MaterialMalformed);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Material {
    pub(crate) format: Format,
    pub(crate) content: SignedMaterial,
    pub(crate) verifier: VerifierMaterial,
    pub(crate) entries: Vec<LogEntry>,
    pub(crate) timestamps: Vec<Vec<u8>>,
    pub(crate) scts: Vec<Vec<u8>>,
    pub(crate) parts: Vec<Part>,
}

/// What was signed, and the signature.
#[derive(Clone, Debug)]
pub(crate) enum SignedMaterial {
    /// A signature over the artifact, with the digest that the material says it has.
    Message {
        signature: Vec<u8>,
        digest: Option<Digest>,
    },
    /// An envelope. Its statement is read at once, because it says which digests are needed.
    Envelope {
        envelope: Envelope,
        statement: Result<Statement>,
    },
    /// A payload that names a container image by digest.
    SimpleSigning {
        payload: Vec<u8>,
        signature: Vec<u8>,
        image: Digest,
        reference: Box<str>,
        annotations: Annotations,
    },
}

/// What the material says about the key.
#[derive(Clone, Debug)]
pub(crate) enum VerifierMaterial {
    /// DER certificates.
    Certificate {
        leaf: Vec<u8>,
        intermediates: Vec<Vec<u8>>,
        /// Whether they stood in a chain, be it of one.
        chain: bool,
    },
    /// A public key, which nothing vouches for: it may only repeat the caller's.
    PublicKey(PublicKey),
    /// Nothing, or a hint at a key that the caller must have.
    Hint,
}

impl Material {
    /// Reads a bundle: a Sigstore bundle of version 0.1 to 0.3, or cosign's legacy bundle for files.
    ///
    /// # Errors
    /// [`Reason::MaterialMalformed`], [`Reason::MediaTypeUnsupported`], [`Reason::MaterialIncomplete`],
    /// [`Reason::LimitExceeded`] and the reasons of log entries, each with the field.
    pub fn from_bundle(bytes: &[u8]) -> Result<Self> {
        crate::limits::BUNDLE_BYTES.check(bytes.len(), "")?;
        let is_cosign = || {
            bytes
                .windows(COSIGN_FIELD.len())
                .any(|window| window == COSIGN_FIELD)
        };
        let is_sigstore = bytes
            .windows(SIGSTORE_FIELD.len())
            .any(|window| window == SIGSTORE_FIELD);
        match is_sigstore || !is_cosign() {
            true => crate::bundle::parse(bytes),
            false => crate::cosign::parse_bundle(bytes),
        }
    }

    /// Puts a proof together again from the parts in its evidence, so that an auditor can repeat the verification.
    ///
    /// `format` and the roles are those of [`MaterialFacts`] and [`Part`].
    ///
    /// # Errors
    /// [`Reason::MaterialIncomplete`] for an unknown format or a missing part; otherwise as the format's own reader.
    pub fn from_parts(format: &str, parts: &[(&str, &[u8])]) -> Result<Self> {
        let optional = |role: &str| {
            parts
                .iter()
                .find(|(name, _)| *name == role)
                .map(|(_, content)| *content)
        };
        let part = |role: &'static str| {
            optional(role).ok_or_else(|| {
                Failure::new(Reason::MaterialIncomplete)
                    .at(role)
                    .expected("this part")
            })
        };
        let text = |role: &'static str| {
            let utf8 = |bytes| {
                std::str::from_utf8(bytes)
                    .map_err(|_| Failure::new(Reason::MaterialMalformed).at(role))
            };
            optional(role).map(utf8).transpose()
        };
        let mut material = match format {
            "detached-signature" => Self::detached(part("signature")?, optional("certificate"))?,
            "detached-envelope" => {
                Self::detached_envelope(part("envelope")?, optional("certificate"))?
            }
            "simple-signing" | "attestation-layer" => {
                let annotations = crate::SignatureAnnotations {
                    signature: text("signature")?.unwrap_or_default(),
                    certificate: text("certificate")?,
                    chain: text("chain")?,
                    bundle: text("rekor-bundle")?,
                    timestamp: None,
                };
                match format {
                    "simple-signing" => Self::simple_signing(part("payload")?, annotations)?,
                    _ => Self::attestation_layer(part("envelope")?, annotations)?,
                }
            }
            _ => Self::from_bundle(part("bundle")?)?,
        };
        for (role, content) in parts {
            material = match *role {
                "log-entry" => material.with_log_entry(content)?,
                "timestamp" => material.with_timestamp(content)?,
                "sct" => material.with_sct(content),
                _ => material,
            };
        }
        match material.format.as_str() == format {
            true => Ok(material),
            false => Err(Failure::new(Reason::MaterialMalformed)
                .at("format")
                .expected(material.format.as_str())
                .found(format)),
        }
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the proof is an attestation.
    pub fn is_attestation(&self) -> bool {
        matches!(self.content, SignedMaterial::Envelope { .. })
    }

    /// The signature, as bytes.
    pub fn signature(&self) -> &[u8] {
        match &self.content {
            SignedMaterial::Message { signature, .. }
            | SignedMaterial::SimpleSigning { signature, .. } => signature,
            SignedMaterial::Envelope { envelope, .. } => envelope.signature(),
        }
    }

    /// The SHA-256 of what was signed, by which logs index it, where that is not the artifact itself: the payload of an
    /// envelope, or of simple signing.
    pub fn payload_digest(&self) -> Option<Digest> {
        match &self.content {
            SignedMaterial::Message { .. } => None,
            SignedMaterial::SimpleSigning { payload, .. } => Some(Digest::sha256(payload)),
            SignedMaterial::Envelope { envelope, .. } => Some(Digest::sha256(&envelope.payload.0)),
        }
    }

    /// What a timestamp is over: the signature; for a layer with an attestation the whole envelope, as cosign sends it.
    pub(crate) fn timestamped(&self) -> &[u8] {
        match (self.format, self.parts.first()) {
            // The first part of a layer is its content.
            (Format::AttestationLayer, Some(envelope)) => &envelope.content,
            _ => self.signature(),
        }
    }

    /// What the certificate says of its owner, **without any verification**. For display only.
    pub fn unverified_claims(&self) -> Option<Claims> {
        match &self.verifier {
            VerifierMaterial::Certificate { leaf, .. } => {
                Certificate::parse(leaf).and_then(|leaf| leaf.claims()).ok()
            }
            _ => None,
        }
    }

    /// The statement of an attestation, **without any verification**. For display only.
    pub fn unverified_statement(&self) -> Option<&Statement> {
        match &self.content {
            SignedMaterial::Envelope { statement, .. } => statement.as_ref().ok(),
            _ => None,
        }
    }

    /// The DER signing certificate.
    pub fn certificate(&self) -> Option<&[u8]> {
        match &self.verifier {
            VerifierMaterial::Certificate { leaf, .. } => Some(leaf),
            _ => None,
        }
    }

    /// Whether the material brings any source of trusted time.
    pub fn has_time(&self) -> bool {
        self.entries.iter().any(|entry| entry.promise.is_some()) || !self.timestamps.is_empty()
    }

    /// Whether the material brings any log entry.
    pub fn has_log_entry(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Adds a log entry that was found elsewhere, as protobuf JSON
    /// (`dev.sigstore.rekor.v1.TransparencyLogEntry`).
    ///
    /// # Errors
    /// As [`Material::from_bundle`].
    pub fn with_log_entry(mut self, entry: &[u8]) -> Result<Self> {
        let wire = json::parse(entry, Reason::LogEntryMalformed)?;
        self.entries.push(LogEntry::from_wire(wire)?);
        LOG_ENTRIES.check(self.entries.len(), "logEntries")?;
        self.add_part("log-entry", entry);
        Ok(self)
    }

    /// Adds an RFC 3161 timestamp that was found elsewhere (DER).
    ///
    /// # Errors
    /// [`Reason::LimitExceeded`].
    pub fn with_timestamp(mut self, token: &[u8]) -> Result<Self> {
        TIMESTAMP_BYTES.check(token.len(), "timestamp")?;
        self.timestamps.push(token.to_vec());
        TIMESTAMPS.check(self.timestamps.len(), "timestamps")?;
        self.add_part("timestamp", token);
        Ok(self)
    }

    /// Adds a signed certificate timestamp that does not stand in the certificate, as cosign's `--sct` file.
    #[must_use]
    pub fn with_sct(mut self, sct: &[u8]) -> Self {
        self.scts.push(sct.to_vec());
        self.add_part("sct", sct);
        self
    }

    /// What must be computed of the artifact, so that it needs to be read only once.
    pub fn needs(&self, requirements: &Requirements) -> Needs {
        let mut needs = Needs::sha256();
        match &self.content {
            SignedMaterial::Message { signature, digest } => {
                let key = match (&requirements.signer, &self.verifier) {
                    (Signer::Key(key), _) => Some(key.clone()),
                    (_, VerifierMaterial::Certificate { leaf, .. }) => Certificate::parse(leaf)
                        .and_then(|leaf| leaf.public_key())
                        .ok(),
                    _ => None,
                };
                let Some(key) = key else { return needs };
                for scheme in message_schemes(
                    self.format,
                    key.kind(),
                    *digest,
                    requirements.digest_algorithm,
                ) {
                    match scheme.digest() {
                        Some(algorithm) => needs.add(algorithm),
                        None => needs.ed25519.push((key.clone(), signature.clone())),
                    }
                }
                if let Some(digest) = digest {
                    needs.add(digest.algorithm());
                }
            }
            SignedMaterial::Envelope {
                statement: Ok(statement),
                ..
            } => {
                statement
                    .digest_algorithms()
                    .for_each(|algorithm| needs.add(algorithm));
            }
            SignedMaterial::Envelope { .. } | SignedMaterial::SimpleSigning { .. } => {}
        }
        needs
    }

    pub(crate) fn add_part(&mut self, role: &'static str, content: &[u8]) {
        self.parts.push(Part {
            role,
            content: Arc::from(content),
        });
    }

    pub(crate) fn facts(&self) -> MaterialFacts {
        MaterialFacts {
            format: self.format.as_str(),
            parts: self.parts.clone(),
        }
    }

    /// Where an entry stands, for failures.
    pub(crate) fn entry_field(&self, index: usize) -> String {
        match (self.format, index) {
            (Format::BundleV01 | Format::BundleV02 | Format::BundleV03, _) => {
                format!("verificationMaterial.tlogEntries[{index}]")
            }
            (Format::CosignBundle, 0) => "rekorBundle".to_owned(),
            (Format::SimpleSigning | Format::AttestationLayer, 0) => "bundle".to_owned(),
            _ => format!("tlogEntries[{index}]"),
        }
    }

    /// Where a timestamp stands, for failures.
    pub(crate) fn timestamp_field(&self, index: usize) -> String {
        match self.format {
            Format::BundleV01 | Format::BundleV02 | Format::BundleV03 => {
                format!("verificationMaterial.timestampVerificationData.rfc3161Timestamps[{index}]")
            }
            _ => format!("timestamps[{index}]"),
        }
    }

    /// What the format requires and the reader of the format could not see yet.
    pub(crate) fn check(&self, requirements: &Requirements) -> Result<()> {
        let entry_failure =
            |index: usize, failure: Failure| failure.within(&self.entry_field(index));
        for (index, entry) in self.entries.iter().enumerate() {
            if self.format.requires_proof() && entry.proof.is_none() {
                let failure = Failure::new(Reason::MaterialIncomplete).at("inclusionProof");
                return Err(entry_failure(
                    index,
                    failure
                        .expected("an inclusion proof, as from bundle version 0.2 on")
                        .found("none"),
                ));
            }
            if self.format == Format::BundleV01 && entry.promise.is_none() {
                let failure = Failure::new(Reason::MaterialIncomplete).at("inclusionPromise");
                return Err(entry_failure(
                    index,
                    failure
                        .expected("a promise, as in bundle version 0.1")
                        .found("none"),
                ));
            }
            let same = |other: &LogEntry| {
                other.log_id == entry.log_id && other.log_index == entry.log_index
            };
            if self.entries.iter().take(index).any(same) {
                return Err(entry_failure(
                    index,
                    Failure::new(Reason::LogEntryDuplicate).found(entry.log_index),
                ));
            }
        }
        let brings_chain = matches!(
            &self.verifier,
            VerifierMaterial::Certificate { chain: true, .. }
        );
        if self.format == Format::BundleV03 && brings_chain && !requirements.certificate_chain {
            return Err(Failure::new(Reason::MaterialMalformed)
                .at("verificationMaterial.x509CertificateChain")
                .expected("one certificate, as in bundle version 0.3")
                .found("a chain"));
        }
        Ok(())
    }
}

/// The schemes by which a signature over the artifact may have been made, in the order in which they are tried.
///
/// A bundle says which digest was signed, and then no other one is tried. A detached signature says nothing:
/// cosign signs SHA-256 with every key, other signers the digest that goes with the key.
pub(crate) fn message_schemes(
    format: Format,
    key: KeyKind,
    digest: Option<Digest>,
    required: Option<DigestAlgorithm>,
) -> Vec<SignatureScheme> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let usual = match key {
        KeyKind::EcdsaP384 => Sha384,
        KeyKind::EcdsaP521 => Sha512,
        KeyKind::EcdsaP256 | KeyKind::Rsa(_) | KeyKind::Ed25519 => Sha256,
    };
    let detached = !matches!(
        format,
        Format::BundleV01 | Format::BundleV02 | Format::BundleV03
    );
    let algorithms = match (digest, required) {
        (Some(digest), _) => vec![digest.algorithm()],
        (None, Some(required)) => vec![required],
        (None, None) if detached && usual != Sha256 => vec![usual, Sha256],
        (None, None) => vec![usual],
    };
    match key {
        KeyKind::Ed25519 => match (digest.map(|digest| digest.algorithm()), required) {
            // Ed25519ph is the only one over a digest, and that is SHA-512.
            (Some(Sha512), _) | (None, Some(Sha512)) => {
                vec![SignatureScheme::Ed25519ph, SignatureScheme::Ed25519]
            }
            (Some(_), _) => vec![SignatureScheme::Ed25519],
            (None, _) => vec![SignatureScheme::Ed25519, SignatureScheme::Ed25519ph],
        },
        KeyKind::Rsa(_) => algorithms
            .into_iter()
            .flat_map(|algorithm| {
                [
                    SignatureScheme::RsaPkcs1(algorithm),
                    SignatureScheme::RsaPss(algorithm),
                ]
            })
            .collect(),
        KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521 => {
            algorithms.into_iter().map(SignatureScheme::Ecdsa).collect()
        }
    }
}

/// A field that only Sigstore bundles have, and one that only cosign's legacy bundles have.
const SIGSTORE_FIELD: &[u8] = b"\"mediaType\"";
const COSIGN_FIELD: &[u8] = b"\"base64Signature\"";
