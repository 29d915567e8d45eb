//! The sizes and counts beyond which what a release says or holds is refused, each with its reason.

use sealcheck_verify::limits::Limit;

/// A file with a profile. The one of Kubernetes has 5 KB.
pub const PROFILE_BYTES: Limit = Limit::new("profile-bytes", 256 << 10);
/// Entries of each list in a profile; every path form and address is a compiled pattern.
pub const PROFILE_ENTRIES: Limit = Limit::new("profile-entries", 128);
/// An address, path form, name or reason in a profile.
pub const PROFILE_TEXT_BYTES: Limit = Limit::new("profile-text-bytes", 1024);
/// What a channel's file answers: one version and a line break. The longest real ones have 20 bytes.
pub const CHANNEL_BYTES: Limit = Limit::new("channel-bytes", 64);
/// A checksum file. Real ones have 64 or 128 bytes, some with a name behind.
pub const CHECKSUM_BYTES: Limit = Limit::new("checksum-bytes", 4096);
/// What a project publishes unsigned: notes and provenance of Kubernetes have some MB.
pub const UNSIGNED_BYTES: Limit = Limit::new("unsigned-bytes", 32 << 20);
/// A path below a release. Real ones have at most 60 bytes.
pub const PATH_BYTES: Limit = Limit::new("path-bytes", 1024);
/// Names in the catalogue of one release. Real ones have about 120, and a hundred with every side file of each.
pub const CATALOGUE_NAMES: Limit = Limit::new("catalogue-names", 65_536);

/// Other versions in a folder whose SBOMs are proved to find out which of them a file is of; the newest. Each costs a
/// signature and the reading of an SBOM.
pub const OTHER_VERSIONS: Limit = Limit::new("other-versions", 8);

/// Entries of an archive that is unpacked. The source tree of Kubernetes has 30,000.
pub const UNPACK_ENTRIES: Limit = Limit::new("unpack-entries", 262_144);
/// The path of one entry (`PATH_MAX` of Linux).
pub const UNPACK_NAME_BYTES: Limit = Limit::new("unpack-name-bytes", 4096);
/// One part of a path (`NAME_MAX` of Linux).
pub const UNPACK_PART_BYTES: Limit = Limit::new("unpack-part-bytes", 255);
/// The paths of all entries, of the folders that they imply, and of where links lead, together; they are kept to the end.
pub const UNPACK_NAMES_BYTES: Limit = Limit::new("unpack-names-bytes", 32 << 20);
/// Folders within folders. Vendored sources have 20.
pub const UNPACK_DEPTH: Limit = Limit::new("unpack-depth", 64);
/// An extended header (pax), which may hold a long name and a few times.
pub const UNPACK_HEADER_BYTES: Limit = Limit::new("unpack-header-bytes", 128 << 10);
/// How many times larger a compressed archive may become. Programs become three times larger, zeros a thousand times.
pub const UNPACK_EXPANSION: Limit = Limit::new("unpack-expansion", 100);
/// What an archive may be without its compression, in bytes. The largest of Kubernetes, of tests, have 1.5 GiB.
///
/// Not a [`Limit`], which could not hold it where addresses have 32 bits.
pub const UNPACK_BYTES: u64 = 8 << 30;
/// What a compressed archive may become whatever its size, in bytes: small archives of text expand well.
pub(crate) const UNPACK_EXPANSION_FLOOR: u64 = 16 << 20;
