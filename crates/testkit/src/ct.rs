//! A certificate transparency log that hands out signed certificate timestamps (RFC 6962).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::asn1;
use crate::authority::certificate;
use crate::encoding::base64;
use crate::key::{Hash, Key, KeyKind};

/// A certificate transparency log. It signs; it keeps no tree.
pub struct CtLog {
    /// The log's key pair, ECDSA or RSA.
    pub key: Key,
}

/// A signed certificate timestamp, version 1 (RFC 6962 section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sct {
    /// SHA-256 over the log's SubjectPublicKeyInfo.
    pub log_id: Vec<u8>,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// CtExtensions, without their length.
    pub extensions: Vec<u8>,
    /// The DigitallySigned structure: algorithms, length, signature.
    pub signature: Vec<u8>,
}

impl CtLog {
    /// A log with a new key.
    #[must_use]
    pub fn new(kind: KeyKind) -> Self {
        Self {
            key: Key::generate(kind),
        }
    }

    /// The timestamp to embed in the certificate whose TBSCertificate without it is `tbs`.
    #[must_use]
    pub fn sign_precertificate(
        &self,
        issuer_key_hash: &[u8],
        tbs: &[u8],
        at: Timestamp,
        extensions: &[u8],
    ) -> Sct {
        let entry = [issuer_key_hash, &prefixed::<3>(tbs)].concat();
        self.sign_entry(PRECERT_ENTRY, &entry, at, extensions)
    }

    /// The timestamp to deliver beside a final certificate.
    #[must_use]
    pub fn sign_certificate(&self, der: &[u8], at: Timestamp, extensions: &[u8]) -> Sct {
        self.sign_entry(X509_ENTRY, &prefixed::<3>(der), at, extensions)
    }

    fn sign_entry(&self, kind: [u8; 2], entry: &[u8], at: Timestamp, extensions: &[u8]) -> Sct {
        let timestamp = u64::try_from(at.as_millisecond()).expect("after 1970");
        let signed = [
            &[0, 0][..],
            &timestamp.to_be_bytes(),
            &kind,
            entry,
            &prefixed::<2>(extensions),
        ]
        .concat();
        let signature = self.key.sign(&signed);
        // RFC 5246 section 7.4.1.4.1
        let hash = match self.key.default_scheme().hash() {
            Hash::Sha256 => 4,
            Hash::Sha384 => 5,
            Hash::Sha512 => 6,
        };
        let algorithm = match self.key.kind() {
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => 1,
            _ => 3,
        };
        Sct {
            log_id: self.key.fingerprint(),
            timestamp,
            extensions: extensions.to_vec(),
            signature: [&[hash, algorithm][..], &prefixed::<2>(&signature)].concat(),
        }
    }
}

impl Sct {
    /// The serialized form (RFC 6962 section 3.2).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [
            &[0][..],
            &self.log_id,
            &self.timestamp.to_be_bytes(),
            &prefixed::<2>(&self.extensions),
            &self.signature,
        ]
        .concat()
    }

    /// The answer to add-chain (RFC 6962 section 4.1), which cosign reads as a detached timestamp.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "sct_version": 0,
            "id": base64(&self.log_id),
            "timestamp": self.timestamp,
            "extensions": base64(&self.extensions),
            "signature": base64(&self.signature),
        })
    }
}

/// The certificate extension with a list of timestamps (RFC 6962 section 3.3).
#[must_use]
pub fn extension(scts: &[Sct]) -> Vec<u8> {
    let entries: Vec<u8> = scts
        .iter()
        .flat_map(|sct| prefixed::<2>(&sct.encode()))
        .collect();
    let list = asn1::octet_string(&prefixed::<2>(&entries));
    certificate::extension("1.3.6.1.4.1.11129.2.4.2", false, &list)
}

/// A TLS vector: `N` octets of length, then the content (RFC 5246 section 4.3).
fn prefixed<const N: usize>(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let (unused, used) = length.split_at(length.len() - N);
    assert!(unused.iter().all(|b| *b == 0), "content fits its length");
    [used, content].concat()
}

const X509_ENTRY: [u8; 2] = [0, 0];
const PRECERT_ENTRY: [u8; 2] = [0, 1];

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use crate::{DEFAULT_TIME, Instance, LeafRequest, SctMode};

    /// The signed structure written out once more, field by field.
    #[test]
    fn detached_timestamp_covers_the_final_certificate() {
        let sigstore = Instance::new();
        let leaf = sigstore.issue(&LeafRequest {
            sct: SctMode::Detached,
            ..LeafRequest::default()
        });
        let sct = &leaf.scts[0];
        let length = u32::try_from(leaf.der.len()).unwrap().to_be_bytes();
        let mut signed = vec![0, 0];
        signed.extend_from_slice(&sct.timestamp.to_be_bytes());
        signed.extend_from_slice(&[0, 0]);
        signed.extend_from_slice(&length[1..]);
        signed.extend_from_slice(&leaf.der);
        signed.extend_from_slice(&[0, 0]);
        assert_eq!(sct.signature[..2], [4, 3]);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, sigstore.ct.key.spki())
            .verify(&signed, &sct.signature[4..])
            .unwrap();
        let json = leaf.sct_json().unwrap();
        assert_eq!(json["timestamp"], DEFAULT_TIME.as_millisecond() - 5_000);
    }
}
