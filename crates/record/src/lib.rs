//! Verdicts as documents: JSON, and what cosign prints.
//!
//! Documents are made of [`Evidence`](sealcheck_verify::Evidence), which holds no secret: neither a key other than
//! public ones nor a password or token is ever part of it.

pub mod cosign;
mod document;
mod escape;
mod kit;
mod line;
mod release;
#[cfg(feature = "schema")]
pub mod schema;
mod tree;
mod writer;

pub use document::{LeftOut, RESULT_SCHEMA, ResultDocument};
pub use escape::escaped;
pub use kit::{KIT_SCHEMA, KitFile, KitGap, KitImage, KitIndex, KitTrust};
pub use line::one_line;
pub use release::{
    AboutRelease, AttestationReport, FileState, FolderFile, ImageReport, ListedArtifact,
    ListedImage, NameCertainty, RELEASE_FOLDER_SCHEMA, RELEASE_IMAGES_SCHEMA, RELEASE_LIST_SCHEMA,
    RELEASE_REPORT_SCHEMA, ReleaseFolder, ReleaseImages, ReleaseList, ReleaseReport,
};
pub use tree::{TREE_SCHEMA, TreeAttachment, TreeDocument, TreeManifest, TreeState};
pub use writer::ResultWriter;
