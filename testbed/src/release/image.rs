//! The images in a registry: an index over two architectures, each of which has a repository of its own as well.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sealcheck_release::Version;
use serde_json::{Value, json};

use super::content::{API_SERVER, Build, Contents, Image, REGISTRY};
use super::sign::{Attestation, Signers};
use super::{KREL_STAGING, KREL_TRUST, PROMOTER_SUMMARIES, parallel};
use crate::Testbed;
use crate::process::run;

/// An image or an index that was pushed and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedImage {
    /// The release that it belongs to; `None` for `pause`, which has versions of its own.
    pub version: Option<Version>,
    /// Its repository in the registry, for example `kube-apiserver-arm64`.
    pub repository: String,
    /// The tag.
    pub tag: String,
    /// The digest of its manifest, with `sha256:`.
    pub digest: String,
    /// For an index, the digests of its images.
    pub platforms: Vec<String>,
    /// Who signed it, in the order of the layers under its `.sig` tag. With an index its images were signed by the same.
    pub signers: Vec<&'static str>,
}

impl PublishedImage {
    /// The reference by digest, in this registry.
    #[must_use]
    pub fn reference(&self, registry: &str) -> String {
        format!("{registry}/{}@{}", self.repository, self.digest)
    }
}

/// Pushes, signs and attests the images of these builds, and `pause` where it belongs to the contents.
pub(super) fn publish(
    testbed: &Testbed,
    signers: &Signers<'_>,
    registry: &str,
    (builds, contents): (&[Build], &Contents),
    scratch: &Path,
) -> Result<Vec<PublishedImage>> {
    let crane = testbed.crane.as_deref().context("there is no crane")?;
    let push = Push {
        crane,
        registry,
        scratch,
    };
    let mut published = Vec::new();
    for build in builds {
        published.extend(push.family(&build.images, API_SERVER, Some(build.version))?);
    }
    if contents.has_common {
        let pause = contents.architectures.iter();
        let pause = pause.map(|arch| Image::new(PAUSE, arch, PAUSE_TAG));
        let pause: Vec<Image> = pause.collect::<Result<_>>()?;
        published.extend(push.family(&pause, PAUSE, None)?);
    }
    parallel::each(&published, |image| prove(signers, registry, image))?;
    Ok(published)
}

struct Push<'a> {
    crane: &'a Path,
    registry: &'a str,
    scratch: &'a Path,
}

impl Push<'_> {
    /// The images of one name, and the index over them.
    fn family(
        &self,
        images: &[Image],
        name: &str,
        version: Option<Version>,
    ) -> Result<Vec<PublishedImage>> {
        // What Kubernetes builds comes from its staging registry with a signature; of others there is only the promoter's.
        let signers = match version {
            Some(_) => vec![KREL_STAGING, KREL_TRUST],
            None => vec![KREL_TRUST],
        };
        let mut published = Vec::new();
        let mut append = self.crane();
        append.args(["index", "append", "--docker-empty-base"]);
        let mut tag = "";
        for image in images {
            let archive = self.scratch.join("image.tar");
            fs::write(&archive, &image.archive)?;
            let reference = format!("{}/{}:{}", self.registry, image.repository(), image.tag);
            run(self.crane().arg("push").arg(&archive).arg(&reference))?;
            append.args(["--manifest", &reference]);
            published.push(PublishedImage {
                version,
                repository: image.repository(),
                tag: image.tag.clone(),
                digest: self.digest(&reference)?,
                platforms: Vec::new(),
                signers: signers.clone(),
            });
            tag = &image.tag;
        }
        let reference = format!("{}/{name}:{tag}", self.registry);
        run(append.args(["--tag", &reference]))?;
        let platforms = published.iter().map(|image| image.digest.clone());
        published.push(PublishedImage {
            version,
            repository: name.to_owned(),
            tag: tag.to_owned(),
            digest: self.digest(&reference)?,
            platforms: platforms.collect(),
            signers,
        });
        Ok(published)
    }

    fn digest(&self, reference: &str) -> Result<String> {
        let output = run(self.crane().args(["digest", reference]))?;
        Ok(String::from_utf8(output)?.trim().to_owned())
    }

    fn crane(&self) -> Command {
        let mut crane = Command::new(self.crane);
        crane.env("HOME", self.scratch);
        crane
    }
}

/// Everything that is attached to an image. An index's images have signatures and summaries, and no records: the promoter's
/// list does not name them.
fn prove(signers: &Signers<'_>, registry: &str, image: &PublishedImage) -> Result<()> {
    let reference = image.reference(registry);
    let name = format!("{REGISTRY}/{}", image.repository);
    for signer in &image.signers {
        let annotations: &[&str] = match *signer {
            KREL_TRUST => &[PROMOTER_ANNOTATION],
            _ => &[],
        };
        signers.sign_image(signer, &reference, &name, annotations)?;
    }
    signers.attest(
        &reference,
        &Attestation {
            signer: KREL_TRUST,
            predicate_type: "https://k8s.io/promo-tools/promotion/v1",
            predicate: &promotion(image, &name),
        },
    )?;
    for digest in [&image.digest].into_iter().chain(&image.platforms) {
        signers.attest(
            &format!("{registry}/{}@{digest}", image.repository),
            &Attestation {
                signer: PROMOTER_SUMMARIES,
                predicate_type: "https://slsa.dev/verification_summary/v1",
                predicate: &summary(digest, &name),
            },
        )?;
    }
    Ok(())
}

/// The record of a promotion (kubernetes-sigs/promo-tools, `docs/promotion-predicate.md`).
fn promotion(image: &PublishedImage, name: &str) -> Value {
    let digest = &image.digest;
    let hex = digest.trim_start_matches("sha256:");
    let staging = format!("gcr.io/k8s-staging-kubernetes/{}", image.repository);
    json!({
        "srcRef": format!("{staging}@{digest}"),
        "dstRef": name,
        "digest": digest,
        "timestamp": "2026-10-01T00:00:00Z",
        "builderId": format!("https://k8s.io/promo-tools@{PROMOTER}"),
        "tags": [image.tag],
        "source": {"name": staging, "digest": {"sha256": hex}},
        "destination": {"name": name, "digest": {"sha256": hex}},
        "manifest": {
            "name": "registry.k8s.io/images/k8s-staging-kubernetes/images.yaml",
            "uri": "git+https://github.com/kubernetes/k8s.io",
            "digest": {"gitCommit": COMMIT},
        },
        "promoter": {"version": PROMOTER, "gitCommit": COMMIT},
    })
}

/// The summary of what was verified before a promotion (slsa.dev/spec/v1.1/verification_summary). No policy applies, as with
/// most images: the build's level is not known.
fn summary(digest: &str, name: &str) -> Value {
    json!({
        "verifier": {
            "id": "https://k8s.io/promo-tools/verifier/v1",
            "version": {"kpromo": PROMOTER},
        },
        "timeVerified": "2026-10-01T00:00:00Z",
        "resourceUri": format!("{name}@{digest}"),
        "policy": {
            "uri": "git+https://github.com/kubernetes/k8s.io#registry.k8s.io/images/k8s-staging-kubernetes/images.yaml",
            "digest": {"gitCommit": COMMIT},
        },
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_UNEVALUATED", "K8S_PROMOTION_MANIFEST_REVIEWED"],
        "slsaVersion": "1.0",
    })
}

const PAUSE: &str = "pause";
const PAUSE_TAG: &str = "3.10.1";
const PROMOTER: &str = "v4.6.0";
/// By this the promoter's payload differs from that of staging, so that it becomes a layer of its own.
const PROMOTER_ANNOTATION: &str = "org.kubernetes.kpromo.version=kpromo-v4.6.0";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
