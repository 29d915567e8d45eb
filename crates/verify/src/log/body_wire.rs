//! The JSON shapes of canonical bodies (Rekor's type schemas; protobuf JSON for Rekor v2).

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::Base64;

/// What every body says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    pub(super) api_version: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
}

/// A canonical body; the specification's shape depends on kind and version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a, S> {
    #[serde(borrow)]
    pub(super) api_version: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    pub(super) spec: S,
}

#[derive(Deserialize)]
pub(super) struct HexHash<'a> {
    #[serde(borrow)]
    pub(super) algorithm: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) value: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct HashedV1<'a> {
    #[serde(borrow)]
    pub(super) data: HashedDataV1<'a>,
    pub(super) signature: HashedSignatureV1,
}

#[derive(Deserialize)]
pub(super) struct HashedDataV1<'a> {
    #[serde(borrow)]
    pub(super) hash: HexHash<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HashedSignatureV1 {
    pub(super) content: Base64,
    pub(super) public_key: KeyContent,
}

#[derive(Deserialize)]
pub(super) struct KeyContent {
    pub(super) content: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DsseV1<'a> {
    #[serde(borrow)]
    pub(super) envelope_hash: HexHash<'a>,
    #[serde(borrow)]
    pub(super) payload_hash: HexHash<'a>,
    pub(super) signatures: Vec<DsseSignatureV1>,
}

#[derive(Deserialize)]
pub(super) struct DsseSignatureV1 {
    pub(super) signature: Base64,
    pub(super) verifier: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IntotoV1<'a> {
    #[serde(borrow)]
    pub(super) content: IntotoContentV1<'a>,
    pub(super) public_key: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IntotoContentV1<'a> {
    #[serde(borrow)]
    pub(super) hash: HexHash<'a>,
    #[serde(borrow, default)]
    pub(super) payload_hash: Option<HexHash<'a>>,
}

#[derive(Deserialize)]
pub(super) struct IntotoV2<'a> {
    #[serde(borrow)]
    pub(super) content: IntotoContentV2<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IntotoContentV2<'a> {
    #[serde(borrow)]
    pub(super) hash: HexHash<'a>,
    #[serde(borrow)]
    pub(super) envelope: IntotoEnvelopeV2<'a>,
    #[serde(borrow)]
    pub(super) payload_hash: HexHash<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IntotoEnvelopeV2<'a> {
    #[serde(borrow)]
    pub(super) payload_type: Cow<'a, str>,
    pub(super) signatures: Vec<IntotoSignatureV2>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IntotoSignatureV2 {
    pub(super) public_key: Base64,
    pub(super) sig: Base64,
}

#[derive(Deserialize)]
pub(super) struct HashedV2<'a> {
    #[serde(borrow, rename = "hashedRekordV002")]
    pub(super) hashed_rekord_v002: HashedRekordV2<'a>,
}

#[derive(Deserialize)]
pub(super) struct HashedRekordV2<'a> {
    #[serde(borrow)]
    pub(super) data: HashOutput<'a>,
    #[serde(borrow)]
    pub(super) signature: SignatureV2<'a>,
}

#[derive(Deserialize)]
pub(super) struct DsseV2<'a> {
    #[serde(borrow, rename = "dsseV002")]
    pub(super) dsse_v002: DsseSpecV2<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DsseSpecV2<'a> {
    #[serde(borrow)]
    pub(super) payload_hash: HashOutput<'a>,
    #[serde(borrow)]
    pub(super) signatures: Vec<SignatureV2<'a>>,
}

#[derive(Deserialize)]
pub(super) struct HashOutput<'a> {
    #[serde(borrow)]
    pub(super) algorithm: Cow<'a, str>,
    pub(super) digest: Base64,
}

#[derive(Deserialize)]
pub(super) struct SignatureV2<'a> {
    pub(super) content: Base64,
    #[serde(borrow)]
    pub(super) verifier: VerifierV2<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifierV2<'a> {
    #[serde(borrow)]
    pub(super) key_details: Cow<'a, str>,
    #[serde(default)]
    pub(super) public_key: Option<RawBytes>,
    #[serde(default)]
    pub(super) x509_certificate: Option<RawBytes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawBytes {
    pub(super) raw_bytes: Base64,
}
