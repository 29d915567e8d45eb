//! The copies of the workspace that are changed, below the folder of build output.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;

/// Brings the copy called `name` up to date. Files that are the same keep their time, so that little is built anew.
pub(super) fn copy(name: &str) -> Result<PathBuf> {
    let copy = process::target().join("mutation").join(name);
    let listed = process::output(&mut process::git([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    for file in listed.lines() {
        // A file that was deleted is listed until that is committed.
        if process::root().join(file).is_file() {
            let content = fs::read(process::root().join(file))
                .with_context(|| format!("cannot read {file}"))?;
            write(&copy.join(file), &content)?;
        }
    }
    Ok(copy)
}

/// Writes a file unless it is so already.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}
