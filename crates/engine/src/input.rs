//! Material that the caller names: paths, addresses, literal text.

use std::path::PathBuf;

use sealcheck_net::{Url, redact_url};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Reason, Result};

use crate::link::Link;

/// Where the proof is.
#[derive(Clone, Debug, Default)]
pub enum MaterialSource {
    /// Beside the artifact, under the names that are usual.
    #[default]
    Beside,
    /// Where the caller says.
    Named(Box<Named>),
}

/// The parts of a proof that the caller names: a bundle, or a signature with what belongs to it.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// A Sigstore bundle or cosign's legacy bundle.
    pub bundle: Option<Input>,
    /// A signature, or a DSSE envelope.
    pub signature: Option<Input>,
    /// The certificate of the signature; also beside a bundle that brings none.
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
    /// A file.
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

impl Input {
    /// Reads an input as users write it: `https://…` is an address, everything else a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match is_url(text) {
            true => Self::Url(text.to_owned()),
            false => Self::File(text.into()),
        }
    }

    /// Reads a signature as cosign does: an address, an existing path, or else the base64 text itself.
    #[must_use]
    pub fn parse_signature(text: &str) -> Self {
        Self::parse(text)
    }

    /// How evidence and failures call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url(url) => shown_url(url),
            Self::Literal { name, .. } => name.clone(),
        }
    }

    pub(crate) fn read(&self, _link: &Link, _limit: Limit) -> Result<Vec<u8>> {
        Err(Failure::new(Reason::Offline))
    }
}

pub(crate) fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    })
}

/// An address without its secrets.
pub(crate) fn shown_url(text: &str) -> String {
    Url::parse(text).map_or_else(
        |_| "an address that cannot be read".to_owned(),
        |url| redact_url(&url),
    )
}
