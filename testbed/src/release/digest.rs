//! The digests that a release states.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};
use data_encoding::HEXLOWER;

pub(super) fn sha1(bytes: &[u8]) -> String {
    hex(&SHA1_FOR_LEGACY_USE_ONLY, bytes)
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&SHA256, bytes)
}

pub(super) fn sha512(bytes: &[u8]) -> String {
    hex(&SHA512, bytes)
}

/// What stands in the checksum files, with what they are called behind the name of the file.
pub(super) fn checksum_files(bytes: &[u8]) -> [(&'static str, String); 2] {
    [(".sha256", sha256(bytes)), (".sha512", sha512(bytes))]
}

fn hex(algorithm: &'static Algorithm, bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(algorithm, bytes).as_ref())
}
