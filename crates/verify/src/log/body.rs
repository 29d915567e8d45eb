//! Canonical bodies of log entries, and whether they describe this very signature.
//!
//! An entry that is genuine but somebody else's would lend its time to this material (CVE-2022-36056), so every
//! field that names the signature, the key and the digest is compared.

use serde::Deserialize;

use super::body_wire::*;

use crate::artifact::Artifact;
use crate::digest::{Digest, DigestAlgorithm};
use crate::dsse::Envelope;
use crate::json;
use crate::key::KeyKind;
use crate::{Failure, Reason, Result, pem};

/// Kind and version of a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    HashedRekordV001,
    HashedRekordV002,
    RekordV001,
    DsseV001,
    DsseV002,
    IntotoV001,
    IntotoV002,
}

/// What an entry must describe.
pub(crate) struct Signed<'m, 'a> {
    pub(crate) content: SignedContent<'m, 'a>,
    pub(crate) verifier: Verifier<'m>,
    /// The kind of the verifier's key.
    pub(crate) key: KeyKind,
}

/// What was signed, and the signature.
pub(crate) enum SignedContent<'m, 'a> {
    /// A signature over the artifact itself.
    Artifact {
        artifact: &'m Artifact<'a>,
        signature: &'m [u8],
        /// How the artifact was hashed for it, when the material says so.
        algorithm: Option<DigestAlgorithm>,
    },
    /// A signature over a payload that names the artifact.
    Payload {
        payload: &'m [u8],
        signature: &'m [u8],
    },
    /// A DSSE envelope.
    Envelope(&'m Envelope),
}

/// Whose signature it is.
#[derive(Clone, Copy)]
pub(crate) enum Verifier<'m> {
    /// The DER certificate in the material.
    Certificate(&'m [u8]),
    /// The DER SubjectPublicKeyInfo that the caller gave.
    PublicKey(&'m [u8]),
}

impl EntryKind {
    pub(crate) fn parse(kind: &str, version: &str) -> Result<Self> {
        match (kind, version) {
            ("hashedrekord", "0.0.1") => Ok(Self::HashedRekordV001),
            ("hashedrekord", "0.0.2") => Ok(Self::HashedRekordV002),
            ("rekord", "0.0.1") => Ok(Self::RekordV001),
            ("dsse", "0.0.1") => Ok(Self::DsseV001),
            ("dsse", "0.0.2") => Ok(Self::DsseV002),
            ("intoto", "0.0.1") => Ok(Self::IntotoV001),
            ("intoto", "0.0.2") => Ok(Self::IntotoV002),
            _ => Err(Failure::new(Reason::LogEntryUnsupported).found(format!("{kind} {version}"))),
        }
    }

    /// The kind and version that a body says of itself.
    pub(crate) fn of_body(body: &[u8]) -> Result<Self> {
        let head: Head<'_> = json::parse(body, Reason::LogEntryMalformed)?;
        Self::parse(&head.kind, &head.api_version)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HashedRekordV001 | Self::HashedRekordV002 => "hashedrekord",
            Self::RekordV001 => "rekord",
            Self::DsseV001 | Self::DsseV002 => "dsse",
            Self::IntotoV001 | Self::IntotoV002 => "intoto",
        }
    }

    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::HashedRekordV002 | Self::DsseV002 | Self::IntotoV002 => "0.0.2",
            _ => "0.0.1",
        }
    }

    /// Whether the entry is of a Rekor v2 log, which vouches for no time.
    pub(crate) fn is_v2(self) -> bool {
        matches!(self, Self::HashedRekordV002 | Self::DsseV002)
    }
}

/// Checks that the canonical body describes this signature by this key over this content.
pub(crate) fn compare(kind: EntryKind, body: &[u8], signed: &Signed<'_, '_>) -> Result<()> {
    match kind {
        EntryKind::HashedRekordV001 | EntryKind::RekordV001 => {
            hashed_v1(&parse(kind, body)?, signed)
        }
        EntryKind::HashedRekordV002 => hashed_v2(
            &parse::<HashedV2<'_>>(kind, body)?.hashed_rekord_v002,
            signed,
        ),
        EntryKind::DsseV001 => dsse_v1(&parse(kind, body)?, signed),
        EntryKind::DsseV002 => dsse_v2(&parse::<DsseV2<'_>>(kind, body)?.dsse_v002, signed),
        EntryKind::IntotoV001 => intoto_v1(&parse(kind, body)?, signed),
        EntryKind::IntotoV002 => intoto_v2(&parse::<IntotoV2<'_>>(kind, body)?.content, signed),
    }
    .map_err(|failure| match failure.field {
        Some(_) => failure.within("canonicalizedBody.spec"),
        None => failure.at("canonicalizedBody.spec"),
    })
}

/// Reads a body of `kind`, which must say the same of itself.
fn parse<'a, S: Deserialize<'a>>(kind: EntryKind, body: &'a [u8]) -> Result<S> {
    let body: Body<'_, S> = json::parse(body, Reason::LogEntryMalformed)
        .map_err(|failure| failure.within("canonicalizedBody"))?;
    match EntryKind::parse(&body.kind, &body.api_version) {
        Ok(said) if said == kind => Ok(body.spec),
        _ => Err(mismatch("kindVersion")
            .expected(format!("{} {}", body.kind, body.api_version))
            .found(format!("{} {}", kind.name(), kind.version()))),
    }
}

fn hashed_v1(spec: &HashedV1<'_>, signed: &Signed<'_, '_>) -> Result<()> {
    if let SignedContent::Envelope(_) = signed.content {
        return Err(Failure::new(Reason::LogEntryUnsupported)
            .detail("an entry for plain signatures beside an envelope"));
    }
    let (algorithm, value) = (&spec.data.hash.algorithm, &spec.data.hash.value);
    let algorithm: DigestAlgorithm = algorithm.parse().map_err(|_| unsupported(algorithm))?;
    let logged = Digest::from_hex(algorithm, value)
        .map_err(|error| malformed("data.hash.value").detail(error))?;
    signed.content.check_digest(logged)?;
    signed.content.check_signature(&spec.signature.content.0)?;
    signed
        .verifier
        .check_pem(&spec.signature.public_key.content.0)
}

fn hashed_v2(spec: &HashedRekordV2<'_>, signed: &Signed<'_, '_>) -> Result<()> {
    signed.content.check_digest(spec.data.digest()?)?;
    signed.content.check_signature(&spec.signature.content.0)?;
    spec.signature.verifier.check(signed)
}

fn dsse_v1(spec: &DsseV1<'_>, signed: &Signed<'_, '_>) -> Result<()> {
    let envelope = signed.content.envelope()?;
    // Over the JSON as it was sent to the log, which nobody can write again; the fields below bind the envelope.
    hex_digest(&spec.envelope_hash, "envelopeHash")?;
    check_payload(&spec.payload_hash, envelope)?;
    match spec.signatures.as_slice() {
        [logged] => {
            signed.content.check_signature(&logged.signature.0)?;
            signed.verifier.check_pem(&logged.verifier.0)
        }
        logged => Err(one_signature(logged.len())),
    }
}

fn dsse_v2(spec: &DsseSpecV2<'_>, signed: &Signed<'_, '_>) -> Result<()> {
    let envelope = signed.content.envelope()?;
    let logged = spec.payload_hash.digest()?;
    if Digest::of(logged.algorithm(), &envelope.payload.0) != Some(logged) {
        return Err(mismatch("payloadHash").found(logged));
    }
    match spec.signatures.as_slice() {
        [signature] => {
            signed.content.check_signature(&signature.content.0)?;
            signature.verifier.check(signed)
        }
        logged => Err(one_signature(logged.len())),
    }
}

/// `intoto` 0.0.1 does not repeat the signature; it has a hash over the envelope's JSON instead, so the envelope is
/// written again as cosign writes it. An entry over any other spelling cannot be bound to the signature and is refused.
fn intoto_v1(spec: &IntotoV1<'_>, signed: &Signed<'_, '_>) -> Result<()> {
    let envelope = signed.content.envelope()?;
    if let Some(payload) = &spec.content.payload_hash {
        check_payload(payload, envelope)?;
    }
    let logged = hex_digest(&spec.content.hash, "content.hash")?;
    if !cosign_spellings(envelope)
        .iter()
        .any(|text| Digest::of(logged.algorithm(), text.as_bytes()) == Some(logged))
    {
        return Err(mismatch("content.hash")
            .expected("the hash of this envelope")
            .found(logged));
    }
    signed.verifier.check_pem(&spec.public_key.0)
}

fn intoto_v2(content: &IntotoContentV2<'_>, signed: &Signed<'_, '_>) -> Result<()> {
    let envelope = signed.content.envelope()?;
    hex_digest(&content.hash, "content.hash")?;
    check_payload(&content.payload_hash, envelope)?;
    if content.envelope.payload_type != envelope.payload_type {
        return Err(mismatch("content.envelope.payloadType")
            .expected(&envelope.payload_type)
            .found(&content.envelope.payload_type));
    }
    match content.envelope.signatures.as_slice() {
        [logged] => {
            // The signature is in base64 twice: once as JSON bytes, once as the log writes it.
            let signature = data_encoding::BASE64.decode(&logged.sig.0);
            signed.content.check_signature(
                &signature.map_err(|_| malformed("content.envelope.signatures[0].sig"))?,
            )?;
            signed.verifier.check_pem(&logged.public_key.0)
        }
        logged => Err(one_signature(logged.len())),
    }
}

/// The JSON texts by which cosign is known to have logged an envelope: with an empty `keyid`, with its own, without.
fn cosign_spellings(envelope: &Envelope) -> [String; 3] {
    let payload = data_encoding::BASE64.encode(&envelope.payload.0);
    let signature = data_encoding::BASE64.encode(envelope.signature());
    let keyid = envelope
        .signatures
        .first()
        .map_or("", |signature| &signature.keyid);
    let kind = serde_json::Value::from(envelope.payload_type.as_str());
    let spell = |signature: String| {
        format!(r#"{{"payloadType":{kind},"payload":"{payload}","signatures":[{signature}]}}"#)
    };
    [
        spell(format!(r#"{{"keyid":"","sig":"{signature}"}}"#)),
        spell(format!(
            r#"{{"keyid":{},"sig":"{signature}"}}"#,
            serde_json::Value::from(keyid)
        )),
        spell(format!(r#"{{"sig":"{signature}"}}"#)),
    ]
}

fn check_payload(logged: &HexHash<'_>, envelope: &Envelope) -> Result<()> {
    let logged = hex_digest(logged, "payloadHash")?;
    match Digest::of(logged.algorithm(), &envelope.payload.0) {
        Some(payload) if payload == logged => Ok(()),
        Some(payload) => Err(mismatch("payloadHash").expected(payload).found(logged)),
        None => Err(unsupported(logged.algorithm().as_str())),
    }
}

impl<'m> SignedContent<'m, '_> {
    fn signature(&self) -> &'m [u8] {
        match self {
            Self::Artifact { signature, .. } | Self::Payload { signature, .. } => signature,
            Self::Envelope(envelope) => envelope.signature(),
        }
    }

    fn check_signature(&self, logged: &[u8]) -> Result<()> {
        match logged == self.signature() {
            true => Ok(()),
            false => Err(mismatch("signature")
                .expected("the signature of this material")
                .found("another signature")),
        }
    }

    fn check_digest(&self, logged: Digest) -> Result<()> {
        let algorithm = logged.algorithm();
        if let Self::Artifact {
            algorithm: Some(signed),
            ..
        } = self
            && *signed != algorithm
        {
            return Err(mismatch("data.hash")
                .expected(format!("a {signed} digest, as the one that was signed"))
                .found(logged));
        }
        let actual = match self {
            Self::Artifact { artifact, .. } => {
                artifact.digest(algorithm).filter(|_| algorithm.signs())
            }
            Self::Payload { payload, .. } => Digest::of(algorithm, payload),
            // Rekor v2 logs an envelope as a hash over what is signed (rekor-v2 specification, section 6.1.4).
            Self::Envelope(envelope) => {
                Digest::of(algorithm, &envelope.pre_authentication_encoding())
            }
        };
        match (actual, self) {
            (Some(actual), _) if actual == logged => Ok(()),
            (Some(actual), Self::Artifact { .. }) => Err(Failure::new(Reason::ArtifactMismatch)
                .at("data.hash")
                .expected(actual)
                .found(logged)),
            (Some(actual), _) => Err(mismatch("data.hash").expected(actual).found(logged)),
            (None, Self::Artifact { artifact, .. }) => Err(Failure::new(Reason::MessageRequired)
                .at("data.hash")
                .expected(format!("the file, or its {algorithm} digest"))
                .found(artifact.primary())
                .detail(format_args!(
                    "the entry has a {algorithm} digest, and none is known of the artifact"
                ))),
            (None, _) => Err(unsupported(algorithm.as_str())),
        }
    }

    fn envelope(&self) -> Result<&'m Envelope> {
        match self {
            Self::Envelope(envelope) => Ok(envelope),
            _ => Err(Failure::new(Reason::LogEntryUnsupported)
                .detail("an entry for envelopes beside a plain signature")),
        }
    }
}

impl Verifier<'_> {
    fn check_pem(self, text: &[u8]) -> Result<()> {
        let blocks = pem::decode(text).map_err(|problem| malformed("publicKey").detail(problem))?;
        match (self, blocks.as_slice()) {
            (Self::Certificate(expected), [(label, der)])
                if label == "CERTIFICATE" && der == expected =>
            {
                Ok(())
            }
            (Self::PublicKey(expected), [(label, der)])
                if label == "PUBLIC KEY" && der == expected =>
            {
                Ok(())
            }
            _ => Err(self.other("publicKey")),
        }
    }

    fn other(self, field: &'static str) -> Failure {
        mismatch(field)
            .expected(match self {
                Self::Certificate(_) => "the certificate of this material",
                Self::PublicKey(_) => "the public key that was given",
            })
            .found("another one")
    }
}

/// A digest in the one spelling in which the log writes it, so that it is the same to those who compare text.
fn hex_digest(hash: &HexHash<'_>, field: &'static str) -> Result<Digest> {
    let algorithm: DigestAlgorithm = hash
        .algorithm
        .parse()
        .map_err(|_| unsupported(&hash.algorithm))?;
    if hash.value.bytes().any(|digit| digit.is_ascii_uppercase()) {
        return Err(malformed(field).expected("lower-case hex digits"));
    }
    Digest::from_hex(algorithm, &hash.value).map_err(|error| malformed(field).detail(error))
}

fn mismatch(field: &'static str) -> Failure {
    Failure::new(Reason::LogEntryMismatch).at(field)
}

fn malformed(field: &'static str) -> Failure {
    Failure::new(Reason::LogEntryMalformed).at(field)
}

fn unsupported(algorithm: &str) -> Failure {
    Failure::new(Reason::LogEntryUnsupported)
        .expected("sha256, sha384 or sha512")
        .found(algorithm)
}

/// Whether `details` (protobuf-specs `PublicKeyDetails`) is a name for keys of this kind.
fn describes(details: &str, kind: KeyKind) -> bool {
    match kind {
        KeyKind::EcdsaP256 => details == "PKIX_ECDSA_P256_SHA_256",
        KeyKind::EcdsaP384 => {
            matches!(
                details,
                "PKIX_ECDSA_P384_SHA_384" | "PKIX_ECDSA_P384_SHA_256"
            )
        }
        KeyKind::EcdsaP521 => {
            matches!(
                details,
                "PKIX_ECDSA_P521_SHA_512" | "PKIX_ECDSA_P521_SHA_256"
            )
        }
        KeyKind::Ed25519 => matches!(details, "PKIX_ED25519" | "PKIX_ED25519_PH"),
        KeyKind::Rsa(bits) => ["PKIX_RSA_PKCS1V15_", "PKIX_RSA_PSS_"]
            .into_iter()
            .find_map(|prefix| details.strip_prefix(prefix)?.split_once('_'))
            .is_some_and(|(size, hash)| {
                size.parse() == Ok(bits) && matches!(hash, "SHA256" | "SHA384" | "SHA512")
            }),
    }
}

fn one_signature(found: usize) -> Failure {
    mismatch("signatures")
        .expected("one signature")
        .found(found)
}

impl HashOutput<'_> {
    fn digest(&self) -> Result<Digest> {
        let algorithm = crate::bundle::hash_algorithm(&self.algorithm)
            .ok_or_else(|| unsupported(&self.algorithm))?;
        Digest::new(algorithm, &self.digest.0).ok_or_else(|| malformed("digest"))
    }
}

impl VerifierV2<'_> {
    fn check(&self, signed: &Signed<'_, '_>) -> Result<()> {
        let expected = signed.verifier;
        let same = match (expected, &self.x509_certificate, &self.public_key) {
            (Verifier::Certificate(der), Some(logged), None) => logged.raw_bytes.0 == der,
            (Verifier::PublicKey(spki), None, Some(logged)) => logged.raw_bytes.0 == spki,
            _ => false,
        };
        match same {
            true if !describes(&self.key_details, signed.key) => {
                Err(mismatch("signature.verifier.keyDetails")
                    .expected(signed.key)
                    .found(&self.key_details))
            }
            true => Ok(()),
            false => Err(expected.other("signature.verifier")),
        }
    }
}
