//! The entries of a tar archive (POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU long names), read strictly and once.
//!
//! The archive is hostile: whatever could mean one thing to us and another to the tool that unpacks it is an error.

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::limits::{
    ARCHIVE_HEADER_BYTES, ARCHIVE_NAME_BYTES, ARCHIVE_NAMES_BYTES, LAYOUT_ENTRIES,
};
use sealcheck_verify::limits::Limit;

/// Bytes in a row that can be passed over.
pub(crate) trait Pieces: Read {
    /// Passes over `count` bytes.
    ///
    /// # Errors
    /// `UnexpectedEof` when there are fewer.
    fn skip(&mut self, count: u64) -> io::Result<()>;
}

/// Walks through an archive.
pub(crate) struct Walker<P> {
    pieces: P,
    /// Where the next unread byte is.
    position: u64,
    /// What is left of the current entry's content.
    content: u64,
    /// The zeros that fill its last block.
    padding: u64,
    entries: usize,
    names: usize,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path in its shortest form: no `./`, no slash at the end. Empty for the archive's own folder.
    pub(crate) path: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// Where its content begins.
    pub(crate) offset: u64,
    /// The size of its content.
    pub(crate) size: u64,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// A link, a device or a pipe: never read, by its name for people.
    Special(&'static str),
}

/// Why an archive is refused.
#[derive(Debug)]
pub(crate) enum TarError {
    Io(io::Error),
    Malformed(String),
    Limit(Limit),
}

/// What extended headers say about the entry that follows them.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    seen: bool,
}

impl<P: Pieces> Walker<P> {
    pub(crate) fn new(pieces: P) -> Self {
        Self {
            pieces,
            position: 0,
            content: 0,
            padding: 0,
            entries: 0,
            names: 0,
        }
    }

    /// How many headers were read; none means that this is no archive.
    pub(crate) fn entries(&self) -> usize {
        self.entries
    }

    /// The next entry; `None` after the archive's end marker, without which it is truncated.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, TarError> {
        let mut extended = Extended::default();
        loop {
            let rest = self.content.saturating_add(self.padding);
            self.pieces.skip(rest).map_err(truncated)?;
            self.position = self.position.saturating_add(rest);
            (self.content, self.padding) = (0, 0);

            let mut block = [0; BLOCK];
            self.pieces.read_exact(&mut block).map_err(truncated)?;
            self.position = self.position.saturating_add(BLOCK_BYTES);
            if block == [0; BLOCK] {
                return match extended.seen {
                    true => Err(malformed("an extended header describes no entry")),
                    false => Ok(None),
                };
            }
            let header = Header::from_byte_slice(&block);
            check_sum(header)?;
            self.entries = self.entries.saturating_add(1);
            within(LAYOUT_ENTRIES, self.entries)?;
            check_prefix(header)?;
            let stored = header
                .entry_size()
                .map_err(|_| malformed("the size of an entry is not a number"))?;
            match header.entry_type() {
                EntryType::XHeader => self.pax(stored, &mut extended)?,
                EntryType::XGlobalHeader => {
                    // Git writes one, with a comment.
                    let mut global = Extended::default();
                    self.pax(stored, &mut global)?;
                    if global.path.is_some() || global.size.is_some() {
                        return Err(malformed("a global header renames or resizes every entry"));
                    }
                }
                EntryType::GNULongName => {
                    let mut name = self.header_content(stored)?;
                    while name.last() == Some(&0) {
                        name.pop();
                    }
                    extended.name(name)?;
                }
                EntryType::GNULongLink => drop(self.header_content(stored)?),
                kind => return self.entry(header, kind, stored, extended).map(Some),
            }
        }
    }

    /// The content of the entry that [`Walker::next`] gave last.
    pub(crate) fn content(&mut self) -> Result<Vec<u8>, TarError> {
        let size = self.content;
        self.content = 0;
        self.position = self.position.saturating_add(size);
        let mut content = Vec::new();
        (&mut self.pieces)
            .take(size)
            .read_to_end(&mut content)
            .map_err(TarError::Io)?;
        match u64::try_from(content.len()) {
            Ok(length) if length == size => Ok(content),
            _ => Err(truncated(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// Reads to the end, so that whatever checks the whole (gzip's checksum) does. After the end marker there are only the
    /// zeros that fill the last record: some readers go on behind it (`tar --ignore-zeros`).
    pub(crate) fn finish(&mut self) -> Result<(), TarError> {
        let mut rest = vec![0; 64 << 10];
        loop {
            let read = self.pieces.read(&mut rest).map_err(TarError::Io)?;
            match rest.get(..read) {
                None | Some([]) => return Ok(()),
                Some(rest) if rest.iter().all(|byte| *byte == 0) => {}
                Some(_) => return Err(malformed("something follows its end marker")),
            }
        }
    }

    fn entry(
        &mut self,
        header: &Header,
        kind: EntryType,
        stored: u64,
        extended: Extended,
    ) -> Result<Entry, TarError> {
        let size = extended.size.unwrap_or(stored);
        let has_none = matches!(
            kind,
            EntryType::Link | EntryType::Symlink | EntryType::Directory
        );
        if has_none && size > 0 {
            // Some readers pass over as much, some do not: two readings of what follows.
            return Err(malformed("a link or a folder has content"));
        }
        let kind = match kind {
            EntryType::Regular | EntryType::Continuous => Kind::File,
            EntryType::Directory => Kind::Folder,
            EntryType::Link => Kind::Special("a hard link"),
            EntryType::Symlink => Kind::Special("a symbolic link"),
            EntryType::Char | EntryType::Block => Kind::Special("a device"),
            EntryType::Fifo => Kind::Special("a named pipe"),
            EntryType::GNUSparse => {
                // Its map may go on in further blocks, which only readers of the format would skip.
                return Err(malformed("it holds a sparse file in GNU's old form"));
            }
            _ => return Err(malformed("it holds an entry of unknown type")),
        };
        let name = match extended.path {
            Some(name) => name,
            None => header.path_bytes().into_owned(),
        };
        within(ARCHIVE_NAME_BYTES, name.len())?;
        self.names = self.names.saturating_add(name.len());
        within(ARCHIVE_NAMES_BYTES, self.names)?;
        let path = plain_path(&name, kind)?;
        self.content = size;
        self.padding = size.wrapping_neg() % BLOCK_BYTES;
        Ok(Entry {
            path,
            kind,
            offset: self.position,
            size,
        })
    }

    fn header_content(&mut self, size: u64) -> Result<Vec<u8>, TarError> {
        let length = usize::try_from(size).unwrap_or(usize::MAX);
        within(ARCHIVE_HEADER_BYTES, length)?;
        self.content = size;
        self.padding = size.wrapping_neg() % BLOCK_BYTES;
        self.content()
    }

    fn pax(&mut self, size: u64, extended: &mut Extended) -> Result<(), TarError> {
        let content = self.header_content(size)?;
        let mut rest = content.as_slice();
        while !rest.is_empty() {
            let (key, value);
            (key, value, rest) =
                record(rest).ok_or_else(|| malformed("an extended header cannot be read"))?;
            match key {
                b"path" => extended.name(value.to_vec())?,
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
                    let size = size.ok_or_else(|| malformed("an extended size is not a number"))?;
                    if extended.size.replace(size).is_some() {
                        return Err(malformed("an entry has two extended sizes"));
                    }
                }
                _ if is_sparse(key) => {
                    // Readers of these give it another name (`GNU.sparse.name`), another size and another content.
                    return Err(malformed("it holds a sparse file"));
                }
                _ => {}
            }
        }
        extended.seen = true;
        Ok(())
    }
}

impl Extended {
    fn name(&mut self, name: Vec<u8>) -> Result<(), TarError> {
        self.seen = true;
        match self.path.replace(name) {
            None => Ok(()),
            Some(_) => Err(malformed("an entry has two extended names")),
        }
    }
}

/// The path in its shortest form. A path that would leave the folder that an archive is unpacked into is an error.
fn plain_path(name: &[u8], kind: Kind) -> Result<String, TarError> {
    let Ok(name) = std::str::from_utf8(name) else {
        return Err(malformed("the name of an entry is not UTF-8"));
    };
    let shown = || sealcheck_verify::printable(name);
    if name.starts_with('/') {
        return Err(malformed(format!(
            "the name of an entry is absolute: {}",
            shown()
        )));
    }
    if name.contains(['\0', '\\']) {
        return Err(malformed(format!(
            "the name of an entry has a character that separates elsewhere: {}",
            shown()
        )));
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.contains(&"..") {
        return Err(malformed(format!(
            "the name of an entry leads out of the archive: {}",
            shown()
        )));
    }
    if kind != Kind::Folder && (parts.is_empty() || name.ends_with('/')) {
        return Err(malformed(format!(
            "a file or a link has the name of a folder: {:?}",
            shown()
        )));
    }
    Ok(parts.join("/"))
}

/// The header's checksum: the sum of its bytes, with spaces where the sum stands.
fn check_sum(header: &Header) -> Result<(), TarError> {
    let bytes = header.as_bytes();
    let sum: u32 = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| match CHECK_SUM.contains(&at) {
            true => u32::from(b' '),
            false => u32::from(*byte),
        })
        .sum();
    match header.cksum() {
        Ok(stored) if stored == sum => Ok(()),
        _ => Err(malformed("the checksum of a header is wrong")),
    }
}

/// Refuses a field `prefix` that is not POSIX': GNU tar has times there, star a shorter one (its mark is in the last bytes),
/// and readers differ in whether, and how much of it, they put before the name.
fn check_prefix(header: &Header) -> Result<(), TarError> {
    let bytes = header.as_bytes();
    let is_posix = header.as_ustar().is_some() && !bytes.ends_with(STAR);
    match bytes.get(PREFIX) {
        Some(0) => Ok(()),
        Some(_) if is_posix => Ok(()),
        _ => Err(malformed("the prefix of a name can be read in two ways")),
    }
}

/// The first record of an extended header, `LENGTH KEY=VALUE` and a newline, where the length counts all of it; and what
/// follows it.
fn record(header: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = header.iter().position(|byte| *byte == b' ')?;
    let length = std::str::from_utf8(header.get(..space)?).ok()?;
    let (record, rest) = header.split_at_checked(length.parse().ok()?)?;
    let pair = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    Some((pair.get(..equals)?, pair.get(equals + 1..)?, rest))
}

/// Whether a record of an extended header is one of a sparse file: of GNU tar, of star or of Solaris' tar.
fn is_sparse(key: &[u8]) -> bool {
    key.starts_with(b"GNU.sparse.") || key == b"SCHILY.realsize" || key == b"SUN.holesdata"
}

fn within(limit: Limit, found: usize) -> Result<(), TarError> {
    match found <= limit.max {
        true => Ok(()),
        false => Err(TarError::Limit(limit)),
    }
}

fn malformed(detail: impl Into<String>) -> TarError {
    TarError::Malformed(detail.into())
}

fn truncated(error: io::Error) -> TarError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => malformed("the archive ends early: it is truncated"),
        _ => TarError::Io(error),
    }
}

const BLOCK: usize = 512;
const BLOCK_BYTES: u64 = 512;
/// Where the prefix of a name begins in a header, which is empty if its first byte is zero.
const PREFIX: usize = 345;
/// The last bytes of star's headers.
const STAR: &[u8] = b"tar\0";
/// Where the checksum stands in a header.
const CHECK_SUM: std::ops::Range<usize> = 148..156;
