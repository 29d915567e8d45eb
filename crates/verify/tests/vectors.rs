//! Published vectors, each a test of its own name: the public conformance suite and production signatures.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck_testkit::shared;
use sealcheck_verify::evidence::LogProof;
use sealcheck_verify::{
    Artifact, Content, Digest, Identities, Identity, Material, Outcome, Pattern, PublicKey, Reason,
    Requirements, SignatureAnnotations, Time, TrustedRoot, Verdict, verify,
};

const BEACON: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// Fixtures of other clients that were altered on purpose: the signature's text, the subject's name, the payload's type.
const NPM_TAMPERED: [(&str, Reason); 3] = [
    ("7464fa3f7b087c78.json", Reason::MaterialMalformed),
    ("f6f068ad1771541f.json", Reason::SignatureInvalid),
    ("85112955e61bf98b.json", Reason::SignatureInvalid),
];
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
                trials.push(Trial::test(
                    format!("conformance::{name}::{kind}"),
                    move || conformance_case(&case, &root, by_digest),
                ));
            }
        }
    }
    if let (Some(corpora), Some(trust)) = (shared::corpora(), shared::trust()) {
        let root = public_good(&trust);
        cpython(&corpora.join("cpython-releases"), &root, &mut trials);
        npm(&corpora.join("npm-attested"), &trust, &root, &mut trials);
        kubernetes(&corpora, &root, &mut trials);
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn conformance_case(
    case: &Path,
    public_good: &Arc<TrustedRoot>,
    by_digest: bool,
) -> Result<(), Failed> {
    let own = |name: &str| fs::read(case.join(name)).ok();
    let text = |name: &str, default: &str| {
        own(name).map_or(default.to_owned(), |bytes| {
            String::from_utf8(bytes).unwrap().trim().to_owned()
        })
    };
    let must_fail = case
        .file_name()
        .unwrap()
        .to_string_lossy()
        .ends_with("_fail");
    let artifact =
        own("artifact").unwrap_or_else(|| fs::read(case.with_file_name("a.txt")).unwrap());
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
    match accepted == must_fail {
        true => Err(what.into()),
        false => Ok(()),
    }
}

/// Every release file of CPython that is signed: accepted with its release manager, rejected with anything else.
fn cpython(folder: &Path, root: &Arc<TrustedRoot>, trials: &mut Vec<Trial>) {
    let managers: Vec<serde_json::Value> = json(&folder.join("signing-identities.json"));
    for path in files(&folder.join("versions")) {
        let version = path.file_stem().unwrap().to_string_lossy().into_owned();
        for file in json::<Vec<serde_json::Value>>(&path) {
            let bundle = &file["raw"]["sigstore"];
            if bundle.is_null() {
                continue;
            }
            let minor = version.split('.').take(2).collect::<Vec<_>>().join(".");
            let manager = managers
                .iter()
                .find(|manager| manager["Release"] == minor.as_str())
                .expect("a release manager");
            let field = |name: &str| manager[name].as_str().unwrap().to_owned();
            let (identity, issuer) = (field("Release manager"), field("OIDC Issuer"));
            let digest: Digest = format!("sha256:{}", file["sha256"].as_str().unwrap())
                .parse()
                .unwrap();
            let url = file["raw"]["url"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned();
            let (bundle, root) = (bundle.to_string(), root.clone());
            trials.push(Trial::test(
                format!("cpython::{version}::{url}"),
                move || {
                    accepted_only_as(
                        &bundle,
                        digest,
                        &identity,
                        &issuer,
                        &root,
                        Content::Signature,
                    )
                },
            ));
        }
    }
}

/// npm's attestations: provenance by the workflow's identity, publication by the registry's key.
fn npm(folder: &Path, trust: &Path, root: &Arc<TrustedRoot>, trials: &mut Vec<Trial>) {
    let keys: serde_json::Value =
        json(&trust.join("public-good/tuf/targets/registry.npmjs.org/keys.json"));
    let keys: Vec<PublicKey> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["keyUsage"] == "npm:attestations")
        .map(|key| {
            PublicKey::parse(
                &data_encoding::BASE64
                    .decode(key["publicKey"]["rawBytes"].as_str().unwrap().as_bytes())
                    .unwrap(),
            )
            .unwrap()
        })
        .collect();
    let index = fs::read_to_string(folder.join("index.tsv")).unwrap();
    for line in index.lines().skip(1) {
        let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [package, tarball, predicate, bundle, verified] =
            columns.try_into().expect("five columns");
        let text = fs::read_to_string(folder.join("bundles").join(&bundle)).unwrap();
        let artifact = fs::read(folder.join(&tarball)).unwrap();
        let (root, keys) = (root.clone(), keys.clone());
        trials.push(Trial::test(
            format!("npm::{package}::{bundle}"),
            move || {
                if let Some((_, reason)) = NPM_TAMPERED.iter().find(|(name, _)| *name == bundle) {
                    let requirements =
                        Requirements::key(keys[0].clone()).content(Content::AnyAttestation);
                    let artifact = Artifact::from_bytes(&artifact);
                    let failure = match Material::from_bundle(text.as_bytes()) {
                        Ok(material) => verify(&material, &artifact, &root, &requirements, now())
                            .failure()
                            .unwrap()
                            .clone(),
                        Err(failure) => failure,
                    };
                    assert_eq!(failure.reason, *reason, "{failure}");
                    return Ok(());
                }
                let material = Material::from_bundle(text.as_bytes())?;
                let digest =
                    Digest::of(sealcheck_verify::DigestAlgorithm::Sha512, &artifact).unwrap();
                let content = Content::Attestation(predicate.as_str().into());
                match verified.as_str() {
                    "key" => {
                        let check = |key: &PublicKey, digest, expected: bool| {
                            let requirements =
                                Requirements::key(key.clone()).content(content.clone());
                            let verdict = verify(
                                &material,
                                &Artifact::from_digest(digest),
                                &root,
                                &requirements,
                                now(),
                            );
                            require(&verdict, expected)
                        };
                        check(&keys[0], digest, true)?;
                        check(&keys[1], digest, false)?;
                        check(
                            &keys[0],
                            Digest::of(sealcheck_verify::DigestAlgorithm::Sha512, b"other")
                                .unwrap(),
                            false,
                        )
                    }
                    _ => {
                        let claims = material.unverified_claims().expect("a certificate");
                        let (identity, issuer) =
                            (claims.subject().unwrap(), claims.issuer.clone().unwrap());
                        assert!(identity.starts_with("https://github.com/"), "{identity}");
                        accepted_only_as(&text, digest, identity, &issuer, &root, content.clone())
                    }
                }
            },
        ));
    }
}

/// Images in cosign's legacy form, offline; and kubectl, whose published files bring no time.
fn kubernetes(corpora: &Path, root: &Arc<TrustedRoot>, trials: &mut Vec<Trial>) {
    const TRUST: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";
    const STAGING: &str = "krel-staging@k8s-releng-prod.iam.gserviceaccount.com";
    const GOOGLE: &str = "https://accounts.google.com";
    for (name, image) in [
        (
            "kubernetes-pause-3.10",
            "sha256:ee6521f290b2168b6e0935a181d4cff9be1ac3f505666ef0e3c98fae8199917a",
        ),
        (
            "kubernetes-cluster-api-controller-v1.5.0",
            "sha256:f34016d3a494f9544a16137c9bba49d8756c574a0a1baf96257903409ef82f77",
        ),
    ] {
        let (folder, root, image) = (
            corpora.join(name),
            root.clone(),
            image.parse::<Digest>().unwrap(),
        );
        trials.push(Trial::test(format!("kubernetes::{name}"), move || {
            let text = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
            let (signature, certificate, bundle) = (
                text("signature.b64"),
                text("cert.pem"),
                text("rekor-bundle.json"),
            );
            let material = |payload: &str| {
                Material::simple_signing(
                    payload.as_bytes(),
                    SignatureAnnotations {
                        signature: &signature,
                        certificate: Some(&certificate),
                        bundle: Some(&bundle),
                        ..SignatureAnnotations::default()
                    },
                )
            };
            let payload = text("payload.json");
            let good = material(payload.trim_end_matches('\n')).or_else(|_| material(&payload))?;
            let run = |material: &Material, digest, identity: &str, issuer: &str| {
                verify(
                    material,
                    &Artifact::from_digest(digest),
                    &root,
                    &signer(identity, issuer),
                    now(),
                )
            };
            let verdict = run(&good, image, TRUST, GOOGLE);
            require(&verdict, true)?;
            assert_eq!(
                verdict.evidence().checks.log.facts().unwrap().entries[0].proof,
                LogProof::Promise
            );
            require(&run(&good, Digest::sha256(b"other"), TRUST, GOOGLE), false)?;
            require(&run(&good, image, STAGING, GOOGLE), false)?;
            require(&run(&good, image, TRUST, GITHUB), false)?;
            let bytes = payload.trim_end_matches('\n').as_bytes();
            for index in 0..bytes.len() {
                let mut flipped = bytes.to_vec();
                flipped[index] ^= 1;
                if let Ok(material) = String::from_utf8(flipped)
                    .map_or_else(|_| Err(()), |payload| material(&payload).map_err(drop))
                {
                    require(&run(&material, image, TRUST, GOOGLE), false)?;
                }
            }
            Ok(())
        }));
    }
    let (folder, root) = (
        corpora.join("kubernetes-kubectl-v1.26.0-rc.1"),
        root.clone(),
    );
    trials.push(Trial::test("kubernetes::kubectl-v1.26.0-rc.1", move || {
        let read = |file: &str| fs::read(folder.join(file)).unwrap();
        let digest = format!(
            "sha256:{}",
            String::from_utf8(read("kubectl.sha256")).unwrap().trim()
        );
        let artifact = Artifact::from_digest(digest.parse().unwrap());
        for certificate in ["kubectl.cert", "cert.pem"] {
            let material = Material::detached(&read("kubectl.sig"), Some(&read(certificate)))?;
            let verdict = verify(&material, &artifact, &root, &signer(STAGING, GOOGLE), now());
            assert_eq!(verdict.outcome(), Outcome::Unavailable);
            assert_eq!(verdict.failure().unwrap().reason, Reason::NoTrustedTime);
            let checks = &verdict.evidence().checks;
            assert!(
                checks.certificate.passed()
                    && checks.signature.passed()
                    && checks.identity.passed(),
                "{checks:?}"
            );
            assert_eq!(checks.certificate.facts().unwrap().scts.len(), 1);
            let other = verify(
                &material,
                &Artifact::from_digest(Digest::sha256(b"other")),
                &root,
                &signer(STAGING, GOOGLE),
                now(),
            );
            assert_eq!(other.failure().unwrap().reason, Reason::SignatureInvalid);
        }
        Ok(())
    }));
}

/// Accepted for this digest, identity and issuer, and rejected when any one of them is another.
fn accepted_only_as(
    bundle: &str,
    digest: Digest,
    identity: &str,
    issuer: &str,
    root: &TrustedRoot,
    content: Content,
) -> Result<(), Failed> {
    let material = Material::from_bundle(bundle.as_bytes())?;
    let run = |digest, identity: &str, issuer: &str| {
        let requirements = signer(identity, issuer).content(content.clone());
        verify(
            &material,
            &Artifact::from_digest(digest),
            root,
            &requirements,
            now(),
        )
    };
    let other = Digest::of(digest.algorithm(), b"another artifact").unwrap();
    require(&run(digest, identity, issuer), true)?;
    require(&run(other, identity, issuer), false)?;
    require(&run(digest, "somebody@else.example", issuer), false)?;
    require(&run(digest, identity, "https://issuer.example"), false)
}

fn require(verdict: &Verdict, accepted: bool) -> Result<(), Failed> {
    match (verdict.outcome(), accepted) {
        (Outcome::Verified, true) | (Outcome::Rejected, false) => Ok(()),
        _ => Err(format!("accepted should be {accepted}: {verdict}").into()),
    }
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn files(parent: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn signer(identity: &str, issuer: &str) -> Requirements {
    let identity = Identity::new(
        Pattern::exact(identity).unwrap(),
        Pattern::exact(issuer).unwrap(),
    );
    Requirements::identity(Identities::one(identity))
}

fn public_good(trust: &Path) -> Arc<TrustedRoot> {
    let json = fs::read(trust.join("public-good/trusted_root.json"))
        .expect("the public-good trusted root");
    Arc::new(TrustedRoot::from_json(&json).expect("a trusted root"))
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn now() -> Time {
    NOW.parse().unwrap()
}
