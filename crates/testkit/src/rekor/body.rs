//! The canonical bodies of log entries, as Rekor v1 and v2 store them.

use serde_json::{Value, json};

use crate::encoding::{base64, canonical_json, hex};
use crate::key::Hash;
use crate::sign::{Content, Dsse, SignedContent};

/// The kind and version of a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// Rekor v1 `hashedrekord` 0.0.1: digest, signature, key.
    HashedRekordV001,
    /// Rekor v1 `rekord` 0.0.1: as `hashedrekord`, with a signature format.
    RekordV001,
    /// Rekor v1 `dsse` 0.0.1: hashes of envelope and payload, signatures with keys.
    DsseV001,
    /// Rekor v1 `intoto` 0.0.1: hashes of envelope and payload, key.
    IntotoV001,
    /// Rekor v1 `intoto` 0.0.2: envelope without payload, hashes.
    IntotoV002,
    /// Rekor v2 `hashedrekord` 0.0.2; for an envelope, over its pre-authentication encoding.
    HashedRekordV002,
    /// Rekor v2 `dsse` 0.0.2: payload hash, signatures with keys.
    DsseV002,
}

impl EntryKind {
    /// The `kind` of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::HashedRekordV001 | Self::HashedRekordV002 => "hashedrekord",
            Self::RekordV001 => "rekord",
            Self::DsseV001 | Self::DsseV002 => "dsse",
            Self::IntotoV001 | Self::IntotoV002 => "intoto",
        }
    }

    /// The `apiVersion` of the entry.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::HashedRekordV001 | Self::RekordV001 | Self::DsseV001 | Self::IntotoV001 => {
                "0.0.1"
            }
            Self::IntotoV002 | Self::HashedRekordV002 | Self::DsseV002 => "0.0.2",
        }
    }

    /// Whether Rekor v2 makes entries of this kind.
    #[must_use]
    pub fn is_v2(self) -> bool {
        matches!(self, Self::HashedRekordV002 | Self::DsseV002)
    }

    /// The body of the entry for `signed` as a value.
    ///
    /// # Panics
    ///
    /// When the kind needs an envelope and `signed` is a plain message.
    #[must_use]
    pub fn body(self, signed: &SignedContent) -> Value {
        let spec = match self {
            Self::HashedRekordV001 => hashedrekord_v001(signed),
            Self::RekordV001 => rekord_v001(signed),
            Self::DsseV001 => dsse_v001(signed, envelope(signed)),
            Self::IntotoV001 => intoto_v001(signed, envelope(signed)),
            Self::IntotoV002 => intoto_v002(signed, envelope(signed)),
            Self::HashedRekordV002 => hashedrekord_v002(signed),
            Self::DsseV002 => dsse_v002(signed, envelope(signed)),
        };
        json!({"apiVersion": self.version(), "kind": self.kind(), "spec": spec})
    }

    /// The canonical bytes of the body: the Merkle leaf.
    #[must_use]
    pub fn canonical_body(self, signed: &SignedContent) -> Vec<u8> {
        canonical_json(&self.body(signed))
    }
}

fn hashedrekord_v001(signed: &SignedContent) -> Value {
    let hash = signed.scheme.hash();
    json!({
        "data": {"hash": v1_hash(hash, &signed.content.signing_input())},
        "signature": {
            "content": base64(&signed.signature),
            "publicKey": {"content": verifier_pem(signed)},
        },
    })
}

fn rekord_v001(signed: &SignedContent) -> Value {
    json!({
        "data": {"hash": v1_hash(Hash::Sha256, &signed.content.signing_input())},
        "signature": {
            "content": base64(&signed.signature),
            "format": "x509",
            "publicKey": {"content": verifier_pem(signed)},
        },
    })
}

fn dsse_v001(signed: &SignedContent, envelope: &Dsse) -> Value {
    json!({
        "envelopeHash": v1_hash(Hash::Sha256, &signed.envelope_bytes()),
        "payloadHash": v1_hash(Hash::Sha256, &envelope.payload),
        "signatures": [{
            "signature": base64(&signed.signature),
            "verifier": verifier_pem(signed),
        }],
    })
}

fn intoto_v001(signed: &SignedContent, envelope: &Dsse) -> Value {
    json!({
        "content": {
            "hash": v1_hash(Hash::Sha256, &signed.envelope_bytes()),
            "payloadHash": v1_hash(Hash::Sha256, &envelope.payload),
        },
        "publicKey": verifier_pem(signed),
    })
}

fn intoto_v002(signed: &SignedContent, envelope: &Dsse) -> Value {
    json!({
        "content": {
            "envelope": {
                "payloadType": envelope.payload_type,
                "signatures": [{
                    "publicKey": verifier_pem(signed),
                    // Rekor encodes the already encoded signature once more.
                    "sig": base64(base64(&signed.signature).as_bytes()),
                }],
            },
            "hash": v1_hash(Hash::Sha256, &signed.envelope_bytes()),
            "payloadHash": v1_hash(Hash::Sha256, &envelope.payload),
        },
    })
}

fn hashedrekord_v002(signed: &SignedContent) -> Value {
    let hash = signed.scheme.hash();
    json!({
        "hashedRekordV002": {
            "data": v2_hash(hash, &signed.content.signing_input()),
            "signature": v2_signature(signed),
        },
    })
}

fn dsse_v002(signed: &SignedContent, envelope: &Dsse) -> Value {
    json!({
        "dsseV002": {
            "payloadHash": v2_hash(Hash::Sha256, &envelope.payload),
            "signatures": [v2_signature(signed)],
        },
    })
}

fn v1_hash(hash: Hash, data: &[u8]) -> Value {
    json!({"algorithm": hash.rekor_name(), "value": hex(&hash.digest(data))})
}

fn v2_hash(hash: Hash, data: &[u8]) -> Value {
    json!({"algorithm": hash.sigstore_name(), "digest": base64(&hash.digest(data))})
}

fn v2_signature(signed: &SignedContent) -> Value {
    let (field, der) = match &signed.leaf {
        Some(leaf) => ("x509Certificate", leaf.der.as_slice()),
        None => ("publicKey", signed.key.spki()),
    };
    json!({
        "content": base64(&signed.signature),
        "verifier": {
            "keyDetails": signed.key.details(signed.scheme),
            field: {"rawBytes": base64(der)},
        },
    })
}

/// Rekor v1 holds verifiers as base64 of PEM.
fn verifier_pem(signed: &SignedContent) -> String {
    base64(signed.verifier_pem().as_bytes())
}

fn envelope(signed: &SignedContent) -> &Dsse {
    match &signed.content {
        Content::Dsse(envelope) => envelope,
        Content::Message(_) => panic!("this entry kind needs an envelope"),
    }
}
