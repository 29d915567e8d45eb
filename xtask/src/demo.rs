//! `cargo xtask demo`: what the program does, on the signed example, without any network.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{examples, process};

pub(crate) fn run() -> Result<()> {
    process::run(&mut process::cargo([
        "build",
        "--package",
        "sealcheck",
        "--locked",
    ]))?;
    println!(
        "\nA file and its proof, signed by {}:\n",
        examples::IDENTITY
    );
    verify("examples/hello.txt", 0)?;
    println!("\nThe same proof beside a copy in which one letter is changed:\n");
    verify("examples/tampered/hello.txt", 1)?;
    println!("\nBoth ended as they should.");
    Ok(())
}

fn verify(file: &str, expected: i32) -> Result<()> {
    let program = process::target()
        .join("debug")
        .join(format!("sealcheck{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(program);
    command
        .current_dir(process::root())
        .args(["verify-blob", "--offline", "--output", "text"])
        .args(["--trusted-root", "examples/trusted_root.json"])
        .args(["--certificate-identity", examples::IDENTITY])
        .args(["--certificate-oidc-issuer", examples::ISSUER])
        .arg(file);
    process::announce(&command);
    let status = command
        .status()
        .context("cannot start the sealcheck program")?;
    ensure!(
        status.code() == Some(expected),
        "exit code {expected} was expected for {file}, not {status}"
    );
    println!("exit code {expected}");
    Ok(())
}
