//! Every form that material takes.

use sealcheck_testkit::bundle::BUNDLE_VERSIONS;
use sealcheck_testkit::{
    BundleVersion, Content, EntryKind, Hash, Key, KeyKind, LeafRequest, Plan, Scheme, TokenOptions,
};
use sealcheck_verify::Digest;

use super::{ARTIFACT, Site, attestation, logs};
use crate::judge::{Case, Subject};

/// Every version of bundle with every kind of log entry, with and without timestamp, by certificate and by key.
pub(super) fn forms(site: &Site) -> Vec<Case> {
    let mut cases = Vec::new();
    for version in BUNDLE_VERSIONS {
        for content in [Content::message(ARTIFACT), attestation(ARTIFACT)] {
            for (log, kinds) in logs(&content) {
                for stamped in [false, true] {
                    for bare in [false, true] {
                        let mut plan = match bare {
                            true => Plan::key(Key::shared(KeyKind::P256)),
                            false => Plan::default(),
                        }
                        .with_entries(&kinds);
                        if stamped {
                            plan = plan.with_timestamp(TokenOptions::default());
                        }
                        let signed = site.instance.sign(content.clone(), &plan);
                        let name = format!(
                            "{version:?}::{log}::{}::{}",
                            if bare { "key" } else { "certificate" },
                            if stamped { "timestamp" } else { "no-timestamp" },
                        );
                        let case = site.case(name, &signed, version);
                        let by_digest = Case {
                            name: format!("{}::digest", case.name),
                            subject: Subject::Digest(Digest::sha256(ARTIFACT)),
                            ..case.clone()
                        };
                        cases.push(case);
                        cases.push(by_digest);
                    }
                }
            }
        }
    }
    let signed = site.instance.sign_blob(ARTIFACT);
    let chain = signed.bundle_with_chain().to_string().into_bytes();
    let both = [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002];
    let plan = Plan::default()
        .with_entries(&both)
        .with_timestamp(TokenOptions::default());
    let two = site.instance.sign(Content::message(ARTIFACT), &plan);
    let case = site.case("V03::one-proof-of-two".into(), &two, BundleVersion::V03);
    let mut bundle = two.bundle();
    bundle["verificationMaterial"]["tlogEntries"][0]
        .as_object_mut()
        .unwrap()
        .remove("inclusionProof");
    cases.push(case.with_bundle(bundle.to_string().into_bytes()));
    let case = site.case("V02::with-chain".into(), &signed, BundleVersion::V02);
    cases.push(case.with_bundle(chain));
    cases
}

/// Every kind of key and every scheme, by certificate and by key, for messages and envelopes.
pub(super) fn keys(site: &Site) -> Vec<Case> {
    use Hash::*;
    let schemes = [
        (KeyKind::P256, Scheme::Ecdsa(Sha256)),
        (KeyKind::P384, Scheme::Ecdsa(Sha384)),
        (KeyKind::P521, Scheme::Ecdsa(Sha512)),
        (KeyKind::P521, Scheme::Ecdsa(Sha256)),
        (KeyKind::Ed25519, Scheme::Ed25519),
        (KeyKind::Ed25519, Scheme::Ed25519ph),
        (KeyKind::Rsa2048, Scheme::RsaPkcs1(Sha256)),
        (KeyKind::Rsa2048, Scheme::RsaPkcs1(Sha512)),
        (KeyKind::Rsa2048, Scheme::RsaPss(Sha256)),
        (KeyKind::Rsa3072, Scheme::RsaPkcs1(Sha256)),
        (KeyKind::Rsa4096, Scheme::RsaPkcs1(Sha256)),
        (KeyKind::Rsa4096, Scheme::RsaPss(Sha384)),
    ];
    let mut cases = Vec::new();
    for (kind, scheme) in schemes {
        for content in [Content::message(ARTIFACT), attestation(ARTIFACT)] {
            for (log, kinds) in logs(&content) {
                for bare in [false, true] {
                    let key = Key::shared(kind);
                    let plan = match bare {
                        true => Plan::key(key),
                        false => Plan::keyless(LeafRequest::default().with_key(key)),
                    }
                    .with_scheme(scheme)
                    .with_entries(&kinds)
                    .with_timestamp(TokenOptions::default());
                    let signed = site.instance.sign(content.clone(), &plan);
                    let by = if bare { "key" } else { "certificate" };
                    let name = format!("{kind:?}-{scheme:?}::{log}::{by}");
                    cases.push(site.case(name, &signed, BundleVersion::V03));
                }
            }
        }
    }
    cases
}
