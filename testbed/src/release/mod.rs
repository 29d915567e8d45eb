//! A release as the Kubernetes project publishes one, in miniature: every kind of file and proof, the real names of the
//! signers, and a server that can misbehave.
//!
//! What stands in it is made up; how it is laid out, named, listed and signed is not. Real cosign signs, certified by the
//! testbed's Fulcio and logged in its Rekor v1. [`MiniRelease::publish`] makes the files and pushes the images,
//! [`ReleaseServer`] serves the files, and [`MiniRelease::profile`] says where all of it is.

mod archive;
mod content;
mod digest;
mod documents;
mod image;
mod parallel;
mod profile;
mod server;
mod sign;
mod spdx;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sealcheck_release::Version;

use crate::{Part, Testbed};
use content::Build;
use sign::Signers;

pub use content::Contents;
pub use image::PublishedImage;
pub use profile::profile;
pub use server::{Fault, Host, ReleaseServer};

/// Who signs the files, and the images in staging.
pub const KREL_STAGING: &str = "krel-staging@k8s-releng-prod.iam.gserviceaccount.com";
/// Who signs the images at their promotion, and the records of it.
pub const KREL_TRUST: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";
/// Who signs the summaries of what was verified of an image.
pub const PROMOTER_SUMMARIES: &str = "promoter-summaries@k8s-releng-prod.iam.gserviceaccount.com";
/// Who vouches for all of them.
pub const ISSUER: &str = "https://accounts.google.com";
/// The release with a file that its signature does not fit, as in Kubernetes: checksum and SBOM agree with the file
/// (kubernetes/kubernetes issue 135858).
pub const ODD_VERSION: Version = Version::release(1, 35, 0);
/// That file.
pub const ODD_FILE: &str = "bin/linux/amd64/kubectl";

/// What was published.
#[derive(Debug)]
#[non_exhaustive]
pub struct MiniRelease {
    /// What a server serves: `release/VERSION/PATH` and `release/CHANNEL`.
    pub folder: PathBuf,
    /// The versions, in order.
    pub versions: Vec<Version>,
    /// The registry with the images, as `127.0.0.1:PORT`.
    pub registry: String,
    /// What was pushed there: indexes, and the images for one platform that have a repository of their own.
    pub images: Vec<PublishedImage>,
}

impl MiniRelease {
    /// What a testbed needs for it.
    pub const PARTS: &[Part] = &[Part::Fulcio, Part::Rekor, Part::ReferrersRegistry];

    /// Publishes these versions: the files below `folder`, the images in the testbed's registry with referrers.
    ///
    /// # Errors
    /// A file cannot be written, a program fails, or the testbed runs without Fulcio, Rekor v1 or that registry.
    pub fn publish(testbed: &Testbed, folder: &Path, versions: &[Version]) -> Result<Self> {
        Self::publish_contents(testbed, folder, versions, &Contents::WHOLE)
    }

    /// The same with these contents.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub fn publish_contents(
        testbed: &Testbed,
        folder: &Path,
        versions: &[Version],
        contents: &Contents,
    ) -> Result<Self> {
        let registry = testbed.referrers_registry.clone();
        let registry = registry.context("the registry with referrers does not run")?;
        let mut versions = versions.to_vec();
        versions.sort_unstable();
        versions.dedup();
        fs::create_dir_all(folder)?;
        // Others may be at work in the testbed's own folder.
        let scratch = tempfile::tempdir_in(&testbed.folder)?;
        let signers = Signers::new(testbed, scratch.path())?;
        let release = folder.join("release");
        let mut to_sign = Vec::new();
        let mut builds = Vec::new();
        for version in &versions {
            let build = Build::new(*version, contents)?;
            to_sign.extend(publish_files(&build, &release, scratch.path())?);
            builds.push(build);
        }
        signers.sign_files(&to_sign)?;
        for (name, version) in documents::channels(&versions) {
            fs::write(release.join(name), version.to_string())?;
        }
        let made = (builds.as_slice(), contents);
        let images = image::publish(testbed, &signers, &registry, made, scratch.path())?;
        Ok(Self {
            folder: folder.to_owned(),
            versions,
            registry,
            images,
        })
    }

    /// Where a file of a version lies.
    #[must_use]
    pub fn file(&self, version: Version, path: &str) -> PathBuf {
        self.version_folder(version).join(path)
    }

    /// The paths of all files of a version, in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn files(&self, version: Version) -> Result<Vec<String>> {
        let mut found = Vec::new();
        walk(&self.version_folder(version), "", &mut found)?;
        found.sort_unstable();
        Ok(found)
    }

    /// The paths of the files of a version that have a signature, in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn signed_files(&self, version: Version) -> Result<Vec<String>> {
        let files = self.files(version)?;
        let signed = files.iter().filter_map(|path| path.strip_suffix(".sig"));
        Ok(signed.map(str::to_owned).collect())
    }

    /// The profile of what was published, with the files where this server has them.
    #[must_use]
    pub fn profile(&self, server: &ReleaseServer) -> String {
        profile(server, &self.registry)
    }

    fn version_folder(&self, version: Version) -> PathBuf {
        self.folder.join("release").join(version.to_string())
    }
}

/// A file and what its signature is over, which are not always the same.
struct ToSign {
    signed: PathBuf,
    published: PathBuf,
}

/// Writes the files of a version with their checksums. What is to be signed comes back.
fn publish_files(build: &Build, release: &Path, scratch: &Path) -> Result<Vec<ToSign>> {
    let folder = release.join(build.version.to_string());
    let mut files: Vec<(String, &[u8])> = build.files().collect();
    let (source, sbom) = spdx::documents(build);
    files.push(("kubernetes-source.spdx".to_owned(), source.as_bytes()));
    files.push(("kubernetes-release.spdx".to_owned(), sbom.as_bytes()));
    files.sort_unstable();
    let mut to_sign = Vec::new();
    for (path, bytes) in &files {
        let published = folder.join(path);
        write(&published, bytes)?;
        for (suffix, hex) in digest::checksum_files(bytes) {
            // The digits alone: no name, and no end of a line.
            write(&folder.join(format!("{path}{suffix}")), hex.as_bytes())?;
        }
        if !documents::is_signed(path) {
            continue;
        }
        let mut signed = published.clone();
        if build.version == ODD_VERSION && path == ODD_FILE {
            signed = scratch.join("kubectl-before");
            write(&signed, &[bytes, &b"# an earlier build\n"[..]].concat())?;
        }
        to_sign.push(ToSign { signed, published });
    }
    for (path, text) in documents::unsigned(build, &files)? {
        write(&folder.join(path), text.as_bytes())?;
    }
    Ok(to_sign)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) -> Result<()> {
    let entries = fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().display());
        match entry.file_type()?.is_dir() {
            true => walk(&entry.path(), &format!("{path}/"), found)?,
            false => found.push(path),
        }
    }
    Ok(())
}
