//! Published vectors, each a test of its own name: the public conformance suite and production signatures.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck_testkit::shared;
use sealcheck_verify::{
    Artifact, Content, Digest, Identities, Identity, Material, Outcome, Pattern, PublicKey, Requirements, Time, TrustedRoot,
    Verdict, verify,
};

const BEACON: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// After every vector was signed; nothing may depend on the wall clock.
const NOW: &str = "2026-11-01T00:00:00Z";

fn main() {
    let mut trials = Vec::new();
    if let (Some(conformance), Some(trust)) = (shared::conformance(), shared::trust()) {
        let root = public_good(&trust);
        for case in folders(&conformance.join("bundle-verify")) {
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            for by_digest in [false, true] {
                let (case, root) = (case.clone(), root.clone());
                let kind = if by_digest { "digest" } else { "path" };
                trials.push(Trial::test(format!("conformance::{name}::{kind}"), move || {
                    conformance_case(&case, &root, by_digest)
                }));
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn conformance_case(case: &Path, public_good: &Arc<TrustedRoot>, by_digest: bool) -> Result<(), Failed> {
    let own = |name: &str| fs::read(case.join(name)).ok();
    let text = |name: &str, default: &str| own(name).map_or(default.to_owned(), |bytes| String::from_utf8(bytes).unwrap().trim().to_owned());
    let must_fail = case.file_name().unwrap().to_string_lossy().ends_with("_fail");
    let artifact = own("artifact").unwrap_or_else(|| fs::read(case.with_file_name("a.txt")).unwrap());
    let digest = Digest::sha256(&artifact);
    let run = || -> sealcheck_verify::Result<Verdict> {
        let root = match own("trusted_root.json") {
            Some(json) => Arc::new(TrustedRoot::from_json(&json)?),
            None => public_good.clone(),
        };
        let requirements = match own("key.pub") {
            Some(pem) => Requirements::key(PublicKey::parse(&pem)?),
            None => signer(&text("identity", BEACON), &text("issuer", GITHUB)),
        }
        .content(Content::SignatureOrAttestation);
        let material = Material::from_bundle(&own("bundle.sigstore.json").unwrap())?;
        let artifact = match by_digest {
            true => Artifact::from_digest(digest),
            false => Artifact::from_reader(&artifact[..], &material.needs(&requirements)).unwrap(),
        };
        Ok(verify(&material, &artifact, &root, &requirements, now()))
    };
    let (accepted, what) = match run() {
        Ok(verdict) => (verdict.outcome() == Outcome::Verified, format!("{verdict}")),
        Err(failure) => (false, failure.to_string()),
    };
    println!("{}: {what}", case.display());
    match accepted == must_fail {
        true => Err(what.into()),
        false => Ok(()),
    }
}

fn signer(identity: &str, issuer: &str) -> Requirements {
    let identity = Identity::new(Pattern::exact(identity).unwrap(), Pattern::exact(issuer).unwrap());
    Requirements::identity(Identities::one(identity))
}

fn public_good(trust: &Path) -> Arc<TrustedRoot> {
    let json = fs::read(trust.join("public-good/trusted_root.json")).expect("the public-good trusted root");
    Arc::new(TrustedRoot::from_json(&json).expect("a trusted root"))
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn now() -> Time {
    NOW.parse().unwrap()
}
