//! Keys and certificates of the services, made by the `openssl` program in the forms that each service reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64;

use crate::process::run;

/// A key pair in files.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    /// SEC1 PEM for P-256, PKCS #8 PEM for Ed25519.
    pub private: PathBuf,
    /// The same in traditional encrypted PEM, as some services insist; P-256 only.
    pub encrypted: PathBuf,
    /// SubjectPublicKeyInfo PEM.
    pub public: PathBuf,
    /// SubjectPublicKeyInfo DER.
    pub spki: Vec<u8>,
}

impl KeyFiles {
    /// A P-256 key named `name` in `folder`.
    ///
    /// # Errors
    /// OpenSSL fails.
    pub fn p256(folder: &Path, name: &str) -> Result<Self> {
        let private = folder.join(format!("{name}.key"));
        let encrypted = folder.join(format!("{name}.encrypted.key"));
        let create = [
            "ecparam",
            "-name",
            "prime256v1",
            "-genkey",
            "-noout",
            "-out",
        ];
        run(openssl().args(create).arg(&private))?;
        let password = format!("pass:{PASSWORD}");
        run(openssl()
            .args(["ec", "-aes256", "-passout", &password, "-in"])
            .arg(&private)
            .arg("-out")
            .arg(&encrypted))?;
        Self::with_public(folder, name, private, encrypted)
    }

    /// An Ed25519 key named `name` in `folder`.
    ///
    /// # Errors
    /// OpenSSL fails.
    pub fn ed25519(folder: &Path, name: &str) -> Result<Self> {
        let private = folder.join(format!("{name}.key"));
        let create = ["genpkey", "-algorithm", "ed25519", "-out"];
        run(openssl().args(create).arg(&private))?;
        Self::with_public(folder, name, private.clone(), private)
    }

    fn with_public(
        folder: &Path,
        name: &str,
        private: PathBuf,
        encrypted: PathBuf,
    ) -> Result<Self> {
        let public = folder.join(format!("{name}.pub"));
        let extract = |output: &[&str]| {
            run(openssl()
                .args(["pkey", "-pubout", "-in"])
                .arg(&private)
                .args(output))
        };
        fs::write(&public, extract(&[])?)?;
        let spki = extract(&["-outform", "DER"])?;
        Ok(Self {
            private,
            encrypted,
            public,
            spki,
        })
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the log id of Rekor v1 and of CT logs (RFC 6962, section 3.2).
    pub fn log_id(&self) -> Vec<u8> {
        digest(&SHA256, &self.spki).as_ref().to_vec()
    }
}

/// A certificate in a file, with its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Its key.
    pub key: KeyFiles,
    /// The certificate in PEM.
    pub pem: PathBuf,
}

impl Certificate {
    /// A self-signed certificate authority, in `folder` as `NAME.crt` and `NAME.key`.
    ///
    /// # Errors
    /// OpenSSL fails.
    pub fn authority(folder: &Path, name: &str, subject: &str) -> Result<Self> {
        let extensions = [
            "basicConstraints=critical,CA:TRUE,pathlen:1",
            "keyUsage=critical,keyCertSign,cRLSign",
        ];
        Self::make(folder, name, subject, &extensions, None)
    }

    /// A certificate with the given extensions (in OpenSSL's notation), issued by this one.
    ///
    /// # Errors
    /// OpenSSL fails.
    pub fn issue(
        &self,
        folder: &Path,
        name: &str,
        subject: &str,
        extensions: &[&str],
    ) -> Result<Self> {
        Self::make(folder, name, subject, extensions, Some(self))
    }

    fn make(
        folder: &Path,
        name: &str,
        subject: &str,
        extensions: &[&str],
        issuer: Option<&Self>,
    ) -> Result<Self> {
        let key = KeyFiles::p256(folder, name)?;
        let pem = folder.join(format!("{name}.crt"));
        let mut command = openssl();
        command
            // Nothing but the given extensions: the system's configuration adds its own.
            .args([
                "req",
                "-x509",
                "-config",
                "/dev/null",
                "-days",
                "3650",
                "-sha256",
            ])
            .args(["-subj", subject, "-key"])
            .arg(&key.private)
            .arg("-out")
            .arg(&pem);
        for extension in extensions {
            command.args(["-addext", extension]);
        }
        if let Some(issuer) = issuer {
            command
                .arg("-CA")
                .arg(&issuer.pem)
                .arg("-CAkey")
                .arg(&issuer.key.private);
        }
        run(&mut command)?;
        Ok(Self { key, pem })
    }

    /// The certificate in DER.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn der(&self) -> Result<Vec<u8>> {
        Self::read(&self.pem)
    }

    /// The first certificate of a PEM file, in DER.
    ///
    /// # Errors
    /// The file cannot be read, or has none.
    pub fn read(pem: &Path) -> Result<Vec<u8>> {
        let text = fs::read_to_string(pem);
        pem_content(&text.with_context(|| format!("cannot read {}", pem.display()))?)
    }
}

/// The content of the first block of a PEM text (RFC 7468).
fn pem_content(pem: &str) -> Result<Vec<u8>> {
    let block: String = pem
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"))
        .collect();
    if block.is_empty() {
        bail!("no PEM block in:\n{pem}");
    }
    BASE64.decode(block.as_bytes()).context("PEM is not base64")
}

fn openssl() -> Command {
    Command::new("openssl")
}

/// Protects the keys that a service insists on having encrypted. No secret: the keys live as long as the testbed.
pub(crate) const PASSWORD: &str = "testbed";
