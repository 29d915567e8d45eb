//! What gets signed, and by whom: messages, DSSE envelopes, simple-signing payloads.

use serde_json::{Map, Value, json};

use crate::authority::Leaf;
use crate::encoding::{base64, hex};
use crate::key::{Hash, Key, Scheme};

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Bytes, signed as they are.
    Message(Vec<u8>),
    /// An envelope, signed over its pre-authentication encoding.
    Dsse(Dsse),
}

/// The payload of a DSSE envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dsse {
    /// The payload's type.
    pub payload_type: String,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Content with one signature, before any log or authority has seen it.
#[derive(Clone)]
pub struct SignedContent {
    /// What was signed.
    pub content: Content,
    /// The key that signed.
    pub key: Key,
    /// How it signed.
    pub scheme: Scheme,
    /// The certificate of the key, if it has one.
    pub leaf: Option<Leaf>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// The version of an in-toto statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementVersion {
    /// `https://in-toto.io/Statement/v0.1`.
    V01,
    /// `https://in-toto.io/Statement/v1`.
    V1,
}

impl Content {
    /// A message.
    #[must_use]
    pub fn message(bytes: &[u8]) -> Self {
        Self::Message(bytes.to_vec())
    }

    /// An envelope over an in-toto statement.
    #[must_use]
    pub fn statement(statement: &Value) -> Self {
        Self::Dsse(Dsse {
            payload_type: IN_TOTO_PAYLOAD_TYPE.into(),
            payload: statement.to_string().into_bytes(),
        })
    }

    /// The bytes that the signature covers.
    #[must_use]
    pub fn signing_input(&self) -> Vec<u8> {
        match self {
            Self::Message(bytes) => bytes.clone(),
            Self::Dsse(envelope) => envelope.pre_authentication_encoding(),
        }
    }
}

impl Dsse {
    /// `DSSEv1 SP LEN(type) SP type SP LEN(body) SP body` (DSSE protocol, section "signature
    /// definition").
    #[must_use]
    pub fn pre_authentication_encoding(&self) -> Vec<u8> {
        let mut out = format!(
            "DSSEv1 {} {} {} ",
            self.payload_type.len(),
            self.payload_type,
            self.payload.len()
        )
        .into_bytes();
        out.extend_from_slice(&self.payload);
        out
    }
}

impl SignedContent {
    /// Signs with the key of a leaf.
    #[must_use]
    pub fn by_leaf(content: Content, leaf: &Leaf, scheme: Option<Scheme>) -> Self {
        let mut signed = Self::by_key(content, &leaf.key, scheme);
        signed.leaf = Some(leaf.clone());
        signed
    }

    /// Signs with a bare key pair.
    #[must_use]
    pub fn by_key(content: Content, key: &Key, scheme: Option<Scheme>) -> Self {
        let scheme = scheme.unwrap_or_else(|| key.default_scheme());
        let signature = key.sign_with(scheme, &content.signing_input());
        Self {
            content,
            key: key.clone(),
            scheme,
            leaf: None,
            signature,
        }
    }

    /// PEM of the certificate, or of the public key when there is no certificate.
    #[must_use]
    pub fn verifier_pem(&self) -> String {
        match &self.leaf {
            Some(leaf) => leaf.pem(),
            None => self.key.public_pem(),
        }
    }

    /// The envelope as JSON.
    ///
    /// # Panics
    ///
    /// When the content is a plain message.
    #[must_use]
    pub fn envelope_json(&self) -> Value {
        let Content::Dsse(envelope) = &self.content else {
            panic!("a plain message has no envelope");
        };
        json!({
            "payload": base64(&envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": [{"sig": base64(&self.signature), "keyid": ""}],
        })
    }

    /// The envelope's bytes, as an image layer or a file holds them, with the fields in cosign's
    /// order: entries of kind `intoto` 0.0.1 have a hash over exactly these bytes.
    #[must_use]
    pub fn envelope_bytes(&self) -> Vec<u8> {
        let envelope = self.envelope_json();
        format!(
            r#"{{"payloadType":{},"payload":{},"signatures":[{{"keyid":"","sig":{}}}]}}"#,
            envelope["payloadType"], envelope["payload"], envelope["signatures"][0]["sig"],
        )
        .into_bytes()
    }
}

/// An in-toto statement about subjects of these names and contents, by SHA-256.
#[must_use]
pub fn statement(
    version: StatementVersion,
    subjects: &[(&str, &[u8])],
    predicate_type: &str,
    predicate: Value,
) -> Value {
    let subjects: Vec<Value> = subjects
        .iter()
        .map(|(name, content)| {
            json!({"name": name, "digest": {"sha256": hex(&Hash::Sha256.digest(content))}})
        })
        .collect();
    let kind = match version {
        StatementVersion::V01 => "https://in-toto.io/Statement/v0.1",
        StatementVersion::V1 => "https://in-toto.io/Statement/v1",
    };
    json!({
        "_type": kind,
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
    })
}

/// The statement with which cosign 3 signs an image: its own predicate type, nothing in it.
/// `digest` is `sha256:…`.
///
/// # Panics
///
/// When `digest` does not begin with `sha256:`.
#[must_use]
pub fn cosign_statement(digest: &str, annotations: &[(&str, &str)]) -> Value {
    let value = digest.strip_prefix("sha256:").expect("a sha256 digest");
    let mut subject = json!({"digest": {"sha256": value}});
    if !annotations.is_empty() {
        subject["annotations"] = text_map(annotations);
    }
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": COSIGN_SIGN_PREDICATE_TYPE,
        "predicate": {},
    })
}

/// A simple-signing payload for an image, as cosign writes it. `digest` is `sha256:…`.
#[must_use]
pub fn simple_signing_payload(
    reference: &str,
    digest: &str,
    annotations: &[(&str, &str)],
) -> Value {
    let optional = match annotations {
        [] => Value::Null,
        some => text_map(some),
    };
    json!({
        "critical": {
            "identity": {"docker-reference": reference},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": optional,
    })
}

fn text_map(pairs: &[(&str, &str)]) -> Value {
    let map: Map<String, Value> = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Value::from(*value)))
        .collect();
    Value::Object(map)
}

/// The DSSE payload type of in-toto statements.
pub const IN_TOTO_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The predicate type of cosign's image signatures in bundles.
pub const COSIGN_SIGN_PREDICATE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";
