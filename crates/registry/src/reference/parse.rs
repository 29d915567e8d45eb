//! The grammar.

use std::fmt;
use std::net::Ipv6Addr;

use sealcheck_verify::{Digest, printable};

use super::{Reference, Repository};

/// Why a text is not a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidReference {
    /// The whole text.
    pub text: String,
    /// The part that is wrong.
    pub part: &'static str,
    /// What that part may be.
    pub expected: &'static str,
    /// What it is.
    pub found: String,
}

impl fmt::Display for InvalidReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not an image reference: {}: expected {}, found {:?}",
            self.text, self.part, self.expected, self.found
        )
    }
}

impl std::error::Error for InvalidReference {}

/// A part that does not fit; the text as a whole is added at the end.
struct Misfit {
    part: &'static str,
    expected: &'static str,
    found: String,
}

impl Misfit {
    fn new(part: &'static str, expected: &'static str, found: &str) -> Self {
        Self {
            part,
            expected,
            found: printable(found),
        }
    }

    fn in_text(self, text: &str) -> InvalidReference {
        InvalidReference {
            text: printable(text),
            part: self.part,
            expected: self.expected,
            found: self.found,
        }
    }
}

pub(super) fn reference(text: &str) -> Result<Reference, InvalidReference> {
    split(text).map_err(|misfit| misfit.in_text(text))
}

pub(super) fn repository(text: &str) -> Result<Repository, InvalidReference> {
    let misfit = match text.contains('@') || has_tag(text) {
        true => Misfit::new("repository", "a name without a tag or a digest", text),
        false => match name(text) {
            Ok(repository) => return Ok(repository),
            Err(misfit) => misfit,
        },
    };
    Err(misfit.in_text(text))
}

pub(super) fn tag(text: &str) -> Result<String, InvalidReference> {
    checked_tag(text).map_err(|misfit| misfit.in_text(text))
}

/// A place in the configuration: a registry, and a path in it or none. The registry must be written out.
pub(crate) fn location(text: &str) -> Result<(String, String), InvalidReference> {
    let read = || {
        check_scheme(text)?;
        let (first, path) = match text.split_once('/') {
            None => (text, ""),
            Some((_, "")) => return Err(Misfit::new("repository", "a path after the slash", text)),
            Some((first, path)) => (first, path),
        };
        if !names_a_host(first) {
            return Err(Misfit::new(
                "registry",
                "a host, with a dot or a port",
                first,
            ));
        }
        if !path.is_empty() {
            check_path(path)?;
        }
        Ok((host(first)?, path.to_owned()))
    };
    read().map_err(|misfit| misfit.in_text(text))
}

fn split(text: &str) -> Result<Reference, Misfit> {
    let (rest, digest) = match text.split_once('@') {
        None => (text, None),
        Some((rest, digest)) => (rest, Some(checked_digest(digest)?)),
    };
    let (rest, tag) = match has_tag(rest).then(|| rest.rsplit_once(':')).flatten() {
        None => (rest, None),
        Some((rest, tag)) => (rest, Some(checked_tag(tag)?)),
    };
    let repository = name(rest)?;
    let tag = match (tag, &digest) {
        (None, None) => Some(LATEST.to_owned()),
        (tag, _) => tag,
    };
    Ok(Reference {
        repository,
        tag,
        digest,
    })
}

/// A colon after the last slash begins a tag; one before it belongs to a port or an IPv6 address.
fn has_tag(text: &str) -> bool {
    let last = text.rsplit('/').next().unwrap_or(text);
    last.contains(':')
}

fn name(text: &str) -> Result<Repository, Misfit> {
    if text.is_empty() {
        return Err(Misfit::new("repository", "a name", text));
    }
    check_scheme(text)?;
    // What would be read as docker.io/library/HEX is always meant as an image id, which names nothing in a registry.
    if text.len() == 64 && text.bytes().all(is_lower_hex) {
        return Err(Misfit::new(
            "repository",
            "a name, which 64 hex digits alone are not; a digest is written NAME@sha256:HEX",
            text,
        ));
    }
    let (registry, path) = match text.split_once('/') {
        Some((first, rest)) if names_a_host(first) => (host(first)?, rest.to_owned()),
        _ => (DOCKER_HUB.to_owned(), text.to_owned()),
    };
    let path = match registry == DOCKER_HUB && !path.contains('/') && !path.is_empty() {
        true => format!("library/{path}"),
        false => path,
    };
    check_path(&path)?;
    if registry.len().saturating_add(1).saturating_add(path.len()) > MAX_NAME {
        return Err(Misfit::new(
            "repository",
            "a registry and a name of at most 255 characters",
            text,
        ));
    }
    Ok(Repository { registry, path })
}

fn check_scheme(text: &str) -> Result<(), Misfit> {
    match text.contains("://") {
        true => Err(Misfit::new(
            "registry",
            "a host without a scheme, for example registry.example/app",
            text,
        )),
        false => Ok(()),
    }
}

/// Whether the first component is a host and not the beginning of a name on Docker Hub.
fn names_a_host(first: &str) -> bool {
    first == "localhost"
        || first.contains(['.', ':', '['])
        || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// A host with an optional port, in lower case; Docker Hub under its one name.
fn host(text: &str) -> Result<String, Misfit> {
    let misfit = || {
        Misfit::new(
            "registry",
            "a host name, an IPv4 address or an IPv6 address in brackets, and if needed a port",
            text,
        )
    };
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or_else(misfit)?;
            let address: Ipv6Addr = address.parse().map_err(|_| misfit())?;
            let port = match after.strip_prefix(':') {
                None if after.is_empty() => None,
                Some(port) => Some(port),
                None => return Err(misfit()),
            };
            (format!("[{address}]"), port)
        }
        None => {
            let (name, port) = match text.split_once(':') {
                None => (text, None),
                Some((name, port)) => (name, Some(port)),
            };
            if !name.split('.').all(is_domain_component) {
                return Err(misfit());
            }
            let name = name.to_ascii_lowercase();
            // Docker takes a capital for the sign of a host. In lower case, as hosts are compared, it would be a name on
            // Docker Hub.
            if port.is_none() && !names_a_host(&name) {
                return Err(misfit());
            }
            (name, port)
        }
    };
    match port {
        None if host == "index.docker.io" => Ok(DOCKER_HUB.to_owned()),
        None => Ok(host),
        Some(port) => {
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            match port.parse::<u16>() {
                Ok(number) if digits && number > 0 => Ok(format!("{host}:{number}")),
                _ => Err(Misfit::new("port", "a number from 1 to 65535", port)),
            }
        }
    }
}

fn is_domain_component(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    ends(bytes.first())
        && ends(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

fn check_path(path: &str) -> Result<(), Misfit> {
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Misfit::new("repository", "a name in lower case", path));
    }
    match path
        .split('/')
        .find(|component| !is_path_component(component))
    {
        None => Ok(()),
        Some(component) => Err(Misfit::new(
            "repository",
            "parts of a-z and 0-9, joined by `.`, `_`, `__` or dashes",
            component,
        )),
    }
}

/// `path-component := [a-z0-9]+ (separator [a-z0-9]+)*`, `separator := "." | "_" | "__" | "-"+`.
fn is_path_component(text: &str) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separators = text
        .split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit())
        .filter(|between| !between.is_empty());
    text.as_bytes().first().is_some_and(is_letter)
        && text.as_bytes().last().is_some_and(is_letter)
        && separators.into_iter().all(|separator| {
            matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
        })
}

fn checked_tag(text: &str) -> Result<String, Misfit> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let valid = text.len() <= MAX_TAG
        && text.bytes().next().is_some_and(is_word)
        && text
            .bytes()
            .all(|byte| is_word(byte) || byte == b'.' || byte == b'-');
    match valid {
        true => Ok(text.to_owned()),
        false => Err(Misfit::new(
            "tag",
            "1 to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`",
            text,
        )),
    }
}

fn checked_digest(text: &str) -> Result<Digest, Misfit> {
    let misfit = |expected| Misfit::new("digest", expected, text);
    let digest: Digest = text
        .parse()
        .map_err(|_| misfit("sha256, sha384 or sha512, a colon, and the digest in hex"))?;
    if !digest.algorithm().signs() {
        return Err(misfit(
            "sha256, sha384 or sha512, a colon, and the digest in hex",
        ));
    }
    // Registries compare digests as text.
    if digest.to_string() != text {
        return Err(misfit("hex digits in lower case"));
    }
    Ok(digest)
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// The canonical name of Docker Hub.
pub(crate) const DOCKER_HUB: &str = "docker.io";

/// The tag that is meant when none is given.
pub(super) const LATEST: &str = "latest";

/// Characters of a registry and a repository together (distribution-spec 1.1, "Pulling manifests").
const MAX_NAME: usize = 255;

/// Characters of a tag.
const MAX_TAG: usize = 128;
