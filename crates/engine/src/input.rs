//! Material that the caller names: paths, addresses, literal text; and reading it under a limit.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64URL};
use sealcheck_net::{Client, NetError, Url, redact_text};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Reason, Result, printable};

use crate::artifact::{GONE, is_not_there};
use crate::link::Link;

/// Where the proof is.
#[derive(Clone, Debug, Default)]
pub enum MaterialSource {
    /// Beside the artifact, under the names that are usual.
    #[default]
    Beside,
    /// At any of these places, all of which are looked at: beside the artifact, and where its publisher has them.
    At(Vec<ProofPlace>),
    /// Where the caller says.
    Named(Box<Named>),
}

/// A place where a part of a proof may be. That there is nothing is no failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofPlace {
    /// What would be there.
    pub part: ProofPart,
    /// The file or the address.
    pub input: Input,
}

/// What a file with a proof's suffix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofPart {
    /// A Sigstore bundle, or cosign's legacy bundle.
    Bundle,
    /// Bundles and envelopes, one a line.
    Lines,
    /// A signature.
    Signature,
    /// The certificate of a signature.
    Certificate,
}

/// The parts of a proof that the caller names: a bundle, or a signature with what belongs to it.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// A Sigstore bundle or cosign's legacy bundle, which brings its own signature and certificate; for an attestation
    /// also JSON lines of bundles and DSSE envelopes.
    pub bundle: Option<Input>,
    /// A signature, or a DSSE envelope.
    pub signature: Option<Input>,
    /// The certificate of the signature.
    pub certificate: Option<Input>,
    /// Intermediate certificates in PEM, the one that issued the certificate first.
    pub chain: Option<Input>,
    /// An RFC 3161 timestamp: DER, or the JSON in which cosign keeps it.
    pub timestamp: Option<Input>,
    /// A signed certificate timestamp that does not stand in the certificate.
    pub sct: Option<Input>,
}

/// One named part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file; also a named pipe.
    File(PathBuf),
    /// An HTTP(S) address.
    Url(String),
    /// The bytes themselves.
    Literal {
        /// What evidence calls it.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// What lies at a place.
#[derive(Debug)]
pub(crate) enum Answer {
    Bytes(Vec<u8>),
    /// Nothing.
    Absent,
    /// Something that holds no bytes, and what it is: whether a proof was meant to be there is not known.
    NoFile(&'static str),
}

impl Input {
    /// Reads an input as users write it: `https://…` is an address, everything else a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match is_url(text) {
            true => Self::Url(text.to_owned()),
            false => Self::File(text.into()),
        }
    }

    /// Reads a signature as cosign does: an address, the path of something that exists, or else base64 of the signature
    /// itself. What is none of these is taken for a path, whose absence will be the failure.
    #[must_use]
    pub fn parse_signature(text: &str) -> Self {
        let input = Self::parse(text);
        match &input {
            Self::File(path) if !path.exists() && is_base64(text) => Self::Literal {
                name: "signature".to_owned(),
                bytes: text.as_bytes().to_vec(),
            },
            _ => input,
        }
    }

    /// The path, if it is a file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Url(_) | Self::Literal { .. } => None,
        }
    }

    /// How evidence and failures call it. Secrets in an address are left out.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path_name(path),
            Self::Url(url) => shown_url(url),
            Self::Literal { name, .. } => name.clone(),
        }
    }

    /// The bytes; that there are none is a failure, because the caller named it.
    pub(crate) fn read(&self, link: &Link, limit: Limit) -> Result<Vec<u8>> {
        let answer = match self {
            Self::File(path) => read_file(path, limit, true)?,
            Self::Literal { bytes, .. } if bytes.len() > limit.max => {
                return Err(too_large(&printable(&self.name()), limit));
            }
            Self::Literal { bytes, .. } => Answer::Bytes(bytes.clone()),
            Self::Url(url) => {
                let online = link
                    .online()
                    .map_err(|failure| failure.at(printable(&self.name())))?;
                online.wait(read_url(online.client(), url, limit))?
            }
        };
        match answer {
            Answer::Bytes(bytes) => Ok(bytes),
            Answer::Absent => Err(Failure::new(Reason::FileNotFound).at(printable(&self.name()))),
            Answer::NoFile(what) => Err(Failure::new(Reason::FileNotFound)
                .at(printable(&self.name()))
                .expected("a file")
                .found(what)),
        }
    }
}

/// Reads at most `limit` bytes of a file, and one more to see that it has ended. `special` allows what is neither a file
/// nor a folder; opening it may wait for somebody.
pub(crate) fn read_file(path: &Path, limit: Limit, special: bool) -> Result<Answer> {
    let unreadable = |error: std::io::Error| match is_not_there(&error) {
        // Whatever the link means is not reached: a volume that is not mounted, half a deployment.
        true if path.is_symlink() => Err(Failure::new(Reason::ProofUnreadable)
            .at(shown_path(path))
            .detail("it is a link to nothing")),
        true => Ok(Answer::Absent),
        false => Err(Failure::new(Reason::ProofUnreadable)
            .at(shown_path(path))
            .detail(error)),
    };
    if !special {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Ok(Answer::NoFile(FOLDER)),
            Ok(metadata) if !metadata.is_file() => {
                return Ok(Answer::NoFile("a pipe, a socket or a device"));
            }
            Ok(_) => {}
            Err(error) => return unreadable(error),
        }
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Ok(Some(FOLDER));
        }
        let most = u64::try_from(limit.max).unwrap_or(u64::MAX);
        let capacity = usize::try_from(metadata.len().min(most)).unwrap_or_default();
        bytes.reserve_exact(capacity.saturating_add(1));
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(None)
    });
    match read {
        Ok(Some(folder)) => Ok(Answer::NoFile(folder)),
        Ok(None) if bytes.len() > limit.max => Err(too_large(&shown_path(path), limit)),
        Ok(None) => Ok(Answer::Bytes(bytes)),
        Err(error) => unreadable(error),
    }
}

/// Fetches at most `limit` bytes. A page for people (a sign-in, a proxy's message) and an empty body are no answer: they come
/// with a status of success from servers that have nothing to say about the address.
pub(crate) async fn read_url(client: &Client, url: &str, limit: Limit) -> Result<Answer> {
    let mut request = client
        .get(url)
        .limit(u64::try_from(limit.max).unwrap_or(u64::MAX));
    for status in GONE {
        request = request.accept(status);
    }
    match request.send().await {
        Ok(response) if GONE.contains(&response.status()) => Ok(Answer::Absent),
        Ok(response) => {
            let no_answer = match response.body() {
                [] => "an empty body",
                body if is_web_page(body) => "a web page",
                _ => return Ok(Answer::Bytes(response.into_body())),
            };
            Err(Failure::new(Reason::ProofUnreadable)
                .at(shown_url(url))
                .expected("a proof, or status 404")
                .found(format!("status {} with {no_answer}", response.status())))
        }
        Err(NetError::TooLarge { .. }) => Err(too_large(&shown_url(url), limit)),
        Err(error) => {
            let reason = match error {
                NetError::InvalidRequest { .. } => Reason::ArgumentInvalid,
                _ => Reason::ProofUnreadable,
            };
            Err(Failure::new(reason)
                .at(shown_url(url))
                .detail(error.cause()))
        }
    }
}

/// Whether it begins as HTML does, which no proof does.
fn is_web_page(body: &[u8]) -> bool {
    let text = body.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html", b"<head", b"<body"]
        .iter()
        .any(|start| {
            text.get(..start.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(start))
        })
}

fn too_large(name: &str, limit: Limit) -> Failure {
    Failure::new(Reason::LimitExceeded)
        .at(name)
        .expected(format!("at most {} bytes ({})", limit.max, limit.name))
        .found("more")
}

/// Refuses an address at which nothing can ever be asked: to try again later would not help.
pub(crate) fn check_address(text: &str) -> Result<()> {
    let refused = |found| {
        Err(Failure::new(Reason::ArgumentInvalid)
            .at(shown_url(text))
            .expected("https://HOST, without user and password")
            .found(found))
    };
    match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            refused("an address with credentials")
        }
        Ok(url) if is_url(text) && url.has_host() => Ok(()),
        _ => refused("no address of the web"),
    }
}

pub(crate) fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    })
}

/// A path as failures and places show it: names of files can be hostile text.
pub(crate) fn shown_path(path: &Path) -> String {
    printable(&path_name(path))
}

/// The name of a file. An address with a mistyped scheme is taken for one, and has secrets like others.
pub(crate) fn path_name(path: &Path) -> String {
    let name = path.display().to_string();
    match name.contains("://") {
        true => redact_text(&name),
        false => name,
    }
}

/// An address without its secrets.
pub(crate) fn shown_url(text: &str) -> String {
    printable(&redact_text(text))
}

/// Whether it can be nothing but base64: long enough for a signature, padded, and with no other character.
fn is_base64(text: &str) -> bool {
    let text = text.trim().as_bytes();
    text.len() >= SHORTEST_SIGNATURE
        && (BASE64.decode(text).is_ok() || BASE64URL.decode(text).is_ok())
}

const FOLDER: &str = "a folder";

/// Base64 of 64 bytes (Ed25519) is 88 characters; ECDSA on P-256 in DER can be a few bytes shorter than its usual 70.
const SHORTEST_SIGNATURE: usize = 80;
