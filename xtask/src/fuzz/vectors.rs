//! Published vectors as seeds. They are not ours, so they are read from beside the workspace and never committed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sealcheck_testkit::shared;

/// Copies the vectors that `target` can read to `folder`, which is made also when there are none.
pub(super) fn collect(target: &str, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let endings: &[&str] = match target {
        "bundle" | "verify" => &[".sigstore.json", ".sigstore", "bundle.json"],
        "trusted_root" => &["trusted_root.json"],
        "certificate" => &[".cert", ".pem"],
        "key" => &[".pub"],
        _ => return Ok(()),
    };
    let mut files = Vec::new();
    for source in [shared::conformance(), shared::corpora(), shared::trust()]
        .into_iter()
        .flatten()
    {
        find(&source, endings, &mut files)?;
    }
    for (number, file) in files.iter().enumerate() {
        fs::copy(file, folder.join(format!("{number}")))?;
    }
    println!("{} published vectors as further seeds", files.len());
    Ok(())
}

fn find(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            find(&path, endings, files)?;
            continue;
        }
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let size = entry.metadata()?.len();
        if size <= LARGEST && endings.iter().any(|ending| name.ends_with(ending)) {
            files.push(path);
        }
    }
    Ok(())
}

/// Larger seeds make every run slow and reach nothing new.
const LARGEST: u64 = 64 << 10;
