//! What a verified SCT says.

use crate::{SignatureScheme, Time};

/// A signed certificate timestamp that was verified with a trusted log's key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SctFacts {
    /// The log's id in lower-case hex: SHA-256 of its SubjectPublicKeyInfo (RFC 6962, section 3.2).
    pub log_id: String,
    /// The log's address in the trusted root.
    pub log: Box<str>,
    /// When the log promised to publish the certificate, in milliseconds.
    pub time: Time,
    /// Whether it stands in the certificate, rather than beside it.
    pub embedded: bool,
    /// How it was signed.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub signature_scheme: SignatureScheme,
}

fn as_text<S: serde::Serializer>(
    scheme: &SignatureScheme,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(scheme)
}
