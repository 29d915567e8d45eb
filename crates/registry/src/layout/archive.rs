//! A layout in a tar archive, uncompressed or compressed by gzip.
//!
//! The archive is walked through once, which gives a table of names and offsets; nothing is unpacked. Where it is compressed
//! there are no offsets into the file: small files are kept in memory on the way, up to a bound, and only when another one is
//! asked for is the archive decompressed into a temporary file without a name.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use sealcheck_verify::{Digest, printable};

use super::LayoutError;
use super::limits::{ARCHIVE_EXPANSION, ARCHIVE_EXPANSION_FLOOR, KEPT_BYTES, KEPT_FILE_BYTES};
use super::storage::{File, blob_digest};
use super::tar::{Kind, Pieces, TarError, Walker};

/// An archive and the table of its files.
pub(crate) struct Archive {
    place: String,
    content: Content,
    members: BTreeMap<String, Member>,
}

enum Content {
    /// The archive itself.
    Plain(Shared),
    Compressed {
        packed: Shared,
        limit: u64,
        /// The archive without its compression, once it was needed.
        unpacked: Mutex<Option<Shared>>,
    },
}

#[derive(Clone, Debug)]
enum Member {
    File { offset: u64, size: u64 },
    Kept(Bytes),
    Folder,
    Special(&'static str),
}

/// A file that several read at different places.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<fs::File>>);

/// A range of a file.
struct Range {
    file: Shared,
    position: u64,
    end: u64,
}

/// Decompressed bytes, no more than allowed.
struct Decompressed {
    decoder: MultiGzDecoder<io::BufReader<Range>>,
    left: u64,
}

impl Archive {
    /// Reads the table of the archive at `path`, which is an opened regular file.
    pub(crate) fn read(path: &Path, mut file: fs::File) -> Result<Self, LayoutError> {
        let place = printable(&path.display().to_string());
        let unreadable = |error: io::Error| LayoutError::unreadable(&place, &error);
        let size = file.metadata().map_err(unreadable)?.len();
        let mut start = [0; 6];
        let there = read_start(&mut file, &mut start).map_err(unreadable)?;
        let start = start.get(..there).unwrap_or_default();
        let file = Shared(Arc::new(Mutex::new(file)));
        let whole = file.range(0, size);
        let mut members = Members::default();
        let walked = if start.starts_with(GZIP) {
            let limit = expansion_limit(size);
            members.kept_bytes = KEPT_BYTES;
            let content = Content::Compressed {
                packed: file,
                limit,
                unpacked: Mutex::new(None),
            };
            members
                .walk(&mut Walker::new(Decompressed::new(whole, limit)))
                .map(|()| content)
        } else if let Some((_, name)) = COMPRESSIONS
            .iter()
            .find(|(magic, _)| start.starts_with(magic))
        {
            return Err(LayoutError::NotALayout {
                detail: format!("it is compressed by {name}: decompress it first ({name} -d)"),
                place,
            });
        } else {
            let mut walker = Walker::new(whole);
            let walked = members.walk(&mut walker);
            if matches!(walked, Err(TarError::Malformed(_))) && walker.entries() == 0 {
                return Err(LayoutError::NotALayout {
                    place,
                    detail: "it is neither a folder nor a tar archive".to_owned(),
                });
            }
            walked.map(|()| Content::Plain(file))
        };
        match walked {
            Ok(content) => Ok(Self {
                place,
                content,
                members: members.by_name,
            }),
            Err(error) => Err(refused(place, error)),
        }
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn open(&self, path: &str) -> Result<Option<File>, LayoutError> {
        match self.members.get(path) {
            None => Ok(None),
            Some(Member::Folder) => Err(LayoutError::malformed(
                format!("{}: {path}", self.place),
                "it is a folder, and only regular files are read",
            )),
            Some(Member::Special(what)) => Err(LayoutError::malformed(
                format!("{}: {path}", self.place),
                format!("it is {what}, and only regular files are read"),
            )),
            Some(Member::Kept(bytes)) => Ok(Some(File {
                size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                reader: Box::new(io::Cursor::new(bytes.clone())),
            })),
            Some(Member::File { offset, size }) => {
                let end = offset.saturating_add(*size);
                let reader = Box::new(self.uncompressed()?.range(*offset, end));
                Ok(Some(File {
                    size: *size,
                    reader,
                }))
            }
        }
    }

    pub(crate) fn blobs(&self) -> Vec<(Digest, u64)> {
        let sized = self.members.iter().filter_map(|(path, member)| {
            let size = match member {
                Member::File { size, .. } => *size,
                Member::Kept(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                Member::Special(_) => 0,
                Member::Folder => return None,
            };
            Some((blob_digest(path)?, size))
        });
        sized.collect()
    }

    fn uncompressed(&self) -> Result<Shared, LayoutError> {
        let (packed, limit, unpacked) = match &self.content {
            Content::Plain(file) => return Ok(file.clone()),
            Content::Compressed {
                packed,
                limit,
                unpacked,
            } => (packed, *limit, unpacked),
        };
        let mut unpacked = unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*unpacked {
            return Ok(file.clone());
        }
        let file = unpack(packed, limit)
            .map_err(|error| refused(self.place.clone(), TarError::Io(error)))?;
        Ok(unpacked.insert(file).clone())
    }
}

/// The table while the archive is walked through.
#[derive(Default)]
struct Members {
    by_name: BTreeMap<String, Member>,
    /// How many more bytes of small files may be kept.
    kept_bytes: u64,
}

impl Members {
    fn walk<P: Pieces>(&mut self, walker: &mut Walker<P>) -> Result<(), TarError> {
        while let Some(entry) = walker.next()? {
            let member = match entry.kind {
                Kind::Folder => Member::Folder,
                Kind::Special(what) => Member::Special(what),
                Kind::File if entry.size <= self.kept_bytes.min(KEPT_FILE_BYTES) => {
                    self.kept_bytes -= entry.size;
                    Member::Kept(walker.content()?.into())
                }
                Kind::File => Member::File {
                    offset: entry.offset,
                    size: entry.size,
                },
            };
            let shown = printable(&entry.path);
            let is_folder = matches!(member, Member::Folder);
            match self.by_name.insert(entry.path, member) {
                None => {}
                // Archives that were added to name folders again.
                Some(Member::Folder) if is_folder => {}
                Some(_) => return Err(TarError::Malformed(format!("it holds {shown} twice"))),
            }
        }
        self.check_folders()?;
        walker.finish()
    }

    /// Refuses an entry below something that is no folder: unpacked through a link, it is another one than it is called.
    fn check_folders(&self) -> Result<(), TarError> {
        for (path, member) in &self.by_name {
            if matches!(member, Member::Folder) {
                continue;
            }
            let folder = format!("{path}/");
            let below = self.by_name.range(folder.clone()..).next();
            if let Some((below, _)) = below.filter(|(below, _)| below.starts_with(&folder)) {
                return Err(TarError::Malformed(format!(
                    "it holds {}, and {} is no folder",
                    printable(below),
                    printable(path)
                )));
            }
        }
        Ok(())
    }
}

impl Shared {
    fn range(&self, position: u64, end: u64) -> Range {
        Range {
            file: self.clone(),
            position,
            end,
        }
    }
}

impl Read for Range {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.position);
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let Some(buffer) = buffer.get_mut(..most) else {
            return Ok(0);
        };
        let mut file = self.file.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.position))?;
        let read = file.read(buffer)?;
        self.position = self
            .position
            .saturating_add(u64::try_from(read).unwrap_or_default());
        Ok(read)
    }
}

impl Pieces for Range {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        match self.position.checked_add(count) {
            Some(position) if position <= self.end => {
                self.position = position;
                Ok(())
            }
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Decompressed {
    fn new(packed: Range, limit: u64) -> Self {
        Self {
            decoder: MultiGzDecoder::new(io::BufReader::with_capacity(64 << 10, packed)),
            left: limit,
        }
    }
}

impl Read for Decompressed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        let counted = u64::try_from(read).unwrap_or(u64::MAX);
        match self.left.checked_sub(counted) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => Err(io::Error::new(io::ErrorKind::FileTooLarge, TooLarge)),
        }
    }
}

impl Pieces for Decompressed {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.by_ref().take(count), &mut io::sink())?;
        match skipped == count {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// A compressed archive becomes larger than any real one.
#[derive(Debug, thiserror::Error)]
#[error("it becomes larger than any real archive")]
struct TooLarge;

fn unpack(packed: &Shared, limit: u64) -> io::Result<Shared> {
    let mut unpacked = tempfile::tempfile()?;
    let mut content = Decompressed::new(packed.range(0, u64::MAX), limit);
    io::copy(&mut content, &mut unpacked)?;
    unpacked.flush()?;
    Ok(Shared(Arc::new(Mutex::new(unpacked))))
}

fn expansion_limit(packed: u64) -> u64 {
    let times = u64::try_from(ARCHIVE_EXPANSION.max).unwrap_or(u64::MAX);
    packed.saturating_mul(times).max(ARCHIVE_EXPANSION_FLOOR)
}

/// As many of the first bytes as there are.
fn read_start(file: &mut fs::File, start: &mut [u8]) -> io::Result<usize> {
    let mut read = Vec::new();
    let most = u64::try_from(start.len()).unwrap_or_default();
    file.take(most).read_to_end(&mut read)?;
    for (to, from) in start.iter_mut().zip(&read) {
        *to = *from;
    }
    Ok(read.len())
}

fn refused(place: String, error: TarError) -> LayoutError {
    match error {
        TarError::Malformed(detail) => LayoutError::Malformed { place, detail },
        TarError::Limit(limit) => LayoutError::LimitExceeded { place, limit },
        TarError::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            LayoutError::LimitExceeded {
                place,
                limit: ARCHIVE_EXPANSION,
            }
        }
        TarError::Io(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::InvalidData
                    | io::ErrorKind::UnexpectedEof
            ) =>
        {
            LayoutError::malformed(place, format!("the compression is broken: {error}"))
        }
        TarError::Io(error) => LayoutError::unreadable(place, &error),
    }
}

/// The first bytes of gzip (RFC 1952 section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];
/// First bytes and names of compressions that are not read here.
const COMPRESSIONS: [(&[u8], &str); 4] = [
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (&[0x04, 0x22, 0x4d, 0x18], "lz4"),
];
