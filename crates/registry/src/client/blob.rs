//! Content that is too large to be held.

use bytes::Bytes;

use crate::RegistryError;

/// A blob that is read piece by piece. The pieces are proved only when [`Blob::chunk`] has given `None`.
#[derive(Debug)]
pub struct Blob {}

impl Blob {
    /// The next piece; `None` after the last, when size and digest are those of the descriptor.
    ///
    /// # Errors
    /// [`RegistryError`]; after one there is no more.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        Ok(None)
    }
}
