//! The client that the public bundle-conformance suite drives.
//!
//! It asks exactly what the suite asks: does this bundle prove that this signer signed this artifact? Nothing is taken
//! from the network, so the answer depends on the arguments and the clock alone.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sealcheck_trust::Instance;
use sealcheck_verify::{
    Artifact, Content, Digest, Identities, Identity, Material, Outcome, Pattern, PublicKey,
    Requirements, Time, TrustedRoot, Verdict, verify,
};

/// What the suite says about one verification.
#[derive(Clone, Debug)]
pub struct Request {
    /// The file with the bundle.
    pub bundle: PathBuf,
    /// Where the trusted root comes from.
    pub trust: Trust,
    /// Who must have signed.
    pub signer: Signer,
    /// What must have been signed.
    pub artifact: FileOrDigest,
}

/// Where the trusted root comes from.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Embedded in this program.
    Embedded(Instance),
    /// A file.
    File(PathBuf),
}

/// Who must have signed.
#[derive(Clone, Debug)]
pub enum Signer {
    /// The exact subject alternative name, and the exact OIDC issuer.
    Identity {
        /// The subject alternative name.
        identity: String,
        /// The OIDC issuer.
        issuer: String,
    },
    /// The public key in this file.
    Key(PathBuf),
}

/// An artifact as the suite names it.
#[derive(Clone, Debug)]
pub enum FileOrDigest {
    /// A file.
    File(PathBuf),
    /// A digest, `sha256:HEX`.
    Digest(Digest),
}

impl FileOrDigest {
    /// A digest when the text begins with `sha256:` and no file of that name exists, otherwise a path.
    ///
    /// # Errors
    /// Text that begins with `sha256:` and goes on with anything but 64 hexadecimal digits.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        if text.starts_with("sha256:") && !Path::new(text).exists() {
            let digest = text
                .parse()
                .with_context(|| format!("the artifact {text}"))?;
            return Ok(Self::Digest(digest));
        }
        Ok(Self::File(text.into()))
    }
}

impl Request {
    /// Verifies, at the time `now`.
    ///
    /// # Errors
    /// Anything that keeps the answer from being "verified", with its reason.
    pub fn run(&self, now: Time) -> anyhow::Result<Verdict> {
        let root = match &self.trust {
            Trust::Embedded(instance) => TrustedRoot::from_json(instance.trusted_root())
                .with_context(|| format!("the embedded {} trusted root", instance.name()))?,
            Trust::File(path) => {
                TrustedRoot::from_json(&read(path)?).with_context(|| path.display().to_string())?
            }
        };
        let requirements = match &self.signer {
            Signer::Identity { identity, issuer } => {
                let identity = Identity::new(Pattern::exact(identity)?, Pattern::exact(issuer)?);
                Requirements::identity(Identities::one(identity))
            }
            Signer::Key(path) => {
                let key = PublicKey::parse(&read(path)?);
                Requirements::key(key.with_context(|| path.display().to_string())?)
            }
        }
        .content(Content::SignatureOrAttestation);
        let material = Material::from_bundle(&read(&self.bundle)?)
            .with_context(|| self.bundle.display().to_string())?;
        let artifact = match &self.artifact {
            FileOrDigest::Digest(digest) => Artifact::from_digest(*digest),
            FileOrDigest::File(path) => File::open(path)
                .and_then(|file| Artifact::from_reader(file, &material.needs(&requirements)))
                .with_context(|| path.display().to_string())?,
        };
        let verdict = verify(&material, &artifact, &root, &requirements, now);
        match verdict.outcome() {
            Outcome::Verified => Ok(verdict),
            _ => bail!("{}: {verdict}", self.bundle.display()),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}
