//! Seeds for what a release is: archives that are unpacked, and profiles with the texts that are read with them.

use std::fs;
use std::io::Write;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::seeds::seed;
use crate::process;

pub(super) fn write() -> Result<()> {
    let sound = archive(&[
        (EntryType::Directory, "kubernetes/", ""),
        (
            EntryType::Regular,
            "kubernetes/client/bin/kubectl",
            "program",
        ),
        (
            EntryType::Link,
            "kubernetes/hard",
            "kubernetes/client/bin/kubectl",
        ),
        (EntryType::Symlink, "kubernetes/bin", "client/bin"),
        (
            EntryType::Regular,
            &"long/".repeat(30),
            "a name that needs a header of its own",
        ),
    ])?;
    seed("unpack/plain", &sound)?;
    seed("unpack/gzip", gzip(&sound)?)?;
    seed(
        "unpack/two-members",
        [gzip(&sound)?, gzip(&sound)?].concat(),
    )?;
    let escaping = archive(&[
        (EntryType::Symlink, "out", ".."),
        (EntryType::Regular, "out/beside", "overwritten"),
    ])?;
    seed("unpack/escaping", escaping)?;

    let profile =
        fs::read_to_string(process::root().join("crates/release/src/profile/kubernetes.yaml"))?;
    for (name, text) in [
        ("artifact", "bin/linux/amd64/kubectl"),
        ("side-file", "kubernetes-client-linux-amd64.tar.gz.sig"),
        ("version", "v1.36.0-rc.1"),
        ("answer", "v1.36.0\n"),
        (
            "address",
            "https://dl.k8s.io/v1.36.0/bin/windows/amd64/kubectl.exe",
        ),
        ("sbom", "https://sbom.k8s.io/v1.36.0/release.sig"),
    ] {
        seed(&format!("profile/{name}"), format!("{profile}\0{text}"))?;
    }
    Ok(())
}

/// An archive of entries; what is behind a name is the content, or where it leads.
fn archive(entries: &[(EntryType, &str, &str)]) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for (kind, path, text) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        match kind {
            EntryType::Link | EntryType::Symlink => {
                header.set_size(0);
                builder.append_link(&mut header, path, text)?;
            }
            _ => {
                header.set_size(u64::try_from(text.len())?);
                let path = path.trim_end_matches('/');
                builder.append_data(&mut header, path, text.as_bytes())?;
            }
        }
    }
    Ok(builder.into_inner()?)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}
