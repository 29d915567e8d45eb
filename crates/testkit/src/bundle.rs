//! Sigstore bundles (protobuf-specs `Bundle`, JSON form), versions 0.1 to 0.3.

use serde_json::{Value, json};

use crate::encoding::base64;
use crate::instance::Signed;
use crate::rekor::LogEntry;
use crate::sign::{Content, SignedContent};

/// The version of a bundle, with the two spellings of 0.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleVersion {
    /// 0.1: a chain; promises without proofs.
    V01,
    /// 0.2: a chain; promises and proofs.
    V02,
    /// 0.3 with the media type `application/vnd.dev.sigstore.bundle.v0.3+json`: one certificate.
    V03,
    /// 0.3 with the media type `application/vnd.dev.sigstore.bundle+json;version=0.3`.
    V03Parameter,
}

/// All versions, for tests that walk through them.
pub const BUNDLE_VERSIONS: [BundleVersion; 4] = [
    BundleVersion::V01,
    BundleVersion::V02,
    BundleVersion::V03,
    BundleVersion::V03Parameter,
];

impl BundleVersion {
    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V01 => "application/vnd.dev.sigstore.bundle+json;version=0.1",
            Self::V02 => "application/vnd.dev.sigstore.bundle+json;version=0.2",
            Self::V03 => "application/vnd.dev.sigstore.bundle.v0.3+json",
            Self::V03Parameter => "application/vnd.dev.sigstore.bundle+json;version=0.3",
        }
    }
}

impl Signed {
    /// A bundle of version 0.3.
    #[must_use]
    pub fn bundle(&self) -> Value {
        self.bundle_as(BundleVersion::V03)
    }

    /// A bundle of the given version. Before 0.3 the certificate stands in a chain of one, and 0.1
    /// has no inclusion proofs, as most bundles of that time.
    #[must_use]
    pub fn bundle_as(&self, version: BundleVersion) -> Value {
        let mut material = self.verifier(version);
        let entries: Vec<Value> = self.entries.iter().map(|e| log_entry(e, version)).collect();
        if !entries.is_empty() {
            material["tlogEntries"] = entries.into();
        }
        if !self.timestamps.is_empty() {
            let tokens: Vec<Value> = self
                .timestamps
                .iter()
                .map(|der| json!({"signedTimestamp": base64(der)}))
                .collect();
            material["timestampVerificationData"] = json!({"rfc3161Timestamps": tokens});
        }
        let mut bundle = json!({
            "mediaType": version.media_type(),
            "verificationMaterial": material,
        });
        match &self.signed.content {
            Content::Message(_) => bundle["messageSignature"] = message_signature(&self.signed),
            Content::Dsse(_) => bundle["dsseEnvelope"] = self.signed.envelope_json(),
        }
        bundle
    }

    /// The bytes of [`Signed::bundle`].
    #[must_use]
    pub fn bundle_bytes(&self) -> Vec<u8> {
        self.bundle().to_string().into_bytes()
    }

    /// A bundle of version 0.2 with the whole chain, root included, as some clients wrote it.
    #[must_use]
    pub fn bundle_with_chain(&self) -> Value {
        let mut bundle = self.bundle_as(BundleVersion::V02);
        if let Some(leaf) = &self.signed.leaf {
            let certificates: Vec<Value> = std::iter::once(&leaf.der)
                .chain(&leaf.chain)
                .map(|der| json!({"rawBytes": base64(der)}))
                .collect();
            bundle["verificationMaterial"]["x509CertificateChain"] =
                json!({"certificates": certificates});
        }
        bundle
    }

    fn verifier(&self, version: BundleVersion) -> Value {
        let Some(leaf) = &self.signed.leaf else {
            return json!({"publicKey": {"hint": base64(&self.signed.key.fingerprint())}});
        };
        let certificate = json!({"rawBytes": base64(&leaf.der)});
        match version {
            BundleVersion::V01 | BundleVersion::V02 => {
                json!({"x509CertificateChain": {"certificates": [certificate]}})
            }
            BundleVersion::V03 | BundleVersion::V03Parameter => json!({"certificate": certificate}),
        }
    }
}

fn log_entry(entry: &LogEntry, version: BundleVersion) -> Value {
    let mut value = entry.bundle_json();
    if version == BundleVersion::V01
        && let Some(fields) = value.as_object_mut()
    {
        fields.remove("inclusionProof");
    }
    value
}

fn message_signature(signed: &SignedContent) -> Value {
    let hash = signed.scheme.hash();
    json!({
        "messageDigest": {
            "algorithm": hash.sigstore_name(),
            "digest": base64(&hash.digest(&signed.content.signing_input())),
        },
        "signature": base64(&signed.signature),
    })
}
