//! An artifact that is kept while it is read.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use sealcheck_net::{Download, NetError};
use sealcheck_verify::{Failure, Result};

use crate::artifact::{GONE, Pass};
use crate::input::{Input, shown_path};
use crate::link::{Link, Online};
use crate::part::{Part, unwritable};

/// Why an attempt to fetch the rest ended.
enum Ended {
    /// The connection broke or hung; what has come is kept.
    Broken(Failure),
    /// Nothing would change by another attempt.
    Failed(Failure),
    /// What is kept is not the beginning of what the server has.
    Stale,
}

impl Pass<'_> {
    /// Reads `from` into `part`, and hashes it on the way.
    pub(crate) fn download(&mut self, from: &Input, part: &Part, link: &Link) -> Result<()> {
        let unwritable = |error: io::Error| unwritable(part.path(), error);
        part.file().rewind().map_err(unwritable)?;
        match from {
            Input::Url(url) => {
                let online = link
                    .online()
                    .map_err(|failure| failure.at(shown_path(part.path())))?;
                self.fetch(url, part, online)?;
            }
            Input::File(path) => {
                let mut file = File::open(path).map_err(|error| self.unopened(path, &error))?;
                let length = file.metadata().ok().filter(std::fs::Metadata::is_file);
                self.begin(length.map(|metadata| metadata.len()));
                self.copy(&mut file, part)?;
            }
            Input::Literal { bytes, .. } => {
                self.begin(None);
                self.copy(&mut bytes.as_slice(), part)?;
            }
        }
        part.file().sync_all().map_err(unwritable)
    }

    fn copy(&mut self, from: &mut dyn Read, part: &Part) -> Result<()> {
        self.empty(part)?;
        let mut buffer = vec![0_u8; COPY_BYTES];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.keep(buffer.get(..count).unwrap_or_default(), part)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(error)),
            }
        }
    }

    fn fetch(&mut self, url: &str, part: &Part, online: &Online) -> Result<()> {
        // What is there is hashed like what comes: if it is not the beginning, the proof will not hold.
        self.begin(None);
        self.stream(&mut part.file())?;
        let mut broken = 0;
        loop {
            let before = self.done;
            match online.wait(self.go_on(url, part, online)) {
                Ok(()) => return Ok(()),
                Err(Ended::Failed(failure)) => return Err(failure),
                Err(Ended::Stale) if before > 0 => self.empty(part)?,
                Err(Ended::Stale) => {
                    return Err(self.unreadable("the server sent a part that was not asked for"));
                }
                // As long as something comes there is hope.
                Err(Ended::Broken(failure)) => {
                    broken = if self.done > before { 1 } else { broken + 1 };
                    if broken > ATTEMPTS {
                        return Err(failure);
                    }
                }
            }
        }
    }

    /// Fetches what is not there yet.
    async fn go_on(
        &mut self,
        url: &str,
        part: &Part,
        online: &Online,
    ) -> std::result::Result<(), Ended> {
        let mut request = online.client().get(url).limit(u64::MAX);
        for status in GONE {
            request = request.accept(status);
        }
        if self.done > 0 {
            let range = format!("bytes={}-", self.done);
            request = request
                .header("range", &range)
                .accept(PARTIAL)
                .accept(NOT_SATISFIABLE);
        }
        let mut download = request
            .stream()
            .await
            .map_err(|error| Ended::Failed(self.not_fetched(&error)))?;
        match download.status() {
            status if GONE.contains(&status) => return Err(Ended::Failed(self.gone(status))),
            PARTIAL if range(&download).is_some_and(|(start, _)| start == Some(self.done)) => {}
            NOT_SATISFIABLE if range(&download) == Some((None, Some(self.done))) => return Ok(()),
            PARTIAL | NOT_SATISFIABLE => return Err(Ended::Stale),
            // The whole of it, though a part would have done.
            _ => self.empty(part).map_err(Ended::Failed)?,
        }
        let done = self.done;
        let total = download
            .content_length()
            .map(|rest| rest.saturating_add(done));
        self.resume(total);
        loop {
            match download.chunk().await {
                Ok(None) => return Ok(()),
                Ok(Some(piece)) => self.keep(&piece, part).map_err(Ended::Failed)?,
                Err(error) => {
                    let failure = self.not_fetched(&error);
                    return Err(match error {
                        NetError::Interrupted { .. } | NetError::Timeout { .. } => {
                            Ended::Broken(failure)
                        }
                        _ => Ended::Failed(failure),
                    });
                }
            }
        }
    }

    fn keep(&mut self, piece: &[u8], part: &Part) -> Result<()> {
        part.file()
            .write_all(piece)
            .map_err(|error| unwritable(part.path(), error))?;
        self.update(piece);
        Ok(())
    }

    /// Begins anew.
    fn empty(&mut self, part: &Part) -> Result<()> {
        self.restart();
        part.empty()
    }
}

/// Where a part begins, and how large the whole is (RFC 9110 section 14.4).
fn range(download: &Download) -> Option<(Option<u64>, Option<u64>)> {
    let text = download.header("content-range")?.strip_prefix("bytes ")?;
    let (part, whole) = text.split_once('/')?;
    let start = match part {
        "*" => None,
        part => Some(part.split_once('-')?.0.parse().ok()?),
    };
    Some((start, whole.parse().ok()))
}

/// Partial content.
const PARTIAL: u16 = 206;
/// The range begins where the artifact ends, or behind that.
const NOT_SATISFIABLE: u16 = 416;
/// How often a broken connection is made again without anything having come.
const ATTEMPTS: usize = 3;
const COPY_BYTES: usize = 128 << 10;
