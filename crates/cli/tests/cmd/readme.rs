//! The commands of the README and of the one of the examples, executed as they stand there.

use std::path::Path;
use std::process::Command;

/// Every command on the signed examples works as the README shows it.
#[test]
fn the_commands_on_the_examples_work() {
    the_commands_work("README.md", 6);
    the_commands_work("examples/README.md", 4);
}

/// What has been tampered with is rejected, and all else is accepted.
fn the_commands_work(page: &str, at_least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join(page)).unwrap();
    let commands: Vec<String> = readme
        .split("```sh\n")
        .skip(1)
        .filter_map(|block| block.split_once("```"))
        .flat_map(|(block, _)| {
            let joined = block.replace("\\\n", " ");
            joined.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|line| line.starts_with("sealcheck ") && line.contains(" examples/"))
        .collect();
    assert!(commands.len() >= at_least, "{commands:?}");
    for command in commands {
        let arguments = command.split_whitespace().skip(1);
        let output = Command::new(env!("CARGO_BIN_EXE_sealcheck"))
            .args(arguments)
            .current_dir(&root)
            .env_clear()
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let expected = i32::from(command.contains("tampered"));
        assert_eq!(output.status.code(), Some(expected), "{command}\n{told}");
        assert!(!output.stdout.is_empty(), "{command}");
    }
}
