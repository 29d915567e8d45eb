//! The sizes and counts beyond which a layout or an archive is refused, each with its reason.

use sealcheck_verify::limits::Limit;

/// The files `oci-layout` and `manifest.json`, and image configurations: real ones have less than 1 MB.
pub const LAYOUT_FILE_BYTES: Limit = Limit {
    name: "layout-file-bytes",
    max: 8 << 20,
};
/// Entries of an archive, and blobs of a layout that is searched for referrers. A release of 400 images in one layout has
/// 10,000.
pub const LAYOUT_ENTRIES: Limit = Limit {
    name: "layout-entries",
    max: 131_072,
};
/// Bytes that are read when a layout is searched for manifests with a subject.
pub const LAYOUT_SEARCH_BYTES: Limit = Limit {
    name: "layout-search-bytes",
    max: 512 << 20,
};
/// Indexes within indexes. Real ones have two levels.
pub const INDEX_DEPTH: Limit = Limit {
    name: "index-depth",
    max: 8,
};
/// The name of one entry of an archive (`PATH_MAX` of Linux), and the extended header that may hold it.
pub const ARCHIVE_NAME_BYTES: Limit = Limit {
    name: "archive-name-bytes",
    max: 4096,
};
/// An extended header of an archive (pax); file systems allow 64 KiB of attributes.
pub const ARCHIVE_HEADER_BYTES: Limit = Limit {
    name: "archive-header-bytes",
    max: 128 << 10,
};
/// The names of all entries of an archive, together.
pub const ARCHIVE_NAMES_BYTES: Limit = Limit {
    name: "archive-names-bytes",
    max: 16 << 20,
};
/// How many times larger a compressed archive may become. Text becomes ten times larger, zeros a thousand times.
pub const ARCHIVE_EXPANSION: Limit = Limit {
    name: "archive-expansion",
    max: 100,
};
/// What a compressed archive may become whatever its size.
pub(crate) const ARCHIVE_EXPANSION_FLOOR: u64 = 64 << 20;
/// A file of a compressed archive up to this size is kept in memory when the archive is read.
pub(crate) const KEPT_FILE_BYTES: u64 = 1 << 20;
/// All that is kept in memory of a compressed archive.
pub(crate) const KEPT_BYTES: u64 = 32 << 20;
