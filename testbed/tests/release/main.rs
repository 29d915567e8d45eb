//! The miniature release, as those see it who prove releases: real cosign, sealcheck, and sealcheck's readers.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test program"
)]

mod commands;
mod files;
mod images;
mod kit;
mod matrix;
mod oddities;
mod outage;
#[path = "../interop/proxy.rs"]
#[expect(dead_code, reason = "the other test program needs all of it")]
mod proxy;
mod sbom;
#[path = "../interop/sealcheck.rs"]
mod sealcheck;
mod serving;
mod trap;

use std::process::Command;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use sealcheck_net::{Client, Config};
use sealcheck_release::Version;
use sealcheck_testbed::Testbed;
use sealcheck_testbed::release::{ISSUER, MiniRelease, ODD_VERSION, ReleaseServer};

/// What all trials share.
struct Run {
    testbed: Testbed,
    release: MiniRelease,
    server: ReleaseServer,
}

type Check = fn(&Run);

fn main() {
    let arguments = Arguments::from_args();
    if arguments.list {
        libtest_mimic::run(&arguments, trials(None)).exit();
    }
    let Some(testbed) = Testbed::for_tests(MiniRelease::PARTS).expect("the testbed starts") else {
        return;
    };
    let folder = testbed.folder.join("published");
    let release = MiniRelease::publish(&testbed, &folder, &[NEW_VERSION, ODD_VERSION]).unwrap();
    let run = Arc::new(Run {
        server: ReleaseServer::start(&folder),
        testbed,
        release,
    });
    let conclusion = libtest_mimic::run(&arguments, trials(Some(&run)));
    drop(run);
    conclusion.exit();
}

fn trials(run: Option<&Arc<Run>>) -> Vec<Trial> {
    let checks: [(&str, Check); 32] = [
        ("files-are-complete", files::complete),
        ("files-have-the-real-forms", files::forms),
        ("files-agree-with-checksums", files::checksums),
        ("files-are-accepted-by-sealcheck", files::sealcheck_accepts),
        ("files-are-accepted-by-cosign", files::cosign_accepts),
        ("files-of-others-are-rejected", files::others_are_rejected),
        ("tarballs-hold-the-programs", files::tarballs),
        ("sbom-lists-the-files", sbom::lists_the_files),
        ("sbom-names-the-images", sbom::names_the_images),
        ("profile-leads-to-the-files", serving::profile),
        ("images-have-the-real-layers", images::layers),
        ("images-are-accepted", images::signatures),
        ("attestations-are-accepted", images::attestations),
        ("command-verify-all", commands::verify_all),
        ("command-fetch-and-verify", commands::fetch_and_verify),
        ("command-fetch-from-a-bad-server", commands::faults),
        ("command-collect-and-kit", commands::kit),
        ("odd-unsigned-by-design", oddities::unsigned_by_design),
        ("odd-bad-signature", oddities::bad_signature),
        ("odd-two-versions", oddities::two_versions),
        ("odd-addresses", oddities::addresses),
        ("odd-regions", oddities::regions),
        ("odd-former-signatures", oddities::former_signatures),
        ("full-disk", outage::full_disk),
        ("full-disk-and-kit", outage::full_disk_and_kit),
        ("interrupted", outage::interrupted),
        ("interrupted-unheard", outage::interrupted_unheard),
        ("interrupted-kit", outage::interrupted_kit),
        ("lying-mirror", outage::lying_mirror),
        ("matrix-untampered", matrix::untampered),
        ("matrix-is-the-page", matrix::page),
        ("kit-has-its-trusted-root", kit::trusted_root),
    ];
    let trial = |(name, check): (&'static str, Check)| {
        let run = run.cloned();
        Trial::test(name, move || {
            check(&run.expect("a test has a testbed"));
            Ok(())
        })
    };
    let cell = |(name, thing, act)| {
        let run = run.cloned();
        Trial::test(name, move || {
            matrix::check(&run.expect("a test has a testbed"), thing, act)
        })
    };
    let checks = checks.map(trial).into_iter();
    checks
        .chain(matrix::cells().into_iter().map(cell))
        .collect()
}

/// Whether a program ends well, and what it printed.
fn told(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let text = format!(
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.success(), text)
}

/// Requires this signer, in words that both programs know.
fn require(command: &mut Command, signer: &str) {
    command.args(["--certificate-identity", signer]);
    command.args(["--certificate-oidc-issuer", ISSUER]);
}

/// What is at an address, behind its redirects.
fn get(url: &str) -> Vec<u8> {
    let client = Client::new(Config::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let response = runtime.block_on(client.get(url).send());
    response.unwrap().into_body()
}

const NEW_VERSION: Version = Version::release(1, 36, 0);
