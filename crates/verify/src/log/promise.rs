//! Rekor v1's promise: the signed entry timestamp (SET).

use data_encoding::{BASE64, HEXLOWER};

use super::LogEntry;
use crate::trusted_root::Log;
use crate::{Failure, Reason, Result};

/// Checks the promise over body, integrated time, log id and index (the canonical JSON of Rekor's `LogEntryAnon`).
pub(crate) fn verify(entry: &LogEntry, promise: &[u8], log: &Log) -> Result<()> {
    let Some(time) = entry.integrated_time else {
        return Err(Failure::new(Reason::LogEntryMalformed)
            .at("integratedTime")
            .expected("a time, as there is a promise")
            .found("none"));
    };
    let signed = format!(
        r#"{{"body":"{}","integratedTime":{time},"logID":"{}","logIndex":{}}}"#,
        BASE64.encode_display(&entry.body),
        HEXLOWER.encode_display(&entry.log_id),
        entry.log_index,
    );
    match log
        .key
        .verify(log.key.default_scheme(), signed.as_bytes(), promise)
    {
        true => Ok(()),
        false => {
            Err(Failure::new(Reason::LogPromiseInvalid).at("inclusionPromise.signedEntryTimestamp"))
        }
    }
}
