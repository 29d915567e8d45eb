//! What the kit makes has the shape of the real thing: the same keys in the same places.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code outside test functions"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sealcheck_testkit::encoding::base64_decode;
use sealcheck_testkit::sign::cosign_statement;
use sealcheck_testkit::{
    BundleVersion, Content, EntryKind, Instance, InstanceOptions, Key, KeyKind, Plan, TokenOptions,
    TrustedRootOptions, shared, trusted_root,
};
use serde_json::{Value, json};

/// The set of all JSON pointers to scalars, with list indexes left out.
fn shape(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, here: &str, out: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, child) in map {
                    walk(child, &format!("{here}/{key}"), out);
                }
            }
            Value::Array(items) => {
                for item in items {
                    walk(item, &format!("{here}/*"), out);
                }
            }
            Value::String(_) => drop(out.insert(format!("{here} string"))),
            Value::Number(_) => drop(out.insert(format!("{here} number"))),
            Value::Bool(_) => drop(out.insert(format!("{here} bool"))),
            Value::Null => drop(out.insert(format!("{here} null"))),
        }
    }
    let mut out = BTreeSet::new();
    walk(value, "", &mut out);
    out
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn body(bundle: &Value) -> Value {
    let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
    let body = entry["canonicalizedBody"].as_str().unwrap();
    serde_json::from_slice(&base64_decode(body)).unwrap()
}

#[test]
fn bundles_and_bodies_like_the_conformance_vectors() {
    let Some(vectors) = shared::conformance() else {
        return;
    };
    let sigstore = Instance::new();
    let statement = cosign_statement(&format!("sha256:{}", "0".repeat(64)), &[]);
    let envelope = |kind| Plan::default().with_entries(&[kind]);
    let blob = |plan: &Plan| sigstore.sign(Content::message(b"a"), plan);
    let attestation = |plan: &Plan| sigstore.sign(Content::statement(&statement), plan);
    let cases = [
        (
            "happy-path-v0.2",
            blob(&Plan::default()).bundle_as(BundleVersion::V02),
        ),
        (
            "happy-path-v0.3",
            blob(&Plan::default()).bundle_as(BundleVersion::V03Parameter),
        ),
        (
            "happy-path-v0.3-new-mediaType",
            blob(&Plan::default()).bundle(),
        ),
        (
            "happy-path-intoto-in-dsse-v3",
            attestation(&envelope(EntryKind::DsseV001)).bundle(),
        ),
        ("rekor2-happy-path", blob(&Plan::rekor_v2()).bundle()),
        (
            "rekor2-dsse-happy-path",
            attestation(&Plan::rekor_v2()).bundle(),
        ),
    ];
    for (name, ours) in cases {
        let folder = vectors.join("bundle-verify").join(name);
        let real = read(&folder.join("bundle.sigstore.json"));
        let (mut ours_shape, mut real_shape) = (shape(&ours), shape(&real));
        // Some clients leave the empty key id out.
        ours_shape.remove("/dsseEnvelope/signatures/*/keyid string");
        real_shape.remove("/dsseEnvelope/signatures/*/keyid string");
        assert_eq!(ours_shape, real_shape, "{name}");
        assert_eq!(ours["mediaType"], real["mediaType"], "{name}");
        assert_eq!(shape(&body(&ours)), shape(&body(&real)), "{name}");
    }
}

#[test]
fn trusted_root_like_the_public_one() {
    let Some(trust) = shared::trust() else {
        return;
    };
    let real = read(&trust.join("public-good/trusted_root.json"));
    let window = trusted_root::Window::between(
        sealcheck_testkit::DEFAULT_START,
        sealcheck_testkit::DEFAULT_END,
    );
    let options = TrustedRootOptions {
        ct: window,
        authority: window,
        ..TrustedRootOptions::default()
    };
    let ours = Instance::new().trusted_root_with(&options);
    assert_eq!(shape(&ours), shape(&real));
}

#[test]
fn legacy_material_like_published_images() {
    let Some(corpora) = shared::corpora() else {
        return;
    };
    let folder = corpora.join("kubernetes-pause-3.10");
    let digest = format!("sha256:{}", "a".repeat(64));
    let sigstore = Instance::new();
    let signed = sigstore.sign_image("registry.example/app", &digest, &[("build", "7")]);
    let bundle = signed.rekor_bundle().unwrap();
    assert_eq!(
        shape(&bundle),
        shape(&read(&folder.join("rekor-bundle.json")))
    );
    let payload: Value = serde_json::from_slice(&signed.layer_content()).unwrap();
    let real = read(&folder.join("payload.json"));
    assert_eq!(shape(&payload["critical"]), shape(&real["critical"]));
    assert_eq!(payload["critical"]["type"], real["critical"]["type"]);
}

#[test]
fn intoto_body_like_npm_attestations() {
    let Some(corpora) = shared::corpora() else {
        return;
    };
    let ours = EntryKind::IntotoV002.body(&Instance::new().attest_blob(b"a").signed);
    let mut compared = 0;
    for file in fs::read_dir(corpora.join("npm-attested/bundles")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        // The files differ in how they wrap bundles; the bodies are what counts.
        for part in text.split("\"canonicalizedBody\"").skip(1) {
            let encoded = part.split('"').nth(1).unwrap();
            let real: Value = serde_json::from_slice(&base64_decode(encoded)).unwrap();
            let canonical = sealcheck_testkit::encoding::canonical_json(&real);
            assert_eq!(
                canonical,
                base64_decode(encoded),
                "Rekor's bodies are canonical"
            );
            if real["kind"] == "intoto"
                && real["apiVersion"] == "0.0.2"
                && real
                    .pointer("/spec/content/envelope/signatures/0/publicKey")
                    .is_some()
            {
                let mut real_shape = shape(&real);
                real_shape.remove("/spec/content/envelope/signatures/*/keyid string");
                assert_eq!(shape(&ours), real_shape);
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no intoto 0.0.2 body in the corpus");
}

#[test]
fn layers_carry_all_annotations() {
    let sigstore = Instance::new();
    let plan = Plan::default().with_timestamp(TokenOptions::default());
    let signed = sigstore.sign(Content::message(b"{}"), &plan);
    let names: Vec<String> = signed.layer_annotations().keys().cloned().collect();
    assert_eq!(
        BTreeSet::from_iter(names),
        BTreeSet::from([
            "dev.cosignproject.cosign/signature".into(),
            "dev.sigstore.cosign/bundle".into(),
            "dev.sigstore.cosign/certificate".into(),
            "dev.sigstore.cosign/chain".into(),
            "dev.sigstore.cosign/rfc3161timestamp".into(),
        ])
    );
    let attestation = sigstore.attest_blob(b"a");
    assert_eq!(
        attestation.layer_annotations()["dev.cosignproject.cosign/signature"],
        ""
    );
    assert_eq!(
        attestation.layer_media_type(),
        "application/vnd.dsse.envelope.v1+json"
    );
}

#[test]
fn api_answer_repeats_the_entry() {
    let sigstore = Instance::new();
    let entry = &sigstore.sign_blob(b"hello").entries[0];
    let answer = entry.api_json();
    let (uuid, value) = answer.as_object().unwrap().iter().next().unwrap();
    assert_eq!(uuid.len(), 80);
    assert_eq!(*uuid, entry.uuid());
    assert_eq!(value["logIndex"], entry.log_index);
    assert_eq!(value["integratedTime"], 1_767_323_045);
    let proof = &value["verification"]["inclusionProof"];
    assert_eq!(proof["logIndex"], entry.proof.index);
    assert!(
        proof["checkpoint"]
            .as_str()
            .unwrap()
            .starts_with(&sigstore.rekor.origin())
    );
    assert_eq!(proof["rootHash"].as_str().map(str::len), Some(64));
}

#[test]
fn bare_keys_have_a_hint_and_no_certificate() {
    let sigstore = Instance::new();
    let signed = sigstore.sign(
        Content::message(b"a"),
        &Plan::key(Key::shared(KeyKind::P256)),
    );
    let material = &signed.bundle()["verificationMaterial"];
    assert!(material["publicKey"]["hint"].is_string());
    assert!(material.get("certificate").is_none());
    assert!(signed.legacy_bundle().get("cert").is_none());
}

#[test]
fn every_entry_kind_has_its_body() {
    let sigstore = Instance::new();
    let signed = sigstore.attest_blob(b"a").signed;
    for kind in [
        EntryKind::HashedRekordV001,
        EntryKind::RekordV001,
        EntryKind::DsseV001,
        EntryKind::IntotoV001,
        EntryKind::IntotoV002,
        EntryKind::HashedRekordV002,
        EntryKind::DsseV002,
    ] {
        let body = kind.body(&signed);
        assert_eq!(body["kind"], kind.kind());
        assert_eq!(body["apiVersion"], kind.version());
        let entry = sigstore.record(kind, &signed, sealcheck_testkit::DEFAULT_TIME);
        assert_eq!(entry.promise.is_some(), !kind.is_v2());
        assert_eq!(entry.integrated_time.is_some(), !kind.is_v2());
    }
}

#[test]
fn witnesses_sign_after_the_log() {
    let sigstore = Instance::with(InstanceOptions {
        witnesses: 2,
        ..InstanceOptions::default()
    });
    let signed = sigstore.sign(Content::message(b"a"), &Plan::rekor_v2());
    let checkpoint = &signed.entries[0].proof.checkpoint;
    let names: Vec<&str> = checkpoint
        .lines()
        .filter_map(|line| line.strip_prefix("\u{2014} "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        names,
        [
            "log2026-1.rekor.sigstore.test",
            "witness.example/w1",
            "witness.example/w2"
        ]
    );
}

#[test]
fn operators_and_omissions() {
    let sigstore = Instance::new();
    let options = TrustedRootOptions {
        with_ct: false,
        operator: Some("example.com".into()),
        ..TrustedRootOptions::default()
    };
    let root = sigstore.trusted_root_with(&options);
    assert!(root.get("ctlogs").is_none());
    assert_eq!(root["tlogs"][1]["operator"], json!("example.com"));
}
