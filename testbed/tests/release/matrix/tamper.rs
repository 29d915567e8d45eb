//! Bytes that are not what they were.

use std::io::Read;

use data_encoding::BASE64;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// What is done to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// One byte is another one.
    Flip,
    /// Something else of the release stands in its place.
    Sibling,
    /// The same thing of another version stands in its place.
    Other,
    Remove,
}

impl Act {
    pub(crate) const ALL: [Self; 4] = [Self::Flip, Self::Sibling, Self::Other, Self::Remove];

    /// What stands in the place of `own`; `None` for nothing. `flip` says how one byte of it is changed.
    pub(crate) fn on(
        self,
        own: &[u8],
        sibling: &[u8],
        other: &[u8],
        flip: fn(&[u8]) -> Vec<u8>,
    ) -> Option<Vec<u8>> {
        let altered = match self {
            Self::Flip => flip(own),
            Self::Sibling => sibling.to_vec(),
            Self::Other => other.to_vec(),
            Self::Remove => return None,
        };
        assert_ne!(altered, own, "nothing was changed");
        Some(altered)
    }
}

/// A bit of the byte at three quarters: behind all that is only said in the beginning of a thing.
pub(crate) fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    let at = altered.len() / 4 * 3;
    altered[at] ^= 1;
    altered
}

/// Another digit in a checksum.
pub(crate) fn flipped_hex(text: &[u8]) -> Vec<u8> {
    let mut altered = text.to_vec();
    altered[0] = if altered[0] == b'0' { b'1' } else { b'0' };
    altered
}

/// A bit of what base64 says.
pub(crate) fn flipped_base64(text: &[u8]) -> Vec<u8> {
    let bytes = BASE64.decode(text).unwrap();
    BASE64.encode(&flipped(&bytes)).into_bytes()
}

/// Another digit in the digest that the body of a log entry has.
pub(crate) fn flipped_body(text: &[u8]) -> Vec<u8> {
    const DIGEST: &[u8] = b"\"value\":\"";
    let mut bytes = BASE64.decode(text).unwrap();
    let before = bytes.windows(DIGEST.len()).position(|part| part == DIGEST);
    let start = before.unwrap() + DIGEST.len();
    let altered = flipped_hex(&bytes[start..]);
    bytes.truncate(start);
    bytes.extend(altered);
    BASE64.encode(&bytes).into_bytes()
}

/// A bit of a certificate as `.cert` has it: PEM, in base64.
pub(crate) fn flipped_certificate(text: &[u8]) -> Vec<u8> {
    let pem = String::from_utf8(BASE64.decode(text).unwrap()).unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = String::from_utf8(flipped_base64(der.as_bytes())).unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
    BASE64.encode(pem.as_bytes()).into_bytes()
}

/// A tarball in which a member is another one, or missing.
pub(crate) fn with_member(tarball: &[u8], member: &str, content: Option<&[u8]>) -> Vec<u8> {
    let mut before = tar::Archive::new(GzDecoder::new(tarball));
    let mut after = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut found = false;
    for entry in before.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut header = entry.header().clone();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if path == member {
            found = true;
            match content {
                Some(content) => bytes = content.to_vec(),
                None => continue,
            }
        }
        header.set_size(bytes.len().try_into().unwrap());
        after
            .append_data(&mut header, path, bytes.as_slice())
            .unwrap();
    }
    assert!(found, "{member}");
    after.into_inner().unwrap().finish().unwrap()
}

/// The content of a member.
pub(crate) fn member(tarball: &[u8], member: &str) -> Vec<u8> {
    let mut archive = tar::Archive::new(GzDecoder::new(tarball));
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let entry = entries.find(|entry| entry.path().unwrap().to_str() == Some(member));
    let mut bytes = Vec::new();
    entry.unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}
