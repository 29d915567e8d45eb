//! Reading SCTs: the TLS presentation language (RFC 5246, section 4) and the JSON of `add-chain`.

use std::borrow::Cow;

use data_encoding::BASE64;
use der::Tag;

use super::{invalid, time};
use crate::asn1::Der;
use crate::{Failure, Result, Time, limits};

/// A SignedCertificateTimestamp of version 1 (RFC 6962, section 3.2).
#[derive(Debug)]
pub(super) struct Sct<'a> {
    pub(super) log_id: &'a [u8; 32],
    /// Milliseconds since 1970, as signed.
    pub(super) timestamp: u64,
    pub(super) time: Time,
    /// The CtExtensions, which are signed too (Static CT puts the leaf index there).
    pub(super) extensions: &'a [u8],
    pub(super) hash_algorithm: u8,
    pub(super) signature_algorithm: u8,
    pub(super) signature: &'a [u8],
}

/// The serialized SCTs in the extension's value (RFC 6962, section 3.3).
pub(super) fn list(value: &[u8]) -> Result<impl Iterator<Item = Result<&[u8]>>> {
    let octets = Der::only(value, Tag::OctetString)
        .map_err(|error| invalid().at(EMBEDDED).detail(error))?
        .value;
    let mut outer = Reader(octets);
    let mut list = outer
        .vector()
        .filter(|list| outer.0.is_empty() && !list.is_empty())
        .map(Reader)
        .ok_or_else(|| broken("it is not a list of SCTs"))?;
    Ok(std::iter::from_fn(move || {
        if list.0.is_empty() {
            return None;
        }
        let sct = list.vector();
        if sct.is_none() {
            // Nothing can be read behind a broken length.
            list.0 = &[];
        }
        Some(sct.ok_or_else(|| broken("the list of SCTs is cut short")))
    }))
}

/// One serialized SCT; the version alone when it is not version 1, because its form is not known then.
pub(super) fn sct(serialized: &[u8]) -> Result<std::result::Result<Sct<'_>, u8>> {
    let mut reader = Reader(serialized);
    match reader.byte() {
        Some(VERSION_1) => {}
        Some(version) => return Ok(Err(version)),
        None => return Err(broken("an SCT is empty")),
    }
    reader
        .sct()
        .map(Ok)
        .ok_or_else(|| broken("an SCT is cut short, has trailing data or no possible time"))
}

/// A detached SCT as its serialization: cosign's `--sct` takes the JSON that a log answers, or raw bytes.
pub(super) fn detached(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    limits::SIGNATURE_BYTES.check(bytes.len(), DETACHED)?;
    match bytes.trim_ascii_start().starts_with(b"{") {
        false => Ok(Cow::Borrowed(bytes)),
        true => from_json(bytes).map(Cow::Owned),
    }
}

/// The answer to `add-chain` (RFC 6962, section 4.1).
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AddChainAnswer {
    sct_version: u8,
    id: String,
    timestamp: u64,
    #[serde(default)]
    extensions: String,
    signature: String,
}

fn from_json(text: &[u8]) -> Result<Vec<u8>> {
    let answer: AddChainAnswer =
        serde_json::from_slice(text).map_err(|error| invalid().at(DETACHED).detail(error))?;
    let decode = |field: &str, text: &str| {
        BASE64
            .decode(text.as_bytes())
            .map_err(|error| invalid().at(format!("{DETACHED}.{field}")).detail(error))
    };
    let id = decode("id", &answer.id)?;
    let extensions = decode("extensions", &answer.extensions)?;
    let signature = decode("signature", &answer.signature)?;
    // Any other length would shift the fields behind it.
    if id.len() != 32 {
        return Err(invalid()
            .at(format!("{DETACHED}.id"))
            .expected("32 octets")
            .found(id.len()));
    }
    let length = u16::try_from(extensions.len()).map_err(|_| {
        invalid()
            .at(format!("{DETACHED}.extensions"))
            .detail("it is too long")
    })?;
    Ok([
        &[answer.sct_version][..],
        &id,
        &answer.timestamp.to_be_bytes(),
        &length.to_be_bytes(),
        &extensions,
        &signature,
    ]
    .concat())
}

/// Reads from front to back; `None` when the input ends too early.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// What follows the version of an SCT, to the end of the input.
    fn sct(&mut self) -> Option<Sct<'a>> {
        let log_id = self.array()?;
        let timestamp = u64::from_be_bytes(*self.array()?);
        let sct = Sct {
            log_id,
            timestamp,
            time: time(timestamp)?,
            extensions: self.vector()?,
            hash_algorithm: self.byte()?,
            signature_algorithm: self.byte()?,
            signature: self.vector()?,
        };
        self.0.is_empty().then_some(sct)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }

    /// A vector with a length of two octets.
    fn vector(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(*self.array()?);
        let (vector, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some(vector)
    }
}

fn broken(detail: &str) -> Failure {
    invalid().at(EMBEDDED).detail(detail)
}

const EMBEDDED: &str = "extensions.signedCertificateTimestamps";
const DETACHED: &str = "sct";
/// Version 1 is encoded as 0 (RFC 6962, section 3.2).
const VERSION_1: u8 = 0;
