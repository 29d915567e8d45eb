//! The forms of material that cosign used before bundles: files beside a blob, the first bundle
//! file, annotations of an image layer.

use serde_json::{Map, Value, json};

use crate::encoding::base64;
use crate::instance::Signed;
use crate::sign::Content;

impl Signed {
    /// The content of a `.sig` file: base64 of the signature.
    #[must_use]
    pub fn sig_file(&self) -> String {
        base64(&self.signed.signature)
    }

    /// The content of a `.cert` file: base64 of the certificate's PEM.
    ///
    /// # Panics
    ///
    /// When a bare key signed.
    #[must_use]
    pub fn cert_file(&self) -> String {
        let leaf = self.signed.leaf.as_ref().expect("a leaf signed");
        base64(leaf.pem().as_bytes())
    }

    /// The first bundle file: `base64Signature` (of an attestation, its whole envelope), `cert` (base64 of PEM; absent
    /// when a bare key signed), `rekorBundle` (absent without an entry of Rekor v1).
    #[must_use]
    pub fn legacy_bundle(&self) -> Value {
        let signature = match &self.signed.content {
            Content::Message(_) => self.sig_file(),
            Content::Dsse(_) => base64(&self.signed.envelope_bytes()),
        };
        let mut out = json!({ "base64Signature": signature });
        if self.signed.leaf.is_some() {
            out["cert"] = self.cert_file().into();
        }
        if let Some(bundle) = self.rekor_bundle() {
            out["rekorBundle"] = bundle;
        }
        out
    }

    /// The promise and entry of the first Rekor v1 entry, as annotations and bundle files hold it.
    #[must_use]
    pub fn rekor_bundle(&self) -> Option<Value> {
        self.entries
            .iter()
            .find(|entry| entry.promise.is_some())
            .map(|entry| entry.cosign_json())
    }

    /// The first timestamp as the `rfc3161timestamp` annotation holds it.
    #[must_use]
    pub fn timestamp_json(&self) -> Option<Value> {
        let der = self.timestamps.first()?;
        Some(json!({"SignedRFC3161Timestamp": base64(der)}))
    }

    /// The content of an image layer: the simple-signing payload, or the envelope of an attestation.
    #[must_use]
    pub fn layer_content(&self) -> Vec<u8> {
        match &self.signed.content {
            Content::Message(payload) => payload.clone(),
            Content::Dsse(_) => self.signed.envelope_bytes(),
        }
    }

    /// The media type of an image layer.
    #[must_use]
    pub fn layer_media_type(&self) -> &'static str {
        match &self.signed.content {
            Content::Message(_) => "application/vnd.dev.cosign.simplesigning.v1+json",
            Content::Dsse(_) => "application/vnd.dsse.envelope.v1+json",
        }
    }

    /// The annotations of an image layer. An attestation's signature is in its envelope; its
    /// annotation is empty.
    #[must_use]
    pub fn layer_annotations(&self) -> Map<String, Value> {
        let signature = match &self.signed.content {
            Content::Message(_) => self.sig_file(),
            Content::Dsse(_) => String::new(),
        };
        let mut out = Map::new();
        out.insert(
            "dev.cosignproject.cosign/signature".into(),
            signature.into(),
        );
        if let Some(leaf) = &self.signed.leaf {
            out.insert("dev.sigstore.cosign/certificate".into(), leaf.pem().into());
            out.insert("dev.sigstore.cosign/chain".into(), leaf.chain_pem().into());
        }
        if let Some(bundle) = self.rekor_bundle() {
            out.insert(
                "dev.sigstore.cosign/bundle".into(),
                bundle.to_string().into(),
            );
        }
        if let Some(timestamp) = self.timestamp_json() {
            let text = timestamp.to_string();
            out.insert("dev.sigstore.cosign/rfc3161timestamp".into(), text.into());
        }
        out
    }
}
