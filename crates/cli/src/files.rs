//! Reading the small files that the user names: keys, certificates, roots.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Reason};

/// Reads all of a file, at most `limit` bytes; `-` is standard input.
///
/// # Errors
/// `file-not-found`, also for a folder; `proof-unreadable`; `limit-exceeded`.
pub(crate) fn read(path: &Path, limit: Limit) -> Result<Vec<u8>, Failure> {
    match path.as_os_str() == "-" {
        true => read_all(io::stdin(), "standard input", limit),
        false => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| unreadable(&error, &name))?;
            if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
                return Err(Failure::new(Reason::FileNotFound)
                    .at(name)
                    .expected("a file")
                    .found("a folder"));
            }
            read_all(file, &name, limit)
        }
    }
}

fn read_all(reader: impl Read, name: &str, limit: Limit) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit.max).unwrap_or(u64::MAX);
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error, name))?;
    match bytes.len() > limit.max {
        true => Err(Failure::new(Reason::LimitExceeded)
            .at(name)
            .expected(format!("at most {} bytes ({})", limit.max, limit.name))
            .found("more")),
        false => Ok(bytes),
    }
}

fn unreadable(error: &io::Error, name: &str) -> Failure {
    let reason = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Reason::FileNotFound,
        _ => Reason::ProofUnreadable,
    };
    let failure = Failure::new(reason).at(name);
    match reason {
        // That says it already.
        Reason::FileNotFound => failure,
        _ => failure.detail(error),
    }
}
