//! What a file contains, **without verifying anything**: for people who want to look before they decide.
//!
//! ```
//! use sealcheck_verify::inspect::{Kind, inspect};
//!
//! # fn main() -> Result<(), sealcheck_verify::Failure> {
//! let note = "log.example\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— log.example AAAAAAA=\n";
//! let inspection = inspect(note.as_bytes())?;
//! assert_eq!(inspection.kind(), Kind::Checkpoint);
//! # Ok(())
//! # }
//! ```

mod certificate;
mod facts;
mod material;
mod trusted_root;

use data_encoding::HEXLOWER;
use serde::Serialize;
use serde::ser::SerializeStruct;
use serde_json::Value;

pub use certificate::certificate_names;
pub use facts::Facts;

use crate::limits::{BUNDLE_BYTES, CERTIFICATE_BYTES, SIGNATURE_BYTES};
use crate::log::checkpoint::Checkpoint;
use crate::timestamp::Token;
use crate::{Failure, PublicKey, Reason, Result, json, pem};

/// What a file is, and what it says. Nothing of it is proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    kind: Kind,
    facts: Facts,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A Sigstore bundle.
    SigstoreBundle,
    /// cosign's legacy bundle for blobs.
    CosignBundle,
    /// A DSSE envelope.
    DsseEnvelope,
    /// An in-toto statement without its envelope.
    Statement,
    /// A simple-signing payload of a container image.
    SimpleSigning,
    /// Several JSON documents, one a line.
    JsonLines,
    /// One X.509 certificate.
    Certificate,
    /// Several certificates in PEM.
    Certificates,
    /// A public key.
    PublicKey,
    /// A signature alone.
    Signature,
    /// A trusted root.
    TrustedRoot,
    /// A checkpoint of a transparency log.
    Checkpoint,
    /// An RFC 3161 timestamp.
    Timestamp,
}

impl Kind {
    /// The name in documents, for example `sigstore-bundle`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SigstoreBundle => "sigstore-bundle",
            Self::CosignBundle => "cosign-bundle",
            Self::DsseEnvelope => "dsse-envelope",
            Self::Statement => "in-toto-statement",
            Self::SimpleSigning => "simple-signing-payload",
            Self::JsonLines => "json-lines",
            Self::Certificate => "certificate",
            Self::Certificates => "certificates",
            Self::PublicKey => "public-key",
            Self::Signature => "signature",
            Self::TrustedRoot => "trusted-root",
            Self::Checkpoint => "checkpoint",
            Self::Timestamp => "rfc3161-timestamp",
        }
    }

    /// The same for people, with its article.
    pub fn title(self) -> &'static str {
        match self {
            Self::SigstoreBundle => "a Sigstore bundle",
            Self::CosignBundle => "a legacy cosign bundle",
            Self::DsseEnvelope => "a DSSE envelope",
            Self::Statement => "an in-toto statement",
            Self::SimpleSigning => "a simple-signing payload",
            Self::JsonLines => "several documents, one a line",
            Self::Certificate => "a certificate",
            Self::Certificates => "several certificates",
            Self::PublicKey => "a public key",
            Self::Signature => "a signature",
            Self::TrustedRoot => "a Sigstore trusted root",
            Self::Checkpoint => "a checkpoint of a transparency log",
            Self::Timestamp => "an RFC 3161 timestamp",
        }
    }
}

impl Inspection {
    fn new(kind: Kind, facts: Facts) -> Self {
        Self { kind, facts }
    }

    /// What the file is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it says.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl Serialize for Inspection {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Inspection", 4)?;
        out.serialize_field("schema", SCHEMA)?;
        out.serialize_field("verified", &false)?;
        out.serialize_field("kind", self.kind.as_str())?;
        out.serialize_field("contents", &self.facts)?;
        out.end()
    }
}

/// Recognises by content what a file is, and says what it contains. Nothing is verified.
///
/// # Errors
/// [`Reason::MaterialMalformed`] when it is none of what can be shown, or is broken; the reasons of the format's own
/// reader; [`Reason::LimitExceeded`].
pub fn inspect(bytes: &[u8]) -> Result<Inspection> {
    BUNDLE_BYTES.check(bytes.len(), "")?;
    let trimmed = bytes.trim_ascii();
    match trimmed.first() {
        None => Err(Failure::new(Reason::MaterialMalformed)
            .expected(EXPECTED)
            .found("an empty file")),
        // As it is: a trusted root is named by the digest of its file.
        Some(b'{') => json(bytes),
        Some(_) => match text(trimmed) {
            Some(inspection) => inspection,
            None => binary(bytes),
        },
    }
}

fn json(bytes: &[u8]) -> Result<Inspection> {
    if let Some(lines) = lines(bytes) {
        let each = lines
            .iter()
            .map(|line| one_json(line).map(|inspection| inspection.within_list()))
            .collect::<Result<Vec<_>>>()?;
        return Ok(Inspection::new(Kind::JsonLines, Facts::List(each)));
    }
    one_json(bytes)
}

fn one_json(bytes: &[u8]) -> Result<Inspection> {
    json::check_depth(bytes, "")?;
    let value: Value = json::parse(bytes, Reason::MaterialMalformed)?;
    let media_type = value.get("mediaType").and_then(Value::as_str);
    let has = |field: &str| value.get(field).is_some();
    match media_type {
        Some(text) if text.contains("trustedroot") => trusted_root::inspect(bytes),
        Some(_) => material::bundle(Kind::SigstoreBundle, bytes),
        None if has("base64Signature") => material::bundle(Kind::CosignBundle, bytes),
        None if has("payloadType") => material::envelope(bytes),
        None if has("_type") => material::statement(bytes),
        None if has("critical") => Ok(material::simple_signing(&value)),
        None => Err(Failure::new(Reason::MaterialMalformed)
            .expected(EXPECTED)
            .found(match value.as_object() {
                Some(object) => {
                    let fields: Vec<&str> = object.keys().take(8).map(String::as_str).collect();
                    format!("a JSON object with the fields {}", fields.join(", "))
                }
                None => "JSON".to_owned(),
            })),
    }
}

/// The lines, when there are several and each is a document.
fn lines(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let lines: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .collect();
    let document = |line: &&[u8]| line.starts_with(b"{") && line.ends_with(b"}");
    (lines.len() > 1 && lines.iter().all(document)).then_some(lines)
}

/// PEM, a checkpoint, or base64 of something.
fn text(bytes: &[u8]) -> Option<Result<Inspection>> {
    if pem::looks_like_pem(bytes) {
        return Some(pem_blocks(bytes));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    if text.contains("\n\n— ") {
        // The last line feed belongs to the note.
        return Some(checkpoint(&format!("{text}\n")));
    }
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let decoded = json::base64(&compact).filter(|decoded| !decoded.is_empty())?;
    Some(match pem::looks_like_pem(&decoded) {
        true => pem_blocks(&decoded),
        false => binary(&decoded),
    })
}

fn pem_blocks(bytes: &[u8]) -> Result<Inspection> {
    CERTIFICATE_BYTES.check(bytes.len(), "")?;
    let malformed = || Failure::new(Reason::MaterialMalformed);
    let blocks = pem::decode(bytes).map_err(|problem| malformed().detail(problem))?;
    if let Some((label, _)) = blocks.iter().find(|(label, _)| label.contains("PRIVATE")) {
        return Err(malformed()
            .expected("something public")
            .found(format!("a {label} block, of which nothing is shown")));
    }
    match blocks.as_slice() {
        [(label, der)] if label == "CERTIFICATE" => certificate::inspect(der),
        [(label, _)] if label == "PUBLIC KEY" || label == "RSA PUBLIC KEY" => {
            PublicKey::parse(bytes).map(|key| public_key(&key))
        }
        [(label, der)] => binary(der).map_err(|_| malformed().expected(EXPECTED).found(label)),
        blocks => {
            let each = blocks
                .iter()
                .enumerate()
                .map(|(index, (_, der))| {
                    certificate::facts(der).map_err(|failure| failure.within(&format!("[{index}]")))
                })
                .collect::<Result<Vec<_>>>()?;
            Ok(Inspection::new(Kind::Certificates, Facts::List(each)))
        }
    }
}

/// DER, or a raw signature.
fn binary(bytes: &[u8]) -> Result<Inspection> {
    if let Ok(inspection) = certificate::inspect(bytes) {
        return Ok(inspection);
    }
    if let Ok(key) = PublicKey::from_spki(bytes) {
        return Ok(public_key(&key));
    }
    if let Ok(token) = Token::parse(bytes) {
        return Ok(Inspection::new(
            Kind::Timestamp,
            material::timestamp(&token),
        ));
    }
    match signature_form(bytes) {
        Some(form) => Ok(Inspection::new(
            Kind::Signature,
            Facts::fields([
                ("form", Facts::text(form)),
                ("bytes", Facts::Number(size(bytes.len()))),
                ("hex", Facts::text(HEXLOWER.encode(bytes))),
            ]),
        )),
        None => Err(Failure::new(Reason::MaterialMalformed)
            .expected(EXPECTED)
            .found(format!("{} bytes of something else", bytes.len()))),
    }
}

/// What a signature looks like: its length is all there is to go by, unless it is DER.
fn signature_form(bytes: &[u8]) -> Option<&'static str> {
    use crate::asn1::Der;
    let two_integers = || -> crate::asn1::Result<()> {
        let mut sequence = Der::only_sequence(bytes)?;
        sequence.expect(der::Tag::Integer)?;
        sequence.expect(der::Tag::Integer)?;
        sequence.finish()
    };
    match bytes.len() {
        length if length > SIGNATURE_BYTES.max => None,
        _ if two_integers().is_ok() => Some("ECDSA, in DER"),
        64 => Some("64 bytes, as Ed25519 signatures are"),
        256 | 384 | 512 => Some("as long as an RSA signature"),
        _ => None,
    }
}

fn public_key(key: &PublicKey) -> Inspection {
    Inspection::new(Kind::PublicKey, key_facts(key))
}

fn key_facts(key: &PublicKey) -> Facts {
    Facts::fields([
        ("algorithm", Facts::text(key.kind())),
        ("sha256", Facts::text(HEXLOWER.encode(&key.fingerprint()))),
    ])
}

fn checkpoint(note: &str) -> Result<Inspection> {
    let checkpoint = Checkpoint::parse(note)?;
    Ok(Inspection::new(
        Kind::Checkpoint,
        material::checkpoint(&checkpoint),
    ))
}

impl Inspection {
    /// As one element of a list, which has no kind of its own.
    fn within_list(self) -> Facts {
        let mut out = Facts::fields([("kind", Facts::text(self.kind.as_str()))]);
        out.extend(self.facts);
        out
    }
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The name of the JSON form.
const SCHEMA: &str = "sealcheck/inspection/v1";
const EXPECTED: &str = "a bundle, envelope, statement, signature, certificate, public key, timestamp, checkpoint or trusted root";

#[cfg(test)]
mod tests;
