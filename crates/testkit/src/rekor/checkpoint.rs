//! Checkpoints: signed notes (C2SP signed-note) over a tree head (C2SP tlog-checkpoint).

use jiff::Timestamp;

use crate::encoding::base64;
use crate::key::{Hash, Key, KeyKind, Scheme};

/// A witness that cosigns checkpoints (C2SP tlog-cosignature, version 1).
#[derive(Clone)]
pub struct Witness {
    /// The witness's name, without spaces.
    pub name: String,
    /// The witness's Ed25519 key.
    pub key: Key,
}

impl Witness {
    /// A witness with a new key.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            key: Key::generate(KeyKind::Ed25519),
        }
    }

    /// The signature line of this witness for a checkpoint body, made at `time`.
    #[must_use]
    pub fn cosign(&self, body: &str, time: Timestamp) -> String {
        let seconds = u64::try_from(time.as_second()).expect("after 1970");
        let message = format!("cosignature/v1\ntime {seconds}\n{body}");
        let signature = self.key.sign_with(Scheme::Ed25519, message.as_bytes());
        let id = note_key_id(&self.name, ED25519_COSIGNATURE, self.key.raw_public_key());
        line(
            &self.name,
            &id,
            &[&seconds.to_be_bytes()[..], &signature].concat(),
        )
    }
}

/// The body of a checkpoint: origin, size, root hash, and further lines.
#[must_use]
pub fn body(origin: &str, size: u64, root: &[u8], further: &[String]) -> String {
    let mut out = format!("{origin}\n{size}\n{}\n", base64(root));
    for line in further {
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The signature line of a log over a checkpoint body. `key_id` has at least four octets.
#[must_use]
pub fn sign(name: &str, key: &Key, key_id: &[u8], body: &str) -> String {
    line(name, key_id, &key.sign(body.as_bytes()))
}

/// The whole note: body, blank line, signature lines.
#[must_use]
pub fn note(body: &str, signature_lines: &[String]) -> String {
    format!("{body}\n{}", signature_lines.concat())
}

/// The untruncated key id of a Rekor v2 log: the signed-note rule for Ed25519, SHA-256 over the
/// SubjectPublicKeyInfo for ECDSA.
#[must_use]
pub fn v2_key_id(name: &str, key: &Key) -> Vec<u8> {
    if key.kind() == KeyKind::Ed25519 {
        note_key_id(name, ED25519, key.raw_public_key())
    } else {
        key.fingerprint()
    }
}

fn note_key_id(name: &str, algorithm: u8, public_key: &[u8]) -> Vec<u8> {
    Hash::Sha256.digest(&[name.as_bytes(), b"\n", &[algorithm], public_key].concat())
}

fn line(name: &str, key_id: &[u8], signature: &[u8]) -> String {
    let tagged = [&key_id[..4], signature].concat();
    format!("\u{2014} {name} {}\n", base64(&tagged))
}

const ED25519: u8 = 0x01;
const ED25519_COSIGNATURE: u8 = 0x04;

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519 as ED25519_VERIFICATION, UnparsedPublicKey};

    use super::*;
    use crate::DEFAULT_TIME;
    use crate::encoding::base64_decode;

    /// Name, key and log id of a public log, as the public trust root states them.
    #[test]
    fn key_id_of_a_public_log() {
        let key = base64_decode("t8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=");
        let id = note_key_id("log2025-1.rekor.sigstore.dev", ED25519, &key);
        assert_eq!(base64(&id), "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=");
    }

    #[test]
    fn cosignature_covers_time_and_body() {
        let witness = Witness::new("witness.example");
        let line = witness.cosign("origin\n1\nroot\n", DEFAULT_TIME);
        let encoded = line.strip_prefix("\u{2014} witness.example ").unwrap();
        let bytes = base64_decode(encoded.trim_end());
        assert_eq!(bytes.len(), 4 + 8 + 64);
        assert_eq!(bytes[4..12], 1_767_323_045_u64.to_be_bytes());
        UnparsedPublicKey::new(&ED25519_VERIFICATION, witness.key.raw_public_key())
            .verify(
                b"cosignature/v1\ntime 1767323045\norigin\n1\nroot\n",
                &bytes[12..],
            )
            .unwrap();
    }
}
