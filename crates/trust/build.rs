//! Copies the initial TUF roots out of the source of `sigstore-trust-root`.
//!
//! The crate publishes its trusted roots as constants, but its TUF `root.json` files only behind a
//! feature that brings an HTTP client. The lock file pins the crate by checksum, so the files that
//! cargo unpacked are as trustworthy as the constants.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, error::Error, fs};

use serde_json::Value;

/// File in the published crate, and its name in our `OUT_DIR`.
const ROOTS: [(&str, &str); 3] = [
    ("tuf_root.json", "public-good.root.json"),
    ("tuf_staging_root.json", "staging.root.json"),
    ("tuf_github_root.json", "github.root.json"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let metadata = cargo_metadata()?;

    let package = metadata
        .get("packages")
        .and_then(Value::as_array)
        .and_then(|all| {
            all.iter()
                .find(|p| text(p, "name").is_ok_and(|name| name == "sigstore-trust-root"))
        })
        .ok_or("cargo metadata lists no package sigstore-trust-root")?;
    let version = text(package, "version")?;
    let folder = Path::new(text(package, "manifest_path")?)
        .parent()
        .ok_or("sigstore-trust-root has no folder")?
        .join("repository");
    for (theirs, ours) in ROOTS {
        let from = folder.join(theirs);
        fs::copy(&from, out_dir.join(ours)).map_err(|e| format!("{}: {e}", from.display()))?;
    }

    let workspace = text(&metadata, "workspace_root")?;
    println!("cargo::rustc-env=SEALCHECK_TRUST_ROOT_CRATE={version}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={workspace}/Cargo.lock");
    Ok(())
}

/// The resolved packages of this target, as cargo itself sees them.
fn cargo_metadata() -> Result<Value, Box<dyn Error>> {
    let output = Command::new(env::var_os("CARGO").ok_or("CARGO is not set")?)
        .args([
            "metadata",
            "--locked",
            "--format-version=1",
            "--filter-platform",
        ])
        .arg(env::var_os("TARGET").ok_or("TARGET is not set")?)
        .output()?;
    if !output.status.success() {
        return Err(format!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn text<'a>(object: &'a Value, field: &str) -> Result<&'a str, String> {
    object
        .get(field)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("cargo metadata gives no {field}"))
}
