//! Content that is read piece by piece and checked at its end.

use std::fmt;
use std::io::Read;

use aws_lc_rs::digest;
use bytes::Bytes;
use sealcheck_verify::{Digest, DigestAlgorithm};

use super::LayoutError;
use super::storage::File;
use crate::Descriptor;

/// A blob of a layout. The pieces are proved only when [`LayoutBlob::chunk`] has given `None`.
pub struct LayoutBlob {
    reader: Box<dyn Read + Send>,
    place: String,
    /// Absent when all was read, or after an error.
    check: Option<Check>,
}

/// What content must be, and what was seen of it.
pub(crate) struct Check {
    digest: Digest,
    size: u64,
    seen: u64,
    context: digest::Context,
}

impl LayoutBlob {
    pub(crate) fn new(
        file: File,
        place: String,
        descriptor: &Descriptor,
    ) -> Result<Self, LayoutError> {
        if file.size != descriptor.size {
            return Err(LayoutError::SizeMismatch {
                place,
                expected: descriptor.size,
                found: file.size,
            });
        }
        Ok(Self {
            reader: file.reader,
            check: Some(Check::new(descriptor, &place)?),
            place,
        })
    }

    /// The next piece; `None` after the last, when size and digest are those of the descriptor.
    ///
    /// # Errors
    /// The content has another size or digest, or it cannot be read; after an error there is no more.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, LayoutError> {
        let Some(mut check) = self.check.take() else {
            return Ok(None);
        };
        let mut piece = vec![0; PIECE];
        let read = self
            .reader
            .read(&mut piece)
            .map_err(|error| LayoutError::unreadable(&self.place, &error))?;
        if read == 0 {
            check.finish(&self.place)?;
            return Ok(None);
        }
        piece.truncate(read);
        check.update(&piece, &self.place)?;
        self.check = Some(check);
        Ok(Some(piece.into()))
    }
}

impl fmt::Debug for LayoutBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayoutBlob")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("digest", &self.digest)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl Check {
    pub(crate) fn new(descriptor: &Descriptor, place: &str) -> Result<Self, LayoutError> {
        let algorithm = match descriptor.digest.algorithm() {
            DigestAlgorithm::Sha256 => &digest::SHA256,
            DigestAlgorithm::Sha384 => &digest::SHA384,
            DigestAlgorithm::Sha512 => &digest::SHA512,
            other => {
                return Err(LayoutError::malformed(
                    place,
                    format!("content cannot be named by {other}"),
                ));
            }
        };
        Ok(Self {
            digest: descriptor.digest,
            size: descriptor.size,
            seen: 0,
            context: digest::Context::new(algorithm),
        })
    }

    /// Takes the next piece; what is too much is refused at once.
    pub(crate) fn update(&mut self, piece: &[u8], place: &str) -> Result<(), LayoutError> {
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.seen = self.seen.saturating_add(length);
        if self.seen > self.size {
            return Err(self.another_size(place));
        }
        self.context.update(piece);
        Ok(())
    }

    pub(crate) fn finish(self, place: &str) -> Result<(), LayoutError> {
        if self.seen != self.size {
            return Err(self.another_size(place));
        }
        let found = Digest::new(self.digest.algorithm(), self.context.finish().as_ref());
        // An algorithm gives as many bytes as its digests have.
        let found = found.unwrap_or_else(|| Digest::sha256(b""));
        match found == self.digest {
            true => Ok(()),
            false => Err(LayoutError::digest_mismatch(
                place.to_owned(),
                &self.digest,
                &found,
            )),
        }
    }

    fn another_size(&self, place: &str) -> LayoutError {
        LayoutError::SizeMismatch {
            place: place.to_owned(),
            expected: self.size,
            found: self.seen,
        }
    }
}

const PIECE: usize = 64 << 10;
