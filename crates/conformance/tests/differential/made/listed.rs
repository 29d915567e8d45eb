//! For each listed difference that nothing else here meets for certain, one vector that shows it.

use sealcheck_testkit::rekor::LogEntry;
use sealcheck_testkit::sign::{SignedContent, cosign_statement};
use sealcheck_testkit::{
    BundleVersion, Content, DEFAULT_TIME, EntryKind, Key, KeyKind, LeafRequest, Plan, Signed,
    TokenOptions, encoding,
};
use serde_json::{Value, json};

use super::{ARTIFACT, Site, attestation};
use crate::judge::{Case, Trust};

/// A change of a bundle or of a trusted root.
type Edit = fn(&mut Value);

/// One vector for each difference.
pub(super) fn listed(site: &Site) -> Vec<Case> {
    [roots(site), bundles(site), bodies(site), material(site)].concat()
}

fn roots(site: &Site) -> Vec<Case> {
    let signed = site.instance.sign_blob(ARTIFACT);
    let edits: [(&str, Edit); 7] = [
        ("unknown-algorithm", |root| {
            root["tlogs"][1]["hashAlgorithm"] = "SHA3_256".into();
        }),
        ("without-log-id", |root| {
            root["tlogs"][1].as_object_mut().unwrap().remove("logId");
        }),
        ("log-twice", |root| {
            let log = root["tlogs"][0].clone();
            root["tlogs"].as_array_mut().unwrap().push(log);
        }),
        ("name-null", |root| {
            root["certificateAuthorities"][0]["uri"] = Value::Null;
        }),
        ("unknown-field", |root| root["unknown"] = true.into()),
        ("ct-unknown-algorithm", |root| {
            root["ctlogs"][0]["hashAlgorithm"] = "SHA2_512".into();
        }),
        ("ct-unnamed-algorithm", |root| {
            let key = root["ctlogs"][0]["publicKey"].as_object_mut().unwrap();
            key.remove("keyDetails");
        }),
    ];
    edits
        .into_iter()
        .map(|(name, edit)| {
            let mut root = site.instance.trusted_root_json();
            edit(&mut root);
            let name = format!("listed::root::{name}");
            Case {
                trust: Trust::new(root.to_string().as_bytes()),
                ..site.case(name, &signed, BundleVersion::V03)
            }
        })
        .collect()
}

fn bundles(site: &Site) -> Vec<Case> {
    let edits: [(&str, Edit); 6] = [
        ("unknown-field", |bundle| bundle["unknown"] = true.into()),
        ("certificate-in-0.2", |bundle| {
            let media_type = "application/vnd.dev.sigstore.bundle+json;version=0.2";
            bundle["mediaType"] = media_type.into();
        }),
        ("log-id-short", |bundle| {
            entry(bundle)["logId"]["keyId"] = encoding::base64(&[7; 31]).into();
        }),
        ("log-id-other", |bundle| {
            entry(bundle)["logId"]["keyId"] = encoding::base64(&[7; 32]).into();
        }),
        ("proof-index-other", |bundle| {
            entry(bundle)["inclusionProof"]["logIndex"] = "77".into();
        }),
        ("entry-twice", |bundle| {
            let again = entry(bundle).clone();
            let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
            entries.as_array_mut().unwrap().push(again);
        }),
    ];
    let plan = Plan::rekor_v2();
    let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
    edits
        .into_iter()
        .map(|(name, edit)| {
            let case = site.case(format!("listed::{name}"), &signed, BundleVersion::V03);
            let mut bundle = signed.bundle();
            edit(&mut bundle);
            case.with_bundle(bundle.to_string().into_bytes())
        })
        .collect()
}

/// Bodies that the log recorded although it never writes them.
fn bodies(site: &Site) -> Vec<Case> {
    let message = || Content::message(ARTIFACT);
    let changes = [
        (
            "body-kind",
            message(),
            EntryKind::HashedRekordV001,
            (r#""kind":"hashedrekord""#, r#""kind":"rekord""#),
        ),
        (
            "body-field-twice",
            message(),
            EntryKind::HashedRekordV001,
            (
                r#""kind":"hashedrekord""#,
                r#""kind":"hashedrekord","kind":"hashedrekord""#,
            ),
        ),
        (
            "body-algorithm",
            message(),
            EntryKind::HashedRekordV001,
            (r#""algorithm":"sha256""#, r#""algorithm":"SHA256""#),
        ),
        (
            "body-envelope-hash",
            attestation(ARTIFACT),
            EntryKind::DsseV001,
            (
                r#""envelopeHash":{"algorithm":"sha256","value":""#,
                r#""envelopeHash":{"algorithm":"sha256","value":"x"#,
            ),
        ),
    ];
    changes
        .into_iter()
        .map(|(name, content, kind, (from, to))| {
            let mut signed = site
                .instance
                .sign(content, &Plan::default().with_entries(&[kind]));
            let body = String::from_utf8(signed.entries[0].body.clone()).unwrap();
            let changed = body.replace(from, to);
            assert_ne!(body, changed, "{name}");
            signed.entries = vec![recorded(site, kind, changed.into_bytes())];
            site.case(format!("listed::{name}"), &signed, BundleVersion::V03)
        })
        .collect()
}

/// An entry whose certificate is PEM with a vertical tab in the place of a line feed.
fn odd_pem(site: &Site) -> Signed {
    let kind = EntryKind::DsseV001;
    let plan = Plan::default().with_entries(&[kind]);
    let mut signed = site.instance.sign(attestation(ARTIFACT), &plan);
    let mut body = kind.body(&signed.signed);
    let pem = signed.signed.verifier_pem();
    let (first, rest) = pem.split_at(pem.find("-----\n").unwrap() + 6);
    let odd = format!("{first}{}", rest.replacen('\n', "\u{b}", 1));
    body["spec"]["signatures"][0]["verifier"] = encoding::base64(odd.as_bytes()).into();
    signed.entries = vec![recorded(site, kind, body.to_string().into_bytes())];
    signed
}

fn material(site: &Site) -> Vec<Case> {
    let case = |name: &str, signed: &Signed| {
        site.case(format!("listed::{name}"), signed, BundleVersion::V03)
    };
    // The log has an entry of another certificate for the same key.
    let request = LeafRequest::default();
    let [leaf, other] = [(); 2].map(|()| site.instance.issue(&request));
    let by = |leaf| SignedContent::by_leaf(attestation(ARTIFACT), leaf, None);
    let signed = by(&leaf);
    let theirs = SignedContent {
        leaf: Some(other),
        ..signed.clone()
    };
    let body = EntryKind::IntotoV002.canonical_body(&theirs);
    let borrowed = Signed {
        signed,
        entries: vec![recorded(site, EntryKind::IntotoV002, body)],
        timestamps: Vec::new(),
    };
    // A key needs no time, but this one is wrong.
    let mut plan = Plan::key(Key::shared(KeyKind::P256));
    plan.timestamps = vec![TokenOptions {
        time: "2034-01-01T00:00:00Z".parse().unwrap(),
        ..TokenOptions::default()
    }];
    let future = site.instance.sign(Content::message(ARTIFACT), &plan);
    let plan = Plan::keyless(LeafRequest {
        extensions: vec![("2.5.29.32".into(), false, vec![4, 0])],
        ..LeafRequest::default()
    });
    let odd = site.instance.sign(Content::message(ARTIFACT), &plan);
    let digest = format!("sha256:{}", encoding::hex(&sha256(ARTIFACT)));
    let mut statement = cosign_statement(&digest, &[]);
    statement["_type"] = "https://in-toto.io/Statement/v7".into();
    let statement = Content::statement(&statement);
    let statement = site.instance.sign(statement, &Plan::default());
    let sound = site.instance.sign_blob(ARTIFACT);
    let mut nameless = sound.bundle_as(BundleVersion::V01);
    nameless.as_object_mut().unwrap().remove("mediaType");
    let mut chain = sound.bundle_with_chain();
    let junk = json!({"rawBytes": encoding::base64(b"no certificate")});
    let certificates = "/verificationMaterial/x509CertificateChain/certificates";
    let certificates = chain.pointer_mut(certificates).unwrap();
    certificates.as_array_mut().unwrap().push(junk);
    vec![
        case("body-certificate", &borrowed),
        case("body-pem", &odd_pem(site)),
        case("timestamp-in-future", &future),
        case("certificate-der", &odd),
        case("statement-type", &statement),
        case("no-media-type", &sound).with_bundle(nameless.to_string().into_bytes()),
        case("certificate-in-chain", &sound).with_bundle(chain.to_string().into_bytes()),
    ]
}

fn recorded(site: &Site, kind: EntryKind, body: Vec<u8>) -> LogEntry {
    site.instance.rekor.record_body(kind, body, DEFAULT_TIME)
}

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    sealcheck_testkit::Hash::Sha256.digest(bytes)
}
