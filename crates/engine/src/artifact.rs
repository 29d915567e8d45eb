//! The artifact: where its bytes are, and reading them once.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sealcheck_net::NetError;
use sealcheck_verify::{
    Artifact, ArtifactHasher, Digest, Failure, InvalidDigest, Needs, Reason, Result, printable,
};

use crate::input::{Input, check_address, is_url, path_name, shown_url};
use crate::link::Link;
use crate::part::Part;
use crate::progress::Progress;

/// Where an artifact is.
#[derive(Debug)]
pub enum ArtifactSource {
    /// A file; also a named pipe or a device.
    File(PathBuf),
    /// A stream that can be read once, such as standard input.
    Stream(Stream),
    /// An HTTP(S) address.
    Url(String),
    /// Elsewhere; its bytes are kept in a file while they are read. What an earlier attempt has kept of an address is gone on
    /// with. Nothing of the file is proved before the verdict is: only then it gets the name by which others find it
    /// ([`Part::rename`]).
    Download {
        /// Where the bytes come from.
        from: Input,
        /// The file that takes them.
        to: Arc<Part>,
    },
    /// Nowhere: only its digest is known.
    Digest(Digest),
}

/// A reader with a name.
pub struct Stream {
    name: String,
    reader: Mutex<Option<Box<dyn Read + Send>>>,
}

impl Stream {
    /// A stream that evidence calls `name`.
    #[must_use]
    pub fn new(name: &str, reader: impl Read + Send + 'static) -> Self {
        Self {
            name: name.to_owned(),
            reader: Mutex::new(Some(Box::new(reader))),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl ArtifactSource {
    /// Reads an artifact as users write it: `-` is standard input, `https://…` an address, `ALG:HEX` a digest, and
    /// everything else a path.
    ///
    /// # Errors
    /// [`Reason::ArgumentAmbiguous`] for a digest that is also the name of a file here: to take it for one of them would
    /// leave the other unverified. [`Reason::ArgumentInvalid`] for an address with credentials or without a host, and for
    /// what begins like a digest, has not its length, and is no file either.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "-" {
            return Ok(Self::Stream(Stream::new("-", io::stdin())));
        }
        if is_url(text) {
            check_address(text)?;
            return Ok(Self::Url(text.to_owned()));
        }
        let is_file = fs::symlink_metadata(text).is_ok();
        match text.parse() {
            Ok(digest) if !is_file => Ok(Self::Digest(digest)),
            Ok(_) => Err(Failure::new(Reason::ArgumentAmbiguous)
                .at(printable(text))
                .expected("a digest, or the name of a file")
                .found("both")),
            Err(error @ (InvalidDigest::NotHex { .. } | InvalidDigest::Length { .. }))
                if !is_file =>
            {
                Err(Failure::new(Reason::ArgumentInvalid)
                    .at(printable(text))
                    .detail(error))
            }
            Err(_) => Ok(Self::File(text.into())),
        }
    }

    /// The name that is in the evidence. Secrets in an address are left out.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path_name(path),
            Self::Stream(stream) => stream.name.clone(),
            Self::Url(url) => shown_url(url),
            Self::Download { from, .. } => from.name(),
            Self::Digest(digest) => digest.to_string(),
        }
    }

    /// Reads it to its end, once, in constant memory.
    pub(crate) fn read(
        &self,
        needs: &Needs,
        link: &Link,
        progress: &dyn Progress,
    ) -> Result<Artifact<'static>> {
        let mut pass = Pass {
            name: self.name(),
            needs,
            hasher: ArtifactHasher::new(needs),
            done: 0,
            total: None,
            progress,
        };
        match self {
            Self::Digest(digest) => return Ok(Artifact::from_digest(*digest)),
            Self::File(path) => pass.file(path)?,
            Self::Url(url) => pass.url(url, link)?,
            Self::Download { from, to } => pass.download(from, to, link)?,
            Self::Stream(stream) => {
                let taken = stream
                    .reader
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                let Some(mut reader) = taken else {
                    return Err(pass.unreadable("it was read before and can be read only once"));
                };
                pass.begin(None);
                pass.stream(&mut reader)?;
            }
        }
        Ok(pass.hasher.finish())
    }
}

/// One pass over the bytes of an artifact.
pub(crate) struct Pass<'p> {
    name: String,
    needs: &'p Needs,
    hasher: ArtifactHasher,
    pub(crate) done: u64,
    total: Option<u64>,
    progress: &'p dyn Progress,
}

impl Pass<'_> {
    pub(crate) fn begin(&mut self, total: Option<u64>) {
        self.total = total;
        self.progress.read(&self.name, 0, total);
    }

    /// Says how large it will be, now that this is known.
    pub(crate) fn resume(&mut self, total: Option<u64>) {
        self.total = total;
        self.progress.read(&self.name, self.done, total);
    }

    /// Forgets what was read.
    pub(crate) fn restart(&mut self) {
        self.hasher = ArtifactHasher::new(self.needs);
        self.done = 0;
    }

    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.hasher.update(piece);
        self.done = self.done.saturating_add(size(piece.len()));
        self.progress.read(&self.name, self.done, self.total);
    }

    pub(crate) fn stream(&mut self, reader: &mut dyn Read) -> Result<()> {
        // No larger than the artifact, so that a small one costs no page faults; one more byte to see its end.
        let expected = self.total.map_or(READ_BYTES, |total| {
            usize::try_from(total.saturating_add(1)).unwrap_or(READ_BYTES)
        });
        let length = expected.min(READ_BYTES);
        let mut buffer = vec![0_u8; length + CACHE_LINE];
        let start = buffer.as_ptr().align_offset(CACHE_LINE).min(CACHE_LINE);
        let buffer = buffer.get_mut(start..start + length).unwrap_or_default();
        loop {
            match reader.read(buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.update(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(error)),
            }
        }
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let mut file = File::open(path).map_err(|error| self.unopened(path, &error))?;
        let before = file.metadata().map_err(|error| self.unreadable(error))?;
        if before.is_dir() {
            // A folder that cannot be listed may hold artifacts: that is no mistake of the caller.
            return Err(match fs::read_dir(path) {
                Ok(_) => Failure::new(Reason::FileNotFound)
                    .at(printable(&self.name))
                    .expected("a file")
                    .found("a folder"),
                Err(error) => self.unreadable(error),
            });
        }
        self.begin(before.is_file().then_some(before.len()));
        self.stream(&mut file)?;
        if before.is_file() {
            let after = file.metadata().map_err(|error| self.unreadable(error))?;
            let there = fs::metadata(path).map_err(|error| self.unreadable(error))?;
            // The files of /proc say that they are empty, so a size of zero says nothing about what was read.
            let all = self.done == before.len() || before.len() == 0;
            if !all || changed(&before, &after) || changed(&before, &there) {
                return Err(self.unreadable("it changed while it was read"));
            }
        }
        Ok(())
    }

    fn url(&mut self, url: &str, link: &Link) -> Result<()> {
        let online = link
            .online()
            .map_err(|failure| failure.at(printable(&self.name)))?;
        online.wait(async {
            let mut request = online.client().get(url).limit(u64::MAX);
            for status in GONE {
                request = request.accept(status);
            }
            let mut download = request
                .stream()
                .await
                .map_err(|error| self.not_fetched(&error))?;
            if GONE.contains(&download.status()) {
                return Err(self.gone(download.status()));
            }
            self.begin(download.content_length());
            loop {
                match download.chunk().await {
                    Ok(None) => return Ok(()),
                    Ok(Some(piece)) => self.update(&piece),
                    Err(error) => return Err(self.not_fetched(&error)),
                }
            }
        })
    }

    pub(crate) fn unopened(&self, path: &Path, error: &io::Error) -> Failure {
        match is_not_there(error) {
            // Whatever the link means is not reached: a volume that is not mounted, half a deployment.
            true if path.is_symlink() => self.unreadable("it is a link to nothing"),
            true => Failure::new(Reason::FileNotFound).at(printable(&self.name)),
            false => self.unreadable(error),
        }
    }

    pub(crate) fn not_fetched(&self, error: &NetError) -> Failure {
        match error {
            NetError::InvalidRequest { .. } => Failure::new(Reason::ArgumentInvalid)
                .at(printable(&self.name))
                .detail(error.cause()),
            error => self.unreadable(error.cause()),
        }
    }

    /// That nothing is at the address.
    pub(crate) fn gone(&self, status: u16) -> Failure {
        Failure::new(Reason::FileNotFound)
            .at(printable(&self.name))
            .found(format!("status {status}"))
    }

    pub(crate) fn unreadable(&self, why: impl fmt::Display) -> Failure {
        Failure::new(Reason::ArtifactUnreadable)
            .at(printable(&self.name))
            .detail(why)
    }
}

/// Whether the error says that nothing has this path, rather than that nobody may look.
pub(crate) fn is_not_there(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidInput
    )
}

/// Whether a file is no longer what it was. Where the system keeps no time of change, its size has to do.
fn changed(before: &Metadata, after: &Metadata) -> bool {
    before.len() != after.len()
        || before.modified().ok() != after.modified().ok()
        || is_other(before, after)
}

/// Whether another file has taken the place, or the status changed: whoever writes can set the time of modification back,
/// but not that of the change.
#[cfg(unix)]
fn is_other(before: &Metadata, after: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |file: &Metadata| (file.dev(), file.ino(), file.ctime(), file.ctime_nsec());
    identity(before) != identity(after)
}

#[cfg(not(unix))]
fn is_other(_: &Metadata, _: &Metadata) -> bool {
    false
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Statuses that say that there is nothing under an address.
pub(crate) const GONE: [u16; 2] = [404, 410];

/// Large enough that the cost of a read call vanishes, small enough for the second-level cache.
const READ_BYTES: usize = 128 << 10;

/// Where the buffer begins. Large allocations begin 16 octets into a page, and kernels copy to there at two thirds of the
/// speed (each load aliases with the store before it).
const CACHE_LINE: usize = 64;
