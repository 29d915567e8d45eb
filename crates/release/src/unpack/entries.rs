//! The entries of a tar archive (POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU long names), read strictly and once.
//!
//! Whatever could mean one thing here and another to the next reader of the archive is an error.

use std::io::Read;

use sealcheck_verify::limits::Limit;
use sealcheck_verify::{is_unprintable, printable};
use tar::{EntryType, Header};

use super::source::Source;
use super::{Refusal, UnpackError, UnpackLimits};
use crate::limits::{
    UNPACK_DEPTH, UNPACK_ENTRIES, UNPACK_HEADER_BYTES, UNPACK_NAME_BYTES, UNPACK_PART_BYTES,
};

/// An archive on its way.
pub(super) struct Entries<R: Read> {
    source: Source<R>,
    limits: UnpackLimits,
    /// What is left of the current entry's content, and the zeros that fill its last block.
    content: u64,
    padding: u64,
    /// Headers of all kinds, and entries among them.
    headers: usize,
    number: usize,
}

/// An entry that may be written.
#[derive(Debug)]
pub(super) struct Entry {
    /// Which one, counted from 1.
    pub(super) number: usize,
    /// The path in its shortest form, without `.` and a slash at the end. Empty for the archive's own folder.
    pub(super) path: String,
    pub(super) kind: EntryKind,
    pub(super) mode: u32,
    pub(super) size: u64,
}

#[derive(Debug)]
pub(super) enum EntryKind {
    File,
    Folder,
    /// To the path, in its shortest form.
    HardLink(String),
    /// To the text, as it stands there.
    SymbolicLink(String),
}

/// What extended headers say about the entry that follows them.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    /// A key that is not understood; the entry's path is told with it, so it is refused when that is known.
    unknown: Option<String>,
    seen: bool,
}

impl Entry {
    /// An error about this entry.
    pub(super) fn refused(&self, refusal: Refusal) -> UnpackError {
        UnpackError::Entry {
            number: self.number,
            path: printable(&self.path),
            refusal,
        }
    }
}

impl<R: Read> Entries<R> {
    pub(super) fn new(source: Source<R>, limits: UnpackLimits) -> Self {
        Self {
            source,
            limits,
            content: 0,
            padding: 0,
            headers: 0,
            number: 0,
        }
    }

    /// The next entry; `None` after the archive's end, when all was read.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, UnpackError> {
        let mut extended = Extended::default();
        loop {
            self.pass()?;
            let mut block = [0; BLOCK];
            self.source.fill(&mut block)?;
            if block == [0; BLOCK] {
                return self.end(&extended).map(|()| None);
            }
            let header = Header::from_byte_slice(&block);
            self.headers = self.headers.saturating_add(1);
            // Each entry may have three headers that describe it.
            within(
                UNPACK_ENTRIES,
                self.headers.div_ceil(4),
                self.limits.entries,
            )?;
            check_sum(header, self.source.position())?;
            let size = octal(&header.as_old().size);
            match header.entry_type() {
                EntryType::XHeader => {
                    let content = self.header_content(size)?;
                    extended.pax(&content)?;
                }
                EntryType::XGlobalHeader => {
                    let content = self.header_content(size)?;
                    let mut global = Extended::default();
                    global.pax(&content)?;
                    let changes =
                        global.path.is_some() || global.link.is_some() || global.size.is_some();
                    if changes || global.unknown.is_some() {
                        return Err(UnpackError::malformed(
                            "a header for all entries changes what they are",
                        ));
                    }
                }
                EntryType::GNULongName => {
                    let name = self.header_content(size)?;
                    extended.set(|all| &mut all.path, text(name))?;
                }
                EntryType::GNULongLink => {
                    let link = self.header_content(size)?;
                    extended.set(|all| &mut all.link, text(link))?;
                }
                kind => return self.entry(header, kind, size, extended).map(Some),
            }
        }
    }

    /// Gives the content of the current entry away, piece by piece.
    pub(super) fn content(
        &mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), UnpackError>,
    ) -> Result<(), UnpackError> {
        let mut buffer = vec![0; PIECE.min(usize::try_from(self.content).unwrap_or(PIECE))];
        while self.content > 0 {
            let most = usize::try_from(self.content)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let piece = buffer.get_mut(..most).unwrap_or_default();
            self.source.fill(piece)?;
            take(piece)?;
            self.content = self
                .content
                .saturating_sub(u64::try_from(most).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    /// Passes over what is left of the current entry.
    fn pass(&mut self) -> Result<(), UnpackError> {
        self.content = self.content.saturating_add(self.padding);
        self.padding = 0;
        self.content(|_| Ok(()))
    }

    fn end(&mut self, extended: &Extended) -> Result<(), UnpackError> {
        if extended.seen {
            return Err(UnpackError::malformed(
                "a header describes an entry that does not follow",
            ));
        }
        // The marker is two blocks of zeros.
        let mut block = [0; BLOCK];
        self.source.fill(&mut block)?;
        if block != [0; BLOCK] {
            return Err(UnpackError::Trailing {
                found: "bytes behind the end marker",
            });
        }
        self.source.finish()
    }

    fn entry(
        &mut self,
        header: &Header,
        kind: EntryType,
        size: Option<u64>,
        extended: Extended,
    ) -> Result<Entry, UnpackError> {
        self.number = self.number.saturating_add(1);
        let name = extended
            .path
            .unwrap_or_else(|| header.path_bytes().into_owned());
        let number = self.number;
        let refused = |refusal| UnpackError::Entry {
            number,
            path: printable(&String::from_utf8_lossy(&name)),
            refusal,
        };
        if let Some(key) = extended.unknown {
            return Err(refused(match key.starts_with(SPARSE) {
                true => Refusal::Sparse,
                false => Refusal::Extended { key },
            }));
        }
        let link = || {
            let link = extended.link.clone();
            link.unwrap_or_else(|| header.link_name_bytes().unwrap_or_default().into_owned())
        };
        let kind = match kind {
            EntryType::Regular | EntryType::Continuous => EntryKind::File,
            EntryType::Directory => EntryKind::Folder,
            EntryType::Link => EntryKind::HardLink(plain_path(&link(), true)?.map_err(&refused)?),
            EntryType::Symlink => {
                let link = String::from_utf8(link()).map_err(|_| refused(Refusal::NotText))?;
                within(UNPACK_NAME_BYTES, link.len(), UNPACK_NAME_BYTES.max)?;
                EntryKind::SymbolicLink(link)
            }
            EntryType::Char | EntryType::Block => return Err(refused(Refusal::Device)),
            EntryType::Fifo => return Err(refused(Refusal::Pipe)),
            EntryType::GNUSparse => return Err(refused(Refusal::Sparse)),
            other => return Err(refused(Refusal::UnknownType(other.as_byte()))),
        };
        let path = plain_path(&name, !matches!(kind, EntryKind::Folder))?.map_err(&refused)?;
        let size = match (extended.size, size) {
            (Some(size), _) | (None, Some(size)) => size,
            (None, None) => return Err(refused(Refusal::Number("size"))),
        };
        if size > 0 && !matches!(kind, EntryKind::File) {
            return Err(refused(Refusal::Content));
        }
        let mode = octal(&header.as_old().mode).and_then(|mode| u32::try_from(mode).ok());
        let mode = mode.ok_or_else(|| refused(Refusal::Number("mode")))?;
        if mode & SPECIAL_BITS != 0 {
            return Err(refused(Refusal::SpecialBits(mode & MODE_BITS)));
        }
        self.content = size;
        self.padding = size.wrapping_neg() % BLOCK_BYTES;
        Ok(Entry {
            number,
            path,
            kind,
            mode,
            size,
        })
    }

    fn header_content(&mut self, size: Option<u64>) -> Result<Vec<u8>, UnpackError> {
        let size = size.ok_or_else(|| {
            UnpackError::malformed("the size of an extended header is not an octal number")
        })?;
        let length = usize::try_from(size).unwrap_or(usize::MAX);
        within(UNPACK_HEADER_BYTES, length, UNPACK_HEADER_BYTES.max)?;
        self.content = size;
        self.padding = size.wrapping_neg() % BLOCK_BYTES;
        let mut content = Vec::with_capacity(length);
        self.content(|piece| {
            content.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(content)
    }
}

impl Extended {
    /// The records of a pax header, `LENGTH KEY=VALUE` and a newline, where the length counts all of it.
    fn pax(&mut self, content: &[u8]) -> Result<(), UnpackError> {
        self.seen = true;
        let mut rest = content;
        while !rest.is_empty() {
            let (key, value);
            (key, value, rest) = record(rest)
                .ok_or_else(|| UnpackError::malformed("an extended header cannot be read"))?;
            match key {
                b"path" => self.set(|all| &mut all.path, value.to_vec())?,
                b"linkpath" => self.set(|all| &mut all.link, value.to_vec())?,
                b"size" => {
                    let digits = std::str::from_utf8(value).ok();
                    let digits =
                        digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
                    let size = digits.and_then(|digits| digits.parse().ok());
                    let size = size.ok_or_else(|| {
                        UnpackError::malformed("an extended size is not a number")
                    })?;
                    if self.size.replace(size).is_some() {
                        return Err(UnpackError::malformed("an entry has two extended sizes"));
                    }
                }
                key if PASSED_OVER.contains(&key) => {}
                key => self.unknown = Some(printable(&String::from_utf8_lossy(key))),
            }
        }
        Ok(())
    }

    fn set(
        &mut self,
        field: impl FnOnce(&mut Self) -> &mut Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<(), UnpackError> {
        self.seen = true;
        match field(self).replace(value) {
            None => Ok(()),
            Some(_) => Err(UnpackError::malformed("an entry has two extended names")),
        }
    }
}

/// The path in its shortest form, or why it is none that is written.
///
/// The outer error is about the archive, the inner one about the entry.
fn plain_path(name: &[u8], is_file: bool) -> Result<Result<String, Refusal>, UnpackError> {
    within(UNPACK_NAME_BYTES, name.len(), UNPACK_NAME_BYTES.max)?;
    let Ok(name) = std::str::from_utf8(name) else {
        return Ok(Err(Refusal::NotText));
    };
    if name.starts_with('/') {
        return Ok(Err(Refusal::Absolute));
    }
    if name.contains(['\\', ':']) || name.chars().any(is_unprintable) {
        return Ok(Err(Refusal::Separator));
    }
    let is_own = |part: &&str| part.is_empty() || *part == ".";
    let parts: Vec<&str> = name.split('/').filter(|part| !is_own(part)).collect();
    if parts.contains(&"..") {
        return Ok(Err(Refusal::Upwards));
    }
    if is_file && name.rsplit('/').next().is_none_or(|last| is_own(&last)) {
        return Ok(Err(Refusal::FolderPath));
    }
    within(UNPACK_DEPTH, parts.len(), UNPACK_DEPTH.max)?;
    for part in &parts {
        within(UNPACK_PART_BYTES, part.len(), UNPACK_PART_BYTES.max)?;
    }
    Ok(Ok(parts.join("/")))
}

/// The header's checksum: the sum of its bytes, with spaces where the sum stands.
fn check_sum(header: &Header, end: u64) -> Result<(), UnpackError> {
    let bytes = header.as_bytes().iter().enumerate();
    let sum: u64 = bytes
        .map(|(at, byte)| match CHECK_SUM.contains(&at) {
            true => u64::from(b' '),
            false => u64::from(*byte),
        })
        .sum();
    match octal(&header.as_old().cksum) {
        Some(stored) if stored == sum => Ok(()),
        _ if end == BLOCK_BYTES => Err(UnpackError::malformed(
            "it is no tar archive, with or without gzip",
        )),
        _ => Err(UnpackError::malformed(format!(
            "the header at byte {} is damaged: its checksum differs",
            end.saturating_sub(BLOCK_BYTES)
        ))),
    }
}

/// A number in octal digits, with spaces before it and spaces or zeros behind. The binary form of GNU is for files of 8 GiB
/// and more, of which there are none here; its upper bytes are read differently by different readers.
fn octal(field: &[u8]) -> Option<u64> {
    let field = field.trim_ascii_start();
    let end = field.iter().position(|byte| matches!(byte, 0 | b' '));
    let (digits, behind) = field.split_at(end.unwrap_or(field.len()));
    if digits.is_empty() || behind.iter().any(|byte| !matches!(byte, 0 | b' ')) {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| match digit {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// The first record of an extended header, and what follows it.
fn record(header: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = header.iter().position(|byte| *byte == b' ')?;
    let digits = header.get(..space)?;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let length = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    let (record, rest) = header.split_at_checked(length.parse().ok()?)?;
    let pair = record.get(space.checked_add(1)?..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    Some((
        pair.get(..equals)?,
        pair.get(equals.checked_add(1)?..)?,
        rest,
    ))
}

/// A long name of GNU's, without the zeros behind it.
fn text(mut name: Vec<u8>) -> Vec<u8> {
    while name.last() == Some(&0) {
        name.pop();
    }
    name
}

pub(super) fn within(limit: Limit, found: usize, max: usize) -> Result<(), UnpackError> {
    match found <= max {
        true => Ok(()),
        false => Err(UnpackError::LimitExceeded {
            name: limit.name,
            max: u64::try_from(max).unwrap_or(u64::MAX),
        }),
    }
}

const BLOCK: usize = 512;
const BLOCK_BYTES: u64 = 512;
/// Where the checksum stands in a header.
const CHECK_SUM: std::ops::Range<usize> = 148..156;
const PIECE: usize = 128 << 10;
/// setuid, setgid, sticky.
const SPECIAL_BITS: u32 = 0o7000;
/// What of a mode is not the file's type, which old writers put there too.
const MODE_BITS: u32 = 0o7777;
/// The keys of sparse files.
const SPARSE: &str = "GNU.sparse.";
/// Keys of extended headers that change nothing here: times, owners and comments are not written.
const PASSED_OVER: [&[u8]; 8] = [
    b"atime", b"ctime", b"mtime", b"uid", b"gid", b"uname", b"gname", b"comment",
];
