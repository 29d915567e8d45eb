//! What is verified side by side: signed by cosign, with the command lines of both programs.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sealcheck_testbed::Testbed;

use super::race::Race;
use crate::process;

/// Signs everything, and says how each program verifies it.
pub(crate) fn prepare(testbed: &Testbed) -> Result<Vec<Race>> {
    let work = Work::new(testbed)?;
    let small = work.file("small", 1)?;
    let large = work.file("large", LARGE_MEBIBYTES << 20)?;
    let middle = work.file("middle", MIDDLE_MEBIBYTES << 20)?;
    for file in [&small, &large] {
        work.sign_bundle(file)?;
    }
    work.sign_legacy_bundle(&small)?;
    work.sign_detached(&middle)?;
    let folder = work.folder.join("many");
    fs::create_dir(&folder)?;
    let mut many = Vec::new();
    for number in 0..MANY {
        let file = work.file(&format!("many/{number:03}"), 1000 + number)?;
        work.sign_bundle(&file)?;
        many.push(file);
    }
    let registry = testbed.crane_registry.as_deref().context("no registry")?;
    let [image, legacy_image] = ["bundle", "legacy"].map(|name| format!("{registry}/{name}:1"));
    work.push(&small, &image)?;
    work.push(&small, &legacy_image)?;
    work.sign_image(&image)?;
    work.sign_image_old(&legacy_image)?;
    let registry_log = || Some(testbed.folder.join("crane-registry.log"));
    let all = |file: &PathBuf| work.cosign_bundle(file);
    Ok(vec![
        Race {
            name: "`verify-blob`, small file, bundle".into(),
            rounds: 21,
            cosign: vec![work.cosign_bundle(&small)],
            sealcheck: vec![
                work.sealcheck(&small, &["--bundle", &with(&small, BUNDLE), "--offline"]),
            ],
            registry_log: None,
        },
        Race {
            name: format!("`verify-blob`, {LARGE_MEBIBYTES} MiB, bundle"),
            rounds: 5,
            cosign: vec![work.cosign_bundle(&large)],
            sealcheck: vec![
                work.sealcheck(&large, &["--bundle", &with(&large, BUNDLE), "--offline"]),
            ],
            registry_log: None,
        },
        Race {
            name: "`verify-blob`, small file, legacy bundle with Rekor v1 entry".into(),
            rounds: 21,
            cosign: vec![work.cosign_legacy(&small, &["--bundle", &with(&small, LEGACY)])],
            sealcheck: vec![
                work.sealcheck(&small, &["--bundle", &with(&small, LEGACY), "--offline"]),
            ],
            registry_log: None,
        },
        Race {
            name: format!(
                "`verify-blob`, {MIDDLE_MEBIBYTES} MiB, `.sig` and `.cert`, Rekor v1 asked on loopback"
            ),
            rounds: 11,
            cosign: vec![work.cosign_legacy(
                &middle,
                &[
                    "--signature",
                    &with(&middle, ".sig"),
                    "--certificate",
                    &with(&middle, ".cert"),
                    "--rekor-url",
                    &work.rekor,
                ],
            )],
            sealcheck: vec![work.sealcheck(&middle, &["--rekor-url", &work.rekor])],
            registry_log: None,
        },
        Race {
            name: format!("{MANY} small files of a folder, a bundle each (cosign: a process each)"),
            rounds: 3,
            cosign: many.iter().map(all).collect(),
            sealcheck: vec![work.sealcheck(&folder, &["--offline"])],
            registry_log: None,
        },
        Race {
            name: "`verify`, an image with a bundle by the referrers tag".into(),
            rounds: 11,
            cosign: vec![work.cosign_image(&image, &["--trusted-root", &work.root()])],
            sealcheck: vec![work.sealcheck_image(&image)],
            registry_log: registry_log(),
        },
        Race {
            name: "`verify`, an image with a `.sig` tag".into(),
            rounds: 11,
            cosign: vec![work.cosign_image(&legacy_image, &["--new-bundle-format=false"])],
            sealcheck: vec![work.sealcheck_image(&legacy_image)],
            registry_log: registry_log(),
        },
    ])
}

/// A folder of signed files, and what both programs are told.
struct Work<'t> {
    testbed: &'t Testbed,
    folder: PathBuf,
    token: PathBuf,
    rekor: String,
}

impl<'t> Work<'t> {
    fn new(testbed: &'t Testbed) -> Result<Self> {
        let folder = testbed.folder.join("work");
        fs::create_dir(&folder)?;
        let token = testbed.folder.join("work-token");
        fs::write(&token, testbed.token(SIGNER)?)?;
        Ok(Self {
            testbed,
            folder,
            token,
            rekor: testbed.rekor_url.clone().context("Rekor v1 does not run")?,
        })
    }

    /// A file of this many bytes.
    fn file(&self, name: &str, bytes: usize) -> Result<PathBuf> {
        let path = self.folder.join(name);
        let block: Vec<u8> = (0..=255).cycle().take(bytes.min(1 << 20)).collect();
        let mut file = File::create(&path)?;
        let mut left = bytes;
        while left > 0 {
            let piece = block.get(..left.min(block.len())).unwrap_or(&block);
            file.write_all(piece)?;
            left -= piece.len();
        }
        Ok(path)
    }

    fn sign(&self, file: &Path, arguments: &[&str]) -> Result<()> {
        let mut cosign = self.testbed.cosign();
        cosign.args(["sign-blob", "--yes", "--identity-token"]);
        cosign.arg(&self.token).args(arguments).arg(file);
        process::output(&mut cosign).map(drop)
    }

    fn sign_bundle(&self, file: &Path) -> Result<()> {
        let config = self.testbed.signing_config_v1.display().to_string();
        self.sign(
            file,
            &["--signing-config", &config, "--bundle", &with(file, BUNDLE)],
        )
    }

    fn sign_legacy_bundle(&self, file: &Path) -> Result<()> {
        self.sign_old(file, &["--bundle", &with(file, LEGACY)])
    }

    fn sign_detached(&self, file: &Path) -> Result<()> {
        let (signature, certificate) = (with(file, ".sig"), with(file, ".cert"));
        self.sign_old(
            file,
            &[
                "--output-signature",
                &signature,
                "--output-certificate",
                &certificate,
            ],
        )
    }

    fn sign_old(&self, file: &Path, output: &[&str]) -> Result<()> {
        self.sign(file, &[&self.old()?, output].concat())
    }

    /// The arguments for cosign's legacy formats.
    fn old(&self) -> Result<[&str; 6]> {
        let fulcio = self.testbed.fulcio_url.as_deref();
        Ok([
            "--use-signing-config=false",
            "--new-bundle-format=false",
            "--rekor-url",
            &self.rekor,
            "--fulcio-url",
            fulcio.context("Fulcio does not run")?,
        ])
    }

    /// Pushes an image of one file.
    fn push(&self, file: &Path, image: &str) -> Result<()> {
        let layer = with(file, ".tar");
        let name = file.file_name().context("no file")?;
        let mut tar = Command::new("tar");
        tar.args(["-cf", &layer, "-C"]).arg(&self.folder).arg(name);
        process::output(&mut tar)?;
        let mut crane = Command::new(self.testbed.crane.as_ref().context("no crane")?);
        crane.env("HOME", &self.folder);
        crane.args(["append", "--oci-empty-base", "-f", &layer, "-t", image]);
        process::output(&mut crane).map(drop)
    }

    fn sign_image(&self, image: &str) -> Result<()> {
        let config = self.testbed.signing_config_v1.display().to_string();
        let root = self.root();
        self.sign_in_registry(
            image,
            &["--signing-config", &config, "--trusted-root", &root],
        )
    }

    fn sign_image_old(&self, image: &str) -> Result<()> {
        self.sign_in_registry(image, &self.old()?)
    }

    fn sign_in_registry(&self, image: &str, arguments: &[&str]) -> Result<()> {
        let mut cosign = self.testbed.cosign();
        cosign.args(["sign", "--yes", "--allow-http-registry", "--identity-token"]);
        cosign.arg(&self.token).args(arguments).arg(image);
        process::output(&mut cosign).map(drop)
    }

    fn cosign_image(&self, image: &str, arguments: &[&str]) -> Command {
        let mut command = self.testbed.cosign();
        command.args(["verify", "--allow-http-registry"]);
        command.args(arguments).args(self.signer()).arg(image);
        command
    }

    fn sealcheck_image(&self, image: &str) -> Command {
        let mut command = Command::new(process::target().join("release").join("sealcheck"));
        command.args(["verify", "--trusted-root"]);
        command.arg(&self.testbed.trusted_root);
        command.args(self.signer()).arg(image);
        command
    }

    fn root(&self) -> String {
        self.testbed.trusted_root.display().to_string()
    }

    fn cosign_bundle(&self, file: &Path) -> Command {
        self.cosign(
            file,
            &[
                "--trusted-root",
                &self.root(),
                "--bundle",
                &with(file, BUNDLE),
            ],
        )
    }

    fn cosign_legacy(&self, file: &Path, arguments: &[&str]) -> Command {
        self.cosign(file, &[&["--new-bundle-format=false"], arguments].concat())
    }

    fn cosign(&self, file: &Path, arguments: &[&str]) -> Command {
        let mut command = self.testbed.cosign();
        command.arg("verify-blob").args(arguments);
        command.args(self.signer()).arg(file);
        command
    }

    fn sealcheck(&self, file: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(process::target().join("release").join("sealcheck"));
        command.args(["verify-blob", "--trusted-root"]);
        command.arg(&self.testbed.trusted_root).args(arguments);
        command.args(self.signer()).arg(file);
        command
    }

    fn signer(&self) -> [&str; 4] {
        [
            "--certificate-identity",
            SIGNER,
            "--certificate-oidc-issuer",
            &self.testbed.issuer_url,
        ]
    }
}

/// The path of what lies beside a file.
fn with(file: &Path, suffix: &str) -> String {
    format!("{}{suffix}", file.display())
}

pub(crate) const SIGNER: &str = "alice@example.com";
const BUNDLE: &str = ".sigstore.json";
/// Not a name under which a proof is looked for, as the same file has a bundle too.
const LEGACY: &str = ".legacy";
const LARGE_MEBIBYTES: usize = 500;
const MIDDLE_MEBIBYTES: usize = 50;
const MANY: usize = 100;
