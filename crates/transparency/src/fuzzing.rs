//! Doors for the fuzz targets: what reads the answers of a log, without a log.

use crate::{Entries, Hits, LogError, RawEntry, Uuid, client};

/// The answer to a search.
///
/// # Errors
/// [`LogError::AnswerInvalid`].
pub fn hits(answer: &[u8]) -> Result<Hits, LogError> {
    client::hits(answer).map_err(|flaw| flaw.in_answer_of(LOG))
}

/// The answer to the question for one entry.
///
/// # Errors
/// [`LogError::AnswerInvalid`].
pub fn entry(uuid: &Uuid, answer: &[u8]) -> Result<RawEntry, LogError> {
    client::entry(uuid, answer).map_err(|flaw| flaw.in_answer_of(LOG))
}

/// The answer to the question for several entries.
///
/// # Errors
/// [`LogError::AnswerInvalid`].
pub fn entries(uuids: &[Uuid], answer: &[u8]) -> Result<Entries, LogError> {
    client::entries(uuids, answer).map_err(|flaw| flaw.in_answer_of(LOG))
}

const LOG: &str = "https://log.example";
