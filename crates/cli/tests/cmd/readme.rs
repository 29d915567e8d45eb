//! The commands of the README, executed as they stand there.

use std::path::Path;
use std::process::Command;

/// Every command on the signed examples works as the README shows it.
#[test]
fn the_commands_on_the_examples_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
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
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let arguments = command.split_whitespace().skip(1);
        let output = Command::new(env!("CARGO_BIN_EXE_sealcheck"))
            .args(arguments)
            .current_dir(&root)
            .env_clear()
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}\n{told}");
        assert!(!output.stdout.is_empty(), "{command}");
    }
}
