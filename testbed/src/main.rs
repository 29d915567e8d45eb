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
    println!("Fulcio           {}", testbed.fulcio_url.clone().unwrap_or_else(none));
    println!("Rekor v1         {}", testbed.rekor_url.clone().unwrap_or_else(none));
    println!("Rekor v2         {}", testbed.rekor_v2_url.clone().unwrap_or_else(none));
    println!("timestamps       {}", testbed.tsa_url.clone().unwrap_or_else(none));
    println!("OIDC issuer      {}", testbed.issuer_url);
    println!("TUF repository   {} (root: {})", testbed.tuf_url, testbed.tuf_root.display());
    println!("folder, with logs {}", testbed.folder.display());
    println!("\nTrust this instance, sign as {EMAIL} (the token is good for an hour), verify:\n");
    for (name, file) in testbed.legacy_trust() {
        println!("export {name}={}", file.display());
    }
    let (cosign, root, issuer) =
        (testbed.cosign.display(), testbed.trusted_root.display(), &testbed.issuer_url);
    println!("export TUF_ROOT={}", testbed.folder.join("cosign-tuf").display());
    println!("\n# Rekor v2 and a timestamp; with {} Rekor v1", testbed.signing_config_v1.display());
    println!(
        "{cosign} sign-blob --yes --signing-config {} --trusted-root {root} --identity-token {} --bundle FILE.sigstore.json FILE",
        testbed.signing_config_v2.display(),
        token.display(),
    );
    println!(
        "{cosign} verify-blob --trusted-root {root} --certificate-identity {EMAIL} --certificate-oidc-issuer {issuer} --bundle FILE.sigstore.json FILE"
    );
    println!(
        "sealcheck verify-blob --trusted-root {root} --certificate-identity {EMAIL} --certificate-oidc-issuer {issuer} --bundle FILE.sigstore.json FILE"
    );
    println!("\nCtrl-C, or the end of standard input, ends it.");
    // Without a terminal's input (a pipe that is held open, for example) this waits just as well.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

const EMAIL: &str = "alice@example.com";
