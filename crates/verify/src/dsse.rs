//! DSSE envelopes (secure-systems-lab/dsse, protocol version 1).

use serde::Deserialize;

use crate::json::Base64;
use crate::limits::{DSSE_PAYLOAD_BYTES, DSSE_SIGNATURES};
use crate::{Failure, Reason, Result};

/// The payload type of in-toto statements.
pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A signed payload.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Envelope {
    pub(crate) payload: Base64,
    pub(crate) payload_type: String,
    pub(crate) signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvelopeSignature {
    pub(crate) sig: Base64,
    #[serde(default)]
    pub(crate) keyid: String,
}

impl Envelope {
    /// Checks what the type cannot: sizes, and that there is exactly one signature, as in every Sigstore bundle.
    pub(crate) fn check(&self) -> Result<()> {
        DSSE_PAYLOAD_BYTES.check(self.payload.0.len(), "dsseEnvelope.payload")?;
        DSSE_SIGNATURES.check(self.signatures.len(), "dsseEnvelope.signatures")?;
        match self.signatures.as_slice() {
            [signature] if !signature.sig.0.is_empty() => Ok(()),
            [_] => Err(Failure::new(Reason::MaterialIncomplete)
                .at("dsseEnvelope.signatures[0].sig")
                .expected("a signature")
                .found("nothing")),
            signatures => Err(Failure::new(Reason::MaterialMalformed)
                .at("dsseEnvelope.signatures")
                .expected("one signature")
                .found(signatures.len())),
        }
    }

    /// The one signature; empty bytes verify under no key.
    pub(crate) fn signature(&self) -> &[u8] {
        self.signatures
            .first()
            .map_or(&[], |signature| &signature.sig.0)
    }

    /// What is signed: the pre-authentication encoding of payload type and payload.
    pub(crate) fn pre_authentication_encoding(&self) -> Vec<u8> {
        let (kind, payload) = (&self.payload_type, &self.payload.0);
        let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
        [head.as_bytes(), payload].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::{Envelope, EnvelopeSignature};
    use crate::json::Base64;

    #[test]
    fn pre_authentication_encoding_of_the_specification() {
        let envelope = Envelope {
            payload: Base64(b"hello world".to_vec()),
            payload_type: "http://example.com/HelloWorld".into(),
            signatures: vec![],
        };
        assert_eq!(
            envelope.pre_authentication_encoding(),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn exactly_one_signature() {
        let signature = EnvelopeSignature {
            sig: Base64(vec![1]),
            keyid: String::new(),
        };
        let mut envelope = Envelope {
            payload: Base64(vec![]),
            payload_type: String::new(),
            signatures: vec![],
        };
        assert!(envelope.check().is_err());
        envelope.signatures.push(signature.clone());
        assert!(envelope.check().is_ok());
        envelope.signatures.push(signature);
        assert!(envelope.check().is_err());
    }
}
