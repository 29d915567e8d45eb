//! The signers, each with a token for real cosign.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{ISSUER, KREL_STAGING, KREL_TRUST, PROMOTER_SUMMARIES, ToSign, parallel};
use crate::Testbed;
use crate::process::run;

/// Everybody who signs.
pub(super) struct Signers<'t> {
    testbed: &'t Testbed,
    fulcio: &'t str,
    rekor: &'t str,
    folder: PathBuf,
}

/// An attestation about an image.
pub(super) struct Attestation<'a> {
    pub(super) signer: &'a str,
    pub(super) predicate_type: &'a str,
    pub(super) predicate: &'a serde_json::Value,
}

impl<'t> Signers<'t> {
    /// With tokens in this folder, which are good for an hour.
    pub(super) fn new(testbed: &'t Testbed, folder: &Path) -> Result<Self> {
        for signer in [KREL_STAGING, KREL_TRUST, PROMOTER_SUMMARIES] {
            fs::write(folder.join(signer), testbed.token_by(signer, ISSUER)?)?;
        }
        Ok(Self {
            testbed,
            fulcio: testbed
                .fulcio_url
                .as_deref()
                .context("Fulcio does not run")?,
            rekor: testbed
                .rekor_url
                .as_deref()
                .context("Rekor v1 does not run")?,
            folder: folder.to_owned(),
        })
    }

    /// Signs files as the release tools do: the signature and the certificate beside the file, each in base64 on one line,
    /// and nothing else. The entry is in Rekor v1.
    pub(super) fn sign_files(&self, files: &[ToSign]) -> Result<()> {
        parallel::each(files, |file| {
            let beside = |suffix: &str| {
                let mut name = file.published.clone().into_os_string();
                name.push(suffix);
                name
            };
            let mut cosign = self.old_forms("sign-blob", KREL_STAGING);
            cosign.arg("--output-signature").arg(beside(".sig"));
            cosign.arg("--output-certificate").arg(beside(".cert"));
            run(cosign.arg(&file.signed)).map(drop)
        })
    }

    /// Adds a signature to those under the image's `.sig` tag, and for an index to those of its images as well. The payload
    /// names the image as in `docker_reference`.
    pub(super) fn sign_image(
        &self,
        signer: &str,
        image: &str,
        docker_reference: &str,
        annotations: &[&str],
    ) -> Result<()> {
        let mut cosign = self.old_forms("sign", signer);
        cosign.args(["--allow-http-registry", "--recursive"]);
        cosign.args(["--sign-container-identity", docker_reference]);
        for annotation in annotations {
            cosign.args(["--annotations", annotation]);
        }
        run(cosign.arg(image)).map(drop)
    }

    /// Attaches an attestation to the image with this digest, as a bundle that refers to it.
    pub(super) fn attest(&self, image: &str, attestation: &Attestation<'_>) -> Result<()> {
        let predicate = tempfile::NamedTempFile::new_in(&self.folder)?;
        fs::write(predicate.path(), attestation.predicate.to_string())?;
        let mut cosign = self.cosign("attest", attestation.signer);
        cosign.arg("--allow-http-registry");
        cosign
            .arg("--signing-config")
            .arg(&self.testbed.signing_config_v1);
        cosign.args(["--type", attestation.predicate_type, "--predicate"]);
        run(cosign.arg(predicate.path()).arg(image)).map(drop)
    }

    /// The forms from before bundles, in which Kubernetes publishes.
    fn old_forms(&self, command: &str, signer: &str) -> Command {
        let mut cosign = self.cosign(command, signer);
        cosign.args(["--use-signing-config=false", "--new-bundle-format=false"]);
        cosign.args(["--fulcio-url", self.fulcio, "--rekor-url", self.rekor]);
        cosign
    }

    fn cosign(&self, command: &str, signer: &str) -> Command {
        let mut cosign = self.testbed.cosign();
        cosign.args([command, "--yes", "--identity-token"]);
        cosign.arg(self.folder.join(signer));
        cosign
    }
}
