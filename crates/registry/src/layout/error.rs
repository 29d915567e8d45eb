//! Why a layout gave no usable answer, or could not be written.

use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, Failure, Reason};

use super::SavedImage;

/// What is wrong with a layout, or with the way to it. `place` is the path of the layout and, in it, the file; it is
/// printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Nothing lies at the path.
    #[error("{place}: there is no such file or folder")]
    NotFound {
        /// The path.
        place: String,
    },
    /// What lies there is no layout and no archive of one.
    #[error("{place}: {detail}")]
    NotALayout {
        /// The path.
        place: String,
        /// What it is instead.
        detail: String,
    },
    /// The system does not let it be read.
    #[error("{place}: it cannot be read: {detail}")]
    Unreadable {
        /// What was read.
        place: String,
        /// The system's words.
        detail: String,
    },
    /// Something in it breaks the rules of layouts or archives.
    #[error("{place}: {detail}")]
    Malformed {
        /// The file, or the archive.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// A file's content is not that of its name.
    #[error("{place}: the content is not that of the digest: expected {expected}, found {found}")]
    DigestMismatch {
        /// The file.
        place: String,
        /// The digest in the name.
        expected: String,
        /// The digest of the content.
        found: String,
    },
    /// A file has another size than its descriptor says.
    #[error("{place}: expected {expected} bytes, found {found}")]
    SizeMismatch {
        /// The file.
        place: String,
        /// The size in the descriptor.
        expected: u64,
        /// The size of the file.
        found: u64,
    },
    /// Something is larger than any real one.
    #[error("{place}: more than {} ({})", .limit.max, .limit.name)]
    LimitExceeded {
        /// The file.
        place: String,
        /// The limit.
        limit: Limit,
    },
    /// A manifest cannot be used.
    #[error("{place}: {failure}")]
    Manifest {
        /// The file.
        place: String,
        /// What is wrong with it.
        failure: Failure,
    },
    /// An archive of `docker save` from before image layouts: it holds images and no manifest.
    #[error("{place}: it was saved by Docker without manifests, so nothing in it is what a registry's digest names{}", images_words(.images))]
    WithoutManifest {
        /// The archive.
        place: String,
        /// The images in it.
        images: Vec<SavedImage>,
    },
    /// What was asked for can be more than one image.
    #[error("{place}: {wanted} can be any of {}", .found.join(", "))]
    Ambiguous {
        /// The layout.
        place: String,
        /// What was asked for, in words.
        wanted: String,
        /// The images, by name where they have one and by digest.
        found: Vec<String>,
    },
    /// The folder is in use for something else.
    #[error("{place}: the folder is not empty and no image layout")]
    Occupied {
        /// The folder.
        place: String,
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

impl LayoutError {
    /// The stable reason code.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::NotFound { .. } => Reason::FileNotFound,
            Self::NotALayout { .. } => Reason::NotALayout,
            Self::Unreadable { .. } => Reason::LayoutUnreadable,
            Self::Malformed { .. } | Self::DigestMismatch { .. } | Self::SizeMismatch { .. } => {
                Reason::LayoutMalformed
            }
            Self::LimitExceeded { .. } => Reason::LimitExceeded,
            Self::Manifest { failure, .. } => failure.reason,
            Self::WithoutManifest { .. } => Reason::ImageDigestUnknown,
            Self::Ambiguous { .. } => Reason::ImageAmbiguous,
            Self::Occupied { .. } => Reason::ArgumentInvalid,
            Self::Unwritable { .. } => Reason::LayoutUnwritable,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Occupied { .. } => "Name a new or empty folder, or one that is an image layout.",
            _ => self.reason().cure(),
        }
    }

    /// Content that is not that of its name.
    pub(crate) fn digest_mismatch(place: String, expected: &Digest, found: &Digest) -> Self {
        Self::DigestMismatch {
            place,
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    /// A rule of layouts or archives that is broken.
    pub(crate) fn malformed(place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Malformed {
            place: place.into(),
            detail: detail.into(),
        }
    }

    /// What the system said when reading.
    pub(crate) fn unreadable(place: impl Into<String>, error: &std::io::Error) -> Self {
        Self::Unreadable {
            place: place.into(),
            detail: error.to_string(),
        }
    }

    /// What the system said when writing.
    pub(crate) fn unwritable(place: impl Into<String>, error: &std::io::Error) -> Self {
        Self::Unwritable {
            place: place.into(),
            detail: error.to_string(),
        }
    }
}

impl From<&LayoutError> for Failure {
    fn from(error: &LayoutError) -> Self {
        let failure = Self::new(error.reason());
        match error {
            LayoutError::DigestMismatch {
                place,
                expected,
                found,
            } => failure
                .at("digest")
                .expected(expected)
                .found(found)
                .detail(place),
            LayoutError::SizeMismatch {
                place,
                expected,
                found,
            } => failure
                .at("size")
                .expected(expected)
                .found(found)
                .detail(place),
            LayoutError::LimitExceeded { place, limit } => failure
                .at(limit.name)
                .expected(limit)
                .found("more")
                .detail(place),
            LayoutError::Manifest { place, failure } => {
                let mut failure = failure.clone();
                let detail = match failure.detail.take() {
                    Some(detail) => format!("{place}: {detail}"),
                    None => place.clone(),
                };
                failure.detail(detail)
            }
            // The reason says it.
            LayoutError::NotFound { place } => failure.at(place.as_str()),
            error => failure.detail(error),
        }
    }
}

fn images_words(images: &[SavedImage]) -> String {
    let shown: Vec<String> = images.iter().map(ToString::to_string).collect();
    match shown.is_empty() {
        true => String::new(),
        false => format!(": {}", shown.join(", ")),
    }
}
