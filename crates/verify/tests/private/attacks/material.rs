//! Step 1: every field of every form removed, emptied, retyped, doubled and lengthened, and JSON that is none.

use sealcheck_testkit::{
    BundleVersion, EntryKind, Instance, InstanceOptions, Key, KeyKind, Plan, TokenOptions,
};
use sealcheck_verify::{Reason, Requirements, Threshold};
use serde_json::{Value, json};

use crate::stage::{ARTIFACT, Stage, any_content, default_signer, public_key, reason};

/// What is done to one field.
const CHANGES: [&str; 7] = [
    "removed",
    "null",
    "emptied",
    "retyped",
    "doubled",
    "lengthened",
    "joined by an unknown one",
];

/// The document with one change at `pointer`; `None` when the change does not apply there.
fn changed(document: &Value, pointer: &str, change: &str) -> Option<String> {
    let mut document = document.clone();
    let (parent, name) = pointer.rsplit_once('/')?;
    let name = name.to_owned();
    if change == "removed" {
        match document.pointer_mut(parent)? {
            Value::Object(fields) => drop(fields.remove(&name)?),
            Value::Array(items) => drop(items.remove(name.parse().ok()?)),
            _ => return None,
        }
        return Some(document.to_string());
    }
    if change == "doubled" {
        match document.pointer_mut(parent)? {
            Value::Array(items) => items.push(items.get(name.parse::<usize>().ok()?)?.clone()),
            Value::Object(fields) => {
                // serde_json has no object with a field twice: the text is made by a name that is replaced.
                let value = fields.get(&name)?.clone();
                fields.insert(TWICE.into(), value);
                return Some(document.to_string().replace(TWICE, &name));
            }
            _ => return None,
        }
        return Some(document.to_string());
    }
    let value = document.pointer_mut(pointer)?;
    *value = match (change, &*value) {
        ("null", _) => Value::Null,
        ("emptied", Value::String(_)) => "".into(),
        ("emptied", Value::Array(_)) => json!([]),
        ("emptied", Value::Object(_)) => json!({}),
        ("emptied", Value::Number(_)) => 0.into(),
        ("retyped", Value::String(text)) => json!([text]),
        ("retyped", Value::Number(_)) => json!(1.5),
        ("retyped", _) => "text".into(),
        ("lengthened", Value::String(text)) => (text.clone() + "A").into(),
        ("lengthened", Value::Number(number)) => json!(number.as_f64()? * 1e30),
        ("joined by an unknown one", Value::Object(fields)) => {
            let mut fields = fields.clone();
            fields.insert("unknownField".into(), "value".into());
            fields.into()
        }
        _ => return None,
    };
    Some(document.to_string())
}

const TWICE: &str = "<the same field again>";

fn pointers(value: &Value, here: &str, all: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let pointer = format!("{here}/{name}");
        all.push(pointer.clone());
        pointers(child, &pointer, all);
    }
}

/// Makes every change to every field, and returns those that leave the document verified.
fn harmless(stage: &Stage, document: &Value) -> Vec<String> {
    stage.accept(document);
    let mut all = Vec::new();
    pointers(document, "", &mut all);
    let mut harmless = Vec::new();
    for pointer in all {
        for change in CHANGES {
            let Some(text) = changed(document, &pointer, change) else {
                continue;
            };
            if reason(&stage.judge_text(&text)).is_none() {
                harmless.push(format!("{pointer} {change}"));
            }
        }
    }
    harmless
}

fn check(stage: &Stage, document: &Value, expected: &[&str]) {
    assert_eq!(harmless(stage, document), expected);
}

/// The digest in a bundle helps to find mistakes; the signature is over the artifact's own.
const DIGEST: [&str; 2] = [
    "/messageSignature/messageDigest removed",
    "/messageSignature/messageDigest null",
];
/// The same token again is no further witness, and no contradiction.
const TOKEN: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0 doubled";
/// A proof is enough where the time comes from elsewhere, or none is needed.
const PROMISE: [&str; 2] = [
    "/verificationMaterial/tlogEntries/0/inclusionPromise removed",
    "/verificationMaterial/tlogEntries/0/inclusionPromise null",
];

/// Certificates beside the leaf help to find a path and prove nothing.
const CHAIN: [&str; 5] = [
    "/verificationMaterial/x509CertificateChain/certificates/0 doubled",
    "/verificationMaterial/x509CertificateChain/certificates/1 removed",
    "/verificationMaterial/x509CertificateChain/certificates/1 doubled",
    "/verificationMaterial/x509CertificateChain/certificates/2 removed",
    "/verificationMaterial/x509CertificateChain/certificates/2 doubled",
];
/// Hints say which key it could be; the caller's key is the one that counts.
const HINT: [&str; 4] = [
    "/verificationMaterial/publicKey emptied",
    "/verificationMaterial/publicKey/hint removed",
    "/verificationMaterial/publicKey/hint emptied",
    "/verificationMaterial/publicKey/hint lengthened",
];
const KEY_ID: [&str; 3] = [
    "/dsseEnvelope/signatures/0/keyid removed",
    "/dsseEnvelope/signatures/0/keyid emptied",
    "/dsseEnvelope/signatures/0/keyid lengthened",
];

#[test]
fn each_field_of_a_bundle_with_a_message() {
    let stage = Stage::new();
    check(&stage, &stage.sign(&Plan::default()).bundle(), &DIGEST);
}

#[test]
fn each_field_of_a_bundle_with_a_message_of_version_0_1() {
    let stage = Stage::new();
    check(
        &stage,
        &stage.sign(&Plan::default()).bundle_as(BundleVersion::V01),
        &[DIGEST[0], DIGEST[1], CHAIN[0]],
    );
}

#[test]
fn each_field_of_a_bundle_with_a_chain() {
    let stage = Stage::new();
    check(
        &stage,
        &stage.sign(&Plan::default()).bundle_with_chain(),
        &[&DIGEST[..], &CHAIN].concat(),
    );
}

#[test]
fn each_field_of_a_bundle_with_rekor_v2_and_a_timestamp() {
    let stage = Stage::of(Instance::with(InstanceOptions {
        witnesses: 2,
        ..InstanceOptions::default()
    }));
    check(
        &stage,
        &stage.sign(&Plan::rekor_v2()).bundle(),
        &[DIGEST[0], DIGEST[1], TOKEN],
    );
}

#[test]
fn each_field_of_a_bundle_with_two_logs_and_a_timestamp() {
    let two = Threshold::AtLeast(2.try_into().unwrap());
    let stage =
        Stage::new().requiring(default_signer().log_entries(two).timestamps(Threshold::ONE));
    let plan =
        Plan::rekor_v2().with_entries(&[EntryKind::HashedRekordV001, EntryKind::HashedRekordV002]);
    check(
        &stage,
        &stage.sign(&plan).bundle(),
        &[DIGEST[0], DIGEST[1], TOKEN, PROMISE[0], PROMISE[1]],
    );
}

#[test]
fn each_field_of_an_attestation() {
    let stage = Stage::new().requiring(any_content());
    check(
        &stage,
        &stage.sigstore.attest_blob(ARTIFACT).bundle(),
        &KEY_ID,
    );
}

#[test]
fn each_field_of_a_bundle_with_a_key() {
    let key = Key::generate(KeyKind::P256);
    let stage = Stage::new().requiring(Requirements::key(public_key(&key)));
    check(
        &stage,
        &stage.sign(&Plan::key(key)).bundle(),
        &[&DIGEST[..], &HINT, &PROMISE].concat(),
    );
}

#[test]
fn each_field_of_a_legacy_bundle() {
    let stage = Stage::new();
    check(&stage, &stage.sign(&Plan::default()).legacy_bundle(), &[]);
    let key = Key::generate(KeyKind::P256);
    let stage = stage.requiring(Requirements::key(public_key(&key)));
    check(&stage, &stage.sign(&Plan::key(key)).legacy_bundle(), &[]);
}

#[test]
fn text_around_and_inside_a_bundle() {
    let stage = Stage::new();
    let good = stage
        .sign(&Plan::default().with_timestamp(TokenOptions::default()))
        .bundle()
        .to_string();
    let why = |text: &str| reason(&stage.judge_text(text));
    for harmless in [
        format!(" \n\t{good}\r\n"),
        good.replace(":", " : "),
        good.replace("mediaType", "media\\u0054ype"),
    ] {
        assert_eq!(why(&harmless), None, "{harmless}");
    }
    for broken in [
        format!("\u{feff}{good}"),
        format!("{good}{good}"),
        format!("{good}{{}}"),
        format!("{good}\0"),
        format!("{good},"),
        format!("[{good}]"),
        good.replace('"', "'"),
        good[..good.len() - 1].to_owned(),
        good.replacen('{', "{\"x\":NaN,", 1),
        good.replacen('{', "{\"x\":Infinity,", 1),
        good.replacen('{', "{,", 1),
        good.replacen('{', "{/* */", 1),
        good.replacen("\"tlogEntries\"", "\"tlogEntries\":[],\"tlogEntries\"", 1),
        good.replacen("\"logIndex\":\"", "\"logIndex\":\" ", 1),
        good.replacen("\"logIndex\":\"", "\"logIndex\":\"+", 1),
        good.replacen("\"logIndex\":\"", "\"logIndex\":\"-", 1),
        good.replacen("\"logIndex\":\"", "\"logIndex\":\"0x", 1),
        good.replacen("\"treeSize\":\"", "\"treeSize\":\"99999999999999999999", 1),
        good.replacen(
            "\"integratedTime\":\"1767323045\"",
            "\"integratedTime\":1767323045.0",
            1,
        ),
        good.replacen(
            "\"integratedTime\":\"1767323045\"",
            "\"integratedTime\":1e400",
            1,
        ),
        good.replacen(
            "\"integratedTime\":\"1767323045\"",
            "\"integratedTime\":-1",
            1,
        ),
        good.replacen(
            "\"integratedTime\":\"1767323045\"",
            "\"integratedTime\":18446744073709551615",
            1,
        ),
        good.replacen("\"mediaType\"", "\"MediaType\"", 1),
    ] {
        assert_eq!(why(&broken), Some(Reason::MaterialMalformed), "{broken}");
    }
    // Every prefix of a bundle is refused.
    for end in (0..good.len())
        .step_by(7)
        .filter(|end| good.is_char_boundary(*end))
    {
        assert_eq!(why(&good[..end]), Some(Reason::MaterialMalformed));
    }
}

#[test]
fn media_types() {
    let stage = Stage::new();
    let mut bundle = stage.sign(&Plan::default()).bundle();
    for media_type in [
        "",
        "application/json",
        "application/vnd.dev.sigstore.bundle+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.4",
        "application/vnd.dev.sigstore.bundle.v0.4+json",
        "application/vnd.dev.sigstore.bundle.v0.3.1+json",
        "application/vnd.dev.sigstore.bundle.v0.3+json ",
        "Application/vnd.dev.sigstore.bundle.v0.3+json",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    ] {
        bundle["mediaType"] = media_type.into();
        let failure = stage.judge(&bundle).unwrap_err();
        assert_eq!(
            (failure.reason, failure.field.as_deref()),
            (Reason::MediaTypeUnsupported, Some("mediaType"))
        );
    }
    // A certificate alone is of version 0.3, a chain of the versions before.
    for version in [BundleVersion::V01, BundleVersion::V02] {
        bundle["mediaType"] = version.media_type().into();
        assert_eq!(stage.why(&bundle), Some(Reason::MaterialMalformed));
    }
}

#[test]
fn several_or_no_verifiers() {
    let stage = Stage::new();
    let good = stage.sign(&Plan::default()).bundle();
    let certificate = good["verificationMaterial"]["certificate"].clone();
    let all = [
        ("certificate", certificate.clone()),
        (
            "x509CertificateChain",
            json!({"certificates": [certificate]}),
        ),
        ("publicKey", json!({"hint": "x"})),
    ];
    for present in [vec![], vec![0, 1], vec![0, 2], vec![1, 2], vec![0, 1, 2]] {
        let mut bundle = good.clone();
        bundle["verificationMaterial"]
            .as_object_mut()
            .unwrap()
            .remove("certificate");
        for index in present {
            let (name, value) = &all[index];
            bundle["verificationMaterial"][*name] = value.clone();
        }
        assert_eq!(stage.why(&bundle), Some(Reason::MaterialIncomplete));
    }
    let mut bundle = stage.sign(&Plan::default()).bundle_as(BundleVersion::V02);
    bundle["verificationMaterial"]["x509CertificateChain"]["certificates"] = json!([]);
    assert_eq!(stage.why(&bundle), Some(Reason::MaterialIncomplete));
}

/// Every failure says where: the path of the field as it stands in the file.
#[test]
fn failures_name_the_field() {
    let stage = Stage::new();
    let good = stage
        .sign(&Plan::default().with_timestamp(TokenOptions::default()))
        .bundle();
    for (pointer, value, field) in [
        (
            "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
            json!("AAAA"),
            "verificationMaterial.tlogEntries[0].inclusionProof.rootHash",
        ),
        (
            "/verificationMaterial/tlogEntries/0/kindVersion/kind",
            json!("x"),
            "verificationMaterial.tlogEntries[0].kindVersion",
        ),
        (
            "/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope",
            json!(""),
            "verificationMaterial.tlogEntries[0].inclusionProof.checkpoint",
        ),
        (
            "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
            json!("!"),
            "verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp",
        ),
        (
            "/messageSignature/messageDigest/algorithm",
            json!("x"),
            "messageSignature.messageDigest.algorithm",
        ),
        (
            "/messageSignature/signature",
            json!(""),
            "messageSignature.signature",
        ),
        // These are found by the verification, after reading.
        (
            "/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope",
            json!("x"),
            "verificationMaterial.tlogEntries[0].inclusionProof.checkpoint",
        ),
        (
            "/verificationMaterial/tlogEntries/0/inclusionProof/treeSize",
            json!("1"),
            "verificationMaterial.tlogEntries[0].inclusionProof",
        ),
        (
            "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
            json!("AAAA"),
            "verificationMaterial.timestampVerificationData.rfc3161Timestamps[0]",
        ),
    ] {
        let mut bundle = good.clone();
        *bundle.pointer_mut(pointer).unwrap() = value;
        let failure = match stage.judge(&bundle) {
            Err(failure) => failure,
            Ok(verdict) => verdict.failure().unwrap().clone(),
        };
        assert_eq!(failure.field.as_deref(), Some(field), "{failure}");
    }
}
