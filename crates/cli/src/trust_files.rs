//! Trust material in single files, as cosign takes it, put together to a trusted root.
//!
//! What is given replaces that part of the loaded trusted root; the other parts stay.

use std::path::Path;

use data_encoding::BASE64;
use pki_types::CertificateDer;
use pki_types::pem::PemObject;
use sealcheck_verify::limits::CERTIFICATE_BYTES;
use sealcheck_verify::{Failure, KeyKind, PublicKey, Reason};
use serde_json::{Map, Value, json};

use crate::args::TrustArgs;
use crate::files;
use crate::problem::{Problem, Result};

/// The files and what they replace.
#[derive(Debug, Default)]
pub(crate) struct TrustFiles {
    sections: Vec<(&'static str, Value)>,
    names: Vec<String>,
}

impl TrustFiles {
    /// Reads the files that the flags name.
    pub(crate) fn read(args: &TrustArgs) -> Result<Self> {
        let mut out = Self::default();
        if let Some(path) = &args.certificate_chain {
            let chain = certificates(path)?;
            out.add(path, AUTHORITIES, json!([authority(path, &chain)]));
        }
        if let Some(path) = &args.ca_roots {
            let intermediates = match &args.ca_intermediates {
                Some(path) => certificates(path)?,
                None => Vec::new(),
            };
            out.add(
                path,
                AUTHORITIES,
                Value::Array(paths(path, certificates(path)?, &intermediates)),
            );
        }
        if let Some(path) = &args.timestamp_certificate_chain {
            let chain = certificates(path)?;
            out.add(
                path,
                "timestampAuthorities",
                json!([authority(path, &chain)]),
            );
        }
        if let Some(path) = &args.rekor_public_key {
            out.add(path, "tlogs", json!([log(path)?]));
        }
        if let Some(path) = &args.ct_log_public_key {
            out.add(path, "ctlogs", json!([log(path)?]));
        }
        Ok(out)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The trusted root with these parts, and its name for the evidence.
    pub(crate) fn merge_into(self, base: Option<&[u8]>, source: &str) -> Result<(Vec<u8>, String)> {
        let mut root: Map<String, Value> = match base {
            Some(json) => serde_json::from_slice(json).map_err(|error| {
                Failure::new(Reason::TrustRootInvalid)
                    .at(source)
                    .detail(error)
            })?,
            None => Map::new(),
        };
        root.entry("mediaType").or_insert_with(|| MEDIA_TYPE.into());
        for (section, value) in self.sections {
            root.insert(section.to_owned(), value);
        }
        let name = format!("{source} with {}", self.names.join(", "));
        Ok((Value::Object(root).to_string().into_bytes(), name))
    }

    fn add(&mut self, path: &Path, section: &'static str, value: Value) {
        self.names.push(format!("file:{}", path.display()));
        self.sections.push((section, value));
    }
}

/// One authority for each way from an issuing certificate up to a root. What stands among the roots without being its
/// own issuer is taken for an intermediate, as cosign does with SIGSTORE_ROOT_FILE.
fn paths(file: &Path, roots: Vec<Vec<u8>>, intermediates: &[Vec<u8>]) -> Vec<Value> {
    let (roots, between): (Vec<_>, Vec<_>) = roots.into_iter().partition(|der| is_self_issued(der));
    let intermediates: Vec<&Vec<u8>> = between.iter().chain(intermediates).collect();
    let mut out: Vec<Value> = roots
        .iter()
        .map(|root| authority(file, std::slice::from_ref(root)))
        .collect();
    for first in &intermediates {
        let mut chain = vec![(*first).clone()];
        while let Some(last) = chain.last() {
            let above = |der: &&Vec<u8>| !chain.contains(*der) && issued(der, last);
            if let Some(root) = roots.iter().find(above) {
                chain.push(root.clone());
                out.push(authority(file, &chain));
                break;
            }
            match intermediates.iter().copied().find(above) {
                Some(next) => chain.push(next.clone()),
                // No root above it: it proves nothing.
                None => break,
            }
        }
    }
    out
}

fn authority(file: &Path, chain: &[Vec<u8>]) -> Value {
    let certificates: Vec<Value> = chain
        .iter()
        .map(|der| json!({ "rawBytes": BASE64.encode(der) }))
        .collect();
    json!({
        "uri": format!("file:{}", file.display()),
        "certChain": { "certificates": certificates },
        // The certificates' own validity bounds it.
        "validFor": { "start": BEGINNING },
    })
}

/// A log of which only the key is known: that the file belongs to an address is nowhere said.
fn log(path: &Path) -> Result<Value> {
    let name = path.display().to_string();
    let bytes = files::read(path, CERTIFICATE_BYTES).map_err(unreadable)?;
    let key = PublicKey::parse(&bytes).map_err(|failure| failure.of_file(&name))?;
    let details = match key.kind() {
        KeyKind::EcdsaP256 => "PKIX_ECDSA_P256_SHA_256",
        KeyKind::EcdsaP384 => "PKIX_ECDSA_P384_SHA_384",
        KeyKind::EcdsaP521 => "PKIX_ECDSA_P521_SHA_512",
        KeyKind::Rsa(_) => "PKIX_RSA_PKCS1V15_2048_SHA256",
        KeyKind::Ed25519 => "PKIX_ED25519",
    };
    Ok(json!({
        "baseUrl": format!("file:{name}"),
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": BASE64.encode(key.spki()),
            "keyDetails": details,
            "validFor": { "start": BEGINNING },
        },
        "logId": { "keyId": BASE64.encode(&key.fingerprint()) },
    }))
}

fn certificates(path: &Path) -> Result<Vec<Vec<u8>>> {
    let name = path.display().to_string();
    let bytes = files::read(path, CERTIFICATE_BYTES).map_err(unreadable)?;
    let wrong = |detail: &str| {
        Problem::from(
            Failure::new(Reason::TrustRootInvalid)
                .at(name.as_str())
                .expected("certificates in PEM")
                .found(detail),
        )
        .with_hint("Give a PEM file with `-----BEGIN CERTIFICATE-----` blocks.")
    };
    let read: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let read = read.map_err(|error| wrong(&error.to_string()))?;
    match read.is_empty() {
        true => Err(wrong("none")),
        false => Ok(read.into_iter().map(|der| der.to_vec()).collect()),
    }
}

/// What is trusted is no proof.
fn unreadable(failure: Failure) -> Failure {
    match failure.reason {
        Reason::ProofUnreadable => Failure {
            reason: Reason::TrustRootUnreadable,
            ..failure
        },
        _ => failure,
    }
}

fn is_self_issued(der: &[u8]) -> bool {
    issued(der, der)
}

/// Whether the certificate `above` bears the name that `below` gives for its issuer.
fn issued(above: &[u8], below: &[u8]) -> bool {
    use sealcheck_verify::inspect::certificate_names;
    match (certificate_names(above), certificate_names(below)) {
        (Some((subject, _)), Some((_, issuer))) => subject == issuer,
        _ => false,
    }
}

const AUTHORITIES: &str = "certificateAuthorities";
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
const BEGINNING: &str = "1970-01-01T00:00:00Z";
