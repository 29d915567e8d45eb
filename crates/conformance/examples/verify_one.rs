//! Verifies one bundle COUNT times, and nothing else: what `cargo xtask bench` counts instructions of.
//!
//! `verify_one TRUSTED_ROOT BUNDLE ARTIFACT IDENTITY ISSUER COUNT`

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use sealcheck_verify::{
    Artifact, Content, Identities, Identity, Material, Outcome, Pattern, Requirements, TrustedRoot,
    verify,
};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, bundle, artifact, identity, issuer, count] = arguments.as_slice() else {
        bail!("usage: verify_one TRUSTED_ROOT BUNDLE ARTIFACT IDENTITY ISSUER COUNT");
    };
    let read = |path: &String| fs::read(path).with_context(|| path.clone());
    let root = TrustedRoot::from_json(&read(root)?)?;
    let (bundle, artifact) = (read(bundle)?, read(artifact)?);
    let signer = Identity::new(Pattern::exact(identity)?, Pattern::exact(issuer)?);
    let requirements =
        Requirements::identity(Identities::one(signer)).content(Content::SignatureOrAttestation);
    let now = "2026-11-01T00:00:00Z".parse()?;
    for _ in 0..count.parse::<u32>()? {
        let material = Material::from_bundle(&bundle)?;
        let artifact = Artifact::from_bytes(&artifact);
        let verdict = verify(&material, &artifact, &root, &requirements, now);
        ensure!(verdict.outcome() == Outcome::Verified, "{verdict}");
    }
    Ok(())
}
