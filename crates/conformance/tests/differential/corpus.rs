//! Published vectors: the conformance suite, CPython's releases, npm's attestations, Kubernetes' images.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealcheck_testkit::shared;
use sealcheck_verify::{Digest, DigestAlgorithm, Material, PublicKey};
use serde_json::Value;

use crate::judge::{Case, Signer, Subject, Trust};

/// Who signed the suite's cases unless a case says otherwise.
const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const GOOGLE: &str = "https://accounts.google.com";
const KREL_TRUST: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";

/// Whether the published vectors are at hand.
pub(crate) fn is_there() -> bool {
    shared::conformance().is_some() && shared::corpora().is_some() && shared::trust().is_some()
}

/// All published vectors, by group: bundles of one group lend each other values.
pub(crate) fn groups() -> Vec<Vec<Case>> {
    let (Some(conformance), Some(corpora), Some(trust)) =
        (shared::conformance(), shared::corpora(), shared::trust())
    else {
        return Vec::new();
    };
    let root = Trust::new(&read(&trust.join("public-good/trusted_root.json")));
    vec![
        suite(&conformance.join("bundle-verify"), &root),
        cpython(&corpora.join("cpython-releases"), &root),
        npm(&corpora.join("npm-attested"), &trust, &root),
        kubernetes(&corpora, &root),
    ]
}

fn suite(folder: &Path, public_good: &Arc<Trust>) -> Vec<Case> {
    let mut cases = Vec::new();
    for case in entries(folder).into_iter().filter(|path| path.is_dir()) {
        let own = |name: &str| fs::read(case.join(name)).ok();
        let text = |name: &str, default: &str| match own(name) {
            Some(bytes) => String::from_utf8(bytes).unwrap().trim().to_owned(),
            None => default.to_owned(),
        };
        let artifact = own("artifact").unwrap_or_else(|| read(&folder.join("a.txt")));
        let trust = match own("trusted_root.json") {
            Some(json) => Trust::new(&json),
            None => public_good.clone(),
        };
        let signer = match own("key.pub") {
            // A key that cannot be read is no key for either.
            Some(pem) => Signer::Key {
                spki: PublicKey::parse(&pem).map_or(pem, |key| key.spki().to_vec()),
            },
            None => Signer::Identity {
                identity: text("identity", IDENTITY),
                issuer: text("issuer", GITHUB),
            },
        };
        let digest = Digest::sha256(&artifact);
        for (kind, subject) in [
            ("path", Subject::Bytes(artifact.into())),
            ("digest", Subject::Digest(digest)),
        ] {
            cases.push(Case {
                name: format!("conformance::{}::{kind}", file_name(&case)),
                bundle: read(&case.join("bundle.sigstore.json")),
                subject,
                signer: signer.clone(),
                trust: trust.clone(),
                maker: None,
            });
        }
    }
    cases
}

fn cpython(folder: &Path, trust: &Arc<Trust>) -> Vec<Case> {
    let managers: Vec<Value> = json(&folder.join("signing-identities.json"));
    let mut cases = Vec::new();
    for path in entries(&folder.join("versions")) {
        let version = path.file_stem().unwrap().to_string_lossy().into_owned();
        let minor = version.split('.').take(2).collect::<Vec<_>>().join(".");
        for file in json::<Vec<Value>>(&path) {
            let bundle = &file["raw"]["sigstore"];
            if bundle.is_null() {
                continue;
            }
            let manager = managers
                .iter()
                .find(|manager| manager["Release"] == minor.as_str())
                .expect("a release manager");
            let field = |name: &str| manager[name].as_str().unwrap().to_owned();
            let digest = format!("sha256:{}", file["sha256"].as_str().unwrap());
            let url = file["raw"]["url"].as_str().unwrap();
            cases.push(Case {
                name: format!("cpython::{}", url.rsplit('/').next().unwrap()),
                bundle: bundle.to_string().into_bytes(),
                subject: Subject::Digest(digest.parse().unwrap()),
                signer: Signer::Identity {
                    identity: field("Release manager"),
                    issuer: field("OIDC Issuer"),
                },
                trust: trust.clone(),
                maker: None,
            });
        }
    }
    cases
}

fn npm(folder: &Path, trust_folder: &Path, trust: &Arc<Trust>) -> Vec<Case> {
    let keys = "public-good/tuf/targets/registry.npmjs.org/keys.json";
    let keys: Value = json(&trust_folder.join(keys));
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["keyUsage"] == "npm:attestations")
        .and_then(|key| key["publicKey"]["rawBytes"].as_str())
        .unwrap();
    let key = data_encoding::BASE64.decode(key.as_bytes()).unwrap();
    let index = String::from_utf8(read(&folder.join("index.tsv"))).unwrap();
    let mut cases = Vec::new();
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [package, tarball, _, bundle, verified] = columns.try_into().unwrap();
        let text = read(&folder.join("bundles").join(bundle));
        let artifact = read(&folder.join(tarball));
        let signer = match verified {
            "key" => Signer::Key { spki: key.clone() },
            _ => {
                let claims = Material::from_bundle(&text)
                    .unwrap()
                    .unverified_claims()
                    .unwrap();
                Signer::Identity {
                    identity: claims.subject().unwrap().to_owned(),
                    issuer: claims.issuer.clone().unwrap().to_string(),
                }
            }
        };
        let digest = Digest::of(DigestAlgorithm::Sha512, &artifact).unwrap();
        for (kind, subject) in [
            ("path", Subject::Bytes(artifact.into())),
            ("digest", Subject::Digest(digest)),
        ] {
            cases.push(Case {
                name: format!("npm::{package}::{bundle}::{kind}"),
                bundle: text.clone(),
                subject,
                signer: signer.clone(),
                trust: trust.clone(),
                maker: None,
            });
        }
    }
    cases
}

/// Signatures of images, as version 0.1 bundles over their simple-signing payload.
fn kubernetes(corpora: &Path, trust: &Arc<Trust>) -> Vec<Case> {
    [
        "kubernetes-pause-3.10",
        "kubernetes-cluster-api-controller-v1.5.0",
    ]
    .into_iter()
    .map(|name| {
        let folder = corpora.join(name);
        let mut payload = read(&folder.join("payload.json"));
        while payload.ends_with(b"\n") {
            payload.pop();
        }
        Case {
            name: format!("kubernetes::{name}"),
            bundle: read(&folder.join("derived-bundle-v0.1.json")),
            subject: Subject::Bytes(payload.into()),
            signer: Signer::Identity {
                identity: KREL_TRUST.into(),
                issuer: GOOGLE.into(),
            },
            trust: trust.clone(),
            maker: None,
        }
    })
    .collect()
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&read(path)).unwrap()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries
}
