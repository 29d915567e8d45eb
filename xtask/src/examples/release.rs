//! The example of a release: a small one as Kubernetes publishes them, collected as a kit by sealcheck itself.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sealcheck_release::Version;
use sealcheck_testbed::Testbed;
use sealcheck_testbed::release::{Contents, MiniRelease, ReleaseServer};

use crate::process;

/// Where the kit is, below the workspace.
pub(crate) const KIT: &str = "examples/release";
/// A file of it in which one byte is changed.
pub(crate) const TAMPERED: &str = "examples/release/tampered/kubectl";
/// The version that the kit holds.
pub(crate) const VERSION: Version = Version::release(1, 36, 0);
/// The file that was tampered with, by its path below the release.
pub(crate) const ORIGINAL: &str = "bin/linux/amd64/kubectl";

/// Publishes the release, collects it with the program that is built from this source, and changes a byte of a copy.
pub(super) fn run(testbed: &Testbed) -> Result<()> {
    let program = process::sealcheck()?;
    let published = testbed.folder.join("published");
    let release = MiniRelease::publish_contents(testbed, &published, &[VERSION], &Contents::SMALL)?;
    let server = ReleaseServer::start(&published);
    let kit = process::root().join(KIT);
    if kit.exists() {
        fs::remove_dir_all(&kit).with_context(|| format!("cannot remove {}", kit.display()))?;
    }
    let rekor = testbed.rekor_url.as_deref();
    let mut collect = Command::new(program);
    // With the profile that is built in: who must have signed are the real names.
    collect
        .args(["release", "collect", &VERSION.to_string(), "--to"])
        .arg(&kit)
        .args(["--from", &server.files.at("/release")])
        .args(["--registry", &release.registry])
        .args(["--tuf-mirror", &testbed.tuf_url, "--tuf-root"])
        .arg(&testbed.tuf_root)
        .args([
            "--cache-dir".as_ref(),
            testbed.folder.join("tuf-cache").as_os_str(),
        ])
        .args(["--rekor-url", rekor.context("Rekor v1 does not run")?]);
    process::run(&mut collect)?;
    let original = fs::read(kit.join(VERSION.to_string()).join(ORIGINAL))?;
    super::write_bytes("release/tampered/kubectl", &tampered(&original)?)
}

/// The program with one byte changed: it would end with another exit code.
pub(crate) fn tampered(original: &[u8]) -> Result<Vec<u8>> {
    let text = str::from_utf8(original).context("the program is no script")?;
    let tampered = text.replacen("exit 0", "exit 1", 1);
    ensure!(tampered != text, "the program does not end with 0");
    Ok(tampered.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_is_changed_and_nothing_else() {
        let read = |path: &str| fs::read(process::root().join(path)).unwrap();
        let original = read(&format!("{KIT}/{VERSION}/{ORIGINAL}"));
        let altered = read(TAMPERED);
        assert_eq!(altered, tampered(&original).unwrap());
        assert_eq!(altered.len(), original.len());
        let differ = altered.iter().zip(&original).filter(|(a, b)| a != b);
        assert_eq!(differ.count(), 1);
    }
}
