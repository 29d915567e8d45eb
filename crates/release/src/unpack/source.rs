//! The bytes of an archive, without their compression, counted and no more of them than allowed.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::{UnpackError, UnpackLimits};
use crate::limits::{UNPACK_EXPANSION, UNPACK_EXPANSION_FLOOR};

pub(super) struct Source<R: Read> {
    stream: Stream<R>,
    limits: UnpackLimits,
    /// How many bytes were given out.
    read: u64,
}

enum Stream<R: Read> {
    Plain(BufReader<Counted<R>>),
    // One member only: `gzip` reads on after it, `GzDecoder` does not, and what comes next would be in dispute.
    Gzip(Box<GzDecoder<BufReader<Counted<R>>>>),
}

struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Source<R> {
    /// Looks at the first bytes, and decompresses if they are those of gzip (RFC 1952 section 2.3.1).
    pub(super) fn new(inner: R, limits: UnpackLimits) -> Result<Self, UnpackError> {
        let mut packed = BufReader::with_capacity(BUFFER, Counted { inner, count: 0 });
        let start = retried(|| packed.fill_buf().map(<[u8]>::len));
        start.map_err(|error| unreadable(&error))?;
        // A source may give one byte at a time; gzip is then told by the first, which begins no sensible name.
        let stream =
            match packed.buffer().starts_with(&GZIP) || packed.buffer() == GZIP.split_at(1).0 {
                true => Stream::Gzip(Box::new(GzDecoder::new(packed))),
                false => Stream::Plain(packed),
            };
        Ok(Self {
            stream,
            limits,
            read: 0,
        })
    }

    /// How many bytes were given out.
    pub(super) fn position(&self) -> u64 {
        self.read
    }

    /// Some bytes; none at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, UnpackError> {
        let (read, packed) = match &mut self.stream {
            Stream::Plain(plain) => (retried(|| plain.read(buffer)), None),
            Stream::Gzip(decoder) => {
                let read = retried(|| decoder.read(buffer));
                (read, Some(decoder.get_ref().get_ref().count))
            }
        };
        let read = read.map_err(|error| match (error.kind(), packed) {
            (io::ErrorKind::UnexpectedEof, _) => UnpackError::Truncated { after: self.read },
            (io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData, Some(_)) => {
                UnpackError::malformed(format!("its compression: {error}"))
            }
            _ => unreadable(&error),
        })?;
        self.read = self
            .read
            .saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if self.read > self.limits.bytes {
            return Err(UnpackError::LimitExceeded {
                name: "unpack-bytes",
                max: self.limits.bytes,
            });
        }
        if let Some(packed) = packed {
            let allowed = packed.saturating_mul(self.limits.expansion);
            if self.read > allowed.max(UNPACK_EXPANSION_FLOOR) {
                return Err(UnpackError::LimitExceeded {
                    name: UNPACK_EXPANSION.name,
                    max: self.limits.expansion,
                });
            }
        }
        Ok(read)
    }

    /// Fills the whole buffer.
    pub(super) fn fill(&mut self, mut buffer: &mut [u8]) -> Result<(), UnpackError> {
        while !buffer.is_empty() {
            let read = self.read(buffer)?;
            if read == 0 {
                return Err(UnpackError::Truncated { after: self.read });
            }
            buffer = buffer.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// Reads what may follow the last entry: zeros, and then nothing, neither in the archive nor behind its compression.
    pub(super) fn finish(&mut self) -> Result<(), UnpackError> {
        let mut rest = vec![0; BUFFER];
        loop {
            let read = self.read(&mut rest)?;
            if read == 0 {
                break;
            }
            if rest.iter().take(read).any(|byte| *byte != 0) {
                return Err(UnpackError::Trailing {
                    found: "bytes behind the end marker",
                });
            }
        }
        let Stream::Gzip(decoder) = &mut self.stream else {
            return Ok(());
        };
        let packed = decoder.get_mut();
        let left =
            retried(|| packed.fill_buf().map(<[u8]>::len)).map_err(|error| unreadable(&error))?;
        match (left, packed.buffer().starts_with(&GZIP)) {
            (0, _) => Ok(()),
            (_, true) => Err(UnpackError::Trailing {
                found: "a second gzip member",
            }),
            (_, false) => Err(UnpackError::Trailing {
                found: "bytes behind the compressed archive",
            }),
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count = self
            .count
            .saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

/// Reading that a signal interrupted is begun again.
fn retried(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

fn unreadable(error: &io::Error) -> UnpackError {
    UnpackError::Unreadable {
        detail: sealcheck_verify::printable(&error.to_string()),
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 64 << 10;
