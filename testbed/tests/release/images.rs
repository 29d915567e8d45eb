//! The images, their signatures and what else is attached to them.

use std::process::Command;

use sealcheck_testbed::release::{KREL_STAGING, KREL_TRUST, PROMOTER_SUMMARIES, PublishedImage};
use serde_json::Value;

use crate::{Run, get, require, sealcheck, told};

/// Each image has the layers of its signers, in their order, and payloads that name the image as Kubernetes does. An index
/// and its images are all signed, and the images of the index are those with repositories of their own.
pub(crate) fn layers(run: &Run) {
    let images = &run.release.images;
    assert_eq!(images.len(), 3 * (run.release.versions.len() + 1));
    let is_own = |digest: &String| {
        let own = images.iter().filter(|image| image.platforms.is_empty());
        own.map(|image| &image.digest).any(|own| own == digest)
    };
    for image in images {
        assert!(image.platforms.iter().all(is_own), "{image:?}");
        let manifest = crane(run, &["manifest", &at(run, image, &image.digest)]);
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let kind = match image.platforms.is_empty() {
            true => "application/vnd.docker.distribution.manifest.v2+json",
            false => "application/vnd.docker.distribution.manifest.list.v2+json",
        };
        assert_eq!(manifest["mediaType"], kind);
        let tagged = format!(
            "{}/{}:{}",
            run.release.registry, image.repository, image.tag
        );
        assert_eq!(crane(run, &["digest", &tagged]).trim(), image.digest);
        for digest in digests(image) {
            let tag = format!("{}.sig", digest.replace(':', "-"));
            let reference = format!("{}/{}:{tag}", run.release.registry, image.repository);
            let manifest = crane(run, &["manifest", &reference]);
            let manifest: Value = serde_json::from_str(&manifest).unwrap();
            let layers = manifest["layers"].as_array().unwrap();
            assert_eq!(layers.len(), image.signers.len(), "{manifest}");
            for (layer, signer) in layers.iter().zip(&image.signers) {
                let blob = format!(
                    "{}/{}@{}",
                    run.release.registry,
                    image.repository,
                    layer["digest"].as_str().unwrap()
                );
                let payload: Value = serde_json::from_str(&crane(run, &["blob", &blob])).unwrap();
                let critical = &payload["critical"];
                let name = format!("registry.k8s.io/{}", image.repository);
                assert_eq!(critical["identity"]["docker-reference"], name);
                assert_eq!(critical["image"]["docker-manifest-digest"], *digest);
                let is_promoter = payload["optional"]["org.kubernetes.kpromo.version"].is_string();
                assert_eq!(is_promoter, *signer == KREL_TRUST, "{payload}");
                for annotation in ["certificate", "bundle", "chain"] {
                    let annotation = format!("dev.sigstore.cosign/{annotation}");
                    assert!(layer["annotations"][&annotation].is_string(), "{layer}");
                }
            }
        }
    }
}

/// Both programs accept the signatures of those who signed, and of nobody else.
pub(crate) fn signatures(run: &Run) {
    for image in &run.release.images {
        for digest in digests(image) {
            let reference = at(run, image, digest);
            for signer in [KREL_TRUST, KREL_STAGING, PROMOTER_SUMMARIES] {
                let expected = image.signers.contains(&signer);
                let mut cosign = run.testbed.cosign();
                cosign.args([
                    "verify",
                    "--allow-http-registry",
                    "--new-bundle-format=false",
                ]);
                let mut ours = ours(run, "verify");
                for command in [&mut cosign, &mut ours] {
                    require(command, signer);
                    let (is_accepted, text) = told(command.arg(&reference));
                    assert_eq!(is_accepted, expected, "{text}");
                }
            }
        }
    }
}

/// Both accept the summary of every digest, and the record of every one that the promoter's list names, by their signers.
pub(crate) fn attestations(run: &Run) {
    for image in &run.release.images {
        for digest in digests(image) {
            let reference = at(run, image, digest);
            let is_listed = *digest == image.digest;
            let expected: &[&str] = match is_listed {
                true => &[PROMOTION, SUMMARY],
                false => &[SUMMARY],
            };
            assert_eq!(referrers(run, image, digest), expected);
            for (predicate, signer, other, is_there) in [
                (SUMMARY, PROMOTER_SUMMARIES, KREL_TRUST, true),
                (PROMOTION, KREL_TRUST, PROMOTER_SUMMARIES, is_listed),
            ] {
                for (signer, expected) in [(signer, is_there), (other, false)] {
                    let mut cosign = run.testbed.cosign();
                    cosign.args(["verify-attestation", "--allow-http-registry"]);
                    cosign.arg("--trusted-root").arg(&run.testbed.trusted_root);
                    let mut ours = ours(run, "verify-attestation");
                    for command in [&mut cosign, &mut ours] {
                        require(command, signer);
                        command.args(["--type", predicate]);
                        let (is_accepted, text) = told(command.arg(&reference));
                        assert_eq!(is_accepted, expected, "{text}");
                    }
                }
            }
        }
    }
}

/// The types of predicates in the bundles that refer to an image, in order.
fn referrers(run: &Run, image: &PublishedImage, digest: &str) -> Vec<String> {
    let (registry, repository) = (&run.release.registry, &image.repository);
    let list = get(&format!(
        "http://{registry}/v2/{repository}/referrers/{digest}"
    ));
    let list: Value = serde_json::from_slice(&list).unwrap();
    let listed = list["manifests"].as_array().unwrap().iter();
    let mut types: Vec<String> = listed
        .map(|listed| {
            // In its list this registry states the type of the configuration.
            let manifest = at(run, image, listed["digest"].as_str().unwrap());
            let manifest: Value =
                serde_json::from_str(&crane(run, &["manifest", &manifest])).unwrap();
            let kind = "application/vnd.dev.sigstore.bundle.v0.3+json";
            assert_eq!(manifest["artifactType"], kind);
            let predicate = &manifest["annotations"]["dev.sigstore.bundle.predicateType"];
            predicate.as_str().unwrap().to_owned()
        })
        .collect();
    types.sort_unstable();
    types
}

/// The image's own digest, and for an index those of its images.
fn digests(image: &PublishedImage) -> impl Iterator<Item = &String> {
    [&image.digest].into_iter().chain(&image.platforms)
}

fn at(run: &Run, image: &PublishedImage, digest: &str) -> String {
    format!("{}/{}@{digest}", run.release.registry, image.repository)
}

fn ours(run: &Run, subcommand: &str) -> Command {
    let mut command = sealcheck::command();
    command
        .env("HOME", &run.testbed.folder)
        .arg(subcommand)
        .arg("--trusted-root")
        .arg(&run.testbed.trusted_root);
    command
}

fn crane(run: &Run, arguments: &[&str]) -> String {
    let mut crane = Command::new(run.testbed.crane.as_ref().unwrap());
    crane.env("HOME", &run.testbed.folder).args(arguments);
    let output = crane.output().unwrap();
    assert!(output.status.success(), "{crane:?} {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

const SUMMARY: &str = "https://slsa.dev/verification_summary/v1";
const PROMOTION: &str = "https://k8s.io/promo-tools/promotion/v1";
