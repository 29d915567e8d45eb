//! What the signature of an SCT covers (RFC 6962, section 3.2).

use super::invalid;
use super::parse::Sct;
use crate::Result;
use crate::certificate::{Certificate, SIGNED_CERTIFICATE_TIMESTAMPS};
use crate::digest::sha256;

/// The signed structure of one certificate, filled in for one SCT after another.
pub(super) struct SignedInput {
    buffer: Vec<u8>,
    entry_end: usize,
}

impl SignedInput {
    /// For embedded SCTs: the certificate as the log saw it, before they were put in.
    ///
    /// The TBSCertificate's own bytes are kept; only the extension and the lengths around it change.
    pub(super) fn of_precertificate(leaf: &Certificate<'_>, issuer_spki: &[u8]) -> Result<Self> {
        let kept = || {
            leaf.extensions()
                .iter()
                .filter(|extension| extension.id != SIGNED_CERTIFICATE_TIMESTAMPS)
                .map(|extension| extension.whole)
        };
        let list: usize = kept().map(<[u8]>::len).sum();
        let list_header = Header::new(SEQUENCE, list);
        let explicit = list_header.len() + list;
        let explicit_header = Header::new(EXTENSIONS, explicit);
        let before = leaf.before_extensions();
        let extensions = match list {
            0 => 0,
            _ => explicit_header.len() + explicit,
        };
        let tbs = before.len() + extensions;
        let tbs_header = Header::new(SEQUENCE, tbs);
        let length = tbs_header.len() + tbs;

        let mut input = Self::new(PRECERT_ENTRY, length);
        input.buffer.extend_from_slice(&sha256(&[issuer_spki]));
        input.push_length(length)?;
        input.buffer.extend_from_slice(tbs_header.bytes());
        input.buffer.extend_from_slice(before);
        if list > 0 {
            input.buffer.extend_from_slice(explicit_header.bytes());
            input.buffer.extend_from_slice(list_header.bytes());
            kept().for_each(|extension| input.buffer.extend_from_slice(extension));
        }
        input.entry_end = input.buffer.len();
        Ok(input)
    }

    /// For detached SCTs: the certificate itself.
    pub(super) fn of_certificate(leaf: &Certificate<'_>) -> Result<Self> {
        let mut input = Self::new(X509_ENTRY, leaf.der.len());
        input.push_length(leaf.der.len())?;
        input.buffer.extend_from_slice(leaf.der);
        input.entry_end = input.buffer.len();
        Ok(input)
    }

    /// `length` is that of the certificate.
    fn new(entry_type: [u8; 2], length: usize) -> Self {
        let mut buffer = Vec::with_capacity(PREFIX + ISSUER + length + TYPICAL_EXTENSIONS);
        // Version 1, certificate_timestamp; the time is filled in later.
        buffer.extend_from_slice(&[0; PREFIX - 2]);
        buffer.extend_from_slice(&entry_type);
        Self {
            buffer,
            entry_end: 0,
        }
    }

    fn push_length(&mut self, length: usize) -> Result<()> {
        match u32::try_from(length).map(u32::to_be_bytes) {
            Ok([0, bytes @ ..]) => {
                self.buffer.extend_from_slice(&bytes);
                Ok(())
            }
            _ => Err(invalid().detail("the certificate is too long for a log")),
        }
    }

    /// What this SCT's signature covers.
    pub(super) fn of(&mut self, sct: &Sct<'_>) -> &[u8] {
        self.buffer.truncate(self.entry_end);
        if let Some(time) = self.buffer.get_mut(2..PREFIX - 2) {
            time.copy_from_slice(&sct.timestamp.to_be_bytes());
        }
        // They came with a length of two octets, so they have one.
        let length = u16::try_from(sct.extensions.len()).unwrap_or(u16::MAX);
        self.buffer.extend_from_slice(&length.to_be_bytes());
        self.buffer.extend_from_slice(sct.extensions);
        &self.buffer
    }
}

/// Tag and length octets (X.690, section 8.1.3).
struct Header {
    octets: [u8; 6],
    used: usize,
}

impl Header {
    fn new(tag: u8, length: usize) -> Self {
        let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        let (octets, used) = match (a, b, c) {
            (0, 0, 0) if d < 0x80 => ([tag, d, 0, 0, 0, 0], 2),
            (0, 0, 0) => ([tag, 0x81, d, 0, 0, 0], 3),
            (0, 0, _) => ([tag, 0x82, c, d, 0, 0], 4),
            (0, _, _) => ([tag, 0x83, b, c, d, 0], 5),
            _ => ([tag, 0x84, a, b, c, d], 6),
        };
        Self { octets, used }
    }

    fn len(&self) -> usize {
        self.used
    }

    fn bytes(&self) -> &[u8] {
        self.octets.get(..self.used).unwrap_or_default()
    }
}

const SEQUENCE: u8 = 0x30;
/// `[3] EXPLICIT`
const EXTENSIONS: u8 = 0xa3;
/// Version, signature type, time and entry type.
const PREFIX: usize = 1 + 1 + 8 + 2;
/// The hash of the issuer's key, and the length of the certificate.
const ISSUER: usize = 32 + 3;
const X509_ENTRY: [u8; 2] = [0, 0];
const PRECERT_ENTRY: [u8; 2] = [0, 1];
/// A length and the leaf index of Static CT.
const TYPICAL_EXTENSIONS: usize = 16;
