//! Where the files of a layout are: in a folder, in an archive, in a compressed archive.

use std::io::Read;

use sealcheck_verify::{Digest, DigestAlgorithm};

use super::LayoutError;
use super::archive::Archive;
use super::folder::Folder;
use super::limits::LAYOUT_ENTRIES;

/// The files of a layout by their paths in it, `/` between the parts.
pub(crate) enum Storage {
    Folder(Folder),
    Archive(Archive),
}

/// A file that was opened.
pub(crate) struct File {
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) size: u64,
}

impl Storage {
    /// Opens a file; `None` when there is none of this name.
    pub(crate) fn open(&self, path: &str) -> Result<Option<File>, LayoutError> {
        match self {
            Self::Folder(folder) => folder.open(path),
            Self::Archive(archive) => archive.open(path),
        }
    }

    /// Reads a whole file of at most `limit` bytes.
    pub(crate) fn read(
        &self,
        path: &str,
        limit: sealcheck_verify::limits::Limit,
    ) -> Result<Option<Vec<u8>>, LayoutError> {
        let Some(file) = self.open(path)? else {
            return Ok(None);
        };
        let most = u64::try_from(limit.max).unwrap_or(u64::MAX);
        let too_large = || LayoutError::LimitExceeded {
            place: self.place(path),
            limit,
        };
        if file.size > most {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(file.size).unwrap_or_default());
        // The file may have grown since.
        file.reader
            .take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| LayoutError::unreadable(self.place(path), &error))?;
        match bytes.len() > limit.max {
            true => Err(too_large()),
            false => Ok(Some(bytes)),
        }
    }

    /// Digest and size of every blob, in the order of the digests.
    pub(crate) fn blobs(&self) -> Result<Vec<(Digest, u64)>, LayoutError> {
        let mut blobs = match self {
            Self::Folder(folder) => folder.blobs()?,
            Self::Archive(archive) => archive.blobs(),
        };
        if blobs.len() > LAYOUT_ENTRIES.max {
            return Err(LayoutError::LimitExceeded {
                place: self.place("blobs"),
                limit: LAYOUT_ENTRIES,
            });
        }
        blobs.sort_by_key(|(digest, _)| (digest.algorithm(), digest.hex()));
        Ok(blobs)
    }

    /// What errors and evidence call a file of the layout, or with an empty path the layout.
    pub(crate) fn place(&self, path: &str) -> String {
        let (root, joint) = match self {
            Self::Folder(folder) => (folder.place(), "/"),
            Self::Archive(archive) => (archive.place(), ": "),
        };
        match path {
            "" => root.to_owned(),
            path => format!("{root}{joint}{path}"),
        }
    }
}

/// Where a blob lies (image-spec 1.1, "Image Layout", "Blobs").
pub(crate) fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

/// The digest that a path is of; `None` for temporary files and whatever else lies there.
pub(crate) fn blob_digest(path: &str) -> Option<Digest> {
    let (algorithm, hex) = path.strip_prefix("blobs/")?.split_once('/')?;
    named(algorithm.parse().ok()?, hex)
}

/// The digest that a file in the folder of an algorithm is named by.
pub(crate) fn named(algorithm: DigestAlgorithm, hex: &str) -> Option<Digest> {
    let digest = Digest::from_hex(algorithm, hex).ok()?;
    (algorithm.signs() && digest.hex() == hex).then_some(digest)
}

/// The algorithms whose folders are looked into.
pub(crate) const ALGORITHMS: [DigestAlgorithm; 3] = [
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];
