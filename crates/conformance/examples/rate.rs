//! Verifies one bundle many times by our core and by the oracle, in turns, and prints the CPU time of one verification by
//! each, in microseconds: what `cargo xtask bench --peers` shows.
//!
//! `rate TRUSTED_ROOT BUNDLE ARTIFACT IDENTITY ISSUER`

#![expect(
    clippy::print_stdout,
    reason = "`cargo xtask bench --peers` reads the figures"
)]

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use cpu_time::ThreadTime;
use sealcheck_verify::{
    Artifact, Identities, Identity, Material, Outcome, Pattern, Requirements, TrustedRoot, verify,
};
use sigstore_verify::{VerificationPolicy, Verifier};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, bundle, artifact, identity, issuer] = arguments.as_slice() else {
        bail!("usage: rate TRUSTED_ROOT BUNDLE ARTIFACT IDENTITY ISSUER");
    };
    let read = |path: &String| fs::read_to_string(path).with_context(|| path.clone());
    let (root, bundle, artifact) = (read(root)?, read(bundle)?, fs::read(artifact)?);

    let signer = Identity::new(Pattern::exact(identity)?, Pattern::exact(issuer)?);
    let requirements = Requirements::identity(Identities::one(signer));
    let prepared = TrustedRoot::from_json(root.as_bytes())?;
    let now = std::time::SystemTime::now().into();
    let ours = || -> Result<()> {
        let material = Material::from_bundle(bundle.as_bytes())?;
        let artifact = Artifact::from_bytes(&artifact);
        let verdict = verify(&material, &artifact, &prepared, &requirements, now);
        ensure!(verdict.outcome() == Outcome::Verified, "{verdict}");
        Ok(())
    };

    let trusted = sigstore_verify::trust_root::TrustedRoot::from_json(&root)?;
    let verifier = Verifier::new(&trusted)?;
    let policy = VerificationPolicy::new(identity.as_str(), issuer.as_str());
    let oracle = || -> Result<()> {
        let bundle = sigstore_verify::types::Bundle::from_json(&bundle)?;
        verifier.verify(artifact.as_slice(), &bundle, &policy)?;
        Ok(())
    };

    let (mut by_us, mut by_oracle) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        by_us.push(time(&ours)?);
        by_oracle.push(time(&oracle)?);
    }
    println!("sealcheck-verify {:.1}", median(by_us));
    println!("sigstore-verify {:.1}", median(by_oracle));
    Ok(())
}

/// Microseconds of CPU time for one.
fn time(verification: &impl Fn() -> Result<()>) -> Result<f64> {
    let start = ThreadTime::now();
    for _ in 0..REPEATS {
        verification()?;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(REPEATS))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

const ROUNDS: u32 = 11;
const REPEATS: u32 = 100;
