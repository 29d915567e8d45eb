//! Commands in the README and the guides are commands that exist: every recipe, subcommand and flag is looked up in
//! the help of the program.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::CommandFactory;

use crate::process;

pub(super) fn check() -> Result<()> {
    let program = process::sealcheck()?;
    let mut helps = BTreeMap::new();
    let mut checked = 0;
    for page in PAGES {
        let text = super::read(&process::root().join(page))?;
        for command in commands(&text) {
            checked += 1;
            let said = || format!("in {page}: {command}");
            let words: Vec<&str> = command.split_whitespace().collect();
            match words.as_slice() {
                ["cargo", "xtask", recipe, ..] => ensure!(
                    crate::Cli::command().find_subcommand(recipe).is_some(),
                    "there is no recipe {recipe}, {}",
                    said()
                ),
                ["sealcheck", words @ ..] => {
                    // `release` has commands of its own.
                    let depth = if words.first() == Some(&"release") {
                        2
                    } else {
                        1
                    };
                    let (subcommand, arguments) = words.split_at(depth.min(words.len()));
                    let name = subcommand.join(" ");
                    let help = match helps.get(&name) {
                        Some(help) => help,
                        None => {
                            let help = help(&program, subcommand).with_context(said)?;
                            helps.entry(name.clone()).or_insert(help)
                        }
                    };
                    for flag in arguments.iter().filter(|word| word.starts_with("--")) {
                        let flag = flag.split('=').next().unwrap_or(flag);
                        ensure!(names(help, flag), "{name} has no flag {flag}, {}", said());
                    }
                }
                _ => {}
            }
        }
    }
    println!("{checked} commands of the documentation exist");
    Ok(())
}

/// The commands in the shell blocks of a Markdown page, lines that go on put together.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut in_shell = false;
    let mut open = String::new();
    for line in page.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            in_shell = language == "sh" && !in_shell;
            continue;
        }
        let line = line.split(" #").next().unwrap_or(line).trim();
        if !in_shell || line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(part) => open += part,
            None => commands.push(std::mem::take(&mut open) + line),
        }
    }
    commands
}

/// What `sealcheck SUBCOMMAND --help` prints.
fn help(program: &Path, subcommand: &[&str]) -> Result<String> {
    process::output(Command::new(program).args(subcommand).arg("--help"))
        .with_context(|| format!("sealcheck {} gives no help", subcommand.join(" ")))
}

/// Whether the help has exactly this flag, and not only a longer one.
fn names(help: &str, flag: &str) -> bool {
    help.match_indices(flag).any(|(start, _)| {
        let rest = help.get(start + flag.len()..).unwrap_or_default();
        !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-')
    })
}

/// The pages that tell people what to type.
const PAGES: [&str; 7] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/images.md",
    "docs/releases.md",
    "docs/policies.md",
    "docs/testing.md",
    "examples/README.md",
];

#[cfg(test)]
mod tests {
    use super::{commands, names};

    #[test]
    fn commands_stand_in_shell_blocks() {
        let page = "```sh\n# first\nsealcheck verify-blob \\\n    --offline FILE  # why\n```\ncargo none\n```json\n{}\n```\n```sh\ncargo xtask test\n```\n";
        assert_eq!(
            commands(page),
            ["sealcheck verify-blob --offline FILE", "cargo xtask test"]
        );
    }

    #[test]
    fn a_longer_flag_is_another() {
        assert!(names("  --key <FILE>", "--key"));
        assert!(!names("  --key-file <FILE>", "--key"));
        assert!(names("  --key-file, --key", "--key"));
    }
}
