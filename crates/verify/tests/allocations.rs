//! How often one verification asks for memory: parsing the bundle, hashing a small artifact and verifying, with a
//! prepared trusted root. What the cryptographic library allocates in C is not counted.
//!
//! `cargo test -p sealcheck-verify --test allocations -- --nocapture` prints the counts.
#![expect(clippy::unwrap_used, reason = "test code outside test functions")]
#![expect(clippy::print_stdout, reason = "`cargo xtask bench` reads the counts")]

use std::fs;

use allocation_counter::measure;
use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::{BundleVersion, EntryKind, Instance, Plan, Signed, shared};
use sealcheck_verify::{
    Artifact, Content, Identities, Identity, Material, Outcome, Pattern, Requirements, TrustedRoot,
    Verdict, verify,
};

const BAR: u64 = 120;
const ARTIFACT: &[u8] = b"hello";

#[test]
fn message_with_rekor_v1() {
    let sigstore = Instance::new();
    check("rekor-v1", &sigstore, &sigstore.sign_blob(ARTIFACT));
}

#[test]
fn envelope_with_intoto() {
    let sigstore = Instance::new();
    let content = sigstore.attest_blob(ARTIFACT).signed.content;
    let plan = Plan::default().with_entries(&[EntryKind::IntotoV002]);
    check("intoto", &sigstore, &sigstore.sign(content, &plan));
}

#[test]
fn message_with_promise_only() {
    let sigstore = Instance::new();
    let bundle = sigstore.sign_blob(ARTIFACT).bundle_as(BundleVersion::V01);
    check_bytes("promise-only", &sigstore, bundle.to_string().as_bytes());
}

#[test]
fn message_with_rekor_v2_and_timestamp() {
    let sigstore = Instance::new();
    let content = sealcheck_testkit::Content::message(ARTIFACT);
    let signed = sigstore.sign(content, &Plan::rekor_v2());
    check("rekor-v2", &sigstore, &signed);
}

/// A published bundle, with a certificate of a workflow and all its claims and a log of many entries.
#[test]
fn published_message_with_rekor_v1() {
    let (Some(conformance), Some(trust)) = (shared::conformance(), shared::trust()) else {
        return;
    };
    let suite = conformance.join("bundle-verify");
    let bundle = fs::read(suite.join("happy-path-v0.3/bundle.sigstore.json")).unwrap();
    let artifact = fs::read(suite.join("a.txt")).unwrap();
    let root = fs::read(trust.join("public-good/trusted_root.json")).unwrap();
    let root = TrustedRoot::from_json(&root).unwrap();
    let requirements = signer(
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main",
        "https://token.actions.githubusercontent.com",
    );
    count("published", &root, &bundle, &artifact, &requirements);
}

fn check(case: &str, sigstore: &Instance, signed: &Signed) {
    check_bytes(case, sigstore, signed.bundle().to_string().as_bytes());
}

fn check_bytes(case: &str, sigstore: &Instance, bundle: &[u8]) {
    let root = TrustedRoot::from_json(&sigstore.trusted_root_bytes()).unwrap();
    let requirements = signer(DEFAULT_IDENTITY, DEFAULT_ISSUER);
    count(case, &root, bundle, ARTIFACT, &requirements);
}

fn count(
    case: &str,
    root: &TrustedRoot,
    bundle: &[u8],
    artifact: &[u8],
    requirements: &Requirements,
) {
    let run = || -> Verdict {
        let material = Material::from_bundle(bundle).unwrap();
        let artifact = Artifact::from_reader(artifact, &material.needs(requirements)).unwrap();
        let now = "2026-11-01T00:00:00Z".parse().unwrap();
        verify(&material, &artifact, root, requirements, now)
    };
    // The first verification prepares what is only prepared when it is needed.
    let verdict = run();
    assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
    let counted = measure(|| drop(run()));
    println!(
        "allocations {case} {} of {BAR}, {} bytes, at most {} bytes at once",
        counted.count_total, counted.bytes_total, counted.bytes_max
    );
    assert!(
        counted.count_total <= BAR,
        "{case}: {} allocations, more than {BAR}",
        counted.count_total
    );
    assert_eq!(
        counted.count_current, 0,
        "{case}: memory was not given back"
    );
}

fn signer(identity: &str, issuer: &str) -> Requirements {
    let identity = Identity::new(
        Pattern::exact(identity).unwrap(),
        Pattern::exact(issuer).unwrap(),
    );
    Requirements::identity(Identities::one(identity)).content(Content::SignatureOrAttestation)
}
