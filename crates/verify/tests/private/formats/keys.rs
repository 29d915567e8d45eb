//! Keys and schemes, in certificates and bare, over bytes, streams and digests.

use sealcheck_testkit::encoding::base64;
use sealcheck_testkit::{Hash, Key, KeyKind, LeafRequest, Plan, Scheme, Signer};
use sealcheck_verify::{
    Artifact, Digest, DigestAlgorithm, Material, Outcome, PublicKey, Reason, Requirements,
    Threshold,
};
use serde_json::json;

use crate::stage::{ARTIFACT, Stage, accepted, public_key};

/// Every key with every scheme, and the name of the scheme in evidence.
const SCHEMES: [(KeyKind, Scheme, &str); 14] = [
    (KeyKind::P256, Scheme::Ecdsa(Hash::Sha256), "ecdsa-sha256"),
    (KeyKind::P384, Scheme::Ecdsa(Hash::Sha384), "ecdsa-sha384"),
    (KeyKind::P521, Scheme::Ecdsa(Hash::Sha256), "ecdsa-sha256"),
    (KeyKind::P521, Scheme::Ecdsa(Hash::Sha384), "ecdsa-sha384"),
    (KeyKind::P521, Scheme::Ecdsa(Hash::Sha512), "ecdsa-sha512"),
    (
        KeyKind::Rsa2048,
        Scheme::RsaPkcs1(Hash::Sha256),
        "rsa-pkcs1-sha256",
    ),
    (
        KeyKind::Rsa2048,
        Scheme::RsaPkcs1(Hash::Sha384),
        "rsa-pkcs1-sha384",
    ),
    (
        KeyKind::Rsa2048,
        Scheme::RsaPkcs1(Hash::Sha512),
        "rsa-pkcs1-sha512",
    ),
    (
        KeyKind::Rsa2048,
        Scheme::RsaPss(Hash::Sha256),
        "rsa-pss-sha256",
    ),
    (
        KeyKind::Rsa2048,
        Scheme::RsaPss(Hash::Sha384),
        "rsa-pss-sha384",
    ),
    (
        KeyKind::Rsa2048,
        Scheme::RsaPss(Hash::Sha512),
        "rsa-pss-sha512",
    ),
    (
        KeyKind::Rsa3072,
        Scheme::RsaPkcs1(Hash::Sha256),
        "rsa-pkcs1-sha256",
    ),
    (
        KeyKind::Rsa4096,
        Scheme::RsaPss(Hash::Sha256),
        "rsa-pss-sha256",
    ),
    (KeyKind::Ed25519, Scheme::Ed25519ph, "ed25519ph"),
];

fn algorithm(hash: Hash) -> DigestAlgorithm {
    hash.rekor_name().parse().unwrap()
}

/// Accepted by bytes, by stream and by the digest that is signed.
fn accept(stage: &Stage, material: &Material, digest: DigestAlgorithm, scheme: &str) {
    let needs = material.needs(&stage.requirements);
    let by_digest = Digest::of(digest, ARTIFACT).unwrap();
    for artifact in [
        Artifact::from_bytes(ARTIFACT),
        Artifact::from_reader(ARTIFACT, &needs).unwrap(),
        Artifact::from_digest(by_digest),
    ] {
        let evidence = accepted(&stage.verify_artifact(material, &artifact));
        assert_eq!(&*evidence.checks.signature.facts().unwrap().scheme, scheme);
    }
    for other in [
        Artifact::from_bytes(b"another"),
        Artifact::from_reader(&b"another"[..], &needs).unwrap(),
        Artifact::from_digest(Digest::of(digest, b"another").unwrap()),
    ] {
        let verdict = stage.verify_artifact(material, &other);
        assert_eq!(verdict.failure().unwrap().reason, Reason::ArtifactMismatch);
    }
}

#[test]
fn bundles_with_every_scheme_by_certificate_and_by_key() {
    let mut stage = Stage::new();
    for (kind, scheme, name) in SCHEMES {
        let key = Key::shared(kind);
        let digest = algorithm(scheme.hash());
        let certified = LeafRequest::default().with_key(key.clone());
        let material = |stage: &Stage, plan: Plan| {
            Material::from_bundle(&stage.sign(&plan.with_scheme(scheme)).bundle_bytes()).unwrap()
        };
        let keyless = material(&stage, Plan::keyless(certified));
        stage.requirements = crate::stage::default_signer();
        accept(&stage, &keyless, digest, name);
        let plain = material(&stage, Plan::key(key.clone()));
        stage.requirements = Requirements::key(public_key(&key));
        accept(&stage, &plain, digest, name);
    }
}

/// A detached signature does not say which digest was signed: the key's usual one, SHA-256, or the one asked for.
#[test]
fn detached_signatures_with_every_scheme() {
    let mut stage = Stage::new();
    for (kind, scheme, name) in SCHEMES {
        let key = Key::shared(kind);
        let signed = stage.sign(&Plan::key(key.clone()).with_scheme(scheme));
        let entry = signed.entries[0].bundle_json().to_string();
        let material = Material::detached(&signed.signed.signature, None)
            .unwrap()
            .with_log_entry(entry.as_bytes())
            .unwrap();
        let digest = algorithm(scheme.hash());
        stage.requirements = Requirements::key(public_key(&key)).digest_algorithm(digest);
        accept(&stage, &material, digest, name);
        let usual = match kind {
            KeyKind::P384 => Hash::Sha384,
            KeyKind::P521 | KeyKind::Ed25519 => Hash::Sha512,
            _ => Hash::Sha256,
        };
        stage.requirements = Requirements::key(public_key(&key));
        let verdict = stage.verify(&material);
        match scheme.hash() == usual || scheme.hash() == Hash::Sha256 {
            true => drop(accepted(&verdict)),
            false => assert_eq!(verdict.failure().unwrap().reason, Reason::SignatureInvalid),
        }
    }
}

#[test]
fn ed25519_is_over_the_message_and_needs_it() {
    let key = Key::generate(KeyKind::Ed25519);
    let certified = Plan::keyless(LeafRequest::default().with_key(key.clone()));
    for plan in [Plan::key(key.clone()), certified] {
        let mut stage = Stage::new();
        if matches!(plan.signer, Signer::Key(_)) {
            stage.requirements = Requirements::key(public_key(&key));
        }
        let signed = stage.sign(&plan);
        let material = Material::from_bundle(&signed.bundle_bytes()).unwrap();
        let needs = material.needs(&stage.requirements);
        for artifact in [
            Artifact::from_bytes(ARTIFACT),
            Artifact::from_reader(ARTIFACT, &needs).unwrap(),
        ] {
            let evidence = accepted(&stage.verify_artifact(&material, &artifact));
            assert_eq!(
                &*evidence.checks.signature.facts().unwrap().scheme,
                "ed25519"
            );
        }
        let by_digest = Artifact::from_digest(Digest::sha256(ARTIFACT));
        let verdict = stage.verify_artifact(&material, &by_digest);
        assert_eq!(verdict.failure().unwrap().reason, Reason::MessageRequired);
        assert_eq!(verdict.outcome(), Outcome::Usage);
        // What was streamed for another signature proves nothing for this one.
        let other = Material::from_bundle(
            &stage
                .sign(&Plan::key(Key::generate(KeyKind::Ed25519)))
                .bundle_bytes(),
        )
        .unwrap();
        let foreign = Artifact::from_reader(
            ARTIFACT,
            &other.needs(&Requirements::key(public_key(&Key::generate(
                KeyKind::Ed25519,
            )))),
        )
        .unwrap();
        assert_eq!(
            stage
                .verify_artifact(&material, &foreign)
                .failure()
                .unwrap()
                .reason,
            Reason::MessageRequired
        );
    }
}

#[test]
fn public_keys_in_every_spelling() {
    let key = Key::shared(KeyKind::Rsa2048);
    let pkcs1 = sealcheck_testkit::encoding::pem("RSA PUBLIC KEY", key.raw_public_key());
    let keys = [
        key.public_pem().into_bytes(),
        key.spki().to_vec(),
        pkcs1.into_bytes(),
    ];
    let stage = Stage::new();
    let bundle = stage.sign(&Plan::key(key)).bundle();
    let stage = keys.iter().fold(stage, |stage, bytes| {
        let stage = stage.requiring(Requirements::key(PublicKey::parse(bytes).unwrap()));
        stage.accept(&bundle);
        stage
    });
    assert!(stage.requirements.identities().is_none());
}

#[test]
fn the_digest_in_a_bundle_is_computed_though_the_message_is_signed() {
    let key = Key::generate(KeyKind::Ed25519);
    let stage =
        Stage::new().requiring(Requirements::key(public_key(&key)).log_entries(Threshold::Waived));
    let mut bundle = stage.sign(&Plan::key(key).with_entries(&[])).bundle();
    bundle["messageSignature"]["messageDigest"] = json!({
        "algorithm": Hash::Sha384.sigstore_name(),
        "digest": base64(&Hash::Sha384.digest(ARTIFACT)),
    });
    let material = Material::from_bundle(bundle.to_string().as_bytes()).unwrap();
    let needs = material.needs(&stage.requirements);
    let artifact = Artifact::from_reader(ARTIFACT, &needs).unwrap();
    accepted(&stage.verify_artifact(&material, &artifact));
    // Where it was not, a signature that holds does not make up for it.
    let message = bundle["messageSignature"].as_object_mut().unwrap();
    message.remove("messageDigest").unwrap();
    let other = Material::from_bundle(bundle.to_string().as_bytes()).unwrap();
    let needs = other.needs(&stage.requirements);
    let artifact = Artifact::from_reader(ARTIFACT, &needs).unwrap();
    accepted(&stage.verify_artifact(&other, &artifact));
    let verdict = stage.verify_artifact(&material, &artifact);
    assert_eq!(verdict.failure().unwrap().reason, Reason::MessageRequired);
}

/// Without a digest in it, a bundle is over the usual one of the key: SHA-256 is only tried where cosign signed a file.
#[test]
fn a_bundle_without_a_digest_is_over_the_usual_one_of_its_key() {
    let key = Key::shared(KeyKind::P521);
    let stage =
        Stage::new().requiring(Requirements::key(public_key(&key)).log_entries(Threshold::Waived));
    for (hash, expected) in [
        (Hash::Sha512, None),
        (Hash::Sha256, Some(Reason::SignatureInvalid)),
    ] {
        let plan = Plan::key(key.clone())
            .with_scheme(Scheme::Ecdsa(hash))
            .with_entries(&[]);
        let signed = stage.sign(&plan);
        let mut bundle = signed.bundle();
        assert_eq!(stage.why(&bundle), None);
        let message = bundle["messageSignature"].as_object_mut().unwrap();
        message.remove("messageDigest").unwrap();
        assert_eq!(stage.why(&bundle), expected, "{hash:?}");
        let detached = Material::detached(&signed.signed.signature, None).unwrap();
        accepted(&stage.verify(&detached));
    }
}
