//! The Go with which the peers are built.

use std::env::consts::{ARCH, OS};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::run;

/// The system's `go`, which fetches the version that a module wants by itself; or where it is too old for that, as in
/// Debian 12, one that it fetches as a module.
pub(crate) fn go(folder: &Path) -> Result<PathBuf> {
    let version = String::from_utf8(run(Command::new("go").arg("version"))?)?;
    if fetches_others(&version) {
        return Ok("go".into());
    }
    let arch = match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let module = format!("golang.org/toolchain@v0.0.1-{FETCHED}.{OS}-{arch}");
    let fetched = run(Command::new("go")
        .args(["mod", "download", "-json", &module])
        .env("GOFLAGS", "")
        .current_dir(folder))?;
    let fetched: Value = serde_json::from_slice(&fetched)?;
    let root = fetched.get("Dir").and_then(Value::as_str);
    let root = Path::new(root.context("go does not say where it is")?);
    // An old go unpacks it like every module: without programs.
    run(Command::new("chmod")
        .args(["-R", "u+rx"])
        .args([root.join("bin"), root.join("pkg/tool")]))?;
    Ok(root.join("bin/go"))
}

/// Whether this version (`go version go1.26.8 linux/amd64`) switches to others: Go does since 1.21.
fn fetches_others(version: &str) -> bool {
    let minor = version
        .split(' ')
        .nth(2)
        .and_then(|name| name.strip_prefix("go1."))
        .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    // What says something else is newer than this code.
    !minor.is_some_and(|minor| {
        minor
            .and_then(|minor| minor.parse::<u32>().ok())
            .is_some_and(|minor| minor < 21)
    })
}

/// What the newest of the tools modules wants.
const FETCHED: &str = "go1.27.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_fetches_other_versions_since_1_21() {
        for old in [
            "go version go1.19.8 linux/amd64",
            "go version go1.20 linux/amd64",
        ] {
            assert!(!fetches_others(old), "{old}");
        }
        for new in [
            "go version go1.21rc2 linux/amd64",
            "go version go1.26.8 linux/amd64",
            "go version go2.0 linux/amd64",
            "go version devel +abc linux/amd64",
        ] {
            assert!(fetches_others(new), "{new}");
        }
    }
}
