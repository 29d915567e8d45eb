//! The pure rooms stay pure: bytes in, verdict out, with no way to a socket, a runtime or the system's randomness.

use anyhow::{Result, ensure};

use crate::process;

/// Checks the tree of normal dependencies of every pure package.
pub(super) fn check() -> Result<()> {
    for package in PURE {
        let tree = process::output(&mut process::cargo([
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--all-features",
            "--prefix",
            "none",
        ]))?;
        let found = impure(&tree);
        ensure!(
            found.is_empty(),
            "{package} can reach {}, which has no place in the pure core; `cargo tree --package {package} --invert CRATE` says how",
            found.join(", ")
        );
        println!("{package} is pure");
    }
    Ok(())
}

/// The impure crates in what `cargo tree --prefix none` prints.
fn impure(tree: &str) -> Vec<&str> {
    let mut found: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| IMPURE.contains(name))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The packages without input and output.
const PURE: [&str; 2] = ["sealcheck-verify", "sealcheck-policy"];

/// Runtimes, network stacks and sources of randomness.
const IMPURE: [&str; 16] = [
    "async-std",
    "getrandom",
    "h2",
    "hyper",
    "kube",
    "mio",
    "native-tls",
    "rand",
    "reqwest",
    "rustls",
    "sealcheck-net",
    "smol",
    "socket2",
    "tempfile",
    "tokio",
    "ureq",
];

#[cfg(test)]
mod tests {
    use super::impure;

    #[test]
    fn a_runtime_is_found_wherever_it_stands() {
        let tree = "sealcheck-verify v0.1.0 (/somewhere)\nder v0.8.3\ntokio v1.0.0\nserde v1.0.0\ntokio v1.0.0 (*)\n";
        assert_eq!(impure(tree), ["tokio"]);
        assert!(impure("tokio-like v1.0.0\nder v0.8.3").is_empty());
    }
}
