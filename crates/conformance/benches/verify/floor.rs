//! The signature checks that no verifier can do without, and nothing else: keys parsed before, messages at hand.
//!
//! Where a message exists only inside a service (the certificate that a log timestamped, the attributes that a timestamp
//! authority signed), the same key signs a message of the same length.

use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, ParsedPublicKey,
};
use sealcheck_testkit::encoding::{base64, base64_decode, hex};
use sealcheck_testkit::{BundleVersion, Instance, Key, KeyKind, Signed, asn1};

/// The checks of one verification.
pub(crate) struct Floor(Vec<Check>);

struct Check {
    key: ParsedPublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Floor {
    pub(crate) fn of(sigstore: &Instance, signed: &Signed, version: BundleVersion) -> Self {
        let content = &signed.signed;
        let leaf = content.leaf.as_ref().unwrap();
        let (tbs, rest) = element(asn1::content(&leaf.der));
        let (_algorithm, by_authority) = element(rest);
        let mut checks = vec![
            Check::new(
                &sigstore.authority.issuing().key,
                tbs.to_vec(),
                // A BIT STRING begins with the number of its unused bits.
                asn1::content(by_authority).split_at(1).1.to_vec(),
            ),
            Check::new(
                &content.key,
                content.content.signing_input(),
                content.signature.clone(),
            ),
        ];
        for sct in &leaf.scts {
            let length = tbs.len() - sct.encode().len();
            checks.push(Check::like(&sigstore.ct.key, length));
        }
        for entry in &signed.entries {
            if let Some(promise) = &entry.promise {
                let message = format!(
                    r#"{{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}}"#,
                    base64(&entry.body),
                    entry.integrated_time.unwrap(),
                    hex(&entry.log_id),
                    entry.log_index
                );
                let key = &sigstore.rekor.key;
                checks.push(Check::new(key, message.into_bytes(), promise.clone()));
            }
            if version != BundleVersion::V01 {
                let note = &entry.proof.checkpoint;
                let (text, lines) = note.split_at(note.find("\n\n").unwrap() + 1);
                let blob = base64_decode(lines.trim().rsplit(' ').next().unwrap());
                let key = match entry.kind.is_v2() {
                    true => &sigstore.rekor_v2.key,
                    false => &sigstore.rekor.key,
                };
                let signature = blob.split_at(4).1.to_vec();
                checks.push(Check::new(key, text.as_bytes().to_vec(), signature));
            }
        }
        for _ in &signed.timestamps {
            checks.push(Check::like(&sigstore.tsa.signer.key, TOKEN_ATTRIBUTES));
        }
        let floor = Self(checks);
        floor.run();
        floor
    }

    pub(crate) fn run(&self) {
        for check in &self.0 {
            check
                .key
                .verify_sig(&check.message, &check.signature)
                .unwrap();
        }
    }

    pub(crate) fn checks(&self) -> usize {
        self.0.len()
    }
}

impl Check {
    fn new(key: &Key, message: Vec<u8>, signature: Vec<u8>) -> Self {
        let algorithm: &dyn signature::VerificationAlgorithm = match key.kind() {
            KeyKind::P256 => &ECDSA_P256_SHA256_ASN1,
            KeyKind::P384 => &ECDSA_P384_SHA384_ASN1,
            KeyKind::Ed25519 => &ED25519,
            other => unimplemented_kind(other),
        };
        Self {
            key: ParsedPublicKey::new(algorithm, key.spki()).unwrap(),
            message,
            signature,
        }
    }

    fn like(key: &Key, length: usize) -> Self {
        let message = vec![b'm'; length];
        let signature = key.sign(&message);
        Self::new(key, message, signature)
    }
}

#[expect(
    clippy::panic,
    reason = "a case with such a key needs its algorithm here"
)]
fn unimplemented_kind(kind: KeyKind) -> ! {
    panic!("no algorithm for {kind:?}");
}

/// The DER element that `bytes` begin with, and what follows it.
fn element(bytes: &[u8]) -> (&[u8], &[u8]) {
    let head = bytes.len() - asn1::content(bytes).len();
    let length = match bytes.split_at(head).0 {
        [_, short] => usize::from(*short),
        [_, _, long @ ..] => long
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte)),
        _ => 0,
    };
    bytes.split_at(head + length)
}

/// Content type, message digest and signing certificate (RFC 3161, RFC 5816), as the kit and Sigstore's authority write them.
const TOKEN_ATTRIBUTES: usize = 180;
