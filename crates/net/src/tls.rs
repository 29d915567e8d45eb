//! TLS: aws-lc-rs, TLS 1.2 and 1.3, the system's CA certificates and the caller's.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pki_types::pem::PemObject;
use pki_types::{CertificateDer, PrivateKeyDer};
use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::{ClientCertificate, NetError};

/// The TLS settings of the client, and whether there is no CA certificate at all.
pub(crate) struct Tls {
    pub(crate) config: ClientConfig,
    pub(crate) no_roots: bool,
}

impl Tls {
    /// Reads the CA certificates of the system (on Linux: `SSL_CERT_FILE` and `SSL_CERT_DIR`, if set, instead) and `extra`.
    /// `own` is the certificate that is shown to servers which ask for one.
    pub(crate) fn load(
        extra: &[PathBuf],
        own: Option<&ClientCertificate>,
    ) -> Result<Self, NetError> {
        // The system's store is read without complaint about a variable that points nowhere; the user should hear of it.
        if let Some(file) = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()) {
            readable("SSL_CERT_FILE", Path::new(&file))?;
        }
        let mut roots = Vec::new();
        for file in extra {
            roots.extend(certificates("CA file", file)?);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        match Verifier::new_with_extra_roots(roots.clone(), Arc::clone(&provider)) {
            Ok(verifier) => {
                let config = builder(provider)?
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(verifier));
                let config = with_client_certificate(config, own)?;
                Ok(Self {
                    config: with_protocols(config),
                    no_roots: false,
                })
            }
            // A container without CA certificates can still speak http; https then fails, each time, with the reason.
            Err(rustls::Error::General(_)) if roots.is_empty() => {
                let config = builder(provider)?.with_root_certificates(RootCertStore::empty());
                let config = with_client_certificate(config, own)?;
                Ok(Self {
                    config: with_protocols(config),
                    no_roots: true,
                })
            }
            Err(error) => Err(NetError::Config {
                what: "the CA certificates".to_owned(),
                detail: error.to_string(),
            }),
        }
    }
}

fn with_client_certificate(
    builder: rustls::ConfigBuilder<ClientConfig, WantsClientCert>,
    own: Option<&ClientCertificate>,
) -> Result<ClientConfig, NetError> {
    let Some(own) = own else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates("client certificate", &own.certificate)?;
    let pem = contents("client key", &own.key)?;
    let unusable = |detail: String| NetError::Config {
        what: "client key".to_owned(),
        detail: format!("{} cannot be used: {detail}", own.key.display()),
    };
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| unusable(error.to_string()))?;
    // Fails also when the key is not the certificate's.
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| unusable(error.to_string()))
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn builder(provider: Arc<CryptoProvider>) -> Result<Builder, NetError> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NetError::Config {
            what: "TLS".to_owned(),
            detail: error.to_string(),
        })
}

fn with_protocols(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

fn readable(what: &str, path: &Path) -> Result<File, NetError> {
    File::open(path).map_err(|error| NetError::Config {
        what: what.to_owned(),
        detail: format!("cannot read {}: {error}", path.display()),
    })
}

fn contents(what: &str, path: &Path) -> Result<Vec<u8>, NetError> {
    let invalid = |detail: String| NetError::Config {
        what: what.to_owned(),
        detail,
    };
    let mut pem = Vec::new();
    readable(what, path)?
        .take(MAX_PEM_FILE + 1)
        .read_to_end(&mut pem)
        .map_err(|error| invalid(format!("cannot read {}: {error}", path.display())))?;
    if u64::try_from(pem.len()).unwrap_or(u64::MAX) > MAX_PEM_FILE {
        return Err(invalid(format!(
            "{} is larger than {MAX_PEM_FILE} bytes",
            path.display()
        )));
    }
    Ok(pem)
}

fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let invalid = |detail: String| NetError::Config {
        what: what.to_owned(),
        detail,
    };
    let pem = contents(what, path)?;
    let found = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid(format!("{} is not valid PEM: {error}", path.display())))?;
    if found.is_empty() {
        return Err(invalid(format!(
            "{} holds no PEM certificate",
            path.display()
        )));
    }
    Ok(found)
}

/// Largest PEM file read; the whole public web PKI is about 250 KiB.
const MAX_PEM_FILE: u64 = 4 << 20;
