//! The artifact: where its bytes are, and reading them once.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;

use sealcheck_verify::Digest;

/// Where an artifact is.
#[derive(Debug)]
pub enum ArtifactSource {
    /// A file; also a named pipe or a device.
    File(PathBuf),
    /// A stream that can be read once, such as standard input.
    Stream(Stream),
    /// An HTTP(S) address.
    Url(String),
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
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "-" {
            return Self::Stream(Stream::new("-", std::io::stdin()));
        }
        if crate::input::is_url(text) {
            return Self::Url(text.to_owned());
        }
        match text.parse() {
            Ok(digest) => Self::Digest(digest),
            Err(_) => Self::File(text.into()),
        }
    }

    /// The name that is in the evidence. Secrets in an address are left out.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stream(stream) => stream.name.clone(),
            Self::Url(url) => crate::input::shown_url(url),
            Self::Digest(digest) => digest.to_string(),
        }
    }
}
