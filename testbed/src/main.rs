//! `testbed up`: a private Sigstore for a person to play with.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::io::Read;

use anyhow::{Result, bail};
use sealcheck_testbed::{Part, Testbed};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parts = match arguments.split_first() {
        Some((verb, parts)) if verb == "up" => parts,
        _ => bail!("usage: sealcheck-testbed up [fulcio] [rekor] [rekor-v2] [timestamps]"),
    };
    let part = |name: &String| match name.as_str() {
        "fulcio" => Ok(Part::Fulcio),
        "rekor" => Ok(Part::Rekor),
        "rekor-v2" => Ok(Part::RekorV2),
        "timestamps" => Ok(Part::Timestamps),
        other => bail!("no part {other:?}: there are fulcio, rekor, rekor-v2 and timestamps"),
    };
    let mut chosen = parts.iter().map(part).collect::<Result<Vec<Part>>>()?;
    if chosen.is_empty() {
        chosen = Part::ALL.to_vec();
    }
    let testbed = Testbed::start(&chosen)?;
    let token = testbed.folder.join("token");
    std::fs::write(&token, testbed.token(EMAIL)?)?;
    let none = || "(not started)".to_owned();
    println!(
        "Fulcio           {}",
        testbed.fulcio_url.clone().unwrap_or_else(none)
    );
    println!(
        "Rekor v1         {}",
        testbed.rekor_url.clone().unwrap_or_else(none)
    );
    println!(
        "Rekor v2         {}",
        testbed.rekor_v2_url.clone().unwrap_or_else(none)
    );
    println!(
        "timestamps       {}",
        testbed.tsa_url.clone().unwrap_or_else(none)
    );
    println!("OIDC issuer      {}", testbed.issuer_url);
    println!(
        "TUF repository   {} (root: {})",
        testbed.tuf_url,
        testbed.tuf_root.display()
    );
    println!("folder, with logs {}", testbed.folder.display());
    let (cosign, root, issuer) = (
        testbed.cosign.display(),
        testbed.trusted_root.display(),
        &testbed.issuer_url,
    );
    let (v1, v2) = (
        testbed.signing_config_v1.display(),
        testbed.signing_config_v2.display(),
    );
    let signer = format!("--certificate-identity {EMAIL} --certificate-oidc-issuer {issuer}");
    println!("\n# Sign as {EMAIL} (the token is good for an hour); with {v1} it is Rekor v1");
    println!(
        "{cosign} sign-blob --yes --signing-config {v2} --identity-token {} --bundle FILE.sigstore.json FILE",
        token.display(),
    );
    println!("\n# Verify");
    for verifier in [testbed.cosign.display().to_string(), "sealcheck".to_owned()] {
        println!(
            "{verifier} verify-blob --trusted-root {root} {signer} --bundle FILE.sigstore.json FILE"
        );
    }
    println!(
        "\n# What cosign needs for its legacy formats (where these are set, it does not look at TUF)"
    );
    for (name, file) in testbed.legacy_trust() {
        println!("export {name}={}", file.display());
    }
    println!(
        "\n# Or let cosign learn everything from TUF (this changes ~/.sigstore; TUF_ROOT names another folder)"
    );
    println!(
        "{cosign} initialize --mirror {} --root {}",
        testbed.tuf_url,
        testbed.tuf_root.display()
    );
    println!("\nCtrl-C, or the end of standard input, ends it.");
    // Without a terminal's input (a pipe that is held open, for example) this waits just as well.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

const EMAIL: &str = "alice@example.com";
