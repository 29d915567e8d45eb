//! The programs that a testbed needs and cannot build itself.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::part::Part;
use crate::peers::announce;
use crate::process::run;

/// Programs that the testbed needs, that are not there, and that we may not install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    programs: Vec<Program>,
}

/// A program with the Debian package that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Program {
    name: &'static str,
    package: &'static str,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.programs.iter().map(|program| program.name).collect();
        write!(
            f,
            "{} missing (Debian: apt-get install {})",
            names.join(", "),
            packages(&self.programs).join(" ")
        )
    }
}

impl std::error::Error for Missing {}

/// Sees to it that the system has what these parts need. Where it has not, root of a Debian installs it: that is a
/// container or a machine of CI.
///
/// # Errors
/// [`Missing`], or a package cannot be installed.
pub(crate) fn provide(parts: &[Part]) -> Result<()> {
    let missing = absent(parts);
    if missing.is_empty() {
        return Ok(());
    }
    let is_root = run(Command::new("id").arg("-u")).is_ok_and(|id| id == b"0\n");
    if !(is_root && found("apt-get").is_some()) {
        bail!(Missing { programs: missing });
    }
    let packages = packages(&missing);
    announce(&format!("installing {} ...", packages.join(", ")));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run(command.args(arguments))
    };
    let install = ["install", "-y", "--no-install-recommends"];
    apt(&["update"])?;
    apt(&[&install, packages.as_slice()].concat())?;
    let still = absent(parts);
    match still.is_empty() {
        true => Ok(()),
        false => Err(Missing { programs: still }).context("after their packages were installed"),
    }
}

fn absent(parts: &[Part]) -> Vec<Program> {
    let needs_database = parts.iter().any(|part| part.needs_database());
    let database = DATABASE.iter().filter(|_| needs_database);
    ALWAYS
        .iter()
        .chain(database)
        .filter(|needed| found(needed.name).is_none())
        .copied()
        .collect()
}

/// Where a program lies.
///
/// # Errors
/// It is missing.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    found(name).with_context(|| format!("there is no program {name}"))
}

fn found(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        // Servers lie there, and the PATH of a Debian user does not name it.
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn packages(programs: &[Program]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = programs.iter().map(|program| program.package).collect();
    packages.dedup();
    packages
}

const ALWAYS: &[Program] = &[
    Program {
        name: "go",
        package: "golang-go",
    },
    Program {
        name: "openssl",
        package: "openssl",
    },
];
/// The packages without the service that Debian would start.
const DATABASE: &[Program] = &[
    Program {
        name: "mariadb",
        package: "mariadb-client-core",
    },
    Program {
        name: "mariadbd",
        package: "mariadb-server-core",
    },
    Program {
        name: "mariadb-install-db",
        package: "mariadb-server-core",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let missing = Missing {
            programs: DATABASE.to_vec(),
        };
        assert_eq!(
            missing.to_string(),
            "mariadb, mariadbd, mariadb-install-db missing (Debian: apt-get install mariadb-client-core \
             mariadb-server-core)"
        );
    }

    #[test]
    fn programs_are_looked_for_where_the_shell_looks() {
        assert!(program("sh").unwrap().is_absolute());
        let error = program("no-such-program").unwrap_err().to_string();
        assert!(error.contains("no-such-program"), "{error}");
    }
}
