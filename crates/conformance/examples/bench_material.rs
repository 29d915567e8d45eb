//! Makes the committed material of the instruction counts anew: `bench_material benches/material`.
//!
//! The keys and signatures are new each time, and the cost of a signature check depends on them a little, so the
//! baseline must be updated afterwards.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sealcheck_testkit::{BundleVersion, Content, EntryKind, Instance, Plan};

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("bench_material FOLDER")?;
    let write = |name: &str, content: &[u8]| {
        let path = Path::new(&folder).join(name);
        fs::write(&path, content).with_context(|| path.display().to_string())
    };
    let sigstore = Instance::new();
    let message = sigstore.sign_blob(ARTIFACT);
    let attestation = sigstore.attest_blob(ARTIFACT).signed.content;
    let intoto = Plan::default().with_entries(&[EntryKind::IntotoV002]);
    let version_2 = sigstore.sign(Content::message(ARTIFACT), &Plan::rekor_v2());
    for (case, bundle) in [
        ("rekor-v1", message.bundle()),
        ("promise-only", message.bundle_as(BundleVersion::V01)),
        ("intoto", sigstore.sign(attestation, &intoto).bundle()),
        ("rekor-v2", version_2.bundle()),
    ] {
        let name = format!("{case}.sigstore.json");
        write(&name, bundle.to_string().as_bytes())?;
    }
    write("artifact", ARTIFACT)?;
    write("trusted_root.json", &sigstore.trusted_root_bytes())
}

const ARTIFACT: &[u8] = b"Small, so that what is measured is the verification.\n";
