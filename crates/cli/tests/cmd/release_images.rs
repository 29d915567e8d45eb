//! The images of a release: they are what its SBOM lists, and what is said about them is about them.

mod days;
mod kits;
mod names;
mod rows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::{Descriptor, Flavour, ImageOptions, Repository, digest};
use sealcheck_testkit::{Content, DEFAULT_TIME, LeafRequest, Plan, San, Signed, sign};
use serde_json::{Value, json};

use crate::release::{STAGING, Scene};
use crate::sandbox::{Run, fulfils};

const TRUST: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";
const SUMMARIES: &str = "promoter-summaries@k8s-releng-prod.iam.gserviceaccount.com";
const PROMOTION: &str = "https://k8s.io/promo-tools/promotion/v1";
const SUMMARY: &str = "https://slsa.dev/verification_summary/v1";
const NOW: Duration = Duration::ZERO;
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];
const INDEX: &str = "kube-apiserver";
const AMD64: &str = "kube-apiserver-amd64";
const ARM64: &str = "kube-apiserver-arm64";

const COLLECT: &[&str] = &[
    "collect",
    "v1.36.0",
    "--to",
    "kit",
    "--profile",
    "profile.yaml",
];

/// The release v1.36.0 with images, as layouts in the mirror.
struct Images {
    scene: Scene,
    repositories: BTreeMap<String, (Repository, Descriptor)>,
}

impl Images {
    fn new() -> Self {
        Self::listed(true)
    }

    /// With layers in the SBOM, or without.
    fn listed(with_layers: bool) -> Self {
        let mut images = Self::of(&packages(with_layers));
        for arch in ARCHITECTURES {
            images.put(&format!("{INDEX}-{arch}"), "v1.36.0", &[arch]);
        }
        images.put(INDEX, "v1.36.0", &ARCHITECTURES);
        images
    }

    /// None yet, of an SBOM with these packages.
    fn of(packages: &str) -> Self {
        let scene = Scene::new();
        let path = "mirror/v1.36.0/kubernetes-release.spdx";
        let spdx = scene.sandbox.read(path) + packages;
        scene.publish_file(path, spdx.as_bytes(), STAGING);
        let text = sealcheck_release::Profile::kubernetes_text();
        // What is made up here is signed at the beginning of the year.
        let text = text.replace("since: 2026-07-01", "since: 2025-01-01");
        let text = text.replace("since: 2026-10-01", "since: 2025-01-01");
        scene.sandbox.write("profile.yaml", text);
        Self {
            scene,
            repositories: BTreeMap::new(),
        }
    }

    /// Puts a signed image of a version under the tag v1.36.0. Several architectures are an index.
    fn put(&mut self, name: &str, version: &str, architectures: &[&str]) {
        self.put_named(
            name,
            version,
            architectures,
            &format!("registry.k8s.io/{name}"),
        );
    }

    fn put_named(&mut self, name: &str, version: &str, architectures: &[&str], signed: &str) {
        let mut repository = Repository::new();
        let (images, top) = push(&mut repository, version, architectures);
        repository.tag("v1.36.0", &top);
        for image in images.iter().chain([&top]) {
            let signature = self.signature(image, signed, NOW);
            repository.attach_signatures(image, &[signature]);
        }
        self.hold(name, repository, top);
    }

    fn hold(&mut self, name: &str, repository: Repository, top: Descriptor) {
        self.repositories.insert(name.to_owned(), (repository, top));
        self.lay_out(name);
    }

    /// A signature over an image under this name, as the project makes them, made some time ago.
    fn signature(&self, image: &Descriptor, name: &str, age: Duration) -> Signed {
        let payload = sign::simple_signing_payload(name, &image.digest, &[]);
        let content = Content::message(payload.to_string().as_bytes());
        self.sign(TRUST, content, age)
    }

    fn sign(&self, signer: &str, content: Content, age: Duration) -> Signed {
        let leaf = LeafRequest::new(San::Email(signer.to_owned()), "https://accounts.google.com");
        let sigstore = &self.scene.sandbox.sigstore;
        sigstore.sign(content, &Plan::keyless(leaf).at(DEFAULT_TIME - age))
    }

    fn attest(&mut self, name: &str, signer: &str, kind: &str, predicate: Value) {
        let image = self.repositories[name].1.clone();
        let mut statement = sign::cosign_statement(&image.digest, &[]);
        statement["predicateType"] = kind.into();
        statement["predicate"] = predicate;
        let signed = self.sign(signer, Content::statement(&statement), NOW);
        let (repository, _) = self.repositories.get_mut(name).unwrap();
        repository.attach_bundle(&image, &signed);
        self.lay_out(name);
    }

    fn lay_out(&self, name: &str) {
        let folder = format!("mirror/images/{name}");
        std::fs::remove_dir_all(self.scene.sandbox.path(&folder)).ok();
        for (path, content) in self.repositories[name].0.layout_files() {
            self.scene
                .sandbox
                .write(&format!("{folder}/{path}"), content);
        }
    }

    fn digest(&self, name: &str) -> &str {
        &self.repositories[name].1.digest
    }

    fn run(&self) -> Proved {
        let profile = ["images", "v1.36.0", "--profile", "profile.yaml"];
        Proved::of(self.scene.run(&profile))
    }
}

/// What came out, by the names of the images.
struct Proved {
    code: i32,
    images: BTreeMap<String, Value>,
}

impl Proved {
    fn of(run: Run) -> Self {
        let document: Value = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr));
        fulfils(&document, &sealcheck_record::schema::release_images());
        let images = document["images"].as_array().unwrap().iter();
        let images = images.map(|image| {
            let name = image["name"].as_str().unwrap();
            let name = name.strip_prefix("registry.k8s.io/").unwrap();
            (
                name.strip_suffix(":v1.36.0").unwrap().to_owned(),
                image.clone(),
            )
        });
        Self {
            code: run.code,
            images: images.collect(),
        }
    }

    /// The reason why each image is not verified.
    fn reasons(&self) -> Vec<(&str, &str)> {
        let images = self
            .images
            .iter()
            .filter(|(_, it)| it["outcome"] != "verified");
        images
            .map(|(name, image)| {
                let all = image["attestations"].as_array().unwrap().iter();
                let all = all
                    .filter(|it| it["present"] == true)
                    .map(|it| &it["evidence"]);
                let reason = [&image["evidence"]].into_iter().chain(all);
                let reason = reason
                    .filter_map(|evidence| evidence["reason"].as_str())
                    .next();
                (name.as_str(), reason.unwrap())
            })
            .collect()
    }

    fn listed(&self, name: &str) -> &str {
        let release = &self.images[name]["evidence"]["release"];
        release["listed"].as_str().unwrap()
    }
}

/// The images of a version, and the last of them or an index over them.
fn push(
    repository: &mut Repository,
    version: &str,
    architectures: &[&str],
) -> (Vec<Descriptor>, Descriptor) {
    let images: Vec<Descriptor> = architectures
        .iter()
        .map(|arch| {
            repository.push_image(&ImageOptions {
                layers: layers(version, arch),
                platform: format!("linux/{arch}"),
                flavour: Flavour::Docker,
            })
        })
        .collect();
    let top = match images.as_slice() {
        [image] => image.clone(),
        images => repository.push_index(Flavour::Docker, images),
    };
    (images, top)
}

fn layers(version: &str, arch: &str) -> Vec<Vec<u8>> {
    vec![
        format!("base for {arch}").into_bytes(),
        format!("kube-apiserver {version} for {arch}").into_bytes(),
    ]
}

/// As SBOMs of Kubernetes have them.
fn packages(with_layers: bool) -> String {
    let mut out = String::new();
    for arch in ARCHITECTURES {
        let id = format!("SPDXRef-Package-registry.k8s.io-kube-apiserver-{arch}-v1.36.0");
        write!(
            out,
            "PackageName: kube-apiserver.tar\nSPDXID: {id}\nPackageChecksum: SHA256: {}\n\
             PackageDownloadLocation: NONE\nFilesAnalyzed: false\n\
             PackageFileName: /build/release-images/{arch}/kube-apiserver.tar\n\n",
            digest(arch.as_bytes()).trim_start_matches("sha256:"),
        )
        .unwrap();
        if with_layers {
            out += &contained(&id, &layers("v1.36.0", arch));
        }
    }
    out
}

/// The layers of a package.
fn contained(id: &str, layers: &[Vec<u8>]) -> String {
    let mut out = String::new();
    for layer in layers {
        let name = digest(layer);
        let hex = name.trim_start_matches("sha256:");
        write!(
            out,
            "PackageName: {name}\nSPDXID: {id}-sha256-{hex}\nPackageChecksum: SHA256: {hex}\n\
             PackageDownloadLocation: NONE\nFilesAnalyzed: false\n\n\
             Relationship: {id} CONTAINS {id}-sha256-{hex}\n",
        )
        .unwrap();
    }
    out
}

fn record(name: &str, tags: &[&str]) -> Value {
    json!({"destination": {"name": name}, "tags": tags})
}

fn summary(resource: &str) -> Value {
    json!({
        "verifier": {"id": "https://k8s.io/promo-tools/verifier/v1"},
        "resourceUri": resource,
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_UNEVALUATED"],
    })
}

/// As releases were before there were attestations: signatures are all that there is.
#[test]
fn images_with_nothing_but_signatures_are_proved_by_the_layers_of_the_sbom() {
    let images = Images::new();
    let proved = images.run();
    assert_eq!(proved.reasons(), []);
    assert_eq!((proved.code, proved.images.len()), (0, 3));
    for (name, image) in &proved.images {
        assert_eq!(proved.listed(name), "same", "{name}");
        for attestation in image["attestations"].as_array().unwrap() {
            assert_eq!(attestation["present"], false, "{attestation}");
            assert_eq!(attestation["evidence"]["reason"], "no-proof-found");
        }
    }
}

#[test]
fn images_of_another_version_are_refused() {
    let mut images = Images::new();
    images.put(AMD64, "v1.35.0", &["amd64"]);
    images.put(INDEX, "v1.35.0", &ARCHITECTURES);
    let proved = images.run();
    let expected = [(INDEX, "release-mismatch"), (AMD64, "release-mismatch")];
    assert_eq!((proved.code, proved.reasons()), (1, expected.to_vec()));
    assert_eq!(proved.listed(AMD64), "other");
    assert_eq!(proved.listed(ARM64), "same");
    let text = images.scene.text(&["verify-all", "v1.36.0"]);
    assert_eq!(text.code, 1);
    assert!(
        text.stdout.contains("Not all of v1.36.0 is proved"),
        "{}",
        text.stdout
    );
}

#[test]
fn an_image_for_another_architecture_is_refused() {
    for with_layers in [true, false] {
        let mut images = Images::listed(with_layers);
        images.put(AMD64, "v1.36.0", &["arm64"]);
        let proved = images.run();
        let expected = vec![(AMD64, "release-mismatch")];
        assert_eq!((proved.code, proved.reasons()), (1, expected));
    }
}

#[test]
fn an_index_is_one_and_lists_each_architecture() {
    for architectures in [
        &["arm64"][..],
        &["amd64", "amd64"],
        &["amd64", "arm64", "s390x"],
    ] {
        let mut images = Images::new();
        images.put(INDEX, "v1.36.0", architectures);
        let proved = images.run();
        let expected = vec![(INDEX, "release-mismatch")];
        assert_eq!(
            (proved.code, proved.reasons()),
            (1, expected),
            "{architectures:?}"
        );
    }
    // A tag for one architecture that leads to all of them.
    let mut images = Images::new();
    images.put(AMD64, "v1.36.0", &ARCHITECTURES);
    assert_eq!(images.run().reasons(), [(AMD64, "release-mismatch")]);
}

#[test]
fn an_sbom_without_layers_proves_the_signature_only_and_says_so() {
    let images = Images::listed(false);
    let proved = images.run();
    assert_eq!(proved.reasons(), []);
    assert_eq!((proved.code, proved.listed(AMD64)), (0, "absent"));
    let text = images.scene.text(&["images", "v1.36.0"]).stdout;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("only its signature was proved"), "{text}");
}

#[test]
fn a_signature_names_the_image() {
    for (name, is_good) in [
        // As before the spring of 2023, and as an index signs what it lists.
        ("asia.gcr.io/k8s-artifacts-prod/kube-apiserver-amd64", true),
        ("registry.k8s.io/kube-apiserver", true),
        ("registry.k8s.io/kube-proxy-amd64", false),
    ] {
        let mut images = Images::listed(false);
        images.put_named(AMD64, "v1.36.0", &["amd64"], name);
        let expected = match is_good {
            true => vec![],
            false => vec![(AMD64, "subject-name-mismatch")],
        };
        assert_eq!(images.run().reasons(), expected, "{name}");
    }
}

#[test]
fn attestations_are_about_the_image_and_levels_are_shown() {
    let name = "registry.k8s.io/kube-apiserver-amd64";
    let mut images = Images::new();
    let own = format!("{name}@{}", images.digest(AMD64));
    images.attest(AMD64, TRUST, PROMOTION, record(name, &["v1.36.0"]));
    images.attest(AMD64, SUMMARIES, SUMMARY, summary(&own));
    let proved = images.run();
    assert_eq!(proved.reasons(), []);
    let attestations = proved.images[AMD64]["attestations"].as_array().unwrap();
    assert!(
        attestations.iter().all(|it| it["present"] == true),
        "{attestations:?}"
    );
    assert_eq!(
        attestations[1]["levels"],
        json!(["SLSA_BUILD_LEVEL_UNEVALUATED"])
    );
    let profile = ["images", "v1.36.0", "--profile", "profile.yaml"];
    let text = images.scene.text(&profile).stdout;
    assert!(
        text.contains("levels: SLSA_BUILD_LEVEL_UNEVALUATED"),
        "{text}"
    );

    let of_other = format!("{name}@{}", images.digest(ARM64));
    let digest = images.digest(AMD64).to_owned();
    for (signer, kind, predicate) in [
        (
            TRUST,
            PROMOTION,
            record("registry.k8s.io/kube-proxy-amd64", &[]),
        ),
        (TRUST, PROMOTION, record(name, &["v1.35.0"])),
        (TRUST, PROMOTION, json!({})),
        (SUMMARIES, SUMMARY, summary(&of_other)),
        (
            SUMMARIES,
            SUMMARY,
            summary(&format!("registry.k8s.io/kube-proxy@{digest}")),
        ),
    ] {
        let mut images = Images::new();
        images.attest(AMD64, signer, kind, predicate.clone());
        assert_eq!(
            images.run().reasons(),
            [(AMD64, "policy-refused")],
            "{predicate}"
        );
    }
}

/// What is said of an image is asked of the digest that was proved, also when its tag has moved.
#[test]
fn a_tag_is_resolved_once() {
    let name = "registry.k8s.io/kube-apiserver-amd64";
    let mut images = Images::new();
    images.attest(AMD64, TRUST, PROMOTION, record(name, &["v1.36.0"]));
    let (newer, new) = images.repositories[AMD64].clone();
    images.put(AMD64, "v1.35.0", &["amd64"]);
    let (older, old) = images.repositories[AMD64].clone();
    let double = RegistryDouble::start();
    for (name, (repository, _)) in &images.repositories {
        double.hold(name, repository);
    }
    double.hold(AMD64, &older);
    double.hold(AMD64, &newer);
    let digests = [old.digest.parse().unwrap(), new.digest.parse().unwrap()];
    double.tag_moves(AMD64, "v1.36.0", &digests);
    // The layouts of the mirror are not looked at when a registry is named.
    let run = images.scene.sandbox.run(&[
        "release",
        "images",
        "v1.36.0",
        "--from",
        "mirror",
        "--registry",
        &double.host(),
        "--profile",
        "profile.yaml",
        "--trusted-root",
        "root.json",
    ]);
    let proved = Proved::of(run);
    assert_eq!(proved.reasons(), [(AMD64, "release-mismatch")]);
    // Whatever is proved of whatever image: nothing is asked twice.
    let mut lines = double.lines();
    lines.sort();
    let asked = lines.len();
    lines.dedup();
    assert_eq!(lines.len(), asked, "{lines:#?}");
    let image = &proved.images[AMD64];
    assert_eq!(image["evidence"]["image"]["digest"], old.digest.as_str());
    for attestation in image["attestations"].as_array().unwrap() {
        assert_eq!(attestation["present"], false);
        let facts = &attestation["evidence"]["image"];
        assert_eq!(facts["digest"], old.digest.as_str(), "{attestation}");
    }
}

/// The release lists it, or implies it: nobody has mistyped its name.
#[test]
fn an_image_that_is_not_there_is_not_reached() {
    for (name, why) in [
        (AMD64, "the release lists it"),
        (INDEX, "names of the images that the release lists imply"),
    ] {
        let mut images = Images::new();
        let (repository, _) = images.repositories.get_mut(name).unwrap();
        repository.tags.remove("v1.36.0");
        images.lay_out(name);
        let proved = images.run();
        let expected = vec![(name, "artifact-unreadable")];
        assert_eq!((proved.code, proved.reasons()), (3, expected));
        let failure = proved.images[name].to_string();
        assert!(failure.contains(why), "{failure}");
    }
}

/// A secret is for the registry that is named, and proofs lie where the flag says.
#[test]
fn flags_about_registries_are_heeded_or_refused() {
    let images = Images::new();
    let double = RegistryDouble::start();
    for (name, (repository, _)) in &images.repositories {
        double.hold(name, repository);
    }
    let registry = double.host();
    let run = |rest: &[&str]| {
        let command = ["release", "images", "v1.36.0", "--from", "mirror"];
        let given = ["--profile", "profile.yaml", "--trusted-root", "root.json"];
        let run = [&command[..], &given, rest].concat();
        images.scene.sandbox.run(&run)
    };
    run(&["--registry", &registry]).exits(0);
    let secret = ["--registry-token", "secret"];
    let refused = run(&secret).exits(2);
    assert!(
        refused.stderr.contains("--registry-token"),
        "{}",
        refused.stderr
    );
    run(&[&secret[..], &["--registry", &registry]].concat()).exits(0);
    // There are no proofs there.
    double.repository("proofs");
    let elsewhere = format!("{registry}/proofs");
    let there = [
        "--registry",
        &registry,
        "--signature-repository",
        &elsewhere,
    ];
    assert_eq!(Proved::of(run(&there)).code, 4);
}
