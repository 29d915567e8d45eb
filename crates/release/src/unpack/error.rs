//! Why an archive was not unpacked.

use std::io;

use sealcheck_verify::printable;

/// Why an archive was not unpacked. Whatever it is, nothing of it remains. All names are printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// An entry is not one that is written.
    #[error("entry {number} of the archive ({path}): {refusal}")]
    Entry {
        /// Which one, counted from 1; headers that describe others are not counted.
        number: usize,
        /// Its path, as it stands there.
        path: String,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// It is not an archive, or a broken one.
    #[error("the archive is broken: {detail}")]
    Malformed {
        /// What is wrong.
        detail: String,
    },
    /// It ends before its end.
    #[error(
        "the archive is truncated: expected more after {after} bytes (without compression), found its end"
    )]
    Truncated {
        /// How many bytes there are, without compression.
        after: u64,
    },
    /// Something follows its end: another reader might have read on.
    #[error("something follows the end of the archive: {found}")]
    Trailing {
        /// What it is.
        found: &'static str,
    },
    /// It is larger than any real one.
    #[error("the archive has more than {max} {} ({name})", limit_unit(.name))]
    LimitExceeded {
        /// The limit.
        name: &'static str,
        /// The greatest value that is still accepted.
        max: u64,
    },
    /// The archive cannot be read.
    #[error("the archive cannot be read: {detail}")]
    Unreadable {
        /// The system's words.
        detail: String,
    },
    /// The target is in the way.
    #[error("{target}: expected a new or empty folder, found {found}")]
    Occupied {
        /// The target.
        target: String,
        /// What it is.
        found: &'static str,
    },
    /// The system does not let it be written.
    #[error("{place}: it cannot be written: {detail}")]
    Unwritable {
        /// What was written.
        place: String,
        /// The system's words.
        detail: String,
    },
}

/// What is wrong with an entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It would be written outside of every folder.
    #[error("its path is absolute")]
    Absolute,
    /// It would leave the folder.
    #[error("its path leads upwards (`..`)")]
    Upwards,
    /// Other systems would read the path differently.
    #[error("its path has a backslash, a colon, a control or an invisible character")]
    Separator,
    /// The path is no text.
    #[error("its path is not UTF-8")]
    NotText,
    /// A file or a link has the path of a folder.
    #[error("its path is that of a folder, but it is none")]
    FolderPath,
    /// The path stands there already.
    #[error("an entry before it has the same path")]
    Duplicate,
    /// On some systems both would be the same file.
    #[error("its path differs from {other} in upper and lower case only")]
    SameButCase {
        /// The other one.
        other: String,
    },
    /// This file system takes both for the same file.
    #[error("the file system takes its path for one that an entry before it has")]
    SameToSystem,
    /// Something that is no folder has entries below it.
    #[error("it lies below {other}, which is no folder")]
    BelowFile {
        /// What it lies below.
        other: String,
    },
    /// A device.
    #[error("it is a device")]
    Device,
    /// A named pipe.
    #[error("it is a named pipe")]
    Pipe,
    /// A file with holes, which not all readers read alike.
    #[error("it is a sparse file")]
    Sparse,
    /// A type that is not in the standards, or not one that is written.
    #[error("its type is unknown ({0:#04x})")]
    UnknownType(u8),
    /// It would act as its owner or group.
    #[error("its mode {0:04o} has a setuid, setgid or sticky bit")]
    SpecialBits(u32),
    /// A folder or link has content, which some readers pass over and some do not.
    #[error("it is a folder or a link and has content")]
    Content,
    /// A number of its header is none, or not in octal digits.
    #[error("its {0} is not an octal number")]
    Number(&'static str),
    /// An extended header says something that is not understood, and may change what the entry is.
    #[error("its extended header says what is not understood: {key}")]
    Extended {
        /// The key.
        key: String,
    },
    /// The link leads out of the folder.
    #[error("the link leads out of the folder: {target}")]
    LinkOut {
        /// Where it leads.
        target: String,
    },
    /// The link leads through another link.
    #[error("the link leads through another link: {target}")]
    LinkThrough {
        /// Where it leads.
        target: String,
    },
    /// The link leads to nothing that the archive holds; for a hard link, to no file before it.
    #[error("the link leads to nothing in the archive: {target}")]
    LinkNowhere {
        /// Where it leads.
        target: String,
    },
    /// The link leads to a folder that it lies in: whoever follows it never ends.
    #[error("the link leads to a folder that it lies in: {target}")]
    LinkLoop {
        /// Where it leads.
        target: String,
    },
    /// This system has no symbolic links that everybody may make.
    #[error("symbolic links are not made on this system")]
    LinkUnsupported,
}

impl UnpackError {
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed {
            detail: detail.into(),
        }
    }

    pub(super) fn unwritable(place: &str, error: &io::Error) -> Self {
        Self::Unwritable {
            place: printable(place),
            detail: error.to_string(),
        }
    }
}

fn limit_unit(name: &str) -> &'static str {
    match name {
        "unpack-entries" => "entries",
        "unpack-depth" => "folders in one another",
        "unpack-expansion" => "times its compressed size",
        _ => "bytes",
    }
}
